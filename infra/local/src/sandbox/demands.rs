use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;

/// What a partner insists on in what it is sent, from some release of its own on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// What is made: `shipment` at the label system, `warm-up` at the BI tool, `issue` at the desk, a model at the inventory: `sale.sale`.
    pub of: String,
    /// JSON pointer into the body.
    pub at: String,
    /// What has to stand there; anything but null where it is left out.
    pub value: Option<Value>,
}

#[derive(Default)]
pub(super) struct Demands(Mutex<Vec<Demand>>);

impl Demands {
    pub(super) fn add(&self, demand: Demand) {
        self.all().push(demand);
    }

    /// The place of the first one that the body does not meet.
    pub(super) fn unmet(&self, of: &str, body: &Value) -> Option<String> {
        let meets = |demand: &Demand| match (body.pointer(&demand.at), &demand.value) {
            (is, Some(wanted)) => is == Some(wanted),
            (is, None) => is.is_some_and(|is| !is.is_null()),
        };
        self.all().iter().find(|demand| demand.of == of && !meets(demand)).map(|demand| demand.at.clone())
    }

    fn all(&self) -> MutexGuard<'_, Vec<Demand>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
