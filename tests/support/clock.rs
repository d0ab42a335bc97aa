//! A wall clock that a test sets for one program, while the machine's own goes
//! on. It must not know what the program does with the time.

use std::{fs, os::unix::fs::FileExt, process::Command};

use tempfile::TempDir;

/// A small library, loaded before the program, that shifts its wall clock.
#[derive(Debug)]
pub(crate) struct ShiftedClock {
    folder: TempDir,
}

impl ShiftedClock {
    /// Builds the library; the clock is right at first.
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/shifted_clock.c");
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("clock.so"))
            .arg(source)
            .output()
            .expect("`cc` runs: building this project needs it");
        assert!(
            output.status.success(),
            "the clock cannot be built: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        fs::write(folder.path().join("shift"), 0_i64.to_ne_bytes()).expect("a file can be written");
        Self { folder }
    }

    /// The variables with which a program sees this clock.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let path = |name: &str| {
            let path = self.folder.path().join(name);
            path.to_str().expect("the path is text").to_owned()
        };
        [
            ("LD_PRELOAD", path("clock.so")),
            ("SHIFTED_CLOCK", path("shift")),
        ]
    }

    /// Sets the clock so many seconds ahead of the machine's, or behind it.
    pub(crate) fn shift(&self, seconds: i64) {
        // In place: the program has the file in its memory.
        fs::File::options()
            .write(true)
            .open(self.folder.path().join("shift"))
            .and_then(|file| file.write_all_at(&seconds.to_ne_bytes(), 0))
            .expect("the file can be written");
    }
}
