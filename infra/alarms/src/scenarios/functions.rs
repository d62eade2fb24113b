//! What may happen to a flow's own function and to what polls its queue.

use super::{HOUR, ORDERS, Scenario, always, during};
use crate::simulate::Fault;

pub(super) fn of_functions() -> Vec<Scenario> {
    let flow = ORDERS;
    let crashes = during(Fault::FunctionCrashes { flow }, HOUR);
    let late = |minutes| always(Fault::MetricsLate { minutes });
    vec![
        Scenario::of(
            "nothing polls the orders' queue",
            4 * HOUR,
            [during(Fault::PollerDead { flow }, 2 * HOUR)],
        )
        .rings(ORDERS, "BacklogGrowingAlarm", 15)
        .rings(ORDERS, "ConsumerBehindAlarm", 17)
        .rings(ORDERS, "CanaryLostAlarm", 23)
        .rings(ORDERS, "CanaryLostPageAlarm", 24)
        .rings(ORDERS, "PollerDeadAlarm", 25)
        .rings(ORDERS, "PollerDeadPageAlarm", 26)
        .depends_on_range()
        .note("the first two only because orders come in meanwhile"),
        Scenario::of(
            "somebody has disabled the mapping of orders, for two hours",
            4 * HOUR,
            [during(Fault::MappingDisabled { flow }, 2 * HOUR)],
        )
        .rings(ORDERS, "PollerOffAlarm", 8)
        .rings(ORDERS, "BacklogGrowingAlarm", 15)
        .rings(ORDERS, "ConsumerBehindAlarm", 17)
        .rings(ORDERS, "CanaryLostAlarm", 23)
        .rings(ORDERS, "CanaryLostPageAlarm", 24)
        .rings(ORDERS, "PollerDeadAlarm", 25)
        .rings(ORDERS, "PollerDeadPageAlarm", 26)
        .depends_on_range()
        .note("a mapping that is disabled says as little as one that is dead"),
        Scenario::of(
            "a deploy whose function for orders crashes",
            3 * HOUR,
            [during(Fault::Deploy, 5), crashes],
        )
        .rings(ORDERS, "FunctionAbortedAlarm", 1)
        .rings(ORDERS, "FunctionErrorsAlarm", 2)
        .rings(ORDERS, "MessagesRepeatedAlarm", 2)
        .rings(ORDERS, "CanaryLostAlarm", 23)
        .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 30)
        .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 30)
        .rings(ORDERS, "CanaryLostPageAlarm", 30)
        .rings(ORDERS, "DeadLetterQueuePageAlarm", 31)
        .depends_on_range(),
        Scenario::of("the same, and metrics come a minute late", 3 * HOUR, [late(1), crashes])
            .rings(ORDERS, "FunctionAbortedAlarm", 2)
            .rings(ORDERS, "FunctionErrorsAlarm", 3)
            .rings(ORDERS, "MessagesRepeatedAlarm", 3)
            .rings(ORDERS, "CanaryLostAlarm", 24)
            .rings(ORDERS, "CanaryLostPageAlarm", 25)
            .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 30)
            .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 30)
            .rings(ORDERS, "DeadLetterQueuePageAlarm", 31)
            .depends_on_range(),
        Scenario::of("the same, and metrics come five minutes late", 3 * HOUR, [late(5), crashes])
            .rings(ORDERS, "CanaryLostAlarm", 28)
            .rings(ORDERS, "CanaryLostPageAlarm", 29)
            .note("five minutes are beyond the five periods that other alarms look at")
            .depends_on_range(),
        Scenario::of(
            "every invocation for orders is broken off, for an hour",
            3 * HOUR,
            [during(Fault::FunctionTimesOut { flow }, HOUR)],
        )
        .rings(ORDERS, "FunctionAbortedAlarm", 1)
        .rings(ORDERS, "FunctionNearTimeoutAlarm", 1)
        .rings(ORDERS, "FunctionErrorsAlarm", 2)
        .rings(ORDERS, "FunctionSlowAlarm", 2)
        .rings(ORDERS, "MessagesRepeatedAlarm", 2)
        .rings(ORDERS, "CanaryLostAlarm", 23)
        .rings(ORDERS, "CanaryLostPageAlarm", 24)
        .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 30)
        .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 30)
        .rings(ORDERS, "DeadLetterQueuePageAlarm", 31),
        Scenario::of(
            "one order in fifty makes the function panic",
            4 * HOUR,
            [during(Fault::Panics { flow, every: 50 }, 3 * HOUR)],
        )
        .rings(ORDERS, "FunctionAbortedAlarm", 5),
        Scenario::of(
            "no concurrency left for orders, for an hour",
            3 * HOUR,
            [during(Fault::FunctionThrottled { flow }, HOUR)],
        )
        .rings(ORDERS, "MessagesRepeatedAlarm", 2)
        .rings(ORDERS, "FunctionThrottledAlarm", 3)
        .rings(ORDERS, "CanaryLostAlarm", 23)
        .rings(ORDERS, "CanaryLostPageAlarm", 24)
        .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 30)
        .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 30)
        .rings(ORDERS, "DeadLetterQueuePageAlarm", 31),
        Scenario::of(
            "somebody invokes the function for orders by hand, two at a time, for an hour",
            3 * HOUR,
            [during(Fault::InvokedByOthers { flow, count: 2 }, HOUR)],
        )
        .rings(ORDERS, "FunctionConcurrencyAlarm", 3)
        .note("where concurrency is reserved; a flow that is busy does not ring it"),
    ]
}
