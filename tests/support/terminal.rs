//! Runs a program in a real pseudo-terminal and reads its screen as a person
//! would. It must not know which program it is.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt,
    fs::File,
    io::{ErrorKind, Read, Write},
    num::NonZeroU16,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::{
    fs::OFlags,
    termios::{Action, tcflow},
};

use super::process::{self, Signal, wait_until};

/// What to run, where and how.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    program: OsString,
    arguments: Vec<OsString>,
    variables: BTreeMap<OsString, OsString>,
    folder: Option<PathBuf>,
    columns: u16,
    rows: u16,
    is_controlled: bool,
}

impl Launch {
    /// Asks for a program in a terminal of 80 columns and 24 rows. Of our own
    /// environment it gets the search path only.
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        let launch = Self {
            program: program.into(),
            arguments: Vec::new(),
            variables: BTreeMap::new(),
            folder: None,
            columns: 80,
            rows: 24,
            is_controlled: true,
        }
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8");
        match env::var_os("PATH") {
            Some(path) => launch.env("PATH", path),
            None => launch,
        }
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Starts it in this folder instead of the tests' own.
    pub(crate) fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets the terminal's size.
    pub(crate) fn size(mut self, columns: u16, rows: u16) -> Self {
        self.columns = columns;
        self.rows = rows;
        self
    }

    /// Lets the terminal not control the program: its end is then told by no signal.
    pub(crate) fn uncontrolled(mut self) -> Self {
        self.is_controlled = false;
        self
    }

    /// Starts it.
    pub(crate) fn spawn(self) -> Terminal {
        let mut command = CommandBuilder::new(&self.program);
        command.env_clear();
        command.set_controlling_tty(self.is_controlled);
        command.args(&self.arguments);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        // Without a folder the terminal library would start in the home folder.
        let here = || env::current_dir().expect("the tests run in a folder");
        command.cwd(self.folder.unwrap_or_else(here));
        Terminal::spawn(command, self.columns, self.rows)
    }
}

/// A running program and its terminal. The program is killed when this is dropped.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    input: Box<dyn Write + Send>,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

struct State {
    parser: vt100::Parser,
    output: Vec<u8>,
    /// A frame has begun and not ended, where the program says so.
    is_half_drawn: bool,
    ended: bool,
    is_stalled: bool,
}

/// Held while a terminal is opened, and by whoever starts a process meanwhile:
/// for a moment the terminal library leaves both sides open to every child,
/// and a child that keeps one keeps the terminal from ending.
static OPENING: Mutex<()> = Mutex::new(());

/// Waits until no terminal is being opened, and keeps it so.
pub(crate) fn none_opening() -> MutexGuard<'static, ()> {
    OPENING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is on a terminal's screen, for other threads than the terminal's owner.
#[derive(Clone)]
pub(crate) struct Viewer {
    shared: Arc<Shared>,
}

/// What stands before and after a frame that is to be shown as a whole; the
/// last letter tells which of both it is.
const FRAME: &[u8] = b"\x1b[?2026";

// === impl Terminal ===

impl Terminal {
    fn spawn(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let opening = none_opening();
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pseudo-terminal can be opened");
        drop(opening);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                parser: vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0),
                output: Vec::new(),
                is_half_drawn: false,
                ended: false,
                is_stalled: false,
            }),
            arrived: Condvar::new(),
        });
        let output = pair
            .master
            .try_clone_reader()
            .expect("a terminal can be read");
        let input = pair
            .master
            .take_writer()
            .expect("a terminal can be written");
        let child = pair
            .slave
            .spawn_command(command)
            .unwrap_or_else(|error| panic!("the program cannot be started: {error}"));
        let its = Arc::clone(&shared);
        thread::spawn(move || its.read(output));
        Self {
            child,
            master: pair.master,
            input,
            shared,
        }
    }

    /// Waits until the screen holds the text; gives the time it took.
    ///
    /// # Errors
    /// The screen as it is when the time is over or the program has ended.
    pub(crate) fn wait_for(&self, text: &str, limit: Duration) -> Result<Duration, String> {
        self.wait_until(limit, |screen| screen.contents().contains(text))
    }

    /// Waits until the screen is as wished; gives the time it took.
    ///
    /// # Errors
    /// The screen as it is when the time is over or the program has ended.
    pub(crate) fn wait_until(
        &self,
        limit: Duration,
        wished: impl Fn(&vt100::Screen) -> bool,
    ) -> Result<Duration, String> {
        self.viewer().wait_until(limit, wished)
    }

    /// The screen, to be looked at from elsewhere.
    pub(crate) fn viewer(&self) -> Viewer {
        Viewer {
            shared: Arc::clone(&self.shared),
        }
    }

    /// What is on the screen, as lines.
    pub(crate) fn screen_text(&self) -> String {
        self.screen(vt100::Screen::contents)
    }

    /// Looks at the screen's cells, cursor and modes.
    pub(crate) fn screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.shared.lock().parser.screen())
    }

    /// How many bytes the program has written so far.
    pub(crate) fn bytes_received(&self) -> usize {
        self.shared.lock().output.len()
    }

    /// All bytes that the program has written so far.
    pub(crate) fn output(&self) -> Vec<u8> {
        self.shared.lock().output.clone()
    }

    /// Types. Control keys are typed as their characters: `"\x1b"`, `"\t"`.
    pub(crate) fn send(&mut self, keys: &str) {
        self.input
            .write_all(keys.as_bytes())
            .and_then(|()| self.input.flush())
            .expect("a terminal takes keys");
    }

    /// Changes the terminal's size; the program is told (SIGWINCH).
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let mut state = self.shared.lock();
        state
            .parser
            .screen_mut()
            .set_size(at_least_one(rows), at_least_one(columns));
        self.master
            .resize(size(columns, rows))
            .expect("a terminal can be resized");
    }

    /// Takes nothing more from the program, as a frozen connection does.
    pub(crate) fn stall(&self) {
        self.shared.lock().is_stalled = true;
    }

    /// Takes what the program wrote meanwhile, and goes on.
    pub(crate) fn thaw(&self) {
        self.shared.lock().is_stalled = false;
        self.shared.arrived.notify_all();
    }

    /// Fills a stalled terminal with characters that mean nothing, until it
    /// has no room for more. The system may still move some of them on, which
    /// makes a little room again.
    pub(crate) fn clog(&self) {
        let mut way_in = self.program_side();
        loop {
            match way_in.write(&[0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("the terminal cannot be filled: {error}"),
            }
        }
    }

    /// From now on the system lets the program write nothing at all.
    pub(crate) fn hold(&self) {
        tcflow(self.program_side(), Action::OOff).expect("output can be held");
    }

    /// Ends that.
    pub(crate) fn let_go(&self) {
        tcflow(self.program_side(), Action::OOn).expect("output can go on");
    }

    /// The side that the program has, which must neither wait for room nor
    /// become the tests' own terminal.
    fn program_side(&self) -> File {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        File::options()
            .write(true)
            .custom_flags(flags.bits().cast_signed())
            .open(self.master.tty_name().expect("a terminal has a name"))
            .expect("a terminal that is held open can be opened")
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("a local child has an id")
    }

    /// Waits for the program's end, and until its last bytes are on the screen.
    pub(crate) fn wait_exit(&mut self, limit: Duration) -> Option<ExitStatus> {
        let mut status = None;
        wait_until(limit, || {
            status = self.child.try_wait().expect("a child can be asked");
            status.is_some()
        });
        let status = status?;
        // A process that it left behind may hold the terminal open: then the
        // limit ends the wait.
        wait_until(limit, || self.shared.lock().ended);
        Some(status)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            process::signal(self.pid(), Signal::KILL);
            drop(self.child.wait());
        }
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("child", &self.child)
            .finish_non_exhaustive()
    }
}

// === impl Viewer ===

impl Viewer {
    /// Waits until the screen is as wished; gives the time it took. A frame
    /// that is only half there is not looked at.
    ///
    /// # Errors
    /// The screen as it is when the time is over or the program has ended.
    pub(crate) fn wait_until(
        &self,
        limit: Duration,
        wished: impl Fn(&vt100::Screen) -> bool,
    ) -> Result<Duration, String> {
        let start = Instant::now();
        let mut state = self.shared.lock();
        loop {
            if !state.is_half_drawn && wished(state.parser.screen()) {
                return Ok(start.elapsed());
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() || state.ended {
                return Err(state.parser.screen().contents());
            }
            (state, _) = self
                .shared
                .arrived
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What is on the screen, as lines; nothing while a frame is half there.
    pub(crate) fn whole_screen(&self) -> Option<String> {
        let state = self.shared.lock();
        (!state.is_half_drawn).then(|| state.parser.screen().contents())
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Feeds the screen until nobody holds the terminal's other side any more,
    /// which Linux reports as an error.
    fn read(&self, mut output: Box<dyn Read + Send>) {
        let mut bytes = [0; 8192];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            // What was read at the moment of stalling waits here.
            let mut state = self
                .arrived
                .wait_while(self.lock(), |state| state.is_stalled)
                .unwrap_or_else(PoisonError::into_inner);
            state.parser.process(&bytes[..count]);
            state.output.extend_from_slice(&bytes[..count]);
            // The mark may have come in two parts.
            let from = state.output.len().saturating_sub(count + FRAME.len());
            let tail = &state.output[from..];
            let last = tail.windows(FRAME.len()).rposition(|part| part == FRAME);
            if let Some(mark) = last.and_then(|at| tail.get(at + FRAME.len())) {
                state.is_half_drawn = *mark == b'h';
            }
            self.arrived.notify_all();
        }
        self.lock().ended = true;
        self.arrived.notify_all();
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn at_least_one(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has rows and columns")
}
