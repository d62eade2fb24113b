use connector_redmine::DeskSettings;
use connector_stripe::Accounts;
use gate::GateConfig;
use outbound::TargetConfig;
use receiver::ReceiverSettings;
use settings::{Problem, Settings, SettingsError};

/// What the function is told by its environment.
#[derive(Debug)]
pub struct PaymentsToOperationsSettings {
    pub receiver: ReceiverSettings,
    pub redmine: TargetConfig,
    pub redmine_gate: GateConfig,
    pub redmine_secret_arn: String,
    /// The desk's own ids: a JSON object with the fields of [`DeskSettings`].
    pub redmine_desk: DeskSettings,
    pub accounts: Accounts,
}

impl PaymentsToOperationsSettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let redmine_desk = settings.parsed("REDMINE_DESK", |text| {
            serde_json::from_str::<DeskSettings>(text).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                let problem = format!("not a JSON object with the desk's ids (line {line}, column {column})");
                vec![Problem::whole(problem)]
            })
        });
        let accounts = settings.parsed("STRIPE_ACCOUNTS", Accounts::parse);
        let receiver = ReceiverSettings::read(&mut settings);
        let redmine = TargetConfig::read(&mut settings, "redmine", "REDMINE_URL");
        let redmine_gate = GateConfig::read(&mut settings, "redmine");
        let redmine_secret_arn = settings.required("REDMINE_SECRET_ARN");
        settings.finish(redmine_desk.zip(accounts).map(|(redmine_desk, accounts)| Self {
            receiver,
            redmine,
            redmine_gate,
            redmine_secret_arn,
            redmine_desk,
            accounts,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "REDMINE_DESK" => {
                r#"{"project": "operations", "tracker": 3, "new_status": 1, "closed_status": 5, "reference_field": 1, "amount_field": 2, "currency_field": 3}"#
            }
            "LEDGER_TABLE" | "QUEUE_URL" | "DEAD_LETTER_QUEUE_URL" | "REDMINE_SECRET_ARN" => "x",
            "STRIPE_ACCOUNTS" => r#"{"stripe": "acct_1"}"#,
            "REDMINE_URL" => "http://127.0.0.1",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_complete_environment_is_accepted() {
        let settings = PaymentsToOperationsSettings::read(&complete).unwrap();
        assert_eq!((settings.redmine_desk.tracker, settings.redmine_desk.closed_status), (3, 5));
    }

    #[test]
    fn every_missing_setting_is_listed_at_once() {
        let error = PaymentsToOperationsSettings::read(&|_| None).unwrap_err();
        assert_eq!(error.problems.len(), 7, "{error}");
        assert_eq!(error.problems[0], "REDMINE_DESK: missing");
    }

    #[test]
    fn a_desk_that_lacks_a_field_or_has_one_too_many_is_refused() {
        for desk in [r#"{"project": "operations"}"#, r#"{"project": 7}"#, "operations"] {
            let lookup =
                |name: &str| if name == "REDMINE_DESK" { Some(desk.to_owned()) } else { complete(name) };
            let error = PaymentsToOperationsSettings::read(&lookup).unwrap_err().to_string();
            assert!(error.contains("REDMINE_DESK: not a JSON object with the desk's ids"), "{error}");
        }
        let more = complete("REDMINE_DESK").unwrap().replace('}', r#", "priority": 2}"#);
        let lookup = |name: &str| if name == "REDMINE_DESK" { Some(more.clone()) } else { complete(name) };
        assert!(PaymentsToOperationsSettings::read(&lookup).is_err());
    }
}
