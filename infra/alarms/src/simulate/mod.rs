//! What an application emits, minute by minute, while something fails. Coarse on purpose: messages are counted, not carried; a minute is
//! the smallest step. What alarms watch is as AWS documents it (`queue` says where, and where not); of DynamoDB only what is not zero is
//! published, of Lambda only minutes with an invocation or a throttle, and of both under the dimensions of published.toml.

mod emit;
mod fault;
mod flow;
mod front;
mod gate;
mod landscape;
mod queue;
mod watchdog;
mod weather;

use telemetry::metrics;

use crate::metric::Recording;

use emit::Emit;
pub use fault::{During, Fault};
use flow::{Events, Flow};
use front::{Front, Ingest, Source};
pub use landscape::Landscape;
use watchdog::Watchdog;
use weather::Weather;

/// Minute 0 of every simulation is eight in the morning of Monday, the 9th of November 2026, and of UTC.
pub(crate) const MINUTES_A_DAY: u32 = 1_440;
const FIRST_DAY: &str = "2026-11-09";

/// Items of the ledger, of the quietest minute a month before.
const EXPIRED_A_MINUTE: u32 = 2;

/// Flows whose follow-on events are of the time when their cause happened; others' happen when they are made.
const KEEP_TIME: [&str; 1] = ["hubspot-enricher"];

pub struct World {
    flows: Vec<Flow>,
    front: Front,
    watchdog: Watchdog,
    table: String,
    stack: String,
    faults: Vec<During>,
}

impl World {
    pub fn new(landscape: &Landscape, faults: &[During]) -> Self {
        Self {
            flows: landscape.flows.iter().map(Flow::new).collect(),
            front: Front::new(landscape),
            watchdog: Watchdog::new(landscape, faults),
            table: landscape.table.clone(),
            stack: landscape.stack.clone(),
            faults: faults.to_vec(),
        }
    }

    /// All that is published within so many minutes.
    pub fn play(mut self, minutes: u32) -> Recording {
        let mut recording = Recording::default();
        let mut arriving = vec![Vec::new(); self.flows.len()];
        for minute in 0..minutes {
            arriving = self.minute(minute, &arriving, &mut recording);
        }
        recording
    }

    /// `follow_on` comes from the flows before; what goes to the flows after is for the next minute.
    fn minute(
        &mut self,
        minute: u32,
        follow_on: &[Vec<Events>],
        recording: &mut Recording,
    ) -> Vec<Vec<Events>> {
        let faults: Vec<_> =
            self.faults.iter().filter(|during| (during.from..during.to).contains(&minute)).copied().collect();
        let now = |wanted: Fault| faults.iter().any(|during| during.fault == wanted);
        let late = faults.iter().find_map(|during| match during.fault {
            Fault::MetricsLate { minutes } => Some(minutes),
            _ => None,
        });
        let mut emit = Emit::new(recording, minute, late.unwrap_or_default());
        if faults.iter().any(|during| during.fault == Fault::Deploy && during.from == minute) {
            let stack = [(metrics::STACK_NAME, self.stack.as_str())];
            emit.values(metrics::NAMESPACE, metrics::DEPLOYING, &stack, &[(1.0, 1)]);
        }
        let ingest = Ingest::of(&faults);
        let sources: Vec<_> =
            self.flows.iter().map(|flow| Source::of(flow.name(), minute, &faults)).collect();
        let asked = self.watchdog.look(minute, &faults, &self.flows, &mut self.front, &mut emit);
        let mut webhooks = self.front.minute(minute, now(Fault::Holiday), &sources, ingest, &mut emit);
        for (flow, arriving) in self.flows.iter().zip(&mut webhooks) {
            let of_source = arriving.clone();
            for during in &faults {
                match during.fault {
                    Fault::SourceRepeats { flow: name, times } if name == flow.name() => {
                        let more =
                            of_source.iter().map(|events| Events { count: events.count * times, ..*events });
                        arriving.extend(more);
                    }
                    _ => {}
                }
            }
            arriving.extend(faults.iter().filter_map(|during| match during.fault {
                Fault::Surge { flow: name, events } if name == flow.name() => {
                    Some(Events::of(events, minute))
                }
                _ => None,
            }));
        }
        let mut next = vec![Vec::new(); self.flows.len()];
        let weathers: Vec<_> = self.flows.iter().map(|flow| Weather::of(flow.name(), &faults)).collect();
        let (mut ledger_calls, mut refused_calls) = (0, 0);
        for (place, (flow, weather)) in self.flows.iter_mut().zip(&weathers).enumerate() {
            for during in faults.iter().filter(|during| during.happens(minute)) {
                flow.happens(minute, during.fault);
            }
            let arriving: Vec<_> = [webhooks.get(place), follow_on.get(place), asked.get(place)]
                .into_iter()
                .flatten()
                .flatten()
                .copied()
                .collect();
            let outcome = flow.minute(minute, &arriving, weather, &mut emit);
            self.watchdog.arrived(place, minute, outcome.arrived, late.unwrap_or_default());
            ledger_calls += outcome.ledger_calls;
            refused_calls += outcome.refused_ledger_calls;
            if let Some(slot) = flow.next().and_then(|next_flow| next.get_mut(next_flow)) {
                let keeps_time = KEEP_TIME.contains(&flow.name());
                slot.extend(outcome.done_events.into_iter().map(|events| Events {
                    happened: if keeps_time { events.happened } else { minute },
                    ..Events::of(events.count, minute)
                }));
            }
        }
        self.watchdog.canaries_move(minute, &self.flows, &weathers);
        let fails = now(Fault::TableFails);
        self.tell_table(ledger_calls, if fails { 0 } else { refused_calls }, &mut emit);
        let claims = [("Operation", "BatchExecuteStatement"), ("TableName", self.table.as_str())];
        let failed = if fails { refused_calls } else { 0 };
        emit.values("AWS/DynamoDB", "SystemErrors", &claims, &[(1.0, failed)]);
        let expired = if now(Fault::TtlStalled) { 0 } else { EXPIRED_A_MINUTE };
        let table = [("TableName", self.table.as_str())];
        emit.values("AWS/DynamoDB", "TimeToLiveDeletedItemCount", &table, &[(1.0, expired)]);
        next
    }

    fn tell_table(&self, calls: u32, refused: u32, emit: &mut Emit<'_>) {
        let table = [("TableName", self.table.as_str())];
        for (metric, count) in [
            ("ConsumedReadCapacityUnits", calls),
            ("ConsumedWriteCapacityUnits", calls),
            ("ReadThrottleEvents", refused),
            ("WriteThrottleEvents", refused),
        ] {
            emit.values("AWS/DynamoDB", metric, &table, &[(1.0, count)]);
        }
    }
}

#[cfg(test)]
mod tests;
