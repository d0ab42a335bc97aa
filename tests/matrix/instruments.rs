//! The commands that each cause is shown to, beside the dashboard: one column
//! each. A further command joins the matrix by a further entry of [`ALL`].

use std::{
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    counters::{self, Counters},
    diagnosed::Diagnosis,
    scene::{Bed, Scene},
    seen::{Said, Words, layer_of},
    support::process::wait_exit,
};

/// Much longer than any command may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A command that looks at the database once and prints JSON.
pub(crate) struct Instrument {
    /// The column's head.
    pub(crate) name: &'static str,
    arguments: &'static [&'static str],
    /// What it says beside the words of a check.
    diagnosis: Option<fn(&Value, Counters) -> Diagnosis>,
}

/// All of them.
pub(crate) const ALL: &[Instrument] = &[
    Instrument {
        name: "check",
        arguments: &["check", "--json"],
        diagnosis: None,
    },
    Instrument {
        name: "diagnose",
        arguments: &["diagnose", "--json"],
        diagnosis: Some(Diagnosis::read),
    },
];

/// A diagnosis that tries to write.
const WRITING: Instrument = Instrument {
    name: "diagnose --write-test",
    arguments: &["diagnose", "--json", "--write-test"],
    diagnosis: Some(Diagnosis::read),
};

/// Runs all of them at the same time while the cause is there.
pub(crate) fn run(scene: &Scene, bed: &Bed) -> Vec<Said> {
    let (asked, counters) = Counters::around(scene, || {
        thread::scope(|scope| {
            let begun: Vec<_> = ALL
                .iter()
                .map(|it| scope.spawn(|| it.ask(scene, bed)))
                .collect();
            let ended = begun.into_iter().map(thread::ScopedJoinHandle::join);
            let asked: Result<Vec<_>, _> = ended.collect();
            asked.expect("it prints JSON")
        })
    });
    let told = ALL.iter().zip(asked).map(|(instrument, (mut said, json))| {
        if let Some(read) = instrument.diagnosis {
            said.diagnosis = Some(read(&json, counters.clone()));
        }
        said
    });
    told.collect()
}

/// Whether the counters tell of a diagnosis that writes, where they tell anything.
pub(crate) fn counts_writes(scene: &Scene, bed: &Bed) -> Option<bool> {
    let ((), counters) = Counters::around(scene, || drop(WRITING.ask(scene, bed)));
    counters.changed()
}

impl Instrument {
    fn ask(&self, scene: &Scene, bed: &Bed) -> (Said, Value) {
        let line = scene.command_line(self.arguments);
        let mut command = Command::new(&line[0]);
        command
            .args(&line[1..])
            .env_clear()
            .env("PGAPPNAME", counters::APPLICATION)
            .envs(scene.environment(bed))
            .current_dir(std::env::temp_dir());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        let begun = Instant::now();
        let output = self.output(command);
        let took = begun.elapsed();
        let printed = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        let hidden = scene.hidden();
        let leaks = printed.iter().filter_map(|text| hidden.shown_in(text));
        let leaks = leaks.map(str::to_owned).collect();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let (out, err) = (&output.stdout, &output.stderr);
            let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
            panic!("`{}` printed no JSON ({error}): {out}{err}", self.name)
        });
        let (words, reasons) = read(&json);
        let said = Said {
            timeout: scene.timeout(bed),
            exit: output.status.code().unwrap_or(-1),
            took,
            words,
            reasons,
            leaks,
            diagnosis: None,
        };
        (said, json)
    }

    /// What the command prints. It is short, so that the pipes hold it.
    fn output(&self, mut command: Command) -> Output {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let ended = wait_exit(&mut child, LIMIT).is_some();
        if !ended {
            child.kill().expect("a child of ours can be killed");
        }
        let output = child.wait_with_output().expect("its output can be read");
        assert!(
            ended,
            "`{}` did not end in {LIMIT:?}: {output:?}",
            self.name
        );
        output
    }
}

fn read(json: &Value) -> (Option<Words>, Vec<String>) {
    let error = &json["error"];
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    let words = error.is_object().then(|| Words {
        kind: text("kind"),
        code: error["code"].as_str().map(str::to_owned),
        layer: layer_of(&error["layer"]),
        message: text("message"),
        hint: text("hint"),
        details: text("details"),
        transient: error["transient"].as_bool(),
    });
    let reasons = json["details"]["reasons"].as_array().into_iter().flatten();
    let reasons = reasons.filter_map(|reason| reason.as_str().map(str::to_owned));
    (words, reasons.collect())
}
