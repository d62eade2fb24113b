use std::time::Duration;

use gate::GateConfig;
use outbound::TargetConfig;
use receiver::ReceiverSettings;
use settings::{Settings, SettingsError};

use crate::{DatasetGroups, Window};

/// What the function is told by its environment.
#[derive(Debug)]
pub struct WarehouseToBiSettings {
    pub receiver: ReceiverSettings,
    pub superset: TargetConfig,
    pub superset_gate: GateConfig,
    /// A JSON object: `username`, `password`, and `provider` where it is not `db`.
    pub superset_secret_arn: String,
    pub groups: DatasetGroups,
    pub window: Window,
}

impl WarehouseToBiSettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let groups = settings.parsed("DATASET_GROUPS", DatasetGroups::parse);
        let receiver = ReceiverSettings::read(&mut settings);
        let superset = TargetConfig::read(&mut settings, "superset", "SUPERSET_URL");
        let superset_gate = GateConfig::read(&mut settings, "superset");
        let superset_secret_arn = settings.required("SUPERSET_SECRET_ARN");
        // An hour: a dashboard that is older than that needs no window, but a schedule.
        let window = Duration::from_secs(settings.number("REFRESH_WINDOW_SECONDS", 60, 1..=3_600));
        settings.finish(groups.map(|groups| Self {
            receiver,
            superset,
            superset_gate,
            superset_secret_arn,
            groups,
            window: Window::of(window),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "DATASET_GROUPS" => r#"{"sales": {"jobs": ["dbt-cloud/1/123"], "datasets": [{"id": 7}]}}"#,
            "LEDGER_TABLE" | "QUEUE_URL" | "DEAD_LETTER_QUEUE_URL" | "SUPERSET_SECRET_ARN" => "x",
            "SUPERSET_URL" => "http://127.0.0.1",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_complete_environment_is_accepted() {
        let settings = WarehouseToBiSettings::read(&complete).unwrap();
        assert!(settings.groups.fed_by("dbt-cloud/1/123").is_some());
        assert_eq!(settings.window, Window::of(Duration::from_secs(60)));
    }

    #[test]
    fn every_missing_setting_is_listed_at_once() {
        let error = WarehouseToBiSettings::read(&|_| None).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "DATASET_GROUPS: missing",
                "LEDGER_TABLE: missing",
                "QUEUE_URL: missing",
                "DEAD_LETTER_QUEUE_URL: missing",
                "SUPERSET_URL: missing",
                "SUPERSET_SECRET_ARN: missing"
            ]
        );
    }

    #[test]
    fn each_problem_of_the_groups_is_told_beside_the_others() {
        let lookup = |name: &str| match name {
            "DATASET_GROUPS" => Some(r#"{"sales": {"jobs": ["x"], "datasets": []}}"#.to_owned()),
            "REFRESH_WINDOW_SECONDS" => Some("0".to_owned()),
            _ => complete(name),
        };
        let error = WarehouseToBiSettings::read(&lookup).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "DATASET_GROUPS.sales.jobs[0]: must be <source>/<account>/<job>, such as dbt-cloud/1/123",
                "DATASET_GROUPS.sales.datasets: must be an array of at least one dataset",
                "REFRESH_WINDOW_SECONDS: a whole number from 1 to 3600"
            ]
        );
    }
}
