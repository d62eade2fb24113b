use std::sync::Arc;

use async_trait::async_trait;
use message::{Code, Redacted};
use outbound::{Budget, CallError, Credential, CrmObject, HttpTarget, ObjectReader, Refusal, Request};
use serde_json::value::RawValue;
use transform::canonical::RecordChange;

use crate::errors::explain;
use crate::wire::Stamp;

/// The version of HubSpot's API, and of the contracts `hubspot.company`, `hubspot.contact` and `hubspot.deal`.
const VERSION: &str = "v3";

/// What is asked for of an object of each kind: HubSpot leaves out what is not.
const OBJECTS: &[(&str, &str, Option<&str>)] = &[
    ("companies", "name,domain,phone,website", None),
    ("contacts", "firstname,lastname,email,phone,associatedcompanyid", Some("companies")),
    (
        "deals",
        "dealname,amount,deal_currency_code,dealstage,hs_is_closed_won,hs_primary_associated_company",
        Some("companies"),
    ),
];

pub struct HubSpotObjectReader {
    target: HttpTarget,
    credential: Arc<dyn Credential>,
}

impl HubSpotObjectReader {
    pub fn new(target: HttpTarget, credential: Arc<dyn Credential>) -> Self {
        Self { target, credential }
    }
}

#[async_trait]
impl ObjectReader for HubSpotObjectReader {
    async fn read(&self, change: &RecordChange, budget: &Budget) -> Result<Option<CrmObject>, CallError> {
        let Some((object, properties, associations)) =
            OBJECTS.iter().find(|(object, ..)| *object == change.object)
        else {
            let summary = "HubSpot is not asked for objects of this kind";
            return Err(CallError::Refused(Refusal::new(Code::ValueUnknown, "$.object", summary)));
        };
        let path = format!("/crm/{VERSION}/objects/{object}/{}", change.id);
        let mut request = Request::get(path).query("properties", *properties);
        if let Some(associations) = associations {
            request = request.query("associations", *associations);
        }
        let request = request.authorization("Bearer", &self.credential.get().await?)?;
        let response = match self.target.call(request, budget).await {
            Ok(response) => response,
            // Deleted or merged since: HubSpot does not tell of objects that are archived.
            Err(CallError::Refused(refusal)) if refusal.status == 404 => return Ok(None),
            Err(error) => return Err(explain(error)),
        };
        let data: Box<RawValue> = response.json()?;
        let stamp: Stamp = response.json()?;
        Ok(Some(CrmObject { version: VERSION, updated_at: stamp.updated_at, data: Redacted::new(data) }))
    }
}
