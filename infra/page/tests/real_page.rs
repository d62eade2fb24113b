//! The page in a real Chromium, by keyboard, in light and dark, with and without scripts. Its screenshots are in `target/page/`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking")]

#[path = "world/mod.rs"]
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use local::browser::Browser;
use local::{Tools, Workspace};
use page::{Reach, serve};
use review::Clock;

use world::{Deployment, Logs};

/// The fixtures' time, which passes as time does.
struct Passing {
    begun_at: Timestamp,
    begun: Instant,
}

#[async_trait]
impl Clock for Passing {
    fn now(&self) -> Timestamp {
        self.begun_at.saturating_add(SignedDuration::try_from(self.elapsed()).unwrap()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "a redrive's steps, as a person sees them pass")]
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_reviews_letters_by_keyboard_in_a_real_browser() {
    let tools = Tools::new(Workspace::here()).unwrap();
    let browser = Browser::installed(&tools).await.unwrap();
    let deployment = Deployment::new(20);
    let clock = Passing { begun_at: deployment.kept.now(), begun: Instant::now() };
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let review = deployment.review(Arc::new(clock));
    let stop = async { drop(told.await) };
    let logs = Logs::refused("status 422, SPW4009, 80 ms");
    let served = serve(review, logs, "127.0.0.1:0".parse().unwrap(), Reach::Loopback, stop).await.unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/review.mjs");
    let pictures = tools.workspace.root().join("target/page");
    std::fs::create_dir_all(&pictures).unwrap();
    let played = browser
        .play("reviewing letters in Chromium", &script, &[&served.url, pictures.to_str().unwrap()])
        .await;
    drop(tell);
    served.ended().await.unwrap();
    let played = played.unwrap();
    assert!(played.ends_with("all is well"), "{played}");
    // 160 of the cause that is mended, and nothing else, had their effect.
    assert_eq!(deployment.flows.values().map(|world| world.sent().len()).sum::<usize>(), 160);
    assert_eq!(deployment.on_queues(), 160);
}
