//! The switcher, the configuration that was read again, and a production's
//! header on the screen: before anything happens, and after it has.

use std::sync::Arc;

use crossterm::event::KeyCode;
use uuid::Uuid;

use super::harness::{Screen, on_paused_time};
use crate::{
    config::{ThemeName, TuiSection},
    domain::{
        Alternative, AlternativeKind, Alternatives, AutoMigrate, Command, ConfigChange,
        ConfigDifference, ConfigReview, ConnectionId, DatabaseConnection, Destination, Event, Fate,
        LatencySample, Mode, Pick, SampleOutcome, Scenario, Scene, Snapshot, Taking, Target,
        TransportSecurity, Use,
    },
    tui::fixtures::{self, PLAIN},
};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 40);

const ASCII: TuiSection = TuiSection {
    theme: ThemeName::Dark,
    ascii: true,
    no_color: true,
};

fn to(address: &str, environment: Option<&str>) -> Destination {
    Destination {
        target: Target {
            mode: Mode::Local,
            address: address.into(),
            database: "app".into(),
            role: "app_rw".into(),
            security: TransportSecurity::Verified,
        },
        direct: None,
        environment: environment.map(str::to_owned),
        read_only: false,
        profile: None,
        auto_migrate: AutoMigrate::Off,
        remarks: vec![],
    }
}

fn memory() -> Destination {
    let mut memory = to("in memory", None);
    memory.target.mode = Mode::Mock;
    memory.target.database = String::new();
    memory.target.role = String::new();
    memory.target.security = TransportSecurity::ThisMachine;
    memory.remarks = vec!["Nothing is persisted in mock mode.".into()];
    memory
}

fn row(name: Option<&str>, use_now: Use, standing: Result<Destination, &str>) -> Alternative {
    Alternative {
        name: name.map(str::to_owned),
        scene: None,
        use_now,
        standing: standing.map_err(|words| words.lines().map(str::to_owned).collect()),
    }
}

fn modes() -> Vec<Alternative> {
    let why = "supabase_url = absent (default): is required in supabase mode\n\
               supabase_key = absent (default): is required in supabase mode";
    vec![
        row(Some("supabase"), Use::Not, Err(why)),
        row(
            Some("local"),
            Use::InUse,
            Ok(to("localhost:5432", Some("staging"))),
        ),
        row(Some("mock"), Use::Not, Ok(memory())),
    ]
}

fn profiles() -> Vec<Alternative> {
    let mut replica = to("replica.example:5432", Some("production"));
    replica.read_only = true;
    replica.profile = Some("replica".into());
    let mut shop = to("db.shop.example:5432", Some("production"));
    shop.profile = Some("shop".into());
    shop.auto_migrate = AutoMigrate::On;
    vec![
        row(None, Use::InUse, Ok(to("localhost:5432", Some("staging")))),
        row(
            Some("old"),
            Use::Not,
            Err("pool_size = 0 (config.toml:9 [profiles.old]): must be between 1 and 100"),
        ),
        row(Some("replica"), Use::Not, Ok(replica)),
        row(Some("shop"), Use::Not, Ok(shop)),
    ]
}

fn listing(kind: AlternativeKind, rows: Vec<Alternative>) -> Snapshot {
    Snapshot {
        alternatives: Some(Arc::new(Alternatives {
            number: 7,
            kind,
            at: fixtures::now(),
            rows: Ok(rows.into()),
            unlisted: 0,
        })),
        ..fixtures::healthy()
    }
}

fn reviewed(result: Result<ConfigDifference, Vec<String>>) -> Snapshot {
    Snapshot {
        review: Some(Arc::new(ConfigReview {
            number: 3,
            at: fixtures::now(),
            result,
        })),
        ..fixtures::healthy()
    }
}

fn change(key: &'static str, old: &str, new: &str, taking: Taking) -> ConfigChange {
    let shown = |words: &str| (!words.is_empty()).then(|| words.to_owned());
    ConfigChange {
        key,
        old: shown(old),
        new: shown(new),
        taking,
    }
}

fn difference() -> ConfigDifference {
    ConfigDifference {
        changes: vec![
            change(
                "database_url",
                "postgres://app_rw:*****@localhost:5432/app",
                "postgres://app_rw:*****@db.shop.example:5432/app",
                Taking::NewConnection,
            ),
            change(
                "health_check_interval",
                "30000 ms",
                "10000 ms",
                Taking::Running,
            ),
            change("environment", "staging", "production", Taking::Running),
            change("ledger_schema", "", "audit", Taking::NewConnection),
            change("tui.theme", "dark", "light", Taking::NextStart),
        ],
        destination: to("db.shop.example:5432", Some("production")),
        connection: Fate::IsReplaced,
    }
}

fn production(is_read_only: bool) -> Snapshot {
    let mut snapshot = fixtures::healthy();
    let mut session = fixtures::session();
    session.environment = Some("production".into());
    session.profile = Some("shop".into());
    session.read_only = is_read_only;
    snapshot.session = Arc::new(session);
    snapshot
}

/// Opens what the key asks for on a screen that gets this answer, and presses
/// more keys.
async fn opened(
    size: (u16, u16),
    section: TuiSection,
    key: char,
    answer: Snapshot,
    keys: &[KeyCode],
) -> Screen {
    let screen = Screen::start(size, fixtures::healthy(), section);
    screen.settle().await;
    screen.press(KeyCode::Char(key));
    screen.settle().await;
    assert!(screen.picture().contains("reading the configuration"));
    screen.publish(answer);
    screen.settle().await;
    for key in keys {
        screen.press(*key);
        screen.settle().await;
    }
    screen
}

#[track_caller]
fn check(name: &'static str, size: (u16, u16), key: char, answer: Snapshot, keys: &[KeyCode]) {
    on_paused_time(|| async {
        let screen = opened(size, PLAIN, key, answer, keys).await;
        insta::assert_snapshot!(name, screen.picture());
    });
}

#[test]
fn the_modes_say_what_each_connects_to_and_what_speaks_against_it() {
    use KeyCode::{Down, Up};
    let list = || listing(AlternativeKind::Mode, modes());
    check("modes_80x24", SMALL, 'm', list(), &[]);
    check("modes_120x40", LARGE, 'm', list(), &[Down]);
    check("modes_invalid_80x24", SMALL, 'm', list(), &[Up]);
}

#[test]
fn the_profiles_say_which_of_them_is_production() {
    use KeyCode::Down;
    let list = || listing(AlternativeKind::Profile, profiles());
    let thrice = [Down, Down, Down];
    check("profiles_80x24", SMALL, 'p', list(), &thrice);
    check("profiles_120x40", LARGE, 'p', list(), &thrice[1..]);
    on_paused_time(|| async {
        let screen = opened(SMALL, ASCII, 'p', list(), &thrice).await;
        insta::assert_snapshot!("profiles_ascii_80x24", screen.picture());
    });
}

/// Mock mode with a row for each rehearsal, of which this one runs.
fn rehearsals(running: Option<&str>) -> Snapshot {
    let use_of = |name: Option<&str>| {
        if name == running {
            Use::InUse
        } else {
            Use::Not
        }
    };
    let mut rows = modes();
    rows[1].use_now = Use::Not;
    rows[2].use_now = use_of(None);
    let scene = |name, summary: &str| Alternative {
        scene: Some(Scene {
            name,
            summary: summary.to_owned(),
        }),
        ..row(Some("mock"), use_of(Some(name)), Ok(memory()))
    };
    let built_in = Scenario::ALL.into_iter();
    rows.extend(built_in.map(|it| scene(it.as_str(), it.summary())));
    let steps = "20s calm, 5s refuse, 10s slow 800ms, 30s calm, 2s lose, repeat";
    rows.push(scene("own script", steps));
    let list = listing(AlternativeKind::Mode, rows);
    Snapshot {
        session: fixtures::mock().session,
        ..list
    }
}

#[test]
fn every_rehearsal_has_a_row_that_says_what_is_seen_of_it() {
    use KeyCode::{Char, Down};
    check("rehearsals_80x24", SMALL, 'm', rehearsals(None), &[Down; 3]);
    let hang = || rehearsals(Some("hang"));
    check("rehearsals_120x40", LARGE, 'm', hang(), &[]);
    check("rehearsals_own_80x24", SMALL, 'm', hang(), &[Char('G')]);
    on_paused_time(|| async {
        let running = rehearsals(Some("own script"));
        let screen = opened(SMALL, ASCII, 'm', running, &[]).await;
        insta::assert_snapshot!("rehearsals_ascii_80x24", screen.picture());
    });
}

#[test]
fn no_summary_of_a_rehearsal_is_cut_at_80_columns() {
    on_paused_time(|| async {
        for scenario in Scenario::ALL {
            let running = rehearsals(Some(scenario.as_str()));
            let screen = opened(SMALL, PLAIN, 'm', running, &[]).await;
            let picture = screen.picture();
            let row = format!("● mock: {scenario}");
            let row = picture.lines().find(|line| line.contains(&row)).unwrap();
            assert!(row.contains(scenario.summary()), "{row}");
            assert!(row.contains("  in use "), "{row}");
        }
    });
}

#[test]
fn of_many_profiles_the_selected_one_is_always_seen() {
    let many: Vec<_> = (0..60)
        .map(|n| {
            let name = format!("profile-{n:02}");
            row(Some(&name), Use::Not, Ok(to("db:5432", None)))
        })
        .collect();
    on_paused_time(|| async {
        let list = listing(AlternativeKind::Profile, many);
        let screen = opened(SMALL, PLAIN, 'p', list, &[]).await;
        for (key, seen) in [
            (KeyCode::Char('G'), "more above"),
            (KeyCode::Down, "profile-59"),
            (KeyCode::Up, "profile-58"),
            (KeyCode::Char('g'), "profile-00"),
            (KeyCode::Up, "more below"),
            (KeyCode::PageDown, "profile-1"),
        ] {
            screen.press(key);
            screen.settle().await;
            let picture = screen.picture();
            assert!(picture.contains(seen), "{seen} on\n{picture}");
            assert!(picture.contains("Enter switches"), "{picture}");
        }
    });
}

#[test]
fn a_configuration_is_compared_before_it_is_applied() {
    let review = || reviewed(Ok(difference()));
    check("review_80x24", SMALL, 'R', review(), &[]);
    check("review_120x40", LARGE, 'R', review(), &[]);
    let unchanged = ConfigDifference {
        changes: vec![],
        ..difference()
    };
    check(
        "review_same_80x24",
        SMALL,
        'R',
        reviewed(Ok(unchanged)),
        &[],
    );
    let complaints = vec![
        "pool_size = 0 (config.toml:4): must be between 1 and 100".to_owned(),
        "tui.theme = grey (config.toml:9): must be one of dark, light".to_owned(),
    ];
    let broken = reviewed(Err(complaints));
    check("review_broken_80x24", SMALL, 'R', broken, &[]);
}

#[test]
fn production_is_in_the_header_by_sign_and_word() {
    on_paused_time(|| async {
        for (name, size, section, is_read_only) in [
            ("production_80x24", SMALL, PLAIN, false),
            ("production_ascii_80x24", SMALL, ASCII, false),
            ("production_read_only_80x24", SMALL, PLAIN, true),
            ("production_too_small", (39, 9), PLAIN, false),
        ] {
            let screen = Screen::start(size, production(is_read_only), section);
            screen.settle().await;
            insta::assert_snapshot!(name, screen.picture());
        }
    });
}

#[test]
fn nothing_is_sent_before_enter_and_only_what_was_seen() {
    use KeyCode::{Char, Down, Enter, Esc, Up};
    let pick = |row| Command::Switch(Pick { list: 7, row });
    let local = || listing(AlternativeKind::Mode, modes());
    let calm = || rehearsals(Some("calm"));
    for (list, keys, sent) in [
        (local(), &[Enter][..], None),
        (local(), &[Down, Enter], Some(pick(2))),
        (local(), &[Down, Up, Enter], None),
        (local(), &[Up, Enter], None),
        (local(), &[Down, Esc, Enter], None),
        (local(), &[Down, Char('y')], None),
        (rehearsals(None), &[Enter], None),
        // The one that runs begins anew.
        (calm(), &[Enter], Some(pick(3))),
        (calm(), &[Char('G'), Enter], Some(pick(10))),
    ] {
        on_paused_time(|| async {
            let mut screen = opened(SMALL, PLAIN, 'm', list, keys).await;
            let commands = &mut screen.outlet.as_mut().unwrap().commands;
            let listed = Command::List(AlternativeKind::Mode);
            assert_eq!(commands.try_recv(), Ok(listed));
            assert_eq!(commands.try_recv().ok(), sent, "{keys:?}");
            assert!(commands.try_recv().is_err(), "{keys:?}");
        });
    }
}

#[test]
fn a_list_of_before_is_not_taken_for_the_one_that_was_asked_for() {
    on_paused_time(|| async {
        let old = listing(AlternativeKind::Mode, modes());
        let mut screen = Screen::start(SMALL, old, PLAIN);
        screen.type_in("m");
        screen.settle().await;
        assert!(screen.picture().contains("reading the configuration"));
        screen.press(KeyCode::Down);
        screen.press(KeyCode::Enter);
        screen.settle().await;
        let commands = &mut screen.outlet.as_mut().unwrap().commands;
        assert!(commands.try_recv().is_ok());
        assert!(commands.try_recv().is_err());
    });
}

#[test]
fn only_a_valid_difference_is_applied_and_only_by_its_key() {
    use KeyCode::{Char, Enter, Esc};
    let none = || {
        reviewed(Ok(ConfigDifference {
            changes: vec![],
            ..difference()
        }))
    };
    let broken = || reviewed(Err(vec!["broken".into()]));
    let apply = Some(Command::ApplyConfig(3));
    for (answer, keys, sent) in [
        (reviewed(Ok(difference())), &[Char('y')][..], apply),
        (reviewed(Ok(difference())), &[Enter], None),
        (reviewed(Ok(difference())), &[Esc, Char('y')], None),
        (none(), &[Char('y')], None),
        (broken(), &[Char('y')], None),
    ] {
        on_paused_time(|| async {
            let mut screen = opened(SMALL, PLAIN, 'R', answer, keys).await;
            let commands = &mut screen.outlet.as_mut().unwrap().commands;
            assert_eq!(commands.try_recv(), Ok(Command::ReadConfig));
            assert_eq!(commands.try_recv().ok(), sent, "{keys:?}");
        });
    }
}

/// Another connection, to another target, that begins now.
fn another() -> Snapshot {
    let mut snapshot = fixtures::blank();
    let mut session = fixtures::session();
    session.target = to("db.shop.example:5432", None).target;
    session.environment = Some("production".into());
    session.profile = Some("shop".into());
    snapshot.session = Arc::new(session);
    let id = ConnectionId(Uuid::from_u128(99));
    snapshot.connection = DatabaseConnection::new(id, Mode::Local, fixtures::now());
    snapshot
}

#[test]
fn nothing_of_the_old_connection_looks_like_the_new_ones() {
    on_paused_time(|| async {
        let screen = Screen::start(LARGE, fixtures::healthy(), PLAIN);
        let sample = |at| {
            let took = std::time::Duration::from_millis(187);
            let outcome = SampleOutcome::Answered(took);
            Event::Sampled(LatencySample { at, outcome })
        };
        screen.tell(sample(fixtures::ago(5)));
        // Details of an old row are open, and the panes are frozen.
        screen.type_in("3");
        screen.press(KeyCode::Enter);
        screen.type_in("f");
        screen.settle().await;
        assert!(screen.picture().contains("FROZEN since"));
        assert!(screen.picture().contains("187"));
        screen.publish(another());
        // What the old connection left in the channel comes late.
        screen.tell(sample(fixtures::ago(1)));
        screen.settle().await;
        let picture = screen.picture();
        for old in ["187", "FROZEN", "localhost:5432", "staging", "conn. id"] {
            assert!(!picture.contains(old), "{old} on\n{picture}");
        }
        for new in ["db.shop.example:5432/app", "PRODUCTION", "profile shop"] {
            assert!(picture.contains(new), "{new} on\n{picture}");
        }
        assert!(picture.contains("no latency measured yet"), "{picture}");
    });
}

#[test]
fn a_list_that_is_cut_says_how_the_others_are_reached() {
    on_paused_time(|| async {
        let mut snapshot = listing(AlternativeKind::Profile, profiles());
        let list = snapshot.alternatives.as_mut().unwrap();
        Arc::make_mut(list).unlisted = 4_800;
        let screen = Screen::start(SMALL, fixtures::healthy(), PLAIN);
        screen.type_in("p");
        screen.settle().await;
        screen.publish(snapshot);
        screen.settle().await;
        let words = "4800 more profiles are not listed: start with --profile NAME";
        assert!(screen.picture().contains(words), "{}", screen.picture());
    });
}
