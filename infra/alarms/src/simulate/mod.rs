//! What an application emits, minute by minute, while something fails. Coarse on purpose: messages are counted, not carried; a minute is
//! the smallest step. What alarms watch is as AWS documents it (`queue` says where, and where not); of DynamoDB only what is not zero is
//! published, of Lambda only minutes with an invocation or a throttle, and of both under the dimensions of published.toml.

mod emit;
mod flow;
mod front;
mod gate;
mod landscape;
mod queue;
mod weather;

use telemetry::metrics;

use crate::metric::Recording;

use emit::Emit;
use flow::{Events, Flow};
use front::{Front, Ingest};
pub use landscape::Landscape;
use weather::Weather;

/// Minute 0 of every simulation is eight in the morning of a Monday.
pub(crate) const MINUTES_A_DAY: u32 = 1_440;

/// Items of the ledger, of the quietest minute a month before.
const EXPIRED_A_MINUTE: u32 = 2;

/// Flows whose follow-on events are of the time when their cause happened; others' happen when they are made.
const KEEP_TIME: [&str; 1] = ["hubspot-enricher"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No answer from the system that these flows call.
    TargetDown {
        flows: &'static [&'static str],
    },
    /// It answers 429.
    TargetThrottles {
        flows: &'static [&'static str],
    },
    /// It answers 401.
    CredentialsRefused {
        flows: &'static [&'static str],
    },
    /// Every so many messages one is refused by its mapping.
    Poison {
        flow: &'static str,
        every: u32,
    },
    /// The same for a value that no value map knows.
    UnknownValue {
        flow: &'static str,
        every: u32,
    },
    OverridesRefused {
        flow: &'static str,
    },
    /// Nothing comes in for this flow.
    SourceSilent {
        flow: &'static str,
    },
    /// So many events a minute more, by a rule of EventBridge.
    Surge {
        flow: &'static str,
        events: u32,
    },
    /// Somebody receives so many messages that were waiting, for two hours, and deletes none.
    TakenByOthers {
        flow: &'static str,
        count: u32,
    },
    /// People do not work, and little comes in for any flow.
    Holiday,
    PollerDead {
        flow: &'static str,
    },
    FunctionCrashes {
        flow: &'static str,
    },
    /// Every invocation is broken off.
    FunctionTimesOut {
        flow: &'static str,
    },
    /// Every so many messages one makes the function panic, the first time that it comes.
    Panics {
        flow: &'static str,
        every: u32,
    },
    /// It answers, after most of an invocation's time.
    TargetSlow {
        flows: &'static [&'static str],
    },
    /// The account has no concurrency left for it.
    FunctionThrottled {
        flow: &'static str,
    },
    /// So many invocations of it at a time that are not its queue's.
    InvokedByOthers {
        flow: &'static str,
        count: u32,
    },
    TableThrottled,
    /// DynamoDB answers 500.
    TableFails,
    /// It deletes nothing that has expired.
    TtlStalled,
    /// What comes in for this flow comes so many times more.
    SourceRepeats {
        flow: &'static str,
        times: u32,
    },
    /// Its webhooks are signed by another secret.
    SignatureWrong {
        flow: &'static str,
    },
    /// It answers after three seconds.
    IngestSlow,
    /// It acknowledges, counts, and sends nothing.
    IngestLoses,
    /// So many dead letters at once, of unknown reason.
    DeadLetters {
        flow: &'static str,
        count: u32,
    },
    /// All dead letters go back, to be done this time.
    Redrive {
        flow: &'static str,
    },
    /// Two versions of every function run, the new one starts cold. Whoever deploys has said so when it begins.
    Deploy,
    IngestCrashes,
    IngestThrottled,
    /// SQS does not take what ingest sends.
    QueueRefuses,
    MetricsLate {
        minutes: u32,
    },
    /// No failure, but the other way to read when a queue's metrics end: six hours after its last use even if it has messages.
    LettersFallAsleep,
}

impl Fault {
    /// The flows that it says are affected.
    pub fn flows(self) -> Vec<&'static str> {
        match self {
            Self::TargetDown { flows }
            | Self::TargetThrottles { flows }
            | Self::TargetSlow { flows }
            | Self::CredentialsRefused { flows } => flows.to_vec(),
            Self::Poison { flow, .. }
            | Self::UnknownValue { flow, .. }
            | Self::OverridesRefused { flow }
            | Self::SourceSilent { flow }
            | Self::Surge { flow, .. }
            | Self::SourceRepeats { flow, .. }
            | Self::SignatureWrong { flow }
            | Self::TakenByOthers { flow, .. }
            | Self::PollerDead { flow }
            | Self::FunctionCrashes { flow }
            | Self::FunctionTimesOut { flow }
            | Self::Panics { flow, .. }
            | Self::FunctionThrottled { flow }
            | Self::InvokedByOthers { flow, .. }
            | Self::DeadLetters { flow, .. }
            | Self::Redrive { flow } => vec![flow],
            Self::Holiday
            | Self::TableThrottled
            | Self::TableFails
            | Self::TtlStalled
            | Self::IngestSlow
            | Self::IngestLoses
            | Self::Deploy
            | Self::IngestCrashes
            | Self::IngestThrottled
            | Self::QueueRefuses
            | Self::MetricsLate { .. }
            | Self::LettersFallAsleep => Vec::new(),
        }
    }
}

/// From the first of these minutes until before the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct During {
    pub fault: Fault,
    pub from: u32,
    pub to: u32,
}

pub struct World {
    flows: Vec<Flow>,
    front: Front,
    table: String,
    stack: String,
    faults: Vec<During>,
}

impl World {
    pub fn new(landscape: &Landscape, faults: &[During]) -> Self {
        Self {
            flows: landscape.flows.iter().map(Flow::new).collect(),
            front: Front::new(landscape),
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
        let ingest = if now(Fault::IngestCrashes) {
            Ingest::Crashes
        } else if now(Fault::IngestThrottled) {
            Ingest::Throttled
        } else if now(Fault::QueueRefuses) {
            Ingest::IsRefused
        } else if now(Fault::IngestSlow) {
            Ingest::IsSlow
        } else if now(Fault::IngestLoses) {
            Ingest::Loses
        } else {
            Ingest::Runs
        };
        let is_silent = |name: &str| {
            faults.iter().any(|during| matches!(during.fault, Fault::SourceSilent { flow } if flow == name))
        };
        let silent: Vec<_> = self.flows.iter().map(|flow| is_silent(flow.name())).collect();
        let is_wrong = |name: &str| {
            faults.iter().any(|during| matches!(during.fault, Fault::SignatureWrong { flow } if flow == name))
        };
        let wrong: Vec<_> = self.flows.iter().map(|flow| is_wrong(flow.name())).collect();
        let mut webhooks =
            self.front.minute(minute, now(Fault::Holiday), [&silent, &wrong], ingest, &mut emit);
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
                    Some(Events { count: events, happened: minute })
                }
                _ => None,
            }));
        }
        let mut next = vec![Vec::new(); self.flows.len()];
        let (mut ledger_calls, mut refused_calls) = (0, 0);
        for (place, flow) in self.flows.iter_mut().enumerate() {
            for during in faults.iter().filter(|during| during.from == minute) {
                flow.begins(minute, during.fault);
            }
            let arriving: Vec<_> = [webhooks.get(place), follow_on.get(place)]
                .into_iter()
                .flatten()
                .flatten()
                .copied()
                .collect();
            let weather = Weather::of(flow.name(), &faults);
            let outcome = flow.minute(minute, &arriving, &weather, &mut emit);
            ledger_calls += outcome.ledger_calls;
            refused_calls += outcome.refused_ledger_calls;
            if let Some(slot) = flow.next().and_then(|next_flow| next.get_mut(next_flow)) {
                let keeps_time = KEEP_TIME.contains(&flow.name());
                slot.extend(outcome.done_events.into_iter().map(|events| Events {
                    happened: if keeps_time { events.happened } else { minute },
                    ..events
                }));
            }
        }
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
