//! The watchdog: every five minutes it looks at each flow, and tells what functions/watchdog tells. Silence is the watchdog's own
//! arithmetic (`freshness`), the rest is as `look` and `reconcile` there have it.

mod arrivals;
mod canary;

use freshness::Cadence;
use telemetry::metrics;

use self::arrivals::{Arrivals, seconds};
use self::canary::Way;
use super::emit::Emit;
use super::flow::{Events, Flow};
use super::front::{Front, Ingest};
use super::landscape::{FlowParts, Landscape, WatchParts};
use super::queue::Origin;
use super::weather::Weather;
use super::{During, Fault};

const EVERY: u32 = 5;
/// Not with the hour: failures begin then.
const FIRST: u32 = 2;
/// Events of a source that is asked: younger ones may still be on their way.
const SETTLED: u32 = 15;
/// A flow that is behind by more minutes cannot know yet what it has not got.
const BEHIND: u32 = 10;
const MOST_LETTERS: u32 = 100;
const SECRET_DAYS: f64 = 100.0;
const OLD_SECRET_DAYS: f64 = 366.0;
const DAY_SECONDS: f64 = 86_400.0;

pub(super) struct Watchdog {
    /// By flow.
    watches: Vec<Watch>,
}

struct Watch {
    cadence: Cadence,
    arrivals: Arrivals,
    canaries: Option<Way>,
    asks_source: bool,
    letters_since: Option<u32>,
}

/// What of a look may go wrong.
struct Looking {
    is_held: bool,
    mapping_disabled: bool,
    secret_old: bool,
    source_fails: bool,
    unsubscribed: bool,
    table_reads: bool,
    queue_refuses: bool,
    ingest: Ingest,
}

impl Looking {
    fn at(name: &str, faults: &[During]) -> Self {
        let among = |wanted: &dyn Fn(Fault) -> bool| faults.iter().any(|during| wanted(during.fault));
        let here = |flow: &str| flow == name;
        Self {
            is_held: among(&|fault| match fault {
                Fault::WatchdogDead => true,
                Fault::ScheduleGone { flow } => here(flow),
                _ => false,
            }),
            mapping_disabled: among(&|fault| matches!(fault, Fault::MappingDisabled { flow } if here(flow))),
            secret_old: among(&|fault| matches!(fault, Fault::SecretOld { flow } if here(flow))),
            source_fails: among(&|fault| matches!(fault, Fault::SourceFails { flow } if here(flow))),
            unsubscribed: among(&|fault| matches!(fault, Fault::SubscriptionGone { flow } if here(flow))),
            table_reads: !among(&|fault| fault == Fault::TableThrottled),
            queue_refuses: among(&|fault| fault == Fault::QueueRefuses),
            ingest: Ingest::of(faults),
        }
    }
}

impl Watchdog {
    pub(super) fn new(landscape: &Landscape, faults: &[During]) -> Self {
        let is_declared = faults.iter().any(|during| during.fault == Fault::HolidayDeclared);
        let watch = |(place, flow): (usize, &FlowParts)| {
            let is_new = faults
                .iter()
                .any(|during| matches!(during.fault, Fault::NewFlow { flow: new } if new == flow.name));
            let WatchParts { cadence, cadence_of_holiday, canary_path, asks_source } = &flow.watch;
            let path: Vec<_> = canary_path.iter().filter_map(|name| landscape.flow(name)).collect();
            Watch {
                cadence: if is_declared { cadence_of_holiday } else { cadence }.clone(),
                arrivals: if is_new { Arrivals::none() } else { Arrivals::of(sources(landscape, place)) },
                canaries: (!path.is_empty()).then(|| Way::of(path, EVERY)),
                asks_source: *asks_source,
                letters_since: None,
            }
        };
        Self { watches: landscape.flows.iter().enumerate().map(watch).collect() }
    }

    /// What has arrived at the flow within a minute; its metric comes so many minutes late.
    pub(super) fn arrived(&mut self, place: usize, minute: u32, count: u32, late: u32) {
        if let Some(watch) = self.watches.get_mut(place) {
            watch.arrivals.add(minute, count, minute + 1 + late);
        }
    }

    pub(super) fn canaries_move(&mut self, minute: u32, flows: &[Flow], weathers: &[Weather]) {
        for way in self.watches.iter_mut().filter_map(|watch| watch.canaries.as_mut()) {
            way.moves(minute, flows, weathers);
        }
    }

    /// Looks at each flow if it is time; gives what it puts on their queues, having asked for it.
    pub(super) fn look(
        &mut self,
        minute: u32,
        faults: &[During],
        flows: &[Flow],
        front: &mut Front,
        emit: &mut Emit<'_>,
    ) -> Vec<Vec<Events>> {
        let mut found = vec![Vec::new(); flows.len()];
        if minute % EVERY != FIRST {
            return found;
        }
        for (place, ((watch, flow), found)) in self.watches.iter_mut().zip(flows).zip(&mut found).enumerate()
        {
            let looking = Looking::at(flow.name(), faults);
            if !looking.is_held {
                *found = watch.look(minute, (place, flow), &looking, front, emit);
            }
        }
        found
    }
}

impl Watch {
    fn look(
        &mut self,
        minute: u32,
        (place, flow): (usize, &Flow),
        looking: &Looking,
        front: &mut Front,
        emit: &mut Emit<'_>,
    ) -> Vec<Events> {
        let function = [(metrics::FUNCTION_NAME, flow.function())];
        let mut tell = |metric: metrics::Metric<0>, value: f64| {
            emit.values(metrics::NAMESPACE, metric.name, &function, &[(value, 1)]);
        };
        let yes = |it: bool| f64::from(u8::from(it));
        let mut failed = 0_u32;

        tell(metrics::SILENCE, self.arrivals.freshness(&self.cadence, minute).silence_percent);
        tell(metrics::POLLER_OFF, yes(looking.mapping_disabled));
        let days = if looking.secret_old { OLD_SECRET_DAYS } else { SECRET_DAYS };
        tell(metrics::SECRET_AGE, days * DAY_SECONDS + seconds(minute));
        tell(metrics::OLDEST_HELD, seconds(flow.oldest_held()));
        if looking.table_reads {
            tell(metrics::BREAKER_NOT_CLOSED, yes(!flow.breaker_is_closed()));
        } else {
            // What it remembers, and the breaker.
            failed += 2;
        }
        if let Some(way) = &mut self.canaries {
            if looking.table_reads {
                tell(metrics::CANARY_AGE, seconds(way.age(minute)));
                // One that is not taken is noted, and no failed check: its age says so.
                if looking.ingest != Ingest::Loses && looking.ingest.answers() {
                    way.post(minute);
                }
            } else {
                failed += 1;
            }
        }
        let mut asked = Vec::new();
        if self.asks_source {
            if looking.source_fails {
                // For its subscriptions and for its events.
                failed += 2;
            } else {
                tell(metrics::SUBSCRIPTIONS_MISSING, yes(looking.unsubscribed));
                let is_behind = flow.oldest_held() > BEHIND || flow.oldest_queued(minute) > BEHIND;
                if !looking.table_reads {
                    failed += 1;
                } else if flow.breaker_is_closed() && !is_behind {
                    asked = front.take_unheard(place, minute.saturating_sub(SETTLED));
                    let left: u32 = if looking.queue_refuses {
                        let left = std::mem::take(&mut asked);
                        let count = left.iter().map(|events| events.count).sum();
                        front.put_back(place, left);
                        count
                    } else {
                        0
                    };
                    tell(metrics::UNRECONCILED, f64::from(left));
                }
            }
        }
        tell(metrics::CHECKS_FAILED, f64::from(failed));
        let letters = flow.dead_letters().min(MOST_LETTERS);
        self.letters_since = if letters > 0 { self.letters_since.or(Some(minute)) } else { None };
        let since = self.letters_since.map_or(0, |since| minute - since);
        tell(metrics::OLDEST_DEAD_LETTER, seconds(since));
        emit.values(metrics::NAMESPACE, metrics::DEAD_LETTERS.name, &function, &[(1.0, letters)]);
        asked.into_iter().map(|events| Events { origin: Origin::Asked, ..events }).collect()
    }
}

/// How many sources lead to a flow: its own, and those of the flows before it.
fn sources(landscape: &Landscape, place: usize) -> u32 {
    let own = landscape.flows.get(place).is_some_and(|flow| flow.has_source);
    let before = landscape
        .flows
        .iter()
        .enumerate()
        .filter(|(other, flow)| *other != place && flow.next == Some(place));
    u32::from(own) + before.map(|(other, _)| sources(landscape, other)).sum::<u32>()
}

#[cfg(test)]
mod tests;
