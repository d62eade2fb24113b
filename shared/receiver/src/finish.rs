use std::time::Duration;

use channel::{DeadLetter, Delay, HeldMessage};
use jiff::{SignedDuration, Timestamp};
use ledger::{ClaimLost, Settlement};
use message::{Code, Disposition, Effect, Hold, Rejection, Retry};
use telemetry::metrics::COVERED_BY_DEAD_LETTER;
use telemetry::{RecordEnd, RecordKind, trace_id};

use crate::backoff;
use crate::batch::Receiver;
use crate::end::{End, Finished, Settled};
use crate::flow::{Flow, ReopenedBy};
use crate::incoming::Incoming;

/// A record on its way out.
struct Leaving<'r, 'e> {
    record: &'r Incoming<'e>,
    end: End,
    dead_lettered: bool,
    /// The ledger holds its rejection.
    rejected: bool,
    settled: Settled,
}

impl<F: Flow> Receiver<F> {
    /// Dead letters, then the ledger, then the queue: each only after what it depends on was accepted.
    pub(crate) async fn finish(&self, records: &[&Incoming<'_>], ends: Vec<End>) -> Vec<Finished> {
        let now = (self.parts.clock)();
        let mut leaving: Vec<_> = ends
            .into_iter()
            .filter_map(|end| {
                let record = *records.get(end.place)?;
                let settled = Settled::ComeAgain { after: Duration::ZERO };
                Some(Leaving { record, end, dead_lettered: false, rejected: false, settled })
            })
            .collect();
        for leaving in &mut leaving {
            self.limit_hold(leaving, now);
            self.rather_wait(leaving);
        }
        self.send_dead_letters(&mut leaving, now).await;
        self.settle(&mut leaving).await;
        // What only the ledger has made a Retry of.
        self.send_dead_letters(&mut leaving, now).await;
        self.hold(&mut leaving).await;
        // What could not be held on its last permitted receive.
        self.send_dead_letters(&mut leaving, now).await;
        self.delay(&mut leaving).await;
        leaving.into_iter().map(|leaving| self.told(leaving)).collect()
    }

    /// A FIFO queue takes no delays for single messages: there the group waits by the visibility timeout. What has waited
    /// for its target for too long is given up.
    fn limit_hold(&self, leaving: &mut Leaving<'_, '_>, now: Timestamp) {
        let Disposition::Hold(hold) = leaving.end.disposition else { return };
        let age = now.duration_since(leaving.record.origin.first_sent_at);
        let longest = SignedDuration::try_from(self.parts.limits.longest_hold).unwrap_or(SignedDuration::MAX);
        if age >= longest && hold.code != Code::NotDueYet {
            let summary = format!("held for {} h: {}", age.as_hours(), hold.code.title());
            let rejection = Rejection::new(Code::HeldTooLong, "$", summary).with_mapping(hold.mapping);
            leaving.end.disposition = Disposition::Reject(rejection);
        } else if leaving.record.group_id.is_some() {
            let retry = Retry::new(hold.code, Some(hold.after), hold.mapping);
            leaving.end.disposition = Disposition::Retry(retry);
        }
    }

    /// Where one letter stands for all messages of a version, one that has only waited for another's attempt on its last permitted
    /// receive goes on waiting: it would be a letter beside the other's.
    fn rather_wait(&self, leaving: &mut Leaving<'_, '_>) {
        let Disposition::Retry(retry) = leaving.end.disposition else { return };
        let waits = retry.code == Code::InProgressElsewhere && self.is_last_receive(leaving.record);
        if waits && leaving.record.group_id.is_none() && self.one_letter_stands_for_all() {
            let after = self.backoff(leaving.record, retry.after);
            leaving.end.disposition =
                Disposition::Hold(Hold { code: retry.code, after, mapping: retry.mapping });
        }
    }

    /// After it SQS would move the message to the dead letter queue without a word.
    fn is_last_receive(&self, record: &Incoming<'_>) -> bool {
        record.attempts >= self.parts.limits.max_receive_count
    }

    fn one_letter_stands_for_all(&self) -> bool {
        self.parts.flow.reopened_by() == ReopenedBy::Redrive
    }

    fn backoff(&self, record: &Incoming<'_>, floor: Option<Duration>) -> Duration {
        backoff::delay(record.attempts, floor, self.parts.limits.longest_delay, fastrand::f64())
    }

    async fn send_dead_letters(&self, leaving: &mut [Leaving<'_, '_>], now: Timestamp) {
        let reasons: Vec<_> = leaving
            .iter()
            .enumerate()
            .filter(|(_, leaving)| !leaving.dead_lettered)
            .filter_map(|(index, leaving)| Some((index, self.dead_letter_reason(leaving)?)))
            .collect();
        if reasons.is_empty() {
            return;
        }
        let letters: Vec<_> = reasons
            .iter()
            .filter_map(|(index, rejection)| Some(self.letter(leaving.get(*index)?, rejection, now)))
            .collect();
        let sent = self.parts.dead_letters.send(&letters).await;
        for ((index, _), sent) in reasons.iter().zip(sent) {
            let Some(leaving) = leaving.get_mut(*index) else { continue };
            match sent {
                Ok(()) => leaving.dead_lettered = true,
                Err(error) => {
                    let correlation_id = &leaving.end.correlation_id;
                    tracing::error!(%error, correlation_id, "the dead letter was not accepted; the message stays");
                }
            }
        }
    }

    /// Why this record goes to the dead letter queue now, if it does: it was rejected, or this was its last
    /// permitted receive.
    fn dead_letter_reason(&self, leaving: &Leaving<'_, '_>) -> Option<Rejection> {
        if leaving.end.is_canary {
            return None;
        }
        match &leaving.end.disposition {
            Disposition::Reject(rejection) => Some(rejection.clone()),
            Disposition::Retry(retry) if self.is_last_receive(leaving.record) => {
                let summary =
                    format!("{}; given up after {} receives", retry.code.title(), leaving.record.attempts);
                Some(Rejection::new(retry.code, retry.path, summary).with_mapping(retry.mapping))
            }
            _ => None,
        }
    }

    fn letter<'l>(
        &self,
        leaving: &'l Leaving<'_, '_>,
        rejection: &'l Rejection,
        now: Timestamp,
    ) -> DeadLetter<'l> {
        let record = leaving.record;
        DeadLetter {
            body: record.body,
            attributes: &record.attributes,
            rejection,
            flow: self.parts.flow.name(),
            source_queue: record.queue,
            message_id: record.message_id,
            original_message_id: &record.origin.message_id,
            correlation_id: &leaving.end.correlation_id,
            attempts: record.origin.attempts.saturating_add(record.attempts),
            first_failed_at: DeadLetter::first_failed_at(&record.attributes, record.first_failed_at()),
            last_failed_at: now,
            trace_header: record.trace_header,
            group_id: record.group_id,
        }
    }

    async fn settle(&self, leaving: &mut [Leaving<'_, '_>]) {
        for leaving in leaving.iter_mut().filter(|leaving| leaving.end.grant.is_some()) {
            match &leaving.end.disposition {
                Disposition::Reject(rejection) => {
                    // A refusal may have left something half made at the target.
                    let settlement = if leaving.dead_lettered {
                        Settlement::Rejected(rejection.code)
                    } else {
                        Settlement::Released(Effect::Unknown)
                    };
                    leaving.end.settlement.get_or_insert(settlement);
                }
                // Given up: what failed for all messages of its version is one letter as well. A claim that is kept stays: the
                // target may still be working on it, and whoever was let in now might have it do that twice.
                Disposition::Retry(retry)
                    if leaving.dead_lettered
                        && matches!(leaving.end.settlement, Some(Settlement::Released(_)))
                        && self.one_letter_stands_for_all() =>
                {
                    leaving.end.settlement = Some(Settlement::Rejected(retry.code));
                }
                _ => {}
            }
        }
        let (mut indices, mut settlements) = (Vec::new(), Vec::new());
        for (index, leaving) in leaving.iter().enumerate() {
            if let (Some(grant), Some(settlement)) = (&leaving.end.grant, &leaving.end.settlement) {
                indices.push(index);
                settlements.push((grant, settlement));
            }
        }
        if settlements.is_empty() {
            return;
        }
        let settled = self.parts.ledger.settle_all(&settlements).await;
        for (index, settled) in indices.into_iter().zip(settled) {
            let Some(leaving) = leaving.get_mut(index) else { continue };
            let mapping = leaving.end.mapping;
            let done = leaving.end.disposition == Disposition::Done;
            match settled {
                Ok(Ok(())) => {
                    leaving.rejected = matches!(leaving.end.settlement, Some(Settlement::Rejected(_)));
                }
                // The effect is there; whoever took over finds it and completes.
                Ok(Err(ClaimLost)) if done => {
                    let retry = Retry::new(Code::ClaimLost, None, mapping);
                    leaving.end.disposition = Disposition::Retry(retry);
                }
                Err(error) if done => {
                    let retry = Retry::new(error.code(), None, mapping);
                    leaving.end.disposition = Disposition::Retry(retry);
                }
                // Only speeds up the next attempt: otherwise the lease runs out by itself.
                Ok(Err(ClaimLost)) => {}
                Err(error) => tracing::warn!(code = error.code().as_str(), "the claim could not be settled"),
            }
        }
    }

    async fn hold(&self, leaving: &mut [Leaving<'_, '_>]) {
        let (mut indices, mut messages) = (Vec::new(), Vec::new());
        for (index, leaving) in leaving.iter().enumerate() {
            if let Disposition::Hold(hold) = leaving.end.disposition {
                indices.push(index);
                messages.push(HeldMessage {
                    body: leaving.record.body,
                    attributes: &leaving.record.attributes,
                    origin: &leaving.record.origin,
                    attempts: leaving.record.attempts,
                    first_received_at: leaving.record.first_received_at,
                    trace_header: leaving.record.trace_header,
                    delay: hold.after,
                });
            }
        }
        if messages.is_empty() {
            return;
        }
        let held = self.parts.source.hold(&messages).await;
        for (index, held) in indices.into_iter().zip(held) {
            let Some(leaving) = leaving.get_mut(index) else { continue };
            match held {
                Ok(()) => leaving.settled = Settled::Acknowledge,
                // It stays where it is, and is hidden for as long instead.
                Err(error) => {
                    tracing::warn!(%error, "the message could not be sent again; it waits on its queue");
                    if let Disposition::Hold(hold) = leaving.end.disposition {
                        let retry = Retry::new(hold.code, Some(hold.after), hold.mapping);
                        leaving.end.disposition = Disposition::Retry(retry);
                    }
                }
            }
        }
    }

    /// Where this fails, the message comes back at the end of its visibility timeout.
    async fn delay(&self, leaving: &mut [Leaving<'_, '_>]) {
        let mut delays = Vec::new();
        for leaving in leaving.iter_mut().filter(|leaving| !leaving.dead_lettered) {
            let Disposition::Retry(retry) = &leaving.end.disposition else { continue };
            let delay = self.backoff(leaving.record, retry.after);
            leaving.settled = Settled::ComeAgain { after: delay };
            delays
                .extend(leaving.record.receipt_handle.map(|receipt_handle| Delay { receipt_handle, delay }));
        }
        if delays.is_empty() {
            return;
        }
        for error in self.parts.source.retry_after(&delays).await.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "the visibility timeout could not be changed");
        }
    }

    fn told(&self, leaving: Leaving<'_, '_>) -> Finished {
        let Leaving { record, end, dead_lettered, rejected, settled } = leaving;
        let now = (self.parts.clock)();
        RecordEnd {
            flow: self.parts.flow.name(),
            target: self.parts.gate.target(),
            operation: &end.operation,
            message_id: record.message_id,
            correlation_id: &end.correlation_id,
            event_type: &end.event_type,
            trace_id: record.trace_header.and_then(trace_id).unwrap_or_default(),
            attempts: record.attempts,
            bytes: record.body.len(),
            age: since(record.origin.first_sent_at, now),
            since_event: end.event_time.map(|time| since(time, now)),
            elapsed: end.started_at.elapsed(),
            calls: end.calls,
            mapping: end.mapping,
            disposition: &end.disposition,
            dead_lettered,
            kind: kind(record, &end),
        }
        .tell();
        if end.covered_by_letter {
            telemetry::count(&COVERED_BY_DEAD_LETTER, [self.parts.flow.name()], 1);
        }
        let settled = if dead_lettered || end.is_canary || end.disposition.is_settled() {
            Settled::Acknowledge
        } else {
            settled
        };
        Finished {
            place: end.place,
            rejected_before: end.rejected_before,
            rejected_now: rejected,
            disposition: end.disposition,
            settled,
        }
    }
}

/// What has come from its source just now says that the source is alive; what is held, comes again or was redriven does not, and neither
/// does what the source had to be asked for.
fn kind(record: &Incoming<'_>, end: &End) -> RecordKind {
    let is_redriven = DeadLetter::is_redriven(&record.attributes);
    if end.is_canary {
        RecordKind::Canary
    } else if end.is_reconciled && !is_redriven {
        RecordKind::Reconciled
    } else if is_redriven || record.attempts > 1 || record.origin.attempts > 0 {
        RecordKind::Again
    } else {
        RecordKind::Arrival
    }
}

/// A clock that is behind another one has no negative times.
fn since(time: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(time)).unwrap_or_default()
}
