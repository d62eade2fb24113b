use super::{Function, Node, Operator};
use crate::Refused;

/// By rising strength, each level of operators with its longest signs first.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("||", Operator::Or), ("OR", Operator::Or)],
    &[("&&", Operator::And), ("AND", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

pub(super) fn parse(text: &str) -> Result<Node, Refused> {
    let mut parser = Parser { rest: text.trim() };
    let node = parser.level(0)?;
    if parser.rest.is_empty() { Ok(node) } else { Err(parser.refused("something after its end")) }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn refused(&self, what: &str) -> Refused {
        Refused::new("Expression", format!("{what}, at '{}'", self.rest))
    }

    fn sign(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        let word = sign.chars().all(|c| c.is_ascii_alphabetic());
        if word && rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest.trim_start();
        true
    }

    fn must(&mut self, sign: &str) -> Result<(), Refused> {
        if self.sign(sign) { Ok(()) } else { Err(self.refused(&format!("no '{sign}'"))) }
    }

    fn level(&mut self, level: usize) -> Result<Node, Refused> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut node = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.sign(sign)) {
            node = Node::Binary(*operator, Box::new(node), Box::new(self.level(level + 1)?));
        }
        Ok(node)
    }

    fn power(&mut self) -> Result<Node, Refused> {
        if self.sign("-") {
            return Ok(Node::Negative(Box::new(self.power()?)));
        }
        let base = self.one()?;
        if self.sign("^") {
            return Ok(Node::Binary(Operator::Power, Box::new(base), Box::new(self.power()?)));
        }
        Ok(base)
    }

    fn one(&mut self) -> Result<Node, Refused> {
        if self.sign("(") {
            let node = self.level(0)?;
            self.must(")")?;
            return Ok(node);
        }
        if self.sign("[") {
            return Ok(Node::List(self.list("]")?));
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let Some(first) = word.chars().next() else { return Err(self.refused("nothing to calculate with")) };
        if first.is_ascii_digit() || first == '.' {
            let number = word.parse().map_err(|_| self.refused("no number"))?;
            self.rest = rest.trim_start();
            return Ok(Node::Number(number));
        }
        if first.is_ascii_lowercase() {
            self.rest = rest.trim_start();
            return Ok(Node::Id(word.to_owned()));
        }
        if word == "METRICS" {
            self.rest = rest.trim_start();
            return self.metrics();
        }
        let function = Function::ALL.iter().find(|(name, ..)| *name == word);
        let Some((_, function, [fewest, most])) = function else {
            return Err(self.refused("a function that is not modelled"));
        };
        self.rest = rest.trim_start();
        self.must("(")?;
        if *function == Function::Fill {
            return self.fill();
        }
        let arguments = self.list(")")?;
        if !(*fewest..=*most).contains(&arguments.len()) {
            return Err(self.refused(&format!("{word} of {} arguments", arguments.len())));
        }
        Ok(Node::Call(*function, arguments))
    }

    fn fill(&mut self) -> Result<Node, Refused> {
        let series = self.level(0)?;
        self.must(",")?;
        let node = if self.sign("REPEAT") {
            Node::FillRepeat(Box::new(series))
        } else {
            Node::Call(Function::Fill, vec![series, self.level(0)?])
        };
        self.must(")")?;
        Ok(node)
    }

    /// In double quotes, as CloudWatch wants it.
    fn metrics(&mut self) -> Result<Node, Refused> {
        self.must("(")?;
        self.must("\"")?;
        let (part, rest) = self.rest.split_once('"').ok_or_else(|| self.refused("no end"))?;
        self.rest = rest.trim_start();
        self.must(")")?;
        Ok(Node::Metrics(part.to_owned()))
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, Refused> {
        let mut nodes = vec![self.level(0)?];
        while self.sign(",") {
            nodes.push(self.level(0)?);
        }
        self.must(end)?;
        Ok(nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplication_binds_closer_than_comparison_and_comparison_closer_than_and() {
        let plain = parse("a * 2 + 1 > b AND c < 3 || d").unwrap();
        let bracketed = parse("((((a * 2) + 1) > b) AND (c < 3)) OR d").unwrap();
        assert_eq!(plain, bracketed);
        assert_eq!(parse("8 - 2 - 1").unwrap(), parse("(8 - 2) - 1").unwrap());
        assert_eq!(parse("-a ^ 2").unwrap(), parse("-(a ^ 2)").unwrap());
    }

    #[test]
    fn what_is_not_modelled_or_no_expression_is_refused() {
        for text in [
            "",
            "1 +",
            "ANOMALY_DETECTION_BAND(m1)",
            "FILL(m1, LINEAR)",
            "IF(a)",
            "IF(a, b, c, d)",
            "(a",
            "a b",
            "SEARCH('x', 'Sum')",
            "max(a)",
            "METRICS()",
            "METRICS(\"a)",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
