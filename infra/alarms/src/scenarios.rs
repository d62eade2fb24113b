//! What may fail, and what rings then: the table that docs/alarms.md prints and that `tests/scenarios.rs` holds. A failure that no alarm sees
//! stands here with nothing: whoever adds the alarm adds its line.

use crate::simulate::{During, Fault, MINUTES_A_DAY};

/// The failure begins after an hour of a good Monday morning.
pub(crate) const BEGINS: u32 = 60;
const HOUR: u32 = 60;
const DAY: u32 = MINUTES_A_DAY;
const FOREVER: u32 = u32::MAX;

/// An alarm, and its first ring in minutes since the failure began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ring {
    /// Empty for an alarm of the application's own.
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

    fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    fn depends_on_range(self) -> Self {
        Self { depends_on_range: true, ..self }
    }
}

const ORDERS: &str = "orders-to-inventory";
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
    all.extend(of_targets());
    all.extend(of_messages());
    all.extend(of_sources());
    all.extend(of_functions());
    all.extend(of_what_all_share());
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

fn of_targets() -> Vec<Scenario> {
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
        Scenario::of("inventory system down for four days", 5 * DAY, [down(4 * DAY)])
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

fn of_messages() -> Vec<Scenario> {
    let letters = |count| during(Fault::DeadLetters { flow: ORDERS, count }, 1);
    let redrive =
        During { fault: Fault::Redrive { flow: ORDERS }, from: BEGINS + HOUR, to: BEGINS + HOUR + 1 };
    let poison = during(Fault::Poison { flow: ORDERS, every: 50 }, 8 * HOUR);
    let unknown = during(Fault::UnknownValue { flow: ORDERS, every: 50 }, 4 * HOUR);
    vec![
        Scenario::of("one order in fifty is poison", 8 * HOUR, [poison])
            .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 19)
            .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 19)
            .rings(ORDERS, "DeadLetterQueuePageAlarm", 20)
            .depends_on_range()
            .note("the first of them after 4 min; the alarm rings once, for all that follow"),
        Scenario::of("one order in fifty has a value that no map knows", 6 * HOUR, [unknown])
            .rings(ORDERS, "UnknownValueAlarm", 5)
            .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 19)
            .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 19)
            .rings(ORDERS, "DeadLetterQueuePageAlarm", 20)
            .depends_on_range()
            .note("the same ticket for as long as such orders come"),
        Scenario::of("5,000 dead letters, redriven an hour later", 4 * HOUR, [letters(5_000), redrive])
            .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 15)
            .rings(ORDERS, "DeadLetterQueuePageAlarm", 16)
            .rings(ORDERS, "EventsLateAlarm", 63)
            .note("the redrive itself rings only that what it brings is late"),
        Scenario::of("a dead letter that nobody looks at", 9 * DAY, [letters(1)])
            .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 15)
            .rings(ORDERS, "DeadLetterQueuePageAlarm", 16)
            .rings(ORDERS, "DeadLetterQueueNearingExpiryAlarm", 11_521),
        Scenario::of(
            "the same, if metrics end six hours after the last use of a queue that has messages",
            9 * DAY,
            [letters(1), always(Fault::LettersFallAsleep)],
        )
        .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 15)
        .rings(ORDERS, "DeadLetterQueuePageAlarm", 16)
        .note(
            "AWS's page can be read so; the alarm would be over after six hours, and the \
                 letter lost without a word",
        ),
        Scenario::of(
            "110 orders a minute more than the flow gets done, for an hour",
            3 * HOUR,
            [during(Fault::Surge { flow: ORDERS, events: 700 }, HOUR)],
        )
        .rings(ORDERS, "BacklogGrowingAlarm", 5),
        Scenario::of(
            "somebody receives 100,000 waiting orders for two hours, and deletes none",
            HOUR,
            [during(Fault::TakenByOthers { flow: ORDERS, count: 100_000 }, 1)],
        )
        .rings(ORDERS, "InFlightAlarm", 3)
        .rings(ORDERS, "ConsumerBehindAlarm", 17),
        Scenario::of(
            "a change of a mapping is refused",
            3 * HOUR,
            [during(Fault::OverridesRefused { flow: ORDERS }, HOUR)],
        )
        .rings(ORDERS, "OverridesRefusedAlarm", 1),
    ]
}

fn of_sources() -> Vec<Scenario> {
    let silent = during(Fault::SourceSilent { flow: ORDERS }, FOREVER);
    vec![
        Scenario::of("the shop is silent on a working day", 9 * HOUR, [silent]),
        Scenario::of(
            "the shop sends everything four times, for an hour",
            3 * HOUR,
            [during(Fault::SourceRepeats { flow: ORDERS, times: 3 }, HOUR)],
        )
        .rings(ORDERS, "DuplicatesSurgeAlarm", 3),
        Scenario::of(
            "the shop signs by another secret, for two hours",
            4 * HOUR,
            [during(Fault::SignatureWrong { flow: ORDERS }, 2 * HOUR)],
        )
        .rings(ALL, "Ingest4xxAlarm", 5)
        .rings(ALL, "IngestSignatureRejectedAlarm", 5)
        .rings(ORDERS, "EventsLateAlarm", 123),
        Scenario::of("the shop is silent on a holiday", 9 * HOUR, [silent, always(Fault::Holiday)])
            .note("none is right"),
    ]
}

fn of_functions() -> Vec<Scenario> {
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
        .rings(ORDERS, "PollerDeadAlarm", 25)
        .rings(ORDERS, "PollerDeadPageAlarm", 26)
        .depends_on_range()
        .note("the first two only because orders come in meanwhile"),
        Scenario::of(
            "a deploy whose function for orders crashes",
            3 * HOUR,
            [during(Fault::Deploy, 5), crashes],
        )
        .rings(ORDERS, "FunctionAbortedAlarm", 1)
        .rings(ORDERS, "FunctionErrorsAlarm", 2)
        .rings(ORDERS, "MessagesRepeatedAlarm", 2)
        .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 30)
        .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 30)
        .rings(ORDERS, "DeadLetterQueuePageAlarm", 31),
        Scenario::of("the same, and metrics come a minute late", 3 * HOUR, [late(1), crashes])
            .rings(ORDERS, "FunctionAbortedAlarm", 2)
            .rings(ORDERS, "FunctionErrorsAlarm", 3)
            .rings(ORDERS, "MessagesRepeatedAlarm", 3)
            .rings(ORDERS, "DeadLetterQueueGrowingAlarm", 30)
            .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 30)
            .rings(ORDERS, "DeadLetterQueuePageAlarm", 31)
            .depends_on_range(),
        Scenario::of("the same, and metrics come five minutes late", 3 * HOUR, [late(5), crashes])
            .note("five minutes are beyond the five periods that this alarm looks at")
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

fn of_what_all_share() -> Vec<Scenario> {
    let half_an_hour = |fault| during(fault, 30);
    vec![
        Scenario::of(
            "the ledger's table is throttled for an hour",
            3 * HOUR,
            [during(Fault::TableThrottled, HOUR)],
        )
        .rings(ALL, "LedgerReadThrottledAlarm", 3)
        .rings(ALL, "LedgerWriteThrottledAlarm", 3),
        Scenario::of(
            "DynamoDB fails the ledger's calls for an hour",
            3 * HOUR,
            [during(Fault::TableFails, HOUR)],
        )
        .rings(ALL, "LedgerFailsAlarm", 3),
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
            .rings(ENRICHER, "EventsLateAlarm", 33)
            .rings(ORDERS, "EventsLateAlarm", 33),
        Scenario::of(
            "a deploy whose ingest crashes, for half an hour",
            2 * HOUR,
            [during(Fault::Deploy, 5), half_an_hour(Fault::IngestCrashes)],
        )
        .rings(ALL, "IngestAbortedAlarm", 1)
        .rings(ALL, "IngestErrorsAlarm", 2)
        .rings(ALL, "Ingest5xxAlarm", 3)
        .rings(ALL, "IngestPageAlarm", 20)
        .rings(ENRICHER, "EventsLateAlarm", 33)
        .rings(ORDERS, "EventsLateAlarm", 33)
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
        .rings(ENRICHER, "EventsLateAlarm", 33)
        .rings(ORDERS, "EventsLateAlarm", 33),
        Scenario::of(
            "SQS refuses what ingest sends, for half an hour",
            2 * HOUR,
            [half_an_hour(Fault::QueueRefuses)],
        )
        .rings(ALL, "Ingest5xxAlarm", 3)
        .rings(ALL, "IngestPageAlarm", 4)
        .rings(ENRICHER, "EventsLateAlarm", 33)
        .rings(ORDERS, "EventsLateAlarm", 33),
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
