use alarms::Application;
use serde_json::Value;

use super::{FUNCTION, NO_ECHO, environment, named};

/// Words of a name whose value may be one.
const WORDS: [&str; 9] =
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "CREDENTIALS", "APIKEY", "KEY"];
/// How secrets of the systems that we know begin, and of AWS.
const BEGINNINGS: [&str; 11] = [
    "whsec_",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "shpss_",
    "shpat_",
    "pat-",
    "ghp_",
    "AKIA",
    "ASIA",
    "-----BEGIN",
];
/// CloudFormation puts the value there, for everybody who may read the function's configuration.
const RESOLVED: [&str; 2] = ["{{resolve:secretsmanager:", "{{resolve:ssm-secure:"];

pub(super) fn environments(application: &Application) -> Vec<String> {
    let secrets: Vec<_> = application
        .of_kind("AWS::SecretsManager::Secret")
        .flat_map(|secret| [format!("{}.Id", secret.reference), secret.reference.clone()])
        .collect();
    let mut broken = Vec::new();
    for function in application.of_kind(FUNCTION) {
        for (name, value) in environment(function) {
            let mut values = vec![(name.clone(), value.clone())];
            if let Ok(object @ Value::Object(_)) = serde_json::from_str(&value) {
                members(&name, &object, &mut values);
            }
            for (path, value) in values {
                let is_reference = secrets.contains(&value);
                if let Some(why) = (!is_reference).then(|| why(&path, &value)).flatten() {
                    broken.push(format!("{}: {path} {why}", named(function)));
                }
            }
        }
    }
    broken
}

fn members(at: &str, value: &Value, into: &mut Vec<(String, String)>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = format!("{at}.{name}");
        match value {
            Value::String(text) => into.push((path, text.clone())),
            value => members(&path, value, into),
        }
    }
}

fn why(path: &str, value: &str) -> Option<&'static str> {
    let last = path.rsplit('.').next().unwrap_or(path).to_uppercase();
    let is_named = last.split(['_', '-']).any(|word| WORDS.contains(&word));
    let user = value.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.split_once('@'));
    if value.contains(NO_ECHO) {
        Some("shows a parameter that nobody is to be shown")
    } else if RESOLVED.iter().any(|reference| value.contains(reference)) {
        Some("has the value of a secret")
    } else if BEGINNINGS.iter().any(|beginning| value.starts_with(beginning)) {
        Some("begins like a secret")
    } else if user.is_some_and(|(user, _)| user.contains(':')) {
        Some("is an address with a password")
    } else if is_named && !value.is_empty() {
        Some("is called a secret, and is no reference to one")
    } else {
        None
    }
}
