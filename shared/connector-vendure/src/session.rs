use http::HeaderValue;
use http::header::{COOKIE, HeaderMap, SET_COOKIE};
use outbound::{CallError, ExposeSecret, Request, SecretString};

use crate::errors::no_credential;

/// `authTokenHeaderKey` of Vendure's settings, as it comes.
const TOKEN: &str = "vendure-auth-token";

/// What a login has given us, by the shop's `tokenMethod`. It lasts a year where the shop says nothing else, and is used for as long as it is
/// taken.
pub(crate) enum Session {
    Bearer(SecretString),
    Cookie(SecretString),
}

impl Session {
    /// Of the answer to a login: a token where there is one, and else the cookies.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let token = headers.get(TOKEN).and_then(|value| value.to_str().ok()).filter(|it| !it.is_empty());
        if let Some(token) = token {
            return Some(Self::Bearer(token.into()));
        }
        let cookies: Vec<_> = headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .map(str::trim)
            .collect();
        if cookies.is_empty() { None } else { Some(Self::Cookie(cookies.join("; ").into())) }
    }

    pub(crate) fn authorize(&self, request: Request) -> Result<Request, CallError> {
        match self {
            Self::Bearer(token) => request.authorization("Bearer", token),
            Self::Cookie(cookies) => {
                let mut value =
                    HeaderValue::from_str(cookies.expose_secret()).map_err(|_| no_credential())?;
                value.set_sensitive(true);
                Ok(request.header(COOKIE, value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(headers: &[(&'static str, &str)]) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let headers: HeaderMap = headers.collect();
        let request = Session::of(&headers)?.authorize(Request::get("/")).unwrap();
        let sent = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        Some(sent.map(|(name, value)| format!("{name}: {value}")).collect())
    }

    #[test]
    fn a_token_goes_before_cookies_and_cookies_go_back_without_their_attributes() {
        let cookies = [
            ("set-cookie", "session=abc; path=/; httponly"),
            ("set-cookie", "session.sig=def; path=/; httponly"),
        ];
        assert_eq!(session(&cookies).as_deref(), Some("cookie: session=abc; session.sig=def"));
        let both = [("vendure-auth-token", "t"), cookies[0], cookies[1]];
        assert_eq!(session(&both).as_deref(), Some("authorization: Bearer t"));
        assert_eq!(session(&[("vendure-auth-token", "")]), None);
    }
}
