//! Holds `config.toml.example` equal to the table of keys, in both directions.

use std::path::PathBuf;

use super::{
    Complaints,
    assign::Entry,
    file::FileText,
    file_layer::{self, FileLayer},
    keys::KEYS,
    loaded,
    values::Values,
};

const EXAMPLE: &str = include_str!("../../config.toml.example");

/// The example with its settings in force: `# key = value` and `# [table]`
/// without the mark; prose stays a comment.
fn uncommented() -> String {
    let is_setting = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        let is_key = line.contains(" = ")
            && key
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        is_key || (line.starts_with('[') && line.ends_with(']'))
    };
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_setting(rest) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn parse() -> (FileLayer, Complaints) {
    let file = FileText {
        path: PathBuf::new(),
        label: "config.toml.example".into(),
        text: uncommented(),
        is_open_to_others: false,
    };
    let mut complaints = Complaints::default();
    let layer = file_layer::parse(&file, &mut complaints);
    (layer, complaints)
}

fn at_top(layer: &FileLayer) -> Vec<&Entry> {
    let entries = layer.entries.iter();
    entries.filter(|entry| !entry.is_in_profile()).collect()
}

#[test]
fn it_names_every_key_once_and_no_other() {
    let (layer, complaints) = parse();
    assert_eq!(complaints.to_string(), "");
    let named: Vec<_> = at_top(&layer).iter().map(|entry| entry.spec.name).collect();
    let known: Vec<_> = KEYS.iter().map(|spec| spec.name).collect();
    assert_eq!(named, known);
}

#[test]
fn every_value_is_allowed_and_is_the_default_where_there_is_one() {
    let (layer, _) = parse();
    let mut values = Values::default();
    for entry in &layer.entries {
        if entry.is_in_profile() {
            entry.assign(&mut Values::default()).unwrap();
        } else {
            entry.assign(&mut values).unwrap();
        }
    }
    let defaults = loaded::rows(&Values::default());
    for (default, example) in defaults.iter().zip(loaded::rows(&values)) {
        assert!(example.value.is_some(), "{}", example.key);
        if default.value.is_some() {
            assert_eq!(default.value, example.value, "{}", example.key);
        }
    }
}

#[test]
fn every_key_is_explained_with_unit_range_default_and_variables() {
    let defaults = loaded::rows(&Values::default());
    for (spec, default) in KEYS.iter().zip(defaults) {
        let unit = spec
            .unit()
            .map(|unit| format!("Unit: {unit}. "))
            .unwrap_or_default();
        let default = match (default.value, spec.name) {
            (None, _) => "none".to_owned(),
            (Some(word), "tui.theme") => format!("\"{word}\""),
            (Some(value), _) => value,
        };
        let variables = spec.aliases.iter().map(ToString::to_string);
        let variables: Vec<_> = variables.chain([spec.variable()]).collect();
        let leaf = spec.name.rsplit('.').next().unwrap();
        let expected = format!(
            "\n# {}\n# Must be {}. {unit}Default: {default}.\n# Environment: {}.\n# {leaf} = ",
            spec.doc,
            spec.allowed(),
            variables.join(", ")
        );
        assert!(EXAMPLE.contains(&expected), "not in the example:{expected}");
    }
}

#[test]
fn every_line_is_a_comment_so_that_a_copy_changes_nothing() {
    let is_comment = |line: &str| line.is_empty() || line.starts_with('#');
    assert!(EXAMPLE.lines().all(is_comment));
}
