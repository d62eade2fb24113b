//! What HubSpot answers, as far as we read it: an object goes on as it came, and the flow after it reads it by a mapping.

use jiff::Timestamp;
use serde::Deserialize;

/// `GET /crm/v3/objects/<kind>/<id>`.
#[derive(Deserialize)]
pub(crate) struct Stamp {
    #[serde(rename = "updatedAt")]
    pub(crate) updated_at: Timestamp,
}
