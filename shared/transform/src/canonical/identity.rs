/// Members of a canonical form by which a flow's ledger knows what is asked for: where one of them is another, it is another operation.
/// `entity`: a contract's, without its version.
pub fn identity(entity: &str) -> Option<&'static [&'static str]> {
    Some(match entity {
        "canonical.order" => &["shop", "id"],
        "canonical.reservation" => &["reference", "shop", "order_id"],
        "canonical.payment-event" => &["account", "payment", "kind", "refund", "dispute"],
        "canonical.account" | "canonical.contact" | "canonical.deal" => &["source", "org", "id"],
        "canonical.record-change" => &["source", "org", "object", "id"],
        "canonical.load-finished" => &["source", "job"],
        "canonical.refresh" => &["group"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn every_canonical_form_says_what_an_operation_is_known_by() {
        let documents = Catalog::built_in().unwrap().contracts().documents().unwrap();
        let canonical = documents.values().filter_map(|document| {
            let id = document["$id"].as_str()?.strip_prefix("spillway:")?;
            id.starts_with("canonical.").then_some((id.split('@').next()?, document))
        });
        let mut seen = 0;
        for (entity, document) in canonical {
            let members = identity(entity).unwrap_or_else(|| panic!("{entity} has no identity"));
            for member in members {
                assert!(document["properties"][member].is_object(), "{entity} has no {member}");
            }
            seen += 1;
        }
        assert!(seen >= 9, "{seen}");
    }
}
