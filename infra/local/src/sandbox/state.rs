use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::demands::Demands;
use super::faults::Faults;
use super::hubspot::Crm;
use super::karrio::Labels;
use super::tryton::Erp;

/// Which system had the effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    Inventory,
    Labels,
    /// Customers and sales.
    Erp,
}

/// Something that really happened at a partner, once for each time that it happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Effect {
    pub system: System,
    /// `reservation`, `label`, `party` or `sale`.
    pub kind: &'static str,
    /// Our external reference.
    pub reference: String,
    /// The partner's id.
    pub id: String,
    /// The number that people know it by.
    pub number: String,
    /// When it happened, in milliseconds since the epoch.
    pub at_ms: i64,
}

/// What the partners remember.
#[derive(Default)]
pub(super) struct World {
    pub(super) faults: Faults,
    pub(super) demands: Demands,
    erp: Mutex<Erp>,
    labels: Mutex<Labels>,
    crm: Mutex<Crm>,
    effects: Mutex<Vec<Effect>>,
}

impl World {
    pub(super) fn seeded() -> Self {
        Self { erp: Mutex::new(Erp::seeded()), ..Self::default() }
    }

    pub(super) fn erp<T>(&self, work: impl FnOnce(&mut Erp) -> T) -> T {
        work(&mut lock(&self.erp))
    }

    pub(super) fn labels<T>(&self, work: impl FnOnce(&mut Labels) -> T) -> T {
        work(&mut lock(&self.labels))
    }

    pub(super) fn crm<T>(&self, work: impl FnOnce(&mut Crm) -> T) -> T {
        work(&mut lock(&self.crm))
    }

    pub(super) fn set_stock(&self, sku: &str, quantity: u32) {
        self.erp(|erp| erp.set_stock(sku, quantity));
    }

    pub(super) fn record(&self, system: System, kind: &'static str, reference: &str, id: &str, number: &str) {
        let effect = Effect {
            system,
            kind,
            reference: reference.to_owned(),
            id: id.to_owned(),
            number: number.to_owned(),
            at_ms: Timestamp::now().as_millisecond(),
        };
        lock(&self.effects).push(effect);
    }

    pub(super) fn effects(&self) -> Vec<Effect> {
        lock(&self.effects).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
