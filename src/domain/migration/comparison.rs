//! Compares what a database has with what our files make, object by object.
//! Both are told by the same server, so that no version's spelling counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Compared, Difference, MigrationName, OLDER_NAME, excerpt,
    migration::definition::{conditions, plain},
};

/// One thing that a schema holds, as the server tells it: raw, of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaObject {
    /// The table that it belongs to.
    pub table: String,
    /// What it is: `table`, `column`, `check`, …
    pub kind: String,
    /// Its name, where that means something: of a column.
    pub name: String,
    /// How it is made.
    pub made: String,
}

/// What a schema holds. What has no meaningful name is known by how it is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaDescription {
    objects: BTreeMap<Key, String>,
    /// How those are told whose form for comparing says less.
    told: BTreeMap<Key, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    table: String,
    kind: String,
    name: String,
}

/// What came of comparing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How each file's objects compare, in order.
    pub files: Vec<(MigrationName, Compared)>,
    /// Every difference, by file.
    pub differences: Vec<Difference>,
    /// What is missing and keeps no file from being recorded.
    pub remarks: Vec<String>,
}

impl SchemaDescription {
    /// A description of these objects. A table under its older name is taken
    /// for what it is, and has that name as a difference.
    #[must_use]
    pub fn of(objects: impl IntoIterator<Item = SchemaObject>) -> Self {
        let mut all: Vec<_> = objects.into_iter().collect();
        for object in all.iter_mut().filter(|object| object.kind == "table") {
            object.made = format!("{} {}", object.made, object.table);
        }
        let (older, name) = OLDER_NAME;
        if !all.iter().any(|object| object.table == name) {
            for object in all.iter_mut().filter(|object| object.table == older) {
                name.clone_into(&mut object.table);
            }
        }
        all.retain(|object| object.table != older);
        let mut description = Self::default();
        for object in all {
            description.put(object);
        }
        description
    }

    fn put(&mut self, object: SchemaObject) {
        let SchemaObject {
            table,
            kind,
            name,
            made,
        } = object;
        match kind.as_str() {
            "table" => {
                self.objects.insert(Key { table, kind, name }, made);
            }
            "column" => {
                self.objects.insert(Key { table, kind, name }, plain(&made));
            }
            "check" => {
                for condition in conditions(&made) {
                    let key = Key {
                        table: table.clone(),
                        kind: kind.clone(),
                        name: condition.plain,
                    };
                    self.objects.insert(key.clone(), String::new());
                    self.told.insert(key, condition.told);
                }
            }
            _ => {
                let name = plain(&made);
                self.objects
                    .insert(Key { table, kind, name }, String::new());
            }
        }
    }

    fn has_table(&self, table: &str) -> bool {
        let mut keys = self.objects.keys();
        keys.any(|key| key.table == table && key.kind == "table")
    }

    /// An object of it in words.
    fn words(&self, key: &Key, made: &str) -> String {
        let name = self.told.get(key).unwrap_or(&key.name);
        shown(&match key.kind.as_str() {
            "table" | "column" => made.to_owned(),
            "foreign key" | "constraint" | "other trigger" | "inheritance"
            | "row-level security" => name.clone(),
            kind => format!("{kind} {name}"),
        })
    }

    /// Whether it holds any table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

/// Compares. `steps`: what a new schema holds after each of the files, in order.
#[must_use]
pub fn compare(
    files: &[MigrationName],
    steps: &[SchemaDescription],
    actual: &SchemaDescription,
) -> Comparison {
    let makers = makers(steps);
    let expected = steps.last().cloned().unwrap_or_default();
    let mut differences: Vec<(usize, Difference)> = Vec::new();
    let mut comparison = Comparison::default();
    let keys: BTreeSet<_> = expected
        .objects
        .keys()
        .chain(actual.objects.keys())
        .collect();
    for key in keys {
        let (ours, theirs) = (expected.objects.get(key), actual.objects.get(key));
        // What a missing table lacks is no news.
        if ours == theirs || !actual.has_table(&key.table) {
            continue;
        }
        match (key.kind.as_str(), theirs) {
            ("index" | "trigger", None) => {
                comparison.remarks.push(remark(key));
                continue;
            }
            ("index", Some(_)) => continue,
            _ => {}
        }
        let Some(file) = maker_of(key, &makers) else {
            continue;
        };
        differences.push((
            file,
            Difference {
                migration: files[file].clone(),
                object: object(key),
                ours: ours.map(|made| expected.words(key, made)),
                theirs: theirs.map(|made| actual.words(key, made)),
            },
        ));
    }
    differences.sort_by_key(|(file, _)| *file);
    for (index, name) in files.iter().enumerate() {
        let made: Vec<_> = makers
            .iter()
            .filter(|(_, maker)| **maker == index)
            .map(|(key, _)| *key)
            .collect();
        let differs = differences.iter().any(|(file, _)| *file == index);
        let how = how_it_compares(&made, actual, differs);
        if how == Compared::Absent {
            differences.retain(|(file, _)| *file != index);
        }
        comparison.files.push((name.clone(), how));
    }
    comparison.differences = differences
        .into_iter()
        .map(|(_, difference)| difference)
        .collect();
    comparison
}

fn how_it_compares(made: &[&Key], actual: &SchemaDescription, differs: bool) -> Compared {
    let mut tables = made.iter().filter(|key| key.kind == "table").peekable();
    if tables.peek().is_some() {
        if !tables.any(|key| actual.has_table(&key.table)) {
            return Compared::Absent;
        }
    } else if made.is_empty() {
        return Compared::Nothing;
    } else if !made.iter().any(|key| actual.objects.contains_key(key)) {
        return Compared::Absent;
    }
    if differs {
        Compared::Differs
    } else {
        Compared::Matches
    }
}

/// For each object the file that made it as it is in the end.
fn makers(steps: &[SchemaDescription]) -> BTreeMap<&Key, usize> {
    let mut makers = BTreeMap::new();
    let nothing = SchemaDescription::default();
    for (index, step) in steps.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .and_then(|before| steps.get(before))
            .unwrap_or(&nothing);
        for (key, made) in &step.objects {
            if before.objects.get(key) != Some(made) {
                makers.insert(key, index);
            }
        }
    }
    if let Some(last) = steps.last() {
        makers.retain(|key, _| last.objects.contains_key(*key));
    }
    makers
}

/// The file that an object belongs to: the one that makes it; for what only the
/// database has, the one that makes such things of that table, or the table.
fn maker_of(key: &Key, makers: &BTreeMap<&Key, usize>) -> Option<usize> {
    let of = |kind: &str| {
        let mut alike = makers
            .iter()
            .filter(|(made, _)| made.table == key.table && made.kind == kind);
        alike.next_back().map(|(_, index)| *index)
    };
    makers
        .get(key)
        .copied()
        .or_else(|| of(&key.kind))
        .or_else(|| of("table"))
}

fn object(key: &Key) -> String {
    match key.kind.as_str() {
        "column" => format!("{}.{}", key.table, key.name),
        _ => key.table.clone(),
    }
}

/// What is missing for speed or upkeep: the tables hold the same without it.
fn remark(key: &Key) -> String {
    match key.kind.as_str() {
        "trigger" => format!("{}: no trigger keeps updated_at", key.table),
        kind => shown(&format!("{}: no {kind} {}", key.table, key.name)),
    }
}

/// Cleaned, and with each break and the like in words: it may be the difference.
fn shown(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            words.extend(c.escape_default());
        } else {
            words.push(c);
        }
    }
    excerpt(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects from lines of `table|kind|name|made`.
    fn description(lines: &[&str]) -> SchemaDescription {
        SchemaDescription::of(lines.iter().map(|line| {
            let parts: Vec<_> = line.split('|').map(str::to_owned).collect();
            let [table, kind, name, made] = parts.try_into().unwrap();
            SchemaObject {
                table,
                kind,
                name,
                made,
            }
        }))
    }

    const FIRST: [&str; 4] = [
        "agents|table||table",
        "agents|column|name|text not null",
        "agents|check|agents_name|CHECK (((char_length(name) >= 1) AND (char_length(name) <= 9)))",
        "agents|index|agents_idx|(name)",
    ];

    const SECOND: [&str; 2] = [
        "command_queues|table||table",
        "command_queues|column|position|integer not null",
    ];

    const THIRD: [&str; 1] = ["agents|policy|p|for all to authenticated using true"];

    /// What comes of a database that has these objects: a letter a file, the
    /// differences, the remarks.
    #[track_caller]
    fn check(actual: &[&str], letters: &str, differences: &[&str], remarks: &[&str]) {
        let files: Vec<_> = (1..)
            .zip(["agents", "command_queues", "access", "nothing"])
            .map(|(version, name)| MigrationName::new(version, name))
            .collect();
        let two = [&FIRST[..], &SECOND].concat();
        let three = [&two[..], &THIRD].concat();
        let steps = [
            description(&FIRST),
            description(&two),
            description(&three),
            description(&three),
        ];
        let comparison = compare(&files, &steps, &description(actual));
        let found: String = comparison
            .files
            .iter()
            .map(|(_, how)| match how {
                Compared::Matches => 'm',
                Compared::Differs => 'd',
                Compared::Absent => 'a',
                Compared::Nothing => 'n',
            })
            .collect();
        assert_eq!(found, letters);
        let words: Vec<_> = comparison
            .differences
            .iter()
            .map(|it| format!("{} {it}", it.migration.version))
            .collect();
        assert_eq!(words, differences);
        assert_eq!(comparison.remarks, remarks);
    }

    fn with(changed: &[(&str, &str)], more: &[&'static str]) -> Vec<String> {
        let all = [&FIRST[..], &SECOND, &THIRD, more].concat();
        let change = |line: &&str| {
            let found = changed.iter().find(|(from, _)| line.contains(from));
            found.map_or_else(|| (*line).to_owned(), |(_, to)| (*to).to_owned())
        };
        let lines = all.iter().map(change);
        lines.filter(|line| !line.is_empty()).collect()
    }

    fn lines(all: &[String]) -> Vec<&str> {
        all.iter().map(String::as_str).collect()
    }

    #[test]
    fn the_same_objects_match_whatever_their_constraints_are_called() {
        let same = with(
            &[(
                "|check|",
                "agents|check|other|CHECK (((length(name) <= 9) AND (length(name) >= 1)))",
            )],
            &[],
        );
        check(&lines(&same), "mmmn", &[], &[]);
    }

    #[test]
    fn each_difference_is_named_at_its_file() {
        let other = with(
            &[
                ("|column|name", "agents|column|name|character varying"),
                ("|check|", "agents|check|c|CHECK ((char_length(name) >= 1))"),
                ("|index|", ""),
            ],
            &[
                "agents|column|colour|text",
                "agents|policy|q|for all to anon using true",
                "command_queues|unique|u|(position)",
            ],
        );
        check(
            &lines(&other),
            "dddn",
            &[
                "1 agents: is missing check (char_length(name) <= 9)",
                "1 agents.colour: has text, which ours has not",
                "1 agents.name: is character varying, ours is text not null",
                "2 command_queues: has unique (position), which ours has not",
                "3 agents: has policy for all to anon using true, which ours has not",
            ],
            &["agents: no index (name)"],
        );
    }

    #[test]
    fn long_texts_are_compared_to_their_ends() {
        let column = |end| {
            format!(
                "agents|column|name|text default '{}{end}'",
                "x".repeat(9_000)
            )
        };
        let of = |end| description(&["agents|table||table", &column(end)]);
        let files = [MigrationName::new(1, "agents")];
        let found = |end| compare(&files, &[of("a")], &of(end)).differences;
        assert_eq!(found("a"), []);
        let [difference] = found("b").try_into().unwrap();
        assert!(difference.theirs.unwrap().len() < 3_000);
    }

    #[test]
    fn what_differs_is_shown_where_it_cannot_be_seen() {
        let broken = with(&[("|column|name", "agents|column|name|enum ('a\r')")], &[]);
        check(
            &lines(&broken),
            "dmmn",
            &["1 agents.name: is enum ('a\\r'), ours is text not null"],
            &[],
        );
    }

    #[test]
    fn what_is_not_there_can_be_applied() {
        check(&FIRST, "maan", &[], &[]);
        check(&[], "aaan", &[], &[]);
    }

    #[test]
    fn a_table_under_its_older_name_is_recognised() {
        let older = with(
            &[
                ("command_queues|table", "command_queue|table||table"),
                (
                    "command_queues|column",
                    "command_queue|column|position|integer not null",
                ),
            ],
            &[],
        );
        check(
            &lines(&older),
            "mdmn",
            &["2 command_queues: is table command_queue, ours is table command_queues"],
            &[],
        );
    }
}
