//! What Vendure is asked and answers, as far as we read it. An order goes on as it came: it is read where its webhook is.

use outbound::{CallError, ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::errors::no_credential;

/// Orders in the members and the order of members in which the plugin posts them.
pub(crate) const ORDERS: &str = include_str!("orders.graphql");
const LOGIN: &str = include_str!("login.graphql");

#[derive(Serialize)]
pub(crate) struct Query<V> {
    pub(crate) query: &'static str,
    pub(crate) variables: V,
}

/// Whatever went wrong, the answer is a 200.
#[derive(Deserialize)]
pub(crate) struct Answer<T> {
    pub(crate) data: Option<T>,
    #[serde(default)]
    pub(crate) errors: Vec<Problem>,
}

/// Its message is not passed on.
#[derive(Deserialize)]
pub(crate) struct Problem {
    pub(crate) extensions: Option<Extensions>,
}

#[derive(Deserialize)]
pub(crate) struct Extensions {
    pub(crate) code: Option<String>,
}

/// What the secret holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Login {
    username: String,
    password: String,
}

impl Login {
    pub(crate) fn of(secret: &SecretString) -> Result<Query<Self>, CallError> {
        let variables = serde_json::from_str(secret.expose_secret()).map_err(|_| no_credential())?;
        Ok(Query { query: LOGIN, variables })
    }
}

#[derive(Deserialize)]
pub(crate) struct LoggedIn {
    pub(crate) login: LoginResult,
}

#[derive(Deserialize)]
pub(crate) struct LoginResult {
    /// Of a login that was refused.
    #[serde(rename = "errorCode")]
    pub(crate) error: Option<String>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Place {
    pub(crate) from: String,
    pub(crate) until: String,
    pub(crate) skip: usize,
    pub(crate) take: usize,
}

#[derive(Deserialize)]
pub(crate) struct Found {
    pub(crate) orders: Orders,
}

#[derive(Deserialize)]
pub(crate) struct Orders {
    pub(crate) items: Vec<Box<RawValue>>,
}

/// Of an order.
#[derive(Deserialize)]
pub(crate) struct Placed {
    pub(crate) code: String,
    /// To the letter, as it goes on.
    #[serde(rename = "orderPlacedAt")]
    pub(crate) at: String,
}

/// What the plugin posts: `vendure.order@1`.
#[derive(Serialize)]
pub(crate) struct OrderPlaced<'o> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) timestamp: &'o str,
    pub(crate) data: &'o RawValue,
}
