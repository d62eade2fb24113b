//! The mappings from outside: examples with their outcome, each contract's edges, and any JSON at all.

#[cfg(test)]
mod any_json;
#[cfg(test)]
mod common;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod reservation_event;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod shopify_order;
#[cfg(test)]
mod targets;
