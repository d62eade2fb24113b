//! Our own follow-on event and the canonical reservation in it ([`CANONICAL_RESERVATION`]).

use jiff::Timestamp;
use message::{Code, Envelope, JSON_CONTENT_TYPE, Redacted, SPEC_VERSION};

use crate::canonical::{Address, MODEL_VERSION, Reservation};
use crate::mapping_names::CANONICAL_RESERVATION;
use crate::problem::{Kind, MappingError};
use crate::reader::{Field, Object, read};

/// The type of the event that says: stock is set aside for an order.
pub const STOCK_RESERVED: &str = "spillway.stock.reserved";
/// The source of [`STOCK_RESERVED`]: the flow that reserves.
pub const STOCK_RESERVED_SOURCE: &str = "/spillway/orders-to-inventory";

const MAX_TEXT_CHARS: usize = 512;

/// The event that follows a reservation. Its id comes of the order's reference alone, so that a repeat of the message
/// that caused it says the same again, not something new.
pub fn reserved_event(
    reservation: &Reservation,
    cause: &Envelope,
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
        data: serde_json::value::to_raw_value(reservation)?,
    })
}

/// Reads the reservation out of a [`STOCK_RESERVED`] event. Members that the model does not know are passed over: a
/// newer minor of the same model may have them.
pub fn reservation(envelope: &Envelope) -> Result<Reservation, MappingError> {
    if envelope.sourceversion.as_deref() != Some(MODEL_VERSION) {
        let came = envelope.sourceversion.as_ref().map_or(Kind::Missing, |_| Kind::String);
        return Err(MappingError::one(
            CANONICAL_RESERVATION,
            Code::VersionUnsupported,
            "$.sourceversion",
            "the version of the canonical model",
            came,
        ));
    }
    read(CANONICAL_RESERVATION, envelope.data.get(), read_reservation)
}

fn read_reservation(payload: &Object<'_>) -> Option<Reservation> {
    let text = |name| payload.field(name).text(MAX_TEXT_CHARS);
    let reference = text("reference");
    let shop = text("shop");
    let order_id = text("order_id");
    let order_number = text("order_number");
    let shipment_id = text("shipment_id");
    let shipment_number = payload.field("shipment_number").optional_text(MAX_TEXT_CHARS);
    let ship_to = read_address(&payload.field("ship_to"));
    let weight_grams = payload.field("weight_grams").integer(0..=u32::MAX);
    Some(Reservation {
        reference: reference?,
        shop: shop?,
        order_id: order_id?,
        order_number: order_number?,
        shipment_id: shipment_id?,
        shipment_number,
        ship_to: ship_to?,
        weight_grams: weight_grams?,
    })
}

fn read_address(field: &Field<'_>) -> Option<Address> {
    let address = field.object()?;
    let text = |name| address.field(name).text(MAX_TEXT_CHARS).map(Redacted::from);
    let optional = |name| address.field(name).optional_text(MAX_TEXT_CHARS).map(Redacted::from);
    let name = text("name");
    let company = optional("company");
    let line1 = text("line1");
    let line2 = optional("line2");
    let city = text("city");
    let postal_code = address.field("postal_code").text_or_empty(MAX_TEXT_CHARS).map(Redacted::from);
    let region = address.field("region").optional_text(MAX_TEXT_CHARS);
    let country = address.field("country").country();
    let phone = optional("phone");
    let email = address.field("email").optional_email().map(Redacted::from);
    Some(Address {
        name: name?,
        company,
        line1: line1?,
        line2,
        city: city?,
        postal_code: postal_code?,
        region,
        country: country?,
        phone,
        email,
    })
}
