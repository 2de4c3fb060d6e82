//! What a caller may choose about the walk.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// What to leave out, and how many threads to use.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files and folders to leave out, matched against the path relative to PATH; an excluded folder is not entered.
    pub exclude: GlobSet,
    /// How many threads walk and read; 0 leaves it to the machine.
    pub jobs: usize,
}

impl Options {
    /// Compile globs as users write them: without an inner `/` a glob matches at any depth, with one it starts at PATH; a
    /// leading `/` or `./` and a trailing `/` say nothing more. The error is that of the first bad glob.
    pub fn excluding<S: AsRef<str>>(globs: &[S]) -> Result<Self, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            let glob = glob.as_ref().trim_end_matches('/');
            let anchored = glob.trim_start_matches("./").trim_start_matches('/');
            let written = if glob.contains('/') { anchored.to_owned() } else { format!("**/{anchored}") };
            set.add(GlobBuilder::new(&written).literal_separator(true).build()?);
            // `folder/**` leaves out the folder, not only what is in it.
            if let Some(folder) = written.strip_suffix("/**") {
                set.add(GlobBuilder::new(folder).literal_separator(true).build()?);
            }
        }
        Ok(Options { exclude: set.build()?, jobs: 0 })
    }
}
