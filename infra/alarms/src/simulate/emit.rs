use crate::metric::{MetricId, Recording, Sample};

/// Where a minute's metrics go.
pub(super) struct Emit<'a> {
    recording: &'a mut Recording,
    minute: u32,
    /// So many minutes later than at the end of their own.
    late: u32,
}

impl<'a> Emit<'a> {
    pub(super) fn new(recording: &'a mut Recording, minute: u32, late: u32) -> Self {
        Self { recording, minute, late }
    }

    /// Each value with how often it was measured.
    pub(super) fn values(
        &mut self,
        namespace: &str,
        metric: &str,
        dimensions: &[(&str, &str)],
        values: &[(f64, u32)],
    ) {
        for (value, count) in values.iter().filter(|(_, count)| *count > 0) {
            let sample = Sample {
                at: self.minute,
                published: self.minute + 1 + self.late,
                value: *value,
                count: *count,
            };
            self.recording.add(MetricId::new(namespace, metric, dimensions), sample);
        }
    }

    /// One value, not known before a minute.
    pub(super) fn late(
        &mut self,
        namespace: &str,
        metric: &str,
        dimensions: &[(&str, &str)],
        value: f64,
        known_at: u32,
    ) {
        let published = (self.minute + 1 + self.late).max(known_at);
        let sample = Sample { at: self.minute, published, value, count: 1 };
        self.recording.add(MetricId::new(namespace, metric, dimensions), sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_was_never_measured_is_not_published_and_lateness_adds_to_the_end_of_the_minute() {
        let mut recording = Recording::default();
        let mut emit = Emit::new(&mut recording, 7, 3);
        emit.values("N", "m", &[], &[(1.0, 0), (0.0, 4)]);
        emit.late("N", "m", &[], 5.0, 20);
        let samples = recording.samples(&MetricId::new("N", "m", &[]));
        let told: Vec<_> =
            samples.iter().map(|sample| (sample.published, sample.value, sample.count)).collect();
        assert_eq!(told, [(11, 0.0, 4), (20, 5.0, 1)]);
    }
}
