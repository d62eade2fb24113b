//! What may be wrong with messages, and with what becomes of them.

use super::{BEGINS, DAY, FOREVER, HOUR, ORDERS, Scenario, always, during};
use crate::simulate::{During, Fault};

pub(super) fn of_messages() -> Vec<Scenario> {
    let letters = |count| during(Fault::DeadLetters { flow: ORDERS, count }, 1);
    let looked_at = |every, minutes, until| {
        let fault = Fault::LettersLookedAt { flow: ORDERS, every, minutes };
        // So that the watchdog counts letters while they are hidden.
        During { fault, from: BEGINS + HOUR + 1, to: BEGINS.saturating_add(until) }
    };
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
        Scenario::of(
            "5,000 dead letters, listed and archived every hour",
            9 * DAY,
            [letters(5_000), looked_at(HOUR, 2, FOREVER)],
        )
        .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 15)
        .rings(ORDERS, "DeadLetterQueuePageAlarm", 16)
        .rings(ORDERS, "DeadLetterQueueNearingExpiryAlarm", 11_528)
        .note("each time hidden from two samples of a minute; received so often, how old they are says the watchdog alone"),
        Scenario::of(
            "20,000 dead letters, and whoever lists them is broken off without a word",
            3 * HOUR,
            [letters(20_000), looked_at(HOUR, 5, HOUR + 2)],
        )
        .rings(ORDERS, "DeadLetterQueueNotEmptyAlarm", 15)
        .rings(ORDERS, "DeadLetterQueuePageAlarm", 16)
        .note("all are hidden for five minutes, and counted all the same: the page neither ends nor rings again"),
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
        .rings(ORDERS, "DeadLetterQueueNearingExpiryAlarm", 11_528)
        .note("AWS's page can be read so; the page would be over after six hours, and the watchdog alone still knows of the letter"),
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
