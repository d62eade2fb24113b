//! What a function says about itself: JSON lines on standard output, as Lambda's log levels read them.

mod metric;
pub mod metrics;
mod record;
mod subscriber;

pub use metric::count;
pub use record::RecordEnd;
pub use subscriber::{init, json_layer};
