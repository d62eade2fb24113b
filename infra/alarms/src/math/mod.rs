//! Metric math, as far as alarms use it: arithmetic, comparison, AND, OR, IF, FILL, DIFF, RATE, MIN, MAX, SUM, AVG, ABS, CEIL, FLOOR, PERIOD,
//! TIME_SERIES, METRICS of a part of their ids. Anything else is refused when it is read, not when an alarm is judged.
//!
//! Source: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html. What that page says is in `calculate`'s tests, word
//! for word where it has tables; what it leaves open is said there too.

mod calculate;
mod parse;

use std::collections::BTreeMap;

use crate::Refused;

pub(crate) use calculate::Series;
use calculate::{Given, calculate};

#[derive(Clone, PartialEq, Debug)]
pub struct Expression(Node);

impl Expression {
    pub fn parse(text: &str) -> Result<Self, Refused> {
        parse::parse(text).map(Self)
    }

    /// Ids of the metrics and expressions that it reads.
    pub fn ids(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        self.0.visit(&mut |node| {
            if let Node::Id(id) = node {
                ids.push(id.as_str());
            }
        });
        ids
    }

    pub(crate) fn calculate(
        &self,
        series: &BTreeMap<String, Series>,
        period_seconds: f64,
        slots: usize,
    ) -> Option<Series> {
        calculate(&self.0, &Given { series, period_seconds, slots })
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Node {
    Number(f64),
    Id(String),
    /// `[m1, m2]`
    List(Vec<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    /// `METRICS("errors")`: all metrics whose id has that in it.
    Metrics(String),
    /// `FILL(m1, REPEAT)`
    FillRepeat(Box<Node>),
}

impl Node {
    fn visit<'a>(&'a self, seen: &mut impl FnMut(&'a Self)) {
        seen(self);
        match self {
            Self::Number(_) | Self::Id(_) | Self::Metrics(_) => {}
            Self::List(nodes) | Self::Call(_, nodes) => nodes.iter().for_each(|node| node.visit(seen)),
            Self::Negative(node) | Self::FillRepeat(node) => node.visit(seen),
            Self::Binary(_, left, right) => {
                left.visit(seen);
                right.visit(seen);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Function {
    Abs,
    Avg,
    Ceil,
    Diff,
    Fill,
    Floor,
    If,
    Max,
    Min,
    Period,
    Rate,
    Sum,
    TimeSeries,
}

impl Function {
    const ALL: [(&'static str, Self, [usize; 2]); 13] = [
        ("ABS", Self::Abs, [1, 1]),
        ("AVG", Self::Avg, [1, 1]),
        ("CEIL", Self::Ceil, [1, 1]),
        ("DIFF", Self::Diff, [1, 1]),
        ("FILL", Self::Fill, [2, 2]),
        ("FLOOR", Self::Floor, [1, 1]),
        ("IF", Self::If, [2, 3]),
        ("MAX", Self::Max, [1, 1]),
        ("MIN", Self::Min, [1, 1]),
        ("PERIOD", Self::Period, [1, 1]),
        ("RATE", Self::Rate, [1, 1]),
        ("SUM", Self::Sum, [1, 1]),
        ("TIME_SERIES", Self::TimeSeries, [1, 1]),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_says_which_ids_it_reads() {
        let expression =
            Expression::parse("IF(requests > 0, 100 * failed / requests, FILL(x, REPEAT))").unwrap();
        assert_eq!(expression.ids(), ["requests", "failed", "requests", "x"]);
    }
}
