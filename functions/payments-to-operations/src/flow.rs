use std::sync::Arc;

use async_trait::async_trait;
use connector_stripe::Accounts;
use message::{Envelope, Rejection};
use outbound::{Attempt, CaseDesk, Told, at_most_once};
use receiver::{Claim, Due, Flow, Outcome, Performed, Translated};
use serde_json::json;
use transform::canonical::PaymentEvent;
use transform::reconcile::{Payments, StripeObject};
use transform::{Decoded, Translator};

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
        Payments::FLOW
    }

    /// A new case: a look, the case, a look at it. A note the same.
    fn calls(&self) -> u32 {
        6
    }

    fn translate(&self, envelope: &Envelope) -> Result<Translated<PaymentEvent>, Rejection> {
        let mapping = match StripeObject::of(envelope)? {
            StripeObject::PaymentIntent => &self.mappings.payment_intents,
            StripeObject::Charge => &self.mappings.charges,
            StripeObject::Refund => &self.mappings.refunds,
            StripeObject::Dispute => &self.mappings.disputes,
        };
        let Decoded { value, stamp }: Decoded<PaymentEvent> = mapping.decode(envelope)?;
        let mut event = value.named();
        self.accounts.name(&mut event);
        let key = event.operation_key(self.name());
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
