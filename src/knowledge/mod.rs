//! The packs under `rules/`, typed: what a library's calls mean.

pub mod vocabulary;
