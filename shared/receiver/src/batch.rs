use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use channel::{DeadLetter, DeadLetterChannel, SourceQueue};
use futures::StreamExt;
use jiff::Timestamp;
use ledger::{Grant, Ledger};
use message::{Code, Disposition, Rejection, Retry};
use telemetry::RecordEnd;
use thiserror::Error;
use tokio::time::Instant;

use crate::backoff;
use crate::flow::Flow;
use crate::record::{Processed, process};

/// Records of one batch that are worked on at a time: the target's calls overlap, memory stays bounded.
const CONCURRENCY: usize = 4;
/// A record is started only while this much of the invocation is left.
const SHORTEST_RUN: Duration = Duration::from_secs(3);

/// What a receiver is made of.
pub struct ReceiverParts<F> {
    pub flow: F,
    pub ledger: Ledger,
    pub dead_letters: Arc<dyn DeadLetterChannel>,
    pub source: Arc<dyn SourceQueue>,
    pub max_receive_count: u32,
}

/// Idempotent Receiver of one queue.
pub struct Receiver<F> {
    parts: ReceiverParts<F>,
}

/// There is no way to report this record alone: the whole batch has to come again, and what is done by then is a
/// duplicate.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("a record without a message id could not be settled")]
pub struct BatchError;

/// What the answer to Lambda has to say about one record.
enum Settled {
    Acknowledge,
    ComeAgain,
}

impl<F: Flow> Receiver<F> {
    pub const fn new(parts: ReceiverParts<F>) -> Self {
        Self { parts }
    }

    /// Works on a batch until `deadline` and answers with the identifiers that have to come again.
    pub async fn receive(&self, event: SqsEvent, deadline: Instant) -> Result<SqsBatchResponse, BatchError> {
        let settled: Vec<_> = futures::stream::iter(&event.records)
            .map(|record| async move { (record, self.settle(record, deadline).await) })
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let mut failures = BTreeSet::new();
        for (record, settled) in settled {
            match (settled, record.message_id.as_deref().filter(|id| !id.is_empty())) {
                (Settled::Acknowledge, _) => {}
                (Settled::ComeAgain, Some(id)) => {
                    failures.insert(id);
                }
                (Settled::ComeAgain, None) => return Err(BatchError),
            }
        }
        let mut response = SqsBatchResponse::default();
        failures.into_iter().for_each(|id| response.add_failure(id));
        Ok(response)
    }

    async fn settle(&self, record: &SqsMessage, deadline: Instant) -> Settled {
        let parts = &self.parts;
        let started = Instant::now();
        let message_id = record.message_id.as_deref().unwrap_or_default();
        let body = record.body.as_deref().unwrap_or_default();
        let attempts = receive_count(record);
        let processed = if deadline.saturating_duration_since(started) < SHORTEST_RUN {
            not_started()
        } else {
            process(&parts.flow, &parts.ledger, message_id, body, deadline).await
        };
        let Processed { disposition, correlation_id, event_type, grant } = processed;
        let letter = self.dead_letter_reason(&disposition, attempts);
        let dead_lettered = match &letter {
            Some(rejection) => self.send_dead_letter(record, rejection, &correlation_id, attempts).await,
            None => false,
        };
        RecordEnd {
            flow: parts.flow.name(),
            message_id,
            correlation_id: &correlation_id,
            event_type: &event_type,
            attempts,
            elapsed: started.elapsed(),
            disposition: &disposition,
            dead_lettered,
        }
        .log();
        if dead_lettered {
            if let (Some(grant), Some(rejection)) = (grant, letter) {
                self.record_rejection(&grant, rejection.code).await;
            }
            return Settled::Acknowledge;
        }
        match disposition {
            Disposition::Done | Disposition::Duplicate => Settled::Acknowledge,
            Disposition::Reject(_) => Settled::ComeAgain,
            Disposition::Retry(retry) => {
                self.delay(record, &retry, attempts).await;
                Settled::ComeAgain
            }
        }
    }

    /// Why this record goes to the dead letter queue now, if it does: it was rejected, or this was its last
    /// permitted receive, after which SQS would move it there without a word.
    fn dead_letter_reason(&self, disposition: &Disposition, attempts: u32) -> Option<Rejection> {
        match disposition {
            Disposition::Done | Disposition::Duplicate => None,
            Disposition::Reject(rejection) => Some(rejection.clone()),
            Disposition::Retry(retry) if attempts >= self.parts.max_receive_count => {
                let summary = format!("{}; given up after {attempts} receives", retry.code.title());
                Some(Rejection::new(retry.code, "$", summary).with_mapping(retry.mapping))
            }
            Disposition::Retry(_) => None,
        }
    }

    async fn send_dead_letter(
        &self,
        record: &SqsMessage,
        rejection: &Rejection,
        correlation_id: &str,
        attempts: u32,
    ) -> bool {
        let queue_arn = record.event_source_arn.as_deref().unwrap_or_default();
        let letter = DeadLetter {
            body: record.body.as_deref().unwrap_or_default(),
            rejection,
            flow: self.parts.flow.name(),
            source_queue: queue_arn.rsplit(':').next().unwrap_or_default(),
            original_message_id: record.message_id.as_deref().unwrap_or_default(),
            correlation_id,
            attempts,
            failed_at: Timestamp::now(),
        };
        match self.parts.dead_letters.send(&letter).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, correlation_id, "the dead letter was not accepted; the message stays");
                false
            }
        }
    }

    /// Only a note for the next delivery of the same message: the dead letter is safe already.
    async fn record_rejection(&self, grant: &Grant, code: Code) {
        if let Err(error) = self.parts.ledger.reject(grant, code).await {
            tracing::warn!(code = error.code().as_str(), "the rejection could not be recorded");
        }
    }

    /// Where this fails, the message comes back at the end of its visibility timeout.
    async fn delay(&self, record: &SqsMessage, retry: &Retry, attempts: u32) {
        let Some(receipt_handle) = record.receipt_handle.as_deref() else { return };
        let delay = backoff::delay(attempts, retry.after, fastrand::f64());
        if let Err(error) = self.parts.source.retry_after(receipt_handle, delay).await {
            tracing::warn!(%error, "the visibility timeout could not be changed");
        }
    }
}

fn not_started() -> Processed {
    Processed {
        disposition: Disposition::Retry(Retry { code: Code::DeadlineNear, after: None, mapping: "" }),
        correlation_id: String::new(),
        event_type: String::new(),
        grant: None,
    }
}

/// `ApproximateReceiveCount`, 1 where it is missing or no number: a doubt must not cut a message's attempts short.
fn receive_count(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
}
