//! What may happen to the watchdog, and what only it sees.

use super::{FOREVER, HOUR, ORDERS, Scenario, during};
use crate::simulate::Fault;

pub(super) fn of_the_watchdog() -> Vec<Scenario> {
    let flow = ORDERS;
    vec![
        Scenario::of(
            "nobody has the watchdog look at orders",
            2 * HOUR,
            [during(Fault::ScheduleGone { flow }, HOUR)],
        ),
        Scenario::of("the watchdog is dead", 2 * HOUR, [during(Fault::WatchdogDead, HOUR)]),
        Scenario::of(
            "the shop answers 500 to who asks it, for an hour",
            2 * HOUR,
            [during(Fault::SourceFails { flow }, HOUR)],
        ),
        Scenario::of("a secret is older than a year", 2 * HOUR, [during(Fault::SecretOld { flow }, FOREVER)]),
    ]
}
