//! The list of pictures: what is seen at which size, and what happens before.
//! It must not know how a scene is played.

use std::time::Duration;

use crate::support::standin::Key;

/// One picture.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The file's name.
    pub(crate) name: &'static str,
    pub(crate) size: Size,
    pub(crate) colors: Colors,
    pub(crate) target: Target,
    /// What happens, in order; then the picture is taken.
    pub(crate) steps: &'static [Step],
}

/// The terminal's size.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    /// 120 columns, 40 rows.
    Wide,
    /// 80 columns, 24 rows.
    Narrow,
}

/// The program's theme, and the terminal's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Colors {
    Dark,
    Light,
    /// `NO_COLOR`, in a dark terminal.
    None,
}

/// What the program is told to watch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// A server, with the right password.
    Server,
    /// A server, with a wrong password.
    WrongPassword,
    /// Nothing at all.
    Nothing,
    /// Two profiles of a file: `shop` is a server in production, `staging` is one
    /// that is not. It begins with this one.
    Profiles(&'static str),
    /// A Supabase project, with this key. Who has not the secret one is shown the
    /// rows of one table, and denied some others.
    Project(Key),
    /// The embedded database, on which this scenario is rehearsed.
    Rehearsal(&'static str),
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// The screen comes to show these words.
    See(&'static str),
    /// Somebody presses keys.
    Press(&'static str),
    /// Time passes, so that there is something to look back at.
    Pass(Duration),
    /// The server is stopped.
    StopServer,
    /// The project answers with this status and a page from now on.
    Answer(u16),
    /// The first words of the configuration file become the second.
    Edit(&'static str, &'static str),
}

use Step::{Answer, Edit, Pass, Press, See, StopServer};

const CONNECTED: Step = See("● connected");

const HEALTHY: &[Step] = &[CONNECTED, Pass(Duration::from_secs(45))];

const STOPPED: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(20)),
    StopServer,
    See("Cannot connect to database"),
    Pass(Duration::from_secs(8)),
];

const REFUSED: &[Step] = &[See("authentication failed"), Pass(Duration::from_secs(4))];

const HELP: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(12)),
    Press("?"),
    See("Help"),
];

const MOCK: &[Step] = &[CONNECTED, See("MOCK"), Pass(Duration::from_secs(25))];

const REHEARSED_OUTAGE: &[Step] = &[
    CONNECTED,
    See("✖ MOCK error ConnectionRefused"),
    Pass(Duration::from_secs(11)),
];

const REHEARSED_CALM: &[Step] = &[CONNECTED, Pass(Duration::from_secs(45))];

const PROJECT: &[Step] = &[CONNECTED, Pass(Duration::from_secs(30))];

const PROJECT_ALONE: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(6)),
    Press("1z"),
    See("no right to read"),
];

const PROJECT_EXAMINED: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(6)),
    Press("D"),
    See("D examines again"),
];

const PROJECT_PAUSED: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(12)),
    Answer(540),
    See("Supabase project is paused"),
    Pass(Duration::from_secs(4)),
];

/// The list in which a rehearsal runs already, and another one is selected.
const REHEARSALS: &[Step] = &[
    CONNECTED,
    Press("m"),
    See("mock: migrations"),
    Press("gjjjj\r"),
    See("REHEARSAL flaky"),
    CONNECTED,
    Pass(Duration::from_secs(6)),
    Press("m"),
    See("in use: Enter begins it anew"),
    Press("j"),
    See("Enter begins it, on a new connection"),
];

const REHEARSED_MIGRATIONS: &[Step] = &[
    CONNECTED,
    Press("m"),
    See("mock: migrations"),
    Press("G\r"),
    See("REHEARSAL migrations"),
    See("M applies what is pending"),
    Pass(Duration::from_secs(12)),
];

const MODES: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(6)),
    Press("m"),
    See("→ "),
];

/// A profile before the one in production that is not valid.
const BROKEN: &str = "[profiles.old]\npool_size = 0\n\n[profiles.shop]";

const PROFILES: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(6)),
    Edit("[profiles.shop]", BROKEN),
    Press("p"),
    See("INVALID"),
    Press("gjj"),
    See("every write there asks"),
];

const SWITCHED: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(3)),
    Edit("[profiles.shop]", BROKEN),
    Press("p"),
    See("INVALID"),
    Press("gjj"),
    See("every write there asks"),
    Press("\r"),
    See("profile shop"),
    CONNECTED,
    Pass(Duration::from_secs(12)),
];

const PRODUCTION: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(3)),
    Press("M"),
    See("files are pending"),
    Press("u"),
    See("This is PRODUCTION"),
    Press("127.0.0.1"),
    See("> 127.0.0.1_"),
];

const RELOADED: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(3)),
    Edit("= 5000", "= 10000\npool_size = 4"),
    Edit("\"staging\"", "\"preview\""),
    Press("R"),
    See("Apply 3 changes?"),
];

const PENDING: &[Step] = &[
    CONNECTED,
    Pass(Duration::from_secs(12)),
    Press("M"),
    See("u applies them"),
];

const APPLY: &[Step] = &[
    CONNECTED,
    Press("M"),
    See("u applies them"),
    Press("u"),
    See("y does it"),
];

const APPLIED: &[Step] = &[
    CONNECTED,
    Press("M"),
    See("u applies them"),
    Press("u"),
    See("y does it"),
    Press("y"),
    See("files are applied"),
];

/// All pictures.
#[rustfmt::skip]
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "healthy-120x40",        size: Size::Wide,   colors: Colors::Dark,  target: Target::Server,        steps: HEALTHY },
    Scenario { name: "healthy-80x24",         size: Size::Narrow, colors: Colors::Dark,  target: Target::Server,        steps: HEALTHY },
    Scenario { name: "healthy-light-120x40",  size: Size::Wide,   colors: Colors::Light, target: Target::Server,        steps: HEALTHY },
    Scenario { name: "stopped-120x40",        size: Size::Wide,   colors: Colors::Dark,  target: Target::Server,        steps: STOPPED },
    Scenario { name: "stopped-80x24",         size: Size::Narrow, colors: Colors::Dark,  target: Target::Server,        steps: STOPPED },
    Scenario { name: "stopped-light-80x24",   size: Size::Narrow, colors: Colors::Light, target: Target::Server,        steps: STOPPED },
    Scenario { name: "stopped-nocolor-80x24", size: Size::Narrow, colors: Colors::None,  target: Target::Server,        steps: STOPPED },
    Scenario { name: "password-80x24",        size: Size::Narrow, colors: Colors::Dark,  target: Target::WrongPassword, steps: REFUSED },
    Scenario { name: "mock-120x40",           size: Size::Wide,   colors: Colors::Dark,  target: Target::Nothing,       steps: MOCK },
    Scenario { name: "rehearsal-outage-120x40", size: Size::Wide, colors: Colors::Dark,  target: Target::Rehearsal("outage"), steps: REHEARSED_OUTAGE },
    Scenario { name: "rehearsal-calm-80x24", size: Size::Narrow,  colors: Colors::Dark,  target: Target::Rehearsal("calm"),   steps: REHEARSED_CALM },
    Scenario { name: "rehearsals-120x40",     size: Size::Wide,   colors: Colors::Dark,  target: Target::Nothing,       steps: REHEARSALS },
    Scenario { name: "rehearsals-80x24",      size: Size::Narrow, colors: Colors::Dark,  target: Target::Nothing,       steps: REHEARSALS },
    Scenario { name: "rehearsals-light-80x24", size: Size::Narrow, colors: Colors::Light, target: Target::Nothing,      steps: REHEARSALS },
    Scenario { name: "rehearsals-nocolor-80x24", size: Size::Narrow, colors: Colors::None, target: Target::Nothing,     steps: REHEARSALS },
    Scenario { name: "rehearsal-migrations-80x24", size: Size::Narrow, colors: Colors::Dark, target: Target::Nothing,   steps: REHEARSED_MIGRATIONS },
    Scenario { name: "modes-80x24",           size: Size::Narrow, colors: Colors::Dark,  target: Target::Profiles("staging"), steps: MODES },
    Scenario { name: "profiles-120x40",       size: Size::Wide,   colors: Colors::Dark,  target: Target::Profiles("staging"), steps: PROFILES },
    Scenario { name: "profiles-80x24",        size: Size::Narrow, colors: Colors::Dark,  target: Target::Profiles("staging"), steps: PROFILES },
    Scenario { name: "profiles-light-80x24",  size: Size::Narrow, colors: Colors::Light, target: Target::Profiles("staging"), steps: PROFILES },
    Scenario { name: "profiles-nocolor-80x24", size: Size::Narrow, colors: Colors::None, target: Target::Profiles("staging"), steps: PROFILES },
    Scenario { name: "switched-120x40",       size: Size::Wide,   colors: Colors::Dark,  target: Target::Profiles("staging"), steps: SWITCHED },
    Scenario { name: "production-120x40",     size: Size::Wide,   colors: Colors::Dark,  target: Target::Profiles("shop"),    steps: PRODUCTION },
    Scenario { name: "production-80x24",      size: Size::Narrow, colors: Colors::Dark,  target: Target::Profiles("shop"),    steps: PRODUCTION },
    Scenario { name: "production-light-80x24", size: Size::Narrow, colors: Colors::Light, target: Target::Profiles("shop"),   steps: PRODUCTION },
    Scenario { name: "production-nocolor-80x24", size: Size::Narrow, colors: Colors::None, target: Target::Profiles("shop"),  steps: PRODUCTION },
    Scenario { name: "reload-80x24",          size: Size::Narrow, colors: Colors::Dark,  target: Target::Profiles("staging"), steps: RELOADED },
    Scenario { name: "migrations-120x40",     size: Size::Wide,   colors: Colors::Dark,  target: Target::Server,        steps: APPLIED },
    Scenario { name: "migrations-80x24",      size: Size::Narrow, colors: Colors::Dark,  target: Target::Server,        steps: APPLY },
    Scenario { name: "migrations-light-80x24", size: Size::Narrow, colors: Colors::Light, target: Target::Server,       steps: PENDING },
    Scenario { name: "supabase-120x40",       size: Size::Wide,   colors: Colors::Dark,  target: Target::Project(Key::Publishable), steps: PROJECT },
    Scenario { name: "supabase-80x24",        size: Size::Narrow, colors: Colors::Dark,  target: Target::Project(Key::Secret),      steps: PROJECT },
    Scenario { name: "supabase-light-80x24",  size: Size::Narrow, colors: Colors::Light, target: Target::Project(Key::Publishable), steps: PROJECT_ALONE },
    Scenario { name: "supabase-diagnosis-80x24", size: Size::Narrow, colors: Colors::None, target: Target::Project(Key::LegacyAnon), steps: PROJECT_EXAMINED },
    Scenario { name: "supabase-paused-80x24", size: Size::Narrow, colors: Colors::Dark,  target: Target::Project(Key::Secret),      steps: PROJECT_PAUSED },
    Scenario { name: "help-120x40",           size: Size::Wide,   colors: Colors::Dark,  target: Target::Server,        steps: HELP },
];
