use std::fmt;

use serde_json::Number;

/// A decimal number, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Decimal {
    digits: i128,
    /// So many of the digits are behind the point.
    scale: u32,
}

const MOST_SCALE: u32 = 18;

impl Decimal {
    /// `-?digits(.digits)?`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match rest.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (rest, ""),
        };
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) || whole.len() + fraction.len() > 30 {
            return None;
        }
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = u32::try_from(fraction.len()).ok().filter(|scale| *scale <= MOST_SCALE)?;
        Some(Self { digits: if negative { -digits } else { digits }, scale }.shortest())
    }

    /// Times one integer, by another; `None` where the result is no decimal of a sensible length.
    pub(crate) fn scaled(self, times: i128, by: i128) -> Option<Self> {
        let (mut digits, mut scale) = (self.digits.checked_mul(times)?, self.scale);
        while digits.checked_rem(by)? != 0 {
            digits = digits.checked_mul(10)?;
            scale += 1;
            if scale > MOST_SCALE {
                return None;
            }
        }
        Some(Self { digits: digits / by, scale }.shortest())
    }

    /// As JSON: an integer, or the double whose shortest form is this decimal.
    pub(crate) fn as_number(&self) -> Option<Number> {
        if self.scale == 0 {
            return i64::try_from(self.digits).ok().map(Number::from);
        }
        let double: f64 = self.to_string().parse().ok()?;
        (Self::parse(&double.to_string())? == *self).then(|| Number::from_f64(double)).flatten()
    }

    fn shortest(mut self) -> Self {
        while self.scale > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl From<i128> for Decimal {
    fn from(digits: i128) -> Self {
        Self { digits, scale: 0 }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.digits);
        }
        let sign = if self.digits < 0 { "-" } else { "" };
        let width = usize::try_from(self.scale).unwrap_or(0) + 1;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len() + 1 - width);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_kept_exactly_in_their_shortest_form() {
        for (text, shortest) in
            [("19.90", "19.9"), ("-0.05", "-0.05"), ("007", "7"), ("1.000", "1"), ("0", "0")]
        {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shortest);
        }
        for text in ["", "-", "1.", ".5", "1e3", "1,5", "+1", "0x1", "NaN", &"9".repeat(40)] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn scaling_is_exact_or_refused() {
        let grams = Decimal::from(2_750);
        assert_eq!(grams.scaled(1, 1_000).unwrap().to_string(), "2.75");
        assert_eq!(grams.scaled(1, 1_000).unwrap().as_number().unwrap().to_string(), "2.75");
        assert_eq!(Decimal::from(2_000).scaled(1, 1_000).unwrap().as_number().unwrap().to_string(), "2");
        assert_eq!(grams.scaled(1, 3), None);
        assert_eq!(Decimal::from(i128::MAX).scaled(10, 1), None);
    }
}
