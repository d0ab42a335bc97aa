//! Runs the rows, several at once, and prints them in their order. It must
//! not know what they do.

use std::{
    collections::BTreeMap,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    dashboard, library,
    options::Options,
    row::{Play, Row},
    seen::{Told, compare},
    table::{self, Verdict},
};

/// Rows at once. They mostly wait, so more than there are cores.
const AT_ONCE: usize = 4;

/// No row takes so long, also on a slow machine. One that does never ends.
const LONGEST: Duration = Duration::from_mins(5);

/// Time between two looks for rows that do not end.
const PACE: Duration = Duration::from_secs(1);

/// What is passed on when a row has ended.
type Ended = (usize, (Told, Verdict));

/// Runs the rows; the exit code says whether all cells hold and the time was kept.
pub(crate) fn run(rows: &[Row], options: &Options) -> ExitCode {
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let under_way = Mutex::new(BTreeMap::new());
    let mut counts = [0; 3];
    // A panic is shown in its row, not between the lines of the table.
    std::panic::set_hook(Box::new(|info| note_panic(info.to_string())));
    table::heads();
    thread::scope(|scope| {
        let (done, finished) = mpsc::channel();
        for _ in 0..AT_ONCE {
            let (next, under_way, done) = (&next, &under_way, done.clone());
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(at) else { return };
                    lock(under_way).insert(at, Instant::now());
                    let outcome = one(row);
                    lock(under_way).remove(&at);
                    // The printer lives until all senders have gone.
                    let sent = done.send((at, outcome));
                    sent.expect("the printer listens");
                }
            });
        }
        drop(done);
        let mut waiting = BTreeMap::new();
        let mut printed = 0;
        while let Some((at, outcome)) = receive(&finished, rows, &under_way) {
            waiting.insert(at, outcome);
            while let Some((told, verdict)) = waiting.remove(&printed) {
                print(&rows[printed], &told, &verdict, &mut counts);
                printed += 1;
            }
        }
    });
    let (took, budget) = (began.elapsed(), options.budget());
    table::sums(counts, took, budget);
    let not_run_counts = env::var_os("CI").is_some() && counts[2] > 0;
    if counts[1] > 0 || not_run_counts || took > budget {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The next row that has ended; nothing after the last one. Where a row does
/// not end, the whole run ends here and says which.
fn receive(
    finished: &Receiver<Ended>,
    rows: &[Row],
    under_way: &Mutex<BTreeMap<usize, Instant>>,
) -> Option<Ended> {
    loop {
        match finished.recv_timeout(PACE) {
            Ok(ended) => return Some(ended),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let hangs = lock(under_way)
            .iter()
            .find(|(_, begun)| begun.elapsed() > LONGEST)
            .map(|(at, _)| *at);
        if let Some(at) = hangs {
            table::hangs(&rows[at], LONGEST, &take_panics());
            // Its threads cannot be ended. What it has started ends with us.
            std::process::exit(1);
        }
    }
}

fn print(row: &Row, told: &Told, verdict: &Verdict, counts: &mut [usize; 3]) {
    let place = match verdict {
        Verdict::Passed => 0,
        Verdict::Failed(_) => 1,
        Verdict::NotRun(reason) => {
            counts[2] += 1;
            return table::not_run(row, reason);
        }
    };
    counts[place] += 1;
    table::row(row, told, verdict);
}

fn one(row: &Row) -> (Told, Verdict) {
    if let Some(reason) = row.need.missing() {
        return (Told::default(), Verdict::NotRun(reason));
    }
    let played = catch_unwind(AssertUnwindSafe(|| match row.play {
        Play::Dashboard {
            prepare,
            strike,
            mend,
        } => dashboard::play(row, prepare, strike, mend),
        Play::Sleeping {
            prepare,
            strike,
            mend,
        } => library::play(&row.bed, prepare, strike, mend),
        Play::Statement(play) => play(&row.bed),
    }));
    let Ok(told) = played else {
        let mut words = take_panics();
        words.push("the row panicked".to_owned());
        return (Told::default(), Verdict::Failed(words));
    };
    let faults = compare(row, &told).0;
    if faults.is_empty() {
        (told, Verdict::Passed)
    } else {
        (told, Verdict::Failed(faults))
    }
}

/// What panicked and has not been told yet.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note_panic(words: String) {
    lock(&PANICS).push(words);
}

/// What panicked in this row or in a thread that it started. One that panics
/// at the same time in another row may be told here, too early: it fails its
/// own row all the same.
fn take_panics() -> Vec<String> {
    lock(&PANICS).drain(..).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
