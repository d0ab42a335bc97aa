//! Ends a cluster whose test process has vanished without a farewell. It must
//! not know why the process vanished.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Waits for a line. The end of the pipe without one means that the process
/// which held the other end is gone: the postmaster is woken if it was
/// frozen, ended, and its folder removed. An ended postmaster removes its file;
/// its process id may stay for as long as nobody asks for the exit code.
const SCRIPT: &str = r#"
read -r farewell && exit 0
[ -s "$1/frozen" ] && kill -CONT $(cat "$1/frozen")
if [ -s "$1/data/postmaster.pid" ]; then
    pid=$(head -n 1 "$1/data/postmaster.pid")
    kill -QUIT "$pid"
    tries=0
    while kill -0 "$pid" && [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -KILL "$pid"
fi
rm -rf "$1"
"#;

/// A small shell that outlives us.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Watches over the cluster in this folder.
    pub(crate) fn over(folder: &Path) -> Self {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .arg(folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`sh` runs");
        Self { shell }
    }

    /// Sends it home: the cluster is ended by its owner.
    pub(crate) fn dismiss(&mut self) -> std::io::Result<()> {
        if let Some(mut pipe) = self.shell.stdin.take() {
            pipe.write_all(b"farewell\n")?;
        }
        self.shell.wait().map(drop)
    }
}
