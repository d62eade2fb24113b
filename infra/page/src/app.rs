use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use review::{FlowListing, ListedGroup, Listing, MadePlan, Review, ReviewError, Stop};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

use crate::done::Dones;
use crate::failure::Failure;
use crate::journey::{Journeys, Reader};
use crate::running::Redrives;
use crate::session::{Sessions, secret};

/// Requests that are worked on at once, redrives included.
const MOST_AT_ONCE: u32 = 32;
/// Plans whose reasons are remembered; the table has the plans themselves.
const MOST_PLANS: usize = 50;

/// All that the page knows; for a server, or for a test without one.
#[derive(Clone)]
pub struct Page(pub(crate) Arc<App>);

pub(crate) struct App {
    pub(crate) review: Arc<Review>,
    /// `Host` as browsers say it that ask us, and not somebody whose name has been made to lead here.
    pub(crate) hosts: Vec<String>,
    pub(crate) entry: String,
    pub(crate) cookie: String,
    pub(crate) sessions: Sessions,
    pub(crate) dones: Dones,
    pub(crate) redrives: Redrives,
    pub(crate) journeys: Reader,
    /// Ends every look that is under way.
    pub(crate) stop: Stop,
    /// Two looks at once would hide letters from each other.
    looking: tokio::sync::Mutex<()>,
    tasks: Arc<Semaphore>,
    seen: Mutex<Option<Arc<Seen>>>,
    made: Mutex<Vec<Arc<MadePlan>>>,
}

/// What a look at all letters has shown.
pub(crate) struct Seen {
    pub(crate) at: Timestamp,
    pub(crate) flows: Vec<FlowListing>,
    /// The largest first.
    pub(crate) groups: Vec<SeenGroup>,
    /// Letters of more causes than are told apart.
    pub(crate) beyond: u64,
}

pub(crate) struct SeenGroup {
    /// The flow on whose queue its letters are, whatever they say themselves.
    pub(crate) queue: String,
    pub(crate) listed: ListedGroup,
}

impl Seen {
    /// `listings`: of each flow.
    fn of(at: Timestamp, listings: BTreeMap<String, Listing>) -> Self {
        let mut seen = Self { at, flows: Vec::new(), groups: Vec::new(), beyond: 0 };
        for (queue, listing) in listings {
            let on_queue = |listed| SeenGroup { queue: queue.clone(), listed };
            seen.groups.extend(listing.groups.into_iter().map(on_queue));
            seen.flows.extend(listing.flows);
            seen.beyond += listing.beyond;
        }
        seen.groups.sort_by_key(|one| std::cmp::Reverse(one.listed.group.count));
        seen
    }
}

impl Page {
    /// `hosts`: names with their port, by which a browser may ask, as `127.0.0.1:8080`.
    pub fn new(review: Arc<Review>, journeys: Arc<dyn Journeys>, hosts: Vec<String>) -> Self {
        // Browsers keep cookies by name alone, not by port: two pages on one machine have two.
        let port = hosts.first().and_then(|host| host.rsplit(':').next()).unwrap_or_default();
        Self(Arc::new(App {
            review,
            cookie: format!("spillway-{port}"),
            hosts,
            entry: secret(),
            sessions: Sessions::default(),
            dones: Dones::default(),
            redrives: Redrives::default(),
            journeys: Reader::new(journeys),
            stop: Stop::default(),
            looking: tokio::sync::Mutex::default(),
            tasks: Arc::new(Semaphore::new(MOST_AT_ONCE as usize)),
            seen: Mutex::default(),
            made: Mutex::default(),
        }))
    }

    /// Where a browser enters; whoever knows it is let in.
    pub fn url(&self) -> String {
        let host = self.0.hosts.first().map(String::as_str).unwrap_or_default();
        format!("http://{host}/enter?token={}", self.0.entry)
    }

    /// Tells all that is under way to end.
    pub fn stop(&self) {
        self.0.stop.stop();
        self.0.redrives.stop_all();
        self.0.journeys.end();
    }

    /// The same, and waits for it.
    pub async fn end(&self) {
        self.stop();
        drop(self.0.tasks.acquire_many(MOST_AT_ONCE).await);
    }
}

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        self.review.clock.now()
    }

    /// Does something to its end, whether or not anybody waits for it.
    pub(crate) async fn ask<T, F>(
        self: &Arc<Self>,
        work: impl FnOnce(Arc<Self>) -> F + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ReviewError>> + Send,
    {
        let permit = Arc::clone(&self.tasks).try_acquire_owned().map_err(|_| Failure::busy())?;
        let app = Arc::clone(self);
        let task = tokio::spawn(async move {
            let done = work(app).await;
            drop(permit);
            done
        });
        task.await.map_err(|_| Failure::broken_off())?.map_err(Failure::from)
    }

    /// The same of something that receives letters.
    pub(crate) async fn look<T, F>(
        self: &Arc<Self>,
        work: impl FnOnce(Arc<Self>) -> F + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ReviewError>> + Send,
    {
        self.ask(async |app: Arc<Self>| {
            let _looking = app.looking.lock().await;
            work(Arc::clone(&app)).await
        })
        .await
    }

    /// For something that may be dropped half way.
    pub(crate) fn permit(&self) -> Result<SemaphorePermit<'_>, Failure> {
        self.tasks.try_acquire().map_err(|_| Failure::busy())
    }

    /// Begins something that goes on behind the pages.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<(), Failure> {
        let permit = Arc::clone(&self.tasks).try_acquire_owned().map_err(|_| Failure::busy())?;
        drop(tokio::spawn(async move {
            work.await;
            drop(permit);
        }));
        Ok(())
    }

    /// A look at all letters now.
    pub(crate) async fn list(self: &Arc<Self>) -> Result<Arc<Seen>, Failure> {
        let at = self.now();
        let listings = self.look(|app| async move {
            let mut looks = JoinSet::new();
            for flow in app.review.flows.keys().cloned() {
                let app = Arc::clone(&app);
                looks.spawn(async move {
                    let listing = app.review.list(std::slice::from_ref(&flow), &app.stop).await?;
                    Ok((flow, listing))
                });
            }
            // Each to its end, whatever comes of another: one that was dropped would leave letters hidden.
            looks.join_all().await.into_iter().collect::<Result<BTreeMap<_, _>, ReviewError>>()
        });
        let seen = Arc::new(Seen::of(at, listings.await?));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&seen));
        Ok(seen)
    }

    /// What the last look has shown, or a look now. What is done goes by a look of its own.
    pub(crate) async fn seen(self: &Arc<Self>) -> Result<Arc<Seen>, Failure> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match seen {
            Some(seen) => Ok(seen),
            None => self.list().await,
        }
    }

    /// Something was changed.
    pub(crate) fn forget_seen(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn keep_made(&self, plan: MadePlan) -> Arc<MadePlan> {
        let plan = Arc::new(plan);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= MOST_PLANS {
            made.remove(0);
        }
        made.push(Arc::clone(&plan));
        plan
    }

    /// Plans that were made on this page, the newest first.
    pub(crate) fn made(&self) -> Vec<Arc<MadePlan>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().rev().cloned().collect()
    }
}
