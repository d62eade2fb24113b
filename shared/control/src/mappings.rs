use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use transform::{Catalog, CatalogError, Note, OverrideError, Overrides, Plan, Translator};

use crate::{ControlStore, DriftCount};

/// How long what was looked up serves.
const FRESH_MS: i64 = 30_000;
/// How often drift is told.
const TOLD_EVERY_MS: i64 = 60_000;

/// The translators of one function, kept as the overrides say. One an execution environment.
pub struct Mappings {
    store: Arc<dyn ControlStore>,
    clock: Clock,
    in_use: Vec<InUse>,
    times: Mutex<Times>,
}

/// UTC now: the system's in a function, a settable one in tests.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

struct InUse {
    name: String,
    settings: Value,
    translator: Arc<Translator>,
    /// The last that was looked at, whether it could be used or not.
    revision: Mutex<u64>,
}

impl InUse {
    /// Changes are rare: the catalog is read anew for each, and takes no memory in between.
    fn plan_with(&self, overrides: &Overrides) -> Result<Plan, OverrideError> {
        Catalog::of(&self.name)?.plan_with(&self.name, overrides, &self.settings)
    }
}

#[derive(Default)]
struct Times {
    looked_ms: Option<i64>,
    told_ms: Option<i64>,
}

impl Mappings {
    pub fn new(store: Arc<dyn ControlStore>, clock: Clock) -> Self {
        Self { store, clock, in_use: Vec::new(), times: Mutex::default() }
    }

    /// The translator of a built-in mapping. `settings` is what its `@settings` reads; null where it reads none.
    pub fn translator(&mut self, name: &str, settings: Value) -> Result<Arc<Translator>, CatalogError> {
        let translator = Arc::new(Translator::built_in(name, &settings)?);
        let (name, revision) = (name.to_owned(), Mutex::new(0));
        self.in_use.push(InUse { name, settings, translator: Arc::clone(&translator), revision });
        Ok(translator)
    }

    /// Before a batch: what was changed since, if half a minute has passed. Failing to look stops no message.
    pub async fn refresh(&self) {
        let now_ms = (self.clock)().as_millisecond();
        let due = lock(&self.times).looked_ms.is_none_or(|at| !(0..FRESH_MS).contains(&(now_ms - at)));
        if !due || self.in_use.is_empty() {
            return;
        }
        lock(&self.times).looked_ms = Some(now_ms);
        let names: Vec<_> = self.in_use.iter().map(|mapping| mapping.name.as_str()).collect();
        let found = match self.store.overrides(&names).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "overrides of mappings could not be looked up");
                return;
            }
        };
        for (mapping, overrides) in self.in_use.iter().zip(found) {
            let mut revision = lock(&mapping.revision);
            if *revision == overrides.revision {
                continue;
            }
            *revision = overrides.revision;
            match mapping.plan_with(&overrides) {
                Ok(plan) => {
                    tracing::info!(mapping = plan.stamp(), "overrides of the mapping are in force");
                    mapping.translator.replace(plan);
                }
                Err(error) => {
                    let in_force = mapping.translator.plan().stamp();
                    let revision = overrides.revision;
                    tracing::error!(mapping = mapping.name, revision, in_force, %error, "overrides refused");
                    telemetry::count("OverridesRefused", &[("Mapping", &mapping.name)], 1);
                }
            }
        }
    }

    /// After a batch: what came otherwise than contracts say, if a minute has passed since it was told.
    pub async fn tell_drift(&self, flow: &str) {
        let now = (self.clock)();
        let now_ms = now.as_millisecond();
        let due = lock(&self.times).told_ms.is_none_or(|at| !(0..TOLD_EVERY_MS).contains(&(now_ms - at)));
        if !due {
            return;
        }
        lock(&self.times).told_ms = Some(now_ms);
        let mut counts = Vec::new();
        for mapping in &self.in_use {
            for (note, count) in mapping.translator.take_drift() {
                let (kind, path) = (note.kind(), note.path());
                let metric = if matches!(note, Note::UnknownValue { .. }) { "UnknownValue" } else { "Drift" };
                let dimensions = [("Flow", flow), ("Mapping", mapping.name.as_str()), ("Field", path)];
                telemetry::count(metric, &dimensions, count);
                tracing::warn!(flow, mapping = mapping.name, kind, path, count, "not as the contract says");
                let path = format!("{}: {path}", mapping.name);
                counts.push(DriftCount { kind: kind.to_owned(), path, count });
            }
        }
        if !counts.is_empty()
            && let Err(error) = self.store.add_drift(flow, now, &counts).await
        {
            tracing::warn!(%error, "drift was not noted");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
