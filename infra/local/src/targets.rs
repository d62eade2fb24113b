use serde_json::Value;

use crate::sandbox::{API_KEY, Sandbox};

/// Which dashboards of the sandbox the local warehouse's jobs feed.
const DATASET_GROUPS: &str = r#"{"sales": {"jobs": ["dbt-cloud/1/123", "standard-webhooks/warehouse/nightly-sales"], "datasets": [{"id": 1, "charts": [1, 2]}, {"id": 2, "charts": [3]}]}}"#;

/// Where a partner system is, and our key to it.
#[derive(Clone, Debug)]
pub struct Partner {
    pub url: String,
    pub api_key: String,
}

/// What the deployed functions call: the sandbox, but for the systems that are named here.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    tryton: Option<Partner>,
    karrio: Option<Partner>,
    /// With the ids of its project, statuses and fields.
    redmine: Option<(Partner, Value)>,
    /// With the groups of its datasets.
    superset: Option<(Partner, Value)>,
}

impl Targets {
    /// Inventory system and ERP.
    #[must_use]
    pub fn tryton(mut self, partner: Partner) -> Self {
        self.tryton = Some(partner);
        self
    }

    #[must_use]
    pub fn karrio(mut self, partner: Partner) -> Self {
        self.karrio = Some(partner);
        self
    }

    #[must_use]
    pub fn redmine(mut self, partner: Partner, desk: Value) -> Self {
        self.redmine = Some((partner, desk));
        self
    }

    /// `partner`'s key is our user, as the secret holds it.
    #[must_use]
    pub fn superset(mut self, partner: Partner, groups: Value) -> Self {
        self.superset = Some((partner, groups));
        self
    }

    pub(crate) fn on(self, sandbox: &Sandbox) -> Named {
        let double = |url: String| Partner { url, api_key: API_KEY.to_owned() };
        let desk = || (double(sandbox.redmine_url()), Sandbox::desk_settings());
        let (redmine, desk) = self.redmine.unwrap_or_else(desk);
        let (superset, groups) = match self.superset {
            Some((partner, groups)) => (partner, groups.to_string()),
            None => {
                let partner = Partner { url: sandbox.superset_url(), api_key: Sandbox::superset_secret() };
                (partner, DATASET_GROUPS.to_owned())
            }
        };
        Named {
            tryton: self.tryton.unwrap_or_else(|| double(sandbox.tryton_url())),
            karrio: self.karrio.unwrap_or_else(|| double(sandbox.karrio_url())),
            redmine,
            desk: desk.to_string(),
            superset,
            groups,
        }
    }
}

/// Every target, real or not.
pub(crate) struct Named {
    pub(crate) tryton: Partner,
    pub(crate) karrio: Partner,
    pub(crate) redmine: Partner,
    pub(crate) desk: String,
    pub(crate) superset: Partner,
    pub(crate) groups: String,
}
