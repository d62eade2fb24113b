use gate::GateConfig;
use outbound::TargetConfig;
use receiver::ReceiverSettings;
use settings::{Problem, Settings, SettingsError};
use transform::canonical::Currency;

/// What the function is told by its environment.
#[derive(Debug)]
pub struct CrmToErpSettings {
    pub receiver: ReceiverSettings,
    /// Base URL with the database: `https://tryton.example.com/erp`.
    pub tryton: TargetConfig,
    pub tryton_gate: GateConfig,
    pub tryton_secret_arn: String,
    pub tryton_company_id: i64,
    /// Code of the product that a deal is sold as: a service.
    pub deal_product: String,
    /// Of deals that say none; without it those are refused.
    pub deal_currency: Option<Currency>,
}

impl CrmToErpSettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let deal_currency = match lookup("DEAL_CURRENCY").filter(|text| !text.trim().is_empty()) {
            None => Some(None),
            Some(_) => settings
                .parsed("DEAL_CURRENCY", |text| {
                    Currency::parse(text.trim()).map_err(|error| vec![Problem::whole(error.to_string())])
                })
                .map(Some),
        };
        let receiver = ReceiverSettings::read(&mut settings);
        let tryton = TargetConfig::read(&mut settings, "tryton", "TRYTON_URL");
        let tryton_gate = GateConfig::read(&mut settings, "tryton");
        let tryton_secret_arn = settings.required("TRYTON_SECRET_ARN");
        let tryton_company_id = settings.number("TRYTON_COMPANY_ID", 1, 1..=i64::MAX);
        let deal_product = settings.required("DEAL_PRODUCT");
        settings.finish(deal_currency.map(|deal_currency| Self {
            receiver,
            tryton,
            tryton_gate,
            tryton_secret_arn,
            tryton_company_id,
            deal_product,
            deal_currency,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "LEDGER_TABLE" | "QUEUE_URL" | "DEAD_LETTER_QUEUE_URL" | "TRYTON_SECRET_ARN" | "DEAL_PRODUCT" => {
                "x"
            }
            "TRYTON_URL" => "http://127.0.0.1/erp",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_currency_is_read_where_there_is_one_and_may_be_left_empty() {
        for (currency, read) in [(None, None), (Some(""), None), (Some("EUR"), Some("EUR"))] {
            let lookup = |name: &str| match name {
                "DEAL_CURRENCY" => currency.map(str::to_owned),
                _ => complete(name),
            };
            let settings = CrmToErpSettings::read(&lookup).unwrap();
            assert_eq!(settings.deal_currency.as_ref().map(Currency::as_str), read);
        }
        let lookup =
            |name: &str| if name == "DEAL_CURRENCY" { Some("euro".to_owned()) } else { complete(name) };
        let error = CrmToErpSettings::read(&lookup).unwrap_err();
        assert_eq!(error.problems, ["DEAL_CURRENCY: expected a currency of three capital letters"]);
    }

    #[test]
    fn every_missing_setting_is_listed_at_once() {
        let error = CrmToErpSettings::read(&|_| None).unwrap_err();
        assert_eq!(
            error.problems,
            [
                "LEDGER_TABLE: missing",
                "QUEUE_URL: missing",
                "DEAD_LETTER_QUEUE_URL: missing",
                "TRYTON_URL: missing",
                "TRYTON_SECRET_ARN: missing",
                "DEAL_PRODUCT: missing"
            ]
        );
    }
}
