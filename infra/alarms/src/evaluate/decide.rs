use super::State;
use crate::alarm::Missing;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decision {
    Is(State),
    /// "Retain current state".
    Retains,
}

/// `points` is the evaluation range, oldest first: whether each data point breaches, None where it is missing.
pub(super) fn decide(points: &[Option<bool>], n: u32, m: u32, missing: Missing) -> Decision {
    let real: Vec<(usize, bool)> =
        points.iter().rev().enumerate().filter_map(|(age, breaches)| Some((age, (*breaches)?))).collect();
    let (n, m) = (usize::try_from(n).unwrap_or(usize::MAX), usize::try_from(m).unwrap_or(usize::MAX));
    let breaching = real.iter().take(n).filter(|(_, breaches)| *breaches).count();
    // "All real data points in the evaluation range are included in the evaluation. CloudWatch uses missing data points only as few
    // times as possible."
    let to_fill = n.saturating_sub(real.len());
    let by_count = |breaching: usize| Decision::Is(if breaching >= m { State::Alarm } else { State::Ok });
    if to_fill == 0 || breaching >= m {
        return by_count(breaching);
    }
    let nothing_good = real.iter().all(|(_, breaches)| *breaches);
    match missing {
        Missing::NotBreaching => by_count(breaching),
        Missing::Breaching => by_count(breaching + to_fill),
        Missing::Ignore if nothing_good => Decision::Retains,
        Missing::Missing if nothing_good => {
            // "Avoiding premature transitions to alarm state".
            let old_enough = real.last().is_some_and(|(age, _)| age + 1 >= m);
            Decision::Is(if old_enough { State::Alarm } else { State::InsufficientData })
        }
        Missing::Ignore | Missing::Missing => Decision::Is(State::Ok),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREATMENTS: [Missing; 4] =
        [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
    const ALARM: Decision = Decision::Is(State::Alarm);
    const OK: Decision = Decision::Is(State::Ok);
    const UNKNOWN: Decision = Decision::Is(State::InsufficientData);

    fn points(text: &str) -> Vec<Option<bool>> {
        let point = |word| match word {
            "0" => Some(false),
            "X" => Some(true),
            _ => None,
        };
        text.split(' ').map(point).collect()
    }

    fn all(text: &str, n: u32, m: u32) -> [Decision; 4] {
        TREATMENTS.map(|missing| decide(&points(text), n, m, missing))
    }

    /// The first table of "Configuring how CloudWatch alarms treat missing data": 3 out of 3, evaluation range 5.
    #[test]
    fn three_out_of_three_as_aws_has_it() {
        let table = [
            ("0 - X - X", [OK, OK, OK, OK]),
            ("0 - - - -", [OK, OK, OK, OK]),
            ("- - - - -", [UNKNOWN, Decision::Retains, ALARM, OK]),
            ("0 X X - X", [ALARM, ALARM, ALARM, ALARM]),
            ("- - X - -", [ALARM, Decision::Retains, ALARM, OK]),
        ];
        for (text, expected) in table {
            assert_eq!(all(text, 3, 3), expected, "{text}");
        }
    }

    /// The second one: 2 out of 3.
    #[test]
    fn two_out_of_three_as_aws_has_it() {
        let table = [
            ("0 - X - X", [ALARM, ALARM, ALARM, ALARM]),
            ("0 0 X 0 X", [ALARM, ALARM, ALARM, ALARM]),
            ("0 - X - -", [OK, OK, ALARM, OK]),
            ("- - - - 0", [OK, OK, ALARM, OK]),
            ("- - - X -", [ALARM, Decision::Retains, ALARM, OK]),
        ];
        for (text, expected) in table {
            assert_eq!(all(text, 3, 2), expected, "{text}");
        }
    }

    /// Today's page says that these do "not go immediately into ALARM state", an earlier edition of its table "Insufficient data".
    #[test]
    fn a_breaching_point_that_is_too_young_rings_only_where_missing_data_breaches() {
        for text in ["- - - - X", "- - - X -"] {
            assert_eq!(all(text, 3, 3), [UNKNOWN, Decision::Retains, ALARM, OK], "{text}");
        }
    }

    /// What is right for us about `notBreaching`, and what is easy to get wrong: older real data counts as long as it is retrieved.
    #[test]
    fn a_real_point_beyond_n_counts_while_later_ones_are_missing() {
        assert_eq!(decide(&points("X - -"), 1, 1, Missing::NotBreaching), ALARM);
        assert_eq!(decide(&points("X - 0"), 1, 1, Missing::NotBreaching), OK);
        assert_eq!(decide(&points("- - -"), 1, 1, Missing::NotBreaching), OK);
    }
}
