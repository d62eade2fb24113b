//! What Karrio answers, as far as we read it.

use serde::Deserialize;

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
    /// The label's tracking number, if the shipment is bought under this very reference: the filter of the list
    /// also finds references that only contain ours.
    pub(crate) fn bought_under(&self, reference: &str) -> Option<&str> {
        let ours =
            self.reference.as_deref() == Some(reference) && !NOT_BOUGHT.contains(&self.status.as_str());
        self.tracking_number.as_deref().filter(|number| ours && !number.is_empty())
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
