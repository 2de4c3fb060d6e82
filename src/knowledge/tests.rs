//! Tests of the look-ups on small packs of their own; packs from files are tested in `tests/packs.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::vocabulary::Effect;
use super::*;
use std::time::Instant;

const PYTHON: PackLanguage = PackLanguage::Python;

const STORE: &str = r#"
pack: store
language: python
sources: [a test]
roots: [store, cloud.store]
store: kv
types:
  store.client:
    made-by: ["store.**.Client", store.connect]
    item-type: store.row
    attributes: {admin: store.admin}
    attribute-type: store.row
    methods:
      - {name: [get, fetch], effect: read, resource: 0, unknown-receiver: [store, "*"]}
      - {name: [set], effect: write, unknown-receiver: [store, client], returns: receiver}
      - {name: [run], effect: run}
  store.fast:
    made-by: [store.fast.Client]
    is: [store.traced, store.client]
    store: fast
    dialect: sqlite
    construct: {name: [new], effect: open}
    methods:
      - {name: [set], effect: upsert, returns: argument 0}
  store.faster:
    is: [store.fast]
  store.traced:
    methods:
      - {name: [set, trace], effect: observe}
      - {name: [get], effect: load}
  store.row: {}
  store.admin: {}
functions:
  - {name: [store.util.now], effect: clock}
  - {name: ["store.**.retry"], effect: retry, decorates: true}
decorators:
  - {name: [store.locked], effect: acquire}
"#;

const AGENTS: &str = r#"
pack: agents
language: python
sources: [a test]
roots: [vendor.agents]
types:
  agents.agent:
    made-by: [agents.core.Agent]
    construct: {name: [new], effect: actor, actor: agent}
    methods:
      - {name: [as_tool], effect: tool}
      - {name: [kickoff], effect: run}
decorators:
  - {name: [agents.tool], effect: tool}
functions:
  - {name: [agents.helper], effect: value}
bases:
  - {name: [agents.BaseTool], is: tool, entry: [_run], instance-of: agents.agent}
  - {name: ["*Agent"], is: actor}
  - {name: ["*ToolAgent"], is: orchestrator}
  - {name: [agents.Model], is: model}
documents:
  - {files: ["**/agents.yaml"], path: "*", declares: agent}
"#;

fn file(path: &str, text: &str) -> PackFile {
    read::read(path, text.to_owned()).unwrap_or_else(|problem| panic!("{problem}"))
}

fn knowledge(over: &[&str]) -> Knowledge {
    let below = vec![file("store.yaml", STORE), file("agents.yaml", AGENTS)];
    let over: Vec<PackFile> = over.iter().map(|text| file("over.yaml", text)).collect();
    assert_eq!(check::check(&[], &below), []);
    assert_eq!(check::check(&below, &over), []);
    Knowledge::from_layers([below, over])
}

fn effect(found: Option<Found<'_>>) -> Option<Effect> {
    found.map(|found| found.row.effect)
}

#[test]
fn types_share_rows_breadth_first() {
    let known = knowledge(&[]);
    let ty = |name| known.type_named(name).unwrap();
    let (client, fast, faster) = (ty("store.client"), ty("store.fast"), ty("store.faster"));
    assert_eq!(effect(known.method(client, "set")), Some(Effect::Write));
    assert_eq!(effect(known.method(faster, "set")), Some(Effect::Upsert));
    assert_eq!(effect(known.method(faster, "get")), Some(Effect::Load));
    let fetch = known.method(faster, "fetch").unwrap();
    assert_eq!((fetch.owner, fetch.pack.pack.as_str()), (Some(client), "store"));
    assert_eq!(effect(known.method(client, "trace")), None);
    assert!(known.is_a(faster, client) && known.is_a(fast, fast) && !known.is_a(client, fast));
    assert_eq!((known.store_of(client), known.store_of(faster)), (Some("kv"), Some("fast")));
    assert_eq!((known.dialect_of(faster), known.dialect_of(client)), (Some("sqlite"), None));
    assert_eq!(known.store_for(&fetch, Some(faster)), Some("fast"));
    assert_eq!(known.store_for(&fetch, None), Some("kv"));
    assert_eq!(effect(known.construct(faster)), Some(Effect::Open));
    assert_eq!(effect(known.construct(client)), None);
    assert_eq!(known.item_type(faster), Some(ty("store.row")));
    assert_eq!(known.attribute_type(fast, "admin"), Some(ty("store.admin")));
    assert_eq!(known.attribute_type(fast, "orders"), Some(ty("store.row")));
    assert_eq!(known.enter_type(fast), fast);
    assert_eq!(known.returned("receiver"), Some(Returned::Receiver));
    assert_eq!(known.returned("store.row"), Some(Returned::Type(ty("store.row"))));
    assert_eq!(known.returned("argument 0"), Some(Returned::Argument("0")));
    assert_eq!(known.returned("instance of 0:typ"), Some(Returned::Instance("0:typ")));
}

#[test]
fn names_are_looked_up_exactly_then_by_pattern() {
    let known = knowledge(&[]);
    let name = |qualified| known.made_by(PYTHON, qualified).map(|ty| known.type_name(ty));
    assert_eq!(name("store.fast.Client"), Some("store.fast"));
    assert_eq!(name("store.asyncio.Client"), Some("store.client"));
    assert_eq!(name("store.connect"), Some("store.client"));
    assert_eq!(name("other.Client"), None);
    assert_eq!(known.made_by(PackLanguage::Rust, "store.connect"), None);
    assert_eq!(effect(known.function(PYTHON, "store.util.now")), Some(Effect::Clock));
    assert_eq!(effect(known.decorator(PYTHON, "store.locked")), Some(Effect::Acquire));
    assert_eq!(effect(known.decorator(PYTHON, "store.x.retry")), Some(Effect::Retry));
    assert_eq!(effect(known.decorator(PYTHON, "store.util.now")), None);
    assert!(known.is_external_root(PYTHON, "store") && !known.is_external_root(PYTHON, "cloud"));
    assert!(known.knows_module(PYTHON, "cloud.store.v1") && !known.knows_module(PYTHON, "cloud.other"));
}

#[test]
fn an_unknown_receiver_is_taken_by_its_name() {
    let known = knowledge(&[]);
    let guess = |receiver, method| effect(known.unknown_receiver(PYTHON, receiver, method));
    assert_eq!(guess("store", "set"), Some(Effect::Write));
    assert_eq!(guess("self.__Order_Store", "set"), Some(Effect::Write));
    assert_eq!(guess("http_client", "set"), Some(Effect::Write));
    assert_eq!(guess("restore", "set"), None);
    assert_eq!(guess("anything", "get"), Some(Effect::Read));
    assert_eq!(guess("", "set"), None);
    assert_eq!(guess("store", "trace"), None);
}

#[test]
fn bases_match_by_name_or_by_suffix() {
    let known = knowledge(&[]);
    let own = |name| known.base_by_own_name(PYTHON, name).map(|base| base.is);
    assert_eq!(known.base(PYTHON, "agents.BaseTool").map(|base| base.is), Some(vocabulary::BaseKind::Tool));
    assert_eq!(own("ResearchAgent"), Some(vocabulary::BaseKind::Actor));
    assert_eq!(own("MyToolAgent"), Some(vocabulary::BaseKind::Orchestrator));
    assert_eq!((own("Reagent"), own("Änd"), own("")), (None, None, None));
    assert_eq!(known.documents().count(), 1);
}

#[test]
fn actor_words_are_what_a_declaring_file_must_hold() {
    let known = knowledge(&[]);
    let sorted = |set: &FxHashSet<CompactString>| {
        let mut words: Vec<String> = set.iter().map(ToString::to_string).collect();
        words.sort();
        words
    };
    // The client's `run` makes it one whose rows run an actor.
    let actors = ["Agent", "BaseTool", "Client", "agents", "as_tool", "connect", "store", "tool"];
    assert_eq!(sorted(known.actor_words(PYTHON)), actors);
    assert_eq!(sorted(known.actor_suffixes(PYTHON)), ["Agent", "ToolAgent"]);
    assert_eq!(sorted(known.run_words(PYTHON)), ["kickoff", "run"]);
    assert!(known.actor_words(PackLanguage::Rust).is_empty());
}

#[test]
fn a_users_pack_lies_over_ours() {
    let known = knowledge(&[r#"
pack: in-house
language: python
sources: [a test]
roots: [house]
types:
  store.client:
    made-by: [house.Client]
    store: house
    methods:
      - {name: [get, peek], effect: consume}
functions:
  - {name: [store.util.now], effect: fresh}
"#]);
    let client = known.type_named("store.client").unwrap();
    assert_eq!(known.made_by(PYTHON, "house.Client"), Some(client));
    assert_eq!(known.made_by(PYTHON, "store.connect"), Some(client));
    let get = known.method(client, "get").unwrap();
    assert_eq!((get.row.effect, get.pack.pack.as_str()), (Effect::Consume, "in-house"));
    let fetch = known.method(client, "fetch").unwrap();
    assert_eq!((fetch.row.effect, fetch.pack.pack.as_str()), (Effect::Read, "store"));
    assert_eq!(effect(known.method(client, "peek")), Some(Effect::Consume));
    assert_eq!(known.store_of(client), Some("house"));
    assert_eq!(effect(known.function(PYTHON, "store.util.now")), Some(Effect::Fresh));
    assert_eq!(effect(known.unknown_receiver(PYTHON, "store", "get")), None);
    assert_eq!(effect(known.unknown_receiver(PYTHON, "store", "fetch")), Some(Effect::Read));
}

#[test]
fn the_embedded_packs_load() {
    let known = Knowledge::embedded().unwrap();
    assert!(known.types.iter().all(|(id, ty)| known.type_named(&ty.name) == Some(id)));
}

/// Run with `cargo test --release -- --ignored load_time --nocapture`; the target is 5 ms.
#[test]
#[ignore = "measures time"]
fn load_time() {
    let mut packs: Vec<(String, Pack)> = Vec::new();
    let mut yaml = 0;
    while yaml < 600_000 {
        let number = packs.len();
        let mut text =
            format!("pack: p{number}\nlanguage: python\nsources: [package {number} 1.0]\nroots: [root{number}]\nstore: s\ntypes:\n");
        for ty in 0..8 {
            text += &format!(
                "  p{number}.type{ty}:\n    made-by: [root{number}.module.Class{ty}, \"root{number}.**.Class{ty}\"]\n    methods:\n"
            );
            for method in 0..12 {
                text += &format!("      - name: [method_{method}, amethod_{method}]\n        effect: upsert\n        resource: 0:name\n");
                text += "        value: [1:value]\n        idempotent-with: [key]\n        unknown-receiver: [client]\n";
            }
        }
        text += "functions:\n";
        for function in 0..20 {
            text += &format!("  - {{name: [root{number}.module.function{function}], effect: read, resource: 0}}\n");
        }
        yaml += text.len();
        packs.push((format!("rules/p{number}.yaml"), file("p.yaml", &text).pack));
    }
    let rows: usize = packs.iter().map(|(_, pack)| rows::rows(pack).len()).sum();
    let blob = postcard::to_stdvec(&packs).unwrap();
    let times = (0..20).map(|_| {
        let start = Instant::now();
        let files = load::decode(&blob).unwrap();
        let decoded = start.elapsed();
        let known = Knowledge::from_layers([files, Vec::new()]);
        let whole = start.elapsed();
        assert!(known.type_count() > 0);
        (whole, decoded)
    });
    let mut times: Vec<_> = times.collect();
    times.sort();
    println!(
        "{yaml} bytes of YAML, {rows} rows, blob {} bytes: fastest {:?}, median {:?} (whole, decoding); a row has {} bytes",
        blob.len(),
        times[0],
        times[10],
        size_of::<Row>()
    );
}
