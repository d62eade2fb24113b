//! Loads of the warehouse and the refresh that follows: types and contracts say the same.

use proptest::prelude::*;
use serde_json::Value;
use transform::canonical::{DatasetRefresh, LoadFinished, LoadStatus, Refresh};
use transform::cases::validators;
use transform::{Catalog, Translator};

fn load() -> impl Strategy<Value = LoadFinished> {
    let status = prop::sample::select(vec![LoadStatus::Succeeded, LoadStatus::Failed, LoadStatus::Cancelled]);
    let of = ("[a-z-]{1,9}/[a-z0-9]{1,9}", "[a-zA-Z0-9/ ]{0,8}[a-z0-9]", status);
    (of, 0..=4_000_000_000_i64, prop::option::of(0..=9_223_372_036_854_775_807_u64)).prop_map(
        |((source, job, status), finished_at, rows)| LoadFinished {
            source,
            job,
            status,
            finished_at: jiff::Timestamp::from_second(finished_at).unwrap(),
            rows,
        },
    )
}

fn refresh() -> impl Strategy<Value = Refresh> {
    let id = || (1..=i64::MAX).prop_map(|id| id.to_string());
    let dataset =
        (id(), prop::collection::vec(id(), 0..4)).prop_map(|(id, charts)| DatasetRefresh { id, charts });
    ("[a-z0-9-]{1,64}", prop::collection::vec(dataset, 1..4))
        .prop_map(|(group, datasets)| Refresh { group, datasets })
}

#[test]
fn loads_and_refreshes_keep_their_contracts() {
    let mut validators = validators(Catalog::built_in().unwrap()).unwrap();
    let [finished, canonical, superset] =
        ["canonical.load-finished@1", "canonical.refresh@1", "superset.refresh@6.1"]
            .map(|id| validators.remove(id).unwrap());
    let mapping = Translator::built_in("superset-refresh", &Value::Null).unwrap();
    proptest!(|(load in load(), refresh in refresh())| {
        prop_assert!(finished.is_valid(&serde_json::to_value(&load).unwrap()));
        prop_assert!(canonical.is_valid(&serde_json::to_value(&refresh).unwrap()));
        let body = mapping.encode_json(&refresh).unwrap();
        prop_assert!(superset.is_valid(&body), "{body}");
        let ids = |of: &Value| of.as_i64().map(|id| id.to_string());
        for (dataset, made) in refresh.datasets.iter().zip(body["datasets"].as_array().unwrap()) {
            prop_assert_eq!(ids(&made["dataset_id"]), Some(dataset.id.clone()));
            let charts: Vec<_> =
                made["charts"].as_array().unwrap().iter().filter_map(|chart| ids(&chart["chart_id"])).collect();
            prop_assert_eq!(&charts, &dataset.charts);
        }
    });
}
