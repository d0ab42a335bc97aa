//! The gate on paused time: what each call meets, and when.

use super::*;
use crate::domain::{AfterLast, ErrorKind, FaultStep, PhaseTimings};

const TRIP: Duration = Duration::from_millis(10);

/// The deadline of every call.
const LIMIT: Duration = Duration::from_secs(5);

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// A gate with these conditions at these ms, calm afterwards.
fn gate(steps: &[(u64, Condition)]) -> Gate {
    let steps: Vec<_> = steps
        .iter()
        .map(|&(lasts, condition)| FaultStep {
            condition,
            lasts: ms(lasts),
        })
        .collect();
    let after = AfterLast::Stay(Condition::Calm);
    Gate::new(&MockSection {
        trip: RoundTrip {
            latency: TRIP,
            jitter: Duration::ZERO,
        },
        rehearsal: Some(Rehearsal {
            scenario: None,
            script: FaultScript::try_new(&steps, after).unwrap(),
        }),
        ..MockSection::default()
    })
}

/// What one call met.
struct Met {
    result: DbResult<()>,
    phases: PhaseTimings,
    took: u128,
}

impl Met {
    /// Kind, code and layer of the failure, and when it came.
    #[track_caller]
    fn check(&self, kind: ErrorKind, code: Option<&str>, layer: Layer, took: u128) {
        let error = self.result.as_ref().expect_err("it failed");
        assert_eq!(
            (error.kind(), error.code(), error.layer(), self.took),
            (kind, code, layer, took),
            "{error:?}"
        );
    }

    #[track_caller]
    fn check_ok(&self, took: u128) {
        assert!(self.result.is_ok(), "{:?}", self.result);
        assert_eq!(self.took, took);
    }
}

async fn log_in(gate: &Gate) -> Met {
    let began = Instant::now();
    let clock = PhaseClock::start(Action::Connect, LIMIT);
    let result = clock.within(gate.log_in(&clock)).await.map(drop);
    Met {
        result,
        phases: clock.timings(),
        took: began.elapsed().as_millis(),
    }
}

async fn knock(gate: &Gate) -> Met {
    let began = Instant::now();
    let clock = PhaseClock::start(Action::Connect, ms(900));
    let result = clock.within(gate.knock(&clock)).await;
    Met {
        result,
        phases: clock.timings(),
        took: began.elapsed().as_millis(),
    }
}

async fn session(gate: &Gate) -> Client {
    let clock = PhaseClock::start(Action::Connect, LIMIT);
    gate.log_in(&clock).await.expect("all is calm")
}

/// A statement that takes no time at the server, once the time has come.
async fn ask(gate: &Gate, session: &mut Client) -> Met {
    let began = Instant::now();
    let clock = PhaseClock::start(Action::Query, LIMIT);
    clock.begin(Phase::Query);
    let answer = gate.within(session, Action::Query, async { Ok(()) });
    let result = clock.within(answer).await;
    Met {
        result,
        phases: clock.timings(),
        took: began.elapsed().as_millis(),
    }
}

#[tokio::test(start_paused = true)]
async fn in_calm_times_every_phase_takes_its_round_trip() {
    let gate = gate(&[]);
    let met = log_in(&gate).await;
    met.check_ok(20);
    let zero = Some(Duration::ZERO);
    assert_eq!((met.phases.dns, met.phases.tls), (zero, zero));
    assert_eq!((met.phases.tcp, met.phases.login), (Some(TRIP), Some(TRIP)));
    knock(&gate).await.check_ok(20);
    let mut session = session(&gate).await;
    ask(&gate, &mut session).await.check_ok(10);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_server_ends_its_sessions_and_refuses_at_tcp() {
    let gate = gate(&[(1_000, Condition::Calm), (60_000, Condition::Refuse)]);
    let mut session = session(&gate).await;
    let end = gate.end(&mut session, Action::HealthCheck).await;
    assert_eq!(gate.began.elapsed(), ms(1_000), "at that moment");
    assert_eq!(
        (end.kind(), end.code(), end.layer()),
        (ErrorKind::ConnectionLost, Some("57P01"), Layer::Tcp)
    );
    let met = log_in(&gate).await;
    met.check(ErrorKind::ConnectionRefused, None, Layer::Tcp, 10);
    let phases = met.phases;
    assert_eq!(phases.dns, Some(Duration::ZERO), "it came that far");
    assert_eq!((phases.tcp, phases.tls, phases.login), (None, None, None));
    let met = knock(&gate).await;
    met.check(ErrorKind::ConnectionRefused, None, Layer::Tcp, 10);
    sleep(ms(60_000)).await;
    knock(&gate).await.check_ok(20);
    log_in(&gate).await.check_ok(20);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_fails_what_is_under_way() {
    let gate = gate(&[(1_000, Condition::Calm), (100, Condition::Lose)]);
    let mut session = session(&gate).await;
    sleep(ms(975)).await;
    // Sent at 995 ms: its answer would come at 1005 ms.
    let met = ask(&gate, &mut session).await;
    met.check(ErrorKind::ConnectionLost, None, Layer::Tcp, 5);
    let met = log_in(&gate).await;
    met.check(ErrorKind::ConnectionLost, None, Layer::Login, 10);
    let met = knock(&gate).await;
    met.check(ErrorKind::ConnectionLost, None, Layer::Login, 10);
    sleep(ms(80)).await;
    assert!(!gate.stands(session), "also when nobody looked meanwhile");
    log_in(&gate).await.check_ok(20);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_server_accepts_and_never_answers() {
    let gate = gate(&[(1_000, Condition::Calm), (20_000, Condition::Hang)]);
    let mut session = session(&gate).await;
    sleep(ms(980)).await;
    let timeout = ErrorKind::Timeout { after_ms: 5_000 };
    let met = ask(&gate, &mut session).await;
    met.check(timeout, None, Layer::Statement, 5_000);
    let met = log_in(&gate).await;
    met.check(timeout, None, Layer::Login, 5_000);
    assert_eq!(met.phases.tcp, Some(TRIP));
    let met = knock(&gate).await;
    met.check(
        ErrorKind::Timeout { after_ms: 900 },
        None,
        Layer::Login,
        900,
    );
    // What waits when the server goes on is answered at once.
    sleep(ms(8_600)).await;
    ask(&gate, &mut session).await.check_ok(500);
    knock(&gate).await.check_ok(20);
}

#[tokio::test(start_paused = true)]
async fn refused_logins_leave_those_who_are_in_alone() {
    for (condition, kind, code) in [
        (Condition::Auth, ErrorKind::AuthFailed, "28P01"),
        (Condition::Full, ErrorKind::TooManyConnections, "53300"),
    ] {
        let gate = gate(&[(1_000, Condition::Calm), (60_000, condition)]);
        let mut session = session(&gate).await;
        sleep(ms(1_000)).await;
        ask(&gate, &mut session).await.check_ok(10);
        let met = log_in(&gate).await;
        met.check(kind, Some(code), Layer::Login, 20);
        knock(&gate).await.check_ok(20);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_accepts_as_ever_and_answers_late() {
    let gate = gate(&[(60_000, Condition::Slow { by: ms(700) })]);
    let met = log_in(&gate).await;
    met.check_ok(720);
    assert_eq!(met.phases.tcp, Some(TRIP));
    let mut session = session(&gate).await;
    ask(&gate, &mut session).await.check_ok(710);
}

#[tokio::test(start_paused = true)]
async fn it_tells_where_it_stands() {
    let gate = gate(&[(1_000, Condition::Calm), (2_000, Condition::Refuse)]);
    sleep(ms(400)).await;
    let now = gate.rehearsing().unwrap();
    assert_eq!(now.condition, Condition::Calm);
    assert_eq!(now.next, Some((ms(600), Condition::Refuse)));
    sleep(ms(2_600)).await;
    let end = gate.rehearsing().unwrap();
    assert_eq!((end.condition, end.next), (Condition::Calm, None));
    let nothing = Gate::new(&MockSection::default());
    assert_eq!(nothing.rehearsing(), None);
}
