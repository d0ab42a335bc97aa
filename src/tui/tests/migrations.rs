//! The migrations on the screen: as they stand, before they are applied, while
//! they are, and afterwards.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyModifiers};

use super::harness::{Screen, on_paused_time};
use crate::{
    domain::{
        Action, Adoption, Command, CommandOutcome, DbError, Difference, ErrorKind, Event, Lane,
        LedgerTool, LockHolder, MigrationEvent, MigrationName, MigrationProgress, MigrationRefusal,
        MigrationReport, MigrationRun, MissingRight, Snapshot, Unwritable,
    },
    tui::fixtures::{self, PLAIN},
};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 40);

/// Connected, with this look at the migrations.
fn with(applied: usize) -> Snapshot {
    Snapshot {
        migrations: Some(fixtures::migrations(applied)),
        ..fixtures::healthy()
    }
}

fn in_production(mut snapshot: Snapshot) -> Snapshot {
    let mut session = fixtures::session();
    session.environment = Some("production".into());
    snapshot.session = Arc::new(session);
    snapshot
}

fn refused(refusal: MigrationRefusal) -> Snapshot {
    let mut state = fixtures::migration_state(0);
    state.refusal = Some(refusal);
    Snapshot {
        migrations: Some(fixtures::look(Ok(state))),
        ..fixtures::healthy()
    }
}

fn tables_without_ledger() -> Snapshot {
    let tables = vec!["agents".into(), "commands".into()];
    refused(MigrationRefusal::TablesWithoutLedger { tables })
}

/// A run that ended, after so many files, like this.
fn ended(applied: usize, result: Result<MigrationRun, DbError>) -> Arc<MigrationProgress> {
    let mut progress = match &result {
        // What was begun has ended, or never was.
        Ok(_) => fixtures::run_of(applied, applied),
        Err(_) => fixtures::run(applied),
    };
    Arc::make_mut(&mut progress).end(fixtures::now(), result.map_err(Arc::new));
    progress
}

/// The run that has ended, and the look that follows it.
fn ends(snapshot: &mut Snapshot, mut run: Arc<MigrationProgress>) {
    Arc::make_mut(&mut run).looked();
    snapshot.migration = Some(run);
    let look = snapshot.migrations.as_mut().unwrap();
    Arc::make_mut(look).at = fixtures::now();
}

/// The screen after `M` and these keys.
#[track_caller]
fn check(name: &'static str, size: (u16, u16), snapshot: Snapshot, keys: &str) {
    on_paused_time(|| async {
        let screen = Screen::start(size, snapshot, PLAIN);
        screen.settle().await;
        screen.type_in("M");
        screen.settle().await;
        screen.type_in(keys);
        screen.settle().await;
        insta::assert_snapshot!(name, screen.picture());
    });
}

#[test]
fn every_file_is_listed_with_its_standing() {
    check("migrations_80x24", SMALL, with(3), "");
    check("migrations_120x40", LARGE, with(3), "");
    check("migrations_applied_80x24", SMALL, with(10), "");
}

#[test]
fn a_run_is_confirmed_with_the_targets_name_on_the_screen() {
    check("migrations_question_80x24", SMALL, with(0), "u");
    let snapshot = in_production(with(0));
    check("migrations_name_80x24", SMALL, snapshot, "ulocalhost:54");
}

#[test]
fn a_run_is_told_file_by_file() {
    let mut snapshot = with(0);
    snapshot.migration = Some(fixtures::run(4));
    check("migrations_running_80x24", SMALL, snapshot.clone(), "");
    check("migrations_running_120x40", LARGE, snapshot.clone(), "");
    let mut waiting = MigrationProgress::new(fixtures::ago(2));
    let holder = Some(LockHolder {
        pid: 4711,
        application_name: "dbvitals-migrate".into(),
        role: Some("app_rw".into()),
        client: None,
        since: None,
    });
    waiting.take(MigrationEvent::Waiting { holder }, fixtures::ago(1));
    snapshot.migration = Some(Arc::new(waiting));
    check("migrations_waiting_80x24", SMALL, snapshot, "");
}

#[test]
fn a_failure_has_its_cause_and_a_next_step() {
    let error = DbError::new(Action::Migrate, ErrorKind::DiskFull)
        .with_code("53100")
        .with_details("0005_trace_entries was rolled back: could not extend file");
    let mut snapshot = with(4);
    ends(&mut snapshot, ended(4, Err(error)));
    check("migrations_failed_80x24", SMALL, snapshot, "");
}

#[test]
fn nothing_is_offered_between_the_end_of_a_run_and_the_look_after_it() {
    on_paused_time(|| async {
        let mut snapshot = with(0);
        let report = MigrationReport {
            schema: "public".into(),
            ledger: "public.schema_migrations".into(),
            applied: vec![],
            applied_by_others: vec![],
        };
        snapshot.migration = Some(ended(10, Ok(MigrationRun::Migrated(Arc::new(report)))));
        let screen = Screen::start(SMALL, snapshot, PLAIN);
        screen.settle().await;
        screen.type_in("M");
        screen.settle().await;
        let picture = screen.picture();
        assert!(picture.contains("all 10 files are applied"), "{picture}");
        assert!(!picture.contains("u applies"), "{picture}");
        assert!(!picture.contains("u apply"), "{picture}");
    });
}

#[test]
fn a_clock_that_is_set_back_hides_no_offer() {
    let set_back = || {
        let mut snapshot = with(3);
        let error = DbError::new(Action::Migrate, ErrorKind::DiskFull);
        ends(&mut snapshot, ended(3, Err(error)));
        // By its time the look came before the end of the run.
        let look = snapshot.migrations.as_mut().unwrap();
        Arc::make_mut(look).at = fixtures::ago(3_600);
        snapshot
    };
    let migrate = [Command::Migrate(fixtures::connection_id())];
    sent(set_back(), "uy", &migrate);
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, set_back(), PLAIN);
        screen.type_in("M");
        screen.settle().await;
        let picture = screen.picture();
        assert!(picture.contains("7 of 10 files are pending"), "{picture}");
    });
}

#[test]
fn a_connection_that_is_lost_meanwhile_is_told() {
    let lost = || DbError::new(Action::Migrate, ErrorKind::ConnectionLost);
    let mut snapshot = fixtures::lost(lost(), Lane::Quick { retry: 1, of: 3 });
    snapshot.migrations = Some(fixtures::look(Err(lost())));
    ends(&mut snapshot, ended(2, Err(lost())));
    check("migrations_lost_80x24", SMALL, snapshot, "");
}

#[test]
fn a_refusal_has_its_next_step() {
    let foreign = refused(MigrationRefusal::ForeignLedger {
        table: "public.schema_migrations".into(),
        tool: LedgerTool::Ecto,
    });
    check("migrations_foreign_80x24", SMALL, foreign, "");
    check("migrations_adopt_80x24", SMALL, tables_without_ledger(), "");
    let mut adoption = Adoption {
        schema: "public".into(),
        ledger: "public.schema_migrations".into(),
        recorded_before: vec![],
        appliable: vec![],
        recorded: vec![MigrationName::new(1, "agents")],
        waiting: vec![],
        absent: vec![],
        differences: vec![Difference {
            migration: MigrationName::new(2, "commands"),
            object: "commands.status".into(),
            ours: Some("text".into()),
            theirs: Some("integer".into()),
        }],
        remarks: vec!["agents has one more index".into()],
    };
    let mut snapshot = with(1);
    let mut progress = MigrationProgress::new(fixtures::ago(2));
    progress.end(
        fixtures::ago(1),
        Ok(MigrationRun::Adopted(Arc::new(adoption.clone()))),
    );
    snapshot.migration = Some(Arc::new(progress));
    check("migrations_adopted_80x24", SMALL, snapshot, "");
    // However many there are, the files are in sight.
    let many: Vec<_> = std::iter::repeat_n(adoption.differences[0].clone(), 35).collect();
    adoption.differences = many;
    adoption.recorded.clear();
    let mut snapshot = tables_without_ledger();
    let mut progress = MigrationProgress::new(fixtures::ago(5));
    progress.end(
        fixtures::ago(4),
        Ok(MigrationRun::Adopted(Arc::new(adoption))),
    );
    progress.looked();
    snapshot.migration = Some(Arc::new(progress));
    check("migrations_adopted_nothing_80x24", SMALL, snapshot, "");
}

#[test]
fn what_cannot_be_written_is_not_offered() {
    let mut snapshot = with(3);
    let mut session = fixtures::session();
    session.read_only = true;
    snapshot.session = Arc::new(session);
    check("migrations_read_only_80x24", SMALL, snapshot, "u");
    let mut state = fixtures::migration_state(3);
    state.unwritable = Some(Unwritable::InRecovery);
    let mut snapshot = with(3);
    snapshot.migrations = Some(fixtures::look(Ok(state)));
    check("migrations_standby_80x24", SMALL, snapshot, "");
    let mut state = fixtures::migration_state(3);
    state.missing_right = Some(MissingRight {
        words: "role app may make no tables in schema public".into(),
        hint: "grant CREATE on the schema to this role, or migrate as its owner",
    });
    let mut snapshot = with(3);
    snapshot.migrations = Some(fixtures::look(Ok(state)));
    check("migrations_denied_80x24", SMALL, snapshot, "u");
}

/// The commands that these keys have sent, after the look that `M` asks for.
#[track_caller]
fn sent(snapshot: Snapshot, keys: &str, expected: &[Command]) {
    on_paused_time(|| async {
        let mut screen = Screen::start(SMALL, snapshot, PLAIN);
        screen.type_in("M");
        for key in keys.chars() {
            match key {
                '\n' => screen.press(KeyCode::Enter),
                '\u{8}' => screen.press(KeyCode::Backspace),
                '\u{1b}' => screen.press(KeyCode::Esc),
                key => screen.press(KeyCode::Char(key)),
            }
        }
        screen.settle().await;
        let commands = &mut screen.outlet.as_mut().unwrap().commands;
        assert_eq!(commands.try_recv(), Ok(Command::LookAtMigrations));
        let mut others = Vec::new();
        while let Ok(command) = commands.try_recv() {
            others.push(command);
        }
        assert_eq!(others, expected, "{keys:?}");
    });
}

#[test]
fn nothing_is_sent_before_it_is_confirmed() {
    let migrate = [Command::Migrate(fixtures::connection_id())];
    sent(with(3), "u", &[]);
    sent(with(3), "uy", &migrate);
    sent(with(3), "\ny", &migrate);
    sent(with(3), "un", &[]);
    sent(with(3), "u\u{1b}y", &[]);
    sent(with(3), "u\n", &[]);
    sent(with(3), "y", &[]);
    sent(with(10), "uy", &[]);
    sent(fixtures::healthy(), "uy", &[]);
    // What would do something else in a pane does nothing to a question.
    sent(with(3), "urdcD?y", &migrate);
}

#[test]
fn in_production_only_the_whole_name_confirms() {
    let migrate = [Command::Migrate(fixtures::connection_id())];
    let snapshot = || in_production(with(3));
    sent(snapshot(), "uy", &[]);
    sent(snapshot(), "uy\n", &[]);
    sent(snapshot(), "u\n", &[]);
    sent(snapshot(), "ulocalhost\n", &[]);
    sent(snapshot(), "ulocalhost:5432/app\n", &migrate);
    sent(snapshot(), "ulocalhost:5432/appq\n\u{8}\n", &migrate);
    sent(snapshot(), "ulocalhost:5432/app\u{1b}\n\n", &[]);
}

#[test]
fn what_is_refused_is_adopted_where_that_helps_and_else_nothing_is_sent() {
    sent(tables_without_ledger(), "uy", &[]);
    sent(
        tables_without_ledger(),
        "ay",
        &[Command::Adopt(fixtures::connection_id())],
    );
    sent(with(3), "ay", &[]);
    let foreign = refused(MigrationRefusal::ForeignLedger {
        table: "x.schema_migrations".into(),
        tool: LedgerTool::Rails,
    });
    sent(foreign, "uyay", &[]);
}

#[test]
fn one_run_at_a_time_and_what_came_between_is_not_done() {
    let mut running = with(3);
    running.migration = Some(fixtures::run(0));
    sent(running.clone(), "uy", &[]);
    on_paused_time(|| async {
        let mut screen = Screen::start(SMALL, with(3), PLAIN);
        screen.type_in("Mu");
        screen.settle().await;
        screen.publish(running);
        screen.settle().await;
        screen.type_in("y");
        screen.settle().await;
        assert!(screen.picture().contains("a migration is under way"));
        let commands = &mut screen.outlet.as_mut().unwrap().commands;
        assert_eq!(commands.try_recv(), Ok(Command::LookAtMigrations));
        assert!(commands.try_recv().is_err());
        screen.tell(Event::CommandDone {
            command: Command::Migrate(fixtures::connection_id()),
            outcome: CommandOutcome::Needless("a migration is under way"),
        });
        screen.settle().await;
        assert!(
            screen
                .picture()
                .contains("migrate: a migration is under way")
        );
    });
}

/// The header, without any view over the panes, holds these words.
#[track_caller]
fn check_told(run: &MigrationProgress, words: &str) {
    on_paused_time(|| async {
        let mut running = with(3);
        running.migration = Some(Arc::new(run.clone()));
        let screen = Screen::start(SMALL, running, PLAIN);
        screen.settle().await;
        let picture = screen.picture();
        assert!(picture.contains(words), "{picture}");
        // The view itself tells more of it.
        screen.type_in("M");
        screen.settle().await;
        let picture = screen.picture();
        assert!(!picture.contains("M shows it"), "{picture}");
    });
}

#[test]
fn a_run_is_told_although_nobody_looks_at_it() {
    let mut run = MigrationProgress::new(fixtures::ago(2));
    check_told(&run, "a migration is under way; M shows it");
    run.take(MigrationEvent::Waiting { holder: None }, fixtures::ago(1));
    let words = "a migration is under way: it waits for another session; M shows it";
    check_told(&run, words);
    let words = "a migration is under way: 4 applied, now 0005_trace_entries; M shows it";
    check_told(&fixtures::run(4), words);
    // One that has ended is under way no longer.
    on_paused_time(|| async {
        let mut snapshot = with(3);
        let error = DbError::new(Action::Migrate, ErrorKind::DiskFull);
        snapshot.migration = Some(ended(3, Err(error)));
        let screen = Screen::start(SMALL, snapshot, PLAIN);
        screen.settle().await;
        assert!(!screen.picture().contains("is under way"));
    });
}

#[test]
fn quitting_while_files_are_applied_says_what_that_breaks_off_first() {
    on_paused_time(|| async {
        let mut running = with(3);
        running.migration = Some(fixtures::run(3));
        let screen = Screen::start(SMALL, running, PLAIN);
        screen.type_in("Mq");
        screen.settle().await;
        assert!(!screen.has_ended());
        assert!(
            screen.picture().contains("q again quits"),
            "{}",
            screen.picture()
        );
        // Any other key takes it back.
        screen.type_in("jq");
        screen.settle().await;
        assert!(!screen.has_ended());
        screen.press_with(KeyCode::Char('c'), KeyModifiers::CONTROL);
        screen.settle().await;
        assert!(screen.has_ended());
    });
}

#[test]
fn a_file_is_as_the_newest_news_say() {
    on_paused_time(|| async {
        let screen = Screen::start(SMALL, with(0), PLAIN);
        screen.type_in("M");
        screen.settle().await;
        let has = |words: &str| screen.picture().contains(words);
        assert!(has("10 of 10 files are pending"));
        let report = MigrationReport {
            schema: "public".into(),
            ledger: "public.schema_migrations".into(),
            applied: vec![],
            applied_by_others: vec![MigrationName::new(9, "command_queues")],
        };
        let mut snapshot = with(0);
        let run = ended(3, Ok(MigrationRun::Migrated(Arc::new(report))));
        snapshot.migration = Some(Arc::clone(&run));
        screen.publish(snapshot.clone());
        screen.settle().await;
        assert!(has("applied now, in 5.00 ms"), "{}", screen.picture());
        assert!(has("1 of the pending files was applied by another run"));
        ends(&mut snapshot, run);
        snapshot.migrations = Some(fixtures::migrations(10));
        screen.publish(snapshot.clone());
        screen.settle().await;
        assert!(has("all 10 files are applied") && !has("applied now, in"));
        // A look that finds a file pending proves that nothing of it holds.
        let lost = DbError::new(Action::Migrate, ErrorKind::ConnectionLost);
        let run = ended(3, Err(lost));
        snapshot.migration = Some(Arc::clone(&run));
        snapshot.migrations = Some(fixtures::migrations(3));
        screen.publish(snapshot.clone());
        screen.settle().await;
        assert!(has("BROKEN OFF: not known whether it holds"));
        ends(&mut snapshot, run);
        screen.publish(snapshot);
        screen.settle().await;
        assert!(has("ROLLED BACK: nothing of it holds"));
    });
}
