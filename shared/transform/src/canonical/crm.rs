use jiff::Timestamp;
use message::Redacted;
use serde::{Deserialize, Serialize};

use super::Currency;

/// What a CRM knows, as one of its states: the newest one counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrmRecord {
    Account(Account),
    Contact(Contact),
    Deal(Deal),
}

impl CrmRecord {
    pub const fn origin(&self) -> &Origin {
        match self {
            Self::Account(account) => &account.origin,
            Self::Contact(contact) => &contact.origin,
            Self::Deal(deal) => &deal.origin,
        }
    }

    /// `account`, `contact` or `deal`: a part of the operation key and of the reference.
    pub const fn entity(&self) -> &'static str {
        match self {
            Self::Account(_) => ACCOUNT,
            Self::Contact(_) => "contact",
            Self::Deal(_) => "deal",
        }
    }

    /// Our external reference: what the record is looked up by in every target.
    pub fn reference(&self) -> String {
        self.origin().reference(self.entity(), &self.origin().id)
    }

    /// Rises with every change: milliseconds since 1970.
    pub fn version(&self) -> u64 {
        u64::try_from(self.origin().updated_at.as_millisecond()).unwrap_or(0)
    }
}

const ACCOUNT: &str = "account";

/// Which record of which CRM it is, and of when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The kind of CRM: `bottlecrm`.
    pub source: String,
    /// The CRM's own id of the organisation, unique within the kind: a HubSpot portal, a BottleCRM org.
    pub org: String,
    /// The CRM's immutable id of the record, unique among records of its kind.
    pub id: String,
    /// When this state came to be: the version.
    pub updated_at: Timestamp,
}

impl Origin {
    fn reference(&self, entity: &str, id: &str) -> String {
        format!("{}/{}/{entity}/{id}", self.source, self.org)
    }
}

/// A company that buys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Account {
    #[serde(flatten)]
    pub origin: Origin,
    pub name: Redacted<String>,
    #[serde(default)]
    pub email: Option<Redacted<String>>,
    /// As people wrote it.
    pub phone: Option<Redacted<String>>,
    pub website: Option<String>,
}

/// A person, at an account or by themselves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contact {
    #[serde(flatten)]
    pub origin: Origin,
    pub name: Redacted<String>,
    pub email: Option<Redacted<String>>,
    /// As people wrote it.
    pub phone: Option<Redacted<String>>,
    /// Id of the account, of the same CRM.
    pub account: Option<String>,
}

impl Contact {
    pub fn account_reference(&self) -> Option<String> {
        self.account.as_ref().map(|id| self.origin.reference(ACCOUNT, id))
    }
}

/// An opportunity: what is being sold to an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deal {
    #[serde(flatten)]
    pub origin: Origin,
    pub name: Redacted<String>,
    /// Whether the account has agreed. What is open or lost makes nothing.
    pub won: bool,
    /// Id of the account, of the same CRM. A won deal needs one.
    pub account: Option<String>,
    /// Of the whole deal, exact, in the major unit: a CRM may leave the currency out, so it is no [`super::Money`] yet. A won deal
    /// needs one.
    pub amount: Option<String>,
    /// `None` where the CRM says none.
    pub currency: Option<Currency>,
}

impl Deal {
    pub fn account_reference(&self) -> Option<String> {
        self.account.as_ref().map(|id| self.origin.reference(ACCOUNT, id))
    }
}

/// What a CRM tells of a record that it does not send along: that it has changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordChange {
    pub source: String,
    pub org: String,
    /// The CRM's name of the record's kind, as its API has it: `contacts`.
    pub object: String,
    pub id: String,
    pub occurred_at: Timestamp,
}

impl RecordChange {
    /// Rises with every change: milliseconds since 1970.
    pub fn version(&self) -> u64 {
        u64::try_from(self.occurred_at.as_millisecond()).unwrap_or(0)
    }
}
