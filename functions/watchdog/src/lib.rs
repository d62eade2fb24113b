//! Looks at the flows from outside, on a schedule, and tells what no message of theirs can tell.

pub mod freshness;
