use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use jiff::{SignedDuration, Timestamp};
use telemetry::metrics::{AGE, ARRIVED, DISPOSITION, FUNCTION_NAME, NAMESPACE};

use super::failed;
use crate::world::{Failure, Hour, Waiting};

/// A held message comes again after a quarter of an hour at most, the longest delay of SQS.
const HELD_FOR: SignedDuration = SignedDuration::from_mins(20);

pub(super) struct Metrics {
    cloudwatch: Client,
}

/// What is asked of one metric.
struct Series<'a> {
    namespace: &'a str,
    name: &'a str,
    dimensions: &'a [(&'a str, &'a str)],
    statistic: &'a str,
    period: i32,
}

impl Metrics {
    pub(super) const fn new(cloudwatch: Client) -> Self {
        Self { cloudwatch }
    }

    pub(super) async fn arrivals(
        &self,
        function: &str,
        from: Timestamp,
        until: Timestamp,
        period: i32,
    ) -> Result<Vec<Hour>, Failure> {
        let dimensions = [(FUNCTION_NAME, function)];
        let series =
            Series { namespace: NAMESPACE, name: ARRIVED, dimensions: &dimensions, statistic: "Sum", period };
        let [arrivals] = self.data([series], from, until).await?;
        Ok(arrivals)
    }

    pub(super) async fn waiting(
        &self,
        function: &str,
        queue: &str,
        now: Timestamp,
    ) -> Result<Waiting, Failure> {
        let from = now.saturating_sub(HELD_FOR).unwrap_or(Timestamp::MIN);
        let held = [(FUNCTION_NAME, function), (DISPOSITION, "Hold")];
        let queued = [("QueueName", queue)];
        let maximum = |namespace, name, dimensions| Series {
            namespace,
            name,
            dimensions,
            statistic: "Maximum",
            period: 60,
        };
        let asked = [
            maximum(NAMESPACE, AGE, &held[..]),
            maximum("AWS/SQS", "ApproximateAgeOfOldestMessage", &queued[..]),
        ];
        let [held, queued] = self.data(asked, from, now).await?;
        let longest = |points: Vec<Hour>| points.into_iter().map(|(_, value)| value).fold(0.0, f64::max);
        // Of the queue the newest says it: it falls as soon as the oldest message is gone.
        let newest = queued.last().map_or(0.0, |(_, value)| *value);
        let seconds = |value: f64| Duration::try_from_secs_f64(value).unwrap_or_default();
        Ok(Waiting { held: seconds(longest(held) / 1_000.0), queued: seconds(newest) })
    }

    /// Datapoints of each, oldest first.
    async fn data<const N: usize>(
        &self,
        asked: [Series<'_>; N],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<[Vec<Hour>; N], Failure> {
        let queries = asked.iter().enumerate().map(|(index, series)| {
            let dimensions = series.dimensions.iter();
            let dimensions =
                dimensions.map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
            let metric = Metric::builder()
                .namespace(series.namespace)
                .metric_name(series.name)
                .set_dimensions(Some(dimensions.collect()));
            let stat =
                MetricStat::builder().metric(metric.build()).period(series.period).stat(series.statistic);
            MetricDataQuery::builder().id(format!("m{index}")).metric_stat(stat.build()).build()
        });
        let time = |time: Timestamp| DateTime::from_millis(time.as_millisecond());
        let mut pages = self
            .cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(time(from))
            .end_time(time(until))
            .scan_by(ScanBy::TimestampAscending)
            .into_paginator()
            .send();
        let mut found: [Vec<Hour>; N] = std::array::from_fn(|_| Vec::new());
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("GetMetricData", &error))?;
            for result in page.metric_data_results.unwrap_or_default() {
                let index = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                let Some(points) = index.and_then(|index| found.get_mut(index)) else { continue };
                let times =
                    result.timestamps().iter().filter_map(|time| Timestamp::from_second(time.secs()).ok());
                points.extend(times.zip(result.values().iter().copied()));
            }
        }
        for points in &mut found {
            points.sort_by_key(|(time, _)| *time);
        }
        Ok(found)
    }
}
