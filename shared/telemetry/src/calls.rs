//! What is called for a record and for its batch: told by whoever calls, read by whoever tells how the record ended.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

tokio::task_local! {
    static RECORD: RefCell<Record>;
    static BATCH: Cell<Batch>;
}

/// The record that is worked on.
#[derive(Default)]
struct Record {
    correlation_id: String,
    trace_id: String,
    calls: TargetCalls,
}

/// Out of X-Ray's header, `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…;Sampled=1`.
pub fn trace_id(header: &str) -> Option<&str> {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root="))
}

/// The calls of a target for one record.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TargetCalls {
    pub count: u32,
    /// Of the last answer; 0 where none came.
    pub status: u16,
    /// All of them together.
    pub elapsed: Duration,
}

/// Works on a record: every line about a call of its target has these ids, and the calls are counted.
pub async fn in_record<T>(
    correlation_id: &str,
    trace_id: Option<&str>,
    work: impl Future<Output = T>,
) -> (T, TargetCalls) {
    let record = Record {
        correlation_id: correlation_id.to_owned(),
        trace_id: trace_id.unwrap_or_default().to_owned(),
        calls: TargetCalls::default(),
    };
    let work = async {
        let done = work.await;
        (done, RECORD.with(|record| record.borrow().calls))
    };
    RECORD.scope(RefCell::new(record), work).await
}

/// A call of a target has ended. Status 0: no answer came.
pub fn target_called(
    target_system: &'static str,
    method: &dyn fmt::Display,
    status: u16,
    elapsed: Duration,
    code: Option<&'static str>,
) {
    let (correlation_id, trace_id) = RECORD
        .try_with(|record| {
            let mut record = record.borrow_mut();
            record.calls.count = record.calls.count.saturating_add(1);
            record.calls.status = status;
            record.calls.elapsed = record.calls.elapsed.saturating_add(elapsed);
            (record.correlation_id.clone(), record.trace_id.clone())
        })
        .unwrap_or_default();
    let elapsed_ms = elapsed.as_millis();
    tracing::info!(
        correlation_id, trace_id, target_system, %method, status, elapsed_ms, code, "target called"
    );
}

/// The batch that is worked on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Batch {
    pub(crate) records: usize,
    /// The first one of its process, which has just started.
    pub(crate) is_first: bool,
    /// Requests to the ledger since it began.
    pub(crate) ledger_calls: u32,
}

/// Works on a batch, whose calls of the ledger are counted.
pub async fn in_batch<T>(records: usize, work: impl Future<Output = T>) -> T {
    static STARTED: AtomicBool = AtomicBool::new(false);
    let is_first = !STARTED.swap(true, Ordering::Relaxed);
    BATCH.scope(Cell::new(Batch { records, is_first, ledger_calls: 0 }), work).await
}

pub fn ledger_called() {
    let counted = |batch: &Cell<Batch>| {
        let ledger_calls = batch.get().ledger_calls.saturating_add(1);
        batch.set(Batch { ledger_calls, ..batch.get() });
    };
    let outside_a_batch_nobody_asks = BATCH.try_with(counted);
    outside_a_batch_nobody_asks.unwrap_or_default();
}

pub(crate) fn batch() -> Batch {
    BATCH.try_with(Cell::get).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(status: u16) {
        target_called("tryton", &"GET", status, Duration::from_millis(20), None);
    }

    #[tokio::test]
    async fn calls_are_counted_for_the_record_that_they_are_made_for() {
        let one = in_record("one", None, async {
            called(200);
            tokio::task::yield_now().await;
            called(503);
        });
        let other = in_record("other", None, async { called(0) });
        let (((), one), ((), other)) = tokio::join!(one, other);
        assert_eq!(one, TargetCalls { count: 2, status: 503, elapsed: Duration::from_millis(40) });
        assert_eq!(other, TargetCalls { count: 1, status: 0, elapsed: Duration::from_millis(20) });
        // For no record: nothing to count for, and no harm.
        called(200);
    }

    #[tokio::test]
    async fn calls_of_the_ledger_are_the_batch_s() {
        ledger_called();
        let counted = in_batch(7, async {
            ledger_called();
            let ((), _) = in_record("one", None, async { ledger_called() }).await;
            batch()
        });
        assert_eq!(counted.await, Batch { records: 7, is_first: true, ledger_calls: 2 });
        assert!(!in_batch(1, async { batch() }).await.is_first);
        assert_eq!(batch(), Batch::default());
    }
}
