//! What the systems that send events may do.

use super::{ALL, DAY, FOREVER, HOUR, ORDERS, PAYMENTS, SHIPPING, Scenario, always, during};
use crate::simulate::{During, Fault};

pub(super) fn of_sources() -> Vec<Scenario> {
    let silent = during(Fault::SourceSilent { flow: ORDERS }, FOREVER);
    let from_to = |from, to| During { fault: Fault::SourceSilent { flow: ORDERS }, from, to };
    // Monday at eight is minute 0.
    let weekend = from_to(4 * DAY + 11 * HOUR, 6 * DAY + 11 * HOUR);
    let night = from_to(18 * HOUR, 20 * HOUR);
    let fades = during(Fault::SourceFades { flow: ORDERS }, FOREVER);
    vec![
        Scenario::of("the shop is silent on a working day", 9 * HOUR, [silent]).rings(ORDERS, "InputStoppedAlarm", 148).rings(SHIPPING, "InputStoppedAlarm", 148).rings(ORDERS, "InputStoppedPageAlarm", 149).note("an hour counts only when the silence reaches a quarter of an hour beyond both its ends; ExpectedEverySeconds may say less"),
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
        .rings(ORDERS, "EventsMissedAlarm", 18).note("what the shop posts in vain is found by asking it, before it is late"),
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
        ).rings(ORDERS, "InputStoppedAlarm", 148).rings(SHIPPING, "InputStoppedAlarm", 148).rings(ORDERS, "InputStoppedPageAlarm", 149).note("nobody has told the watchdog: `Holidays` is where to"),
        Scenario::of("the shop is silent from Friday evening to Sunday evening", 7 * DAY, [weekend]).rings(ORDERS, "InputStoppedAlarm", 6_508).rings(SHIPPING, "InputStoppedAlarm", 6_508).rings(ORDERS, "InputStoppedPageAlarm", 6_509).note("right: it has two orders a minute at the weekend as well"),
        Scenario::of("the shop is silent for two hours of a night", DAY, [night]).note("too short to be unusual"),
        Scenario::of("the shop dies slowly: half as much twice a day", 4 * DAY, [fades]).rings_again(ORDERS, "InputStoppedAlarm", 5_188, 4).rings_again(SHIPPING, "InputStoppedAlarm", 5_188, 3).rings_again(ORDERS, "InputStoppedPageAlarm", 5_189, 4).note("from one event in two hours on; each one that comes is an end of the silence"),
        Scenario::of(
            "a payment provider that has never sent anything",
            2 * DAY,
            [always(Fault::NewFlow { flow: PAYMENTS })],
        ).note("nothing is expected of it until it has sent something in two weeks"),
        Scenario::of(
            "the shop's webhooks are switched off there, for three hours",
            5 * HOUR,
            [during(Fault::SubscriptionGone { flow: ORDERS }, 3 * HOUR)],
        ).rings(ORDERS, "SubscriptionMissingAlarm", 8).rings(ORDERS, "SubscriptionMissingPageAlarm", 9).rings(ORDERS, "EventsMissedAlarm", 18).rings(ORDERS, "InputStoppedAlarm", 148).rings(ORDERS, "InputStoppedPageAlarm", 149).note("every order is found by asking, twenty minutes late at most: no flow after it hears a silence"),
    ]
}
