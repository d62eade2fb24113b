//! Fault campaign: all flows and a versioned one, with a fault before and after every call to the ledger, to SQS and to the
//! target, in fair weather and in outages, and with workers interleaved over expired leases. Enumerated, not sampled; in one
//! process, on a paused clock.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

#[path = "../../shared/transform/tests/drill/case.rs"]
mod case;
mod checker;
mod crashes;
mod crm;
mod drill;
mod echo;
mod flows;
mod hook;
mod hooked;
mod identity;
mod interleavings;
mod outages;
mod payments;
mod planted;
mod play;
mod printed;
mod queue;
mod register;
mod run;
mod versions;
mod weather;
mod windows;
mod world;
