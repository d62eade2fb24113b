use gate::GateConfig;
use outbound::TargetConfig;
use receiver::ReceiverSettings;
use settings::{Settings, SettingsError};

/// What the function is told by its environment.
#[derive(Debug)]
pub struct HubSpotEnricherSettings {
    pub receiver: ReceiverSettings,
    /// The queue of crm-to-erp.
    pub next_queue_url: String,
    /// `https://api.hubapi.com`.
    pub hubspot: TargetConfig,
    pub hubspot_gate: GateConfig,
    /// Of the private app's access token.
    pub hubspot_secret_arn: String,
}

impl HubSpotEnricherSettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let read = Self {
            receiver: ReceiverSettings::read(&mut settings),
            next_queue_url: settings.required("NEXT_QUEUE_URL"),
            hubspot: TargetConfig::read(&mut settings, "hubspot", "HUBSPOT_URL"),
            hubspot_gate: GateConfig::read(&mut settings, "hubspot"),
            hubspot_secret_arn: settings.required("HUBSPOT_SECRET_ARN"),
        };
        settings.finish(Some(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_setting_is_listed_at_once() {
        let error = HubSpotEnricherSettings::read(&|_| None).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "LEDGER_TABLE: missing",
                "QUEUE_URL: missing",
                "DEAD_LETTER_QUEUE_URL: missing",
                "NEXT_QUEUE_URL: missing",
                "HUBSPOT_URL: missing",
                "HUBSPOT_SECRET_ARN: missing"
            ]
        );
    }
}
