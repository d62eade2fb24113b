use std::sync::Arc;

use message::{Code, Envelope, Rejection};
use serde::de::DeserializeOwned;
use transform::canonical::CrmRecord;
use transform::{Decoded, MappingError, Translator};

/// What reads each entity of each CRM.
#[derive(Clone, Debug)]
pub struct CrmMappings {
    pub bottlecrm_accounts: Arc<Translator>,
    pub bottlecrm_contacts: Arc<Translator>,
    pub bottlecrm_deals: Arc<Translator>,
    pub hubspot_companies: Arc<Translator>,
    pub hubspot_contacts: Arc<Translator>,
    pub hubspot_deals: Arc<Translator>,
}

impl CrmMappings {
    /// All of them by name: `of("bottlecrm-account")`.
    pub fn with<E>(mut of: impl FnMut(&'static str) -> Result<Arc<Translator>, E>) -> Result<Self, E> {
        Ok(Self {
            bottlecrm_accounts: of("bottlecrm-account")?,
            bottlecrm_contacts: of("bottlecrm-contact")?,
            bottlecrm_deals: of("bottlecrm-deal")?,
            hubspot_companies: of("hubspot-company")?,
            hubspot_contacts: of("hubspot-contact")?,
            hubspot_deals: of("hubspot-deal")?,
        })
    }

    /// The record of an event, and what has read it.
    pub(crate) fn read(&self, envelope: &Envelope) -> Result<(CrmRecord, &'static str), Rejection> {
        let read = match envelope.event_type.as_str() {
            "bottlecrm.account.created" | "bottlecrm.account.updated" => {
                record(&self.bottlecrm_accounts, envelope, CrmRecord::Account)
            }
            "bottlecrm.contact.created" | "bottlecrm.contact.updated" => {
                record(&self.bottlecrm_contacts, envelope, CrmRecord::Contact)
            }
            "bottlecrm.deal.created"
            | "bottlecrm.deal.updated"
            | "bottlecrm.deal.won"
            | "bottlecrm.deal.lost" => record(&self.bottlecrm_deals, envelope, CrmRecord::Deal),
            // As hubspot-enricher says them.
            "hubspot.companies.read" => record(&self.hubspot_companies, envelope, CrmRecord::Account),
            "hubspot.contacts.read" => record(&self.hubspot_contacts, envelope, CrmRecord::Contact),
            "hubspot.deals.read" => record(&self.hubspot_deals, envelope, CrmRecord::Deal),
            _ => {
                return Err(Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title()));
            }
        };
        Ok(read?)
    }
}

fn record<T: DeserializeOwned>(
    mapping: &Translator,
    envelope: &Envelope,
    record: impl FnOnce(T) -> CrmRecord,
) -> Result<(CrmRecord, &'static str), MappingError> {
    let Decoded { value, stamp } = mapping.decode(envelope)?;
    Ok((record(value), stamp))
}
