//! The mappings from outside: each contract's edges, and any JSON at all. Examples with their outcome
//! are cases.

#[cfg(test)]
mod any_json;
#[cfg(test)]
mod common;
#[cfg(test)]
mod crm;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod loads;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod reservation_event;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod shopify_order;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod vendure_order;
