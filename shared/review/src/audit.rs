//! A record of every action, written before it. Records of a class and day are numbered without gaps, and each holds the digest of the one
//! before it: one that is missing, put in between or changed is found.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::ReviewError;
use crate::letter::{Letter, digest};

/// Which role may write it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    Read,
    Move,
    Discard,
    /// The watchdog's as well.
    Archive,
}

impl Class {
    pub const ALL: [Self; 4] = [Self::Read, Self::Move, Self::Discard, Self::Archive];

    /// As it stands in the key of its records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Move => "move",
            Self::Discard => "discard",
            Self::Archive => "archive",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Plan,
    Ack,
    Edit,
    Redrive,
    Restore,
    Discard,
    Archive,
}

impl Action {
    pub const fn class(self) -> Class {
        match self {
            Self::Plan => Class::Read,
            Self::Ack | Self::Edit | Self::Redrive | Self::Restore => Class::Move,
            Self::Discard => Class::Discard,
            Self::Archive => Class::Archive,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Ack => "ack",
            Self::Edit => "edit",
            Self::Redrive => "redrive",
            Self::Restore => "restore",
            Self::Discard => "discard",
            Self::Archive => "archive",
        }
    }
}

/// A letter that an action is about, by what its body is, not by what is in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Touched {
    pub id: String,
    /// SHA-256 of its body.
    pub before: String,
    /// Of the body that it goes on with, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Touched {
    /// One whose body stays as it is.
    pub(crate) fn whole(letter: &Letter) -> Self {
        Self { id: letter.id.clone(), before: letter.digest(), after: None }
    }
}

/// Who is about to do what, when and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    pub at: Timestamp,
    pub by: String,
    pub action: Action,
    pub flow: String,
    pub why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What else is to be known of it, such as how many letters a plan has: no value of a letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<Touched>,
}

impl Record {
    /// Its day, UTC.
    pub fn day(&self) -> Date {
        TimeZone::UTC.to_datetime(self.at).date()
    }
}

/// A record as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// From 1 on, of its class and day.
    pub number: u64,
    /// The digest of the entry before it; empty of the first.
    pub previous: String,
    /// The record as JSON, byte for byte.
    pub text: String,
}

impl Entry {
    /// The one after `last`.
    pub fn after(last: Option<(u64, &str)>, record: &Record) -> Result<Self, ReviewError> {
        let (number, previous) =
            last.map_or((1, String::new()), |(number, digest)| (number + 1, digest.to_owned()));
        Ok(Self { number, previous, text: serde_json::to_string(record)? })
    }

    pub fn digest(&self) -> String {
        digest(format!("{}/{}/{}", self.number, self.previous, self.text).as_bytes())
    }

    pub fn record(&self) -> Option<Record> {
        serde_json::from_str(&self.text).ok()
    }
}

/// What is wrong with a day's entries of a class, in words; empty where nothing is. `last` is what was noted of the newest.
pub fn broken(entries: &[Entry], last: Option<(u64, &str)>) -> Vec<String> {
    let mut found = Vec::new();
    let mut before: Option<&Entry> = None;
    for (expected, entry) in (1..).zip(entries) {
        if entry.number != expected {
            found.push(format!("record {expected} is missing"));
            return found;
        }
        if entry.previous != before.map(Entry::digest).unwrap_or_default() {
            found.push(format!(
                "record {expected} does not follow from the one before it: one of them was changed"
            ));
        }
        if entry.record().is_none() {
            found.push(format!("record {expected} cannot be read"));
        }
        before = Some(entry);
    }
    let newest = before.map(|entry| (entry.number, entry.digest()));
    match (last, newest) {
        (None, None) => {}
        (Some((number, digest)), Some((newest, of_newest))) if number == newest => {
            if digest != of_newest {
                found.push(format!("record {newest} was changed"));
            }
        }
        (Some((number, _)), newest) => {
            let newest = newest.map_or(0, |(number, _)| number);
            found.push(format!("{number} records were written, {newest} are there"));
        }
        (None, Some((newest, _))) => found.push(format!("no count says that there are {newest} records")),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str) -> Record {
        let letter = Touched { id: id.to_owned(), before: digest(b"{}"), after: None };
        Record {
            at: "2026-11-24T23:59:59Z".parse().unwrap(),
            by: "arn:aws:iam::123456789012:user/ann".to_owned(),
            action: Action::Redrive,
            flow: "orders-to-inventory".to_owned(),
            why: "mended".to_owned(),
            plan: None,
            group: None,
            note: None,
            letters: vec![letter],
        }
    }

    fn chain(ids: &[&str]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for id in ids {
            let last = entries.last().map(|entry| (entry.number, entry.digest()));
            let last = last.as_ref().map(|(number, digest)| (*number, digest.as_str()));
            entries.push(Entry::after(last, &record(id)).unwrap());
        }
        entries
    }

    fn judged(entries: &[Entry], of: &[Entry]) -> Vec<String> {
        let last = of.last().map(|entry| (entry.number, entry.digest()));
        broken(entries, last.as_ref().map(|(number, digest)| (*number, digest.as_str())))
    }

    #[test]
    fn an_unbroken_chain_is_whole() {
        let whole = chain(&["a", "b", "c"]);
        assert_eq!(judged(&whole, &whole), Vec::<String>::new());
        assert_eq!(judged(&[], &[]), Vec::<String>::new());
        assert_eq!(whole[0].record().unwrap().day().to_string(), "2026-11-24");
    }

    #[test]
    fn whatever_was_changed_left_out_or_cut_off_is_found() {
        let whole = chain(&["a", "b", "c"]);
        for place in 0..3 {
            let mut changed = whole.clone();
            changed[place].text = changed[place].text.replace("ann", "bob");
            assert!(!judged(&changed, &whole).is_empty(), "changed {place}");
            let mut missing = whole.clone();
            missing.remove(place);
            assert!(!judged(&missing, &whole).is_empty(), "missing {place}");
        }
        assert_eq!(judged(&[], &whole), ["3 records were written, 0 are there"]);
        assert_eq!(broken(&whole, None), ["no count says that there are 3 records"]);
    }

    #[test]
    fn who_changes_a_record_has_to_change_all_after_it_and_the_count() {
        let whole = chain(&["a", "b", "c"]);
        let mut forged = whole.clone();
        forged[1] = Entry::after(Some((1, &whole[0].digest())), &record("x")).unwrap();
        forged[2] = Entry::after(Some((2, &forged[1].digest())), &record("c")).unwrap();
        assert_eq!(judged(&forged, &whole), ["record 3 was changed"]);
    }
}
