//! A standard queue, minute by minute, and what SQS says of it.
//!
//! docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/ sqs-available-cloudwatch-metrics.html and
//! monitoring-using-cloudwatch.html: metrics come every minute while the queue is active: it holds messages, or something has accessed it
//! within six hours; when it awakes they are up to 15 minutes late. How many are visible and how many are not is always told. The age of the oldest message leaves out messages that were received three
//! times or more, and starts anew in a dead letter queue. What is sent, received and deleted is reported when it is; moves by the redrive
//! policy are not counted as sent.
//!
//! Not documented, and taken here: metrics of a queue that awakes are 15 minutes late for as long, and none is lost; the age counts from a
//! message's sending, delayed or not; a redrive counts as sent; what is visible and what is not are counted at the same moment. "CloudWatch considers a queue to be active for up to six hours if it contains
//! any messages or if any action accesses it" can be read in two ways: here a queue with messages stays active for as long as it has any,
//! unless the minute says that letters fall asleep.

use super::emit::Emit;

/// Six hours.
const STAYS_ACTIVE: u32 = 360;
const AWAKES_WITHIN: u32 = 15;

/// Why a message came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// Its source, or the flow before, has sent it.
    Sent,
    /// The source was asked for it.
    Asked,
    Redriven,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Messages {
    pub(super) count: u32,
    pub(super) origin: Origin,
    /// By SQS's clock.
    pub(super) enqueued: u32,
    /// When the event came in the first place; what is held is sent again, and keeps this as an attribute.
    pub(super) first: u32,
    /// At its source, whatever became of it since.
    pub(super) happened: u32,
    /// What its retention counts from; a redrive policy's move does not change it.
    pub(super) kept_since: u32,
    pub(super) receives: u32,
    /// Not before this minute.
    pub(super) visible_at: u32,
    /// It is hidden because it was received, not because it was sent with a delay.
    pub(super) in_flight: bool,
}

impl Messages {
    pub(super) fn new(count: u32, minute: u32) -> Self {
        Self {
            count,
            origin: Origin::Sent,
            enqueued: minute,
            first: minute,
            happened: minute,
            kept_since: minute,
            receives: 0,
            visible_at: minute,
            in_flight: false,
        }
    }

    /// Sent again after a delay, as what is held is.
    pub(super) fn held(self, minute: u32, until: u32) -> Self {
        Self { first: self.first, visible_at: until, ..self.anew(minute) }
    }

    /// Another message for the same events.
    pub(super) fn anew(self, minute: u32) -> Self {
        Self { happened: self.happened, origin: self.origin, ..Self::new(self.count, minute) }
    }

    /// Back when its visibility timeout ends.
    pub(super) fn again(self, at: u32) -> Self {
        Self { receives: self.receives + 1, visible_at: at, in_flight: true, ..self }
    }

    /// To the dead letter queue, by the redrive policy.
    pub(super) fn moved(self, minute: u32) -> Self {
        Self { kept_since: self.kept_since, ..self.anew(minute) }
    }

    /// So many of them, and the others.
    pub(super) fn split(self, count: u32) -> (Self, Self) {
        let count = count.min(self.count);
        (Self { count, ..self }, Self { count: self.count - count, ..self })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Queue {
    name: String,
    retention: u32,
    messages: Vec<Messages>,
    touched: Option<u32>,
    /// None while it is asleep.
    awake_since: Option<u32>,
    pub(super) sent: u32,
    pub(super) received: u32,
    pub(super) deleted: u32,
    empty_receives: u32,
}

impl Queue {
    pub(super) fn new(name: &str, retention: u32) -> Self {
        Self {
            name: name.to_owned(),
            retention,
            messages: Vec::new(),
            touched: None,
            awake_since: None,
            sent: 0,
            received: 0,
            deleted: 0,
            empty_receives: 0,
        }
    }

    pub(super) fn send(&mut self, minute: u32, messages: Messages) {
        if messages.count > 0 {
            self.sent += messages.count;
            self.touched = Some(minute);
            self.messages.push(messages);
        }
    }

    /// What is there already comes back, or is moved here by a redrive policy: nobody has sent it.
    pub(super) fn put(&mut self, messages: Messages) {
        if messages.count > 0 {
            self.messages.push(messages);
        }
    }

    /// All that is visible, oldest first. Somebody polls: that keeps the queue active.
    pub(super) fn receive(&mut self, minute: u32) -> Vec<Messages> {
        self.touched = Some(minute);
        let (mut visible, hidden): (Vec<_>, Vec<_>) =
            self.messages.iter().copied().partition(|messages| messages.visible_at <= minute);
        self.messages = hidden;
        if visible.is_empty() {
            self.empty_receives += 1;
        }
        visible.sort_by_key(|messages| (messages.enqueued, messages.first));
        visible
    }

    /// When what waits was sent, of the oldest; as [`Self::receive`] left it.
    pub(super) fn oldest_visible(&self, minute: u32) -> Option<u32> {
        let visible = self.messages.iter().filter(|messages| messages.visible_at <= minute);
        visible.map(|messages| messages.enqueued).min()
    }

    /// Visible or not.
    pub(super) fn count(&self) -> u32 {
        self.messages.iter().map(|messages| messages.count).sum()
    }

    /// All that is visible is received, and is back after so many minutes.
    pub(super) fn look(&mut self, minute: u32, minutes: u32) {
        for messages in self.receive(minute) {
            self.received += messages.count;
            self.put(messages.again(minute + minutes));
        }
    }

    pub(super) fn take_all(&mut self, minute: u32) -> Vec<Messages> {
        self.touched = Some(minute);
        std::mem::take(&mut self.messages)
    }

    pub(super) fn end_of_minute(&mut self, minute: u32, letters_sleep: bool, emit: &mut Emit<'_>) {
        let retention = self.retention;
        self.messages.retain(|messages| minute < messages.kept_since.saturating_add(retention));
        let touched = self.touched.is_some_and(|touched| minute - touched < STAYS_ACTIVE);
        let active = touched || !(letters_sleep || self.messages.is_empty());
        if !active {
            self.awake_since = None;
        } else {
            let since = *self.awake_since.get_or_insert(minute);
            // Since the beginning: nobody knows that it was asleep before.
            let known_at = if since == 0 { 0 } else { since + AWAKES_WITHIN };
            self.emit(minute, known_at, emit);
        }
        (self.sent, self.received, self.deleted, self.empty_receives) = (0, 0, 0, 0);
    }

    fn emit(&self, minute: u32, known_at: u32, emit: &mut Emit<'_>) {
        let mut say = |metric: &str, value: u32| {
            emit.late("AWS/SQS", metric, &[("QueueName", &self.name)], f64::from(value), known_at);
        };
        let count = |which: &dyn Fn(&Messages) -> bool| -> u32 {
            self.messages.iter().filter(|messages| which(messages)).map(|messages| messages.count).sum()
        };
        let hidden = |messages: &Messages| messages.visible_at > minute;
        say("ApproximateNumberOfMessagesVisible", count(&|messages| !hidden(messages)));
        let in_flight = |messages: &Messages| hidden(messages) && messages.in_flight;
        say("ApproximateNumberOfMessagesNotVisible", count(&in_flight));
        let delayed = count(&|messages| hidden(messages) && !messages.in_flight);
        for (metric, counted) in [
            ("ApproximateNumberOfMessagesDelayed", delayed),
            ("NumberOfMessagesSent", self.sent),
            ("NumberOfMessagesReceived", self.received),
            ("NumberOfMessagesDeleted", self.deleted),
            ("NumberOfEmptyReceives", self.empty_receives),
        ] {
            if counted > 0 {
                say(metric, counted);
            }
        }
        let seldom_received = self.messages.iter().filter(|messages| messages.receives < 3);
        if let Some(oldest) = seldom_received.map(|messages| messages.enqueued).min() {
            say("ApproximateAgeOfOldestMessage", (minute + 1 - oldest) * 60);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{MetricId, Recording};

    fn series(recording: &Recording, metric: &str) -> Vec<(u32, u32, f64)> {
        let metric = MetricId::new("AWS/SQS", metric, &[("QueueName", "q")]);
        recording.samples(&metric).iter().map(|sample| (sample.at, sample.published, sample.value)).collect()
    }

    fn play(minutes: u32, mut each: impl FnMut(u32, &mut Queue)) -> Recording {
        let mut recording = Recording::default();
        let mut queue = Queue::new("q", 10_000);
        for minute in 0..minutes {
            each(minute, &mut queue);
            queue.end_of_minute(minute, false, &mut Emit::new(&mut recording, minute, 0));
        }
        recording
    }

    #[test]
    fn a_queue_that_nobody_asks_and_that_is_empty_is_silent_six_hours_later() {
        let recording = play(500, |minute, queue| {
            if minute == 0 {
                queue.receive(minute);
            }
        });
        assert_eq!(series(&recording, "ApproximateNumberOfMessagesVisible").last(), Some(&(359, 360, 0.0)));
    }

    #[test]
    fn what_awakes_a_queue_is_known_a_quarter_of_an_hour_later_and_from_then_on_at_once() {
        let recording = play(60, |minute, queue| {
            if minute == 20 {
                queue.send(minute, Messages::new(2, minute));
            }
        });
        let visible = series(&recording, "ApproximateNumberOfMessagesVisible");
        assert_eq!(visible[..2], [(20, 35, 2.0), (21, 35, 2.0)]);
        assert_eq!(visible[20], (40, 41, 2.0));
    }

    #[test]
    fn what_somebody_looks_at_is_not_visible_until_it_is_back() {
        let recording = play(8, |minute, queue| match minute {
            2 => queue.put(Messages::new(3, 2)),
            4 => queue.look(minute, 2),
            _ => {}
        });
        let [visible, hidden] =
            ["ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"].map(|metric| {
                series(&recording, metric).iter().map(|(.., count)| *count).collect::<Vec<_>>()
            });
        assert_eq!(visible, [3.0, 3.0, 0.0, 0.0, 3.0, 3.0]);
        assert_eq!(hidden, [0.0, 0.0, 3.0, 3.0, 0.0, 0.0]);
    }

    #[test]
    fn the_age_is_of_what_was_received_less_than_three_times() {
        let recording = play(10, |minute, queue| match minute {
            0 => queue.put(Messages { receives: 3, ..Messages::new(1, 0) }),
            4 => queue.put(Messages::new(1, 4)),
            _ => {}
        });
        let ages = series(&recording, "ApproximateAgeOfOldestMessage");
        assert_eq!(ages.iter().map(|(at, _, age)| (*at, *age)).next(), Some((4, 60.0)));
        assert_eq!(ages.last().map(|(at, _, age)| (*at, *age)), Some((9, 360.0)));
        // Put there by a redrive policy: not sent.
        assert!(series(&recording, "NumberOfMessagesSent").iter().all(|(_, _, sent)| *sent == 0.0));
    }

    #[test]
    fn what_is_held_begins_to_age_anew_and_is_delayed_until_its_time() {
        let messages = Messages::new(3, 0).held(5, 9);
        assert_eq!((messages.happened, messages.moved(20).happened, messages.anew(30).happened), (0, 0, 0));
        assert_eq!((messages.first, messages.enqueued, messages.visible_at, messages.receives), (0, 5, 9, 0));
        let recording = play(12, |minute, queue| {
            if minute == 5 {
                queue.send(minute, messages);
            }
        });
        let delayed: Vec<_> =
            series(&recording, "ApproximateNumberOfMessagesDelayed").iter().map(|(at, ..)| *at).collect();
        assert_eq!(delayed, [5, 6, 7, 8]);
    }

    #[test]
    fn messages_go_when_their_time_is_over_which_a_move_does_not_begin_anew() {
        let mut queue = Queue::new("q", 100);
        queue.put(Messages::new(1, 0).moved(90));
        let mut recording = Recording::default();
        for minute in 90..120 {
            queue.end_of_minute(minute, false, &mut Emit::new(&mut recording, minute, 0));
        }
        assert_eq!(queue.take_all(120), []);
    }
}
