use ::settings::{Settings, SettingsError};

/// What the function is told by its environment. What it watches, its event says.
#[derive(Clone, Debug)]
pub struct WatchdogSettings {
    pub ledger_table: String,
    /// Where sources post to, without `/webhooks`.
    pub api_url: String,
    pub canary_secret_arn: String,
    /// Of dead letters.
    pub archive_bucket: String,
    /// Its own, which Lambda says: who archives, for the audit.
    pub function_name: String,
}

impl WatchdogSettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let read = Self {
            ledger_table: settings.required("LEDGER_TABLE"),
            api_url: settings.required("API_URL").trim_end_matches('/').to_owned(),
            canary_secret_arn: settings.required("CANARY_SECRET_ARN"),
            archive_bucket: settings.required("ARCHIVE_BUCKET"),
            function_name: settings.required("AWS_LAMBDA_FUNCTION_NAME"),
        };
        settings.finish(Some(read))
    }
}
