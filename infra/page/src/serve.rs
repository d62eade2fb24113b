use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use review::Review;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::Page;
use crate::journey::Journeys;
use crate::{guard, pages};

/// From where a page may be asked.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Reach {
    /// From this machine.
    #[default]
    Loopback,
    /// From wherever the address leads to, by these names with their port. What is shown goes over the net as it is, without TLS.
    Named(Vec<String>),
}

#[derive(Debug, Error)]
pub enum ServeError {
    #[error("{0} is no loopback address, and letters are full of personal data: serve on 127.0.0.1")]
    NotLoopback(SocketAddr),
    #[error("{address} cannot be served: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the page has ended: {0}")]
    Ended(#[source] io::Error),
}

/// A page that is served until it is told to stop.
pub struct Served {
    /// With its entry token: for the person who has started it, and nobody else.
    pub url: String,
    pub address: SocketAddr,
    task: JoinHandle<io::Result<()>>,
}

impl Served {
    /// Waits until it has been told to stop, and all that it had begun has ended.
    pub async fn ended(self) -> Result<(), ServeError> {
        let ended = self.task.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        ended.map_err(ServeError::Ended)
    }
}

/// Serves the page until `stop` is there. Port 0: any that is free.
pub async fn serve(
    review: Review,
    journeys: Arc<dyn Journeys>,
    address: SocketAddr,
    reach: Reach,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Served, ServeError> {
    if reach == Reach::Loopback && !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let hosts = match reach {
        Reach::Loopback => vec![address.to_string(), format!("localhost:{}", address.port())],
        Reach::Named(names) => names,
    };
    let page = Page::new(Arc::new(review), journeys, hosts);
    let (url, routes) = (page.url(), router(&page));
    let task = tokio::spawn(async move {
        let told = page.clone();
        let server = axum::serve(listener, routes).with_graceful_shutdown(async move {
            stop.await;
            told.stop();
        });
        let served = server.await;
        page.end().await;
        served
    });
    Ok(Served { url, address, task })
}

/// Every page behind its guard.
pub fn router(page: &Page) -> Router {
    guard::guarded(pages::routes(), page)
}
