//! A disk that is soon full. Needs root and Linux.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// Mounts a small disk, then waits for the end of its pipe, however it comes,
/// and takes it away again.
const SCRIPT: &str = r#"
mount -t tmpfs -o "size=$2,mode=777" small-disk "$1" || exit 1
echo mounted
cat >/dev/null
umount -l "$1"
"#;

/// A disk in memory of a fixed size. Goes away with the value or this process.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    folder: TempDir,
    keeper: Child,
}

impl SmallDisk {
    /// Makes one of this size, such as `2m`.
    pub(crate) fn of(size: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut keeper = Command::new("sh")
            .args(["-c", SCRIPT, "keeper"])
            .arg(folder.path())
            .arg(size)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`sh` runs");
        let mut said = [0; 8];
        let output = keeper.stdout.as_mut().expect("stdout is a pipe");
        std::io::Read::read_exact(output, &mut said).expect("root may mount a disk");
        Self { folder, keeper }
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}
