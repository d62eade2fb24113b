use std::time::Duration;

use channel::OutgoingEvent;
use ledger::{Claimed, Grant, Operation, Outcome, Reopens, Settlement};
use message::{Disposition, Envelope, Fingerprint, canary_key};

use crate::batch::Receiver;
use crate::end::End;
use crate::flow::Flow;
use crate::incoming::Incoming;

/// Longer than it takes to send it on.
const LEASE: Duration = Duration::from_secs(30);

/// A canary, and its place in the batch.
pub(crate) struct Canary {
    pub(crate) place: usize,
    pub(crate) envelope: Envelope,
}

impl Canary {
    /// When it was sent. The newest says all that older ones would.
    fn version(&self) -> u64 {
        u64::try_from(self.envelope.time.as_millisecond()).unwrap_or(0)
    }
}

impl<F: Flow> Receiver<F> {
    /// Ledger, next flow, ledger: the way of every message but for the gate and the target, which hear nothing of it. One that cannot pass is
    /// given up, as the next one is on its way; the watchdog tells that it is missing.
    pub(crate) async fn canaries(&self, records: &[&Incoming<'_>], canaries: Vec<Canary>) -> Vec<End> {
        let is_covered = |canary: &Canary| {
            let way = canary.envelope.canary_of();
            canaries.iter().any(|it| it.envelope.canary_of() == way && it.version() > canary.version())
        };
        let mut ends = Vec::new();
        for canary in &canaries {
            let (disposition, settled) = match records.get(canary.place) {
                Some(record) if !is_covered(canary) => self.pass(record, canary).await,
                _ => (Disposition::Stale, None),
            };
            let mut end = End::of(canary.place, disposition, Some(&canary.envelope));
            end.is_canary = true;
            ends.push(match settled {
                Some((grant, settlement)) => end.settled_by(grant, settlement),
                None => end,
            });
        }
        ends
    }

    async fn pass(
        &self,
        record: &Incoming<'_>,
        canary: &Canary,
    ) -> (Disposition, Option<(Grant, Settlement)>) {
        let envelope = &canary.envelope;
        let key = canary_key(envelope.canary_of().unwrap_or_default(), self.parts.flow.name());
        // Canaries do not differ but in when they were sent.
        let Ok(fingerprint) = Fingerprint::of(&()) else { return (Disposition::Ignored, None) };
        let operation = Operation {
            key: &key,
            fingerprint: &fingerprint,
            version: canary.version(),
            message_id: record.message_id,
            correlation_id: &envelope.correlationid,
            mapping: "",
            target_mapping: "",
            reopens: Reopens::AnyOther,
        };
        let grant = match self.parts.ledger.claim(&operation, LEASE).await {
            Ok(Claimed::Granted(grant)) => grant,
            Ok(Claimed::Stale) => return (Disposition::Stale, None),
            Ok(Claimed::Done { .. }) => return (Disposition::Duplicate, None),
            Ok(_) => return (Disposition::Ignored, None),
            Err(error) => {
                let correlation_id = &envelope.correlationid;
                tracing::warn!(
                    code = error.code().as_str(),
                    correlation_id,
                    "the ledger lets no canary pass"
                );
                return (Disposition::Ignored, None);
            }
        };
        if let Some(events) = &self.parts.events {
            let trace_header = record.trace_header;
            let sent = events.send(&[OutgoingEvent { envelope, trace_header }]).await;
            if let Some(error) = sent.into_iter().find_map(Result::err) {
                let correlation_id = &envelope.correlationid;
                tracing::warn!(%error, correlation_id, "the canary could not be sent on");
                let released = Settlement::Released(grant.prior());
                return (Disposition::Ignored, Some((grant, released)));
            }
        }
        (Disposition::Done, Some((grant, Settlement::Done(Outcome::default()))))
    }
}
