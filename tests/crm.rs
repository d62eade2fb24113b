//! The CRM's connectors against the partner sandbox: the contract, and what happens when a partner fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use local::Partner;
use local::sandbox::{API_KEY, Fault, FaultKind, HubSpotObject, Sandbox, System};
use message::{Code, Effect};
use outbound::{CallError, ObjectReader, RecordUpserter, at_most_once};
use serde_json::json;
use tests::crm::{account, contact, record_of, upserter, upserter_selling, won_deal};
use tests::hubspot::{change, crm, reader};
use tests::tryton_people::TrytonPeople;
use tests::{budget, object_reader_suite, record_upserter_suite};
use transform::canonical::{Account, CrmRecord, Deal};

const PATIENCE: Duration = Duration::from_millis(400);

fn erp(sandbox: &Sandbox) -> Partner {
    Partner { url: sandbox.tryton_url(), api_key: API_KEY.to_owned() }
}

#[tokio::test]
async fn the_sandbox_holds_the_record_upserter_contract() {
    let sandbox = Sandbox::start().await.unwrap();
    record_upserter_suite::holds(&erp(&sandbox)).await;
}

/// Each write of an upsert: method and a part of its path.
async fn lost_at(method: &str, path: &str, first: Option<&CrmRecord>, record: &CrmRecord, account: &Account) {
    for kind in [
        FaultKind::TimeoutBeforeEffect,
        FaultKind::TimeoutAfterEffect,
        FaultKind::Status { status: 500, retry_after_s: None },
    ] {
        let sandbox = Sandbox::start().await.unwrap();
        let patient = upserter(&erp(&sandbox));
        if !matches!(record, CrmRecord::Account(_)) {
            patient.upsert(&record_of(account), &budget()).await.unwrap();
        }
        if let Some(first) = first {
            patient.upsert(first, &budget()).await.unwrap();
        }
        let made = sandbox.effects().len();
        sandbox.fail(Fault {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            kind: kind.clone(),
            times: 1,
            every: 1,
        });
        let erp = upserter_selling(&erp(&sandbox), "SKU-1", PATIENCE);
        let budget = budget();
        let attempt = || async {
            let (find, upsert) = (|| erp.find(record, &budget), || erp.upsert(record, &budget));
            at_most_once(Effect::Unknown, find, upsert).await
        };
        let first_try = attempt().await;
        let second = attempt().await.unwrap_or_else(|error| panic!("{method} {path} {kind:?}: {error:?}"));
        if let Ok(first_try) = first_try {
            assert_eq!(first_try, second, "{method} {path} {kind:?}");
        }
        let expected = usize::from(first.is_none());
        assert_eq!(sandbox.effects().len() - made, expected, "{method} {path} {kind:?}");
        assert_eq!(patient.find(record, &budget).await.unwrap(), Some(second), "{method} {path} {kind:?}");
    }
}

#[tokio::test]
async fn an_upsert_is_continued_after_any_of_its_writes_was_lost() {
    let account = account();
    let renamed = record_of(&Account { name: "Acme AG".into(), ..account.clone() });
    let (made, person) = (record_of(&account), CrmRecord::Contact(contact(&account)));
    let deal = won_deal(&account);
    let (won, cheaper) =
        (CrmRecord::Deal(deal.clone()), CrmRecord::Deal(Deal { amount: Some("1".to_owned()), ..deal }));
    for (method, path, first, record) in [
        ("POST", "party.party", None, &made),
        ("PUT", "party.party", Some(&made), &renamed),
        ("POST", "party.party", None, &person),
        ("POST", "sale.sale", None, &won),
        ("POST", "/quote", None, &won),
        ("POST", "/draft", Some(&won), &cheaper),
        ("PUT", "sale.sale", Some(&won), &cheaper),
        ("POST", "/quote", Some(&won), &cheaper),
    ] {
        lost_at(method, path, first, record, &account).await;
    }
}

/// Tryton's wizard alone can merge: its REST refuses to write who replaces whom.
#[tokio::test]
async fn a_merged_party_stands_for_its_account_and_says_what_people_want() {
    let (sandbox, account, other) = (Sandbox::start().await.unwrap(), account(), tests::crm::account());
    let upserter = upserter(&erp(&sandbox));
    let kept = upserter.upsert(&record_of(&other), &budget()).await.unwrap();
    upserter.upsert(&record_of(&account), &budget()).await.unwrap();
    sandbox.merge_parties(&record_of(&account).reference(), &record_of(&other).reference());
    let renamed = record_of(&Account { name: "Acme AG".into(), ..account.clone() });
    assert_eq!(upserter.find(&renamed, &budget()).await.unwrap(), Some(kept.clone()));
    assert_eq!(upserter.upsert(&renamed, &budget()).await.unwrap(), kept);
    let as_it_was = upserter.find(&record_of(&other), &budget()).await.unwrap();
    assert_eq!(as_it_was, Some(kept.clone()));
    let deal = CrmRecord::Deal(won_deal(&account));
    upserter.upsert(&deal, &budget()).await.unwrap();
    let people = TrytonPeople::at(&erp(&sandbox));
    let sale = people.only("sale.sale", json!(["reference", "=", deal.reference()]), &["party"]).await;
    assert_eq!(format!("tryton.party/{}", sale["party"]), kept.target_id);
}

fn deal() -> HubSpotObject {
    HubSpotObject {
        object: "deals".to_owned(),
        id: 7001,
        updated_at: "2026-11-24T10:00:01.456Z".to_owned(),
        properties: BTreeMap::from([
            ("dealname".to_owned(), "Rollout".to_owned()),
            ("hs_is_closed_won".to_owned(), "true".to_owned()),
        ]),
        companies: vec![901],
    }
}

#[tokio::test]
async fn the_sandbox_holds_the_object_reader_contract() {
    let sandbox = Sandbox::start().await.unwrap();
    object_reader_suite::holds(&crm(&sandbox)).await;
    assert!(sandbox.effects().is_empty(), "it only reads");
}

#[tokio::test]
async fn an_object_that_is_gone_is_none_and_other_failures_are_told_apart() {
    let sandbox = Sandbox::start().await.unwrap();
    let (read, budget) = (reader(&crm(&sandbox), PATIENCE), budget());
    assert!(read.read(&change("deals", "7001"), &budget).await.unwrap().is_none());
    sandbox.put_hubspot(deal());
    let unread = async |status, retry_after_s| {
        let kind = FaultKind::Status { status, retry_after_s };
        sandbox.fail(Fault { method: None, path: "/crm/v3".to_owned(), kind, times: 1, every: 1 });
        read.read(&change("deals", "7001"), &budget).await.unwrap_err()
    };
    let not_now =
        |code, seconds: Option<u64>| CallError::NotNow { code, after: seconds.map(Duration::from_secs) };
    assert_eq!(unread(429, Some(9)).await, not_now(Code::TargetThrottled, Some(9)));
    assert_eq!(unread(423, None).await, not_now(Code::TargetThrottled, None));
    assert_eq!(unread(477, None).await, not_now(Code::TargetFailed, None));
    assert_eq!(unread(502, None).await, not_now(Code::TargetFailed, None));
    assert_eq!(unread(403, None).await, not_now(Code::CredentialsRefused, None));
    assert!(matches!(unread(400, None).await, CallError::Refused(_)));
    sandbox.delete_hubspot("deals", 7001);
    assert!(read.read(&change("deals", "7001"), &budget).await.unwrap().is_none());
    assert!(sandbox.effects().iter().all(|effect| effect.system != System::Erp), "it only reads");
}
