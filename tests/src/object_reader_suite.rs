//! What a CRM and its connector have to hold together: HubSpot, where people work on the objects that we read. No HubSpot runs on one
//! machine, so the partner sandbox alone is held to it; it asks for nothing that HubSpot's own API does not have.

use std::time::Duration;

use local::Partner;
use message::{Code, Effect, Envelope};
use outbound::{CallError, CrmObject, ObjectReader};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use transform::canonical::{Account, Contact, Deal};

use crate::hubspot::{HubSpotPeople, change, reader};
use crate::{budget, built_in};

const PATIENCE: Duration = Duration::from_secs(20);
const KINDS: [&str; 3] = ["companies", "contacts", "deals"];

/// All of it, one after the other; a behaviour that fails is the last one named.
pub async fn holds(partner: &Partner) {
    macro_rules! each {
        ($($behaviour:ident,)*) => { $(println!("{}", stringify!($behaviour)); $behaviour(partner).await;)* };
    }
    each!(
        an_object_of_each_kind_is_what_its_mapping_reads,
        nothing_is_read_that_no_mapping_reads,
        a_change_shows_in_the_next_read_under_a_later_time,
        a_company_that_is_linked_shows_in_the_next_read,
        a_read_changes_nothing,
        what_is_not_there_any_more_or_never_was_is_none,
        an_object_of_another_kind_is_not_asked_for,
        a_wrong_token_keeps_the_message,
    );
}

async fn read(partner: &Partner, object: &str, id: &str) -> Option<CrmObject> {
    reader(partner, PATIENCE).read(&change(object, id), &budget()).await.unwrap()
}

fn data(object: &CrmObject) -> Value {
    serde_json::from_str(object.data.expose().get()).unwrap()
}

/// As the flow of the ERP reads what follows.
fn mapped<T: DeserializeOwned>(mapping: &str, object: &CrmObject) -> T {
    let body = json!({
        "specversion": "1.0", "id": "1", "source": "/hubspot/33", "type": "hubspot.read",
        "time": "2026-11-24T10:00:00Z", "correlationid": "1", "sourceversion": object.version,
        "data": data(object)
    });
    let envelope = Envelope::decode(&body.to_string()).unwrap();
    built_in(mapping, &Value::Null).decode(&envelope).unwrap().value
}

async fn an_object_of_each_kind_is_what_its_mapping_reads(partner: &Partner) {
    let people = HubSpotPeople::at(partner);
    let company = people.create("companies", json!({"name": "Acme GmbH", "phone": "+49 30 901820"})).await;
    let found: Account = mapped("hubspot-company", &read(partner, "companies", &company).await.unwrap());
    assert_eq!((found.origin.id.as_str(), found.name.expose().as_str()), (company.as_str(), "Acme GmbH"));
    let person = people.create("contacts", json!({"firstname": "Ann", "lastname": "Example"})).await;
    let found: Contact = mapped("hubspot-contact", &read(partner, "contacts", &person).await.unwrap());
    assert_eq!((found.name.expose().as_str(), &found.account), ("Ann Example", &None));
    let deal = people.create("deals", json!({"dealname": "Rollout", "amount": "12500.5"})).await;
    let found: Deal = mapped("hubspot-deal", &read(partner, "deals", &deal).await.unwrap());
    assert_eq!((found.won, found.amount.as_deref(), &found.account), (false, Some("12500.5"), &None));
}

async fn nothing_is_read_that_no_mapping_reads(partner: &Partner) {
    let properties = json!({"dealname": "Rollout", "description": "for the board only"});
    let deal = HubSpotPeople::at(partner).create("deals", properties).await;
    let read = data(&read(partner, "deals", &deal).await.unwrap());
    assert_eq!(
        (&read["properties"]["dealname"], read["properties"].get("description")),
        (&json!("Rollout"), None)
    );
}

async fn a_change_shows_in_the_next_read_under_a_later_time(partner: &Partner) {
    let people = HubSpotPeople::at(partner);
    let company = people.create("companies", json!({"name": "Acme GmbH"})).await;
    let before = read(partner, "companies", &company).await.unwrap();
    // Times are of milliseconds.
    let mut after = before.clone();
    while after.updated_at <= before.updated_at {
        people.change("companies", &company, json!({"name": "Acme AG"})).await;
        after = read(partner, "companies", &company).await.unwrap();
        assert_eq!(data(&after)["properties"]["name"], "Acme AG");
    }
}

/// Whether or not that is a change of the object's own time.
async fn a_company_that_is_linked_shows_in_the_next_read(partner: &Partner) {
    let people = HubSpotPeople::at(partner);
    let company = people.create("companies", json!({"name": "Acme GmbH"})).await;
    for (object, mapping, properties) in [
        ("contacts", "hubspot-contact", json!({"firstname": "Ann"})),
        ("deals", "hubspot-deal", json!({"dealname": "Rollout"})),
    ] {
        let id = people.create(object, properties).await;
        let before = read(partner, object, &id).await.unwrap();
        people.link(object, &id, &company).await;
        let after = read(partner, object, &id).await.unwrap();
        assert!(after.updated_at >= before.updated_at);
        let account = match object {
            "contacts" => mapped::<Contact>(mapping, &after).account,
            _ => mapped::<Deal>(mapping, &after).account,
        };
        assert_eq!(account.as_deref(), Some(company.as_str()), "{object}");
    }
}

async fn a_read_changes_nothing(partner: &Partner) {
    let deal = HubSpotPeople::at(partner).create("deals", json!({"dealname": "Rollout"})).await;
    let (first, again) =
        (read(partner, "deals", &deal).await.unwrap(), read(partner, "deals", &deal).await.unwrap());
    assert_eq!((first.updated_at, data(&first)), (again.updated_at, data(&again)));
}

async fn what_is_not_there_any_more_or_never_was_is_none(partner: &Partner) {
    let people = HubSpotPeople::at(partner);
    for object in KINDS {
        let id = people.create(object, json!({"name": "Acme"})).await;
        assert!(read(partner, object, &id).await.is_some(), "{object}");
        people.archive(object, &id).await;
        assert!(read(partner, object, &id).await.is_none(), "{object}");
        assert!(read(partner, object, "1").await.is_none(), "{object}");
    }
}

async fn an_object_of_another_kind_is_not_asked_for(partner: &Partner) {
    let error = reader(partner, PATIENCE).read(&change("tickets", "1"), &budget()).await.unwrap_err();
    let CallError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!((refusal.code, refusal.path.as_str(), refusal.status), (Code::ValueUnknown, "$.object", 0));
}

async fn a_wrong_token_keeps_the_message(partner: &Partner) {
    let wrong = Partner { api_key: "not-the-token".to_owned(), ..partner.clone() };
    let error = reader(&wrong, PATIENCE).read(&change("deals", "1"), &budget()).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Code::CredentialsRefused, Effect::Absent));
}
