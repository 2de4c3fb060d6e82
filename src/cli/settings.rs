//! Command line over configuration over defaults: what a run does.

use super::Scan;
use crate::config::{Config, ConfigError, FailOn, Known, Loaded, MinConfidence, PathIgnores, find, load};
use crate::finding::{Confidence, Severity};
use std::path::{Path, PathBuf};

/// What a run does. A list on the command line replaces that of the configuration where it chooses (`select`), and adds to
/// it where it leaves out (`ignore`, `exclude`) or brings in (`rules`).
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to scan.
    pub path: PathBuf,
    /// The number of the check.
    pub check: u32,
    /// Exit with 1 from this severity on; `None`: never.
    pub fail_on: Option<Severity>,
    /// Report from this confidence on.
    pub min_confidence: Confidence,
    /// Rules and rows to run; empty: all.
    pub select: Vec<String>,
    /// Rules and rows to leave out.
    pub ignore: Vec<String>,
    /// Globs to leave out, relative to the scanned path.
    pub exclude: Vec<String>,
    /// Folders with further packs.
    pub rules: Vec<PathBuf>,
    /// What is ignored by path.
    pub path_ignores: PathIgnores,
    /// The rest of the configuration, as read; the defaults where there is no file.
    pub config: Config,
    /// Where the configuration was read from.
    pub config_file: Option<PathBuf>,
}

/// Why a run cannot start: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The path to scan cannot be used.
    #[error("{}: {error}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An argument names something that does not exist.
    #[error("{option}: {message}")]
    Argument {
        /// The option.
        option: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl Settings {
    /// Finds and reads the configuration and lays the command line over it.
    pub fn new(scan: &Scan, known: &Known<'_>) -> Result<Settings, SettingsError> {
        let reading = &scan.reading;
        let path = reading.path.clone().unwrap_or_else(|| PathBuf::from("."));
        let file = match &reading.config {
            Some(file) => Some(file.clone()),
            None => find(&path).map_err(|error| SettingsError::Path { path: path.clone(), error })?,
        };
        std::fs::metadata(&path).map_err(|error| SettingsError::Path { path: path.clone(), error })?;
        let loaded = file.map(|file| load(&file, known)).transpose()?;
        for (option, ids) in [("--select", &scan.select), ("--ignore", &scan.ignore)] {
            let wrong = ids.iter().find_map(|id| known.rule_or_row(id).err());
            wrong.map_or(Ok(()), |message| Err(SettingsError::Argument { option, message }))?;
        }
        for pattern in &reading.exclude {
            let message = |error: globset::Error| format!("not a glob: \"{pattern}\": {}", error.kind());
            globset::Glob::new(pattern).map_err(|error| SettingsError::Argument { option: "--exclude", message: message(error) })?;
        }
        if let Some(folder) = reading.rules.iter().find(|folder| !folder.is_dir()) {
            let message = format!("there is no folder {}", folder.display());
            return Err(SettingsError::Argument { option: "--rules", message });
        }
        if let Some(loaded) = &loaded {
            pack_folders_exist(loaded)?;
        }
        Ok(Settings::merged(scan, path, loaded))
    }

    fn merged(scan: &Scan, path: PathBuf, loaded: Option<Loaded>) -> Settings {
        let reading = &scan.reading;
        let mut rules: Vec<PathBuf> = loaded.iter().flat_map(Loaded::pack_folders).map(|(folder, _)| folder).collect();
        rules.extend(reading.rules.iter().cloned());
        let (config_file, config) = loaded.map_or((None, Config::default()), |loaded| (Some(loaded.file), loaded.config));
        let words = |placed: &[crate::config::Placed<String>]| placed.iter().map(|word| word.value.clone()).collect::<Vec<_>>();
        let joined = |placed, more: &[String]| [words(placed), more.to_vec()].concat();
        Settings {
            path,
            check: scan.check,
            fail_on: severity(scan.fail_on.or(config.fail_on).unwrap_or_default()),
            min_confidence: confidence(scan.min_confidence.or(config.min_confidence).unwrap_or_default()),
            select: if scan.select.is_empty() { words(&config.select) } else { scan.select.clone() },
            ignore: joined(&config.ignore, &scan.ignore),
            exclude: joined(&config.exclude, &reading.exclude),
            rules,
            path_ignores: PathIgnores::new(&config),
            config,
            config_file,
        }
    }

    /// Whether a rule of a row is to run.
    pub fn runs(&self, rule: &str, row: &str) -> bool {
        let names = |ids: &[String]| ids.iter().any(|id| id == rule || id == row);
        (self.select.is_empty() || names(&self.select)) && !names(&self.ignore)
    }

    /// Whether a finding of this confidence is reported.
    pub fn reports(&self, confidence: Confidence) -> bool {
        confidence >= self.min_confidence
    }

    /// Whether a finding of this severity makes the exit code 1.
    pub fn fails(&self, severity: Severity) -> bool {
        self.fail_on.is_some_and(|least| severity >= least)
    }
}

/// The configuration's pack folders are there; said with the place in the file.
fn pack_folders_exist(loaded: &Loaded) -> Result<(), ConfigError> {
    let missing = loaded.pack_folders().find(|(folder, _)| !folder.is_dir());
    missing.map_or(Ok(()), |(folder, place): (PathBuf, _)| {
        let folder: &Path = &folder;
        Err(loaded.error(place, format!("there is no folder {}", folder.display())))
    })
}

fn severity(fail_on: FailOn) -> Option<Severity> {
    match fail_on {
        FailOn::Low => Some(Severity::Low),
        FailOn::Medium => Some(Severity::Medium),
        FailOn::High => Some(Severity::High),
        FailOn::Critical => Some(Severity::Critical),
        FailOn::Never => None,
    }
}

fn confidence(least: MinConfidence) -> Confidence {
    match least {
        MinConfidence::Low => Confidence::Low,
        MinConfidence::Medium => Confidence::Medium,
        MinConfidence::High => Confidence::High,
    }
}
