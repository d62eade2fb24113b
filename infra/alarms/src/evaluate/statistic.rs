use crate::alarm::Statistic;
use crate::metric::Sample;

/// Of a period's raw samples; None where there are none.
pub(super) fn statistic<'a>(statistic: Statistic, samples: impl Iterator<Item = &'a Sample>) -> Option<f64> {
    if let Statistic::Percentile(hundredths) = statistic {
        return percentile(hundredths, samples.copied().collect());
    }
    let (mut count, mut sum) = (0.0, 0.0);
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for sample in samples.filter(|sample| sample.count > 0) {
        count += f64::from(sample.count);
        sum += f64::from(sample.count) * sample.value;
        least = least.min(sample.value);
        most = most.max(sample.value);
    }
    (count > 0.0).then_some(match statistic {
        Statistic::Maximum => most,
        Statistic::Minimum => least,
        Statistic::Average => sum / count,
        Statistic::SampleCount => count,
        Statistic::Sum | Statistic::Percentile(_) => sum,
    })
}

/// The smallest value that so many are not above. AWS does not document how it interpolates.
fn percentile(hundredths: u32, mut samples: Vec<Sample>) -> Option<f64> {
    samples.sort_by(|a, b| a.value.total_cmp(&b.value));
    let all: u64 = samples.iter().map(|sample| u64::from(sample.count)).sum();
    let rank = (all * u64::from(hundredths)).div_ceil(10_000).max(1);
    let mut seen = 0;
    samples.iter().find_map(|sample| {
        seen += u64::from(sample.count);
        (seen >= rank).then_some(sample.value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(wanted: Statistic, samples: &[(f64, u32)]) -> Option<f64> {
        let samples: Vec<_> = samples
            .iter()
            .map(|(value, count)| Sample { at: 0, published: 1, value: *value, count: *count })
            .collect();
        statistic(wanted, samples.iter())
    }

    #[test]
    fn counts_weigh_and_nothing_is_no_data_point() {
        let samples = [(4.0, 1), (1.0, 3)];
        for (wanted, expected) in [
            (Statistic::Sum, 7.0),
            (Statistic::Maximum, 4.0),
            (Statistic::Minimum, 1.0),
            (Statistic::Average, 1.75),
            (Statistic::SampleCount, 4.0),
            (Statistic::Percentile(7_500), 1.0),
            (Statistic::Percentile(7_600), 4.0),
        ] {
            assert_eq!(of(wanted, &samples), Some(expected), "{wanted:?}");
            assert_eq!(of(wanted, &[]), None, "{wanted:?}");
        }
    }

    #[test]
    fn the_99th_percentile_leaves_out_the_slowest_of_a_hundred() {
        assert_eq!(of(Statistic::Percentile(9_900), &[(10.0, 99), (900.0, 1)]), Some(10.0));
        assert_eq!(of(Statistic::Percentile(9_900), &[(10.0, 98), (900.0, 2)]), Some(900.0));
    }
}
