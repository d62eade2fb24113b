//! The canonical reservation to a shipment in Karrio's words ([`KARRIO_SHIPMENT`]): the body of `POST /v1/shipments`
//! with `service`, which rates and buys in one call.

use message::{Code, Redacted};
use serde::{Serialize, Serializer};

use crate::canonical::{Address, Reservation};
use crate::mapping_names::KARRIO_SHIPMENT;
use crate::problem::{Kind, MappingError, Problems};

/// Karrio computes with two decimals of a kilogram: less than this would round to nothing.
pub const MIN_PARCEL_GRAMS: u32 = 10;
/// Where the shop knows no weight: a carrier bills what it weighs, and a kilogram is the first step of most tariffs.
pub const DEFAULT_PARCEL_GRAMS: u32 = 1_000;

// What Karrio 2026.1 accepts; it answers 400 to more.
const MAX_NAME_CHARS: usize = 100;
const MAX_CITY_CHARS: usize = 50;
const MAX_POSTAL_CODE_CHARS: usize = 20;
const MAX_STATE_CHARS: usize = 50;
const MAX_PHONE_CHARS: usize = 50;
const MAX_REFERENCE_CHARS: usize = 100;

/// The body of `POST /v1/shipments`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KarrioShipment {
    pub shipper: KarrioAddress,
    pub recipient: KarrioAddress,
    /// One: the stock of an order goes out together.
    pub parcels: Vec<KarrioParcel>,
    /// The carrier service to buy; rating is skipped.
    pub service: String,
    /// [`Reservation::reference`]: what the shipment is looked up by, as Karrio ignores idempotency keys.
    pub reference: String,
    pub label_type: &'static str,
    pub metadata: KarrioMetadata,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KarrioAddress {
    pub person_name: Redacted<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<Redacted<String>>,
    pub address_line1: Redacted<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_line2: Option<Redacted<String>>,
    pub city: Redacted<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Redacted<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_code: Option<String>,
    pub country_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Redacted<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Redacted<String>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KarrioParcel {
    pub weight: Kilograms,
    pub weight_unit: &'static str,
}

/// Whole grams, written as a decimal of kilograms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kilograms {
    grams: u32,
}

impl Serialize for Kilograms {
    /// The double nearest to a fraction of thousandths prints as that very fraction.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.grams.is_multiple_of(1_000) {
            serializer.serialize_u32(self.grams / 1_000)
        } else {
            serializer.serialize_f64(f64::from(self.grams) / 1_000.0)
        }
    }
}

/// Shown beside the shipment in Karrio.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KarrioMetadata {
    /// What people call the order.
    pub order: String,
    /// The inventory system's shipment that holds the stock.
    pub inventory_shipment: String,
}

/// Translates the reservation. Refused is what Karrio's fields do not hold: cutting an address would send it astray.
/// Paths are in the canonical reservation, or in the setting `ship_from`.
pub fn shipment(
    reservation: &Reservation,
    ship_from: &Address,
    service: &str,
) -> Result<KarrioShipment, MappingError> {
    let mut limits = Limits(Problems::default());
    limits.check("$.reference", &reservation.reference, MAX_REFERENCE_CHARS);
    limits.check_address("$.ship_to", &reservation.ship_to);
    limits.check_address("$.ship_from", ship_from);
    let shipment = KarrioShipment {
        shipper: address(ship_from),
        recipient: address(&reservation.ship_to),
        parcels: vec![KarrioParcel { weight: parcel_weight(reservation.weight_grams), weight_unit: "KG" }],
        service: service.to_owned(),
        reference: reservation.reference.clone(),
        label_type: "PDF",
        metadata: KarrioMetadata {
            order: reservation.order_number.clone(),
            inventory_shipment: reservation
                .shipment_number
                .clone()
                .unwrap_or_else(|| reservation.shipment_id.clone()),
        },
    };
    limits.0.into_result(KARRIO_SHIPMENT, Some(shipment))
}

const fn parcel_weight(grams: u32) -> Kilograms {
    let grams = match grams {
        0 => DEFAULT_PARCEL_GRAMS,
        1..MIN_PARCEL_GRAMS => MIN_PARCEL_GRAMS,
        grams => grams,
    };
    Kilograms { grams }
}

fn address(address: &Address) -> KarrioAddress {
    KarrioAddress {
        person_name: address.name.clone(),
        company_name: address.company.clone(),
        address_line1: address.line1.clone(),
        address_line2: address.line2.clone(),
        city: address.city.clone(),
        postal_code: Some(address.postal_code.clone()).filter(|code| !code.expose().is_empty()),
        state_code: address.region.clone(),
        country_code: address.country.clone(),
        phone_number: address.phone.clone(),
        email: address.email.clone(),
    }
}

struct Limits(Problems);

impl Limits {
    fn check(&mut self, path: &str, text: &str, max_chars: usize) {
        if text.chars().count() > max_chars {
            let expected = format!("at most {max_chars} characters");
            self.0.push(Code::LimitExceeded, path.to_owned(), expected.into(), Kind::String);
        }
    }

    fn check_address(&mut self, path: &str, address: &Address) {
        let fields = [
            ("name", Some(address.name.expose()), MAX_NAME_CHARS),
            ("company", address.company.as_ref().map(Redacted::expose), MAX_NAME_CHARS),
            ("line1", Some(address.line1.expose()), MAX_NAME_CHARS),
            ("line2", address.line2.as_ref().map(Redacted::expose), MAX_NAME_CHARS),
            ("city", Some(address.city.expose()), MAX_CITY_CHARS),
            ("postal_code", Some(address.postal_code.expose()), MAX_POSTAL_CODE_CHARS),
            ("region", address.region.as_ref(), MAX_STATE_CHARS),
            ("phone", address.phone.as_ref().map(Redacted::expose), MAX_PHONE_CHARS),
        ];
        for (name, text, max_chars) in fields {
            if let Some(text) = text {
                self.check(&format!("{path}.{name}"), text, max_chars);
            }
        }
    }
}
