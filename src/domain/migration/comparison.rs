//! Compares what a database has with what our files make, object by object.
//! Both are told by the same server, so that no version's spelling counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Compared, Difference, MigrationName, OLDER_NAME,
    migration::definition::{conditions, plain},
};

/// One thing that a schema holds, as the server tells it.
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
pub struct SchemaDescription(BTreeMap<Key, String>);

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

/// What serves speed or upkeep, and not what the tables can hold.
const REMARKED: [&str; 2] = ["index", "trigger"];

impl SchemaDescription {
    /// A description of these objects. A table under its older name is taken
    /// for what it is, and has that name as a difference.
    #[must_use]
    pub fn of(objects: impl IntoIterator<Item = SchemaObject>) -> Self {
        let mut all: Vec<_> = objects.into_iter().collect();
        let (older, name) = OLDER_NAME;
        if !all.iter().any(|object| object.table == name) {
            for object in all.iter_mut().filter(|object| object.table == older) {
                name.clone_into(&mut object.table);
                if object.kind == "table" {
                    object.made = format!("table {older}");
                }
            }
        }
        all.retain(|object| object.table != older);
        Self(all.into_iter().flat_map(entries).collect())
    }

    fn has_table(&self, table: &str) -> bool {
        let mut keys = self.0.keys();
        keys.any(|key| key.table == table && key.kind == "table")
    }

    /// Whether it holds any table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn entries(object: SchemaObject) -> Vec<(Key, String)> {
    let SchemaObject {
        table,
        kind,
        name,
        made,
    } = object;
    let nameless = |made: String| {
        let (table, kind) = (table.clone(), kind.clone());
        (
            Key {
                table,
                kind,
                name: made,
            },
            String::new(),
        )
    };
    match kind.as_str() {
        "table" if made == "table" => {
            let made = format!("table {table}");
            vec![(Key { table, kind, name }, made)]
        }
        "table" => vec![(Key { table, kind, name }, made)],
        "column" => vec![(Key { table, kind, name }, plain(&made))],
        "check" => conditions(&made).into_iter().map(nameless).collect(),
        _ => vec![nameless(plain(&made))],
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
    let keys: BTreeSet<_> = expected.0.keys().chain(actual.0.keys()).collect();
    for key in keys {
        let (ours, theirs) = (expected.0.get(key), actual.0.get(key));
        // What a missing table lacks is no news.
        if ours == theirs || !actual.has_table(&key.table) {
            continue;
        }
        if REMARKED.contains(&key.kind.as_str()) {
            if theirs.is_none() {
                comparison.remarks.push(remark(key));
            }
            continue;
        }
        let Some(file) = maker_of(key, &makers) else {
            continue;
        };
        let told = |made: &String| told(key, made);
        differences.push((
            file,
            Difference {
                migration: files[file].clone(),
                object: object(key),
                ours: ours.map(told),
                theirs: theirs.map(told),
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
    } else if !made.iter().any(|key| actual.0.contains_key(key)) {
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
        for (key, made) in &step.0 {
            if before.0.get(key) != Some(made) {
                makers.insert(key, index);
            }
        }
    }
    if let Some(last) = steps.last() {
        makers.retain(|key, _| last.0.contains_key(*key));
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

fn told(key: &Key, made: &str) -> String {
    match key.kind.as_str() {
        "table" | "column" => made.to_owned(),
        "foreign key" | "constraint" => key.name.clone(),
        "row-level security" => "row-level security".to_owned(),
        kind => format!("{kind} {}", key.name),
    }
}

fn remark(key: &Key) -> String {
    match key.kind.as_str() {
        "trigger" => format!("{}: no trigger keeps updated_at", key.table),
        kind => format!("{}: no {kind} {}", key.table, key.name),
    }
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
                "1 agents: is missing check char_length(name) <= 9",
                "1 agents.colour: has text, which ours has not",
                "1 agents.name: is character varying, ours is text not null",
                "2 command_queues: has unique (position), which ours has not",
                "3 agents: has policy for all to anon using true, which ours has not",
            ],
            &["agents: no index (name)"],
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
