//! Metrics as CloudWatch keeps them: a name within a namespace under a set of dimensions, and raw samples by the minute.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MetricId {
    pub namespace: String,
    pub name: String,
    pub dimensions: BTreeMap<String, String>,
}

impl MetricId {
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: dimensions.collect() }
    }
}

impl fmt::Display for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.namespace, self.name)?;
        self.dimensions.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// What was measured within a minute, and since when CloudWatch knows it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// The minute that it is of.
    pub at: u32,
    /// The first evaluation that sees it: at best the one at the end of its minute.
    pub published: u32,
    pub value: f64,
    /// How often this value was measured, as with PutMetricData's `Counts`.
    pub count: u32,
}

/// All that was published.
#[derive(PartialEq, Default, Debug)]
pub struct Recording(BTreeMap<MetricId, Vec<Sample>>);

impl Recording {
    pub fn add(&mut self, metric: MetricId, sample: Sample) {
        let samples = self.0.entry(metric).or_default();
        // Nearly all come in the order of their minutes.
        if samples.last().is_none_or(|last| last.at <= sample.at) {
            return samples.push(sample);
        }
        let place = samples.partition_point(|before| before.at <= sample.at);
        samples.insert(place, sample);
    }

    /// By minute; none where the metric was never published.
    pub fn samples(&self, metric: &MetricId) -> &[Sample] {
        self.0.get(metric).map_or(&[], Vec::as_slice)
    }

    pub fn metrics(&self) -> impl Iterator<Item = &MetricId> {
        self.0.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_in_the_order_of_their_minutes_whenever_they_came() {
        let metric = MetricId::new("AWS/SQS", "NumberOfMessagesSent", &[("QueueName", "q")]);
        let mut recording = Recording::default();
        for at in [3, 1, 2] {
            recording.add(metric.clone(), Sample { at, published: 9, value: 1.0, count: 1 });
        }
        let minutes: Vec<_> = recording.samples(&metric).iter().map(|sample| sample.at).collect();
        assert_eq!(minutes, [1, 2, 3]);
        assert_eq!(metric.to_string(), "AWS/SQS NumberOfMessagesSent QueueName=q");
        assert!(recording.samples(&MetricId::new("AWS/SQS", "NumberOfMessagesSent", &[])).is_empty());
    }
}
