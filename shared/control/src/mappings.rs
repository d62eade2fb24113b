use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use telemetry::metrics::{DRIFT, OVERRIDES_REFUSED, UNKNOWN_VALUE};
use transform::{Catalog, CatalogError, Note, OverrideError, Overrides, Plan, Translator};

use crate::{ControlError, ControlStore, DriftCount, Stored};

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
    seen: Mutex<Seen>,
}

/// Revisions of one mapping's overrides; 0 is its file alone.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// The last that was found in the table and judged.
    stored: u64,
    /// Another one than that where that is refused.
    in_force: u64,
}

impl InUse {
    /// Changes are rare: the catalog is read anew for each, and takes no memory in between.
    fn catalog(&self) -> Result<Catalog, OverrideError> {
        Ok(Catalog::of(&self.name)?)
    }

    fn plan_with(&self, catalog: &Catalog, overrides: &Overrides) -> Result<Plan, OverrideError> {
        catalog.plan_with(&self.name, overrides, &self.settings)
    }

    /// Or why it is refused, as it may be logged.
    fn judged(&self, stored: Stored) -> Result<Plan, String> {
        let overrides = stored.map_err(|unreadable| unreadable.to_string())?;
        let plan = self.catalog().and_then(|catalog| self.plan_with(&catalog, &overrides));
        plan.map_err(|error| error.without_values())
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
        let (name, seen) = (name.to_owned(), Mutex::default());
        self.in_use.push(InUse { name, settings, translator: Arc::clone(&translator), seen });
        Ok(translator)
    }

    /// Before a batch: what was changed since, if half a minute has passed. Failing to look stops no message.
    pub async fn refresh(&self, flow: &str) {
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
        for (mapping, stored) in self.in_use.iter().zip(found) {
            self.follow(flow, mapping, stored).await;
        }
    }

    /// What is stored is in force from now on, or in its place the last that is right. That it is refused is counted at each
    /// look, for as long as it stands there.
    async fn follow(&self, flow: &str, mapping: &InUse, stored: Stored) {
        let revision = match &stored {
            Ok(overrides) => overrides.revision,
            Err(unreadable) => unreadable.revision,
        };
        if lock(&mapping.seen).stored != revision {
            match mapping.judged(stored) {
                Ok(plan) => {
                    tracing::info!(mapping = plan.stamp(), "overrides of the mapping are in force");
                    mapping.translator.replace(plan);
                    *lock(&mapping.seen) = Seen { stored: revision, in_force: revision };
                }
                Err(findings) => match self.fall_back(mapping, revision).await {
                    Ok(()) => {
                        lock(&mapping.seen).stored = revision;
                        let (mapping, in_force) = (&mapping.name, mapping.translator.stamp());
                        tracing::warn!(flow, mapping, revision, in_force, findings, "overrides refused");
                    }
                    // Not judged to the end: the next look does.
                    Err(error) => tracing::warn!(%error, "earlier overrides could not be looked up"),
                },
            }
        }
        if lock(&mapping.seen).in_force != revision {
            telemetry::count(&OVERRIDES_REFUSED, [flow, &mapping.name], 1);
        }
    }

    /// Of the revisions between what is in force and one that is refused, the newest that is right.
    async fn fall_back(&self, mapping: &InUse, refused: u64) -> Result<(), ControlError> {
        let in_force = lock(&mapping.seen).in_force;
        if in_force.saturating_add(1) >= refused {
            return Ok(());
        }
        let earlier = self.store.earlier(&mapping.name, refused).await?;
        let Ok(catalog) = mapping.catalog() else { return Ok(()) };
        let newer = earlier.iter().filter(|overrides| overrides.revision > in_force);
        let mut plans = newer.map(|overrides| (overrides.revision, mapping.plan_with(&catalog, overrides)));
        if let Some((revision, plan)) = plans.find_map(|(revision, plan)| Some((revision, plan.ok()?))) {
            mapping.translator.replace(plan);
            lock(&mapping.seen).in_force = revision;
        }
        Ok(())
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
                let metric = if matches!(note, Note::UnknownValue { .. }) { UNKNOWN_VALUE } else { DRIFT };
                telemetry::count(&metric, [flow, &mapping.name, path], count);
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
