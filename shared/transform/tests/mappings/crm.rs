//! Any record of a CRM that the canonical contracts have goes to Tryton, which holds the same of it; and any JSON at all in the place of one is
//! mapped or refused without a word of it.

use message::{Envelope, Redacted, Rejection};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use transform::canonical::{Account, Contact, CrmRecord, Currency, Deal, Origin};
use transform::cases::validators;
use transform::{Catalog, MappingError, Translator};

use crate::any_json::{CANARY, check_error, places};
use crate::common::{case_input, webhook};
use crate::round_trip::{email, exposed, maybe, redacted, shown, told};

fn origin() -> impl Strategy<Value = Origin> {
    let time = || (0..=4_000_000_000_000_i64).prop_map(|at| jiff::Timestamp::from_millisecond(at).unwrap());
    ("[a-z]{1,10}", "[0-9a-f-]{1,36}", "[0-9a-f-]{1,36}", time(), maybe(time())).prop_map(
        |(source, org, id, updated_at, occurred_at)| Origin { source, org, id, updated_at, occurred_at },
    )
}

fn account() -> impl Strategy<Value = Account> {
    (origin(), redacted(40), email(), maybe(redacted(20)), maybe("https://[a-z]{1,9}\\.example"))
        .prop_map(|(origin, name, email, phone, website)| Account { origin, name, email, phone, website })
}

fn contact() -> impl Strategy<Value = Contact> {
    (origin(), redacted(40), email(), maybe(redacted(20)), maybe("[0-9]{1,9}"))
        .prop_map(|(origin, name, email, phone, account)| Contact { origin, name, email, phone, account })
}

fn deal() -> impl Strategy<Value = Deal> {
    let currency = prop::sample::select(vec!["EUR", "JPY"]).prop_map(|it| Currency::parse(it).unwrap());
    let amount = "[1-9][0-9]{0,9}(\\.[0-9]{0,3}[1-9])?";
    (origin(), redacted(40), any::<bool>(), "[0-9]{1,9}", amount, maybe(currency)).prop_map(
        |(origin, name, won, account, amount, currency)| Deal {
            origin,
            name,
            won,
            account: Some(account),
            amount: Some(amount),
            currency,
        },
    )
}

#[test]
fn what_tryton_holds_of_any_record_says_the_same_and_keeps_every_contract() {
    let contracts = [
        "canonical.account@1",
        "canonical.contact@1",
        "canonical.deal@1",
        "tryton.party@8.2",
        "tryton.deal-sale@8.2",
    ];
    let mut validators = validators(Catalog::built_in().unwrap()).unwrap();
    let [accounts, contacts, deals, party, sale] = contracts.map(|id| validators.remove(id).unwrap());
    let with = |mapping, settings: Value| Translator::built_in(mapping, &settings).unwrap();
    let (to_party, to_person) = (with("tryton-account", Value::Null), with("tryton-contact", Value::Null));
    let to_sale = with("tryton-deal", json!({ "product": "DEAL", "currency": "USD" }));
    proptest!(|(account in account(), contact in contact(), deal in deal())| {
        prop_assert!(accounts.is_valid(&json!(account)) && contacts.is_valid(&json!(contact)) && deals.is_valid(&json!(deal)));
        let made = to_party.encode_json(&account).unwrap();
        prop_assert!(party.is_valid(&made), "{made}");
        prop_assert_eq!(shown(&made["code"]), Some(CrmRecord::Account(account.clone()).reference()));
        prop_assert_eq!(
            [shown(&made["name"]), shown(&made["email"]), shown(&made["phone"]), shown(&made["website"])],
            [exposed(&account.name), told(&account.email), told(&account.phone), account.website]
        );
        let made = to_person.encode_json(&contact).unwrap();
        prop_assert!(party.is_valid(&made), "{made}");
        prop_assert_eq!(shown(&made["account"]), contact.account_reference());
        prop_assert_eq!(shown(&made["code"]), Some(CrmRecord::Contact(contact).reference()));
        match to_sale.encode_json(&deal) {
            Ok(made) => {
                prop_assert!(deal.won && sale.is_valid(&made), "{made}");
                prop_assert_eq!(shown(&made["party"]), deal.account_reference());
                prop_assert_eq!(shown(&made["line"]["unit_price"]["decimal"]), deal.amount.clone());
                let currency = deal.currency.as_ref().map_or("USD", Currency::as_str);
                prop_assert_eq!(shown(&made["currency"]), Some(currency.to_owned()));
                prop_assert_eq!(shown(&made["reference"]), Some(CrmRecord::Deal(deal).reference()));
            }
            Err(_) => prop_assert!(!deal.won),
        }
    });
}

fn decoded<T: DeserializeOwned + Serialize>(
    mapping: &Translator,
    envelope: &Envelope,
) -> Result<Value, MappingError> {
    mapping.decode::<T>(envelope).map(|decoded| json!(decoded.value))
}

/// Through the mapping of its name.
fn read(name: &str, mapping: &Translator, payload: &Value) -> Result<Value, MappingError> {
    let mut envelope = webhook(&payload.to_string());
    (envelope.source, envelope.sourceversion) = ("/hubspot/33".to_owned(), Some("v3".to_owned()));
    match name.rsplit('-').next() {
        Some("account" | "company") => decoded::<Account>(mapping, &envelope),
        Some("contact") => decoded::<Contact>(mapping, &envelope),
        _ => decoded::<Deal>(mapping, &envelope),
    }
}

#[test]
fn no_value_of_a_record_that_is_wrong_anywhere_is_told() {
    for (name, case) in [
        ("bottlecrm-account", "full"),
        ("bottlecrm-contact", "full"),
        ("bottlecrm-deal", "won"),
        ("hubspot-company", "full"),
        ("hubspot-contact", "full"),
        ("hubspot-deal", "won"),
    ] {
        let mapping = Translator::built_in(name, &Value::Null).unwrap();
        let payload: Value = serde_json::from_str(&case_input(name, case)).unwrap();
        read(name, &mapping, &payload).unwrap();
        let mut found = Vec::new();
        places(&payload, "", &mut found);
        let mut refused = 0;
        for wrong in [json!(CANARY), json!(CANARY.repeat(60)), json!({CANARY: [CANARY]}), json!(7.5)] {
            for place in &found {
                let mut payload = payload.clone();
                *payload.pointer_mut(place).unwrap() = wrong.clone();
                if let Err(error) = read(name, &mapping, &payload) {
                    check_error(&error);
                    assert!(!Rejection::from(error).summary.contains(CANARY));
                    refused += 1;
                }
            }
        }
        assert!(refused > 0, "{name}");
    }
}

#[test]
fn debug_of_a_record_shows_no_person() {
    let contact = Contact {
        origin: Origin {
            source: "hubspot".to_owned(),
            org: "33".to_owned(),
            id: "5001".to_owned(),
            updated_at: jiff::Timestamp::UNIX_EPOCH,
            occurred_at: None,
        },
        name: Redacted::from("Ann Example"),
        email: Some(Redacted::from("ann@example.com")),
        phone: Some(Redacted::from("+4930901821")),
        account: Some("901".to_owned()),
    };
    let shown = format!("{:?}", CrmRecord::Contact(contact));
    for personal in ["Ann", "example.com", "901821"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}
