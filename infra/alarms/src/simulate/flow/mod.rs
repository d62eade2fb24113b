//! A flow: its queue, its dead letter queue, its function, and what becomes of messages.

mod seen;
mod tell;

use std::collections::VecDeque;

use super::Fault;
use super::emit::Emit;
use super::gate::Gate;
use super::landscape::FlowParts;
use super::queue::{Messages, Origin, Queue};
use super::weather::{Runs, Target, Weather};

/// Records a minute that a flow gets done; holding one again costs next to nothing.
const CAPACITY: u32 = 600;
/// A visibility timeout of two hours.
const TAKEN_FOR: u32 = 120;

/// So many events that happened at their source in that minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Events {
    pub(super) count: u32,
    pub(super) happened: u32,
    pub(super) origin: Origin,
}

impl Events {
    /// Their source posts them.
    pub(super) fn of(count: u32, happened: u32) -> Self {
        Self { count, happened, origin: Origin::Sent }
    }
}

/// Records of one minute.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) done: u32,
    pub(super) done_events: Vec<Events>,
    /// For the first time, by themselves: what the watchdog hears of.
    pub(super) arrived: u32,
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
    /// Done, as the source was asked for them.
    reconciled: u32,
    /// Minutes since the oldest that is held was sent.
    oldest_held: Option<u32>,
}

pub(super) struct Flow {
    parts: FlowParts,
    queue: Queue,
    dead_letters: Queue,
    gate: Gate,
    /// Messages that have come for the first time.
    seen: u32,
    /// Of the last twenty minutes with something held: the minute, and the oldest one's age.
    held: VecDeque<(u32, u32)>,
}

impl Flow {
    pub(super) fn new(parts: &FlowParts) -> Self {
        Self {
            queue: Queue::new(&parts.queue, parts.queue_retention),
            dead_letters: Queue::new(&parts.dead_letter_queue, parts.dead_letter_retention),
            parts: parts.clone(),
            gate: Gate::default(),
            seen: 0,
            held: VecDeque::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.parts.name
    }

    pub(super) fn next(&self) -> Option<usize> {
        self.parts.next
    }

    pub(super) fn happens(&mut self, minute: u32, fault: Fault) {
        match fault {
            Fault::DeadLetters { flow, count } if flow == self.parts.name => {
                self.dead_letters.send(minute, Messages::new(count, minute));
            }
            Fault::LettersLookedAt { flow, minutes, .. } if flow == self.parts.name => {
                self.dead_letters.look(minute, minutes);
            }
            Fault::TakenByOthers { flow, count } if flow == self.parts.name => {
                self.queue.put(Messages::new(count, minute).again(minute + TAKEN_FOR));
            }
            Fault::Redrive { flow } if flow == self.parts.name => {
                for letters in self.dead_letters.take_all(minute) {
                    let letters = Messages { origin: Origin::Redriven, ..letters.anew(minute) };
                    self.queue.send(minute, letters);
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
        for Events { count, happened, origin } in arriving {
            let messages = Messages::new(*count, minute);
            self.queue.send(minute, Messages { happened: *happened, origin: *origin, ..messages });
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
        self.remember_held(minute, outcome.oldest_held);
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
        if is_new(messages) && messages.origin == Origin::Sent {
            outcome.arrived += messages.count;
        }
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
                if news.origin == Origin::Asked {
                    outcome.reconciled += news.count;
                }
                outcome.done_events.push(Events::of(news.count, news.happened));
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
        if weather.refused_every == 0 || !is_new(messages) {
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
        if messages.count > 0 {
            outcome.oldest_held = outcome.oldest_held.max(Some(minute - messages.first));
        }
        self.queue.deleted += messages.count;
        self.queue.send(minute, messages.held(minute, until));
        messages.count
    }
}

/// Neither held nor received before.
fn is_new(messages: Messages) -> bool {
    messages.receives == 0 && messages.first == messages.enqueued
}

#[cfg(test)]
mod tests;
