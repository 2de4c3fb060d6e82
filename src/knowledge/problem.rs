//! What is wrong with packs, said so that whoever wrote them can mend it: file, line, column, field, what to do.
//!
//! Compiled twice: into the crate, for packs named on the command line, and into `build.rs`, for our own.

use std::fmt;

/// One thing that is wrong with one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The pack's file, or the folder that should hold packs.
    pub file: String,
    /// Line, from 1; 0 where the problem is about the whole file.
    pub line: u32,
    /// Column in characters, from 1; 0 with line 0.
    pub column: u32,
    /// The field, as a path: `types.redis.client.methods[3].returns`; empty where there is none.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do; empty where the message says it.
    pub help: String,
}

impl Problem {
    /// A problem with a file as a whole.
    pub fn about_file(file: &str, message: impl Into<String>, help: &str) -> Self {
        let (message, help) = (message.into(), help.to_owned());
        Problem { file: file.to_owned(), line: 0, column: 0, field: String::new(), message, help }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        f.write_str(": ")?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)?;
        if !self.help.is_empty() {
            write!(f, " — {}", self.help)?;
        }
        Ok(())
    }
}

/// Packs that cannot be used; all that is wrong with them, sorted by file and line. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackError {
    /// Everything found.
    pub problems: Vec<Problem>,
}

impl PackError {
    /// An error of these problems, in order of their places.
    pub fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        PackError { problems }
    }
}

impl From<Problem> for PackError {
    fn from(problem: Problem) -> Self {
        PackError { problems: vec![problem] }
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for PackError {}
