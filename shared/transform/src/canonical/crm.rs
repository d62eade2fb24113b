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

    /// Rises with every change: milliseconds since 1970. A CRM that is asked for its records may leave `updated_at` as it is while
    /// what belongs to them changes; of such states the one counts that was read for the later change. A millisecond of `updated_at`
    /// outweighs 17 minutes of that, so that an older state which comes of a later read is not taken for a newer one.
    pub fn version(&self) -> u64 {
        let Origin { updated_at, occurred_at, .. } = self.origin();
        let updated_ms = milliseconds(*updated_at);
        match occurred_at {
            None => updated_ms,
            Some(occurred_at) => {
                updated_ms.saturating_mul(1 << 20).saturating_add(milliseconds(*occurred_at))
            }
        }
    }
}

fn milliseconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_millisecond()).unwrap_or(0)
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
    /// When the change happened that it was read for; `None` where the CRM sends its records along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
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
        milliseconds(self.occurred_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(updated_at: &str, occurred_at: Option<&str>) -> u64 {
        let time = |text: &str| format!("2026-11-24T{text}Z").parse().unwrap();
        let origin = Origin {
            source: "hubspot".to_owned(),
            org: "33".to_owned(),
            id: "901".to_owned(),
            updated_at: time(updated_at),
            occurred_at: occurred_at.map(time),
        };
        CrmRecord::Account(Account { origin, name: "Acme".into(), email: None, phone: None, website: None })
            .version()
    }

    #[test]
    fn a_state_is_newer_by_its_own_time_and_else_by_that_of_the_change_that_it_was_read_for() {
        let states = [
            version("10:00:00.000", Some("10:00:00.000")),
            // What belongs to it has changed since, and it has not.
            version("10:00:00.000", Some("10:00:00.001")),
            version("10:00:00.000", Some("10:17:00.000")),
            // Read for an earlier change, and later than that.
            version("10:00:00.001", Some("10:00:00.000")),
            version("10:00:02.000", Some("10:00:02.000")),
        ];
        assert!(states.is_sorted_by(|older, newer| older < newer), "{states:?}");
        // An older state that a later read has brought.
        assert!(
            version("10:00:00.000", Some("10:00:05.000")) < version("10:00:04.000", Some("10:00:03.000"))
        );
        assert_eq!(version("10:00:00.000", None), 1_795_514_400_000);
    }

    #[test]
    fn no_time_overflows_a_version() {
        let origin = |time| Origin {
            source: String::new(),
            org: String::new(),
            id: String::new(),
            updated_at: time,
            occurred_at: Some(time),
        };
        let of = |time| {
            let (origin, name) = (origin(time), "Acme".into());
            CrmRecord::Account(Account { origin, name, email: None, phone: None, website: None }).version()
        };
        assert_eq!((of(Timestamp::MIN), of(Timestamp::MAX)), (0, u64::MAX));
    }
}
