use std::time::Duration;

use settings::Settings;

/// One target system: where it is and how long we wait for it.
#[derive(Clone, Debug)]
pub struct TargetConfig {
    /// Name in logs and metrics: `tryton`.
    pub name: &'static str,
    /// Every request's path is appended to this.
    pub base_url: String,
    pub connect_timeout: Duration,
    /// From the first byte sent to the last byte read of one call.
    pub timeout: Duration,
    /// Longest answer that is read.
    pub max_body_bytes: usize,
}

impl TargetConfig {
    /// `url_setting` names the setting that holds the base URL (`TRYTON_URL`); the limits are every target's.
    pub fn read(settings: &mut Settings<'_>, name: &'static str, url_setting: &str) -> Self {
        Self {
            name,
            base_url: settings.required(url_setting),
            connect_timeout: Duration::from_millis(settings.number(
                "TARGET_CONNECT_TIMEOUT_MS",
                2_000,
                50..=30_000,
            )),
            timeout: Duration::from_millis(settings.number("TARGET_TIMEOUT_MS", 8_000, 250..=600_000)),
            max_body_bytes: settings.number("TARGET_MAX_BODY_BYTES", 4_194_304, 1_024..=67_108_864),
        }
    }
}
