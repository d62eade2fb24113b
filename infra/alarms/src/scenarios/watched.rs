//! What may happen to the watchdog, and what only it sees.

use super::{EACH, FOREVER, HOUR, ORDERS, Scenario, during};
use crate::simulate::Fault;

pub(super) fn of_the_watchdog() -> Vec<Scenario> {
    let flow = ORDERS;
    vec![
        Scenario::of(
            "nobody has the watchdog look at orders",
            2 * HOUR,
            [during(Fault::ScheduleGone { flow }, HOUR)],
        )
        .rings(ORDERS, "InputStoppedAlarm", 23)
        .rings(ORDERS, "WatchdogUnhealthyAlarm", 23)
        .rings(ORDERS, "InputStoppedPageAlarm", 24)
        .depends_on_range(),
        Scenario::of("the watchdog is dead", 2 * HOUR, [during(Fault::WatchdogDead, HOUR)])
            .rings(EACH, "InputStoppedAlarm", 23)
            .rings(EACH, "WatchdogUnhealthyAlarm", 23)
            .rings(EACH, "InputStoppedPageAlarm", 24)
            .depends_on_range(),
        Scenario::of(
            "the shop answers 500 to who asks it, for an hour",
            2 * HOUR,
            [during(Fault::SourceFails { flow }, HOUR)],
        )
        .rings(ORDERS, "WatchdogUnhealthyAlarm", 13),
        Scenario::of("a secret is older than a year", 2 * HOUR, [during(Fault::SecretOld { flow }, FOREVER)])
            .rings(ORDERS, "SecretOldAlarm", 3),
    ]
}
