use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use channel::{DeadLetterChannel, EventChannel, SourceQueue};
use control::Mappings;
use futures::StreamExt;
use gate::Gate;
use jiff::Timestamp;
use ledger::{Clock, Ledger};
use message::{Code, Disposition, Retry};
use telemetry::metrics::EVENTS_IGNORED;
use thiserror::Error;
use tokio::time::Instant;

use crate::canary::Canary;
use crate::end::{End, Settled};
use crate::flow::{Flow, Translated};
use crate::incoming::Incoming;
use crate::prepare::{Prepared, Unprepared, prepare};
use crate::repeats::{Repeats, follow, is_covered};
use crate::settings::Limits;

/// Operations that are claimed together, worked on and settled together: what one call to the ledger carries.
const WAVE: usize = 25;

/// What a receiver is made of.
pub struct ReceiverParts<F> {
    pub flow: F,
    pub ledger: Ledger,
    /// Of the flow's target.
    pub gate: Arc<Gate>,
    /// Where follow-on events go, for flows that have any.
    pub events: Option<Arc<dyn EventChannel>>,
    pub dead_letters: Arc<dyn DeadLetterChannel>,
    pub source: Arc<dyn SourceQueue>,
    /// Of the flow; kept fresh between batches.
    pub mappings: Option<Arc<Mappings>>,
    pub limits: Limits,
    pub clock: Clock,
}

/// Idempotent Receiver of one queue.
pub struct Receiver<F> {
    pub(crate) parts: ReceiverParts<F>,
}

/// There is no way to report this record alone: the whole batch has to come again, and what is done by then is a
/// duplicate.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("a record without a message id could not be settled")]
pub struct BatchError;

impl<F: Flow> Receiver<F> {
    pub const fn new(parts: ReceiverParts<F>) -> Self {
        Self { parts }
    }

    /// Works on a batch until `deadline` and answers with the identifiers that have to come again.
    pub async fn receive(&self, event: SqsEvent, deadline: Instant) -> Result<SqsBatchResponse, BatchError> {
        if let Some(mappings) = &self.parts.mappings {
            mappings.refresh(self.parts.flow.name()).await;
        }
        let now = (self.parts.clock)();
        let records: Vec<_> = event.records.iter().map(|record| Incoming::read(record, now)).collect();
        let settled = telemetry::in_batch(records.len(), async {
            if records.iter().any(|record| record.group_id.is_some()) {
                self.in_order(&records, deadline).await
            } else {
                self.together(&records.iter().collect::<Vec<_>>(), deadline).await
            }
        });
        let settled = settled.await;
        if let Some(mappings) = &self.parts.mappings {
            mappings.tell_drift(self.parts.flow.name()).await;
        }
        let mut failures = BTreeSet::new();
        for (record, settled) in records.iter().zip(settled) {
            match settled {
                Settled::Acknowledge => {}
                Settled::ComeAgain { .. } if record.message_id.is_empty() => return Err(BatchError),
                Settled::ComeAgain { .. } => {
                    failures.insert(record.message_id);
                }
            }
        }
        let mut response = SqsBatchResponse::default();
        failures.into_iter().for_each(|id| response.add_failure(id));
        Ok(response)
    }

    /// A FIFO queue: the messages of a group one after the other, and none after one that has to come again. Groups run
    /// beside each other.
    async fn in_order(&self, records: &[Incoming<'_>], deadline: Instant) -> Vec<Settled> {
        let mut groups: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
        for (place, record) in records.iter().enumerate() {
            match groups.iter_mut().find(|(group, _)| *group == record.group_id) {
                Some((_, places)) => places.push(place),
                None => groups.push((record.group_id, vec![place])),
            }
        }
        let work = groups.into_iter().map(|(_, places)| async move {
            let (mut settled, mut blocked) = (Vec::new(), None);
            for place in places {
                let Some(record) = records.get(place) else { continue };
                let end = match blocked {
                    None => self.together(&[record], deadline).await,
                    Some(after) => self.blocked(record, after).await,
                };
                let end = end.into_iter().next().unwrap_or(Settled::ComeAgain { after: Duration::ZERO });
                if let Settled::ComeAgain { after } = end {
                    blocked.get_or_insert(after);
                }
                settled.push((place, end));
            }
            settled
        });
        let mut settled: Vec<_> = futures::stream::iter(work)
            .buffer_unordered(self.parts.limits.concurrency)
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .flatten()
            .collect();
        settled.sort_by_key(|(place, _)| *place);
        settled.into_iter().map(|(_, settled)| settled).collect()
    }

    async fn blocked(&self, record: &Incoming<'_>, after: Duration) -> Vec<Settled> {
        let retry = Retry::new(Code::GroupBlocked, Some(after), "");
        let ends = vec![End::of(0, Disposition::Retry(retry), None)];
        self.finish(&[record], ends).await.into_iter().map(|finished| finished.settled).collect()
    }

    /// Messages that depend on no order, in waves.
    async fn together(&self, records: &[&Incoming<'_>], deadline: Instant) -> Vec<Settled> {
        let mut prepared: Vec<Option<Prepared<F::Operation>>> = Vec::with_capacity(records.len());
        let (mut ends, mut canaries) = (Vec::new(), Vec::new());
        let mut ignored = BTreeMap::<String, u64>::new();
        let now = (self.parts.clock)();
        for (place, record) in records.iter().enumerate() {
            match prepare(&self.parts.flow, record) {
                Ok(understood) => match self.not_now(place, &understood, now) {
                    Some(end) => {
                        ends.push(end);
                        prepared.push(None);
                    }
                    None => prepared.push(Some(understood)),
                },
                Err(unprepared) => {
                    let Unprepared { disposition, envelope, ignored_from, is_canary } = *unprepared;
                    if let Some(source) = ignored_from {
                        *ignored.entry(source).or_default() += 1;
                    }
                    match envelope {
                        Some(envelope) if is_canary => canaries.push(Canary { place, envelope }),
                        envelope => ends.push(End::of(place, disposition, envelope.as_ref())),
                    }
                    prepared.push(None);
                }
            }
        }
        for (source, count) in ignored {
            telemetry::count(&EVENTS_IGNORED, [&source], count);
        }
        ends.extend(self.canaries(records, canaries).await);
        let places: Vec<_> = prepared.iter().map(Option::as_ref).collect();
        let repeats = Repeats::among(&places);
        let understood = |place: &usize| places.get(*place).copied().flatten().map(|it| (*place, it));
        let mut finished = Vec::new();
        for wave in repeats.leaders.chunks(WAVE) {
            let wave = wave.iter().filter_map(understood).collect();
            let worked = self.wave(wave, deadline).await;
            finished.extend(self.finish(records, worked).await);
        }
        for (place, leader) in &repeats.followers {
            let ended = finished.iter().find(|finished| finished.place == *leader);
            if let (Some(follower), Some(leader), Some(ended)) =
                (understood(place), understood(leader), ended)
            {
                let covered = is_covered(follower.1, leader.1, ended);
                let disposition =
                    if covered { Disposition::Duplicate } else { follow(follower.1, leader.1, ended) };
                let mut end = End::of_operation(*place, disposition, follower.1);
                end.covered_by_letter = covered;
                ends.push(end);
            }
        }
        finished.extend(self.finish(records, ends).await);
        finished.sort_by_key(|finished| finished.place);
        // One for each: every record is either not understood, a canary, not due, a leader or a follower.
        debug_assert_eq!(finished.len(), records.len());
        finished.into_iter().map(|finished| finished.settled).collect()
    }

    /// How a message ends that is not due.
    fn not_now(&self, place: usize, prepared: &Prepared<F::Operation>, now: Timestamp) -> Option<End> {
        let Translated { due, mapping, .. } = prepared.translated;
        let disposition = due.ends(now, self.parts.limits.longest_hold, mapping)?;
        Some(End::of_operation(place, disposition, prepared))
    }
}
