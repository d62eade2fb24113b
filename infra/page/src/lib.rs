//! The operator's page: what [`review::Review`] can do, in a browser, for the person whose credentials the command has.
//!
//! - [`serve`](fn@serve): on loopback, behind an entry token that the command prints. [`Page`] and [`router`]: the same without a socket.
//! - `guard`: who is let in, and what every answer says to the browser. Nothing is done without it.
//! - `pages`: one file a page. HTML comes ready from here; the one script only keeps a redrive's progress fresh
//!   and fetches what takes long.
//! - [`Journeys`]: what whoever serves the page has to bring besides.
//!
//! What is begun ends, whether or not the browser waits for it: a look that was dropped half way would leave letters hidden.

mod app;
mod body;
mod done;
mod failure;
mod form;
mod guard;
mod journey;
mod layout;
mod pages;
mod path;
mod running;
mod serve;
mod session;
mod words;

pub use app::Page;
pub use journey::{Held, JOURNEY_DAYS, Journey, Journeys, Step};
pub use serve::{Reach, ServeError, Served, router, serve};
