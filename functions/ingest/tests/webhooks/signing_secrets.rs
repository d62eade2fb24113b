use aws::{MIN_REFRESH_INTERVAL, Stage, TIME_TO_LIVE};
use jiff::SignedDuration;
use message::Code;

use crate::support::*;

const NEW_SECRET: &str = "the-next-client-secret";

fn signed_with(secret: &str) -> Request {
    shopify_signed(ORDER, secret, ORDER.as_bytes())
}

#[tokio::test]
async fn during_a_rotation_both_secrets_verify() {
    let f = fixture();
    f.secrets.rotate(SHOP_ARN, NEW_SECRET);
    assert_eq!(f.post(signed_with(NEW_SECRET)).await.status, 202);
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
}

#[tokio::test]
async fn after_the_rotation_the_old_secret_verifies_nothing() {
    let f = fixture();
    f.secrets.rotate(SHOP_ARN, NEW_SECRET);
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
    f.secrets.remove(SHOP_ARN, Stage::Previous);
    f.clock.advance(TIME_TO_LIVE);
    assert_eq!(f.refused(signed_with(SHOP_SECRET)).await, (401, Code::SignatureInvalid.to_string()));
    assert_eq!(f.post(signed_with(NEW_SECRET)).await.status, 202);
}

#[tokio::test]
async fn a_second_rotation_ends_the_first_secret() {
    let f = fixture();
    f.secrets.rotate(SHOP_ARN, NEW_SECRET);
    f.secrets.rotate(SHOP_ARN, "the-one-after");
    assert_eq!(f.refused(signed_with(SHOP_SECRET)).await.0, 401);
    assert_eq!(f.post(signed_with(NEW_SECRET)).await.status, 202);
}

#[tokio::test]
async fn standard_webhooks_secrets_rotate_as_well() {
    let f = fixture();
    f.secrets.rotate(CRM_ARN, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(f.post(standard(CRM_ORDER)).await.status, 202);
    f.secrets.remove(CRM_ARN, Stage::Previous);
    f.clock.advance(MIN_REFRESH_INTERVAL);
    assert_eq!(f.post(standard(CRM_ORDER)).await.status, 202, "cached still");
    f.clock.advance(TIME_TO_LIVE);
    let later = f.clock.now().as_second().to_string();
    assert_eq!(f.refused(standard_at(CRM_ORDER, "msg_1", &later)).await.0, 401);
}

#[tokio::test]
async fn a_secret_that_was_rotated_since_is_found_without_waiting_for_the_cache() {
    let f = fixture();
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
    f.secrets.rotate(SHOP_ARN, NEW_SECRET);
    assert_eq!(f.refused(signed_with(NEW_SECRET)).await.0, 401, "read just now");
    f.clock.advance(MIN_REFRESH_INTERVAL);
    assert_eq!(f.post(signed_with(NEW_SECRET)).await.status, 202);
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
}

#[tokio::test]
async fn bad_signatures_cannot_make_it_ask_more_often_than_the_bound() {
    let f = fixture();
    let seconds = 100;
    for _ in 0..seconds {
        for _ in 0..5 {
            assert_eq!(f.refused(signed_with("guess")).await.0, 401);
        }
        f.clock.advance(SignedDuration::from_secs(1));
    }
    let bound = usize::try_from(seconds / MIN_REFRESH_INTERVAL.as_secs()).unwrap();
    assert_eq!(f.secrets.asked(SHOP_ARN, Stage::Current), bound);
    assert_eq!(f.secrets.asked(SHOP_ARN, Stage::Previous), bound);
}

#[tokio::test]
async fn a_request_without_a_readable_signature_costs_no_look_at_the_secret() {
    let f = fixture();
    assert_eq!(f.refused(Request::to("shop", ORDER)).await.0, 401);
    assert_eq!(f.refused(standard_at(CRM_ORDER, "msg_1", "0")).await.0, 401);
    assert_eq!(f.secrets.asked(SHOP_ARN, Stage::Current), 0);
    assert_eq!(f.secrets.asked(CRM_ARN, Stage::Current), 0);
}

#[tokio::test]
async fn while_the_secret_cannot_be_read_the_source_is_asked_to_come_again() {
    let f = fixture();
    f.secrets.set_unavailable(true);
    for secret in [SHOP_SECRET, "guess"] {
        let response = f.post(signed_with(secret)).await;
        assert_eq!(response.status, 503);
        assert_eq!(response.assert_problem(), Code::SecretUnavailable.as_str());
        assert_eq!(response.header("retry-after"), "10");
    }
    assert_eq!(f.sink.calls(), 0);
    f.secrets.set_unavailable(false);
    f.clock.advance(MIN_REFRESH_INTERVAL);
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
}

#[tokio::test]
async fn an_outage_of_the_secret_store_does_not_stop_what_is_cached() {
    let f = fixture();
    f.post(signed_with(SHOP_SECRET)).await;
    f.secrets.set_unavailable(true);
    f.clock.advance(TIME_TO_LIVE * 10);
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
    assert_eq!(f.refused(signed_with("guess")).await.0, 401);
}

#[tokio::test]
async fn an_empty_secret_verifies_nothing_not_even_what_is_signed_with_it() {
    let f = fixture();
    for (arn, empty) in [(SHOP_ARN, ""), (CRM_ARN, ""), (CRM_ARN, "whsec_")] {
        f.secrets.set(arn, Stage::Current, empty);
    }
    assert_eq!(f.refused(signed_with("")).await, (503, Code::SecretUnavailable.to_string()));
    let signature = v1("whsec_", "msg_1", "1795514407", CRM_ORDER.as_bytes());
    let request = standard(CRM_ORDER).header("webhook-signature", &signature);
    assert_eq!(f.refused(request).await, (503, Code::SecretUnavailable.to_string()));
}

#[tokio::test]
async fn an_empty_previous_secret_verifies_nothing_and_does_not_stop_the_current_one() {
    let f = fixture();
    f.secrets.set(SHOP_ARN, Stage::Previous, "");
    assert_eq!(f.refused(signed_with("")).await.0, 401);
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
}

#[tokio::test]
async fn a_secret_of_another_form_is_ours_to_mend_and_is_read_again() {
    for bad in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_***", "whpk_AAAA"] {
        let f = fixture();
        f.secrets.set(CRM_ARN, Stage::Current, bad);
        assert_eq!(f.refused(standard(CRM_ORDER)).await, (503, Code::SecretUnavailable.to_string()));
        f.secrets.set(CRM_ARN, Stage::Current, CRM_SECRET);
        f.clock.advance(MIN_REFRESH_INTERVAL);
        assert_eq!(f.post(standard(CRM_ORDER)).await.status, 202, "{bad}");
    }
}

#[tokio::test]
async fn warming_up_reads_every_secret_before_the_first_request() {
    let f = fixture();
    f.secrets.set(CRM_ARN, Stage::Current, "");
    f.ingest.warm_up().await;
    assert_eq!(f.post(signed_with(SHOP_SECRET)).await.status, 202);
    assert_eq!(f.secrets.asked(SHOP_ARN, Stage::Current), 1);
    assert_eq!(f.secrets.asked(CRM_ARN, Stage::Current), 1);
}
