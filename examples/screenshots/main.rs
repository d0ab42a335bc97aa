//! Makes the pictures of the README: runs the real program in a real terminal
//! against real servers, and writes what it shows to `screenshots/`.
//!
//! `cargo run --release --example screenshots [NAME]…` makes all of them, or
//! those whose name begins so.

mod picture;
mod program;
mod scenario;
mod stage;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{BufWriter, Write, stderr},
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use picture::{Fonts, Palette, draw};
use scenario::{Colors, SCENARIOS, Scenario};

/// Scenes that are played at the same time.
const STAGES: usize = 4;

fn main() -> ExitCode {
    match make_all(&env::args().skip(1).collect::<Vec<_>>()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            say(&format!("{failed} pictures could not be made"));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Gives how many of the pictures could not be made.
fn make_all(wanted: &[String]) -> Result<usize, Box<dyn Error>> {
    let chosen: Vec<&Scenario> = SCENARIOS
        .iter()
        .filter(|scenario| wanted.is_empty() || wanted.iter().any(|w| scenario.name.starts_with(w)))
        .collect();
    if chosen.is_empty() {
        return Err("no picture has such a name".into());
    }
    let program = program::build()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    fs::create_dir_all(&folder)?;
    let fonts = Fonts::load();
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..STAGES {
            scope.spawn(|| {
                while let Some(scenario) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let file = folder.join(scenario.name).with_extension("png");
                    match make(scenario, &program, &fonts, &file) {
                        Ok(()) => say(&format!("{}", file.display())),
                        Err(error) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            say(&format!("{}: {error}", scenario.name));
                        }
                    }
                }
            });
        }
    });
    Ok(failed.into_inner())
}

fn make(
    scenario: &Scenario,
    program: &Path,
    fonts: &Fonts,
    file: &Path,
) -> Result<(), Box<dyn Error>> {
    let screen = stage::play(scenario, program)?;
    let palette = match scenario.colors {
        Colors::Dark | Colors::None => Palette::DARK,
        Colors::Light => Palette::LIGHT,
    };
    let canvas = draw(&screen, &palette, fonts);
    canvas.write_png(BufWriter::new(File::create(file)?))?;
    Ok(())
}

fn say(words: &str) {
    // With stderr closed there is nobody left to tell.
    drop(writeln!(stderr(), "screenshots: {words}"));
}
