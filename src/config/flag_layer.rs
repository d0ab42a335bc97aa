//! The command line as entries, without any secret: other users may read it
//! in the process list. Knows nothing of the other sources.

use crate::{
    config::{
        Complaint, Complaints, Flags, Origin,
        assign::{Entry, RawValue},
        keys::{self, KEYS, KeySpec, Kind},
        libpq, rehearsal,
        suggest::did_you_mean,
    },
    domain::Secret,
};

/// Why a secret is refused here, and where it may stand.
const SHOWS: &str = "would show in the process list; put it into the environment, a configuration \
                     file or ~/.pgpass";

/// Every key that the command line sets, weakest first: `--set` in the order
/// given, then the flags with a name of their own, then the argument.
pub(crate) fn read(flags: &Flags, complaints: &mut Complaints) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut keep = |read: Result<Entry, Complaint>| match read {
        Ok(entry) => entries.push(entry),
        Err(complaint) => complaints.push(complaint),
    };
    for set in &flags.set {
        keep(assignment(set));
    }
    let named = [
        ("mode", "--mode", flags.mode.as_deref()),
        ("mock.scenario", rehearsal::FLAG, flags.scenario.as_deref()),
        ("profile", "--profile", flags.profile.as_deref()),
        (
            "read_only",
            "--read-only",
            flags.read_only.then_some("true"),
        ),
        ("tui.ascii", "--ascii", flags.ascii.then_some("true")),
    ];
    for (key, flag, value) in named {
        if let (Some(spec), Some(value)) = (keys::find(key), value) {
            keep(Ok(entry(
                spec,
                Secret::new(value),
                Origin::Flag(flag.to_owned()),
            )));
        }
    }
    if let (Some(spec), Some(url)) = (keys::find("database_url"), &flags.url) {
        keep(without_secret(entry(spec, url.clone(), Origin::Argument)));
    }
    entries
}

/// One `KEY=VALUE`. What has no such form is not repeated: it may be anything.
fn assignment(set: &Secret) -> Result<Entry, Complaint> {
    let flag = || Origin::Flag("--set".to_owned());
    let Some((key, value)) = set
        .expose()
        .split_once('=')
        .map(|(key, value)| (key.trim(), value))
        .filter(|(key, _)| is_name(key))
    else {
        return Err(Complaint::new(
            "--set",
            "must have the form KEY=VALUE",
            flag(),
        ));
    };
    let Some(spec) = keys::find(key) else {
        let hint = did_you_mean(key, KEYS.iter().map(|spec| spec.name));
        return Err(Complaint::new(key, format!("unknown key{hint}"), flag()));
    };
    let origin = Origin::Flag(format!("--set {}", spec.name));
    without_secret(entry(spec, Secret::new(value), origin))
}

/// Whether a text is written like a key: a URL with an `=` in its password is not.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !text.is_empty() && text.bytes().all(is_part)
}

fn without_secret(entry: Entry) -> Result<Entry, Complaint> {
    let RawValue::Untyped(text) = &entry.raw else {
        return Ok(entry);
    };
    let what = match entry.spec.kind {
        Kind::Secret(_) => "a key given here",
        // One that is not understood is refused with its own reason later.
        Kind::DatabaseUrl(_) if libpq::holds_password(text) => "a URL with a password given here",
        _ => return Ok(entry),
    };
    let problem = format!("{what} {SHOWS}");
    let shown = entry.shown();
    Err(Complaint::new(entry.spec.name, problem, entry.origin).with_shown(&shown))
}

fn entry(spec: &'static KeySpec, value: Secret, origin: Origin) -> Entry {
    Entry {
        spec,
        raw: RawValue::Untyped(value),
        origin,
    }
}
