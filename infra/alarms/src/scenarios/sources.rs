//! What the systems that send events may do.

use super::{ALL, FOREVER, HOUR, ORDERS, Scenario, always, during};
use crate::simulate::Fault;

pub(super) fn of_sources() -> Vec<Scenario> {
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
