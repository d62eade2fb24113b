//! Sources, the API and ingest. A source whose webhook was answered with 5xx posts it again ten minutes later.

use telemetry::metrics;

use super::emit::Emit;
use super::flow::Events;
use super::landscape::Landscape;
use super::{During, Fault, MINUTES_A_DAY};

const WORKING_RATE: u32 = 10;
pub(super) const QUIET_RATE: u32 = 2;
const POSTED_AGAIN_AFTER: u32 = 10;
const INGEST_MS: f64 = 30.0;
/// On top of ingest's.
const GATEWAY_MS: f64 = 20.0;
const SLOW_MS: f64 = 3_000.0;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ingest {
    Runs,
    Crashes,
    Throttled,
    IsRefused,
    IsSlow,
    Loses,
    IsUnreachable,
}

impl Ingest {
    pub(super) fn of(faults: &[During]) -> Self {
        let among = |wanted: Fault| faults.iter().any(|during| during.fault == wanted);
        [
            (Fault::ApiUnreachable, Self::IsUnreachable),
            (Fault::IngestCrashes, Self::Crashes),
            (Fault::IngestThrottled, Self::Throttled),
            (Fault::QueueRefuses, Self::IsRefused),
            (Fault::IngestSlow, Self::IsSlow),
            (Fault::IngestLoses, Self::Loses),
        ]
        .into_iter()
        .find(|(fault, _)| among(*fault))
        .map_or(Self::Runs, |(_, ingest)| ingest)
    }

    /// Who posts is answered with 2xx.
    pub(super) fn answers(self) -> bool {
        matches!(self, Self::Runs | Self::IsSlow | Self::Loses)
    }
}

/// A flow's source within a minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Source {
    is_silent: bool,
    signs_wrong: bool,
    is_unsubscribed: bool,
    /// More than none: one event in so many minutes, and no more.
    one_in: u32,
}

impl Source {
    pub(super) fn of(name: &str, minute: u32, faults: &[During]) -> Self {
        let mut source = Self { is_silent: false, signs_wrong: false, is_unsubscribed: false, one_in: 0 };
        for during in faults {
            match during.fault {
                Fault::SourceSilent { flow } | Fault::NewFlow { flow } if flow == name => {
                    source.is_silent = true;
                }
                Fault::SignatureWrong { flow } if flow == name => source.signs_wrong = true,
                Fault::SubscriptionGone { flow } if flow == name => source.is_unsubscribed = true,
                Fault::SourceFades { flow } if flow == name => {
                    let half_days = (minute - during.from) / (MINUTES_A_DAY / 2);
                    source.one_in = 1_u32.checked_shl(half_days).unwrap_or(u32::MAX);
                }
                _ => {}
            }
        }
        source
    }

    fn rate(self, minute: u32, rate: u32) -> u32 {
        match (self.is_silent, self.one_in) {
            (true, _) => 0,
            (false, 0) => rate,
            (false, one_in) => u32::from(minute.is_multiple_of(one_in)),
        }
    }
}

pub(super) struct Front {
    ingest: String,
    api: String,
    stage: String,
    has_source: Vec<bool>,
    /// By minute, what is posted again of each flow.
    again: Vec<(u32, Vec<Vec<Events>>)>,
    /// Of each flow what is never posted.
    untold: Vec<Vec<Events>>,
}

impl Front {
    pub(super) fn new(landscape: &Landscape) -> Self {
        Self {
            ingest: landscape.ingest.clone(),
            api: landscape.api.clone(),
            stage: landscape.stage.clone(),
            has_source: landscape.flows.iter().map(|flow| flow.has_source).collect(),
            again: Vec::new(),
            untold: vec![Vec::new(); landscape.flows.len()],
        }
    }

    /// What reaches each flow's queue, of sources that are not silent, and whose signature is not wrong.
    pub(super) fn minute(
        &mut self,
        minute: u32,
        is_holiday: bool,
        sources: &[Source],
        ingest: Ingest,
        emit: &mut Emit<'_>,
    ) -> Vec<Vec<Events>> {
        let rate = if is_holiday { QUIET_RATE } else { rate(minute) };
        let mut posted: Vec<Vec<Events>> = self
            .has_source
            .iter()
            .zip(sources)
            .map(|(has_source, source)| if *has_source { source.rate(minute, rate) } else { 0 })
            .map(|count| vec![Events::of(count, minute)])
            .collect();
        for ((posted, source), untold) in posted.iter_mut().zip(sources).zip(&mut self.untold) {
            if source.is_unsubscribed {
                untold.append(posted);
            }
        }
        let due: Vec<_> = self.again.extract_if(.., |(at, _)| *at <= minute).collect();
        for (_, events) in due {
            posted.iter_mut().zip(events).for_each(|(posted, again)| posted.extend(again));
        }
        let refused: Vec<Vec<Events>> = posted
            .iter_mut()
            .zip(sources)
            .map(|(posted, source)| if source.signs_wrong { std::mem::take(posted) } else { Vec::new() })
            .collect();
        if ingest != Ingest::IsUnreachable {
            self.tell(sum(&posted), sum(&refused), ingest, emit);
        }
        let none = vec![Vec::new(); posted.len()];
        self.again.push((minute + POSTED_AGAIN_AFTER, refused));
        match ingest {
            Ingest::Runs | Ingest::IsSlow => posted,
            Ingest::Loses => none,
            Ingest::Crashes | Ingest::Throttled | Ingest::IsRefused | Ingest::IsUnreachable => {
                self.again.push((minute + POSTED_AGAIN_AFTER, posted));
                none
            }
        }
    }

    /// What the flow's source knows to have happened by then, and has not got rid of. It is taken to be posted no more: the webhook that
    /// comes after all would be a duplicate.
    pub(super) fn take_unheard(&mut self, place: usize, until: u32) -> Vec<Events> {
        let again = self.again.iter_mut().filter_map(|(_, events)| events.get_mut(place));
        let all = again.chain(self.untold.get_mut(place));
        all.flat_map(|events| events.extract_if(.., |events| events.happened <= until)).collect()
    }

    /// Back to be asked for again.
    pub(super) fn put_back(&mut self, place: usize, events: Vec<Events>) {
        if let Some(untold) = self.untold.get_mut(place) {
            untold.extend(events);
        }
    }

    fn tell(&self, authentic: u32, rejected: u32, ingest: Ingest, emit: &mut Emit<'_>) {
        let requests = authentic + rejected;
        let (accepted, rejected) = if ingest.answers() { (authentic, rejected) } else { (0, 0) };
        let failed = requests - accepted - rejected;
        let ingest_ms = if ingest == Ingest::IsSlow { SLOW_MS } else { INGEST_MS };
        let stage = [("ApiId", self.api.as_str()), ("Stage", self.stage.as_str())];
        for dimensions in [&stage[..1], &stage[..]] {
            let mut api =
                |metric, values: &[(f64, u32)]| emit.values("AWS/ApiGateway", metric, dimensions, values);
            api("Count", &[(1.0, requests)]);
            api("5xx", &[(1.0, failed), (0.0, requests - failed)]);
            api("4xx", &[(1.0, rejected), (0.0, requests - rejected)]);
            api("Latency", &[(ingest_ms + GATEWAY_MS, requests)]);
            api("IntegrationLatency", &[(ingest_ms, requests)]);
        }
        let throttled = if ingest == Ingest::Throttled { requests } else { 0 };
        let crashed = if ingest == Ingest::Crashes { requests } else { 0 };
        let ran = requests - throttled;
        let function = [("FunctionName", self.ingest.as_str())];
        let mut lambda = |metric, values: &[(f64, u32)]| emit.values("AWS/Lambda", metric, &function, values);
        lambda("Invocations", &[(1.0, ran)]);
        lambda("Errors", &[(1.0, crashed), (0.0, ran - crashed)]);
        lambda("Throttles", &[(1.0, throttled), (0.0, ran)]);
        lambda("Duration", &[(ingest_ms, ran)]);
        lambda("ConcurrentExecutions", &[(1.0, ran.min(1))]);
        let mut ours =
            |metric, values: &[(f64, u32)]| emit.values(metrics::NAMESPACE, metric, &function, values);
        ours(metrics::ACCEPTED.name, &[(1.0, accepted)]);
        ours(metrics::SIGNATURE_REJECTED.name, &[(1.0, rejected)]);
        // What the template's filter counts in its log.
        let of_log = format!("{}/{}", metrics::NAMESPACE, self.ingest);
        emit.values(&of_log, "ProcessEnded", &[], &[(1.0, crashed)]);
    }
}

fn sum(events: &[Vec<Events>]) -> u32 {
    events.iter().flatten().map(|events| events.count).sum()
}

/// Of each source: ten a minute from eight to six on working days, two otherwise.
pub(super) fn rate(minute: u32) -> u32 {
    let day = minute / MINUTES_A_DAY % 7;
    let since_eight = minute % MINUTES_A_DAY;
    if day < 5 && since_eight < 10 * 60 { WORKING_RATE } else { QUIET_RATE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_comes_in_on_working_days_from_eight_to_six() {
        let at = |day: u32, minute: u32| rate(day * MINUTES_A_DAY + minute);
        assert_eq!((at(0, 0), at(4, 599), at(4, 600), at(5, 10), at(7, 0)), (10, 10, 2, 2, 10));
    }
}
