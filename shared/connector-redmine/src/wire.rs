//! What Redmine is sent and answers, as far as we read it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the mapping `redmine-issue` makes.
#[derive(Deserialize)]
pub(crate) struct Mapped {
    pub issue: MappedIssue,
    pub lines: Lines,
}

/// The body of `POST /issues.json`, without its description.
#[derive(Serialize, Deserialize)]
pub(crate) struct MappedIssue {
    /// The first holds our reference.
    pub custom_fields: Vec<FieldValue>,
    /// What else the mapping makes is written as it is.
    #[serde(flatten)]
    pub other: serde_json::Map<String, Value>,
}

impl MappedIssue {
    pub(crate) fn reference(&self) -> Option<&FieldValue> {
        self.custom_fields.first()
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FieldValue {
    pub id: u64,
    pub value: String,
}

/// Of a description or a note.
#[derive(Deserialize)]
pub(crate) struct Lines {
    what: String,
    payment: String,
    customer: Option<String>,
    reason: Option<String>,
    respond_by: Option<String>,
    at: String,
    link: String,
}

impl Lines {
    pub(crate) fn text(&self) -> String {
        let may_be = |line: &Option<String>| line.clone();
        let lines = [
            Some(self.what.clone()),
            Some(self.payment.clone()),
            may_be(&self.customer),
            may_be(&self.reason),
            may_be(&self.respond_by),
            Some(self.at.clone()),
            Some(self.link.clone()),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

#[derive(Serialize)]
pub(crate) struct Write<T> {
    pub issue: T,
}

#[derive(Serialize)]
pub(crate) struct NewIssue<'a> {
    #[serde(flatten)]
    pub mapped: &'a MappedIssue,
    pub description: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Update<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_id: Option<u64>,
}

/// `GET /issues.json`.
#[derive(Deserialize)]
pub(crate) struct IssuePage {
    pub issues: Vec<Issue>,
    pub total_count: u64,
}

/// `POST /issues.json`, `GET /issues/<id>.json`.
#[derive(Deserialize)]
pub(crate) struct OneIssue {
    pub issue: Issue,
}

#[derive(Deserialize)]
pub(crate) struct Issue {
    pub id: u64,
    pub tracker: Identified,
    pub status: Status,
    pub author: Option<Identified>,
    pub description: Option<String>,
    #[serde(default)]
    pub custom_fields: Vec<Field>,
    #[serde(default)]
    pub journals: Vec<Journal>,
}

impl Issue {
    /// `None` where the issue has no such field.
    pub(crate) fn field(&self, id: u64) -> Option<&Field> {
        self.custom_fields.iter().find(|field| field.id == id)
    }
}

#[derive(Deserialize)]
pub(crate) struct Identified {
    pub id: u64,
}

#[derive(Deserialize)]
pub(crate) struct Status {
    pub id: u64,
    pub is_closed: bool,
}

/// A list may hold several values; ours holds one.
#[derive(Deserialize)]
pub(crate) struct Field {
    pub id: u64,
    pub value: Option<Value>,
}

/// A note, changes, or both.
#[derive(Deserialize)]
pub(crate) struct Journal {
    pub user: Option<Identified>,
    pub notes: Option<String>,
    #[serde(default)]
    pub details: Vec<Detail>,
}

#[derive(Deserialize)]
pub(crate) struct Detail {
    pub property: String,
    pub name: String,
}

impl Detail {
    pub(crate) fn is_of_the_status(&self) -> bool {
        self.property == "attr" && self.name == "status_id"
    }
}

/// `GET /projects/<identifier>.json?include=trackers`.
#[derive(Deserialize)]
pub(crate) struct OneProject {
    pub project: Project,
}

#[derive(Deserialize)]
pub(crate) struct Project {
    #[serde(default)]
    pub trackers: Vec<Identified>,
}

/// `GET /issue_statuses.json`.
#[derive(Deserialize)]
pub(crate) struct Statuses {
    pub issue_statuses: Vec<Status>,
}
