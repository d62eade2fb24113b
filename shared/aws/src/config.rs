use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// All attempts of one call together: two calls after each other still end inside ingest's 10 s.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);
const MAX_ATTEMPTS: u32 = 3;

/// The process's one configuration: region, credentials and `AWS_ENDPOINT_URL` as the SDK finds them.
pub async fn load_config() -> SdkConfig {
    loader().load().await
}

pub(crate) fn loader() -> ConfigLoader {
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use aws_config::Region;

    use super::*;

    const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

    #[expect(clippy::disallowed_methods, reason = "the environment itself is what is tested")]
    fn endpoint_in_environment() -> Option<String> {
        std::env::var(ENDPOINT_URL).ok()
    }

    #[tokio::test]
    async fn the_endpoint_is_the_environments() {
        let config = loader().region(Region::new("eu-central-1")).load().await;
        assert_eq!(config.endpoint_url(), endpoint_in_environment().as_deref());
    }

    /// The environment of a process cannot be changed safely, so the test above runs again in a child.
    #[test]
    fn the_endpoint_url_of_the_environment_is_honoured() {
        let path = module_path!().split_once("::").unwrap().1;
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("{path}::the_endpoint_is_the_environments")])
            .env(ENDPOINT_URL, "http://127.0.0.1:4566")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && output.contains("1 passed"), "{output}");
    }

    #[tokio::test]
    async fn every_call_is_bounded_and_retried() {
        let config = loader().region(Region::new("eu-central-1")).load().await;
        let timeouts = config.timeout_config().unwrap();
        assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
        assert_eq!(timeouts.operation_attempt_timeout(), Some(ATTEMPT_TIMEOUT));
        assert_eq!(timeouts.operation_timeout(), Some(OPERATION_TIMEOUT));
        assert_eq!(config.retry_config().unwrap().max_attempts(), MAX_ATTEMPTS);
        assert!(config.http_client().is_some());
        assert_eq!(config.behavior_version(), Some(BehaviorVersion::v2026_01_12()));
    }
}
