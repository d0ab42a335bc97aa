//! From the text of a configuration file to entries with their lines. Knows
//! nothing of the other sources.

use std::{collections::BTreeSet, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    config::{
        Complaint, Complaints, Origin,
        assign::{Entry, Item, RawValue},
        file::{FILE_KEY, FileText},
        keys::{self, KEYS, KeySpec, Kind, Scope},
        libpq,
        shown::may_hold_credentials,
        suggest::did_you_mean,
    },
    domain::Secret,
};

/// What one file says.
#[derive(Default)]
pub(crate) struct FileLayer {
    /// Entries in the order of their lines, those of profiles included.
    pub(crate) entries: Vec<Entry>,
    /// The profiles that the file holds.
    pub(crate) profiles: BTreeSet<String>,
}

/// Reads every key. A syntax error is one complaint, and then no value of the
/// file is used.
pub(crate) fn parse(file: &FileText, complaints: &mut Complaints) -> FileLayer {
    let table = match DeTable::parse(&file.text) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let problem = format!("is not TOML: {}", error.message().replace('\n', ", "));
            let origin = Lines::of(&file.text).origin(file, at, None);
            complaints.push(Complaint::new(FILE_KEY, problem, origin));
            return FileLayer::default();
        }
    };
    let mut walk = Walk {
        lines: Lines::of(&file.text),
        file,
        layer: FileLayer::default(),
        places: Vec::new(),
        faults: Vec::new(),
    };
    walk.top(table.get_ref());
    walk.finish(complaints)
}

impl FileLayer {
    /// Whether any value of the file, in any profile, is a password or a key.
    pub(crate) fn holds_secret(&self) -> bool {
        self.entries.iter().any(|entry| match &entry.raw {
            RawValue::String(text) if matches!(entry.spec.kind, Kind::DatabaseUrl(_)) => {
                libpq::holds_password(text)
            }
            RawValue::String(text) => entry.spec.is_secret() && !text.is_empty(),
            _ => false,
        })
    }
}

/// A walk over the tables; complaints are kept with their place, since the
/// parser gives keys in alphabetical order.
struct Walk<'a> {
    file: &'a FileText,
    layer: FileLayer,
    places: Vec<usize>,
    faults: Vec<Fault>,
    lines: Lines,
}

/// A complaint before it is put into words: of very many only the first are.
struct Fault {
    at: usize,
    name: String,
    profile: Option<String>,
    /// `None` stands for an unknown key.
    problem: Option<&'static str>,
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Walk<'_> {
    fn top(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let (name, at) = (key.get_ref().as_ref(), key.span());
            if name != "profiles" {
                self.key(name, at, value.get_ref(), None);
                continue;
            }
            let DeValue::Table(profiles) = value.get_ref() else {
                self.complain("profiles", &at, None, "must be a table of profiles");
                continue;
            };
            for (profile, value) in profiles {
                self.profile(profile.get_ref(), profile.span(), value.get_ref());
            }
        }
    }

    fn profile(&mut self, profile: &str, at: Range<usize>, value: &DeValue<'_>) {
        if may_hold_credentials(profile) {
            let problem = "must not be named by a URL, a key or by what holds a password";
            self.complain("profiles", &at, None, problem);
            return;
        }
        let DeValue::Table(table) = value else {
            let name = format!("profiles.{profile}");
            self.complain(&name, &at, None, "must be a table");
            return;
        };
        self.layer.profiles.insert(profile.to_owned());
        for (key, value) in table {
            self.key(key.get_ref(), key.span(), value.get_ref(), Some(profile));
        }
    }

    /// A key at the top or in a profile: one of ours, or a table of ours.
    fn key(&mut self, name: &str, at: Range<usize>, value: &DeValue<'_>, profile: Option<&str>) {
        let is_table = |spec: &KeySpec| {
            spec.name
                .split_once('.')
                .is_some_and(|(table, _)| table == name)
        };
        if !KEYS.iter().any(is_table) {
            self.leaf(name, &at, value, profile);
            return;
        }
        let DeValue::Table(table) = value else {
            self.complain(name, &at, profile, "must be a table");
            return;
        };
        for (key, value) in table {
            let name = format!("{name}.{}", key.get_ref());
            self.leaf(&name, &key.span(), value.get_ref(), profile);
        }
    }

    fn leaf(&mut self, name: &str, at: &Range<usize>, value: &DeValue<'_>, profile: Option<&str>) {
        let Some(spec) = keys::find(name) else {
            self.find_fault(name, at, profile, None);
            return;
        };
        if profile.is_some() && spec.scope == Scope::TopOnly {
            self.complain(name, at, profile, "belongs at the top, not into a profile");
            return;
        }
        self.places.push(at.start);
        self.layer.entries.push(Entry {
            spec,
            raw: self.raw(value, profile),
            origin: self.lines.origin(self.file, at.start, profile),
        });
    }

    /// A value with, of a list, the place of each element.
    fn raw(&self, value: &DeValue<'_>, profile: Option<&str>) -> RawValue {
        let DeValue::Array(elements) = value else {
            return raw(value);
        };
        let item = |element: &Spanned<DeValue<'_>>| Item {
            text: match element.get_ref() {
                DeValue::String(text) => Some(Secret::new(text.as_ref())),
                _ => None,
            },
            origin: self.lines.origin(self.file, element.span().start, profile),
        };
        RawValue::List(elements.iter().map(item).collect())
    }

    fn complain(
        &mut self,
        name: &str,
        at: &Range<usize>,
        profile: Option<&str>,
        problem: &'static str,
    ) {
        self.find_fault(name, at, profile, Some(problem));
    }

    fn find_fault(
        &mut self,
        name: &str,
        at: &Range<usize>,
        profile: Option<&str>,
        problem: Option<&'static str>,
    ) {
        self.faults.push(Fault {
            at: at.start,
            name: name.to_owned(),
            profile: profile.map(ToOwned::to_owned),
            problem,
        });
    }

    fn finish(mut self, complaints: &mut Complaints) -> FileLayer {
        self.faults.sort_by_key(|fault| fault.at);
        let (lines, file) = (&self.lines, self.file);
        complaints.push_all(
            self.faults
                .iter()
                .map(|fault| || fault.complaint(lines, file)),
        );
        let mut entries: Vec<_> = self.places.into_iter().zip(self.layer.entries).collect();
        entries.sort_by_key(|(place, _)| *place);
        FileLayer {
            entries: entries.into_iter().map(|(_, entry)| entry).collect(),
            profiles: self.layer.profiles,
        }
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|spec| spec.name)
}

fn raw(value: &DeValue<'_>) -> RawValue {
    match value {
        DeValue::String(text) => RawValue::String(Secret::new(text.as_ref())),
        DeValue::Integer(number) if number.radix() == 10 => {
            RawValue::Integer(number.as_str().to_owned())
        }
        DeValue::Integer(_) => RawValue::Other("a number that is not decimal"),
        DeValue::Boolean(truth) => RawValue::Bool(*truth),
        DeValue::Float(_) => RawValue::Other("a number with a fraction"),
        DeValue::Datetime(_) => RawValue::Other("a date or time"),
        DeValue::Array(_) => RawValue::Other("a list"),
        DeValue::Table(_) => RawValue::Other("a table"),
    }
}

impl Fault {
    fn complaint(&self, lines: &Lines, file: &FileText) -> Complaint {
        let origin = lines.origin(file, self.at, self.profile.as_deref());
        let unknown = || format!("unknown key{}", did_you_mean(&self.name, names()));
        let problem = self.problem.map_or_else(unknown, ToOwned::to_owned);
        Complaint::new(&self.name, problem, origin)
    }
}

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(ends.map(|(at, _)| at + 1).collect())
    }

    fn origin(&self, file: &FileText, at: usize, profile: Option<&str>) -> Origin {
        Origin::File {
            file: file.label.clone(),
            line: 1 + self.0.partition_point(|start| *start <= at),
            profile: profile.map(Into::into),
        }
    }
}
