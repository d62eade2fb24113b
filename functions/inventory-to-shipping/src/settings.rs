use gate::GateConfig;
use outbound::TargetConfig;
use receiver::ReceiverSettings;
use settings::{Problem, Settings, SettingsError};
use transform::canonical::Address;

/// What the function is told by its environment.
#[derive(Debug)]
pub struct InventoryToShippingSettings {
    pub receiver: ReceiverSettings,
    pub karrio: TargetConfig,
    pub karrio_gate: GateConfig,
    pub karrio_secret_arn: String,
    /// The carrier service to buy: `standard_service`.
    pub karrio_service: String,
    /// The warehouse: a JSON object with the fields of [`Address`].
    pub ship_from: Address,
}

impl InventoryToShippingSettings {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        let ship_from = settings.parsed("SHIP_FROM", |text| {
            serde_json::from_str::<Address>(text).map_err(|error| {
                // serde's own message would quote the address.
                let problem =
                    format!("not a JSON address (line {}, column {})", error.line(), error.column());
                vec![Problem::whole(problem)]
            })
        });
        let receiver = ReceiverSettings::read(&mut settings);
        let karrio = TargetConfig::read(&mut settings, "karrio", "KARRIO_URL");
        let karrio_gate = GateConfig::read(&mut settings, "karrio");
        let karrio_secret_arn = settings.required("KARRIO_SECRET_ARN");
        let karrio_service = settings.required("KARRIO_SERVICE");
        settings.finish(ship_from.map(|ship_from| Self {
            receiver,
            karrio,
            karrio_gate,
            karrio_secret_arn,
            karrio_service,
            ship_from,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "SHIP_FROM" => {
                r#"{"name": "Warehouse", "line1": "Dock 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}"#
            }
            "LEDGER_TABLE"
            | "QUEUE_URL"
            | "DEAD_LETTER_QUEUE_URL"
            | "KARRIO_SECRET_ARN"
            | "KARRIO_SERVICE" => "x",
            "KARRIO_URL" => "http://127.0.0.1",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_complete_environment_is_accepted() {
        assert_eq!(InventoryToShippingSettings::read(&complete).unwrap().ship_from.country, "DE");
    }

    #[test]
    fn every_missing_setting_is_listed_at_once() {
        let error = InventoryToShippingSettings::read(&|_| None).unwrap_err();
        assert_eq!(error.problems.len(), 7, "{error}");
        assert_eq!(error.problems[0], "SHIP_FROM: missing");
    }

    #[test]
    fn a_broken_address_is_named_without_its_text() {
        let lookup = |name: &str| match name {
            "SHIP_FROM" => Some(r#"{"name": "canary""#.to_owned()),
            _ => complete(name),
        };
        let error = InventoryToShippingSettings::read(&lookup).unwrap_err().to_string();
        assert!(error.contains("SHIP_FROM: not a JSON address") && !error.contains("canary"), "{error}");
    }
}
