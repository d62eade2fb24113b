use std::sync::Arc;

use async_trait::async_trait;
use message::{Envelope, OperationKey, Rejection};
use outbound::{Attempt, RecordUpserter, Upserted, at_most_once};
use receiver::{Claim, Due, Flow, Outcome, Performed, Translated};
use serde_json::json;
use transform::canonical::{CrmRecord, Deal};

use crate::mappings::CrmMappings;

pub struct CrmToErp {
    mappings: CrmMappings,
    erp: Arc<dyn RecordUpserter>,
}

impl CrmToErp {
    pub fn new(mappings: CrmMappings, erp: Arc<dyn RecordUpserter>) -> Self {
        Self { mappings, erp }
    }

    /// An open or lost deal makes nothing. What an earlier, won state of it made stays as it is, and stays known.
    async fn known(&self, record: &CrmRecord, claim: &Claim) -> Result<Option<Upserted>, Attempt> {
        let found = self.erp.find(record, &claim.budget).await;
        found.map_err(|error| Attempt { error, effect: claim.prior })
    }

    async fn upserted(&self, record: &CrmRecord, claim: &Claim) -> Result<Upserted, Attempt> {
        let find = || self.erp.find(record, &claim.budget);
        let upsert = || self.erp.upsert(record, &claim.budget);
        at_most_once(claim.prior, find, upsert).await
    }
}

#[async_trait]
impl Flow for CrmToErp {
    type Operation = CrmRecord;

    fn name(&self) -> &'static str {
        "crm-to-erp"
    }

    /// A won deal: look-ups of sale, customer, product and currency, the sale, its transition. A customer takes three.
    fn calls(&self) -> u32 {
        8
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<CrmRecord>, Rejection> {
        let (record, mapping) = self.mappings.read(envelope)?;
        let origin = record.origin();
        let key = OperationKey::new(self.name(), &[&origin.source, &origin.org, record.entity(), &origin.id]);
        let (version, target_mapping) = (record.version(), self.erp.mapping(&record));
        Ok(Translated { version, operation: record, key, mapping, target_mapping, due: Due::Now })
    }

    async fn perform(
        &self,
        envelope: &Envelope,
        record: &CrmRecord,
        claim: &Claim,
    ) -> Result<Performed, Attempt> {
        let kept = match record {
            CrmRecord::Deal(Deal { won: false, .. }) => self.known(record, claim).await?,
            _ => Some(self.upserted(record, claim).await?),
        };
        let target_id = kept.map(|kept| kept.target_id);
        tracing::info!(
            correlation_id = envelope.correlationid,
            entity = record.entity(),
            target_id,
            "the ERP says what the CRM says"
        );
        let ids = json!({ "id": target_id }).to_string();
        Ok(Performed { outcome: Outcome { ids, target_id }, events: Vec::new() })
    }
}
