//! A hosted Supabase project's Data API on one machine, for tests: a real
//! PostgREST-compatible server over a real PostgreSQL, and before it what
//! Supabase's gateway does. It must not know who asks it.
//!
//! It is told by variables what to serve ([`settings`]), says in one line of
//! JSON on standard output where it listens and which keys open it, and ends
//! at SIGTERM, at SIGINT, and when its standard input ends.

mod control;
mod database;
mod ending;
mod faults;
mod gateway;
mod keys;
mod listener;
mod mending;
mod requests;
mod rest;
mod settings;

use std::sync::Arc;

use anyhow::Context;
use axum::{Router, routing::any};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    database::Database, gateway::Gateway, keys::Keyring, listener::Listener, rest::Rest,
    settings::Settings,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let settings = Settings::from_environment()?;
    let ending = ending::watch();
    let keys = Keyring::mint(&settings.jwt_secret).context("the keys cannot be made")?;
    let rest = Rest::over(&settings)
        .await
        .context("the database cannot be served")?;
    let database = Database::at(&settings.database)?;
    let listener = Listener::open(&settings)
        .await
        .context("the address cannot be listened on")?;
    let scheme = listener.scheme();
    let address = axum::serve::Listener::local_addr(&listener)?;
    let told = json!({
        "url": format!("{scheme}://{address}"),
        "keys": keys.shown(),
        "tokens": keys::tokens(&settings.jwt_secret)?,
    });
    let router = Router::new()
        .route("/__fault", any(control::fault))
        .route("/__reload", any(control::reload))
        .route("/__requests", any(control::requests))
        .fallback(any(gateway::answer))
        .with_state(Arc::new(Gateway::new(keys, rest, database)));
    println!("{told}");
    let serving = axum::serve(listener, router).with_graceful_shutdown(ending.clone().asked());
    tokio::select! {
        served = async { serving.await } => served.context("serving failed"),
        () = ending.overdue() => Ok(()),
    }
}
