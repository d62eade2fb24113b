use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use message::{Code, Envelope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::{Attempt, Note, Plan};
use crate::mapping::path::without_indices;
use crate::presence::Presence;
use crate::{Catalog, CatalogError, MappingError, Problem};

/// Distinct places that are counted by name as long as the process lives: each is a metric of its own. A source that invents names
/// is counted under one more.
const MOST_COUNTED: usize = 100;
const BEYOND: &str = "$.*";

/// Message Translator: a mapping in use. What comes otherwise than its contracts say is counted, whether the message is refused
/// or not.
#[derive(Debug)]
pub struct Translator {
    plan: Mutex<Arc<Plan>>,
    drift: Mutex<Drift>,
    presence: Mutex<Presence>,
    named: Mutex<BTreeSet<Note>>,
}

/// How often what came was not as the contracts say.
pub type Drift = BTreeMap<Note, u64>;

/// A message, translated.
#[derive(Debug)]
pub struct Decoded<T> {
    pub value: T,
    /// Which mapping did it, in which version, to which contract: `shopify-order/2 canonical.order@1`.
    pub stamp: &'static str,
}

impl Translator {
    /// One of the mappings that are built in. `settings` is what its `@settings` reads; null where it reads none.
    pub fn built_in(name: &str, settings: &Value) -> Result<Self, CatalogError> {
        Ok(Self::new(Catalog::of(name)?.plan(name, settings)?))
    }

    pub fn new(plan: Plan) -> Self {
        Self {
            plan: Mutex::new(Arc::new(plan)),
            drift: Mutex::default(),
            presence: Mutex::default(),
            named: Mutex::default(),
        }
    }

    /// The plan in force.
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&lock(&self.plan))
    }

    /// Of the plan in force.
    pub fn stamp(&self) -> &'static str {
        self.plan().stamp()
    }

    /// Another plan, from the next message on.
    pub fn replace(&self, plan: Plan) {
        *lock(&self.plan) = Arc::new(plan);
    }

    /// A source's message as a canonical type.
    pub fn decode<T: DeserializeOwned>(&self, envelope: &Envelope) -> Result<Decoded<T>, MappingError> {
        let plan = self.plan();
        let Attempt { made, mut notes, present } = plan.attempt(envelope.data.get(), Some(envelope));
        if let Err(error) = &made {
            notes.extend(error.problems.iter().filter_map(news));
        }
        self.count(notes);
        if let Some(present) = present {
            lock(&self.presence).add(present);
        }
        Ok(Decoded { value: plan.typed(made?)?, stamp: plan.stamp() })
    }

    /// A canonical value in the target's words. What we made ourselves does not drift.
    pub fn encode<T: DeserializeOwned>(&self, canonical: &impl Serialize) -> Result<T, MappingError> {
        self.plan().encode(canonical)
    }

    /// As [`Self::encode`], for those who want JSON and no type.
    pub fn encode_json(&self, canonical: &impl Serialize) -> Result<Value, MappingError> {
        self.plan().encode_json(canonical)
    }

    /// What was counted since the last time.
    pub fn take_drift(&self) -> Drift {
        let mut drift = std::mem::take(&mut *lock(&self.drift));
        let plan = self.plan();
        for path in lock(&self.presence).stopped(plan.watched()) {
            *drift.entry(Note::MissingField { path }).or_default() += 1;
        }
        drift
    }

    /// What one message brought: the same of several items, or told as a problem as well, is one.
    fn count(&self, notes: Vec<Note>) {
        if notes.is_empty() {
            return;
        }
        let notes: BTreeSet<Note> = notes.into_iter().collect();
        let (mut drift, mut named) = (lock(&self.drift), lock(&self.named));
        for note in notes {
            let known = named.contains(&note) || named.len() < MOST_COUNTED;
            let note = if known { note } else { note.at(BEYOND) };
            named.insert(note.clone());
            *drift.entry(note).or_default() += 1;
        }
    }
}

/// A problem that tells of a source that has changed.
fn news(problem: &Problem) -> Option<Note> {
    let path = without_indices(&problem.path);
    match problem.code {
        Code::TypeMismatch => Some(Note::ChangedType { path }),
        Code::ValueUnknown => Some(Note::UnknownValue { path }),
        _ => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
