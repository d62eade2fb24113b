//! What a function says about itself: JSON lines on standard output, as Lambda's log levels read them.

mod calls;
mod event;
mod metric;
pub mod metrics;
mod record;
mod sampling;
mod subscriber;

pub use calls::{TargetCalls, in_batch, in_record, ledger_called, target_called, trace_id};
pub use metric::{count, count_of, observe};
pub use record::{RecordEnd, RecordKind};
pub use subscriber::{init, json_layer};
