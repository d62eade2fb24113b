use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;
use message::Code;
use outbound::{Budget, CallError, Credential, HttpTarget, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::{refused_credential, told, unchanged};
use crate::session::Session;
use crate::wire::{Answer, LoggedIn, Login, Query};

const ADMIN_API: &str = "/admin-api";

/// Vendure's Admin API, with one session for all questions.
pub(crate) struct Client {
    target: HttpTarget,
    credential: Arc<dyn Credential>,
    session: Mutex<Option<Arc<Session>>>,
}

impl Client {
    pub(crate) fn new(target: HttpTarget, credential: Arc<dyn Credential>) -> Self {
        Self { target, credential, session: Mutex::default() }
    }

    /// A question. A session that has been used before may be over: then once more with a new one.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        query: &Query<impl Serialize + Sync>,
        budget: &Budget,
    ) -> Result<T, CallError> {
        let known = self.held().clone();
        if let Some(session) = known {
            match self.ask_as(&session, query, budget).await {
                Err(error) if error.code() == Code::CredentialsRefused => {}
                answer => return answer,
            }
        }
        let session = self.log_in(budget).await?;
        self.ask_as(&session, query, budget).await
    }

    async fn ask_as<T: DeserializeOwned>(
        &self,
        session: &Session,
        query: &Query<impl Serialize + Sync>,
        budget: &Budget,
    ) -> Result<T, CallError> {
        let request = session.authorize(Request::new(Method::POST, ADMIN_API).json(query)?)?;
        Ok(self.post(request, budget).await?.0)
    }

    /// Workers that come at the same time may each log in: that does no harm, and the last session is kept.
    async fn log_in(&self, budget: &Budget) -> Result<Arc<Session>, CallError> {
        *self.held() = None;
        let login = Login::of(&self.credential.get().await?)?;
        let request = Request::new(Method::POST, ADMIN_API).json(&login)?;
        let (LoggedIn { login }, response) = self.post(request, budget).await?;
        if login.error.is_some() {
            return Err(refused_credential());
        }
        let session = Session::of(&response.headers).ok_or_else(|| unchanged(response.unreadable()))?;
        let session = Arc::new(session);
        *self.held() = Some(Arc::clone(&session));
        Ok(session)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        request: Request,
        budget: &Budget,
    ) -> Result<(T, Response), CallError> {
        let response = self.target.call(request, budget).await.map_err(unchanged)?;
        let answer: Answer<T> = response.json().map_err(unchanged)?;
        if let Some(error) = told(&answer.errors) {
            return Err(error);
        }
        let data = answer.data.ok_or_else(|| unchanged(response.unreadable()))?;
        Ok((data, response))
    }

    fn held(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
