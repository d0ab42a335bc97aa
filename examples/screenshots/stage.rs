//! Plays one scene: server, terminal, program. It must not know what becomes
//! of the screen.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    scenario::{Colors, Scenario, Size, Step, Target},
    support::{
        cluster::{Cluster, StopMode},
        process::wait_until,
        standin::{Fault, Standin},
        terminal::{Launch, Terminal},
    },
};

/// Longer than anything takes that a scene waits for.
const LIMIT: Duration = Duration::from_secs(30);

/// A screen that has not changed for so long is not in the middle of a frame.
const CALM: Duration = Duration::from_millis(60);

/// Plays the scene and gives the screen at its end.
///
/// # Errors
/// When the screen does not come to show what the scene waits for.
pub(crate) fn play(scenario: &Scenario, program: &Path) -> Result<vt100::Screen, String> {
    let mut server = match scenario.target {
        Target::Server | Target::WrongPassword | Target::Profiles(_) => Some(Cluster::start()),
        Target::Nothing | Target::Rehearsal(_) | Target::Project(_) => None,
    };
    let project = match scenario.target {
        Target::Project(key) => Some((open_project(), key)),
        Target::Server
        | Target::WrongPassword
        | Target::Profiles(_)
        | Target::Nothing
        | Target::Rehearsal(_) => None,
    };
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    if let (Target::Profiles(_), Some(server)) = (scenario.target, &server) {
        configure(&home, &profiles(server))?;
    }
    let mut launch = launch(scenario, program, server.as_ref(), &home);
    if let Some((standin, key)) = &project {
        launch = launch
            .env("SUPABASE_URL", standin.url())
            .env("SUPABASE_ANON_KEY", standin.key(*key));
    }
    let mut terminal = launch.spawn();
    for step in scenario.steps {
        match (step, &project) {
            (Step::Edit(old, new), _) => edit(&home, old, new)?,
            (Step::Answer(status), Some((standin, _))) => {
                let page = "<html><body>paused</body></html>";
                standin.fault(&Fault::status(*status).body("text/html", page));
            }
            (step, _) => take(*step, &mut terminal, server.as_mut())?,
        }
    }
    calm_down(&terminal);
    Ok(terminal.screen(Clone::clone))
}

/// A project that has something to show to everybody.
fn open_project() -> Standin {
    let standin = Standin::start();
    standin.cluster().sql(
        "insert into agents (name, type) values ('first', 'codex');
         grant select on agents, commands, audit_logs to anon;
         create policy everybody on agents for select to anon using (true);",
    );
    standin.reload();
    standin
}

/// The program gets an empty home, and a folder without a configuration file.
fn launch(scenario: &Scenario, program: &Path, server: Option<&Cluster>, home: &TempDir) -> Launch {
    let (columns, rows) = match scenario.size {
        Size::Wide => (120, 40),
        Size::Narrow => (80, 24),
    };
    let launch = Launch::new(program)
        .size(columns, rows)
        .folder(home.path())
        .env("HOME", home.path())
        .env("TZ", "UTC");
    // What is in the file is to hold.
    let launch = match scenario.target {
        Target::Profiles(_) => launch,
        Target::Server
        | Target::WrongPassword
        | Target::Nothing
        | Target::Project(_)
        | Target::Rehearsal(_) => launch.env("DB_HEALTH_CHECK_INTERVAL", "5000"),
    };
    let launch = match scenario.colors {
        Colors::Dark => launch.env("DBVITALS_TUI_THEME", "dark"),
        Colors::Light => launch.env("DBVITALS_TUI_THEME", "light"),
        Colors::None => launch.env("NO_COLOR", "1"),
    };
    match (server, scenario.target) {
        (Some(server), Target::WrongPassword) => {
            launch.env("DATABASE_URL", server.url_with_password("no-longer-right"))
        }
        (Some(_), Target::Profiles(name)) => launch.arg("--profile").arg(name),
        (Some(server), _) => launch.env("DATABASE_URL", server.url()),
        (None, Target::Rehearsal(name)) => launch.arg("--scenario").arg(name),
        (None, _) => launch,
    }
}

/// One server under two names.
fn profiles(server: &Cluster) -> String {
    let url = server.url();
    let staging = url.replace("127.0.0.1", "localhost");
    format!(
        "health_check_interval = 5000\n\n\
         [profiles.staging]\ndatabase_url = \"{staging}\"\nenvironment = \"staging\"\n\n\
         [profiles.shop]\ndatabase_url = \"{url}\"\nenvironment = \"production\"\n"
    )
}

/// Writes the file, which only its owner may read.
fn configure(home: &TempDir, text: &str) -> Result<(), String> {
    let file = home.path().join("config.toml");
    let written = fs::write(&file, text)
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o600)));
    written.map_err(|error| error.to_string())
}

/// Puts other words into the file.
fn edit(home: &TempDir, old: &str, new: &str) -> Result<(), String> {
    let file = home.path().join("config.toml");
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    if !text.contains(old) {
        return Err(format!("the file does not say `{old}`"));
    }
    configure(home, &text.replace(old, new))
}

fn take(step: Step, terminal: &mut Terminal, server: Option<&mut Cluster>) -> Result<(), String> {
    match step {
        Step::See(words) => {
            let seen = terminal.wait_for(words, LIMIT);
            return seen
                .map(drop)
                .map_err(|screen| format!("`{words}` was not seen:\n{screen}"));
        }
        Step::Press(keys) => terminal.send(keys),
        Step::Pass(time) => thread::sleep(time),
        Step::StopServer => server
            .ok_or("this scene has no server to stop")?
            .stop(StopMode::Fast),
        Step::Edit(..) => return Err("only the scene itself has a file".to_owned()),
        Step::Answer(_) => return Err("this scene has no project".to_owned()),
    }
    Ok(())
}

/// Waits until the program has drawn to the end what it was drawing.
fn calm_down(terminal: &Terminal) {
    let mut last = (terminal.bytes_received(), Instant::now());
    wait_until(LIMIT, || {
        let bytes = terminal.bytes_received();
        if bytes != last.0 {
            last = (bytes, Instant::now());
        }
        last.1.elapsed() >= CALM
    });
}
