//! A payment that failed or is disputed becomes a case at the operations desk; what happens to the payment later updates it.

mod flow;
mod settings;

pub use flow::{Mappings, PaymentsToOperations};
pub use settings::PaymentsToOperationsSettings;
