//! What an inventory system and its connector have to hold together. The partner sells SKU-1 and SKU-2 out of a
//! large stock, knows SKU-EMPTY without stock, and keeps its books in USD.

use local::Partner;
use message::{Code, Effect};
use outbound::{CallError, StockReserver};
use transform::canonical::Currency;

use crate::{budget, order, reserver};

/// All of it, one after the other; a behaviour that fails is the last one named.
pub async fn holds(partner: &Partner) {
    macro_rules! each {
        ($($behaviour:ident,)*) => { $(println!("{}", stringify!($behaviour)); $behaviour(partner).await;)* };
    }
    each!(
        a_reservation_is_found_only_once_it_is_made,
        reserving_again_finds_the_same_shipment,
        a_second_order_of_a_customer_is_a_reservation_of_its_own,
        two_lines_of_one_product_are_one_reservation,
        an_unknown_product_is_named_by_its_line,
        too_little_stock_is_refused_and_can_be_tried_again,
        what_was_begun_with_other_lines_is_not_continued,
        a_currency_that_is_not_set_up_is_refused,
        a_country_that_is_not_set_up_is_refused,
        a_wrong_key_keeps_the_message,
        orders_of_one_new_customer_at_the_same_time_share_the_party,
    );
}

async fn a_reservation_is_found_only_once_it_is_made(partner: &Partner) {
    let (reserver, order) = (reserver(partner), order(&[("SKU-1", 2), ("SKU-2", 1)]));
    assert_eq!(reserver.find(&order, &budget()).await.unwrap(), None);
    let reserved = reserver.reserve(&order, &budget()).await.unwrap();
    assert_eq!(reserved.reference, order.reference());
    assert!(!reserved.shipment_id.is_empty());
    assert_eq!(reserver.find(&order, &budget()).await.unwrap(), Some(reserved));
}

async fn reserving_again_finds_the_same_shipment(partner: &Partner) {
    let (reserver, order) = (reserver(partner), order(&[("SKU-1", 1)]));
    let first = reserver.reserve(&order, &budget()).await.unwrap();
    let second = reserver.reserve(&order, &budget()).await.unwrap();
    assert_eq!(first, second);
}

async fn a_second_order_of_a_customer_is_a_reservation_of_its_own(partner: &Partner) {
    let (reserver, first) = (reserver(partner), order(&[("SKU-1", 1)]));
    let mut second = first.clone();
    second.id = "1002".to_owned();
    second.ship_to.line1 = "2 Other Road".into();
    let first = reserver.reserve(&first, &budget()).await.unwrap();
    let second = reserver.reserve(&second, &budget()).await.unwrap();
    assert_ne!(first.shipment_id, second.shipment_id);
}

async fn two_lines_of_one_product_are_one_reservation(partner: &Partner) {
    let (reserver, order) = (reserver(partner), order(&[("SKU-1", 1), ("SKU-1", 2)]));
    reserver.reserve(&order, &budget()).await.unwrap();
}

async fn an_unknown_product_is_named_by_its_line(partner: &Partner) {
    let (reserver, order) = (reserver(partner), order(&[("SKU-1", 1), ("NO-SUCH-SKU", 1)]));
    let refusal = refusal(reserver.reserve(&order, &budget()).await.unwrap_err());
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::ProductUnknown, "$.lines[1].sku"));
    assert_eq!(reserver.find(&order, &budget()).await.unwrap(), None);
}

async fn too_little_stock_is_refused_and_can_be_tried_again(partner: &Partner) {
    let (reserver, order) = (reserver(partner), order(&[("SKU-EMPTY", 1)]));
    for _ in 0..2 {
        let refusal = refusal(reserver.reserve(&order, &budget()).await.unwrap_err());
        assert_eq!(refusal.code, Code::OutOfStock);
        assert_eq!(reserver.find(&order, &budget()).await.unwrap(), None);
    }
}

async fn what_was_begun_with_other_lines_is_not_continued(partner: &Partner) {
    let (reserver, begun) = (reserver(partner), order(&[("SKU-EMPTY", 1)]));
    assert_eq!(refusal(reserver.reserve(&begun, &budget()).await.unwrap_err()).code, Code::OutOfStock);
    let mut corrected = begun.clone();
    corrected.lines[0].sku = "SKU-1".to_owned();
    let refusal = refusal(reserver.reserve(&corrected, &budget()).await.unwrap_err());
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::FingerprintConflict, "$.lines"));
}

async fn a_currency_that_is_not_set_up_is_refused(partner: &Partner) {
    let (reserver, mut order) = (reserver(partner), order(&[("SKU-1", 1)]));
    order.currency = Currency::parse("ISK").unwrap();
    order.lines[0].unit_price.currency = order.currency;
    let refusal = refusal(reserver.reserve(&order, &budget()).await.unwrap_err());
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::CurrencyUnsupported, "$.currency"));
}

async fn a_country_that_is_not_set_up_is_refused(partner: &Partner) {
    let (reserver, mut order) = (reserver(partner), order(&[("SKU-1", 1)]));
    order.ship_to.country = "AQ".to_owned();
    order.ship_to.region = None;
    let refusal = refusal(reserver.reserve(&order, &budget()).await.unwrap_err());
    assert_eq!((refusal.code, refusal.path.as_str()), (Code::ValueUnknown, "$.ship_to.country"));
}

async fn a_wrong_key_keeps_the_message(partner: &Partner) {
    let reserver = reserver(&Partner { api_key: "not-the-key".to_owned(), ..partner.clone() });
    let error = reserver.reserve(&order(&[("SKU-1", 1)]), &budget()).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Code::CredentialsRefused, Effect::Absent));
    assert!(matches!(error, CallError::NotNow { .. }));
}

async fn orders_of_one_new_customer_at_the_same_time_share_the_party(partner: &Partner) {
    let (reserver, first) = (reserver(partner), order(&[("SKU-1", 1)]));
    let mut second = first.clone();
    second.id = "1002".to_owned();
    let budget = budget();
    let (one, other) = tokio::join!(reserver.reserve(&first, &budget), reserver.reserve(&second, &budget));
    // A busy database may ask one of them to come again; it goes on where it was.
    let one = settled(&reserver, &first, one).await;
    let other = settled(&reserver, &second, other).await;
    assert_ne!(one, other);
}

async fn settled(
    reserver: &impl StockReserver,
    order: &transform::canonical::Order,
    result: Result<transform::canonical::Reservation, CallError>,
) -> String {
    match result {
        Ok(reserved) => reserved.shipment_id,
        Err(CallError::Refused(refusal)) => panic!("refused: {refusal:?}"),
        Err(_) => reserver.reserve(order, &budget()).await.unwrap().shipment_id,
    }
}

fn refusal(error: CallError) -> outbound::Refusal {
    match error {
        CallError::Refused(refusal) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}
