//! What may fail, and what rings then: the table that docs/alarms.md prints and that `tests/scenarios.rs` holds. A failure that no alarm sees
//! stands here with nothing: whoever adds the alarm adds its line.

mod functions;
mod messages;
mod shared;
mod sources;
mod targets;
mod watched;

use crate::page::{EACH, EACH_POSTED};
use crate::simulate::{During, Fault, MINUTES_A_DAY};

/// The failure begins after an hour of a good Monday morning.
pub(crate) const BEGINS: u32 = 60;
const HOUR: u32 = 60;
const DAY: u32 = MINUTES_A_DAY;
const FOREVER: u32 = u32::MAX;

/// An alarm, and its first ring in minutes since the failure began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ring {
    /// Empty for an alarm of the application's own; [`EACH`] and [`EACH_POSTED`] are several.
    pub flow: &'static str,
    pub alarm: &'static str,
    pub after: u32,
    /// How often it goes off while the failure is watched: once is right, more is an alarm that does not wait.
    pub times: usize,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    pub failure: &'static str,
    pub faults: Vec<During>,
    /// How long it is watched.
    pub minutes: u32,
    /// These and no others.
    pub rings: Vec<Ring>,
    /// What a reader of the table should know.
    pub note: &'static str,
    /// On how far back CloudWatch looks for missing data, which AWS does not document.
    pub depends_on_range: bool,
}

impl Scenario {
    /// Watched for so long after the failure's beginning.
    fn of<const N: usize>(failure: &'static str, minutes: u32, faults: [During; N]) -> Self {
        Self {
            failure,
            faults: faults.to_vec(),
            minutes: BEGINS + minutes,
            rings: Vec::new(),
            note: "",
            depends_on_range: false,
        }
    }

    fn rings(mut self, flow: &'static str, alarm: &'static str, after: u32) -> Self {
        self.rings.push(Ring { flow, alarm, after, times: 1 });
        self
    }

    /// So many times while it is watched.
    fn rings_again(mut self, flow: &'static str, alarm: &'static str, after: u32, times: usize) -> Self {
        self.rings.push(Ring { flow, alarm, after, times });
        self
    }

    fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    fn depends_on_range(self) -> Self {
        Self { depends_on_range: true, ..self }
    }
}

const ORDERS: &str = "orders-to-inventory";
const PAYMENTS: &str = "payments-to-operations";
const SHIPPING: &str = "inventory-to-shipping";
const CRM: &str = "crm-to-erp";
const ENRICHER: &str = "hubspot-enricher";
const ALL: &str = "";
/// Named one by one: a flow that is new rings nothing here that its author would have to enter.
const CALL_TRYTON: [&str; 2] = [ORDERS, CRM];

fn during(fault: Fault, minutes: u32) -> During {
    During { fault, from: BEGINS, to: BEGINS.saturating_add(minutes) }
}

fn always(fault: Fault) -> During {
    During { fault, from: 0, to: FOREVER }
}

pub fn scenarios() -> Vec<Scenario> {
    let mut all = good_days();
    all.extend(targets::of_targets());
    all.extend(messages::of_messages());
    all.extend(sources::of_sources());
    all.extend(functions::of_functions());
    all.extend(shared::of_what_all_share());
    all.extend(watched::of_the_watchdog());
    all
}

fn good_days() -> Vec<Scenario> {
    vec![
        Scenario::of("none: a week", 7 * DAY, []),
        Scenario::of("none: a holiday", DAY, [always(Fault::Holiday)]),
        Scenario::of("none: a deploy, both versions running", 4 * HOUR, [during(Fault::Deploy, 5)]),
        Scenario::of(
            "none: metrics come five minutes late",
            DAY,
            [always(Fault::MetricsLate { minutes: 5 })],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_failure_has_a_name_of_its_own_and_is_watched_for_longer_than_it_takes_to_ring() {
        let all = scenarios();
        let names: BTreeSet<_> = all.iter().map(|scenario| scenario.failure).collect();
        assert_eq!(names.len(), all.len());
        for scenario in all {
            assert!(
                scenario.rings.iter().all(|ring| BEGINS + ring.after < scenario.minutes),
                "{}",
                scenario.failure
            );
        }
    }
}
