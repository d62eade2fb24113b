//! `spillway serve`: the same review as a page on this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use page::Reach;
use review::{Limits, Stop};
use serde_json::json;

use crate::answer::Answer;
use crate::deployment::Stack;
use crate::dlq::{Hidden, Settings};
use crate::interrupt::Interrupt;
use crate::live::wait;
use crate::print;
use crate::project::Project;

/// After which is asked whether it is to end.
const ASKED_EVERY: Duration = Duration::from_millis(200);

#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    stack: Stack,
    /// On 127.0.0.1; any that is free where none is said.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    hidden: Hidden,
}

impl Serve {
    pub(crate) fn run(&self, project: &Project) -> Result<Answer> {
        let settings = self.settings.read()?;
        let limits: Limits = self.hidden.limits();
        wait(async {
            let stop = Stop::default();
            let _interrupt = Interrupt::listen(&stop)?;
            let deployment = self.stack.open(project, settings, limits).await?;
            let clock = std::sync::Arc::clone(&deployment.review.clock);
            let stopped = async move {
                while !stop.is_stopped() {
                    clock.sleep(ASKED_EVERY).await;
                }
            };
            let journeys = std::sync::Arc::new(deployment.journeys);
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            let served = page::serve(deployment.review, journeys, address, Reach::Loopback, stopped).await?;
            let url = served.url.clone();
            print::say(format!("{url} (for you alone; Ctrl-C ends it)"));
            served.ended().await?;
            Ok(Answer { text: "the page has ended".to_owned(), json: json!({ "url": url }), good: true })
        })
    }
}
