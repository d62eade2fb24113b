//! What Karrio answers, as far as we read it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use transform::canonical::Shipment;

/// `GET /v1/shipments`.
#[derive(Deserialize)]
pub(crate) struct ShipmentPage {
    /// Address of the next page; absent on the last.
    pub next: Option<String>,
    pub results: Vec<KarrioShipmentRecord>,
}

/// A shipment as Karrio keeps it.
#[derive(Deserialize)]
pub(crate) struct KarrioShipmentRecord {
    pub id: String,
    pub status: String,
    pub reference: Option<String>,
    pub tracking_number: Option<String>,
    pub carrier_name: Option<String>,
    /// RFC 3339 or `YYYY-MM-DD hh:mm:ss…`, always UTC: compared as text.
    pub created_at: Option<String>,
}

/// `draft` was never paid for; `cancelled` is paid back. Everything else is a label that somebody has bought, unknown
/// statuses of later versions among it.
const NOT_BOUGHT: [&str; 2] = ["draft", "cancelled"];

impl KarrioShipmentRecord {
    /// Whether the shipment is bought under this very reference: the filter of the list also finds references that
    /// only contain ours. Its status alone tells: a letter service gives no tracking number.
    pub(crate) fn is_bought_under(&self, reference: &str) -> bool {
        self.reference.as_deref() == Some(reference) && !NOT_BOUGHT.contains(&self.status.as_str())
    }

    /// The label, where it is bought.
    pub(crate) fn shipment(&self, reference: &str) -> Option<Shipment> {
        self.is_bought_under(reference).then(|| Shipment {
            reference: reference.to_owned(),
            label_id: self.id.clone(),
            tracking_number: self.tracking_number.clone().filter(|number| !number.is_empty()),
            carrier: self.carrier_name.clone().unwrap_or_default(),
        })
    }
}

/// A body of 400 and 424: `{"errors": [{"code": …, "message": …, "details": …}]}` or `{"messages": […]}`.
#[derive(Deserialize)]
pub(crate) struct ErrorBody {
    #[serde(default)]
    pub errors: Vec<ErrorEntry>,
    #[serde(default)]
    pub messages: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
pub(crate) struct ErrorEntry {
    #[serde(default)]
    pub code: Option<String>,
}

/// What Karrio knows by name, as far as we read it.
#[derive(Deserialize)]
pub(crate) struct References {
    /// Names by ISO 3166-1 alpha-2 code.
    pub(crate) countries: BTreeMap<String, IgnoredAny>,
    /// By carrier, then by the service's code.
    pub(crate) services: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}
