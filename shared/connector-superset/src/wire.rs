//! What is sent to Superset and what it answers, as far as we read it.

use outbound::{CallError, ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::errors::no_credential;

/// What the mapping `superset-refresh` makes.
#[derive(Deserialize)]
pub(crate) struct SupersetRefresh {
    pub(crate) datasets: Vec<SupersetDataset>,
}

#[derive(Deserialize)]
pub(crate) struct SupersetDataset {
    pub(crate) dataset_id: i64,
    /// Bodies of `PUT /api/v1/chart/warm_up_cache`: what the mapping makes more of one is sent as it stands.
    pub(crate) charts: Vec<Value>,
}

impl SupersetDataset {
    /// `7/12`: what a chart's warm-up is known by once it is done.
    pub(crate) fn step_of(&self, chart: &Value) -> String {
        let chart_id = chart.get("chart_id").map(Value::to_string).unwrap_or_default();
        format!("{}/{chart_id}", self.dataset_id)
    }
}

/// The secret: who we are to Superset.
#[derive(Deserialize)]
struct User {
    username: String,
    password: String,
    /// `db` for users of Superset's own, `ldap`.
    #[serde(default)]
    provider: Option<String>,
}

/// `POST /api/v1/security/login`.
#[derive(Serialize)]
pub(crate) struct Login {
    username: String,
    password: String,
    provider: String,
    refresh: bool,
}

impl Login {
    /// A secret that is not of this form is no credential: nothing is sent.
    pub(crate) fn of(secret: &SecretString) -> Result<Self, CallError> {
        let user: User = serde_json::from_str(secret.expose_secret()).map_err(|_| no_credential())?;
        let provider = user.provider.unwrap_or_else(|| "db".to_owned());
        Ok(Self { username: user.username, password: user.password, provider, refresh: false })
    }
}

#[derive(Deserialize)]
pub(crate) struct LoggedIn {
    pub(crate) access_token: String,
}

/// `GET /api/v1/security/csrf_token/`.
#[derive(Deserialize)]
pub(crate) struct CsrfToken {
    pub(crate) result: String,
}

/// `PUT /api/v1/chart/warm_up_cache`: 200 whatever became of the charts.
#[derive(Deserialize)]
pub(crate) struct WarmedUp {
    pub(crate) result: Vec<WarmedChart>,
}

#[derive(Deserialize)]
pub(crate) struct WarmedChart {
    /// A text or a list of errors, which quote the warehouse; null where all went well.
    #[serde(default)]
    viz_error: Value,
    /// `success`; null where the query could not even be made.
    #[serde(default)]
    viz_status: Option<String>,
}

impl WarmedUp {
    /// Whether each chart's cache is filled. `None` where the answer tells of no chart.
    pub(crate) fn is_warm(&self) -> Option<bool> {
        let warm =
            |chart: &WarmedChart| chart.viz_error.is_null() && chart.viz_status.as_deref() == Some("success");
        (!self.result.is_empty()).then(|| self.result.iter().all(warm))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn warm(result: Value) -> Option<bool> {
        serde_json::from_value::<WarmedUp>(json!({ "result": result })).unwrap().is_warm()
    }

    #[test]
    fn errors_inside_a_200_are_seen() {
        let good = json!({"chart_id": 1, "viz_error": null, "viz_status": "success"});
        assert_eq!(warm(json!([good])), Some(true));
        for bad in [
            json!({"chart_id": 1, "viz_error": "Chart's query context does not exist", "viz_status": null}),
            json!({"chart_id": 1, "viz_error": [{"message": "no such column"}], "viz_status": "success"}),
            json!({"chart_id": 1, "viz_error": null, "viz_status": "timed_out"}),
            json!({"chart_id": 1}),
        ] {
            assert_eq!(warm(json!([good, bad])), Some(false), "{bad}");
        }
        assert_eq!(warm(json!([])), None);
    }

    #[test]
    fn a_secret_is_a_user_with_its_password() {
        let login = |text: &str| Login::of(&text.into()).map(|login| serde_json::to_value(login).unwrap());
        let expected = json!({"username": "spillway", "password": "p", "provider": "db", "refresh": false});
        assert_eq!(login(r#"{"username": "spillway", "password": "p"}"#), Ok(expected));
        let ldap = login(r#"{"username": "spillway", "password": "p", "provider": "ldap"}"#).unwrap();
        assert_eq!(ldap["provider"], "ldap");
        for wrong in ["", "p", r#"{"username": "spillway"}"#] {
            assert_eq!(login(wrong), Err(no_credential()), "{wrong}");
        }
    }
}
