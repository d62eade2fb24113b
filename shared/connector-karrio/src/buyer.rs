use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use message::Code;
use outbound::{Budget, CallError, Credential, HttpTarget, LabelBuyer, OptionLists, Request, Response};
use transform::Translator;
use transform::canonical::{Reservation, Shipment};

use crate::errors::explain;
use crate::wire::{KarrioShipmentRecord, References, ShipmentPage};

const SHIPMENTS: &str = "/v1/shipments";
const REFERENCES: &str = "/v1/references";
/// Shipments a page; Karrio's own default is 20.
const PAGE: usize = 100;
/// References that contain ours are next to none: more pages than this mean that the filter is not honoured.
const MOST_PAGES: usize = 10;

/// Buys labels in one step: `POST /v1/shipments` with the service.
pub struct KarrioLabelBuyer {
    target: HttpTarget,
    credential: Arc<dyn Credential>,
    translator: Arc<Translator>,
}

impl KarrioLabelBuyer {
    /// `translator` is the mapping `karrio-shipment`'s, whose settings name the carrier service to buy and the warehouse.
    pub fn new(target: HttpTarget, credential: Arc<dyn Credential>, translator: Arc<Translator>) -> Self {
        Self { target, credential, translator }
    }

    async fn call(&self, request: Request, budget: &Budget) -> Result<Response, CallError> {
        let request = request.authorization("Token", &self.credential.get().await?)?;
        self.target.call(request, budget).await.map_err(explain)
    }
}

#[async_trait]
impl LabelBuyer for KarrioLabelBuyer {
    fn mapping(&self) -> &'static str {
        self.translator.stamp()
    }

    async fn find(&self, reservation: &Reservation, budget: &Budget) -> Result<Option<Shipment>, CallError> {
        let reference = reservation.reference.as_str();
        let mut bought: Vec<KarrioShipmentRecord> = Vec::new();
        for page in 0..MOST_PAGES {
            let request = Request::get(SHIPMENTS)
                .query("reference", reference)
                .query("limit", PAGE.to_string())
                .query("offset", (page * PAGE).to_string());
            let response = self.call(request, budget).await?;
            let page: ShipmentPage = response.json()?;
            let last = page.next.is_none() || page.results.is_empty();
            bought.extend(page.results.into_iter().filter(|record| record.is_bought_under(reference)));
            if last {
                // Were there ever two, everybody has to take the same one.
                let oldest = bought.iter().min_by_key(|record| (&record.created_at, &record.id));
                return Ok(oldest.and_then(|record| record.shipment(reference)));
            }
        }
        // Not seen is not absent: nothing is bought until the list can be read to its end.
        Err(CallError::NotNow { code: Code::ResponseUnreadable, after: None })
    }

    async fn buy(&self, reservation: &Reservation, budget: &Budget) -> Result<Shipment, CallError> {
        let body = self.translator.encode_json(reservation)?;
        let response = self.call(Request::new(Method::POST, SHIPMENTS).json(&body)?, budget).await?;
        let record: KarrioShipmentRecord = response.json()?;
        // A 201 without a label ("200 with errors inside"): bought or not, the next look-up tells.
        record.shipment(&reservation.reference).ok_or_else(|| response.unreadable())
    }
}

#[async_trait]
impl OptionLists for KarrioLabelBuyer {
    /// Services of all carriers that are set up, and countries: what `GET /v1/references` lists.
    async fn options(&self, budget: &Budget) -> Result<BTreeMap<String, Vec<String>>, CallError> {
        let references: References = self.call(Request::get(REFERENCES), budget).await?.json()?;
        let countries: Vec<_> = references.countries.into_keys().collect();
        let services = references.services.into_values().flat_map(BTreeMap::into_keys).collect();
        Ok(BTreeMap::from([
            ("service".to_owned(), services),
            ("shipper.country_code".to_owned(), countries.clone()),
            ("recipient.country_code".to_owned(), countries),
        ]))
    }
}
