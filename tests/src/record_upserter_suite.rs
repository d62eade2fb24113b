//! What an ERP and its connector have to hold together: Tryton, on behalf of which people do things here too. It sells SKU-1, and
//! keeps its books in USD.

use local::Partner;
use message::{Code, Effect};
use outbound::{CallError, RecordUpserter, Upserted};
use serde_json::{Value, json};
use transform::canonical::{Account, CrmRecord, Currency, Deal};

use crate::budget;
use crate::crm::{account, contact, record_of, upserter, upserter_selling, won_deal};
use crate::tryton_people::TrytonPeople;

const PARTY: &str = "party.party";
const SALE: &str = "sale.sale";

/// All of it, one after the other; a behaviour that fails is the last one named.
pub async fn holds(partner: &Partner) {
    macro_rules! each {
        ($($behaviour:ident,)*) => { $(println!("{}", stringify!($behaviour)); $behaviour(partner).await;)* };
    }
    each!(
        an_account_is_found_once_it_is_there_as_the_crm_has_it,
        a_repeat_changes_nothing,
        a_newer_state_changes_what_is_ours_and_leaves_what_people_wrote,
        what_the_crm_has_no_more_is_taken_out,
        a_contact_is_known_by_its_accounts_code,
        what_belongs_to_an_account_that_is_not_there_waits_for_it,
        a_party_that_people_deactivated_is_left_alone,
        a_won_deal_is_one_sale_in_quotation,
        a_sale_in_quotation_follows_its_deal,
        a_confirmed_sale_stays_as_it_is,
        a_cancelled_sale_stays_cancelled,
        lines_that_people_put_in_place_of_ours_stay,
        a_deal_that_is_not_won_makes_nothing_and_leaves_its_sale,
        what_the_erp_does_not_know_is_named,
        a_wrong_key_keeps_the_message,
        states_of_one_new_account_at_the_same_time_share_the_party,
    );
}

async fn upserted(partner: &Partner, record: &CrmRecord) -> Upserted {
    upserter(partner).upsert(record, &budget()).await.unwrap()
}

async fn found(partner: &Partner, record: &CrmRecord) -> Option<Upserted> {
    upserter(partner).find(record, &budget()).await.unwrap()
}

async fn refused(partner: &Partner, record: &CrmRecord) -> (Code, String) {
    match upserter(partner).upsert(record, &budget()).await.unwrap_err() {
        CallError::Refused(refusal) => (refusal.code, refusal.path),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn party(partner: &Partner, record: &CrmRecord) -> Value {
    let fields = [
        "name",
        "active",
        "addresses",
        "contact_mechanisms.type",
        "contact_mechanisms.value",
        "identifiers.code",
    ];
    TrytonPeople::at(partner).only(PARTY, json!(["code", "=", record.reference()]), &fields).await
}

/// Type and value of each.
fn mechanisms(party: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = party["contact_mechanisms"].as_array().unwrap().iter();
    let mut all: Vec<_> = all.map(|it| (text(&it["type"]), text(&it["value"]))).collect();
    all.sort();
    all
}

fn identifiers(party: &Value) -> Vec<&str> {
    party["identifiers"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect()
}

async fn sale(partner: &Partner, deal: &CrmRecord) -> Value {
    let fields =
        ["state", "description", "party", "currency.code", "lines.quantity", "lines.unit_price", "number"];
    TrytonPeople::at(partner).only(SALE, json!(["reference", "=", deal.reference()]), &fields).await
}

fn price(sale: &Value) -> f64 {
    let [line] = sale["lines"].as_array().unwrap().as_slice() else { panic!("one line: {sale}") };
    line["unit_price"]["decimal"].as_str().unwrap().parse().unwrap()
}

/// A won deal of an account that is there.
async fn deal_of_a_customer(partner: &Partner) -> (Account, Deal) {
    let account = account();
    upserted(partner, &record_of(&account)).await;
    let deal = won_deal(&account);
    (account, deal)
}

async fn an_account_is_found_once_it_is_there_as_the_crm_has_it(partner: &Partner) {
    let account = account();
    assert_eq!(found(partner, &record_of(&account)).await, None);
    let made = upserted(partner, &record_of(&account)).await;
    assert!(made.target_id.starts_with("tryton.party/"), "{made:?}");
    assert_eq!(found(partner, &record_of(&account)).await, Some(made));
    let renamed = record_of(&Account { name: "Acme AG".into(), ..account });
    assert_eq!(found(partner, &renamed).await, None, "it does not say that yet");
    let party = party(partner, &renamed).await;
    assert_eq!(party["addresses"].as_array().unwrap().len(), 1, "one to be filled in");
}

async fn a_repeat_changes_nothing(partner: &Partner) {
    let account = record_of(&account());
    let first = upserted(partner, &account).await;
    let before = party(partner, &account).await;
    assert_eq!(upserted(partner, &account).await, first);
    assert_eq!(party(partner, &account).await, before);
}

async fn a_newer_state_changes_what_is_ours_and_leaves_what_people_wrote(partner: &Partner) {
    let account = account();
    let first = upserted(partner, &record_of(&account)).await;
    let theirs = json!([["create", [{ "type": "email", "value": "billing@acme.example" }]]]);
    let id = party(partner, &record_of(&account)).await["id"].clone();
    TrytonPeople::at(partner).write(PARTY, &id, json!({ "contact_mechanisms": theirs })).await;
    let newer =
        record_of(&Account { name: "Acme AG".into(), email: Some("office@acme.example".into()), ..account });
    assert_eq!(upserted(partner, &newer).await, first);
    let party = party(partner, &newer).await;
    assert_eq!(party["name"], "Acme AG");
    let email = |value: &str| ("email".to_owned(), value.to_owned());
    let mechanisms = mechanisms(&party);
    for there in ["billing@acme.example", "office@acme.example"] {
        assert!(mechanisms.contains(&email(there)), "{mechanisms:?}");
    }
    assert!(!mechanisms.contains(&email("ops@acme.example")), "{mechanisms:?}");
}

async fn what_the_crm_has_no_more_is_taken_out(partner: &Partner) {
    let account = account();
    upserted(partner, &record_of(&account)).await;
    let bare = record_of(&Account { email: None, phone: None, ..account });
    upserted(partner, &bare).await;
    assert_eq!(
        mechanisms(&party(partner, &bare).await),
        [("website".to_owned(), "https://acme.example".to_owned())]
    );
    assert!(found(partner, &bare).await.is_some());
}

async fn a_contact_is_known_by_its_accounts_code(partner: &Partner) {
    let (account, other) = (account(), account());
    let other = Account {
        origin: transform::canonical::Origin { org: account.origin.org.clone(), ..other.origin },
        ..other
    };
    for account in [&account, &other] {
        upserted(partner, &record_of(account)).await;
    }
    let mut person = contact(&account);
    let made = upserted(partner, &CrmRecord::Contact(person.clone())).await;
    let is = party(partner, &CrmRecord::Contact(person.clone())).await;
    assert_eq!(identifiers(&is), [record_of(&account).reference()]);
    assert_eq!(mechanisms(&is).len(), 2);
    person.account = Some(other.origin.id.clone());
    assert_eq!(found(partner, &CrmRecord::Contact(person.clone())).await, None);
    assert_eq!(upserted(partner, &CrmRecord::Contact(person.clone())).await, made);
    assert_eq!(
        identifiers(&party(partner, &CrmRecord::Contact(person.clone())).await),
        [record_of(&other).reference()]
    );
    person.account = None;
    upserted(partner, &CrmRecord::Contact(person.clone())).await;
    assert!(identifiers(&party(partner, &CrmRecord::Contact(person)).await).is_empty());
}

async fn what_belongs_to_an_account_that_is_not_there_waits_for_it(partner: &Partner) {
    let account = account();
    let records = [CrmRecord::Contact(contact(&account)), CrmRecord::Deal(won_deal(&account))];
    for record in &records {
        let error = upserter(partner).upsert(record, &budget()).await.unwrap_err();
        assert!(
            matches!(error, CallError::Awaiting { code: Code::RelatedRecordMissing, path: "$.account", .. }),
            "{error:?}"
        );
        assert_eq!(error.effect(), Effect::Absent);
        assert_eq!(found(partner, record).await, None);
    }
    upserted(partner, &record_of(&account)).await;
    for record in &records {
        upserted(partner, record).await;
        assert!(found(partner, record).await.is_some());
    }
}

async fn a_party_that_people_deactivated_is_left_alone(partner: &Partner) {
    let (account, deal) = deal_of_a_customer(partner).await;
    let id = party(partner, &record_of(&account)).await["id"].clone();
    TrytonPeople::at(partner).write(PARTY, &id, json!({ "active": false })).await;
    let renamed = record_of(&Account { name: "Acme AG".into(), ..account });
    assert_eq!(refused(partner, &renamed).await, (Code::RecordClosed, "$".to_owned()));
    assert_eq!(refused(partner, &CrmRecord::Deal(deal)).await, (Code::RecordClosed, "$.account".to_owned()));
    assert_eq!(party(partner, &renamed).await["name"], "Acme GmbH");
}

async fn a_won_deal_is_one_sale_in_quotation(partner: &Partner) {
    let (account, deal) = deal_of_a_customer(partner).await;
    let deal = CrmRecord::Deal(deal);
    assert_eq!(found(partner, &deal).await, None);
    let made = upserted(partner, &deal).await;
    assert_eq!(upserted(partner, &deal).await, made);
    assert_eq!(found(partner, &deal).await, Some(made.clone()));
    let sale = sale(partner, &deal).await;
    assert_eq!(made.target_id, format!("tryton.sale/{}", sale["id"]));
    assert_eq!((sale["state"].as_str(), sale["description"].as_str()), (Some("quotation"), Some("Rollout")));
    assert!(sale["number"].is_string(), "{sale}");
    assert_eq!((price(&sale), sale["currency"]["code"].as_str()), (12_500.5, Some("USD")));
    assert_eq!(sale["party"], party(partner, &record_of(&account)).await["id"]);
}

async fn a_sale_in_quotation_follows_its_deal(partner: &Partner) {
    let (account, deal) = deal_of_a_customer(partner).await;
    let made = upserted(partner, &CrmRecord::Deal(deal.clone())).await;
    let other = Account { origin: won_deal(&account).origin, ..account };
    upserted(partner, &record_of(&other)).await;
    let changed = CrmRecord::Deal(Deal {
        amount: Some("9000".to_owned()),
        name: "Rollout, smaller".into(),
        currency: Some(Currency::parse("EUR").unwrap()),
        account: Some(other.origin.id.clone()),
        ..deal
    });
    assert_eq!(found(partner, &changed).await, None);
    assert_eq!(upserted(partner, &changed).await, made);
    let sale = sale(partner, &changed).await;
    assert_eq!((price(&sale), sale["state"].as_str()), (9_000.0, Some("quotation")));
    assert_eq!(
        (sale["description"].as_str(), sale["currency"]["code"].as_str()),
        (Some("Rollout, smaller"), Some("EUR"))
    );
    assert_eq!(sale["party"], party(partner, &record_of(&other)).await["id"]);
    assert_eq!(found(partner, &changed).await, Some(made));
}

async fn a_confirmed_sale_stays_as_it_is(partner: &Partner) {
    let (_, deal) = deal_of_a_customer(partner).await;
    let made = upserted(partner, &CrmRecord::Deal(deal.clone())).await;
    let id = sale(partner, &CrmRecord::Deal(deal.clone())).await["id"].clone();
    TrytonPeople::at(partner).press(SALE, &id, "confirm").await;
    let renamed = CrmRecord::Deal(Deal { name: "Rollout 2027".into(), ..deal.clone() });
    assert_eq!(found(partner, &renamed).await, Some(made.clone()));
    assert_eq!(upserted(partner, &renamed).await, made);
    let dearer = CrmRecord::Deal(Deal { amount: Some("13000".to_owned()), ..deal });
    assert_eq!(refused(partner, &dearer).await, (Code::RecordClosed, "$".to_owned()));
    let sale = sale(partner, &dearer).await;
    // Tryton may go on to process it by itself.
    assert!(matches!(sale["state"].as_str(), Some("confirmed" | "processing")), "{sale}");
    assert_eq!(price(&sale), 12_500.5);
}

async fn a_cancelled_sale_stays_cancelled(partner: &Partner) {
    let (_, deal) = deal_of_a_customer(partner).await;
    let deal = CrmRecord::Deal(deal);
    upserted(partner, &deal).await;
    let id = sale(partner, &deal).await["id"].clone();
    TrytonPeople::at(partner).press(SALE, &id, "cancel").await;
    assert_eq!(found(partner, &deal).await, None);
    assert_eq!(refused(partner, &deal).await, (Code::RecordClosed, "$".to_owned()));
    assert_eq!(sale(partner, &deal).await["state"], "cancelled", "and no second one was made");
}

async fn lines_that_people_put_in_place_of_ours_stay(partner: &Partner) {
    let (_, deal) = deal_of_a_customer(partner).await;
    upserted(partner, &CrmRecord::Deal(deal.clone())).await;
    let people = TrytonPeople::at(partner);
    let sale_id = sale(partner, &CrmRecord::Deal(deal.clone())).await["id"].clone();
    people.press(SALE, &sale_id, "draft").await;
    let with_lines = people.only(SALE, json!(["id", "=", sale_id]), &["lines.quantity"]).await;
    let product = people.only("product.product", json!(["code", "=", "SKU-2"]), &["default_uom"]).await;
    let theirs =
        json!([["write", [with_lines["lines"][0]["id"]], { "product": product["id"], "quantity": 3 }]]);
    people.write(SALE, &sale_id, json!({ "lines": theirs })).await;
    let dearer = CrmRecord::Deal(Deal { amount: Some("13000".to_owned()), ..deal });
    upserted(partner, &dearer).await;
    let sale = sale(partner, &dearer).await;
    assert_eq!((price(&sale), sale["state"].as_str()), (12_500.5, Some("quotation")));
    assert_eq!(sale["lines"][0]["quantity"].as_f64(), Some(3.0));
}

async fn a_deal_that_is_not_won_makes_nothing_and_leaves_its_sale(partner: &Partner) {
    let (_, deal) = deal_of_a_customer(partner).await;
    let open = CrmRecord::Deal(Deal { won: false, amount: None, currency: None, ..deal.clone() });
    assert_eq!(found(partner, &open).await, None);
    let made = upserted(partner, &CrmRecord::Deal(deal)).await;
    assert_eq!(found(partner, &open).await, Some(made));
    assert_eq!(sale(partner, &open).await["state"], "quotation");
}

async fn what_the_erp_does_not_know_is_named(partner: &Partner) {
    let (_, deal) = deal_of_a_customer(partner).await;
    let krona = Currency::parse("ISK").unwrap();
    let foreign = CrmRecord::Deal(Deal { currency: Some(krona), ..deal.clone() });
    assert_eq!(refused(partner, &foreign).await, (Code::CurrencyUnsupported, "$.currency".to_owned()));
    let deal = CrmRecord::Deal(deal);
    let upserter = upserter_selling(partner, "NO-SUCH-SKU", std::time::Duration::from_secs(20));
    let CallError::Refused(refusal) = upserter.upsert(&deal, &budget()).await.unwrap_err() else { panic!() };
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::ProductUnknown, "@settings.product"));
    assert_eq!(found(partner, &deal).await, None);
}

async fn a_wrong_key_keeps_the_message(partner: &Partner) {
    let partner = Partner { api_key: "not-the-key".to_owned(), ..partner.clone() };
    let error = upserter(&partner).upsert(&record_of(&account()), &budget()).await.unwrap_err();
    assert_eq!(error, CallError::NotNow { code: Code::CredentialsRefused, after: None });
}

async fn states_of_one_new_account_at_the_same_time_share_the_party(partner: &Partner) {
    let (upserter, account) = (upserter(partner), record_of(&account()));
    let budget = budget();
    let (one, other) = tokio::join!(upserter.upsert(&account, &budget), upserter.upsert(&account, &budget));
    for end in [one, other] {
        match end {
            Ok(_) => {}
            Err(CallError::Refused(refusal)) => panic!("refused: {refusal:?}"),
            // A busy database may ask one of them to come again.
            Err(_) => drop(upserted(partner, &account).await),
        }
    }
    party(partner, &account).await;
}
