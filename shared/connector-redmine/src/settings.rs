use serde::{Deserialize, Serialize};

/// The desk's own ids: what the mapping `redmine-issue` reads as its settings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskSettings {
    /// Identifier of the project that cases are made in: `operations`.
    pub project: String,
    /// Of a new case.
    pub tracker: u64,
    /// Of a new case, and of one that is opened again.
    pub new_status: u64,
    /// Of a case that is settled.
    pub closed_status: u64,
    /// Custom field for our reference: a text, used as a filter.
    pub reference_field: u64,
    /// Custom field for the amount.
    pub amount_field: u64,
    /// Custom field for the currency.
    pub currency_field: u64,
}
