use std::collections::BTreeMap;

use settings::Problem;
use transform::canonical::PaymentEvent;

const PROCESSOR: &str = "stripe/";

/// Accounts of events that do not name theirs. Stripe names the account of a connected one alone: its own account's events are known by
/// the way that they come, a webhook's by the source's name in `SOURCES`, those of EventBridge by the destination's id. Told which account
/// that is, they are the same whichever way they come; otherwise the two share no key.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Accounts(BTreeMap<String, String>);

impl Accounts {
    /// `{"stripe": "acct_1", "ed_61": "acct_1"}`.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let accounts: BTreeMap<String, String> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            vec![Problem::whole(format!("not a JSON object of texts (line {line}, column {column})"))]
        })?;
        let is_account = |account: &str| {
            let rest = account.strip_prefix("acct_").unwrap_or_default();
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let wrong = |(way, account): (&String, &String)| {
            let problem = match (is_account(way), is_account(account)) {
                (true, _) => "an event that names its account needs no other",
                (false, false) => "must be an account, such as acct_1",
                (false, true) => return None,
            };
            Some(Problem { path: format!(".{way}"), problem: problem.to_owned() })
        };
        let problems: Vec<_> = accounts.iter().filter_map(wrong).collect();
        if problems.is_empty() { Ok(Self(accounts)) } else { Err(problems) }
    }

    /// Puts the account in the place of the way that the event came.
    pub fn name(&self, event: &mut PaymentEvent) {
        let way = event.account.strip_prefix(PROCESSOR);
        if let Some(account) = way.and_then(|way| self.0.get(way)) {
            event.account = format!("{PROCESSOR}{account}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_account_or_needs_none_is_told() {
        let problems = |text: &str| -> Vec<_> {
            let problems = Accounts::parse(text).unwrap_err();
            problems.into_iter().map(|it| format!("{}: {}", it.path, it.problem)).collect()
        };
        assert_eq!(
            problems(r#"{"stripe": "live", "acct_1": "acct_2", "ed_61": "acct_", "other": "acct_1/2"}"#),
            [
                ".acct_1: an event that names its account needs no other",
                ".ed_61: must be an account, such as acct_1",
                ".other: must be an account, such as acct_1",
                ".stripe: must be an account, such as acct_1"
            ]
        );
        assert_eq!(problems("[]"), [": not a JSON object of texts (line 1, column 0)"]);
        assert_eq!(Accounts::parse("{}"), Ok(Accounts::default()));
    }
}
