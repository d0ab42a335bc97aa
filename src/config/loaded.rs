//! A configuration together with the origin of each value, ready to be shown.
//! Knows nothing of how it was put together.

use serde::Serialize;

use crate::{
    config::{
        Config, Origin,
        keys::{KEYS, Kind},
        libpq,
        origin::Sourced,
        own_script::OwnScript,
        shown::shown,
        values::Values,
    },
    domain::{Secret, clean},
};

/// What [`load()`](crate::config::load()) gives.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration in force.
    pub config: Config,
    /// Every key, in the order of the table.
    pub settings: Vec<Row>,
    /// Every part of the PostgreSQL connection; empty in the other modes.
    pub connection: Vec<Row>,
}

/// One value as it may be shown: secrets are stars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The key, or libpq's name of the parameter.
    pub key: &'static str,
    /// The value; `None` when there is none.
    pub value: Option<String>,
    /// `ms`, or what is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// Where it came from.
    pub origin: String,
    /// What the key means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<&'static str>,
}

impl Row {
    /// A row whose value was made ready to be shown.
    pub(crate) fn new(key: &'static str, value: Option<String>, origin: &Origin) -> Self {
        Self {
            key,
            value,
            unit: None,
            origin: origin.to_string(),
            meaning: None,
        }
    }
}

/// One row for each key.
pub(crate) fn rows(values: &Values) -> Vec<Row> {
    // The table leads to a place that may be written, hence the copy.
    let mut values = values.clone();
    let mut row = |spec: &'static crate::config::keys::KeySpec| {
        let (value, origin) = value_of(&spec.kind, &mut values);
        Row {
            unit: spec.unit(),
            meaning: Some(spec.doc),
            ..Row::new(spec.name, value, &origin)
        }
    };
    KEYS.iter().map(&mut row).collect()
}

fn value_of(kind: &Kind, values: &mut Values) -> (Option<String>, Origin) {
    match kind {
        Kind::Number { slot, .. } => some(slot(values), ToString::to_string),
        Kind::Bool(slot) => some(slot(values), ToString::to_string),
        Kind::Theme(slot) => some(slot(values), |theme| theme.as_str().to_owned()),
        Kind::Mode(slot) => maybe(slot(values).as_ref(), ToString::to_string),
        Kind::Scenario(slot) => maybe(slot(values).as_ref(), ToString::to_string),
        Kind::Script(slot) => maybe(slot(values).as_ref(), OwnScript::in_words),
        Kind::Identifier(slot) => maybe(slot(values).as_ref(), ToString::to_string),
        Kind::Text(slot) => maybe(slot(values).as_ref(), |text| shown(text).into_owned()),
        Kind::WebUrl(slot) => maybe(slot(values).as_ref(), |url| web_url(url)),
        Kind::Secret(slot) => maybe(slot(values).as_ref(), Secret::to_string),
        Kind::DatabaseUrl(slot) => maybe(slot(values).as_ref(), libpq::redact),
    }
}

/// It was checked to hold neither user nor password; a key may stand behind a `?`.
fn web_url(url: &str) -> String {
    match url.find(['?', '#']) {
        Some(mark) => format!("{}{}", clean(&url[..=mark]), Secret::default()),
        None => clean(url).into_owned(),
    }
}

fn some<T>(found: &Sourced<T>, show: fn(&T) -> String) -> (Option<String>, Origin) {
    (Some(show(&found.value)), found.origin.clone())
}

fn maybe<T>(found: Option<&Sourced<T>>, show: fn(&T) -> String) -> (Option<String>, Origin) {
    found.map_or((None, Origin::Default), |found| some(found, show))
}
