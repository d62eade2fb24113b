use ::settings::{Settings, SettingsError};

/// What the function is told by its environment. What it watches, its event says.
#[derive(Clone, Debug)]
pub struct WatchdogSettings {
    pub ledger_table: String,
    /// Where sources post to, without `/webhooks`.
    pub api_url: String,
    pub canary_secret_arn: String,
}

impl WatchdogSettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let read = Self {
            ledger_table: settings.required("LEDGER_TABLE"),
            api_url: settings.required("API_URL").trim_end_matches('/').to_owned(),
            canary_secret_arn: settings.required("CANARY_SECRET_ARN"),
        };
        settings.finish(Some(read))
    }
}
