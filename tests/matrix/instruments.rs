//! The commands that each cause is shown to, beside the dashboard: one column
//! each. A further command joins the matrix by a further entry of [`ALL`].

use std::{process::Command, time::Instant};

use serde_json::Value;

use crate::{
    scene::{Bed, Scene},
    seen::{Said, Words},
};

/// A command that looks at the database once and prints JSON.
pub(crate) struct Instrument {
    /// The column's head.
    pub(crate) name: &'static str,
    arguments: &'static [&'static str],
    /// Reads what it printed.
    read: fn(&Value) -> (Option<Words>, Vec<String>),
}

/// All of them.
pub(crate) const ALL: &[Instrument] = &[Instrument {
    name: "check",
    arguments: &["check", "--json"],
    read: read_check,
}];

/// Runs all of them while the cause is there.
pub(crate) fn run(scene: &Scene, bed: &Bed) -> Vec<Said> {
    ALL.iter().map(|it| it.run(scene, bed)).collect()
}

impl Instrument {
    fn run(&self, scene: &Scene, bed: &Bed) -> Said {
        let line = scene.command_line(self.arguments);
        let mut command = Command::new(&line[0]);
        command
            .args(&line[1..])
            .env_clear()
            .envs(scene.environment(bed))
            .current_dir(std::env::temp_dir());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let begun = Instant::now();
        let output = command.output().expect("the program can be started");
        let took = begun.elapsed();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let (out, err) = (&output.stdout, &output.stderr);
            let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
            panic!("`{}` printed no JSON ({error}): {out}{err}", self.name)
        });
        let (words, reasons) = (self.read)(&json);
        Said {
            exit: output.status.code().unwrap_or(-1),
            took,
            words,
            reasons,
        }
    }
}

fn read_check(json: &Value) -> (Option<Words>, Vec<String>) {
    let error = &json["error"];
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    let words = error.is_object().then(|| Words {
        kind: text("kind"),
        code: error["code"].as_str().map(str::to_owned),
        layer: spaced(&text("layer")),
        message: text("message"),
        hint: text("hint"),
        details: text("details"),
        transient: error["transient"].as_bool(),
    });
    let reasons = json["details"]["reasons"].as_array().into_iter().flatten();
    let reasons = reasons.filter_map(|reason| reason.as_str().map(str::to_owned));
    (words, reasons.collect())
}

/// `hostName`, as the screen says it: `host name`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}
