use message::Code;
use outbound::{CallError, Refusal};
use serde::Deserialize;

/// The body of a 422: sentences about fields. Redmine's own quote no value; those of its plugins may.
#[derive(Deserialize)]
struct ErrorBody {
    errors: Vec<String>,
}

/// More of them say nothing new.
const MOST_SENTENCES: usize = 3;

/// The fields that we write (config/locales/en.yml of Redmine), and what README.md calls those of our own.
const FIELDS: [&str; 11] = [
    "Project",
    "Tracker",
    "Status",
    "Subject",
    "Description",
    "Priority",
    "Notes",
    "Assignee",
    "Amount",
    "Currency",
    "External reference",
];
/// How Rails and Redmine word what is wrong with a field (activerecord.errors.messages in the same file).
const PROBLEMS: [&str; 13] = [
    "cannot be blank",
    "cannot be empty",
    "is not included in the list",
    "is reserved",
    "is invalid",
    "is too long",
    "is too short",
    "is the wrong length",
    "has already been taken",
    "is not a number",
    "is not a valid date",
    "must be greater than",
    "must be less than",
];

/// What a refusal of Redmine's turns out to mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    /// The issue is gone, or not for us to see.
    Gone,
    /// 422 without a reason: somebody else has changed the issue at the same time.
    Changed,
    Other,
}

pub(crate) fn meaning(refusal: &Refusal) -> Meaning {
    let no_reason = || sentences(refusal).is_some_and(|sentences| sentences.is_empty());
    match refusal.status {
        404 => Meaning::Gone,
        409 => Meaning::Changed,
        422 if no_reason() => Meaning::Changed,
        _ => Meaning::Other,
    }
}

/// Adds to the summary of a refusal which fields Redmine names, and what is wrong with them.
pub(crate) fn explain(error: CallError) -> CallError {
    let CallError::Refused(refusal) = error else { return error };
    let said = sentences(&refusal).unwrap_or_default();
    let said: Vec<_> = said.iter().filter_map(|it| told(it)).take(MOST_SENTENCES).collect();
    if said.is_empty() {
        return CallError::Refused(refusal);
    }
    let summary = format!("Redmine answered with status {}: {}", refusal.status, said.join(", "));
    CallError::Refused(Refusal { code: Code::TargetRefused, summary, ..refusal })
}

/// After a first successful write "not now" would be half the truth: something is at the target.
pub(crate) fn after_a_write(error: CallError) -> CallError {
    match error {
        CallError::NotNow { code, after } => CallError::OutcomeUnknown { code, after },
        other => other,
    }
}

/// What the settings name is not there. No message is to blame: all of them wait until it is mended.
pub(crate) fn misconfigured(setting: &'static str, problem: &'static str) -> CallError {
    tracing::error!(setting, problem, "misconfigured");
    CallError::NotNow { code: Code::TargetMisconfigured, after: None }
}

fn sentences(refusal: &Refusal) -> Option<Vec<String>> {
    let body: ErrorBody = serde_json::from_slice(refusal.body.expose()).ok()?;
    Some(body.errors)
}

/// In words that stand here: nothing of the answer itself goes on.
fn told(sentence: &str) -> Option<String> {
    let of = |problem: &'static str| Some((sentence.split_once(problem)?.0.trim(), problem));
    let (field, problem) = PROBLEMS.into_iter().find_map(of)?;
    let field = FIELDS.into_iter().find(|known| *known == field).unwrap_or("a field");
    Some(format!("{field} {problem}"))
}

#[cfg(test)]
mod tests {
    use message::{Effect, Redacted};

    use super::*;

    fn refused(status: u16, body: &str) -> Refusal {
        let refusal = Refusal::new(Code::TargetRefused, "$", "as it was");
        Refusal { status, body: Redacted::new(body.as_bytes().to_vec()), ..refusal }
    }

    /// As Redmine 5.0.4 answered them.
    #[test]
    fn redmine_5_answers_are_recognised() {
        for (status, body, expected) in [
            (404, "", Meaning::Gone),
            (422, r#"{"errors":[]}"#, Meaning::Changed),
            (422, r#"{"errors":["Currency is not included in the list"]}"#, Meaning::Other),
            (422, "<html>", Meaning::Other),
            (400, r#"{"status":400,"error":"Bad Request"}"#, Meaning::Other),
        ] {
            assert_eq!(meaning(&refused(status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn the_field_and_its_problem_are_told_and_nothing_else_of_a_sentence_is() {
        let explained = |body: &str| explain(CallError::Refused(refused(422, body))).to_string();
        let body = r#"{"errors": ["Project cannot be blank", "Tracker cannot be blank"]}"#;
        assert_eq!(
            explained(body),
            "SPW4005: Redmine answered with status 422: Project cannot be blank, Tracker cannot be blank"
        );
        let body = r#"{"errors": ["Ann Example cannot be blank", "Subject Ann is invalid", "Subject is too long (maximum is 255 characters)"]}"#;
        assert_eq!(
            explained(body),
            "SPW4005: Redmine answered with status 422: a field cannot be blank, a field is invalid, Subject is too long"
        );
        for nothing in ["<html>", r#"{"errors": ["Ann Example is unknown"]}"#, r#"{"errors": []}"#] {
            assert_eq!(explained(nothing), "SPW4005: as it was");
        }
    }

    #[test]
    fn after_a_write_the_effect_is_unknown() {
        let error = after_a_write(misconfigured("tracker", "no such tracker"));
        assert_eq!((error.code(), error.effect()), (Code::TargetMisconfigured, Effect::Unknown));
    }
}
