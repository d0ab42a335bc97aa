//! What the environment says of the terminal. Knows nothing of the screen.

use crate::config::Env;

/// Terminals whose fonts have little beyond ASCII, or which are none.
const PLAIN: [&str; 3] = ["linux", "dumb", "vt100"];

/// Terminals that show no colours.
const COLORLESS: [&str; 2] = ["dumb", "vt100"];

/// Why only ASCII can be drawn, if that is so. Of the variables that choose
/// the locale the first that is set holds; without one nothing is concluded.
pub(crate) fn ascii_only(env: &dyn Env) -> Option<&'static str> {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| env.get(name).filter(|value| !value.is_empty()));
    let is_unicode = |locale: &str| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    if locale.is_some_and(|locale| !is_unicode(&locale.to_string_lossy())) {
        return Some("the locale is not UTF-8");
    }
    is_one_of(env, &PLAIN).then_some("by TERM")
}

/// Whether the terminal shows no colours, or nobody wants any (`NO_COLOR`).
pub(crate) fn is_colorless(env: &dyn Env) -> bool {
    let is_unwanted = env.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    is_unwanted || is_one_of(env, &COLORLESS)
}

fn is_one_of(env: &dyn Env, terminals: &[&str]) -> bool {
    let term = env.get("TERM");
    term.is_some_and(|term| terminals.iter().any(|name| term == *name))
}
