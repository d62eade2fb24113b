//! A message that was captured, translated by a plan.

mod conditions;
mod frame;
mod lists;
mod objects;
mod rules;
mod translate;

pub(super) use frame::Frame;
pub(super) use rules::Read;
pub(super) use translate::{Attributes, MAX_PAYLOAD_BYTES};

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use message::Code;
use serde_json::Value;

use super::came::Came;
use super::capture::{Noticed, Scope};
use super::convert::Refused;
use super::plan::{Note, Plan, Ref};
use super::shape::{Node, NodeId};
use crate::contract::Types;
use crate::mapping::path::Space;
use crate::problem::{Kind, Problems};

/// Unknown members and values that one message is asked for.
const MOST_NOTES: usize = 32;
/// Of all texts that patterns and expressions go through, as often as they do.
const MOST_SCANNED_BYTES: usize = 16 * 1_048_576;

/// What became of a place of the target.
pub(super) enum Made {
    Value(Value),
    /// For want of anything else: it alone makes no object that the target can do without.
    Default(Value),
    Absent,
    /// Its rule needs it: a problem, unless all of an object that may be absent is.
    Missing(usize),
    /// Noted already.
    Failed,
}

pub(super) struct Run<'p, 'm> {
    pub(super) plan: &'p Plan,
    pub(super) envelope: &'p Scope<'m>,
    pub(super) problems: Problems,
    pub(super) notes: Vec<Note>,
    made_bytes: usize,
    /// Places at which a value stood that no accepted contract lists.
    news: RefCell<BTreeSet<NodeId>>,
    /// Of texts that patterns and expressions have gone through.
    scanned_bytes: Cell<usize>,
}

impl<'p, 'm: 'p> Run<'p, 'm> {
    pub(super) fn new(plan: &'p Plan, envelope: &'p Scope<'m>) -> Self {
        Self {
            plan,
            envelope,
            problems: Problems::default(),
            notes: Vec::new(),
            made_bytes: 0,
            news: RefCell::default(),
            scanned_bytes: Cell::new(0),
        }
    }

    pub(super) fn came<'r>(&'r self, at: Ref, frame: &'r Frame<'_, 'm>) -> &'r Came<'r>
    where
        'p: 'r,
    {
        const MISSING: &Came<'static> = &Came::Missing;
        match at.space {
            Space::Payload => frame.at(at.depth).map_or(MISSING, |frame| frame.scope.came(at.slot)),
            Space::Envelope => self.envelope.came(at.slot),
            Space::Settings => self.plan.settings_came.came(at.slot),
        }
    }

    /// One text may be looked at for every item of a list.
    fn scan(&self, bytes: usize) -> Result<(), Refused> {
        self.scanned_bytes.set(self.scanned_bytes.get().saturating_add(bytes));
        if self.scanned_bytes.get() <= MOST_SCANNED_BYTES {
            return Ok(());
        }
        Err(Refused::new(
            Code::LimitExceeded,
            "fewer or shorter texts: at most 16 MiB of them are looked through",
        ))
    }

    fn node(&self, at: Ref) -> Option<&Node> {
        let shape = match at.space {
            Space::Payload => &self.plan.payload,
            Space::Envelope => &self.plan.envelope,
            Space::Settings => &self.plan.settings,
        };
        shape.node(at.node)
    }

    fn types(&self, at: Ref) -> Option<Types> {
        self.node(at).map(|node| node.types)
    }

    /// The path of a place, with the indices of where the run stands.
    pub(super) fn path(&self, at: Ref, frame: &Frame<'_, 'm>) -> String {
        self.node(at).map(|node| node.path_at(&frame.indices())).unwrap_or_default()
    }

    fn problem(&mut self, refused: Refused, at: Ref, frame: &Frame<'_, 'm>) {
        let at = refused.at.unwrap_or(at);
        let (path, came) = (self.path(at, frame), self.came(at, frame).kind());
        self.problems.push(refused.code, path, refused.expected, came);
    }

    fn note(&mut self, note: Note) {
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn version(&mut self, root: &Frame<'_, 'm>) {
        let Some(at) = self.plan.version_at else { return };
        let came = self.came(at, root);
        let accepted = came.as_key().is_some_and(|version| self.plan.accepts.iter().any(|it| *it == version));
        if !accepted {
            let expected = "a version of the source that the mapping accepts";
            self.problem(Refused::new(Code::VersionUnsupported, expected), at, root);
        }
    }

    /// What is only read in part is not judged.
    pub(super) fn whole(&mut self, noticed: &Noticed) {
        let Some(node) = noticed.beyond.and_then(|id| self.plan.payload.node(id)) else { return };
        let expected = "fewer items in all lists of the message together";
        self.problems.push(Code::LimitExceeded, node.path_at(&[]), expected.into(), Kind::Array);
    }

    fn unknown_members(&mut self, noticed: &Noticed) {
        let news = self.news.take();
        for id in news {
            let Some(node) = self.plan.payload.node(id) else { continue };
            self.note(Note::UnknownValue { path: node.path_at(&[]) });
        }
        for (id, name) in &noticed.unknown {
            let Some(node) = self.plan.payload.node(*id) else { continue };
            let name = if is_a_name(name) { name } else { "*" };
            self.note(Note::UnknownField { path: format!("{}.{name}", node.path_at(&[])) });
        }
    }
}

/// Whether a member's name is one that a contract might have: others may be a person's, or a number's of theirs.
fn is_a_name(name: &str) -> bool {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() <= 40
        && digits <= 2
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(plain)
}
