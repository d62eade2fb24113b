use std::sync::Arc;

use http::header::HeaderName;
use http::{HeaderValue, Method};
use message::Code;
use outbound::{Budget, CallError, Credential, ExposeSecret, HttpTarget, Request, Response};

use crate::errors::{Meaning, explain, meaning, misconfigured};
use crate::wire::{
    FieldValue, Issue, IssuePage, NewIssue, OneIssue, OneProject, Project, Status, Statuses, Update, Write,
};

const API_KEY: HeaderName = HeaderName::from_static("x-redmine-api-key");
const ISSUES: &str = "/issues.json";
/// Redmine gives no more at once.
const PAGE: u64 = 100;

/// Redmine's REST, in JSON.
pub(crate) struct Client {
    target: HttpTarget,
    credential: Arc<dyn Credential>,
}

impl Client {
    pub(crate) fn new(target: HttpTarget, credential: Arc<dyn Credential>) -> Self {
        Self { target, credential }
    }

    /// Issues under our reference, open and closed, in every project, the oldest first.
    pub(crate) async fn under(
        &self,
        reference: &FieldValue,
        budget: &Budget,
    ) -> Result<Vec<Issue>, CallError> {
        let request = Request::get(ISSUES)
            .query(&format!("cf_{}", reference.id), reference.value.as_str())
            .query("status_id", "*")
            .query("sort", "id")
            .query("limit", PAGE.to_string());
        let page: IssuePage = self.call(request, budget).await?.json()?;
        if page.total_count > PAGE {
            return Err(misconfigured("reference_field", "more cases than one page has a single reference"));
        }
        let mut ours = Vec::new();
        for issue in page.issues {
            let value =
                issue.field(reference.id).map(|field| field.value.as_ref().and_then(|it| it.as_str()));
            match value {
                Some(Some(value)) if value == reference.value => ours.push(issue),
                // Some databases do not tell small letters from capitals: another payment's.
                Some(Some(value)) if value.eq_ignore_ascii_case(&reference.value) => {}
                // A filter that Redmine does not know it passes over, and answers with everything.
                _ => {
                    return Err(misconfigured("reference_field", "it is not there, or not used as a filter"));
                }
            }
        }
        ours.sort_by_key(|issue| issue.id);
        Ok(ours)
    }

    /// The issue with its notes and changes; `None` where it was deleted.
    pub(crate) async fn issue(&self, id: u64, budget: &Budget) -> Result<Option<Issue>, CallError> {
        let request = Request::get(format!("/issues/{id}.json")).query("include", "journals");
        match self.call(request, budget).await {
            Ok(response) => Ok(Some(response.json::<OneIssue>()?.issue)),
            Err(CallError::Refused(refusal)) if meaning(&refusal) == Meaning::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn create(&self, issue: NewIssue<'_>, budget: &Budget) -> Result<Issue, CallError> {
        let request = Request::new(Method::POST, ISSUES).json(&Write { issue })?;
        Ok(self.call(request, budget).await?.json::<OneIssue>()?.issue)
    }

    pub(crate) async fn update(&self, id: u64, issue: Update<'_>, budget: &Budget) -> Result<(), CallError> {
        let request = Request::new(Method::PUT, format!("/issues/{id}.json")).json(&Write { issue })?;
        self.call(request, budget).await.map(drop)
    }

    /// `None` where there is none of this name.
    pub(crate) async fn project(&self, name: &str, budget: &Budget) -> Result<Option<Project>, CallError> {
        let request = Request::get(format!("/projects/{name}.json")).query("include", "trackers");
        match self.call(request, budget).await {
            Ok(response) => Ok(Some(response.json::<OneProject>()?.project)),
            Err(CallError::Refused(refusal)) if meaning(&refusal) == Meaning::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn statuses(&self, budget: &Budget) -> Result<Vec<Status>, CallError> {
        let statuses: Statuses = self.call(Request::get("/issue_statuses.json"), budget).await?.json()?;
        Ok(statuses.issue_statuses)
    }

    async fn call(&self, request: Request, budget: &Budget) -> Result<Response, CallError> {
        let key = self.credential.get().await?;
        let mut key = HeaderValue::from_str(key.expose_secret().trim())
            .map_err(|_| CallError::NotNow { code: Code::SecretUnavailable, after: None })?;
        key.set_sensitive(true);
        self.target.call(request.header(API_KEY, key), budget).await.map_err(explain)
    }
}
