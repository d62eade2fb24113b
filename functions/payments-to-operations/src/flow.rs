use std::sync::Arc;

use async_trait::async_trait;
use message::{Code, Envelope, OperationKey, Rejection};
use outbound::{Attempt, CaseDesk, Told, at_most_once};
use receiver::{Claim, Due, Flow, Outcome, Performed, Translated};
use serde_json::json;
use transform::canonical::PaymentEvent;
use transform::{Decoded, Translator};

use crate::Accounts;

/// What reads which event.
pub struct Mappings {
    /// Of the mapping `stripe-payment-intent`.
    pub payment_intents: Arc<Translator>,
    /// Of the mapping `stripe-charge`.
    pub charges: Arc<Translator>,
    /// Of the mapping `stripe-refund`.
    pub refunds: Arc<Translator>,
    /// Of the mapping `stripe-dispute`.
    pub disputes: Arc<Translator>,
}

pub struct PaymentsToOperations {
    mappings: Mappings,
    accounts: Accounts,
    desk: Arc<dyn CaseDesk>,
}

impl PaymentsToOperations {
    pub fn new(mappings: Mappings, desk: Arc<dyn CaseDesk>) -> Self {
        Self { mappings, accounts: Accounts::default(), desk }
    }

    /// Which accounts events are of that do not say so.
    #[must_use]
    pub fn of_accounts(self, accounts: Accounts) -> Self {
        Self { accounts, ..self }
    }
}

#[async_trait]
impl Flow for PaymentsToOperations {
    type Operation = PaymentEvent;

    fn name(&self) -> &'static str {
        "payments-to-operations"
    }

    /// A new case: a look, the case, a look at it. A note the same.
    fn calls(&self) -> u32 {
        6
    }

    /// An aspect of a payment is one operation with versions: an older failure after a success is stale, and a refund or a dispute
    /// says nothing of either. What was refunded in all is one, and what becomes of each refund one more.
    fn translate(&self, envelope: &Envelope) -> Result<Translated<PaymentEvent>, Rejection> {
        let mapping = match envelope.event_type.as_str() {
            "stripe.payment_intent.succeeded" | "stripe.payment_intent.payment_failed" => {
                &self.mappings.payment_intents
            }
            "stripe.charge.refunded" => &self.mappings.charges,
            "stripe.refund.updated" | "stripe.refund.failed" => &self.mappings.refunds,
            "stripe.charge.dispute.created" | "stripe.charge.dispute.closed" => &self.mappings.disputes,
            _ => {
                return Err(Rejection::new(Code::EventTypeUnknown, "$.type", Code::EventTypeUnknown.title()));
            }
        };
        let Decoded { value, stamp }: Decoded<PaymentEvent> = mapping.decode(envelope)?;
        let mut event = value.named();
        self.accounts.name(&mut event);
        let aspect = event.aspect().to_string();
        let key = OperationKey::new(self.name(), &[&event.account, &event.payment, &aspect]);
        let version = event.version();
        let target_mapping = self.desk.mapping();
        Ok(Translated { operation: event, key, version, mapping: stamp, target_mapping, due: Due::Now })
    }

    async fn perform(
        &self,
        envelope: &Envelope,
        event: &PaymentEvent,
        claim: &Claim,
    ) -> Result<Performed, Attempt> {
        let find = || self.desk.find(event, &claim.budget);
        let tell = || self.desk.tell(event, &claim.budget);
        let told = at_most_once(claim.prior, find, tell).await?;
        let ids = match &told {
            Told::Case(id) => json!({ "case_id": id }),
            Told::NoCase => json!({ "case_id": null, "nothing_to_do": "the payment has no case" }),
        };
        tracing::info!(
            correlation_id = envelope.correlationid,
            payment = event.payment,
            kind = ?event.kind,
            outcome = %ids,
            "desk told"
        );
        Ok(Performed { outcome: Outcome { ids: ids.to_string(), target_id: None }, events: Vec::new() })
    }
}
