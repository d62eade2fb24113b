//! What may happen to what all flows share: the ledger's table and ingest.

use super::{ALL, DAY, EACH, EACH_POSTED, ENRICHER, HOUR, Scenario, during};
use crate::simulate::Fault;

pub(super) fn of_what_all_share() -> Vec<Scenario> {
    let half_an_hour = |fault| during(fault, 30);
    vec![
        Scenario::of(
            "the ledger's table is throttled for an hour",
            3 * HOUR,
            [during(Fault::TableThrottled, HOUR)],
        )
        .rings(ALL, "LedgerReadThrottledAlarm", 3)
        .rings(ALL, "LedgerWriteThrottledAlarm", 3)
        .rings(EACH, "WatchdogUnhealthyAlarm", 13)
        .note("all is held; the watchdog cannot read how old its canaries are"),
        Scenario::of(
            "DynamoDB fails the ledger's calls for an hour",
            3 * HOUR,
            [during(Fault::TableFails, HOUR)],
        )
        .rings(ALL, "LedgerFailsAlarm", 3)
        .rings(EACH, "CanaryLostAlarm", 23)
        .rings(EACH, "CanaryLostPageAlarm", 24)
        .note("of writes: what only reads still answers"),
        Scenario::of(
            "DynamoDB deletes nothing that has expired, for a day",
            2 * DAY,
            [during(Fault::TtlStalled, DAY)],
        )
        .rings(ALL, "LedgerTtlStalledAlarm", 840)
        .depends_on_range()
        .note("where the stack is old enough, and says so; twelve hours, and the two before them that are looked at"),
        Scenario::of("ingest is slow, for half an hour", 2 * HOUR, [half_an_hour(Fault::IngestSlow)]).rings(
            ALL,
            "IngestSlowAlarm",
            3,
        ),
        Scenario::of("ingest crashes, for half an hour", 2 * HOUR, [half_an_hour(Fault::IngestCrashes)])
            .rings(ALL, "IngestAbortedAlarm", 1)
            .rings(ALL, "IngestErrorsAlarm", 2)
            .rings(ALL, "Ingest5xxAlarm", 3)
            .rings(ALL, "IngestPageAlarm", 4)
            .rings(EACH, "EventsMissedAlarm", 18)
            .rings(EACH, "CanaryLostAlarm", 23)
            .rings(ENRICHER, "EventsLateAlarm", 33),
        Scenario::of(
            "nobody can reach the API, for four hours",
            4 * HOUR,
            [during(Fault::ApiUnreachable, 4 * HOUR)],
        )
        .rings(EACH, "EventsMissedAlarm", 18)
        .rings(EACH, "CanaryLostAlarm", 23)
        .rings(EACH, "CanaryLostPageAlarm", 24)
        .rings(EACH_POSTED, "InputStoppedAlarm", 148)
        .rings(EACH, "InputStoppedPageAlarm", 149)
        .note("nothing else sees it; what Stripe and the shop have is found by asking them"),
        Scenario::of("ingest crashes, for four hours", 4 * HOUR, [during(Fault::IngestCrashes, 4 * HOUR)])
            .rings(ALL, "IngestAbortedAlarm", 1)
            .rings(ALL, "IngestErrorsAlarm", 2)
            .rings(ALL, "Ingest5xxAlarm", 3)
            .rings(ALL, "IngestPageAlarm", 4)
            .rings(EACH, "EventsMissedAlarm", 18)
            .rings(EACH, "CanaryLostAlarm", 23)
            .rings(EACH_POSTED, "InputStoppedAlarm", 148)
            .rings(EACH, "InputStoppedPageAlarm", 149),
        Scenario::of(
            "a deploy whose ingest crashes, for half an hour",
            2 * HOUR,
            [during(Fault::Deploy, 5), half_an_hour(Fault::IngestCrashes)],
        )
        .rings(ALL, "IngestAbortedAlarm", 1)
        .rings(ALL, "IngestErrorsAlarm", 2)
        .rings(ALL, "Ingest5xxAlarm", 3)
        .rings(ALL, "IngestPageAlarm", 20)
        .rings(EACH, "EventsMissedAlarm", 18)
        .rings(EACH, "CanaryLostAlarm", 23)
        .rings(ENRICHER, "EventsLateAlarm", 33)
        .depends_on_range()
        .note("the page waits for as long as a deploy may take, the tickets do not"),
        Scenario::of(
            "a deploy whose ingest crashes, for five minutes",
            2 * HOUR,
            [during(Fault::Deploy, 5), during(Fault::IngestCrashes, 5)],
        )
        .rings(ALL, "IngestAbortedAlarm", 1)
        .rings(ALL, "IngestErrorsAlarm", 2)
        .rings(ALL, "Ingest5xxAlarm", 3)
        .note("nobody is woken"),
        Scenario::of(
            "no concurrency left for ingest, for half an hour",
            2 * HOUR,
            [half_an_hour(Fault::IngestThrottled)],
        )
        .rings(ALL, "Ingest5xxAlarm", 3)
        .rings(ALL, "IngestThrottledAlarm", 3)
        .rings(ALL, "IngestPageAlarm", 4)
        .rings(EACH, "EventsMissedAlarm", 18)
        .rings(EACH, "CanaryLostAlarm", 23)
        .rings(ENRICHER, "EventsLateAlarm", 33),
        Scenario::of(
            "SQS refuses what ingest sends, for half an hour",
            2 * HOUR,
            [half_an_hour(Fault::QueueRefuses)],
        )
        .rings(ALL, "Ingest5xxAlarm", 3)
        .rings(ALL, "IngestPageAlarm", 4)
        .rings(EACH, "EventsMissedAlarm", 18)
        .rings(EACH, "CanaryLostAlarm", 23)
        .rings(ENRICHER, "EventsLateAlarm", 33),
    ]
}
