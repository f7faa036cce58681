use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;
use tokio::process::Command;
use tokio::task::spawn_blocking;

/// All SDKs use these names, so that a worker of any language deletes what another left behind.
const PREFIX: &str = "workflow-graph-workspace-";
const ALIVE: &str = "alive";
/// A directory without a pipe is one whose worker is about to make it, or was killed just then.
const UNFINISHED_MAX: Duration = Duration::from_secs(60 * 60);

/// An empty directory for one attempt, below the directory for temporary files.
///
/// Beside it is a named pipe that this process holds open for reading. While it does, the pipe can be opened for
/// writing. When the process has ended, however it ended, it cannot, on any system and from any container that sees the
/// directory. That is how [`sweep_workspaces`] knows what was left behind.
pub(super) struct FreshWorkspace {
    directory: PathBuf,
    path: PathBuf,
    pipe: File,
}

impl FreshWorkspace {
    pub async fn make() -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let unready = directory.path().join(format!("{ALIVE}.new"));
        let made = Command::new("mkfifo").args(["-m", "600"]).arg(&unready).status().await?;
        if !made.success() {
            return Err(io::Error::other("mkfifo failed"));
        }
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let pipe = OpenOptions::new().read(true).custom_flags(flags).open(&unready)?;
        fs::rename(&unready, directory.path().join(ALIVE))?;
        let path = directory.path().join("workspace");
        fs::create_dir(&path)?;
        Ok(Self { directory: directory.keep(), path, pipe })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes it. The job may have left something that cannot be deleted; its result does not depend on that.
    pub async fn remove(self) {
        let Self { directory, pipe, .. } = self;
        let removed = spawn_blocking(move || {
            remove_workspace(&directory);
            drop(pipe);
        });
        drop(removed.await);
    }
}

/// Deletes the workspaces of workers that were killed. Those of other users, and what cannot be deleted, stay.
pub(crate) fn sweep_workspaces() {
    sweep(&std::env::temp_dir());
}

fn sweep(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for entry in entries.flatten() {
        let is_workspace = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_workspace && is_left_behind(&entry.path()) {
            remove_workspace(&entry.path());
        }
    }
}

fn is_left_behind(directory: &Path) -> bool {
    // With a reader it opens, without one the error is ENXIO.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    match OpenOptions::new().write(true).custom_flags(flags).open(directory.join(ALIVE)) {
        Ok(_) => false,
        Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::metadata(directory)
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > UNFINISHED_MAX)),
        Err(_) => false,
    }
}

/// Deletes the pipe last: what is deleted only in part is deleted by a later sweep.
fn remove_workspace(directory: &Path) {
    let workspace = directory.join("workspace");
    let is_gone = |result: io::Result<()>| match result {
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        Ok(()) => true,
    };
    if !is_gone(fs::remove_dir_all(&workspace)) {
        // Directories without the right to write, such as those of Go's modules, keep what is in them.
        make_writable(&workspace);
        if !is_gone(fs::remove_dir_all(&workspace)) {
            return;
        }
    }
    drop(fs::remove_dir_all(directory));
}

/// Lets this user delete what is in the directory. Links are not followed.
fn make_writable(top: &Path) {
    let mut directories = vec![top.to_owned()];
    while let Some(directory) = directories.pop() {
        drop(fs::set_permissions(&directory, Permissions::from_mode(0o700)));
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        let inner = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        directories.extend(inner.map(|entry| entry.path()));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_workspaces_of_killed_workers_are_deleted_and_no_others() {
        let alive = FreshWorkspace::make().await.unwrap();
        fs::create_dir_all(alive.path().join("deep/er")).unwrap();
        fs::set_permissions(alive.path().join("deep"), Permissions::from_mode(0o500)).unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let dead = temporary.path().join(format!("{PREFIX}dead"));
        let unfinished = temporary.path().join(format!("{PREFIX}new"));
        fs::create_dir_all(dead.join("workspace")).unwrap();
        fs::create_dir(&unfinished).unwrap();
        assert!(Command::new("mkfifo").arg(dead.join(ALIVE)).status().await.unwrap().success());
        sweep(temporary.path());
        sweep(alive.directory.parent().unwrap());
        assert_eq!([dead.exists(), unfinished.exists(), alive.path().exists()], [false, true, true]);
        let directory = alive.directory.clone();
        alive.remove().await;
        assert!(!directory.exists());
    }
}
