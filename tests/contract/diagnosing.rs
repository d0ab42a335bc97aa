//! Diagnoses of a way that breaks while it is examined: they come to the true
//! layer, in time.

use std::time::{Duration, Instant};

use dbvitals::{
    adapter::{DiagnosisOptions, WriteTest},
    domain::{Diagnosis, ErrorKind, Exam, Finding, FindingStatus, HealthPolicy, Layer, Secret},
};
use tokio::sync::mpsc;

use crate::{
    bed::{on, section_at},
    support::{
        cluster::{Cluster, PASSWORD},
        proxy::{Mode, Proxy},
    },
};

/// The deadline that a check would have.
const TIMEOUT: Duration = Duration::from_secs(2);

const OPTIONS: DiagnosisOptions = DiagnosisOptions {
    policy: HealthPolicy {
        slow_threshold: Duration::from_secs(10),
        expects_writes: true,
        requires_schema: true,
    },
    write_test: WriteTest::Judge,
};

/// A diagnosis during which the network becomes like this as soon as the role
/// has been let in.
async fn broken_behind_the_login(mode: Mode) -> Diagnosis {
    let cluster = Cluster::start();
    let proxy = Proxy::to(cluster.port());
    // Slow enough for the rest not to be over before the network changes.
    proxy.set(Mode::Latency(Duration::from_millis(40)));
    let mut section = section_at("127.0.0.1", proxy.port());
    section.password = Some(Secret::new(PASSWORD));
    section.timeout = TIMEOUT;
    let database = on(section);
    let (told, mut findings) = mpsc::channel::<Finding>(64);
    let breaking = async {
        while let Some(finding) = findings.recv().await {
            if finding.exam == Exam::Login && finding.status == FindingStatus::Ok {
                proxy.set(mode);
            }
        }
    };
    let began = Instant::now();
    let (diagnosis, ()) = tokio::join!(database.diagnose(OPTIONS, told), breaking);
    assert!(began.elapsed() <= TIMEOUT * 2, "{:?}", began.elapsed());
    assert_eq!(diagnosis.findings.len(), Exam::ALL.len());
    diagnosis
}

#[track_caller]
fn check(diagnosis: &Diagnosis, kind: ErrorKind, layer: Layer) {
    let error = diagnosis.conclusion.error.as_ref().expect("it failed");
    assert_eq!((error.kind(), error.layer()), (kind, layer), "{error:?}");
    assert_eq!(diagnosis.conclusion.layer, Some(layer));
    let status = |exam| {
        let mut findings = diagnosis.findings.iter();
        let found = findings.find(|finding| finding.exam == exam);
        found.expect("every examination is told of").status
    };
    assert_eq!(status(Exam::Login), FindingStatus::Ok);
    assert_eq!(status(Exam::Latency), FindingStatus::Failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_reset_behind_the_login_is_lost() {
    let diagnosis = broken_behind_the_login(Mode::Reset).await;
    check(&diagnosis, ErrorKind::ConnectionLost, Layer::Tcp);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_black_hole_behind_the_login_is_a_statement_without_answer() {
    let diagnosis = broken_behind_the_login(Mode::BlackHole).await;
    let timeout = ErrorKind::Timeout { after_ms: 2_000 };
    check(&diagnosis, timeout, Layer::Statement);
}
