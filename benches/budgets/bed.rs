//! The program in a terminal, and a stopwatch for words on its screen.
#![allow(
    clippy::panic,
    reason = "a measurement that cannot be made must end the program"
)]

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    cluster::Cluster,
    proxy::Proxy,
    terminal::{Launch, Terminal},
};

/// Longer than anything here takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);

/// Words that the screen shows while all is well.
pub(crate) const CONNECTED: &str = "● connected";

/// The dashboard as it is by default, at 120 by 40.
pub(crate) fn launch(url: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .env("USER", "somebody")
        .env("HOME", "/nonexistent")
        .env("DATABASE_URL", url)
        .folder(std::env::temp_dir())
        .size(120, 40)
}

/// The dashboard once it is connected and its sentinel has answered.
pub(crate) fn connected(url: &str) -> Terminal {
    let terminal = launch(url).spawn();
    must(terminal.wait_for(CONNECTED, LIMIT));
    settle();
    terminal
}

/// Two heartbeats: by then the sentinel stands.
pub(crate) fn settle() {
    thread::sleep(Duration::from_secs(2));
}

/// Does something and gives the time from before it until the screen is as wished.
pub(crate) fn until(
    terminal: &Terminal,
    wished: impl Fn(&str) -> bool,
    act: impl FnOnce() + Send,
) -> Duration {
    thread::scope(|scope| {
        let start = Instant::now();
        scope.spawn(act);
        must(terminal.wait_until(LIMIT, |screen| wished(&screen.contents())));
        start.elapsed()
    })
}

/// The value, or the end with the screen as it was.
pub(crate) fn must<T>(result: Result<T, String>) -> T {
    result.unwrap_or_else(|screen| panic!("that never came; the screen is:\n{screen}"))
}

/// The cluster's address with the proxy's port.
pub(crate) fn through(cluster: &Cluster, proxy: &Proxy) -> String {
    let own = format!(":{}/", cluster.port());
    cluster.url().replace(&own, &format!(":{}/", proxy.port()))
}
