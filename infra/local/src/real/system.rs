use std::any::Any;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::real::bottlecrm::{self, RealBottleCrm};
use crate::real::karrio::{self, RealKarrio};
use crate::real::localstripe::{self, RealLocalStripe};
use crate::real::postgres::{self, RealPostgres};
use crate::real::redmine::{self, RealRedmine};
use crate::real::superset::{self, RealSuperset};
use crate::real::tryton::{self, RealTryton};
use crate::real::vendure::{self, RealVendure, Webhook};
use crate::tools::Tools;

/// All real systems, for those who treat them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    LocalStripe,
    Postgres,
    Redmine,
    Superset,
    Tryton,
    Vendure,
    Karrio,
    BottleCrm,
}

/// What somebody needs to call a system that runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    pub url: String,
    /// Throwaway ones, good for this machine only.
    pub credentials: Vec<(String, String)>,
    pub health: Health,
}

/// A request that a system answers with 2xx while it is well.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Health {
    pub url: String,
    pub authorization: String,
}

/// What a system may be told when it is started.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// For Superset: where its warehouse is.
    pub warehouse: Option<String>,
    /// For Vendure: where its webhooks go, and their secret.
    pub webhook: Option<(String, String)>,
}

impl System {
    /// What others stand on comes first; then those that are prepared fastest.
    pub const ALL: [Self; 8] = [
        Self::LocalStripe,
        Self::Postgres,
        Self::Redmine,
        Self::Superset,
        Self::Tryton,
        Self::Vendure,
        Self::Karrio,
        Self::BottleCrm,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::LocalStripe => "localstripe",
            Self::Postgres => "postgres",
            Self::Redmine => "redmine",
            Self::Superset => "superset",
            Self::Tryton => "tryton",
            Self::Vendure => "vendure",
            Self::Karrio => "karrio",
            Self::BottleCrm => "bottlecrm",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.name() == name)
    }

    /// Installs it and makes its database, once.
    pub async fn prepare(self, tools: &Tools) -> Result<()> {
        match self {
            Self::LocalStripe => localstripe::prepare(tools).await,
            Self::Postgres => postgres::prepare(tools).await,
            Self::Redmine => redmine::prepare(tools).await,
            Self::Superset => superset::prepare(tools).await,
            Self::Tryton => tryton::prepare(tools).await,
            Self::Vendure => vendure::prepare(tools).await,
            Self::Karrio => karrio::prepare(tools).await,
            Self::BottleCrm => bottlecrm::prepare(tools).await,
        }
        .map(drop)
    }

    /// Starts it; it ends with the value that comes beside the facts.
    pub async fn up(self, tools: &Tools, wishes: &Wishes) -> Result<(Box<dyn Any>, Facts)> {
        Ok(match self {
            Self::LocalStripe => {
                let real = RealLocalStripe::up(tools).await?;
                let key = localstripe::API_KEY;
                let facts = facts(&real.base_url, "/v1/customers", &format!("Bearer {key}"), &[("key", key)]);
                (Box::new(real), facts)
            }
            Self::Postgres => {
                let real = RealPostgres::up(tools).await?;
                let facts = facts(&real.url(), "", "", &[]);
                (Box::new(real), facts)
            }
            Self::Redmine => {
                let real = RealRedmine::up(tools).await?;
                let facts = facts(&real.base_url, "/login", "", &[("API key", &real.desk.api_key)]);
                (Box::new(real), facts)
            }
            Self::Superset => {
                let warehouse = wishes.warehouse.as_deref().unwrap_or_default();
                let real = RealSuperset::up(tools, warehouse).await?;
                let login = [("user", superset::USER), ("password", superset::PASSWORD)];
                let facts = facts(&real.base_url, "/health", "", &login);
                (Box::new(real), facts)
            }
            Self::Tryton => {
                let real = RealTryton::up(tools).await?;
                let partner = real.partner();
                let (key, path) = (&partner.api_key, "/rest/model/currency.currency");
                let facts = facts(&partner.url, path, &format!("bearer {key}"), &[("API key", key)]);
                (Box::new(real), facts)
            }
            Self::Vendure => {
                let webhook = wishes.webhook.as_ref().map(|(url, secret)| Webhook { url, secret });
                let real = RealVendure::up(tools, webhook).await?;
                let login = [("user", vendure::USER), ("password", vendure::PASSWORD)];
                let facts = facts(&real.base_url, "/health", "", &login);
                (Box::new(real), facts)
            }
            Self::Karrio => {
                let real = RealKarrio::up(tools).await?;
                let facts = facts(&real.base_url, "/v1/references", "", &[("token", &real.token)]);
                (Box::new(real), facts)
            }
            Self::BottleCrm => {
                let real = RealBottleCrm::up(tools).await?;
                let token = &real.token;
                let bearer = format!("Bearer {token}");
                let facts = facts(&real.base_url, "/api/accounts/", &bearer, &[("token", token)]);
                (Box::new(real), facts)
            }
        })
    }
}

fn facts(url: &str, health: &str, authorization: &str, credentials: &[(&str, &str)]) -> Facts {
    Facts {
        url: url.to_owned(),
        credentials: credentials
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        health: Health { url: format!("{url}{health}"), authorization: authorization.to_owned() },
    }
}
