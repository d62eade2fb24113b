//! What has to be written so that a party says what the CRM says: what is ours and differs, and nothing else. What people have added
//! to the party stays.

use serde_json::{Map, Value, json};

use crate::party_wire::{Mechanism, PartyDocument, PartyRecord};

/// All of a new party.
pub(crate) fn new_party(document: &PartyDocument, addresses: Value) -> Map<String, Value> {
    let mut party = document.other.expose().clone();
    let mechanisms = document.mechanisms().into_iter().filter_map(|(kind, value)| Some((kind, value?)));
    let mechanisms: Vec<_> = mechanisms.map(|(kind, value)| mechanism(kind, value, &document.code)).collect();
    let identifiers: Vec<_> = document.account.iter().map(|code| json!({ "code": code })).collect();
    party.insert("code".to_owned(), json!(document.code));
    party.insert("name".to_owned(), json!(document.name));
    party.insert("addresses".to_owned(), addresses);
    party.insert("contact_mechanisms".to_owned(), json!([["create", mechanisms]]));
    party.insert("identifiers".to_owned(), json!([["create", identifiers]]));
    party
}

/// What differs; empty where nothing does.
pub(crate) fn changes(party: &PartyRecord, document: &PartyDocument) -> Map<String, Value> {
    let mut changes = Map::new();
    for (field, value) in document.other.expose() {
        if party.other.get(field) != Some(value) {
            changes.insert(field.clone(), value.clone());
        }
    }
    if party.name.as_deref() != Some(document.name.expose()) {
        changes.insert("name".to_owned(), json!(document.name));
    }
    let mechanisms: Vec<_> = document
        .mechanisms()
        .into_iter()
        .flat_map(|(kind, value)| of_kind(party, kind, value, &document.code))
        .collect();
    let identifiers = of_account(party, document);
    for (field, actions) in [("contact_mechanisms", mechanisms), ("identifiers", identifiers)] {
        if !actions.is_empty() {
            changes.insert(field.to_owned(), Value::Array(actions));
        }
    }
    changes
}

fn mechanism(kind: &str, value: &str, code: &str) -> Value {
    json!({ "type": kind, "value": value, "comment": code })
}

fn of_kind(party: &PartyRecord, kind: &str, value: Option<&str>, code: &str) -> Vec<Value> {
    let (ours, theirs): (Vec<&Mechanism>, Vec<&Mechanism>) = party
        .contact_mechanisms
        .iter()
        .filter(|mechanism| mechanism.kind == kind)
        .partition(|mechanism| mechanism.comment.as_deref() == Some(code));
    let mut actions = Vec::new();
    let kept = match (value, ours.first()) {
        (None, _) => None,
        (Some(value), Some(first)) => {
            if !says(kind, &first.value, value) {
                actions.push(json!(["write", [first.id], { "value": value }]));
            }
            Some(first.id)
        }
        (Some(value), None) => {
            // Where people have it already, a second one would be noise.
            if !theirs.iter().any(|mechanism| says(kind, &mechanism.value, value)) {
                actions.push(json!(["create", [mechanism(kind, value, code)]]));
            }
            None
        }
    };
    let gone: Vec<_> = ours.iter().map(|mechanism| mechanism.id).filter(|id| Some(*id) != kept).collect();
    if !gone.is_empty() {
        actions.push(json!(["delete", gone]));
    }
    actions
}

/// Whether it is the same value. Tryton writes domains of mail addresses in small letters, and telephone numbers with blanks.
fn says(kind: &str, is: &str, should: &str) -> bool {
    let dialled =
        |number: &str| number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>();
    match kind {
        "email" => is.eq_ignore_ascii_case(should),
        "phone" if dialled(should).len() > 1 => dialled(is) == dialled(should),
        _ => is == should,
    }
}

/// The account's code among the identifiers: those of the same CRM are ours.
fn of_account(party: &PartyRecord, document: &PartyDocument) -> Vec<Value> {
    let Some(crm) = crm(&document.code) else { return Vec::new() };
    let wanted = document.account.as_deref();
    let ours = || party.identifiers.iter().filter(|identifier| crm_is(&identifier.code, crm));
    let mut actions = Vec::new();
    let gone: Vec<_> = ours()
        .filter(|identifier| Some(identifier.code.as_str()) != wanted)
        .map(|identifier| identifier.id)
        .collect();
    if !gone.is_empty() {
        actions.push(json!(["delete", gone]));
    }
    if let Some(wanted) = wanted.filter(|wanted| !ours().any(|identifier| identifier.code == *wanted)) {
        actions.push(json!(["create", [{ "code": wanted }]]));
    }
    actions
}

/// `<crm>/<org>/`, of a code.
fn crm(code: &str) -> Option<&str> {
    let (at, _) = code.match_indices('/').nth(1)?;
    code.get(..=at)
}

fn crm_is(code: &str, of: &str) -> bool {
    crm(code) == Some(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "hubspot/33/contact/5001";

    fn party(mechanisms: Value, identifiers: Value) -> PartyRecord {
        let party = json!({
            "id": 1, "name": "Ann Example", "active": 1, "replaced_by": null, "addresses": [], "lang": "de",
            "contact_mechanisms": mechanisms, "identifiers": identifiers
        });
        serde_json::from_value(party).unwrap()
    }

    fn document(more: Value) -> PartyDocument {
        let mut document = json!({ "code": CODE, "name": "Ann Example" });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    }

    fn changed(mechanisms: Value, identifiers: Value, more: Value) -> Value {
        Value::Object(changes(&party(mechanisms, identifiers), &document(more)))
    }

    #[test]
    fn what_is_the_same_is_not_written() {
        let mechanisms = json!([
            { "id": 1, "type": "email", "value": "Ann@acme.example", "comment": CODE },
            { "id": 2, "type": "phone", "value": "+49 30 901821", "comment": CODE },
            { "id": 3, "type": "email", "value": "ann@home.example", "comment": null }
        ]);
        let identifiers =
            json!([{ "id": 1, "code": "hubspot/33/account/9" }, { "id": 2, "code": "DE123456789" }]);
        let same = json!({ "email": "ann@ACME.example", "phone": "+4930901821", "account": "hubspot/33/account/9", "lang": "de" });
        assert_eq!(changed(mechanisms, identifiers, same), json!({}));
    }

    #[test]
    fn ours_is_changed_and_taken_out_and_what_people_added_stays() {
        let mechanisms = json!([
            { "id": 1, "type": "email", "value": "ann@old.example", "comment": CODE },
            { "id": 2, "type": "phone", "value": "+4930901821", "comment": CODE },
            { "id": 3, "type": "phone", "value": "+4930901822", "comment": "at home" }
        ]);
        let new = json!({ "email": "ann@new.example", "name": "Ann B", "lang": "fr" });
        let expected = json!({
            "name": "Ann B", "lang": "fr",
            "contact_mechanisms": [["write", [1], { "value": "ann@new.example" }], ["delete", [2]]]
        });
        assert_eq!(changed(mechanisms, json!([]), new), expected);
    }

    #[test]
    fn what_people_have_noted_already_is_not_noted_twice() {
        let theirs = json!([{ "id": 3, "type": "email", "value": "ann@acme.example", "comment": null }]);
        assert_eq!(changed(theirs.clone(), json!([]), json!({ "email": "ann@acme.example" })), json!({}));
        let other = json!({ "contact_mechanisms": [["create", [{ "type": "email", "value": "ann@new.example", "comment": CODE }]]] });
        assert_eq!(changed(theirs, json!([]), json!({ "email": "ann@new.example" })), other);
    }

    #[test]
    fn a_contact_that_moves_to_another_account_is_known_by_that_ones_code() {
        let identifiers =
            json!([{ "id": 1, "code": "hubspot/33/account/9" }, { "id": 2, "code": "hubspot/34/account/9" }]);
        let moved =
            json!({ "identifiers": [["delete", [1]], ["create", [{ "code": "hubspot/33/account/10" }]]] });
        assert_eq!(
            changed(json!([]), identifiers.clone(), json!({ "account": "hubspot/33/account/10" })),
            moved
        );
        assert_eq!(changed(json!([]), identifiers, json!({})), json!({ "identifiers": [["delete", [1]]] }));
    }
}
