//! Limits of AWS that a deployment meets, and no template shows: what flows are added to grows until one more is refused.

use alarms::{Application, Resource};

use super::{FUNCTION, environment, named};

/// Of all variables of a function (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const ENVIRONMENT: usize = 4_096;
/// Of all inline policies of a role, without white space (docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const INLINE_POLICIES: usize = 10_240;
/// What a target of a rule is told (docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html).
const INPUT: usize = 8_192;
/// So much longer are the ARN and the name that CloudFormation gives a secret than what stands for them here: region, account, two suffixes.
const LONGER_SECRET: usize = 70;
/// The same of what bears the stack's name, which may well be of twenty letters and in a region of fourteen.
const LONGER_NAME: usize = 24;

/// As long as it is deployed.
fn length(application: &Application, text: &str) -> usize {
    let secrets = application.of_kind("AWS::SecretsManager::Secret");
    let secrets: usize =
        secrets.map(|secret| text.matches(&format!("{}.Id", secret.reference)).count()).sum();
    let names = text.matches("shop-").count().saturating_sub(secrets);
    text.len() + secrets * LONGER_SECRET + names * LONGER_NAME
}

pub(super) fn are_kept(application: &Application) -> Vec<String> {
    let mut broken = Vec::new();
    let mut holds = |what: &Resource, name: &str, length: usize, most: usize| {
        if length > most {
            broken.push(format!("{}: {name} of about {length}, and AWS takes {most}", named(what)));
        }
    };
    for function in application.of_kind(FUNCTION) {
        let variables = environment(function);
        let all: Vec<_> = variables.iter().map(|(name, value)| format!("{name}{value}")).collect();
        holds(function, "an environment", length(application, &all.concat()), ENVIRONMENT);
    }
    for role in application.of_kind("AWS::IAM::Role") {
        let own = role.properties["Policies"].to_string();
        let beside = application.of_kind("AWS::IAM::Policy");
        let beside = beside
            .filter(|policy| super::texts(&policy.properties["Roles"]).contains(&role.reference.as_str()));
        let all = beside.fold(own, |all, policy| all + &policy.properties["PolicyDocument"].to_string());
        holds(role, "inline policies", length(application, &all), INLINE_POLICIES);
    }
    for rule in application.of_kind("AWS::Events::Rule") {
        for target in rule.properties["Targets"].as_array().into_iter().flatten() {
            let input = target["Input"].as_str().unwrap_or_default();
            holds(rule, "an input", length(application, input), INPUT);
        }
    }
    broken
}
