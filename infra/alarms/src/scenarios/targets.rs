//! What the systems that flows call may do to them.

use super::{CALL_TRYTON, CRM, DAY, ENRICHER, HOUR, ORDERS, SHIPPING, Scenario, during};
use crate::simulate::Fault;

pub(super) fn of_targets() -> Vec<Scenario> {
    let down = |minutes| during(Fault::TargetDown { flows: &CALL_TRYTON }, minutes);
    let throttles = during(Fault::TargetThrottles { flows: &CALL_TRYTON }, HOUR);
    let refuses = during(Fault::CredentialsRefused { flows: &CALL_TRYTON }, 2 * HOUR);
    vec![
        Scenario::of("inventory system down for two hours", 6 * HOUR, [down(2 * HOUR)])
            .rings(CRM, "TargetDownAlarm", 3)
            .rings(ORDERS, "TargetDownAlarm", 3)
            .rings(CRM, "EventsLateAlarm", 126)
            .note(
                "messages are held: each is as young as its last sending, so no age rings; what \
                 drains afterwards is late",
            ),
        Scenario::of("inventory system down for two days", 3 * DAY, [down(2 * DAY)]).rings(CRM, "TargetDownAlarm", 3).rings(ORDERS, "TargetDownAlarm", 3).rings(SHIPPING, "InputStoppedAlarm", 148).rings(CRM, "HeldTooLongAlarm", 2_168).rings(ORDERS, "HeldTooLongAlarm", 2_168).rings(CRM, "EventsLateAlarm", 2_886).rings(ORDERS, "EventsLateAlarm", 2_886).rings(ORDERS, "BacklogGrowingAlarm", 2_888).rings(ORDERS, "ConsumerBehindAlarm", 2_895).rings(ENRICHER, "CanaryLostAlarm", 2_903).rings(ENRICHER, "CanaryLostPageAlarm", 2_904).rings(CRM, "CanaryLostAlarm", 2_908).rings(CRM, "CanaryLostPageAlarm", 2_909).rings(ORDERS, "CanaryLostAlarm", 2_908).rings(ORDERS, "CanaryLostPageAlarm", 2_909).note("what is held passes no canary by; after the outage canaries wait behind what drains, for longer than the promise"),
        Scenario::of("inventory system down for four days", 5 * DAY, [down(4 * DAY)]).rings(SHIPPING, "InputStoppedAlarm", 148).rings(CRM, "HeldTooLongAlarm", 2_168).rings(ORDERS, "HeldTooLongAlarm", 2_168).rings(ENRICHER, "CanaryLostAlarm", 5_783).rings(ENRICHER, "CanaryLostPageAlarm", 5_784).rings(CRM, "CanaryLostAlarm", 5_788).rings(CRM, "CanaryLostPageAlarm", 5_789).rings(ORDERS, "CanaryLostAlarm", 5_788).rings(ORDERS, "CanaryLostPageAlarm", 5_789)
            .rings(CRM, "TargetDownAlarm", 3)
            .rings(ORDERS, "TargetDownAlarm", 3)
            .rings(CRM, "DeadLetterQueueGrowingAlarm", 4_338)
            .rings(CRM, "DeadLetterQueueNotEmptyAlarm", 4_338)
            .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 4_338)
            .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 4_338)
            .rings(CRM, "DeadLetterQueuePageAlarm", 4_339)
            .rings(ORDERS, "DeadLetterQueuePageAlarm", 4_339)
            .rings(CRM, "EventsLateAlarm", 5_766)
            .rings(ORDERS, "EventsLateAlarm", 5_766)
            .rings(CRM, "BacklogGrowingAlarm", 5_768)
            .rings(ORDERS, "BacklogGrowingAlarm", 5_768)
            .rings(ORDERS, "ConsumerBehindAlarm", 5_775)
            .rings(CRM, "ConsumerBehindAlarm", 5_820)
            .note(
                "after three days messages are given up; after the outage what is left takes \
                 longer than the promise",
            ),
        Scenario::of("inventory system answers 429 for an hour", 3 * HOUR, [throttles])
            .rings(CRM, "TargetRateLimitedAlarm", 15)
            .rings(ORDERS, "TargetRateLimitedAlarm", 15)
            .note("the quarter of an hour may be a peak"),
        Scenario::of(
            "inventory system answers after 85 % of an invocation's time, for an hour",
            3 * HOUR,
            [during(Fault::TargetSlow { flows: &CALL_TRYTON }, HOUR)],
        )
        .rings(CRM, "FunctionSlowAlarm", 2)
        .rings(ORDERS, "FunctionSlowAlarm", 2),
        Scenario::of("inventory system refuses our key", 6 * HOUR, [refuses])
            .rings(CRM, "CredentialsRefusedAlarm", 1)
            .rings(ORDERS, "CredentialsRefusedAlarm", 1)
            .rings(CRM, "TargetDownAlarm", 3)
            .rings(ORDERS, "TargetDownAlarm", 3)
            .rings(CRM, "EventsLateAlarm", 126),
    ]
}
