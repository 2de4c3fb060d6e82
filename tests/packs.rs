//! The packs under `rules/` and their format: ours hold, broken ones are told with file, line and field.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use clawproof::knowledge::vocabulary::{Effect, Pack, PackLanguage};
use clawproof::knowledge::{Knowledge, schema};
use std::path::{Path, PathBuf};

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// Our packs: path and text.
fn packs() -> Vec<(PathBuf, String)> {
    let files = walkdir::WalkDir::new(rules()).sort_by_file_name().into_iter().map(Result::unwrap);
    let is_pack = |name: &str| name.ends_with(".yaml") && !name.starts_with("check-");
    let packs = files.filter(|entry| is_pack(entry.file_name().to_str().unwrap()));
    packs.map(|entry| (entry.path().to_owned(), std::fs::read_to_string(entry.path()).unwrap())).collect()
}

#[test]
fn the_schema_is_that_of_the_vocabulary() {
    let path = rules().join("pack.schema.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, schema()).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == schema(), "rules/pack.schema.json is out of date: run `UPDATE=1 cargo test --test packs`");
}

#[test]
fn every_pack_is_embedded_fits_the_schema_and_cites_its_sources() {
    let known = Knowledge::embedded().unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert_eq!(known.packs().len(), packs().len());
    for (path, text) in packs() {
        let path = path.display();
        let pack: Pack = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(pack.sources.iter().any(|source| !source.trim().is_empty()), "{path} cites no source");
        let embedded = known.packs().iter().any(|known| known.pack == pack.pack && known.language == pack.language);
        assert!(embedded, "{path}: the pack `{}` is not in the program", pack.pack);
        let value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{path}: {errors:#?}");
    }
}

#[test]
fn numbers_and_booleans_stand_for_their_text() {
    let text = format!(
        "{HEAD}functions:\n  - name: [a.b]\n    effect: read\n    resource: 0\n    when:\n      - {{argument: 1, is: true}}\n      - {{argument: mode, is: 1.50}}\n"
    );
    let pack: Pack = serde_saphyr::from_str(&text).unwrap();
    let row = &pack.functions[0];
    assert_eq!((row.resource.as_deref(), row.when[0].argument.as_str()), (Some("0"), "1"));
    assert_eq!((row.when[0].is.as_deref(), row.when[1].is.as_deref()), (Some("true"), Some("1.50")));
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let valid = |text: &str| jsonschema::is_valid(&schema, &serde_saphyr::from_str(text).unwrap());
    assert!(valid(&text));
    assert!(!valid(&text.replace("effect: read", "effect: reed")));
    assert!(!valid(&text.replace("resource: 0", "resource: [0]")));
    assert!(!valid(&text.replace("resource: 0", "resorce: 0")));
}

/// What is said about a folder with these files, with the folder's own path left out.
fn complaints(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let error = Knowledge::with_packs(&[folder.path().to_owned()]).err();
    let said = error.map(|error| error.to_string()).unwrap_or_default();
    said.replace(&format!("{}/", folder.path().display()), "").replace(&folder.path().display().to_string(), "DIR")
}

const HEAD: &str = "pack: p\nlanguage: python\nsources: [a test]\n";

/// What is said about one pack: the head's three lines, then `body` from line 4.
fn complaint(body: &str) -> String {
    complaints(&[("p.yaml", &format!("{HEAD}{body}"))])
}

#[track_caller]
fn assert_says(body: &str, expected: &str) {
    let said = complaint(body);
    assert!(said.starts_with(expected), "said:     {said}\nexpected: {expected}");
}

#[test]
fn an_unknown_field_is_told() {
    assert_says(
        "functions:\n  - name: [a.b]\n    efect: read\n",
        "p.yaml:6:5: functions[0].efect: unknown field `efect` — known here: name, effect, ",
    );
    assert_says("typos: {}\n", "p.yaml:4:1: typos: unknown field `typos` — known here: pack, language, ");
}

#[test]
fn an_unknown_word_or_a_missing_or_ill_typed_field_is_told() {
    assert_says(
        "functions:\n  - name: [a.b]\n    effect: reed\n",
        "p.yaml:6:13: functions[0].effect: unknown word `reed` — write one of: value, fresh, ",
    );
    let said = complaint("functions:\n  - effect: read\n");
    assert!(said.starts_with("p.yaml:5:") && said.contains("the field `name` is missing"), "{said}");
    let said = complaint("functions:\n  - name: [a.b]\n    effect: read\n    passes-from: x\n");
    assert!(said.starts_with("p.yaml:7:18: functions[0].passes-from: "), "{said}");
    let said = complaint("functions:\n  - {name: [a.b], effect: read, atomic: perhaps}\n");
    assert!(said.starts_with("p.yaml:5:41: functions[0].atomic: "), "{said}");
    assert_says(
        "types:\n  a.b: {dialect: postgresql}\n",
        "p.yaml:5:18: types.a.b.dialect: unknown word `postgresql` — write one of: postgres, ",
    );
}

#[test]
fn broken_yaml_is_told() {
    let said = complaint("functions:\n  - {name: [a.b]\n    effect: read\n");
    assert_eq!(said, "p.yaml:5:5: functions: unclosed bracket '{'");
    assert_says("pack: q\n", "p.yaml:4:1: pack: this key stands here twice");
    let said = complaint("---\npack: q\n");
    assert!(said.starts_with("p.yaml:5:1: a file holds one pack"), "{said}");
    let said = complaints(&[("p.yaml", "")]);
    assert!(said.starts_with("p.yaml:1:1: "), "{said}");
}

#[test]
fn a_type_that_no_pack_has_is_told_wherever_it_is_named() {
    let said = complaint(
        "types:\n  a.client:\n    is: [a.one]\n    item-type: a.two\n    enter-type: a.three\n    iter-type: a.four\n    \
         attribute-type: a.five\n    attributes:\n      x: a.six\n    methods:\n      - name: [m]\n        effect: value\n        \
         returns: a.seven\n        when:\n          - {argument: 0, returns: a.eight}\nbases:\n  - {name: [a.B], is: tool, \
         instance-of: other.nine}\n",
    );
    let lines: Vec<&str> = said.lines().collect();
    let expected = [
        "p.yaml:6:10: types.a.client.is[0]: no pack has a type `a.one` — declare it under `types` of a pack, or write one of a.client",
        "p.yaml:7:16: types.a.client.item-type: no pack has a type `a.two`",
        "p.yaml:8:17: types.a.client.enter-type: no pack has a type `a.three`",
        "p.yaml:9:16: types.a.client.iter-type: no pack has a type `a.four`",
        "p.yaml:10:21: types.a.client.attribute-type: no pack has a type `a.five`",
        "p.yaml:12:10: types.a.client.attributes.x: no pack has a type `a.six`",
        "p.yaml:16:18: types.a.client.methods[0].returns: no pack has a type `a.seven`",
        "p.yaml:18:36: types.a.client.methods[0].when[0].returns: no pack has a type `a.eight`",
        "p.yaml:20:42: bases[0].instance-of: no pack has a type `other.nine` — declare it under `types` of a pack",
    ];
    assert_eq!(lines.len(), expected.len(), "{said}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "said:     {line}\nexpected: {expected}");
    }
}

#[test]
fn a_text_that_is_no_place_is_told() {
    assert_says(
        "functions:\n  - name: [a.b]\n    effect: write\n    value: [0, first arg]\n",
        "p.yaml:7:16: functions[0].value[1]: `first arg` is no place — write `0`, `0:name`, ",
    );
    assert_says("types:\n  a.b:\n    identity: -1\n", "p.yaml:6:15: types.a.b.identity: `-1` is no place");
    assert_says(
        "functions:\n  - {name: [a.b], effect: value, returns: argument x y}\n",
        "p.yaml:5:43: functions[0].returns: `argument x y` names no argument",
    );
}

/// The fields of a struct of the vocabulary that hold places, by their names in YAML, and whether they hold lists.
fn place_fields(name: &str) -> Vec<(String, bool)> {
    let vocabulary = include_str!("../src/knowledge/vocabulary.rs");
    let body = vocabulary.split(&format!("pub struct {name} {{\n")).nth(1).unwrap().split("\n}").next().unwrap();
    let fields = body.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.strip_suffix(',')?.split_once(": "));
    let fields = fields.filter(|(_, ty)| ty.contains("Place"));
    fields.map(|(field, ty)| (field.replace('_', "-"), ty.starts_with("Vec"))).collect()
}

#[test]
fn the_places_of_every_field_are_checked() {
    let cases = [
        ("TypeDef", "types:\n  a.b:\n    ", "types.a.b"),
        ("Row", "functions:\n  - name: [a.b]\n    effect: read\n    ", "functions[0]"),
        ("Variant", "functions:\n  - name: [a.b]\n    effect: read\n    when:\n      - ", "functions[0].when[0]"),
    ];
    for (name, lead, field) in cases {
        let places = place_fields(name);
        assert!(!places.is_empty());
        for (key, list) in places {
            let (value, item) = if list { ("[a, -1]", "[1]") } else { ("-1", "") };
            let said = complaint(&format!("{lead}{key}: {value}\n"));
            assert!(said.contains(&format!(": {field}.{key}{item}: `-1` is no place")), "{name}.{key}: {said}");
        }
    }
}

#[test]
fn a_name_that_is_declared_twice_is_told_with_both_places() {
    assert_says(
        "functions:\n  - {name: [a.b], effect: read}\n  - {name: [a.c, a.b], effect: write}\n",
        "p.yaml:6:18: functions[1].name[1]: `a.b` is declared twice — it stands in ",
    );
    assert!(complaint("functions:\n  - {name: [a.b, a.b], effect: read}\n").contains("p.yaml:5 (functions[0].name[0])"));
    let other = HEAD.to_owned() + "types:\n  t.one: {made-by: [a.One]}\n";
    let said = complaints(&[("one.yaml", &other), ("deep/two.yaml", &other)]);
    assert!(said.contains("one.yaml:5:3: types.t.one: `t.one` is declared twice"), "{said}");
    assert!(said.contains("one.yaml:5:21: types.t.one.made-by[0]: `a.One` is declared twice"), "{said}");
    // Another form or another language is another name.
    let both = "functions:\n  - {name: [a.b], effect: read}\ndecorators:\n  - {name: [a.b], effect: read}\n";
    let rust = format!("{HEAD}{both}").replace("python", "rust");
    assert_eq!(complaints(&[("p.yaml", &format!("{HEAD}{both}")), ("r.yaml", &rust)]), "");
}

#[test]
fn names_that_match_nothing_and_types_that_go_round_are_told() {
    assert_says("functions:\n  - {name: [], effect: read}\n", "p.yaml:5:6: functions[0].name: it names nothing");
    assert_says("functions:\n  - {name: [\"a.*.b\"], effect: read}\n", "p.yaml:5:13: functions[0].name[0]: `a.*.b` is no qualified name");
    assert_says("types:\n  a.x:\n    is: [a.y]\n  a.y: {is: [a.x]}\n", "p.yaml:6:5: types.a.x.is: `a.x` is itself");
}

#[test]
fn folders_are_searched_and_empty_or_missing_ones_are_told() {
    assert_eq!(
        complaints(&[("readme.md", ""), ("check-10.yaml", "rows: []")]),
        "DIR: no pack stands here — name a folder that holds packs (`*.yaml`)"
    );
    let error = Knowledge::with_packs(&[PathBuf::from("/no/such/folder")]).err().unwrap().to_string();
    assert!(error.starts_with("/no/such/folder: "), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let text = format!("{HEAD}roots: [house]\nfunctions:\n  - {{name: [house.save], effect: write, resource: 0}}\n");
    std::fs::write(deep.join("house.yaml"), text).unwrap();
    let known = Knowledge::with_packs(&[folder.path().to_owned()]).unwrap();
    let found = known.function(PackLanguage::Python, "house.save").unwrap();
    assert_eq!((found.row.effect, found.row.resource.as_deref()), (Effect::Write, Some("0")));
    assert!(known.is_external_root(PackLanguage::Python, "house"));
    assert_eq!(known.packs().len(), Knowledge::embedded().unwrap().packs().len() + 1);
}
