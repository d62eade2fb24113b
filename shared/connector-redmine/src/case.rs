//! What a case says of its payment, and what an event changes about it. Pure.
//!
//! Redmine keeps no key of ours, so what was told is marked: the last line of a new case's description, and of each note, names
//! the event, what it is about, and what it bears on the case. Out of these lines anybody reads how the case stands.

use std::collections::{BTreeMap, BTreeSet};

use transform::canonical::{Bearing, PaymentEvent};

use crate::wire::Issue;

/// A case as it was read.
pub(crate) struct Case {
    pub(crate) is_closed: bool,
    /// The description, then notes and changes in their order.
    entries: Vec<Entry>,
}

struct Entry {
    user: Option<u64>,
    mark: Option<Mark>,
    changes_the_status: bool,
}

/// A line of ours: `[spillway evt_1 outcome opens]`.
struct Mark {
    event: String,
    aspect: String,
    bearing: Bearing,
}

/// What is to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    pub(crate) note: bool,
    pub(crate) status: Option<Wanted>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    Open,
    Closed,
}

/// The line that an event is known again by.
pub(crate) fn mark(event: &PaymentEvent) -> String {
    format!("[spillway {} {} {}]", event.id, event.aspect(), word(event.kind.bearing()))
}

const fn word(bearing: Bearing) -> &'static str {
    match bearing {
        Bearing::Opens => "opens",
        Bearing::Settles => "settles",
        Bearing::Tells => "tells",
    }
}

/// The line that a case is known by which was made beside another one.
pub(crate) fn duplicate_mark(of: u64) -> String {
    format!("[spillway duplicate of {of}]")
}

/// Whether somebody has said already that the case is a duplicate.
pub(crate) fn is_marked_as_duplicate(issue: &Issue) -> bool {
    let notes = issue.journals.iter().filter_map(|journal| journal.notes.as_deref());
    notes.flat_map(str::lines).any(|line| line.trim().starts_with("[spillway duplicate of "))
}

impl Mark {
    /// A line alone: who quotes it has a sign before it.
    fn of(text: &str) -> Option<Self> {
        text.lines().find_map(|line| {
            let words = line.trim().strip_prefix("[spillway ")?.strip_suffix(']')?;
            let mut words = words.split(' ');
            let (event, aspect, bearing) = (words.next()?, words.next()?, words.next()?);
            let bearing = [Bearing::Opens, Bearing::Settles, Bearing::Tells]
                .into_iter()
                .find(|it| word(*it) == bearing)
                .filter(|_| words.next().is_none())?;
            Some(Self { event: event.to_owned(), aspect: aspect.to_owned(), bearing })
        })
    }
}

impl Case {
    pub(crate) fn of(issue: &Issue) -> Self {
        let description = Entry {
            user: issue.author.as_ref().map(|author| author.id),
            mark: issue.description.as_deref().and_then(Mark::of),
            changes_the_status: false,
        };
        let journals = issue.journals.iter().map(|journal| Entry {
            user: journal.user.as_ref().map(|user| user.id),
            mark: journal.notes.as_deref().and_then(Mark::of),
            changes_the_status: journal.details.iter().any(crate::wire::Detail::is_of_the_status),
        });
        Self {
            is_closed: issue.status.is_closed,
            entries: [description].into_iter().chain(journals).collect(),
        }
    }

    /// How often the status was changed, by whoever.
    pub(crate) fn status_changes(&self) -> usize {
        self.entries.iter().filter(|entry| entry.changes_the_status).count()
    }

    pub(crate) fn is(&self, wanted: Wanted) -> bool {
        self.is_closed == (wanted == Wanted::Closed)
    }

    /// What is left to be done about the event.
    pub(crate) fn change(&self, event: &PaymentEvent) -> Option<Change> {
        if self.marks().any(|mark| mark.event == event.id) {
            return self.amends().map(|status| Change { note: false, status: Some(status) });
        }
        let (aspect, standing) = (event.aspect().to_string(), self.standing());
        let others_are_open = standing.iter().any(|(it, open)| *open && *it != aspect);
        let opened_it = standing.get(aspect.as_str()).copied().unwrap_or(false);
        let status = match event.kind.bearing() {
            Bearing::Opens if self.is_closed => Some(Wanted::Open),
            // What it does not settle it does not close: a dispute that is open, or what a person has opened.
            Bearing::Settles if !self.is_closed && opened_it && !others_are_open => Some(Wanted::Closed),
            _ => None,
        };
        Some(Change { note: true, status })
    }

    /// Two events of a payment that were told at the same time did not see each other: whoever looks last puts the status right,
    /// unless a person has had a word since.
    fn amends(&self) -> Option<Wanted> {
        let ours: BTreeSet<_> =
            self.entries.iter().filter(|entry| entry.mark.is_some()).filter_map(|entry| entry.user).collect();
        let is_ours = |entry: &Entry| entry.user.is_some_and(|user| ours.contains(&user));
        let last_change = self.entries.iter().rposition(|entry| entry.changes_the_status);
        let changed_by_us = last_change.and_then(|last| self.entries.get(last)).is_some_and(is_ours);
        let standing = self.standing();
        let is_open = standing.values().any(|open| *open);
        if self.is_closed {
            return (is_open && changed_by_us).then_some(Wanted::Open);
        }
        let settled = self
            .entries
            .iter()
            .rposition(|it| it.mark.as_ref().is_some_and(|it| it.bearing == Bearing::Settles));
        let person_since = !changed_by_us && last_change > settled;
        let was_opened = self.marks().any(|mark| mark.bearing == Bearing::Opens);
        (was_opened && settled.is_some() && !is_open && !person_since).then_some(Wanted::Closed)
    }

    /// By aspect, whether what was told of it last keeps the case open.
    fn standing(&self) -> BTreeMap<&str, bool> {
        let mut standing = BTreeMap::new();
        for mark in self.marks() {
            match mark.bearing {
                Bearing::Opens => drop(standing.insert(mark.aspect.as_str(), true)),
                Bearing::Settles => drop(standing.insert(mark.aspect.as_str(), false)),
                Bearing::Tells => {}
            }
        }
        standing
    }

    fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.entries.iter().filter_map(|entry| entry.mark.as_ref())
    }
}
