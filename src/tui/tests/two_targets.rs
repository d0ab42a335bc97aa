//! A project and the database beside it: both are named, and a write asks for the
//! one that is written.

use std::sync::Arc;

use crossterm::event::KeyCode;

use super::harness::{Screen, on_paused_time};
use crate::{
    domain::{
        Alternative, AlternativeKind, Alternatives, AutoMigrate, Command, Destination, Mode,
        Snapshot, Target, TransportSecurity, Use,
    },
    tui::fixtures::{self, PLAIN},
};

const WRITTEN: &str = "SQL and migrations: db.abc.example:5432/postgres";

fn target(address: &str, database: &str, role: &str) -> Target {
    Target {
        mode: Mode::Supabase,
        address: address.into(),
        database: database.into(),
        role: role.into(),
        security: TransportSecurity::Verified,
    }
}

fn watched() -> Target {
    target("abc.supabase.co", "", "anon")
}

fn written() -> Target {
    target("db.abc.example:5432", "postgres", "owner")
}

/// Connected to a project, with three files applied.
fn project(environment: &str) -> Snapshot {
    let mut session = fixtures::session();
    session.target = watched();
    session.direct = Some(written());
    session.environment = Some(environment.into());
    Snapshot {
        session: Arc::new(session),
        migrations: Some(fixtures::migrations(3)),
        ..fixtures::healthy()
    }
}

/// After these keys the screen says this, and these commands were sent.
#[track_caller]
fn check(size: (u16, u16), snapshot: Snapshot, keys: &str, words: &[&str], sent: &[Command]) {
    on_paused_time(|| async {
        let mut screen = Screen::start(size, snapshot, PLAIN);
        screen.settle().await;
        for key in keys.chars() {
            screen.press(match key {
                '\n' => KeyCode::Enter,
                key => KeyCode::Char(key),
            });
        }
        screen.settle().await;
        let picture = screen.picture();
        for words in words {
            assert!(picture.contains(words), "{words} in\n{picture}");
        }
        let commands = &mut screen.outlet.as_mut().unwrap().commands;
        let mut taken = Vec::new();
        while let Ok(command) = commands.try_recv() {
            taken.push(command);
        }
        assert_eq!(taken, sent);
    });
}

#[test]
fn the_header_names_both() {
    for size in [(80, 24), (120, 40)] {
        for environment in ["staging", "production"] {
            let words = ["supabase abc.supabase.co", WRITTEN];
            check(size, project(environment), "", &words, &[]);
        }
    }
}

#[test]
fn a_write_asks_for_the_name_of_what_is_written() {
    let size = (120, 40);
    let look = Command::LookAtMigrations;
    let migrate = [look, Command::Migrate(fixtures::connection_id())];
    let question = [
        "supabase db.abc.example:5432/postgres",
        "Target: db.abc.example:5432/postgres.",
    ];
    check(size, project("staging"), "Mu", &question, &[look]);
    let question = ["PRODUCTION: type db.abc.example:5432/postgres and"];
    check(size, project("production"), "Mu", &question, &[look]);
    let wrong = ["that is not the target's name"];
    check(
        size,
        project("production"),
        "Muabc.supabase.co\n",
        &wrong,
        &[look],
    );
    let right = "Mudb.abc.example:5432/postgres\n";
    check(size, project("production"), right, &[], &migrate);
}

#[test]
fn the_list_of_profiles_names_both() {
    let to = Destination {
        target: watched(),
        direct: Some(written()),
        environment: None,
        read_only: false,
        profile: Some("abc".into()),
        auto_migrate: AutoMigrate::Off,
        remarks: vec![],
    };
    let row = Alternative {
        name: Some("abc".into()),
        scene: None,
        use_now: Use::Not,
        standing: Ok(to),
    };
    let snapshot = Snapshot {
        alternatives: Some(Arc::new(Alternatives {
            unlisted: 0,
            number: 1,
            kind: AlternativeKind::Profile,
            at: fixtures::now(),
            rows: Ok([row].into()),
        })),
        ..fixtures::healthy()
    };
    on_paused_time(|| async {
        let screen = Screen::start((80, 24), fixtures::healthy(), PLAIN);
        screen.type_in("p");
        screen.settle().await;
        screen.publish(snapshot);
        screen.settle().await;
        let picture = screen.picture();
        let words = format!("{WRITTEN} as owner");
        assert!(picture.contains("abc.supabase.co as anon"), "{picture}");
        assert!(picture.contains(&words), "{picture}");
    });
}
