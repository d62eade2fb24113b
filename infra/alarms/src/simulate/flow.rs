//! A flow: its queue, its dead letter queue, its function, and what becomes of messages.

use telemetry::metrics;

use super::Fault;
use super::emit::Emit;
use super::gate::Gate;
use super::landscape::FlowParts;
use super::queue::{Messages, Queue};
use super::weather::{Runs, Target, Weather};

/// Records a minute that a flow gets done; holding one again costs next to nothing.
const CAPACITY: u32 = 600;
/// Above so many a minute they come in batches of ten.
const ALONE: u32 = 60;
const BATCH: u32 = 10;
/// A visibility timeout of two hours.
const TAKEN_FOR: u32 = 120;
const DONE_MS: f64 = 400.0;
/// Of an invocation's time, where the target is slow.
const SLOW_SHARE: f64 = 0.85;
const HELD_MS: f64 = 40.0;
const COLD_MS: f64 = 900.0;
/// As long as one call of a target may take (TargetTimeoutMs).
const TIMED_OUT_MS: f64 = 8_000.0;

/// So many events that happened at their source in that minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Events {
    pub(super) count: u32,
    pub(super) happened: u32,
}

/// Records of one minute.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) done: u32,
    pub(super) done_events: Vec<Events>,
    pub(super) ledger_calls: u32,
    pub(super) refused_ledger_calls: u32,
    held: u32,
    /// Held as the target fails.
    target_down: u32,
    /// Held as it asks for less.
    rate_limited: u32,
    crashed: u32,
    timed_out: u32,
    panicked: u32,
    duplicates: u32,
    throttled: u32,
    /// Calls of the target that failed.
    failed: u32,
    refused: u32,
    come_again: u32,
}

pub(super) struct Flow {
    parts: FlowParts,
    queue: Queue,
    dead_letters: Queue,
    gate: Gate,
    /// Messages that have come for the first time.
    seen: u32,
}

impl Flow {
    pub(super) fn new(parts: &FlowParts) -> Self {
        Self {
            queue: Queue::new(&parts.queue, parts.queue_retention),
            dead_letters: Queue::new(&parts.dead_letter_queue, parts.dead_letter_retention),
            parts: parts.clone(),
            gate: Gate::default(),
            seen: 0,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.parts.name
    }

    pub(super) fn next(&self) -> Option<usize> {
        self.parts.next
    }

    pub(super) fn begins(&mut self, minute: u32, fault: Fault) {
        match fault {
            Fault::DeadLetters { flow, count } if flow == self.parts.name => {
                self.dead_letters.send(minute, Messages::new(count, minute));
            }
            Fault::TakenByOthers { flow, count } if flow == self.parts.name => {
                self.queue.put(Messages::new(count, minute).again(minute + TAKEN_FOR));
            }
            Fault::Redrive { flow } if flow == self.parts.name => {
                for letters in self.dead_letters.take_all(minute) {
                    self.queue.send(minute, letters.anew(minute));
                }
            }
            _ => {}
        }
    }

    pub(super) fn minute(
        &mut self,
        minute: u32,
        arriving: &[Events],
        weather: &Weather,
        emit: &mut Emit<'_>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for Events { count, happened } in arriving {
            self.queue.send(minute, Messages { happened: *happened, ..Messages::new(*count, minute) });
        }
        if weather.polls {
            let mut left = CAPACITY;
            for messages in self.queue.receive(minute) {
                // The receive after the last permitted one: the redrive policy's.
                if messages.receives >= self.parts.max_receives {
                    self.dead_letters.put(messages.moved(minute));
                    continue;
                }
                let is_cheap = weather.table_throttled
                    || weather.target == Target::Throttles
                    || self.gate.closed_until(minute).is_some();
                let (taken, rest) = messages.split(if is_cheap { messages.count } else { left });
                self.queue.put(rest);
                if !is_cheap {
                    left -= taken.count;
                }
                self.queue.received += taken.count;
                self.invoke(minute, taken, weather, &mut outcome);
            }
        }
        self.tell(weather, &outcome, emit);
        self.tell_of_records(minute, &outcome, emit);
        self.queue.end_of_minute(minute, weather.letters_sleep, emit);
        self.dead_letters.end_of_minute(minute, weather.letters_sleep, emit);
        outcome
    }

    fn invoke(&mut self, minute: u32, messages: Messages, weather: &Weather, outcome: &mut Outcome) {
        let counted = match weather.runs {
            Runs::Throttled => &mut outcome.throttled,
            Runs::Crashes => &mut outcome.crashed,
            Runs::TimesOut => &mut outcome.timed_out,
            Runs::Well => return self.work(minute, messages, weather, outcome),
        };
        *counted += messages.count;
        self.queue.put(messages.again(minute + self.parts.visibility));
    }

    fn work(&mut self, minute: u32, messages: Messages, weather: &Weather, outcome: &mut Outcome) {
        let refused = self.refused(messages, weather);
        let (poison, messages) = messages.split(refused);
        if weather.panics {
            (outcome.panicked, outcome.come_again) =
                (outcome.panicked + refused, outcome.come_again + refused);
            self.queue.put(poison.again(minute + 1));
        } else {
            self.dead_letter(minute, poison);
            outcome.refused += refused;
        }
        if messages.count == 0 {
            return;
        }
        if weather.table_throttled {
            outcome.refused_ledger_calls += messages.count;
            self.hold(minute, messages, minute + 1, outcome);
            return;
        }
        outcome.ledger_calls += messages.count;
        if let Some(until) = self.gate.closed_until(minute) {
            outcome.target_down += self.hold(minute, messages, until, outcome);
            return;
        }
        match weather.target {
            Target::Up => {
                self.gate.succeeded();
                self.queue.deleted += messages.count;
                let duplicates = messages.count * weather.repeats / (weather.repeats + 1);
                outcome.duplicates += duplicates;
                let (_, news) = messages.split(duplicates);
                outcome.done += news.count;
                outcome.done_events.push(Events { count: news.count, happened: news.happened });
            }
            // Retry-After of a minute, which the gate keeps for all.
            Target::Throttles => {
                outcome.rate_limited += self.hold(minute, messages, minute + 1, outcome);
            }
            Target::Down | Target::Refuses => {
                let tries = self.gate.tries(minute, messages.count);
                self.gate.failed(minute, tries);
                outcome.failed += tries;
                let (tried, others) = messages.split(tries);
                match self.gate.closed_until(minute) {
                    Some(until) => {
                        outcome.target_down += self.hold(minute, tried, until, outcome);
                        outcome.target_down += self.hold(minute, others, until, outcome);
                    }
                    // Credentials that are refused use up no receive, whether or not the breaker is open.
                    None if weather.target == Target::Refuses => {
                        outcome.target_down += self.hold(minute, messages, minute + 1, outcome);
                    }
                    None => {
                        outcome.come_again += messages.count;
                        self.queue.put(messages.again(minute + 1));
                    }
                }
            }
        }
    }

    fn refused(&mut self, messages: Messages, weather: &Weather) -> u32 {
        let is_new = messages.receives == 0 && messages.first == messages.enqueued;
        if weather.refused_every == 0 || !is_new {
            return 0;
        }
        let before = self.seen / weather.refused_every;
        self.seen += messages.count;
        self.seen / weather.refused_every - before
    }

    /// A copy with its reason, sent by the function.
    fn dead_letter(&mut self, minute: u32, messages: Messages) {
        self.queue.deleted += messages.count;
        self.dead_letters.send(minute, messages.anew(minute));
    }

    /// How many are held; what is too old is given up.
    fn hold(&mut self, minute: u32, messages: Messages, until: u32, outcome: &mut Outcome) -> u32 {
        if minute - messages.first >= self.parts.longest_hold {
            outcome.refused += messages.count;
            self.dead_letter(minute, messages);
            return 0;
        }
        outcome.held += messages.count;
        self.queue.deleted += messages.count;
        self.queue.send(minute, messages.held(minute, until));
        messages.count
    }

    /// The wide event of each record.
    fn tell_of_records(&self, minute: u32, outcome: &Outcome, emit: &mut Emit<'_>) {
        let function = [("FunctionName", self.parts.function.as_str())];
        let mut ours =
            |metric, values: &[(f64, u32)]| emit.values(metrics::NAMESPACE, metric, &function, values);
        for (metric, count) in [
            (
                metrics::RECORDS,
                outcome.done + outcome.duplicates + outcome.refused + outcome.held + outcome.come_again,
            ),
            (metrics::HELD, outcome.held),
            (metrics::BREAKER_OPEN, outcome.target_down),
            (metrics::RATE_LIMITED, outcome.rate_limited),
            (metrics::DEAD_LETTERED, outcome.refused),
        ] {
            ours(metric, &[(1.0, count)]);
        }
        for (disposition, count) in [("Done", outcome.done), ("Duplicate", outcome.duplicates)] {
            let dimensions = [function[0], (metrics::DISPOSITION, disposition)];
            emit.values(metrics::NAMESPACE, metrics::RECORDS, &dimensions, &[(1.0, count)]);
        }
        for done in &outcome.done_events {
            let lag = f64::from((minute - done.happened) * 60_000) + DONE_MS;
            emit.values(metrics::NAMESPACE, metrics::EVENT_TO_DONE, &function, &[(lag, done.count)]);
        }
    }

    fn tell(&self, weather: &Weather, outcome: &Outcome, emit: &mut Emit<'_>) {
        let invocations = |records: u32| if records <= ALONE { records } else { records.div_ceil(BATCH) };
        let done = invocations(outcome.done + outcome.duplicates + outcome.refused);
        let held = invocations(outcome.held - outcome.held.min(outcome.failed));
        let failed = outcome.failed + outcome.come_again.saturating_sub(outcome.failed);
        let (crashed, throttled) = (invocations(outcome.crashed), invocations(outcome.throttled));
        let timed_out = invocations(outcome.timed_out);
        let broken = crashed + timed_out;
        let well = done + held + failed;
        let function = [("FunctionName", self.parts.function.as_str())];
        let mut lambda = |metric, values: &[(f64, u32)]| emit.values("AWS/Lambda", metric, &function, values);
        lambda("Invocations", &[(1.0, well + broken)]);
        lambda("Errors", &[(1.0, broken), (0.0, well)]);
        lambda("Throttles", &[(1.0, throttled), (0.0, well + broken)]);
        let (cold, warm) = if weather.starts_cold { (done.min(2), done - done.min(2)) } else { (0, done) };
        let timeout_ms = f64::from(self.parts.timeout_seconds) * 1_000.0;
        let done_ms = if weather.is_slow { SLOW_SHARE * timeout_ms } else { DONE_MS };
        lambda(
            "Duration",
            &[
                (COLD_MS, cold),
                (done_ms, warm),
                (DONE_MS, crashed),
                (HELD_MS, held),
                (TIMED_OUT_MS, failed),
                (timeout_ms, timed_out),
            ],
        );
        let at_once = (well + broken).min(self.parts.most_at_once) + weather.invoked_by_others;
        lambda("ConcurrentExecutions", &[(f64::from(at_once), at_once.min(1))]);
        if let Some(mapping) = self.parts.counted_mapping.as_deref().filter(|_| weather.polls) {
            let again = outcome.come_again + outcome.crashed + outcome.timed_out + outcome.throttled;
            let acknowledged = outcome.done + outcome.duplicates + outcome.refused + outcome.held;
            for (metric, count) in [
                // Zero while there is nothing to poll.
                ("PolledEventCount", acknowledged + again),
                ("InvokedEventCount", acknowledged + again - outcome.throttled),
                ("FailedInvokeEventCount", again),
                ("DeletedEventCount", acknowledged),
            ] {
                let values = [(f64::from(count), 1)];
                emit.values("AWS/Lambda", metric, &[("EventSourceMappingUUID", mapping)], &values);
            }
        }
        // What the template's filters count in the function's log.
        let of_log = format!("{}/{}", metrics::NAMESPACE, self.parts.function);
        for (metric, count) in
            [("Panicked", outcome.panicked), ("TimedOut", timed_out), ("ProcessEnded", crashed)]
        {
            emit.values(&of_log, metric, &[], &[(1.0, count)]);
        }
        let refused_credentials = if weather.target == Target::Refuses { outcome.failed } else { 0 };
        let unknown = if weather.values_unknown { outcome.refused } else { 0 };
        // At each look, every half minute, while messages come.
        let looks = if weather.overrides_refused && well > 0 { 2 } else { 0 };
        for (metric, count) in [
            (metrics::CREDENTIALS_REFUSED.name, refused_credentials),
            (metrics::UNKNOWN_VALUE.name, unknown),
            (metrics::OVERRIDES_REFUSED.name, looks),
        ] {
            emit.values(metrics::NAMESPACE, metric, &function, &[(f64::from(count), count.min(1))]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{MetricId, Recording};

    fn flow() -> Flow {
        Flow::new(&FlowParts {
            name: "f".to_owned(),
            function: "s-f".to_owned(),
            queue: "q".to_owned(),
            dead_letter_queue: "d".to_owned(),
            counted_mapping: Some("m".to_owned()),
            timeout_seconds: 30,
            most_at_once: 5,
            max_receives: 2,
            visibility: 3,
            queue_retention: 100,
            dead_letter_retention: 100,
            longest_hold: 10,
            has_source: true,
            next: None,
        })
    }

    /// Outcomes by minute, with all arriving in the first one.
    fn play(arriving: u32, minutes: u32, weather: &Weather) -> (Vec<Outcome>, Recording) {
        let (mut flow, mut recording) = (flow(), Recording::default());
        let outcomes = (0..minutes).map(|minute| {
            let mut emit = Emit::new(&mut recording, minute, 0);
            let count = if minute == 0 { arriving } else { 0 };
            flow.minute(minute, &[Events { count, happened: minute }], weather, &mut emit)
        });
        (outcomes.collect(), recording)
    }

    fn of(recording: &Recording, namespace: &str, metric: &str, dimension: (&str, &str)) -> Vec<(u32, f64)> {
        let samples = recording.samples(&MetricId::new(namespace, metric, &[dimension]));
        samples.iter().map(|sample| (sample.at, sample.value * f64::from(sample.count))).collect()
    }

    #[test]
    fn a_flow_does_no_more_a_minute_than_it_can() {
        let (outcomes, recording) = play(1_300, 4, &Weather::default());
        assert_eq!(outcomes.iter().map(|outcome| outcome.done).collect::<Vec<_>>(), [600, 600, 100, 0]);
        let invocations = of(&recording, "AWS/Lambda", "Invocations", ("FunctionName", "s-f"));
        assert_eq!(invocations, [(0, 60.0), (1, 60.0), (2, 10.0)], "none where nothing comes");
        let polled = of(&recording, "AWS/Lambda", "PolledEventCount", ("EventSourceMappingUUID", "m"));
        assert_eq!(polled.last(), Some(&(3, 0.0)), "the mapping lives");
    }

    #[test]
    fn what_is_held_for_too_long_is_given_up() {
        let (outcomes, recording) = play(20, 20, &Weather { target: Target::Down, ..Weather::default() });
        assert_eq!(outcomes.iter().map(|outcome| outcome.refused).sum::<u32>(), 20);
        let sent = of(&recording, "AWS/SQS", "NumberOfMessagesSent", ("QueueName", "d"));
        assert!(sent.iter().all(|(at, _)| *at >= 10), "{sent:?}");
    }

    #[test]
    fn a_throttled_receive_counts_and_the_one_too_many_moves_the_message() {
        let (_, recording) = play(1, 10, &Weather { runs: Runs::Throttled, ..Weather::default() });
        let throttles = of(&recording, "AWS/Lambda", "Throttles", ("FunctionName", "s-f"));
        assert_eq!(throttles, [(0, 1.0), (3, 1.0)]);
        let dead = of(&recording, "AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName", "d"));
        assert_eq!(dead.first(), Some(&(6, 1.0)));
    }
}
