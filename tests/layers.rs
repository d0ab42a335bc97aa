//! Holds the sources to the layers: arrows point down only, each layer uses
//! the outside crates that it may, and no file grows past what a reader can hold.

#![expect(
    clippy::unwrap_used,
    reason = "a source that cannot be read is a failed test"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// One layer: what of ours and what from outside it may use.
struct Layer {
    name: &'static str,
    ours: &'static [&'static str],
    outside: &'static [&'static str],
    /// Text that must not occur at all.
    never: &'static [&'static str],
}

/// The layers, lowest first.
const LAYERS: [Layer; 6] = [
    Layer {
        name: "domain",
        ours: &[],
        outside: &["serde", "chrono", "uuid", "hdrhistogram"],
        never: &[
            "Utc::now",
            "Instant::now",
            "SystemTime::now",
            "std::env",
            "std::fs",
            "now_v7",
        ],
    },
    Layer {
        name: "config",
        ours: &["domain"],
        outside: &[
            "base64",
            "serde",
            "serde_json",
            "toml",
            "url",
            "percent_encoding",
            "strsim",
            "whoami",
        ],
        never: &["Utc::now", "Instant::now", "SystemTime::now"],
    },
    Layer {
        name: "adapter",
        ours: &["domain", "config"],
        outside: &[
            "base64",
            "chrono",
            "deadpool",
            "dns_lookup",
            "fastrand",
            "futures",
            "http_body_util",
            "hyper",
            "hyper_util",
            "percent_encoding",
            "reqwest",
            "rustix",
            "rustls",
            "rustls_native_certs",
            "serde",
            "serde_json",
            "sha2",
            "socket2",
            "sqlx",
            "tokio",
            "tokio_postgres",
            "tokio_postgres_rustls",
            "tokio_rustls",
            "tracing",
            "uuid",
            "x509_cert",
        ],
        never: &[],
    },
    Layer {
        name: "backend",
        ours: &["domain", "config", "adapter"],
        outside: &["chrono", "fastrand", "futures", "tokio", "tracing"],
        never: &[],
    },
    Layer {
        name: "tui",
        ours: &["domain", "config", "backend"],
        outside: &[
            "chrono",
            "crossterm",
            "futures",
            "log",
            "ratatui",
            "rustix",
            "signal_hook",
            "tokio",
            "tracing",
            "tracing_subscriber",
            "tui_logger",
            "unicode_width",
        ],
        never: &[],
    },
    Layer {
        name: "cli",
        ours: &["domain", "config", "adapter", "backend"],
        outside: &[
            "chrono",
            "clap",
            "futures",
            "serde",
            "serde_json",
            "tokio",
            "tracing",
            "unicode_width",
            "uuid",
        ],
        never: &[],
    },
];

/// Lines of code that a file may have, tests not counted.
const LONGEST: usize = 400;

#[test]
fn arrows_point_down_only() {
    let broken: Vec<_> = LAYERS
        .iter()
        .flat_map(|layer| {
            files(layer).into_iter().flat_map(|file| {
                let code = without_comments(&read(&file));
                let mut broken = Vec::new();
                for used in used_of_ours(&code) {
                    if used != layer.name && !layer.ours.contains(&used.as_str()) {
                        broken.push(format!(
                            "{}: {} must not use crate::{used}",
                            file.display(),
                            layer.name
                        ));
                    }
                }
                if code.contains("super::super") {
                    broken.push(format!(
                        "{}: super::super hides where an arrow goes",
                        file.display()
                    ));
                }
                broken
            })
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn each_layer_uses_the_outside_crates_that_it_may() {
    let outside = dependencies();
    assert!(
        outside.contains("ratatui") && outside.contains("tokio_postgres"),
        "{outside:?}"
    );
    let mut broken = Vec::new();
    for layer in &LAYERS {
        for file in files(layer).iter().filter(|file| !is_test(file)) {
            let code = without_tests(&without_comments(&read(file)));
            for name in outside.iter().filter(|name| mentions(&code, name)) {
                if !layer.outside.contains(&name.as_str()) {
                    broken.push(format!(
                        "{}: {} must not use {name}",
                        file.display(),
                        layer.name
                    ));
                }
            }
            for text in layer.never.iter().filter(|text| code.contains(**text)) {
                broken.push(format!(
                    "{}: {} must not see {text}",
                    file.display(),
                    layer.name
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_folder_is_a_layer_and_no_file_is_too_long() {
    let root = source();
    let mut broken = Vec::new();
    for entry in fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !LAYERS.iter().any(|layer| layer.name == name) {
            broken.push(format!("src/{name} is no layer"));
        }
    }
    for file in rust_files(&root).iter().filter(|file| !is_test(file)) {
        let lines = without_tests(&read(file)).lines().count();
        if lines > LONGEST {
            broken.push(format!(
                "{}: {lines} lines, at most {LONGEST}",
                file.display()
            ));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_all_forms() {
    let code = "use crate::domain::Ring; use crate::{adapter::{X, Y}, tui}; \
                fn f() -> crate::backend::Handle {} // crate::cli";
    let used: Vec<_> = used_of_ours(&without_comments(code)).into_iter().collect();
    assert_eq!(used, ["adapter", "backend", "domain", "tui"]);
    assert!(mentions("use sqlx::Row;", "sqlx") && mentions("let x = sqlx::query(y);", "sqlx"));
    assert!(!mentions("my_sqlx::Row", "sqlx") && !mentions("let sqlx = 3;", "sqlx"));
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(layer: &Layer) -> Vec<PathBuf> {
    let folder = source().join(layer.name);
    if folder.exists() {
        rust_files(&folder)
    } else {
        Vec::new()
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

/// Files that exist under `cfg(test)` alone.
fn is_test(file: &Path) -> bool {
    let name = file.file_stem().unwrap().to_string_lossy();
    name.ends_with("tests")
        || name == "fixtures"
        || file.components().any(|part| part.as_os_str() == "tests")
}

/// The code up to its first inline test module.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut lines = code.lines().peekable();
    while let Some(line) = lines.next() {
        let opens_tests = line.trim() == "#[cfg(test)]"
            && lines
                .peek()
                .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'));
        if opens_tests {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

fn without_comments(code: &str) -> String {
    code.lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
        .collect()
}

/// The top-level modules of ours that a `crate::…` path names.
fn used_of_ours(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (start, path) in code.match_indices("crate::") {
        let rest = &code[start + path.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            used.extend(top_level_names(group));
        } else {
            used.extend(leading_name(rest));
        }
    }
    used
}

/// The names at depth 0 of a `{…}` group whose opening brace is already read.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expects_name = true;
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_name = true,
            c if depth == 0 && expects_name && c.is_alphabetic() => {
                names.extend(leading_name(&group[index..]));
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}

fn leading_name(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    // A capital or a macro at the crate's root is no module.
    name.chars()
        .next()
        .filter(|c| c.is_lowercase())
        .map(|_| name)
}

/// The names of the dependencies as the code spells them.
fn dependencies() -> BTreeSet<String> {
    let manifest = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest: toml::Table = manifest.parse().unwrap();
    manifest["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .map(|name| name.replace('-', "_"))
        .collect()
}

/// Whether the code has a path that begins with the crate's name.
fn mentions(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    }) || code.contains(&format!("use {name};"))
}
