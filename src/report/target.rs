//! Where a report goes: standard output, or a file that is written whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Target {
    /// The file that was named, or standard output.
    pub fn new(file: Option<&Path>) -> Target {
        file.map_or(Target::Stdout, |file| Target::File(file.to_owned()))
    }

    /// Whether a person sees it at once.
    pub fn is_terminal(&self) -> bool {
        *self == Target::Stdout && io::stdout().is_terminal()
    }

    /// Writes the report. A reader that went away early (`| head`) is no error; a file is replaced only when everything is
    /// written, and keeps its permissions.
    pub fn write(&self, text: &str) -> io::Result<()> {
        match self {
            Target::Stdout => {
                let mut out = io::stdout().lock();
                forgiving(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
            }
            Target::File(file) => replace(file, text),
        }
    }
}

fn forgiving(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    // A link is followed, so that what it points at is replaced and not the link.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let before = fs::metadata(&file).ok();
    if before.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        // A pipe or a device cannot be replaced; a folder gives the error.
        let mut out = fs::OpenOptions::new().write(true).open(&file)?;
        return forgiving(out.write_all(text.as_bytes()));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clawproof-");
    if let Some(permissions) = permissions(before) {
        builder.permissions(permissions);
    }
    let mut whole = builder.tempfile_in(folder)?;
    whole.write_all(text.as_bytes())?;
    whole.persist(&file).map(|_| ()).map_err(|error| error.error)
}

/// Those of the file that is replaced, or those that any new file gets.
#[cfg(unix)]
fn permissions(before: Option<fs::Metadata>) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(before.map_or_else(|| Permissions::from_mode(0o666), |metadata| metadata.permissions()))
}

#[cfg(not(unix))]
fn permissions(_before: Option<fs::Metadata>) -> Option<Permissions> {
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        for text in ["first and longer", "second"] {
            Target::File(file.clone()).write(text).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Target::File(folder.path().join("no/such/folder.txt")).write("x").is_err());
        assert!(Target::File(folder.path().to_owned()).write("x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        Target::File(link.clone()).write("new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        Target::File(PathBuf::from("/dev/null")).write("x").unwrap();
    }
}
