use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HeaderMap, SET_COOKIE};
use outbound::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

/// A token is not used in its last minute: a call that waits in a queue of Superset's would arrive too late.
const SPARE: Duration = Duration::from_secs(60);
/// Of a token that does not say how long it lives.
const UNSAID: Duration = Duration::from_secs(300);

/// What a login has given us: all calls until it runs out go with it.
pub(crate) struct Session {
    pub(crate) token: SecretString,
    /// Belongs to the cookie: Superset takes no write without both, unless it is told to.
    pub(crate) csrf: SecretString,
    pub(crate) cookie: SecretString,
    usable_until: Instant,
}

impl Session {
    /// `asked_at` is before the login: lifetimes are counted by our own clock.
    pub(crate) fn new(
        token: SecretString,
        csrf: SecretString,
        cookie: SecretString,
        asked_at: Instant,
    ) -> Self {
        let lives = lifetime(token.expose_secret()).unwrap_or(UNSAID);
        Self { token, csrf, cookie, usable_until: asked_at + lives.saturating_sub(SPARE) }
    }

    pub(crate) fn is_usable(&self) -> bool {
        Instant::now() < self.usable_until
    }
}

/// Of a JSON Web Token: what lies between its own times, whatever Superset's clock says. It is not verified, as it is
/// not ours to trust.
fn lifetime(token: &str) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        iat: u64,
        exp: u64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let Claims { iat, exp } = serde_json::from_slice(&claims).ok()?;
    // A day: what lives longer is logged in again all the same.
    Some(Duration::from_secs(exp.checked_sub(iat)?.min(24 * 3_600)))
}

/// `name=value` of each cookie that was set, as a request sends them back.
pub(crate) fn cookies(headers: &HeaderMap) -> SecretString {
    let cookies: Vec<_> = headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next())
        .map(str::trim)
        .collect();
    cookies.join("; ").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(claims: &str) -> Session {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        Session::new(token.into(), "c".into(), "".into(), Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_used_until_a_minute_before_its_token_runs_out() {
        // A clock of Superset's that is a year behind changes nothing.
        let session = session(r#"{"iat": 1764000000, "exp": 1764000900}"#);
        tokio::time::advance(Duration::from_secs(839)).await;
        assert!(session.is_usable());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!session.is_usable());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_says_nothing_readable_is_used_for_four_minutes() {
        for claims in ["", "{}", r#"{"iat": 2, "exp": 1}"#] {
            let session = session(claims);
            assert!(session.is_usable());
            tokio::time::advance(Duration::from_secs(240)).await;
            assert!(!session.is_usable(), "{claims}");
        }
    }

    #[test]
    fn cookies_go_back_without_their_attributes() {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, "session=abc; HttpOnly; Path=/".parse().unwrap());
        headers.append(SET_COOKIE, "lb=1".parse().unwrap());
        assert_eq!(cookies(&headers).expose_secret(), "session=abc; lb=1");
        assert_eq!(cookies(&HeaderMap::new()).expose_secret(), "");
    }
}
