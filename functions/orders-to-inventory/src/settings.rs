use gate::GateConfig;
use outbound::TargetConfig;
use receiver::ReceiverSettings;
use settings::{Settings, SettingsError};

/// What the function is told by its environment.
#[derive(Debug)]
pub struct OrdersToInventorySettings {
    pub receiver: ReceiverSettings,
    /// The queue of the shipping flow.
    pub next_queue_url: String,
    /// Base URL with the database: `https://tryton.example.com/erp`.
    pub tryton: TargetConfig,
    pub tryton_gate: GateConfig,
    pub tryton_secret_arn: String,
    pub tryton_company_id: i64,
}

impl OrdersToInventorySettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let read = Self {
            receiver: ReceiverSettings::read(&mut settings),
            next_queue_url: settings.required("NEXT_QUEUE_URL"),
            tryton: TargetConfig::read(&mut settings, "tryton", "TRYTON_URL"),
            tryton_gate: GateConfig::read(&mut settings, "tryton"),
            tryton_secret_arn: settings.required("TRYTON_SECRET_ARN"),
            tryton_company_id: settings.number("TRYTON_COMPANY_ID", 1, 1..=i64::MAX),
        };
        settings.finish(Some(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_setting_is_listed_at_once() {
        let error = OrdersToInventorySettings::read(&|_| None).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "LEDGER_TABLE: missing",
                "QUEUE_URL: missing",
                "DEAD_LETTER_QUEUE_URL: missing",
                "NEXT_QUEUE_URL: missing",
                "TRYTON_URL: missing",
                "TRYTON_SECRET_ARN: missing"
            ]
        );
    }
}
