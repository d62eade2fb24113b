//! What the page leaves open, and is taken here: arithmetic on a minute for which no operand has a value gives none (the page says "Missing
//! values in a time series are treated as 0", and of comparisons that it is so where only one of the two has a value); FILL fills
//! a series of which nothing is known; REPEAT has nothing to repeat before the first value that was retrieved, and leaves that empty.

use std::collections::BTreeMap;

use super::{Function, Node, Operator};

/// Oldest first, one place a period.
pub(crate) type Series = Vec<Option<f64>>;

pub(super) struct Given<'a> {
    pub(super) series: &'a BTreeMap<String, Series>,
    pub(super) period_seconds: f64,
    pub(super) slots: usize,
}

enum Value {
    Scalar(f64),
    Series(Series),
    List(Vec<Series>),
}

impl Value {
    fn series(self, slots: usize) -> Option<Series> {
        match self {
            Self::Scalar(number) => Some(vec![Some(number); slots]),
            Self::Series(series) => Some(series),
            Self::List(_) => None,
        }
    }
}

/// None where an id is unknown, or a list stands where one series has to.
pub(super) fn calculate(node: &Node, given: &Given<'_>) -> Option<Series> {
    value(node, given)?.series(given.slots)
}

fn value(node: &Node, given: &Given<'_>) -> Option<Value> {
    Some(match node {
        Node::Number(number) => Value::Scalar(*number),
        Node::Id(id) => Value::Series(given.series.get(id)?.clone()),
        Node::List(nodes) => {
            Value::List(nodes.iter().map(|node| calculate(node, given)).collect::<Option<_>>()?)
        }
        Node::Metrics(part) => Value::List(
            given
                .series
                .iter()
                .filter(|(id, _)| id.contains(part.as_str()))
                .map(|(_, all)| all.clone())
                .collect(),
        ),
        Node::Negative(node) => each(value(node, given)?, |number| Some(-number)),
        Node::Binary(operator, left, right) => {
            binary(*operator, value(left, given)?, value(right, given)?, given.slots)?
        }
        Node::FillRepeat(node) => Value::Series(repeat(&calculate(node, given)?)),
        Node::Call(function, arguments) => call(*function, arguments, given)?,
    })
}

fn call(function: Function, arguments: &[Node], given: &Given<'_>) -> Option<Value> {
    let first = arguments.first()?;
    Some(match function {
        Function::Abs => each(value(first, given)?, |number| Some(number.abs())),
        Function::Ceil => each(value(first, given)?, |number| Some(number.ceil())),
        Function::Floor => each(value(first, given)?, |number| Some(number.floor())),
        Function::Avg => fold(value(first, given)?, |numbers| sum(numbers) / length(numbers), true),
        Function::Sum => fold(value(first, given)?, sum, true),
        Function::Max => {
            fold(value(first, given)?, |n| n.iter().copied().fold(f64::NEG_INFINITY, f64::max), false)
        }
        Function::Min => {
            fold(value(first, given)?, |n| n.iter().copied().fold(f64::INFINITY, f64::min), false)
        }
        Function::Diff => Value::Series(differences(&calculate(first, given)?, |by, _| by)),
        Function::Rate => {
            let seconds = given.period_seconds;
            Value::Series(differences(&calculate(first, given)?, |by, periods| by / (periods * seconds)))
        }
        Function::Period => Value::Scalar(given.period_seconds),
        Function::TimeSeries => Value::Series(calculate(first, given)?),
        Function::Fill => {
            let (series, filler) = (calculate(first, given)?, calculate(arguments.get(1)?, given)?);
            Value::Series(series.into_iter().zip(filler).map(|(value, filler)| value.or(filler)).collect())
        }
        Function::If => {
            let no = arguments.get(2).map(|node| value(node, given));
            choose(value(first, given)?, value(arguments.get(1)?, given)?, no, given.slots)?
        }
    })
}

fn each(value: Value, change: impl Fn(f64) -> Option<f64>) -> Value {
    let of_series = |series: Series| series.into_iter().map(|value| value.and_then(&change)).collect();
    match value {
        Value::Scalar(number) => change(number).map_or(Value::Series(Vec::new()), Value::Scalar),
        Value::Series(series) => Value::Series(of_series(series)),
        Value::List(list) => Value::List(list.into_iter().map(of_series).collect()),
    }
}

fn binary(operator: Operator, left: Value, right: Value, slots: usize) -> Option<Value> {
    Some(match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => Value::Scalar(operate(operator, left, right)?),
        (Value::Scalar(left), right) => each(right, |right| operate(operator, left, right)),
        (left, Value::Scalar(right)) => each(left, |left| operate(operator, left, right)),
        (Value::List(list), right) => {
            let right = right.series(slots)?;
            Value::List(list.iter().map(|left| pairs(operator, left, &right)).collect())
        }
        (left, Value::List(list)) => {
            let left = left.series(slots)?;
            Value::List(list.iter().map(|right| pairs(operator, &left, right)).collect())
        }
        (Value::Series(left), Value::Series(right)) => Value::Series(pairs(operator, &left, &right)),
    })
}

fn pairs(operator: Operator, left: &Series, right: &Series) -> Series {
    let pair = |(left, right): (&Option<f64>, &Option<f64>)| match (left, right) {
        (None, None) => None,
        _ => operate(operator, left.unwrap_or(0.0), right.unwrap_or(0.0)),
    };
    left.iter().zip(right).map(pair).collect()
}

/// None where it divides by zero: that data point is dropped.
#[expect(clippy::float_cmp, reason = "CloudWatch compares numbers as they are")]
fn operate(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    Some(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide if right == 0.0 => return None,
        Operator::Divide => left / right,
        Operator::Power => left.powf(right),
        Operator::Equal => truth(left == right),
        Operator::NotEqual => truth(left != right),
        Operator::Less => truth(left < right),
        Operator::LessOrEqual => truth(left <= right),
        Operator::Greater => truth(left > right),
        Operator::GreaterOrEqual => truth(left >= right),
        Operator::And => truth(left != 0.0 && right != 0.0),
        Operator::Or => truth(left != 0.0 || right != 0.0),
    })
}

/// `no` is None where it was left out.
fn choose(condition: Value, yes: Value, no: Option<Option<Value>>, slots: usize) -> Option<Value> {
    let no = match no {
        Some(no) => Some(no?),
        None => None,
    };
    if let Value::Scalar(condition) = condition {
        let empty = || Value::Series(vec![None; slots]);
        return Some(if condition == 0.0 { no.unwrap_or_else(empty) } else { yes });
    }
    let (condition, yes) = (condition.series(slots)?, yes.series(slots)?);
    let no = no.map_or_else(|| Some(vec![None; slots]), |no| no.series(slots))?;
    let chosen = condition.iter().zip(yes.iter().zip(&no)).map(|(condition, (yes, no))| match condition {
        None => None,
        Some(0.0) => *no,
        Some(_) => Some(yes.unwrap_or(0.0)),
    });
    Some(Value::Series(chosen.collect()))
}

/// Of one series a number, of several a series. `missing_is_zero` as the page says of SUM and AVG.
fn fold(value: Value, of: impl Fn(&[f64]) -> f64, missing_is_zero: bool) -> Value {
    let number = |values: &[Option<f64>]| {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        if known.is_empty() {
            return None;
        }
        let zeros = if missing_is_zero { values.len() - known.len() } else { 0 };
        let all: Vec<f64> = known.into_iter().chain(std::iter::repeat_n(0.0, zeros)).collect();
        Some(of(&all))
    };
    match value {
        Value::Scalar(number) => Value::Scalar(number),
        Value::Series(series) => {
            number(&series).map_or(Value::Series(vec![None; series.len()]), Value::Scalar)
        }
        Value::List(list) => {
            let slots = list.iter().map(Vec::len).min().unwrap_or_default();
            let at = |slot| list.iter().map(|series| series.get(slot).copied().flatten()).collect::<Vec<_>>();
            Value::Series((0..slots).map(|slot| number(&at(slot))).collect())
        }
    }
}

fn sum(numbers: &[f64]) -> f64 {
    numbers.iter().sum()
}

fn length(numbers: &[f64]) -> f64 {
    numbers.iter().map(|_| 1.0).sum()
}

/// Between each value and the value before it, however many places ago that was.
fn differences(series: &Series, of: impl Fn(f64, f64) -> f64) -> Series {
    let mut before: Option<(f64, f64)> = None;
    let mut place = 0.0;
    let step = |value: &Option<f64>| {
        place += 1.0;
        let value = (*value)?;
        let difference = before.map(|(then, earlier)| of(value - earlier, place - then));
        before = Some((place, value));
        difference
    };
    series.iter().map(step).collect()
}

fn repeat(series: &Series) -> Series {
    let mut last = None;
    let filled = series.iter().map(|value| {
        last = value.or(last);
        last
    });
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Expression;

    const NONE: Option<f64> = None;

    fn of(expression: &str, series: &[(&str, &[Option<f64>])]) -> Series {
        let slots = series.first().map_or(3, |(_, series)| series.len());
        let series = series.iter().map(|(id, series)| ((*id).to_owned(), series.to_vec())).collect();
        Expression::parse(expression).unwrap().calculate(&series, 60.0, slots).unwrap()
    }

    fn some<const N: usize>(numbers: [i32; N]) -> Vec<Option<f64>> {
        numbers.map(|number| Some(f64::from(number))).to_vec()
    }

    /// The table under "Comparison and logical operators".
    #[test]
    fn comparisons_take_a_missing_value_as_zero_where_the_other_has_one() {
        let (one, two) = (some([30, 20, 0, 0]), [Some(20.0), NONE, Some(20.0), NONE]);
        let both: &[(&str, &[_])] = &[("metric1", &one), ("metric2", &two)];
        assert_eq!(of("metric1 < metric2", both), some([0, 0, 1, 0]));
        assert_eq!(of("metric1 >= 30", both), some([1, 0, 0, 0]));
        assert_eq!(of("metric1 > 15 AND metric2 > 15", both), some([1, 0, 0, 0]));
    }

    /// The tables under "Using IF expressions".
    #[test]
    fn if_drops_what_has_no_condition_and_takes_a_missing_true_value_as_zero() {
        let one = [Some(1.0), Some(1.0), Some(0.0), Some(0.0), NONE];
        let two = [Some(30.0), NONE, Some(0.0), Some(0.0), Some(30.0)];
        let three = [Some(0.0), Some(0.0), Some(20.0), NONE, Some(20.0)];
        let all: &[(&str, &[_])] = &[("metric1", &one), ("metric2", &two), ("metric3", &three)];
        assert_eq!(of("IF(metric1, metric2, metric3)", all), [Some(30.0), Some(0.0), Some(20.0), NONE, NONE]);
        assert_eq!(of("IF(metric1, 5, metric3)", all), [Some(5.0), Some(5.0), Some(20.0), NONE, NONE]);
        assert_eq!(of("IF(metric1, metric2, 5)", all), [Some(30.0), Some(0.0), Some(5.0), Some(5.0), NONE]);
        assert_eq!(of("IF(metric1, metric2)", all), [Some(30.0), Some(0.0), NONE, NONE, NONE]);
        assert_eq!(of("IF(0, metric2)", all), [NONE; 5]);
        assert_eq!(of("IF(1, metric3, 7)", all), three);
    }

    #[test]
    fn a_share_of_nothing_is_no_data_point() {
        let (errors, invocations) = ([NONE, Some(1.0), Some(0.0)], [NONE, Some(4.0), Some(0.0)]);
        let both: &[(&str, &[_])] = &[("errors", &errors), ("invocations", &invocations)];
        assert_eq!(of("errors / invocations", both), [NONE, Some(0.25), NONE]);
        let guarded = of("IF(invocations > 0, 100 * errors / invocations, 0)", both);
        assert_eq!(guarded, [NONE, Some(25.0), Some(0.0)]);
    }

    #[test]
    fn fill_fills_with_a_number_another_series_or_the_value_before() {
        let m = [NONE, Some(4.0), NONE, NONE, Some(1.0)];
        assert_eq!(of("FILL(m, 0)", &[("m", &m)]), some([0, 4, 0, 0, 1]));
        assert_eq!(of("FILL(m, REPEAT)", &[("m", &m)]), [NONE, Some(4.0), Some(4.0), Some(4.0), Some(1.0)]);
        assert_eq!(of("FILL(m, 10 * m)", &[("m", &m)]), m);
        assert_eq!(of("FILL(m, 0)", &[("m", &[NONE, NONE])]), some([0, 0]));
    }

    #[test]
    fn diff_and_rate_look_back_to_the_last_value() {
        let m = [Some(1.0), NONE, Some(5.0), Some(2.0)];
        assert_eq!(of("DIFF(m)", &[("m", &m)]), [NONE, NONE, Some(4.0), Some(-3.0)]);
        assert_eq!(of("RATE(m)", &[("m", &m)]), [NONE, NONE, Some(4.0 / 120.0), Some(-0.05)]);
        assert_eq!(of("DIFF(FILL(m, REPEAT))", &[("m", &m)]), [NONE, Some(0.0), Some(4.0), Some(-3.0)]);
    }

    #[test]
    fn min_max_sum_and_avg_of_one_series_are_numbers_and_of_several_a_series() {
        let (a, b) = ([Some(1.0), NONE, Some(6.0)], [Some(3.0), NONE, NONE]);
        let both: &[(&str, &[_])] = &[("a", &a), ("b", &b)];
        assert_eq!(of("a - MAX(a)", both), [Some(-5.0), NONE, Some(0.0)]);
        assert_eq!(of("SUM(METRICS(\"a\"))", both), [Some(1.0), NONE, Some(6.0)]);
        assert_eq!(of("MAX([a, b])", both), [Some(3.0), NONE, Some(6.0)]);
        assert_eq!(of("MIN([a, b])", both), [Some(1.0), NONE, Some(6.0)]);
        assert_eq!(of("SUM([a, b])", both), [Some(4.0), NONE, Some(6.0)]);
        assert_eq!(of("AVG([a, b])", both), [Some(2.0), NONE, Some(3.0)]);
        assert_eq!(of("TIME_SERIES(PERIOD(a) / 30 + ABS(-1) ^ 2)", both), some([3, 3, 3]));
        assert_eq!(of("CEIL(a / 4) + FLOOR(a / 4)", both), [Some(1.0), NONE, Some(3.0)]);
    }

    #[test]
    fn an_unknown_id_has_no_result() {
        let result = Expression::parse("nobody + 1").unwrap().calculate(&BTreeMap::new(), 60.0, 1);
        assert_eq!(result, None);
    }
}
