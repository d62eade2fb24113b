//! A desk on any Redmine, and what stands in its cases.

use std::time::Duration;

use connector_redmine::{DeskSettings, RedmineCaseDesk};
use http::header::HeaderName;
use jiff::Timestamp;
use local::Partner;
use local::real::redmine::RealRedmine;
use local::sandbox::{API_KEY, Sandbox};
use outbound::{HttpTarget, Request};
use serde_json::Value;
use transform::canonical::{Currency, Money, PaymentEvent, PaymentEventKind};
use uuid::Uuid;

use crate::{budget, built_in, credential, target};

/// A Redmine, and the ids of what our settings name there.
#[derive(Clone, Debug)]
pub struct DeskPartner {
    pub partner: Partner,
    pub settings: DeskSettings,
}

impl DeskPartner {
    pub fn of(sandbox: &Sandbox) -> Self {
        let partner = Partner { url: sandbox.redmine_url(), api_key: API_KEY.to_owned() };
        Self { partner, settings: sandbox_settings() }
    }

    pub fn real(redmine: &RealRedmine) -> Self {
        let settings = serde_json::from_value(redmine.settings()).unwrap();
        Self { partner: redmine.partner(), settings }
    }

    pub fn desk(&self) -> RedmineCaseDesk {
        self.desk_waiting(Duration::from_secs(20))
    }

    pub fn desk_waiting(&self, timeout: Duration) -> RedmineCaseDesk {
        desk_over(target("redmine", &self.partner.url, timeout), &self.partner.api_key, &self.settings)
    }

    /// Cases under the payment's reference, with their notes, the oldest first.
    pub async fn cases(&self, event: &PaymentEvent) -> Vec<Value> {
        let field = format!("cf_{}", self.settings.reference_field);
        let list = Request::get("/issues.json").query(&field, reference(event)).query("status_id", "*");
        let found: Value = self.get(list.query("sort", "id")).await;
        let mut cases = Vec::new();
        for issue in found["issues"].as_array().unwrap() {
            let path = format!("/issues/{}.json", issue["id"]);
            cases.push(self.get(Request::get(path).query("include", "journals")).await["issue"].take());
        }
        cases
    }

    async fn get(&self, request: Request) -> Value {
        let http = target("redmine", &self.partner.url, Duration::from_secs(20));
        let key = self.partner.api_key.parse().unwrap();
        let request = request.header(HeaderName::from_static("x-redmine-api-key"), key);
        http.call(request, &budget()).await.unwrap().json().unwrap()
    }
}

pub fn sandbox_settings() -> DeskSettings {
    serde_json::from_value(Sandbox::desk_settings()).unwrap()
}

pub fn desk_over(target: HttpTarget, key: &str, settings: &DeskSettings) -> RedmineCaseDesk {
    let mapping = built_in("redmine-issue", &serde_json::to_value(settings).unwrap());
    RedmineCaseDesk::new(target, credential(key), settings.clone(), mapping)
}

/// An event of a payment that nobody has seen before.
pub fn event(kind: PaymentEventKind) -> PaymentEvent {
    let unique = Uuid::new_v4().simple().to_string();
    let payment = format!("pi_{unique}");
    PaymentEvent {
        id: format!("evt_{unique}"),
        account: "stripe/acct_1".to_owned(),
        link: format!("https://dashboard.stripe.com/payments/{payment}"),
        payment,
        dispute: None,
        refund: None,
        kind,
        amount: Money { minor: 4_200, currency: Currency::parse("EUR").unwrap() },
        customer: Some("cus_1".to_owned()),
        reason: Some("insufficient_funds".to_owned()),
        respond_by: None,
        occurred_at: Timestamp::from_second(1_795_514_398).unwrap(),
    }
}

/// A later event of the same payment.
pub fn then(before: &PaymentEvent, kind: PaymentEventKind) -> PaymentEvent {
    use PaymentEventKind::{
        DisputeLost, DisputeOpened, DisputeWon, RefundCanceled, RefundFailed, RefundPending,
        RefundRequiresAction, RefundSucceeded,
    };
    let is_of_a_dispute = matches!(kind, DisputeOpened | DisputeWon | DisputeLost);
    let is_of_a_refund = matches!(
        kind,
        RefundPending | RefundRequiresAction | RefundSucceeded | RefundCanceled | RefundFailed
    );
    PaymentEvent {
        id: format!("evt_{}", Uuid::new_v4().simple()),
        kind,
        dispute: is_of_a_dispute.then(|| "du_1".to_owned()),
        refund: is_of_a_refund.then(|| "re_1".to_owned()),
        ..before.clone()
    }
}

pub fn reference(event: &PaymentEvent) -> String {
    format!("PAY-{}", event.payment.replace('_', "-"))
}

/// How often the case says that it was told of the event.
pub fn tells(case: &Value, event: &PaymentEvent) -> usize {
    let notes = case["journals"].as_array().unwrap().iter().map(|journal| &journal["notes"]);
    let texts = std::iter::once(&case["description"]).chain(notes).filter_map(Value::as_str);
    let mark = format!("[spillway {} ", event.id);
    texts.flat_map(str::lines).filter(|line| line.starts_with(&mark)).count()
}

pub fn is_closed(case: &Value) -> bool {
    case["status"]["is_closed"].as_bool().unwrap()
}
