//! Our own follow-on event, with the canonical reservation in it: the mapping `canonical-reservation` reads it back.

use jiff::Timestamp;
use message::{Envelope, JSON_CONTENT_TYPE, SPEC_VERSION};

use crate::canonical::{MODEL_VERSION, Reservation};

/// The type of the event that says: stock is set aside for an order.
pub const STOCK_RESERVED: &str = "spillway.stock.reserved";
/// The source of [`STOCK_RESERVED`]: the flow that reserves.
pub const STOCK_RESERVED_SOURCE: &str = "/spillway/orders-to-inventory";

/// The event that follows a reservation. Its id comes of the order's reference alone, so that a repeat of the message
/// that caused it says the same again, not something new. `mapping` is what read the cause.
pub fn reserved_event(
    reservation: &Reservation,
    cause: &Envelope,
    mapping: &str,
    now: Timestamp,
) -> Result<Envelope, serde_json::Error> {
    Ok(Envelope {
        specversion: SPEC_VERSION.to_owned(),
        id: format!("{STOCK_RESERVED}/{}", reservation.reference),
        source: STOCK_RESERVED_SOURCE.to_owned(),
        event_type: STOCK_RESERVED.to_owned(),
        time: now,
        datacontenttype: Some(JSON_CONTENT_TYPE.to_owned()),
        correlationid: cause.correlationid.clone(),
        deliveryid: None,
        sourceversion: Some(MODEL_VERSION.to_owned()),
        mappingversion: Some(mapping.to_owned()),
        data: serde_json::value::to_raw_value(reservation)?,
    })
}
