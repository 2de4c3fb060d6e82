#![allow(clippy::unwrap_used)]

use super::*;

const KNOWN: Known<'_> = Known {
    rules: &["lost-update", "non-idempotent-insert", "no-deadlock-alert"],
    rows: &["locks", "idempotent-writes", "deadlock-alerting", "concurrency-tests"],
    controls: &["deadlock-alerting", "concurrency-tests"],
};

fn yaml(text: &str) -> Result<Config, ConfigError> {
    parse(Path::new("clawproof.yaml"), text, &KNOWN)
}

fn toml(text: &str) -> Result<Config, ConfigError> {
    parse(Path::new("pyproject.toml"), text, &KNOWN)
}

#[test]
fn wrong_files_are_told_with_place_and_remedy() {
    let cases = [
        ("exlude: []", "1:1: unknown key \"exlude\" — did you mean \"exclude\"?"),
        ("preview: true\nfail-on: low\n", "2:1: unknown key \"fail-on\" — did you mean \"fail_on\"?"),
        ("fail_on: bad\n", "1:10: \"bad\" is not one of low, medium, high, critical, never"),
        ("min_confidence: 3\n", "1:17: this is the number 3, and a word is needed"),
        ("select: locks\n", "1:9: this is the text \"locks\", and a list is needed"),
        ("select:\n  - lokcs\n", "2:5: unknown rule or row \"lokcs\" — did you mean \"locks\"?"),
        ("ignore: [zzz]\n", "1:10: unknown rule or row \"zzz\" — `clawproof rules` lists them"),
        ("ignore: [[a]]\n", "1:10: this is a list, and a text is needed"),
        ("per_path_ignores:\n  \"a/**\": [lost-updat]\n", "2:12: unknown rule or row \"lost-updat\" — did you mean \"lost-update\"?"),
        ("per_path_ignores:\n  \"a[\": [lost-update]\n", "2:3: not a glob: unclosed character class; missing ']'"),
        ("gates: [lock]\n", "1:9: unknown row \"lock\" — did you mean \"locks\"?"),
        ("expected_task_seconds: soon\n", "1:24: this is the text \"soon\", and a number is needed"),
        ("expected_task_seconds: 0\n", "1:24: this must be more than 0"),
        ("exclude: [1]\n", "1:11: this is the number 1, and a text is needed"),
        ("preview: 1\n", "1:10: this is the number 1, and true or false is needed"),
        ("agents:\n  - function: a.b\n", "2:5: the key \"name\" is missing"),
        ("agents:\n  - name: a\n", "2:11: agent \"a\" needs one of \"function\", \"file\" or \"manifest\", to say where it is"),
        ("resources:\n  x:\n    writer: [a]\n", "3:5: unknown key \"writer\" — did you mean \"writers\"?"),
        ("resources: [x]\n", "1:12: this is a list, and a mapping is needed"),
        ("orchestrator: central\n", "1:15: this is the text \"central\", and a mapping is needed"),
        ("controls:\n  kill: {where: x}\n", "2:3: unknown control \"kill\" — known are deadlock-alerting, concurrency-tests"),
        ("controls:\n  deadlock-alerting: {}\n", "2:22: the key \"where\" is missing"),
        ("- a\n", "1:1: this is a list, and a mapping is needed"),
        ("preview: true\npreview: false\n", "2:1: duplicate mapping key `preview` is not allowed here"),
    ];
    for (text, expected) in cases {
        let error = yaml(text).unwrap_err().to_string();
        assert_eq!(error, format!("clawproof.yaml:{expected}"), "{text}");
    }
}

#[test]
fn broken_yaml_names_its_line() {
    let error = yaml("exclude:\n  - [a\nselect: b\n").unwrap_err();
    assert!(error.place.is_some_and(|place| place.line >= 2), "{error}");
    assert!(!error.message.is_empty() && !error.message.contains('\n'), "{error}");
}

#[test]
fn bombs_and_depth_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x]\n");
    for level in 1..30 {
        bomb += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
    }
    assert!(yaml(&bomb).is_err());
    assert!(yaml(&format!("exclude: {}{}", "[".repeat(5000), "]".repeat(5000))).is_err());
    assert!(toml(&format!("[tool.clawproof]\nexclude = {}{}", "[".repeat(60), "]".repeat(60))).is_err());
}

#[test]
fn toml_gives_the_same_errors_with_its_own_places() {
    let cases = [
        ("[tool.clawproof]\nexlude = []\n", "2:1: unknown key \"exlude\" — did you mean \"exclude\"?"),
        ("[tool.clawproof]\nselect = [\"locks\", \"lokcs\"]\n", "2:20: unknown rule or row \"lokcs\" — did you mean \"locks\"?"),
        ("[tool.clawproof.resources.x]\nignore = 1\n", "2:10: this is the number 1, and true or false is needed"),
    ];
    for (text, expected) in cases {
        assert_eq!(toml(text).unwrap_err().to_string(), format!("pyproject.toml:{expected}"), "{text}");
    }
    assert!(toml("[tool.clawproof\n").unwrap_err().to_string().starts_with("pyproject.toml:1:"));
}

#[test]
fn nothing_and_comments_alone_are_the_defaults() {
    for text in ["", "# only a comment\n", "---\n", "exclude:\nresources:\n", "\u{feff}preview: false\n"] {
        assert_eq!(yaml(text), Ok(Config::default()), "{text:?}");
    }
    assert_eq!(toml("[project]\nname = \"x\"\n"), Ok(Config::default()));
}

#[test]
fn both_formats_say_the_same() {
    let from_yaml = yaml(
        "exclude: [a/**]\nper_path_ignores:\n  demo/**: [lost-update]\nfail_on: high\nmin_confidence: low\n\
         expected_task_seconds: 30\nagents:\n  - {name: x, function: a.b}\nresources:\n  \"postgres:orders\":\n    \
         writers: [x]\ncontrols:\n  deadlock-alerting: {where: elsewhere, threshold_seconds: 60.5}\n",
    );
    let from_toml = toml(
        "[tool.clawproof]\nexclude = [\"a/**\"]\nfail_on = \"high\"\nmin_confidence = \"low\"\nexpected_task_seconds = 30\n\
         per_path_ignores = {\"demo/**\" = [\"lost-update\"]}\nagents = [{name = \"x\", function = \"a.b\"}]\n\
         [tool.clawproof.resources.\"postgres:orders\"]\nwriters = [\"x\"]\n\
         [tool.clawproof.controls.deadlock-alerting]\nwhere = \"elsewhere\"\nthreshold_seconds = 60.5\n",
    );
    assert_eq!(from_yaml, from_toml);
    let config = from_yaml.unwrap();
    assert_eq!(config.expected_task_seconds.map(|seconds| seconds.value), Some(30.0));
    assert_eq!(config.agents[0].name.place, Place { line: 8, column: 12 });
}

#[test]
fn the_template_is_valid_also_with_its_examples_switched_on() {
    assert_eq!(yaml(TEMPLATE), Ok(Config::default()));
    let is_key = |line: &str| line.trim_start().starts_with(['-', '"']) || line.contains(": ") || line.ends_with(':');
    let switched_on: String = TEMPLATE
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(""))
        .filter(|line| is_key(line) && !line.contains(". ") && !line.ends_with('.') && !line.ends_with("path"))
        .filter(|line| !line.starts_with(|c: char| c.is_uppercase()))
        .map(|line| format!("{line}\n"))
        .collect();
    let rules = ["unannounced-write", "non-idempotent-insert"];
    let rows = ["locks", "idempotent-writes", "concurrency-tests", "contention-metrics"];
    let known = Known { rules: &rules, rows: &rows, controls: &["deadlock-alerting"] };
    let config = parse(Path::new("t.yaml"), &switched_on, &known).unwrap();
    // Every key of the settings has its example.
    let schema = schemars::schema_for!(Config).to_value();
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(switched_on.lines().any(|line| line.starts_with(&format!("{key}:"))), "{key}");
    }
    assert_eq!(config.agents.len(), 2);
    assert_eq!(config.controls.len(), 1);
}

#[test]
fn the_nearest_file_counts_up_to_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let deep = root.join("repository/a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(root.join("clawproof.yaml"), "").unwrap();
    // No repository: PATH alone.
    assert_eq!(find(&deep).unwrap(), None);
    fs::create_dir(root.join("repository/.git")).unwrap();
    assert_eq!(find(&deep).unwrap(), None);
    fs::write(root.join("repository/pyproject.toml"), "[project]\n").unwrap();
    assert_eq!(find(&deep).unwrap(), None);
    fs::write(root.join("repository/pyproject.toml"), "[tool.clawproof]\n").unwrap();
    assert_eq!(find(&deep).unwrap(), Some(root.join("repository/pyproject.toml")));
    fs::write(root.join("repository/a/.clawproof.yaml"), "").unwrap();
    assert_eq!(find(&deep).unwrap(), Some(root.join("repository/a/.clawproof.yaml")));
    fs::write(root.join("repository/a/clawproof.yaml"), "").unwrap();
    assert_eq!(find(&deep).unwrap(), Some(root.join("repository/a/clawproof.yaml")));
    fs::write(deep.join("one.py"), "").unwrap();
    assert_eq!(find(&deep.join("one.py")).unwrap(), Some(root.join("repository/a/clawproof.yaml")));
}

#[test]
fn paths_are_ignored_by_rule_or_row() {
    let config = yaml("per_path_ignores:\n  demo/**: [lost-update]\n  seed.py: [idempotent-writes]\n  old/: [locks]\n").unwrap();
    let ignores = PathIgnores::new(&config);
    assert!(ignores.ignores("demo/a/b.py", "lost-update", "locks"));
    assert!(!ignores.ignores("demo/a/b.py", "non-idempotent-insert", "idempotent-writes"));
    assert!(!ignores.ignores("src/demo.py", "lost-update", "locks"));
    assert!(ignores.ignores("a/seed.py", "non-idempotent-insert", "idempotent-writes"));
    assert!(ignores.ignores("old/x.py", "lost-update", "locks"));
}

#[test]
fn init_leaves_a_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = init(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), TEMPLATE);
    assert_eq!(init(folder.path()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn what_cannot_be_read_is_an_error_without_a_place() {
    let error = load(Path::new("/nowhere/clawproof.yaml"), &KNOWN).unwrap_err();
    assert_eq!(error.place, None);
    assert!(error.to_string().starts_with("/nowhere/clawproof.yaml: "), "{error}");
}
