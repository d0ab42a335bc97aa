//! The `dbvitals` program: parse, load, run.

use std::{
    io::{self, IsTerminal, Write},
    mem::ManuallyDrop,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use dbvitals::{
    adapter::{Database, MigrationDialect},
    backend::{self, Backend, Clock, Handle, Subject, Switchboard},
    cli::{
        self, CheckOptions, Cli, DiagnoseOptions, Exit, Layout, Outcome, PrintOptions,
        ResultFormat, Screen, Style, Task, WaitOptions, WatchOptions, config::Format,
    },
    config::{
        self, AdapterSection, Catalogue, Complaints, Config, Fallback, Flags, Loaded, Sources,
        SystemEnv,
    },
    domain::ConnectionId,
    tui::{self, Ended},
};
use tokio::runtime::{self, Builder, Runtime};
use uuid::Uuid;

/// How long the supervisor may take to end the connection after `q`.
const FAREWELL: Duration = Duration::from_millis(150);

fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => {
            let (task, flags) = cli.into_task();
            run(task, flags)
        }
        Err(answer) => usage(&answer),
    };
    match outcome.printed {
        // A reader that has gone (`dbvitals check | head -1`) is no failure of ours.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            tell(&format!("dbvitals: the result cannot be printed: {error}"));
        }
        Ok(()) | Err(_) => {}
    }
    outcome.exit.into()
}

fn run(task: Task, flags: Flags) -> Outcome {
    let sources = Sources {
        flags,
        env: &SystemEnv,
        // A folder that was deleted has no name. It is not needed either: a
        // relative path then leads nowhere, and that is said where one is used.
        cwd: std::env::current_dir().unwrap_or_else(|_unnamed| PathBuf::new()),
    };
    if let Task::MigratePrint {
        format,
        dialect,
        versions,
    } = task
    {
        return print_migrations(&sources, format, dialect, &versions);
    }
    if let Task::Sql(options) = &task
        && let Some(refused) = cli::sql_misused(options)
    {
        return refused;
    }
    let fallback = match task {
        Task::Screen => Fallback::Mock,
        Task::Check { .. }
        | Task::Diagnose { .. }
        | Task::Wait { .. }
        | Task::Watch { .. }
        | Task::Sql(_)
        | Task::Migrate(_)
        | Task::MigratePrint { .. }
        | Task::ConfigShow(_)
        | Task::ConfigCheck(_) => Fallback::Refuse,
    };
    let loaded = config::load(&sources, fallback);
    match loaded {
        Ok(loaded) if matches!(task, Task::Screen) => screen(loaded, sources),
        Ok(loaded) => carry_out(task, &loaded),
        Err(complaints) => {
            // What is wrong is then the answer itself.
            if !matches!(task, Task::ConfigCheck(_)) {
                tell_complaints(&complaints);
            }
            Exit::NotAttempted.printed(print_refused(&task, &complaints, &sources))
        }
    }
}

/// Carries a task out on a valid configuration.
fn carry_out(task: Task, loaded: &Loaded) -> Outcome {
    let config = &loaded.config;
    let mut out = io::stdout();
    match task {
        Task::Check { format, bar } => {
            let options = CheckOptions { format, bar };
            once(cli::check(config, options, &mut out))
        }
        Task::Diagnose {
            format,
            bar,
            write_test,
        } => {
            let options = DiagnoseOptions {
                format,
                bar,
                write_test,
                style: style(config),
            };
            once(cli::diagnose(config, options, &mut out))
        }
        Task::Wait {
            format,
            bar,
            timeout,
        } => {
            let options = WaitOptions {
                format,
                bar,
                timeout,
            };
            watching(config, |handle| cli::wait(handle, options, &mut out))
        }
        Task::Watch { format, samples } => {
            let options = WatchOptions { format, samples };
            watching(config, |handle| cli::watch(handle, options))
        }
        Task::Sql(options) => once(cli::sql(config, &options, result_screen(config))),
        Task::Migrate(task) => once(cli::migrate(config, &task, &mut out)),
        // The one was begun where the sources still are, which it may read again;
        // the other was printed before there was a configuration.
        Task::Screen | Task::MigratePrint { .. } => Exit::Done.silent(),
        Task::ConfigShow(format) => {
            let printed = cli::config::show(loaded, format, &mut out);
            let exit = match &printed {
                // Showing is all that was to be done.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Failed,
                Ok(()) | Err(_) => Exit::Done,
            };
            exit.printed(printed)
        }
        Task::ConfigCheck(format) => {
            Exit::Done.printed(cli::config::check(Ok(loaded), format, &mut out))
        }
    }
}

/// Prints SQL, which needs no database and no other part of the configuration
/// than the ledger's schema.
fn print_migrations(
    sources: &Sources<'_>,
    format: Format,
    dialect: MigrationDialect,
    versions: &[i64],
) -> Outcome {
    match config::ledger_schema(sources) {
        Ok(schema) => {
            let options = PrintOptions {
                dialect,
                ledger_schema: schema.as_deref(),
                versions,
                format,
            };
            cli::print_migrations(options, &mut io::stdout().lock())
        }
        Err(complaints) => {
            tell_complaints(&complaints);
            Exit::NotAttempted.silent()
        }
    }
}

/// Prints what is told on standard output of a configuration that is not valid.
fn print_refused(task: &Task, complaints: &Complaints, sources: &Sources<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match task {
        Task::ConfigShow(format) => {
            let settings = config::settings(sources);
            cli::config::show_refused(&settings, complaints, *format, &mut out)
        }
        Task::ConfigCheck(format) => cli::config::check(Err(complaints), *format, &mut out),
        Task::Check {
            format: Format::Json,
            ..
        }
        | Task::Diagnose {
            format: Format::Json,
            ..
        } => cli::print_not_attempted(complaints, Layout::Pretty, &mut out),
        Task::Sql(options) if options.format() == ResultFormat::Json => {
            cli::print_not_attempted(complaints, Layout::OneLine, &mut out)
        }
        Task::Migrate(task) if task.format() == Format::Json => {
            cli::print_not_attempted(complaints, Layout::Pretty, &mut out)
        }
        Task::Wait {
            format: Format::Json,
            ..
        }
        | Task::Watch {
            format: Format::Json,
            ..
        } => cli::print_not_attempted(complaints, Layout::OneLine, &mut out),
        Task::Screen
        | Task::Check { .. }
        | Task::Diagnose { .. }
        | Task::Wait { .. }
        | Task::Watch { .. }
        | Task::Sql(_)
        | Task::Migrate(_)
        | Task::MigratePrint { .. } => Ok(()),
    }
}

fn tell_complaints(complaints: &Complaints) {
    tell(&format!(
        "dbvitals: the configuration is not valid\n{complaints}"
    ));
}

/// Colours are for terminals, and only where nobody objects.
fn style(config: &Config) -> Style {
    if io::stdout().is_terminal() && !config.tui.no_color {
        Style::Coloured
    } else {
        Style::Plain
    }
}

/// The terminal that shows a result, where one does.
fn result_screen(config: &Config) -> Option<Screen> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    // A terminal that does not know its size is one of the usual size.
    let size = rustix::termios::tcgetwinsize(&out).map_or(0, |size| size.ws_col);
    Some(Screen {
        columns: if size == 0 { 80 } else { size.into() },
        ascii: config.tui.ascii,
    })
}

/// Runs a command that asks once and ends.
fn once(asking: impl Future<Output = Outcome>) -> Outcome {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("dbvitals: nothing could be attempted: {error}"));
            return Exit::NotAttempted.silent();
        }
    };
    let outcome = runtime.block_on(asking);
    // A name lookup that hangs must not keep the program from ending.
    runtime.shutdown_background();
    outcome
}

/// Runs a command that follows the backend, which watches as for the screen.
fn watching<F: Future<Output = Outcome>>(
    config: &Config,
    follow: impl FnOnce(Handle) -> F,
) -> Outcome {
    let runtime = match Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("backend")
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("dbvitals: nothing could be attempted: {error}"));
            return Exit::NotAttempted.silent();
        }
    };
    let Backend { handle, task } = start(config, runtime.handle());
    let outcome = runtime.block_on(async {
        let outcome = follow(handle).await;
        // The last handle is gone, so the supervisor ends now; later than
        // that, the server notices by itself that we are gone.
        tokio::time::timeout(FAREWELL, task).await.ok();
        outcome
    });
    runtime.shutdown_background();
    outcome
}

/// The dashboard, where there is a terminal.
fn screen(loaded: Loaded, sources: Sources<'_>) -> Outcome {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        tell(
            "dbvitals: the dashboard needs a terminal for input and output; \
             without one use 'dbvitals check'",
        );
        return Exit::NotAttempted.silent();
    }
    let Sources { flags, cwd, .. } = sources;
    let switchboard = Switchboard {
        catalogue: Catalogue::new(flags, Arc::new(SystemEnv), cwd),
        loaded,
        make: Box::new(subject),
    };
    match on_two_runtimes(switchboard) {
        Ok(Ended::ByKey) => Exit::Done.silent(),
        Ok(Ended::BySignal(signal)) => tui::end_by(signal),
        Err(error) => {
            tell(&format!("dbvitals: {error}"));
            Exit::Failed.silent()
        }
    }
}

/// The backend on a thread of its own, the screen on this one. They share no
/// runtime: what blocks the backend's thread must not hold up keys, signals or
/// frames.
fn on_two_runtimes(switchboard: Switchboard<Database>) -> io::Result<Ended> {
    let backend = runtime("backend")?;
    // The screen itself runs on this thread; its worker sees to the end of the
    // program also while the terminal blocks this one.
    let screen = runtime("screen")?;
    screen.block_on(watch(switchboard, backend.handle()))
}

/// A runtime with one thread. It is never dropped, also not by a panic, for
/// that would wait: whatever still runs ends with the process.
fn runtime(name: &str) -> io::Result<ManuallyDrop<Runtime>> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(name)
        .enable_all()
        .build()
        .map(ManuallyDrop::new)
}

async fn watch(switchboard: Switchboard<Database>, runtime: &runtime::Handle) -> io::Result<Ended> {
    tui::install_logging().map_err(io::Error::other)?;
    let look = switchboard.loaded.config.tui;
    let Backend { handle, task } = {
        let _inside = runtime.enter();
        let first = subject(&switchboard.loaded.config.adapter);
        backend::start_switchable(first, switchboard, Clock::system())
    };
    let shown = tui::run(handle, look).await;
    // The last handle is gone with the screen, so the supervisor ends now.
    let farewell = tokio::time::timeout(FAREWELL, task).await;
    let ended = shown.map_err(io::Error::other)?.ended;
    match farewell {
        Ok(Err(crashed)) => Err(io::Error::other(crashed)),
        // Later than that, the server notices by itself that we are gone.
        Ok(Ok(())) | Err(_) => Ok(ended),
    }
}

/// Starts the backend on its own runtime, for this configuration only.
fn start(config: &Config, runtime: &runtime::Handle) -> Backend {
    let _inside = runtime.enter();
    let clock = Clock::system();
    let session = Arc::new(backend::session(config, clock.now().wall));
    backend::start(subject(&config.adapter), &config.watch, session, clock)
}

/// A new connection, not open yet.
fn subject(section: &AdapterSection) -> Subject<Database> {
    let id = ConnectionId(Uuid::now_v7());
    let (sink, operations) = backend::operation_feed();
    Subject {
        watched: Arc::new(Database::new(section, id, sink)),
        id,
        operations,
    }
}

/// Prints help and version, which are answers; the rest is wrong usage, told
/// without what was typed.
fn usage(answer: &clap::Error) -> Outcome {
    if answer.use_stderr() {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        tell(&cli::usage_words(answer, &arguments));
        return Exit::NotAttempted.silent();
    }
    Exit::Done.printed(answer.print())
}

/// A line for people, on standard error. There is nobody to tell that telling failed.
fn tell(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}
