use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::demands::Demands;
use super::faults::Faults;
use super::hubspot::Crm;
use super::karrio::Labels;
use super::redmine::Desk;
use super::stripe::Processor;
use super::superset::Dashboards;
use super::tryton::Erp;
use super::vendure::Shop;

/// Which of the systems had the effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    Inventory,
    Labels,
    Dashboards,
    Operations,
    /// Customers and sales.
    Erp,
}

/// Something that really happened at a partner, once for each time that it happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Effect {
    pub system: System,
    /// `reservation`, `label`, `case`, `note`, `refresh`, `warm-up`, `party` or `sale`.
    pub kind: &'static str,
    /// Our external reference; of a refresh the dataset's id, of a warm-up the chart's.
    pub reference: String,
    /// The partner's id.
    pub id: String,
    /// The number that people know it by; of a note its last line.
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
    dashboards: Mutex<Dashboards>,
    desk: Mutex<Desk>,
    crm: Mutex<Crm>,
    processor: Mutex<Processor>,
    shop: Mutex<Shop>,
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

    pub(super) fn dashboards<T>(&self, work: impl FnOnce(&mut Dashboards) -> T) -> T {
        work(&mut lock(&self.dashboards))
    }

    pub(super) fn desk<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        work(&mut lock(&self.desk))
    }

    pub(super) fn crm<T>(&self, work: impl FnOnce(&mut Crm) -> T) -> T {
        work(&mut lock(&self.crm))
    }

    pub(super) fn processor<T>(&self, work: impl FnOnce(&mut Processor) -> T) -> T {
        work(&mut lock(&self.processor))
    }

    pub(super) fn shop<T>(&self, work: impl FnOnce(&mut Shop) -> T) -> T {
        work(&mut lock(&self.shop))
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
