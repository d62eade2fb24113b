use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{COOKIE, HeaderName, REFERER};
use http::{HeaderValue, Method};
use outbound::{Budget, CallError, Credential, ExposeSecret, HttpTarget, Request, Response, SecretString};
use serde_json::Value;
use tokio::time::Instant;

use crate::errors::{explain, is_of_the_session, no_credential};
use crate::session::{Session, cookies};
use crate::wire::{CsrfToken, LoggedIn, Login};

const LOGIN: &str = "/api/v1/security/login";
const CSRF_TOKEN: &str = "/api/v1/security/csrf_token/";
const X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrftoken");

/// Superset's REST API, with one session for all calls.
pub(crate) struct Client {
    target: HttpTarget,
    credential: Arc<dyn Credential>,
    /// Where we come from, as Superset insists on over HTTPS: itself.
    referer: HeaderValue,
    session: Mutex<Option<Arc<Session>>>,
}

impl Client {
    pub(crate) fn new(target: HttpTarget, credential: Arc<dyn Credential>) -> Self {
        let referer =
            HeaderValue::from_str(target.base_url()).unwrap_or_else(|_| HeaderValue::from_static(""));
        Self { target, credential, referer, session: Mutex::default() }
    }

    /// A write. A session that has been used before may have ended early: then once more with a new one.
    pub(crate) async fn put(&self, path: &str, body: &Value, budget: &Budget) -> Result<Response, CallError> {
        let known = self.held().clone().filter(|session| session.is_usable());
        if let Some(session) = known {
            match self.send(&session, path, body, budget).await {
                Err(error) if is_of_the_session(&error) => {}
                sent => return sent,
            }
        }
        let session = self.log_in(budget).await?;
        self.send(&session, path, body, budget).await.map_err(explain)
    }

    async fn send(
        &self,
        session: &Session,
        path: &str,
        body: &Value,
        budget: &Budget,
    ) -> Result<Response, CallError> {
        let mut request = Request::new(Method::PUT, path)
            .authorization("Bearer", &session.token)?
            .header(X_CSRF_TOKEN, secret(&session.csrf)?)
            .header(REFERER, self.referer.clone())
            .json(body)?;
        if !session.cookie.expose_secret().is_empty() {
            request = request.header(COOKIE, secret(&session.cookie)?);
        }
        self.target.call(request, budget).await
    }

    /// Workers that come at the same time may each log in: that does no harm, and the last session is kept. A failed login
    /// has changed nothing, whatever became of it.
    async fn log_in(&self, budget: &Budget) -> Result<Arc<Session>, CallError> {
        *self.held() = None;
        let asked_at = Instant::now();
        let login = Login::of(&self.credential.get().await?)?;
        let request = Request::new(Method::POST, LOGIN).json(&login)?;
        let LoggedIn { access_token } = self.ask(request, budget).await?.json().map_err(unchanged)?;
        let token = SecretString::from(access_token);
        let request = Request::get(CSRF_TOKEN).authorization("Bearer", &token)?;
        let response = self.ask(request, budget).await?;
        let CsrfToken { result } = response.json()?;
        let session = Session::new(token, result.into(), cookies(&response.headers), asked_at);
        let session = Arc::new(session);
        *self.held() = Some(Arc::clone(&session));
        Ok(session)
    }

    async fn ask(&self, request: Request, budget: &Budget) -> Result<Response, CallError> {
        self.target.call(request, budget).await.map_err(|error| explain(unchanged(error)))
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing that anybody would notice is at the target after a login.
fn unchanged(error: CallError) -> CallError {
    match error {
        CallError::OutcomeUnknown { code, after } => CallError::NotNow { code, after },
        other => other,
    }
}

fn secret(text: &SecretString) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| no_credential())?;
    value.set_sensitive(true);
    Ok(value)
}
