//! The `dbvitals` program: parse, load, run.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use dbvitals::{
    adapter::Database,
    backend::{self, Backend, Clock, Subject},
    cli::{self, CheckOptions, Cli, Exit, Task, config::Format},
    config::{self, Config, Fallback, Flags, Loaded, Sources, SystemEnv},
    domain::ConnectionId,
    tui,
};
use uuid::Uuid;

/// How long the supervisor may take to end the connection after `q`.
const FAREWELL: Duration = Duration::from_millis(150);

fn main() -> ExitCode {
    let (task, flags) = match Cli::try_parse() {
        Ok(cli) => cli.into_task(),
        Err(answer) => return usage(&answer).into(),
    };
    match run(task, flags) {
        Ok(exit) => exit.into(),
        // A reader that has gone (`dbvitals check | head -1`) is no failure of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done.into(),
        Err(error) => {
            tell(&format!("dbvitals: {error}"));
            Exit::Failed.into()
        }
    }
}

fn run(task: Task, flags: Flags) -> io::Result<Exit> {
    let sources = Sources {
        flags,
        env: &SystemEnv,
        cwd: std::env::current_dir()?,
    };
    let mut out = io::stdout().lock();
    let fallback = match task {
        Task::Screen => Fallback::Mock,
        Task::Check { .. } | Task::ConfigShow(_) | Task::ConfigCheck(_) => Fallback::Refuse,
    };
    let loaded = config::load(&sources, fallback);
    if let Task::ConfigCheck(format) = task {
        cli::config::check(loaded.as_ref(), format, &mut out)?;
        return Ok(if loaded.is_ok() {
            Exit::Done
        } else {
            Exit::NotAttempted
        });
    }
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(complaints) => {
            if let Task::Check {
                format: Format::Json,
                ..
            } = task
            {
                cli::print_not_attempted(&complaints, &mut out)?;
            }
            tell(&format!(
                "dbvitals: the configuration is not valid\n{complaints}"
            ));
            return Ok(Exit::NotAttempted);
        }
    };
    match task {
        Task::Screen => {
            drop(out);
            screen(&loaded)
        }
        Task::Check { format, bar } => {
            let options = CheckOptions { format, bar };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let exit = runtime.block_on(cli::check(&loaded.config, options, &mut out));
            // A name lookup that hangs must not keep the program from ending.
            runtime.shutdown_background();
            exit
        }
        Task::ConfigShow(format) => {
            cli::config::show(&loaded, format, &mut out).map(|()| Exit::Done)
        }
        Task::ConfigCheck(_) => Ok(Exit::Done),
    }
}

/// The dashboard: the backend on a worker thread, the screen on this one.
fn screen(loaded: &Loaded) -> io::Result<Exit> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        tell(
            "dbvitals: the dashboard needs a terminal for input and output; \
             without one use 'dbvitals check'",
        );
        return Ok(Exit::NotAttempted);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(watch(&loaded.config));
    runtime.shutdown_background();
    ended.map(|()| Exit::Done)
}

async fn watch(config: &Config) -> io::Result<()> {
    tui::install_logging().map_err(io::Error::other)?;
    let clock = Clock::system();
    let session = Arc::new(backend::session(config, clock.now().wall));
    let id = ConnectionId(Uuid::now_v7());
    let (sink, operations) = backend::operation_feed();
    let watched = Arc::new(Database::new(&config.adapter, id, sink));
    let subject = Subject {
        watched,
        id,
        operations,
    };
    let Backend { handle, task } = backend::start(subject, &config.watch, session, clock);
    let shown = tui::run(handle, config.tui).await;
    // The last handle is gone with the screen, so the supervisor ends now.
    let farewell = tokio::time::timeout(FAREWELL, task).await;
    shown.map_err(io::Error::other)?;
    match farewell {
        Ok(Err(crashed)) => Err(io::Error::other(crashed)),
        // Later than that, the server notices by itself that we are gone.
        Ok(Ok(())) | Err(_) => Ok(()),
    }
}

/// Prints what clap has to say: help and version are answers, the rest is wrong usage.
fn usage(answer: &clap::Error) -> Exit {
    let printed = answer.print();
    if answer.use_stderr() || printed.is_err() {
        Exit::NotAttempted
    } else {
        Exit::Done
    }
}

/// A line for people, on standard error. There is nobody to tell that telling failed.
fn tell(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}
