use std::panic::AssertUnwindSafe;
use std::time::Duration;

use channel::OutgoingEvent;
use futures::{FutureExt, StreamExt};
use gate::Observation;
use ledger::{Claimed, Grant, LedgerError, Operation, Settlement};
use message::{Code, Disposition, Effect, Envelope, Hold, Rejection, Retry};
use outbound::{Budget, IdempotencySeed};
use telemetry::metrics::CREDENTIALS_REFUSED;
use tokio::time::Instant;
use transform::stamps;

use crate::batch::Receiver;
use crate::end::End;
use crate::flow::{Claim, Flow};
use crate::prepare::Prepared;
use crate::progress::Progress;

/// The work outlives the invocation by this much at most: a worker that is cut off at its deadline can do nothing more, and
/// clocks of two machines differ.
const MARGIN: Duration = Duration::from_secs(2);
/// A record is started only while this much of the invocation is left.
const SHORTEST_RUN: Duration = Duration::from_secs(3);
/// How long a target may go on working on a request whose answer we no longer wait for: nobody looks for the effect, and
/// perhaps makes it once more, before. So a lease is that much longer than the work under it.
const SETTLING: Duration = Duration::from_secs(60);

const LONGEST_WORK: Duration = ledger::LONGEST_LEASE.saturating_sub(SETTLING);
/// About how long a message is held when the ledger does not answer.
const LEDGER_PAUSE: Duration = Duration::from_secs(30);

/// The place of a record in its batch, and what it asks for.
type Asked<'p, T> = (usize, &'p Prepared<T>);

/// A claim of ours, and how long it lasts.
struct Held<'p, T> {
    asked: Asked<'p, T>,
    grant: Grant,
    claimed_at: Instant,
    /// How long it may be worked on.
    work: Duration,
    lease: Duration,
}

/// How the work on one operation went.
struct Worked {
    end: End,
    events: Vec<Envelope>,
    /// What it says of the target, if it was called.
    observed: Option<Observation>,
}

impl<F: Flow> Receiver<F> {
    /// Gate -> claim -> effect -> follow-on events, for operations that are all different. Nothing is settled yet.
    pub(crate) async fn wave(&self, asked: Vec<Asked<'_, F::Operation>>, deadline: Instant) -> Vec<End> {
        if time_is_up(deadline) {
            return asked.into_iter().map(not_started).collect();
        }
        let parts = &self.parts;
        let admission = parts.gate.admit(asked.len(), parts.flow.calls()).await;
        let mut asked = asked;
        let waiting = asked.split_off(admission.granted.min(asked.len()));
        let mut ends: Vec<_> = waiting
            .into_iter()
            .enumerate()
            .map(|(turn, asked)| match admission.held {
                Some(held) => hold(asked, held.code, held.after(turn, fastrand::f64())),
                None => not_started(asked),
            })
            .collect();
        let (held, refused) = self.claim(asked, deadline).await;
        ends.extend(refused);
        let probes = admission.probe.is_some();
        let work = held.into_iter().map(|held| self.work(held, deadline, probes));
        let mut worked: Vec<_> =
            futures::stream::iter(work).buffer_unordered(parts.limits.concurrency).collect().await;
        if let Some(probe) = admission.probe {
            parts.gate.probed(probe, worked.iter().find_map(|worked| worked.observed)).await;
        }
        parts.gate.share().await;
        self.tell_refused_credentials(&worked);
        for worked in &mut worked {
            self.rather_hold(&mut worked.end);
        }
        self.send_events(&mut worked).await;
        ends.extend(worked.into_iter().map(|worked| worked.end));
        ends
    }

    /// Which operations are ours now, and how the others end.
    async fn claim<'p>(
        &self,
        asked: Vec<Asked<'p, F::Operation>>,
        deadline: Instant,
    ) -> (Vec<Held<'p, F::Operation>>, Vec<End>) {
        let operations: Vec<_> = asked
            .iter()
            .map(|(_, prepared)| Operation {
                key: &prepared.translated.key,
                fingerprint: &prepared.fingerprint,
                version: prepared.translated.version,
                message_id: &prepared.message_id,
                correlation_id: &prepared.envelope.correlationid,
                mapping: prepared.translated.mapping,
                target_mapping: prepared.translated.target_mapping,
                reopens: prepared.reopens,
            })
            .collect();
        let claimed_at = Instant::now();
        let work = (deadline.saturating_duration_since(claimed_at) + MARGIN).min(LONGEST_WORK);
        let lease = work + SETTLING;
        let claimed = self.parts.ledger.claim_all(&operations, lease).await;
        let (mut held, mut ends) = (Vec::new(), Vec::new());
        for (asked, claimed) in asked.into_iter().zip(claimed) {
            match claimed {
                Ok(Claimed::Granted(grant)) => held.push(Held { asked, grant, claimed_at, work, lease }),
                Ok(claimed) => ends.push(refused(asked, &claimed)),
                Err(error) => ends.push(end(asked, ledger_failed(&error, asked.1.translated.mapping))),
            }
        }
        (held, ends)
    }

    /// A probe calls a target that is closed for everybody else, and is judged when it is over.
    async fn work(&self, held: Held<'_, F::Operation>, deadline: Instant, probes: bool) -> Worked {
        let Held { asked, mut grant, claimed_at, work, lease } = held;
        let prepared = asked.1;
        let nothing_sent = Settlement::Released(grant.prior());
        if time_is_up(deadline) {
            return Worked::of(not_started(asked).settled_by(grant, nothing_sent));
        }
        if let Some(closed) = self.parts.gate.closed().filter(|_| !probes) {
            let end = hold(asked, closed.code, closed.after(0, fastrand::f64()));
            return Worked::of(end.settled_by(grant, nothing_sent));
        }
        let claim = Claim {
            prior: grant.prior(),
            budget: Budget::of_work(claimed_at, work),
            idempotency: self.idempotency(&grant),
            mapping: prepared.translated.mapping,
            progress: Progress::of(grant.progress()),
        };
        let perform = self.parts.flow.perform(&prepared.envelope, &prepared.translated.operation, &claim);
        let envelope = &prepared.envelope;
        let trace_id = prepared.trace_header.as_deref().and_then(telemetry::trace_id);
        let perform = AssertUnwindSafe(perform).catch_unwind();
        let (performed, calls) = telemetry::in_record(&envelope.correlationid, trace_id, perform).await;
        if let Some(progress) = claim.progress.left() {
            grant.leave(&progress);
        }
        let observed = match &performed {
            Ok(performed) => Observation::of(performed.as_ref().err().map(|attempt| &attempt.error)),
            Err(_) => None,
        };
        if let Some(observation) = observed.filter(|_| !probes) {
            self.parts.gate.observe(observation);
        }
        let mapping = stamps(prepared.translated.mapping, prepared.translated.target_mapping);
        let end = |asked, disposition| end(asked, disposition).through(mapping);
        let worked = match performed {
            Ok(Ok(performed)) => {
                let end =
                    end(asked, Disposition::Done).settled_by(grant, Settlement::Done(performed.outcome));
                Worked { events: performed.events, ..Worked::of(end) }
            }
            Ok(Err(attempt)) => {
                let disposition = attempt.error.disposition(mapping);
                Worked::of(match (disposition, attempt.effect) {
                    // How it is settled depends on its dead letter.
                    (rejected @ Disposition::Reject(_), _) => end(asked, rejected).under(grant),
                    (Disposition::Retry(retry), Effect::Unknown) => {
                        let after = Some(retry.after.unwrap_or_default().max(SETTLING));
                        let retry = Disposition::Retry(Retry { after, ..retry });
                        end(asked, retry).settled_by(grant, Settlement::Kept(SETTLING))
                    }
                    (other, effect) => end(asked, other).settled_by(grant, Settlement::Released(effect)),
                })
            }
            // What it had sent may still arrive: the claim is left to run out.
            Err(_) => {
                let retry = Retry::new(Code::HandlerPanicked, Some(lease), mapping);
                Worked::of(end(asked, Disposition::Retry(retry)))
            }
        };
        Worked { end: worked.end.with_calls(calls), observed, events: worked.events }
    }

    fn idempotency(&self, grant: &Grant) -> IdempotencySeed {
        let now_ms = (self.parts.clock)().as_millisecond();
        let since = |ms: i64| Duration::from_millis(u64::try_from(now_ms.saturating_sub(ms)).unwrap_or(0));
        IdempotencySeed {
            operation: grant.key().clone(),
            version: grant.version(),
            age: since(grant.first_claimed_ms()),
            unknown_for: since(grant.unknown_since_ms()),
        }
    }

    /// A failure of the target that has closed its gate is no reason to use up this message's receives. Credentials or settings that it
    /// does not take, or a secret that cannot be used, are none even while the gate is open: people mend them, and few messages may come
    /// until they have.
    fn rather_hold(&self, end: &mut End) {
        let Disposition::Retry(retry) = &end.disposition else { return };
        let gate = &self.parts.gate;
        let closed = match retry.code {
            Code::CredentialsRefused | Code::SecretUnavailable | Code::TargetMisconfigured => {
                Some(gate.closed().unwrap_or_else(|| gate.rest(retry.code)))
            }
            Code::TargetUnreachable | Code::TargetFailed | Code::TargetThrottled | Code::OutcomeUnknown => {
                gate.closed()
            }
            _ => None,
        };
        let Some(closed) = closed else { return };
        let after = closed.after(0, fastrand::f64()).max(retry.after.unwrap_or_default());
        end.disposition = Disposition::Hold(Hold { code: retry.code, after, mapping: retry.mapping });
    }

    /// What alarm *credentials-refused* rings for.
    fn tell_refused_credentials(&self, worked: &[Worked]) {
        let refused = |worked: &&Worked| worked.observed.is_some_and(Observation::is_of_credentials);
        let count = worked.iter().filter(refused).count();
        if count > 0 {
            let values = [self.parts.flow.name(), self.parts.gate.target()];
            telemetry::count(&CREDENTIALS_REFUSED, values, u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// Before anything is completed. Where one is not accepted its operation is not done yet.
    async fn send_events(&self, worked: &mut [Worked]) {
        let mut outgoing = Vec::new();
        for (index, worked) in worked.iter().enumerate() {
            let trace_header = worked.end.trace_header.as_deref();
            let events = worked.events.iter();
            outgoing.extend(events.map(|envelope| (index, OutgoingEvent { envelope, trace_header })));
        }
        if outgoing.is_empty() {
            return;
        }
        let events: Vec<_> = outgoing.iter().map(|(_, event)| *event).collect();
        let sent = match &self.parts.events {
            Some(channel) => channel
                .send(&events)
                .await
                .into_iter()
                .map(|sent| sent.map_err(|error| error.to_string()))
                .collect(),
            None => vec![Err("this flow has no queue for events".to_owned()); events.len()],
        };
        let failed: Vec<_> = outgoing
            .iter()
            .zip(sent)
            .filter_map(|((index, event), sent)| {
                let error = sent.err()?;
                let correlation_id = &event.envelope.correlationid;
                tracing::warn!(error, correlation_id, "the follow-on event was not accepted");
                Some(*index)
            })
            .collect();
        for index in failed {
            if let Some(worked) = worked.get_mut(index) {
                let mapping = worked.end.mapping;
                let retry = Retry::new(Code::FollowOnNotSent, None, mapping);
                worked.end.disposition = Disposition::Retry(retry);
                // The effect is there: whoever comes next finds it.
                worked.end.settlement = Some(Settlement::Released(Effect::Unknown));
            }
        }
    }
}

impl Worked {
    const fn of(end: End) -> Self {
        Self { end, events: Vec::new(), observed: None }
    }
}

fn end<T>((place, prepared): Asked<'_, T>, disposition: Disposition) -> End {
    let mut end = End::of_operation(place, disposition, prepared);
    end.trace_header.clone_from(&prepared.trace_header);
    end
}

fn hold<T>(asked: Asked<'_, T>, code: Code, after: Duration) -> End {
    end(asked, Disposition::Hold(Hold { code, after, mapping: asked.1.translated.mapping }))
}

fn not_started<T>(asked: Asked<'_, T>) -> End {
    let mapping = asked.1.translated.mapping;
    end(asked, Disposition::Retry(Retry::new(Code::DeadlineNear, None, mapping)))
}

fn refused<T>(asked: Asked<'_, T>, claimed: &Claimed) -> End {
    let mapping = asked.1.translated.mapping;
    let retry = |code, after| Disposition::Retry(Retry::new(code, Some(after), mapping));
    let disposition = match claimed {
        Claimed::Stale => Disposition::Stale,
        Claimed::InProgress { left } => retry(Code::InProgressElsewhere, *left),
        Claimed::ClockSkewed => retry(Code::ClockSkewed, SETTLING),
        Claimed::Conflict => {
            let rejection = Rejection::new(Code::FingerprintConflict, "$", Code::FingerprintConflict.title());
            Disposition::Reject(rejection.with_mapping(mapping))
        }
        Claimed::Granted(_) | Claimed::Done { .. } | Claimed::Rejected | Claimed::CoveredByLetter => {
            Disposition::Duplicate
        }
    };
    let mut end = end(asked, disposition);
    end.rejected_before = matches!(claimed, Claimed::Rejected | Claimed::CoveredByLetter);
    end.covered_by_letter = *claimed == Claimed::CoveredByLetter;
    end
}

fn ledger_failed(error: &LedgerError, mapping: &'static str) -> Disposition {
    match error {
        // Its outage is nobody's fault either, and may last for longer than a message's receives.
        LedgerError::Unavailable { .. } => {
            let after = LEDGER_PAUSE.mul_f64(0.5 + fastrand::f64());
            Disposition::Hold(Hold { code: error.code(), after, mapping })
        }
        LedgerError::Refused { .. } => Disposition::Retry(Retry::new(error.code(), None, mapping)),
        LedgerError::Corrupt { attribute } => {
            let summary = format!("the ledger item's attribute {attribute} cannot be read");
            Disposition::Reject(Rejection::new(error.code(), "$", summary).with_mapping(mapping))
        }
    }
}

fn time_is_up(deadline: Instant) -> bool {
    deadline.saturating_duration_since(Instant::now()) < SHORTEST_RUN
}
