//! The rule of a composite alarm: ALARM(), OK(), INSUFFICIENT_DATA(), TRUE, FALSE, AND, OR, NOT and parentheses
//! (docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html, `AlarmRule`). NOT binds closest, then AND, then OR.

use crate::Refused;
use crate::evaluate::State;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AlarmRule {
    /// The alarm of this name or ARN is in this state.
    In(State, String),
    Always(bool),
    Not(Box<AlarmRule>),
    All(Vec<AlarmRule>),
    Any(Vec<AlarmRule>),
}

impl AlarmRule {
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let mut parser = Parser { rest: text.trim() };
        let rule = parser.any()?;
        if parser.rest.is_empty() { Ok(rule) } else { Err(parser.refused("something after its end")) }
    }

    pub fn holds(&self, state: &impl Fn(&str) -> Option<State>) -> bool {
        match self {
            Self::In(expected, alarm) => state(alarm) == Some(*expected),
            Self::Always(holds) => *holds,
            Self::Not(rule) => !rule.holds(state),
            Self::All(rules) => rules.iter().all(|rule| rule.holds(state)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(state)),
        }
    }

    /// Names of the alarms that it asks for.
    pub fn alarms(&self) -> Vec<&str> {
        match self {
            Self::In(_, alarm) => vec![alarm],
            Self::Always(_) => Vec::new(),
            Self::Not(rule) => rule.alarms(),
            Self::All(rules) | Self::Any(rules) => rules.iter().flat_map(Self::alarms).collect(),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn refused(&self, what: &str) -> Refused {
        Refused::new("AlarmRule", format!("{what}, at '{}'", self.rest))
    }

    fn word(&mut self, word: &str) -> bool {
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        match self.rest.strip_prefix(word) {
            Some(rest) if ends(rest) => {
                self.rest = rest.trim_start();
                true
            }
            _ => false,
        }
    }

    fn sign(&mut self, sign: char) -> Result<(), Refused> {
        let rest = self.rest.strip_prefix(sign).ok_or_else(|| self.refused(&format!("no '{sign}'")))?;
        self.rest = rest.trim_start();
        Ok(())
    }

    fn any(&mut self) -> Result<AlarmRule, Refused> {
        let mut rules = vec![self.all()?];
        while self.word("OR") {
            rules.push(self.all()?);
        }
        Ok(single_or(rules, AlarmRule::Any))
    }

    fn all(&mut self) -> Result<AlarmRule, Refused> {
        let mut rules = vec![self.one()?];
        while self.word("AND") {
            rules.push(self.one()?);
        }
        Ok(single_or(rules, AlarmRule::All))
    }

    fn one(&mut self) -> Result<AlarmRule, Refused> {
        if self.word("NOT") {
            return Ok(AlarmRule::Not(Box::new(self.one()?)));
        }
        for (word, holds) in [("TRUE", true), ("FALSE", false)] {
            if self.word(word) {
                return Ok(AlarmRule::Always(holds));
            }
        }
        for (word, state) in
            [("ALARM", State::Alarm), ("OK", State::Ok), ("INSUFFICIENT_DATA", State::InsufficientData)]
        {
            if self.word(word) {
                self.sign('(')?;
                let alarm = self.name()?;
                self.sign(')')?;
                return Ok(AlarmRule::In(state, alarm));
            }
        }
        self.sign('(')?;
        let rule = self.any()?;
        self.sign(')')?;
        Ok(rule)
    }

    fn name(&mut self) -> Result<String, Refused> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (name, rest) = match quote {
            Some(quote) => self.rest.get(1..).and_then(|rest| rest.split_once(quote)),
            None => self.rest.find(')').map(|end| self.rest.split_at(end)),
        }
        .ok_or_else(|| self.refused("a name without an end"))?;
        let name = name.trim();
        if name.is_empty() {
            return Err(self.refused("no name"));
        }
        self.rest = rest.trim_start();
        Ok(name.to_owned())
    }
}

fn single_or(mut rules: Vec<AlarmRule>, of: impl Fn(Vec<AlarmRule>) -> AlarmRule) -> AlarmRule {
    match (rules.pop(), rules.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            rules.extend(last);
            of(rules)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(rule: &str, ringing: &[&str]) -> bool {
        let rule = AlarmRule::parse(rule).unwrap();
        rule.holds(&|name| Some(if ringing.contains(&name) { State::Alarm } else { State::Ok }))
    }

    #[test]
    fn not_binds_closer_than_and_and_closer_than_or() {
        let rule = "ALARM(a) OR NOT ALARM(\"b c\") AND ALARM('d')";
        assert!(holds(rule, &["a", "b c"]));
        assert!(holds(rule, &["d"]));
        assert!(!holds(rule, &["b c", "d"]));
        assert!(!holds(rule, &[]));
        assert!(holds("(ALARM(a) OR ALARM(b)) AND ALARM(d)", &["b", "d"]));
        assert!(!holds("(ALARM(a) OR ALARM(b)) AND ALARM(d)", &["b"]));
    }

    #[test]
    fn an_arn_is_a_name_too_and_states_other_than_alarm_can_be_asked_for() {
        let rule =
            AlarmRule::parse("OK(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a) AND TRUE").unwrap();
        assert_eq!(rule.alarms(), ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"]);
        assert!(AlarmRule::parse("INSUFFICIENT_DATA(a)").unwrap().holds(&|_| Some(State::InsufficientData)));
        assert!(!holds("FALSE", &[]));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rule in
            ["", "ALARM", "ALARM(", "ALARM()", "ALARM(a) ALARM(b)", "ALARM(a) AND", "(ALARM(a)", "ALARMED(a)"]
        {
            assert!(AlarmRule::parse(rule).is_err(), "{rule}");
        }
    }
}
