//! Code that agents never run: tests, migrations, seeds.

/// Whether a file's code only tests, migrates or seeds, by its path below PATH.
pub fn is_aside(path: &str) -> bool {
    let lower = path.to_lowercase();
    let mut parts: Vec<&str> = lower.split('/').collect();
    let file = parts.pop().unwrap_or("");
    let folder = parts.iter().any(|p| {
        matches!(*p, "tests" | "test" | "testing" | "migrations" | "alembic" | "seeds" | "fixtures" | "benchmarks" | "benches" | "docs")
    });
    folder
        || file.starts_with("test_")
        || file.ends_with("_test.py")
        || matches!(file, "tests.rs" | "test.rs" | "build.rs")
        || file.ends_with("_test.rs")
        || file.ends_with("_tests.rs")
        || matches!(file, "conftest.py" | "setup.py")
        || file.starts_with("seed")
        || file.ends_with("_seed.py")
}
