//! The transformation layer: source contract -> canonical model -> target contract. Pure: no tokio, AWS or HTTP.

pub mod canonical;
