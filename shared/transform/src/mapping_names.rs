//! The mappings by name and version, and the versions of a source that each accepts.
//!
//! A name is stamped on ledger items and dead letters, so that it is known which mapping refused a message. Its
//! version rises when the same input would give another output.

/// Shopify's order, as its webhooks carry it, to the canonical order.
pub const SHOPIFY_ORDER: &str = "shopify-order/1";
/// The canonical order to a sale in Tryton's words.
pub const TRYTON_SALE: &str = "tryton-sale/1";
/// Our own follow-on event to the canonical reservation.
pub const CANONICAL_RESERVATION: &str = "canonical-reservation/1";
/// The canonical reservation to a shipment in Karrio's words.
pub const KARRIO_SHIPMENT: &str = "karrio-shipment/1";

/// The versions of Shopify's API whose order payload [`SHOPIFY_ORDER`] reads, oldest first.
///
/// Shopify brings out a version a quarter and supports each for twelve months. What it has changed in order
/// webhooks since the oldest of these (`checkout_id` gone in 2026-04, `selling_plan_id` new in 2026-10) is nothing
/// that the mapping reads. 2025-10 is past its support, but messages of it may still be parked and redriven. A
/// subscription to a retired version is served the oldest supported one, so a version that is not here is news:
/// read its release notes, then add it.
pub const SHOPIFY_VERSIONS: &[&str] = &["2025-10", "2026-01", "2026-04", "2026-07", "2026-10"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_is_named_with_its_version() {
        for mapping in [SHOPIFY_ORDER, TRYTON_SALE, CANONICAL_RESERVATION, KARRIO_SHIPMENT] {
            let (name, version) = mapping.split_once('/').unwrap();
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{mapping}");
            assert!(version.parse::<u32>().is_ok_and(|version| version > 0), "{mapping}");
        }
    }

    #[test]
    fn shopify_versions_are_quarters_in_order_without_a_gap() {
        let quarters: Vec<u32> = SHOPIFY_VERSIONS
            .iter()
            .map(|version| {
                let (year, month) = version.split_once('-').unwrap();
                let month: u32 = month.parse().unwrap();
                assert!([1, 4, 7, 10].contains(&month), "{version}");
                year.parse::<u32>().unwrap() * 4 + month / 3
            })
            .collect();
        assert!(quarters.windows(2).all(|pair| pair[1] == pair[0] + 1), "{quarters:?}");
    }
}
