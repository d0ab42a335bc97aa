//! One raw value into its place: the check of type and range that every
//! source shares. Knows nothing of where a raw value was read.

use url::Url;

use crate::{
    config::{
        Complaint, Origin, ThemeName,
        keys::{KeySpec, Kind},
        libpq,
        origin::Sourced,
        own_script::{self, OwnScript},
        shown::{may_hold_credentials, may_hold_key, shown},
        values::Values,
    },
    domain::{Mode, Scenario, Secret},
};

/// PostgreSQL cuts off what is longer, in bytes.
const LONGEST_IDENTIFIER: usize = 63;

/// A value as a source gave it. Texts are wrapped, since any of them may turn
/// out to be a password.
pub(crate) enum RawValue {
    /// A text without a type, from the environment or the command line.
    Untyped(Secret),
    /// A string of the file.
    String(Secret),
    /// A whole number of the file.
    Integer(String),
    /// A truth value of the file.
    Bool(bool),
    /// A list of the file.
    List(Vec<Item>),
    /// Anything else of the file; the words name its type.
    Other(&'static str),
}

/// One element of a list.
pub(crate) struct Item {
    /// `None` for what is no text.
    pub(crate) text: Option<Secret>,
    pub(crate) origin: Origin,
}

/// A key with the value that one source gives it.
pub(crate) struct Entry {
    pub(crate) spec: &'static KeySpec,
    pub(crate) raw: RawValue,
    pub(crate) origin: Origin,
}

impl Entry {
    /// Checks the value and puts it into its place. An empty text empties a
    /// place that may be empty.
    ///
    /// # Errors
    /// What is wrong, a complaint for each element of a list; the place keeps
    /// what it held.
    pub(crate) fn assign(&self, values: &mut Values) -> Result<(), Vec<Complaint>> {
        if let Kind::Script(slot) = &self.spec.kind {
            *slot(values) = self.script()?.map(|script| self.sourced(script));
            return Ok(());
        }
        self.assign_single(values)
            .map_err(|complaint| vec![complaint])
    }

    fn assign_single(&self, values: &mut Values) -> Result<(), Complaint> {
        match &self.spec.kind {
            Kind::Number { range, slot, .. } => {
                let number = self.number()?;
                if !range.contains(&number) {
                    return Err(self.complain(&self.spec.allowed()));
                }
                *slot(values) = self.sourced(number);
            }
            Kind::Bool(slot) => *slot(values) = self.sourced(self.truth()?),
            Kind::Text(slot) => {
                let text = self.plain_text()?;
                *slot(values) = (!text.is_empty()).then(|| self.sourced(text));
            }
            Kind::Identifier(slot) => {
                let name = self.identifier()?;
                *slot(values) = (!name.is_empty()).then(|| self.sourced(name));
            }
            Kind::WebUrl(slot) => {
                let url = self.web_url()?;
                *slot(values) = (!url.is_empty()).then(|| self.sourced(url));
            }
            Kind::Secret(slot) => {
                let secret = self.text()?;
                *slot(values) = (!secret.is_empty()).then(|| self.sourced(secret.clone()));
            }
            Kind::DatabaseUrl(slot) => {
                let url = self.database_url()?;
                *slot(values) = (!url.is_empty()).then(|| self.sourced(url));
            }
            Kind::Mode(slot) => {
                *slot(values) = Some(self.sourced(self.word(&Mode::ALL, Mode::as_str)?));
            }
            Kind::Theme(slot) => {
                *slot(values) = self.sourced(self.word(&ThemeName::ALL, ThemeName::as_str)?);
            }
            Kind::Scenario(slot) => {
                let scenario = self.word(&Scenario::ALL, Scenario::as_str)?;
                *slot(values) = Some(self.sourced(scenario));
            }
            Kind::Script(_) => {}
        }
        Ok(())
    }

    /// Whether it stands in a profile of the file.
    pub(crate) fn is_in_profile(&self) -> bool {
        matches!(
            self.origin,
            Origin::File {
                profile: Some(_),
                ..
            }
        )
    }

    /// The value as it may be shown.
    pub(crate) fn shown(&self) -> String {
        match &self.raw {
            RawValue::Other(type_name) => (*type_name).to_owned(),
            RawValue::List(_) => "a list".to_owned(),
            _ if matches!(self.spec.kind, Kind::Secret(_)) => Secret::default().to_string(),
            RawValue::Untyped(text) | RawValue::String(text) => match self.spec.kind {
                Kind::DatabaseUrl(_) => libpq::redact(text),
                // A number in quotes is no number; the quotes are what is wrong.
                Kind::Number { .. } | Kind::Bool(_) if self.is_quoted() => {
                    format!("\"{}\"", shown(text.expose()))
                }
                _ => shown(text.expose()).into_owned(),
            },
            RawValue::Integer(_) | RawValue::Bool(_) if self.spec.is_secret() => {
                Secret::default().to_string()
            }
            RawValue::Integer(digits) => shown(digits).into_owned(),
            RawValue::Bool(truth) => truth.to_string(),
        }
    }

    fn is_quoted(&self) -> bool {
        matches!(self.raw, RawValue::String(_))
    }

    fn sourced<T>(&self, value: T) -> Sourced<T> {
        Sourced {
            value,
            origin: self.origin.clone(),
        }
    }

    fn complain(&self, allowed: &str) -> Complaint {
        Complaint::new(
            self.spec.name,
            format!("must be {allowed}"),
            self.origin.clone(),
        )
        .with_shown(&self.shown())
    }

    /// A whole number. One that is too large for any range, or negative, is
    /// out of range rather than of the wrong type.
    fn number(&self) -> Result<u64, Complaint> {
        let digits = match &self.raw {
            RawValue::Untyped(text) => text.expose().trim(),
            RawValue::Integer(digits) => digits.as_str(),
            RawValue::String(_) | RawValue::Bool(_) | RawValue::List(_) | RawValue::Other(_) => "",
        };
        let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
        let is_whole = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().ok_or_else(|| {
            let article = if is_whole { "" } else { "a whole number " };
            self.complain(&format!("{article}{}", self.spec.allowed()))
        })
    }

    fn truth(&self) -> Result<bool, Complaint> {
        match &self.raw {
            RawValue::Bool(truth) => Some(*truth),
            RawValue::Untyped(text) => text.expose().trim().parse().ok(),
            RawValue::String(_) | RawValue::Integer(_) | RawValue::List(_) | RawValue::Other(_) => {
                None
            }
        }
        .ok_or_else(|| self.complain(&self.spec.allowed()))
    }

    fn text(&self) -> Result<&Secret, Complaint> {
        match &self.raw {
            RawValue::Untyped(text) | RawValue::String(text) => Ok(text),
            RawValue::Integer(_) | RawValue::Bool(_) | RawValue::List(_) | RawValue::Other(_) => {
                Err(self.complain(&self.spec.allowed()))
            }
        }
    }

    /// A text that is a label or a name, and so will be shown.
    fn plain_text(&self) -> Result<String, Complaint> {
        let text = self.text()?.expose();
        if may_hold_credentials(text) {
            return Err(self.complain(&self.spec.allowed()));
        }
        Ok(text.to_owned())
    }

    /// A name that means the same with and without quotes.
    fn identifier(&self) -> Result<String, Complaint> {
        let text = self.text()?.expose();
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let is_plain = text.len() <= LONGEST_IDENTIFIER
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text
                .bytes()
                .all(|byte| is_letter(byte) || byte.is_ascii_digit());
        if !is_plain {
            return Err(self.complain(&self.spec.allowed()));
        }
        Ok(text.to_owned())
    }

    fn word<T: Copy>(&self, all: &[T], name: fn(T) -> &'static str) -> Result<T, Complaint> {
        let word = self.text()?.expose().trim();
        all.iter()
            .copied()
            .find(|&candidate| name(candidate) == word)
            .ok_or_else(|| self.complain(&self.spec.allowed()))
    }

    /// The steps of a list, or of a text in which commas part them; `None`
    /// where there is no step.
    fn script(&self) -> Result<Option<OwnScript>, Vec<Complaint>> {
        let steps = self.steps().map_err(|complaint| vec![complaint])?;
        if steps.is_empty() {
            return Ok(None);
        }
        // What is no text is no step, as an empty text is none.
        let texts: Vec<_> = steps.iter().map(|step| step.0.unwrap_or("")).collect();
        OwnScript::parse(&texts).map(Some).map_err(|faults| {
            let complaint = |fault: own_script::Fault| {
                let (text, origin) = steps[fault.place];
                let problem = match text {
                    Some(_) => fault.problem,
                    None => "must be a text".to_owned(),
                };
                let problem = format!("step {}: {problem}", fault.place + 1);
                let complaint = Complaint::new(self.spec.name, problem, origin.clone());
                match text {
                    Some(text) => complaint.with_value(text),
                    None => complaint,
                }
            };
            faults.into_iter().map(complaint).collect()
        })
    }

    /// Each step with its place; `None` for what is no text.
    fn steps(&self) -> Result<Vec<(Option<&str>, &Origin)>, Complaint> {
        match &self.raw {
            RawValue::List(items) => Ok(items
                .iter()
                .map(|item| (item.text.as_ref().map(Secret::expose), &item.origin))
                .collect()),
            RawValue::Untyped(text) | RawValue::String(text)
                if text.expose().trim_start().starts_with('[') =>
            {
                let problem = "is one text here, with commas between the steps: 30s refuse, calm";
                let complaint = Complaint::new(self.spec.name, problem, self.origin.clone());
                Err(complaint.with_value(text.expose()))
            }
            // Its parts do not show what the whole is.
            RawValue::Untyped(text) | RawValue::String(text)
                if may_hold_credentials(text.expose()) =>
            {
                Err(self.complain(&self.spec.allowed()))
            }
            RawValue::Untyped(text) | RawValue::String(text) => {
                let is_empty = text.expose().trim().is_empty();
                let steps = text.expose().split(',').filter(|_| !is_empty);
                Ok(steps
                    .map(|step| (Some(step.trim()), &self.origin))
                    .collect())
            }
            RawValue::Integer(_) | RawValue::Bool(_) | RawValue::Other(_) => {
                Err(self.complain(&self.spec.allowed()))
            }
        }
    }

    fn web_url(&self) -> Result<String, Complaint> {
        let text = self.text()?.expose().trim();
        // It would be the name of the target, wherever that is told.
        if may_hold_key(text) {
            let problem = "must be the project's address alone; a key belongs into supabase_key";
            let complaint = Complaint::new(self.spec.name, problem, self.origin.clone());
            return Err(complaint.with_shown(&self.shown()));
        }
        let is_plain = Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
        });
        if is_plain || text.is_empty() {
            return Ok(text.to_owned());
        }
        Err(self.complain(&self.spec.allowed()))
    }

    /// A URL whose every part is understood, or nothing.
    fn database_url(&self) -> Result<Secret, Complaint> {
        let text = self.text()?;
        if text.expose().trim().is_empty() {
            return Ok(Secret::default());
        }
        match libpq::parse_url(text) {
            Ok(_) => Ok(text.clone()),
            Err(problems) => {
                Err(
                    Complaint::new(self.spec.name, problems.join("; "), self.origin.clone())
                        .with_shown(&self.shown()),
                )
            }
        }
    }
}
