use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

/// A clock that stands still until it is told to go on.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Mutex<Timestamp>>);

impl FakeClock {
    pub fn at(now: &str) -> Self {
        Self(Arc::new(Mutex::new(now.parse().expect("an RFC 3339 time"))))
    }

    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    pub fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }

    pub fn as_fn(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}
