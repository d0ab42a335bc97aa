//! Asks whether somebody answers at the server's address. Knows nothing of
//! logins: whoever answers is not asked for more.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    adapter::{
        DbResult,
        local::{
            phase_clock::{Phase, PhaseClock},
            socket,
            target::Target,
            tls::ask_for_tls,
        },
    },
    domain::Action,
};

/// Connects, asks whether there is TLS, and takes any byte for an answer. A
/// mere connect proves nothing: the system accepts for a frozen server, too.
pub(super) async fn knock(target: &Target, limit: Duration) -> DbResult<()> {
    let clock = PhaseClock::start(Action::Connect, limit);
    let asking = async {
        let endpoint = &target.section().endpoint;
        let mut socket = socket::open(endpoint, Instant::now() + limit, &clock).await?;
        clock.begin(Phase::Tls);
        ask_for_tls(&mut socket, clock.action()).await.map(drop)
    };
    clock.within(asking).await
}
