use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use message::Code;
use outbound::{Budget, CallError, Credential, HttpTarget, RecordUpserter, Refusal, Upserted};
use transform::Translator;
use transform::canonical::{Contact, CrmRecord, Deal};

use crate::client::Client;
use crate::errors::after_a_write;

/// What the upserter writes by.
#[derive(Clone)]
pub struct UpserterMappings {
    /// The mapping `tryton-account`.
    pub accounts: Arc<Translator>,
    /// The mapping `tryton-contact`.
    pub contacts: Arc<Translator>,
    /// The mapping `tryton-deal`, whose settings name the product that a deal is sold as.
    pub deals: Arc<Translator>,
}

/// Keeps accounts and contacts as parties, and won deals as sales in quotation.
pub struct TrytonRecordUpserter {
    client: Client,
    mappings: UpserterMappings,
}

/// The calls for one record: whether they have written anything yet.
pub(crate) struct Session<'a> {
    pub(crate) client: &'a Client,
    pub(crate) budget: &'a Budget,
    wrote: AtomicBool,
}

impl TrytonRecordUpserter {
    pub fn new(
        target: HttpTarget,
        credential: Arc<dyn Credential>,
        company_id: i64,
        mappings: UpserterMappings,
    ) -> Self {
        Self { client: Client::new(target, credential, company_id), mappings }
    }

    const fn session<'a>(&'a self, budget: &'a Budget) -> Session<'a> {
        Session { client: &self.client, budget, wrote: AtomicBool::new(false) }
    }

    async fn upsert(&self, record: &CrmRecord, session: &Session<'_>) -> Result<Upserted, CallError> {
        let mappings = &self.mappings;
        Ok(match record {
            CrmRecord::Account(account) => {
                party(session.upsert_party(&mappings.accounts.encode(account)?, true).await?)
            }
            CrmRecord::Contact(contact) => {
                session.account_of(contact).await?;
                party(session.upsert_party(&mappings.contacts.encode(contact)?, false).await?)
            }
            CrmRecord::Deal(deal) => sale(session.upsert_sale(&mappings.deals.encode(deal)?).await?),
        })
    }
}

#[async_trait]
impl RecordUpserter for TrytonRecordUpserter {
    fn mapping(&self, record: &CrmRecord) -> &'static str {
        match record {
            CrmRecord::Account(_) => self.mappings.accounts.stamp(),
            CrmRecord::Contact(_) => self.mappings.contacts.stamp(),
            CrmRecord::Deal(_) => self.mappings.deals.stamp(),
        }
    }

    async fn find(&self, record: &CrmRecord, budget: &Budget) -> Result<Option<Upserted>, CallError> {
        let (session, mappings) = (self.session(budget), &self.mappings);
        Ok(match record {
            CrmRecord::Account(account) => {
                session.find_party(&mappings.accounts.encode(account)?).await?.map(party)
            }
            CrmRecord::Contact(contact) => {
                session.find_party(&mappings.contacts.encode(contact)?).await?.map(party)
            }
            CrmRecord::Deal(Deal { won: false, .. }) => {
                session.sale(&record.reference()).await?.map(|found| sale(found.id))
            }
            CrmRecord::Deal(deal) => session.find_sale(&mappings.deals.encode(deal)?).await?.map(sale),
        })
    }

    async fn upsert(&self, record: &CrmRecord, budget: &Budget) -> Result<Upserted, CallError> {
        let session = self.session(budget);
        let upserted = self.upsert(record, &session).await;
        upserted.map_err(|error| if session.wrote.into_inner() { after_a_write(error) } else { error })
    }
}

impl Session<'_> {
    /// Nobody belongs to an account that the ERP does not have.
    async fn account_of(&self, contact: &Contact) -> Result<(), CallError> {
        match contact.account_reference() {
            Some(reference) => self.account(&reference).await.map(drop),
            None => Ok(()),
        }
    }

    pub(crate) fn written<T>(&self, result: Result<T, CallError>) -> Result<T, CallError> {
        if result.is_ok() {
            self.wrote.store(true, Ordering::Relaxed);
        }
        result
    }
}

fn party(id: i64) -> Upserted {
    Upserted { target_id: format!("tryton.party/{id}") }
}

fn sale(id: i64) -> Upserted {
    Upserted { target_id: format!("tryton.sale/{id}") }
}

pub(crate) fn refused(code: Code, path: &str, summary: &str) -> CallError {
    CallError::Refused(Refusal::new(code, path, summary))
}
