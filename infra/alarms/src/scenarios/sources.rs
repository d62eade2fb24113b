//! What the systems that send events may do.

use super::{ALL, DAY, FOREVER, HOUR, ORDERS, Scenario, always, during};
use crate::simulate::{During, Fault};

pub(super) fn of_sources() -> Vec<Scenario> {
    let silent = during(Fault::SourceSilent { flow: ORDERS }, FOREVER);
    let from_to = |from, to| During { fault: Fault::SourceSilent { flow: ORDERS }, from, to };
    // Monday at eight is minute 0.
    let weekend = from_to(4 * DAY + 11 * HOUR, 6 * DAY + 11 * HOUR);
    let night = from_to(18 * HOUR, 20 * HOUR);
    let fades = during(Fault::SourceFades { flow: ORDERS }, FOREVER);
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
        Scenario::of(
            "the shop is silent on a declared holiday",
            9 * HOUR,
            [silent, always(Fault::Holiday), always(Fault::HolidayDeclared)],
        )
        .note("none is right"),
        Scenario::of(
            "the shop is silent on a holiday that nobody has declared",
            9 * HOUR,
            [silent, always(Fault::Holiday)],
        ),
        Scenario::of("the shop is silent from Friday evening to Sunday evening", 5 * DAY, [weekend]),
        Scenario::of("the shop is silent for two hours of a night", DAY, [night]),
        Scenario::of("the shop dies slowly: half as much twice a day", 6 * DAY, [fades]),
        Scenario::of(
            "a shop that has never sent anything",
            2 * DAY,
            [always(Fault::NewFlow { flow: ORDERS })],
        ),
        Scenario::of(
            "the shop's webhooks are switched off there, for three hours",
            5 * HOUR,
            [during(Fault::SubscriptionGone { flow: ORDERS }, 3 * HOUR)],
        ),
    ]
}
