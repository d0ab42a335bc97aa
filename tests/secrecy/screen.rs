//! The dashboard in a real terminal: each pane, view and list of a project that
//! is well, and of one that refuses and sends the key back.

use std::time::Duration;

use tempfile::TempDir;

use crate::{
    echoes::echoes,
    process::write_config,
    search::Hidden,
    support::{
        standin::{Key, Standin},
        terminal::{Launch, Terminal},
    },
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A profile's own key and password, which nothing accepts.
const OTHER_KEY: &str = "sb_secret_nEv3rSh0wTh1sK3yOfTh3Oth3rPr0f1le";
const OTHER_PASSWORD: &str = "nEv3rSh0wTh1sPassw0rd";

/// A dashboard, and what it must never show.
struct Watched {
    terminal: Terminal,
    hidden: Hidden,
}

impl Watched {
    /// On a project with this key, and the file as it is written now.
    fn new(standin: &Standin, key: &str, home: &TempDir, size: (u16, u16)) -> Self {
        write_config(home, &file(standin, key));
        let password = standin.cluster().password();
        let hidden = Hidden::of([key, password, OTHER_KEY, OTHER_PASSWORD]);
        Self::of_file(hidden, home, size)
    }

    fn of_file(hidden: Hidden, home: &TempDir, (columns, rows): (u16, u16)) -> Self {
        Self {
            hidden,
            terminal: Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
                .env("HOME", home.path())
                .env("USER", "somebody")
                .env("RUST_LOG", "trace")
                .env("DBVITALS_RETRY_DELAY", "100")
                .folder(home.path())
                .size(columns, rows)
                .spawn(),
        }
    }

    /// Waits for these words, and looks at the whole screen.
    #[track_caller]
    fn see(&self, words: &str) {
        let seen = self.terminal.wait_for(words, LIMIT);
        seen.unwrap_or_else(|screen| panic!("'{words}' never came:\n{screen}"));
        self.hidden.check(words, &self.terminal.screen_text());
    }

    /// Presses keys, waits for the words that follow, and looks.
    #[track_caller]
    fn press(&mut self, keys: &str, words: &str) {
        self.terminal.send(keys);
        self.see(words);
    }

    /// Closes a view, and waits until it is gone.
    #[track_caller]
    fn close(&mut self, title: &str) {
        self.terminal.send("\x1b");
        let gone = self
            .terminal
            .wait_until(LIMIT, |screen| !screen.contents().contains(title));
        gone.unwrap_or_else(|screen| panic!("'{title}' stays:\n{screen}"));
        self.hidden.check(title, &self.terminal.screen_text());
    }

    /// Every pane alone, and every view.
    #[track_caller]
    fn look_around(&mut self) {
        for (key, title) in [
            ("1", "┏ 1 Connection"),
            ("2", "┏ 2 Latency"),
            ("3", "┏ 3 Health checks"),
            ("4", "┏ 4 Operations"),
            ("5", "┏ 5 Errors"),
            ("6", "┏ 6 Log"),
        ] {
            self.press(key, title);
            self.press("z", title);
            self.press("z", title);
        }
        for (key, title) in [
            ("?", "┏ Help"),
            ("M", "┏ Migrations"),
            ("m", "┏ Mode"),
            ("p", "┏ Profile"),
            ("R", "┏ Configuration"),
        ] {
            self.press(key, title);
            // The row's details, and the rows below them.
            self.press("j", title);
            self.press("G", title);
            self.close(title);
        }
        self.press("D", "D examines again");
        self.close("┏ Diagnosis");
        self.press("3", "┏ 3 Health checks");
        self.press("\r", "┏ Health check ");
        self.close("┏ Health check ");
        self.press("4", "┏ 4 Operations");
        self.press("\r", "┏ Operation ");
        self.close("┏ Operation ");
    }

    /// Ends it, and looks at every byte that was written.
    #[track_caller]
    fn end(mut self) {
        self.terminal.send("q");
        assert!(self.terminal.wait_exit(LIMIT).is_some(), "it does not end");
        let written = String::from_utf8_lossy(&self.terminal.output()).into_owned();
        self.hidden.check("the terminal", &written);
    }
}

fn file(standin: &Standin, key: &str) -> String {
    let (url, direct) = (standin.url(), standin.cluster().url());
    format!(
        "supabase_url = \"{url}\"\nsupabase_key = \"{key}\"\ndatabase_url = \"{direct}\"\n\
         [profiles.other]\nsupabase_key = \"{OTHER_KEY}\"\n\
         [profiles.third]\nmode = \"local\"\n\
         database_url = \"postgres://me:{OTHER_PASSWORD}@127.0.0.1:1/app\"\n"
    )
}

#[test]
fn no_pane_and_no_view_shows_a_key_of_any_kind() {
    let standin = Standin::start();
    for (kind, size) in Key::ALL
        .into_iter()
        .zip([(120, 40), (80, 24), (120, 40), (80, 24)])
    {
        let home = TempDir::new().unwrap();
        let key = standin.key(kind);
        let mut watched = Watched::new(&standin, key, &home, size);
        watched.see("connected  since");
        watched.look_around();
        // Another key in the file: that it differs is shown, and neither key.
        write_config(&home, &file(&standin, OTHER_KEY));
        watched.press("R", "Apply 1 change?");
        watched.press("y", "Gateway refused the key");
        watched.press("5", "┏ 5 Errors");
        watched.press("\r", "┏ Error ");
        watched.close("┏ Error ");
        watched.end();
    }
}

#[test]
fn no_pane_and_no_view_shows_a_key_that_is_sent_back() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::Secret);
    let mut watched = Watched::new(&standin, key, &home, (120, 40));
    watched.see("connected  since");
    watched.press("5", "┏ 5 Errors");
    for (name, echo) in echoes(key) {
        standin.fault(&echo);
        standin.forget_requests();
        watched.terminal.send("r");
        let done = watched.terminal.wait_until(LIMIT, |_| {
            let asked = standin.requests();
            asked.iter().any(|request| request["status"].is_number())
        });
        done.unwrap_or_else(|screen| panic!("{name}: nothing was asked:\n{screen}"));
        watched.press("D", "D examines again");
        watched.close("┏ Diagnosis");
        watched.press("\r", "┏ Error ");
        watched.close("┏ Error ");
        standin.clear_faults();
    }
    watched.press("z", "┏ 5 Errors");
    watched.press("6", "┏ 6 Log");
    watched.press("r", "connected  since");
    watched.end();
}

#[test]
fn a_password_that_is_refused_beside_the_key_is_not_shown() {
    let mut standin = Standin::start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::LegacyAnon).to_owned();
    let config = file(&standin, &key);
    let password = standin.cluster().password().to_owned();
    standin.cluster_mut().set_password("never-show-another");
    write_config(&home, &config);
    let hidden = Hidden::of([key.as_str(), &password, OTHER_KEY, OTHER_PASSWORD]);
    let mut watched = Watched::of_file(hidden, &home, (120, 40));
    watched.see("database_url does not work, the key does");
    watched.look_around();
    watched.end();
}

#[test]
fn no_view_shows_a_key_in_the_place_of_another_value() {
    let home = TempDir::new().unwrap();
    let broken = format!(
        "mode = \"mock\"\n[profiles.broken]\nsupabase_url = \"{OTHER_KEY}\"\n\
         environment = \"https://x.supabase.co/{OTHER_KEY}\"\ntui.theme = \"{OTHER_KEY}\"\n"
    );
    write_config(&home, "mode = \"mock\"\n[profiles.broken]\npool_size = 3\n");
    let mut watched = Watched::of_file(Hidden::of([OTHER_KEY]), &home, (120, 40));
    watched.see("connected  since");
    write_config(&home, &broken);
    watched.press("p", "INVALID");
    watched.press("G", "is not possible, for 4 reasons");
    watched.close("┏ Profile");
    watched.press("R", "the configuration is not valid");
    watched.close("┏ Configuration");
    watched.press("6", "┏ 6 Log");
    watched.end();
}
