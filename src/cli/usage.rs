//! What is said about a command line that is not understood. Repeats nothing
//! that was typed but the names of flags: an argument may be a password.

use std::{
    error::Error as _,
    ffi::{OsStr, OsString},
};

use clap::{
    Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::cli::Cli;

/// The mistake in words, without any value. `arguments` are those that were
/// parsed, without the program's name; a position counts from 1.
#[must_use]
pub fn usage_words(error: &clap::Error, arguments: &[OsString]) -> String {
    let place = Place::of(arguments);
    let what = match error.kind() {
        ErrorKind::UnknownArgument => unknown(error, arguments),
        ErrorKind::InvalidSubcommand => {
            let typed = text(error, ContextKind::InvalidSubcommand);
            format!(
                "{} is no command here{}",
                position(typed, arguments),
                match suggestion(error) {
                    Some(suggestion) => suggestion,
                    None => format!("; those are {}", place.commands),
                }
            )
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("a command is missing: {}", place.commands)
        }
        ErrorKind::ValueValidation => match text(error, ContextKind::InvalidArg) {
            Some("[URL]") => format!(
                "{} is neither a command nor a postgres:// URL",
                position(text(error, ContextKind::InvalidValue), arguments)
            ),
            known => format!(
                "the value of {} is not understood{}",
                named(known),
                reason(error)
            ),
        },
        ErrorKind::InvalidValue => match text(error, ContextKind::InvalidValue) {
            None | Some("") => {
                let flag = named(text(error, ContextKind::InvalidArg));
                format!("{flag} needs a value{}", listed(error, ": ", ""))
            }
            Some(_) => {
                let flag = named(text(error, ContextKind::InvalidArg));
                format!(
                    "the value of {flag} is {}",
                    listed(error, "none of ", "not understood")
                )
            }
        },
        ErrorKind::TooManyValues => {
            let flag = named(text(error, ContextKind::InvalidArg));
            format!("{flag} takes no value")
        }
        ErrorKind::ArgumentConflict => {
            let flag = named(text(error, ContextKind::InvalidArg));
            format!("{flag} is given twice, or does not go with the other flags")
        }
        ErrorKind::InvalidUtf8 => match arguments.iter().position(|it| it.to_str().is_none()) {
            Some(index) => format!("argument {} is not UTF-8", index + 1),
            None => "an argument is not UTF-8".to_owned(),
        },
        _ => "the command line is not understood".to_owned(),
    };
    format!(
        "dbvitals: {what}\nFor what may be said, try '{} --help'.",
        place.path
    )
}

/// The command that the arguments lead to.
struct Place {
    /// With the commands before it, as it is called.
    path: String,
    /// The names of its own commands, in words.
    commands: String,
}

impl Place {
    fn of(arguments: &[OsString]) -> Self {
        let mut command = Cli::command();
        let mut path = command.get_name().to_owned();
        for argument in arguments {
            let name = argument.to_str().unwrap_or_default();
            let Some(next) = command.find_subcommand(name).cloned() else {
                continue;
            };
            path = format!("{path} {}", next.get_name());
            command = next;
        }
        let names: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
        Self {
            path,
            commands: names.join(", "),
        }
    }
}

/// What our own parsers say of a value, which they do not repeat.
fn reason(error: &clap::Error) -> String {
    let words = error.source().map(ToString::to_string);
    words
        .filter(|words| words.starts_with("it is not a number of seconds"))
        .map_or(String::new(), |words| format!(": {words}"))
}

/// The values that a flag has, or `otherwise` where it has no list of them.
fn listed(error: &clap::Error, before: &str, otherwise: &str) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            format!("{before}{}", values.join(", "))
        }
        _ => otherwise.to_owned(),
    }
}

/// A flag that does not exist, or an argument too many.
fn unknown(error: &clap::Error, arguments: &[OsString]) -> String {
    match text(error, ContextKind::InvalidArg) {
        Some(flag) if flag.starts_with('-') && is_flag(flag) => {
            let suggestion = suggestion(error).unwrap_or_default();
            format!("there is no flag {flag}{suggestion}")
        }
        typed @ Some(flag) if flag.starts_with('-') => format!(
            "{} begins like a flag; if it is none, put '--' before it",
            position(typed, arguments)
        ),
        typed => format!("{} is one too many", position(typed, arguments)),
    }
}

/// Where the text was typed. Of two equal ones the later is the one too many.
fn position(typed: Option<&str>, arguments: &[OsString]) -> String {
    let found = typed.and_then(|typed| arguments.iter().rposition(|it| it == OsStr::new(typed)));
    match found {
        Some(index) => format!("argument {}", index + 1),
        None => "an argument".to_owned(),
    }
}

/// A known flag by its name; clap adds the name of its value, and for a known
/// argument gives that alone.
fn named(known: Option<&str>) -> String {
    let first = known.and_then(|text| text.split([' ', '=']).next());
    match first {
        Some(flag) if is_flag(flag) => flag.to_owned(),
        _ => "an argument".to_owned(),
    }
}

fn is_flag(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    text.len() > 1 && text.len() <= 32 && text.starts_with('-') && text.bytes().all(is_part)
}

/// Names of our own only.
fn suggestion(error: &clap::Error) -> Option<String> {
    let of = |kind| match error.get(kind) {
        Some(ContextValue::Strings(all)) => all.first().map(String::as_str),
        Some(ContextValue::String(one)) => Some(one.as_str()),
        _ => None,
    };
    of(ContextKind::SuggestedArg)
        .or_else(|| of(ContextKind::SuggestedSubcommand))
        .map(|name| format!(", did you mean {name}?"))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let arguments: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
        let program = OsString::from("dbvitals");
        let error = Cli::try_parse_from(std::iter::once(&program).chain(&arguments)).unwrap_err();
        let words = usage_words(&error, &arguments);
        let first = words.lines().next().unwrap();
        assert_eq!(first, format!("dbvitals: {expected}"), "{:?}", error.kind());
        assert!(!words.contains("Zq9"), "{words}");
    }

    #[test]
    fn a_mistake_is_named_by_flag_or_position_only() {
        let url = "postgres://u:Zq9@h/d";
        check(&format!("chek {url}"), "argument 2 is one too many");
        check(&format!("{url} {url}"), "argument 2 is one too many");
        check(&format!("check {url} {url}"), "argument 3 is one too many");
        check(
            &format!("config {url}"),
            "argument 2 is no command here; those are show, check",
        );
        check(
            "config shwo",
            "argument 2 is no command here, did you mean show?",
        );
        check("--no-such-flag", "there is no flag --no-such-flag");
        check("--mod mock", "there is no flag --mod, did you mean --mode?");
        check(&format!("--no={url}"), "there is no flag --no");
        check(
            &format!("--{url}"),
            "argument 1 begins like a flag; if it is none, put '--' before it",
        );
        check(&format!("-{url}"), "there is no flag -p");
        check(&format!("check --json={url}"), "--json takes no value");
        check(&format!("--read-only={url}"), "--read-only takes no value");
        check("--mode", "--mode needs a value");
        check(
            &format!("--mode {url} --mode {url}"),
            "--mode is given twice, or does not go with the other flags",
        );
        check(
            "chekc",
            "argument 1 is neither a command nor a postgres:// URL",
        );
        check("config", "a command is missing: show, check");
        check(
            "migrate",
            "a command is missing: status, plan, up, adopt, print",
        );
    }

    #[test]
    fn a_value_is_refused_with_what_it_may_be() {
        let seconds = "is not understood: it is not a number of seconds from 0.001 to";
        check(
            "sql --timeout 0 Zq9",
            &format!("the value of --timeout {seconds} 604800"),
        );
        check(
            "migrate up --lock-timeout 0",
            &format!("the value of --lock-timeout {seconds} 86400"),
        );
        check(
            "wait --timeout Zq9",
            "the value of --timeout is not understood: it is not a number of seconds",
        );
        check(
            "sql --format xml Zq9",
            "the value of --format is none of table, json, csv",
        );
        check("sql --format", "--format needs a value: table, json, csv");
        check("sql --limit Zq9", "the value of --limit is not understood");
    }

    /// The help that is named stands beside the mistake.
    #[track_caller]
    fn check_help(line: &str, command: &str) {
        let arguments: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
        let program = OsString::from("dbvitals");
        let error = Cli::try_parse_from(std::iter::once(&program).chain(&arguments)).unwrap_err();
        let words = usage_words(&error, &arguments);
        let last = format!("For what may be said, try '{command} --help'.");
        assert_eq!(words.lines().last(), Some(last.as_str()));
    }

    #[test]
    fn the_help_that_is_named_is_that_of_the_command() {
        check_help("--no-such-flag", "dbvitals");
        check_help("sql --format xml", "dbvitals sql");
        check_help("migrate", "dbvitals migrate");
        check_help("migrate up --no-such-flag", "dbvitals migrate up");
        check_help("--mode mock check --no-such-flag", "dbvitals check");
    }
}
