//! What the front end makes of Rust, and that no input harms it.

use super::facts;
use crate::facts::{ExprKind, StmtKind};

#[test]
fn impls_join_their_type_and_tests_are_left_out() {
    let facts = facts(
        "struct Store { pool: PgPool }\nimpl Store { pub async fn save(&self, n: i64) -> Result<()> { self.pool.go(n).await?; Ok(()) } }\n\
         #[cfg(test)]\nmod tests { fn helper() {} }\n",
    );
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    assert_eq!(facts.classes.len(), 1);
    assert_eq!(facts.classes[0].methods.len(), 1);
    let names: Vec<&str> = facts.functions.iter().map(|f| f.qualified.as_str()).collect();
    assert_eq!(names, ["<module>", "Store.save"]);
}

#[test]
fn spans_count_bytes_from_the_start_of_the_file() {
    let text = "#!/usr/bin/env run\n// ü\nfn größe() { stehen(\"x\"); }\n";
    let facts = facts(text);
    let call = facts.exprs.iter().find(|e| matches!(e.kind, ExprKind::Call { .. })).map(|e| e.span);
    let span = call.expect("a call");
    assert_eq!(&text[span.start as usize..span.end as usize], "stehen(\"x\")");
    assert_eq!(facts.comments[0].text, "ü");
}

#[test]
fn a_broken_item_is_named_and_the_others_are_read() {
    let facts = facts("fn one() {}\nfn two( -> {}\nfn three() { let = ; }\nfn four() {}\n");
    let names: Vec<&str> = facts.functions.iter().map(|f| f.name.as_str()).collect();
    assert!(names.contains(&"one") && names.contains(&"four"), "{names:?} {:?}", facts.problems);
    assert!(facts.problems.iter().any(|p| p.what.contains("fn three")), "{:?}", facts.problems);
}

#[test]
fn a_bracket_that_never_closes_costs_its_own_item() {
    let facts = facts("fn one() {}\n\nfn two() { ((( }\n\nfn three() {}\n");
    let names: Vec<&str> = facts.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["<module>", "one", "three"]);
    assert_eq!(facts.problems.len(), 1);
}

#[test]
fn hostile_nesting_is_named_and_harms_nobody() {
    let deep = 50_000;
    let inputs = [
        format!("fn a() {{ {}1{} }} fn b() {{}}", "(".repeat(deep), ")".repeat(deep)),
        format!("fn a() {{ let x = {}true; }} fn b() {{}}", "!".repeat(deep)),
        format!("fn a() {{ let x = {}1; }} fn b() {{}}", "|| ".repeat(deep)),
        format!("fn a(x: {}u8{}) {{}} fn b() {{}}", "Vec<".repeat(deep), ">".repeat(deep)),
        format!("fn a() {{ let x = 1{}; }} fn b() {{}}", " + 1".repeat(deep)),
        format!("fn a() {{ x{}; }} fn b() {{}}", ".y()".repeat(deep)),
        format!("fn a() {{ {} 1 }} fn b() {{}}", "return ".repeat(deep)),
        format!("fn a() {{ {} {{}} }} fn b() {{}}", "if x {} else ".repeat(deep)),
        format!("fn a() {{ {} }} fn b() {{}}", "x = ".repeat(deep)),
    ];
    for (index, input) in inputs.iter().enumerate() {
        let facts = facts(input);
        assert!(!facts.problems.is_empty(), "input {index}");
        assert!(facts.functions.iter().any(|f| f.name == "b"), "input {index}: {:?}", facts.problems);
    }
}

#[test]
fn blocks_in_expressions_become_statements_before_them() {
    let facts = facts("fn f(m: M) -> i64 { let x = { let g = m.lock(); g.n }; x }");
    let scoped = facts.stmts.iter().any(|s| matches!(&s.kind, StmtKind::Guarded { items, body } if items.is_empty() && body.len() == 2));
    assert!(scoped);
}

#[test]
fn macros_that_carry_code_are_read() {
    let facts = facts(
        "async fn f(id: u8) { let a = format!(\"k:{id}:{}\", id); let b = vec![a, run(id)]; let j = json!({\"k\": call(id), \"l\": [1, two()]});\n\
         tokio::select! { v = rx.recv() => { got(v); } _ = stop.cancelled() => return, } }",
    );
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    let called = |name: &str| {
        facts.exprs.iter().any(|e| match &e.kind {
            ExprKind::Call { callee, .. } => match &facts.expr(*callee).kind {
                ExprKind::Name(n) | ExprKind::Attr { name: n, .. } => n == name,
                _ => false,
            },
            _ => false,
        })
    };
    for name in ["run", "call", "two", "recv", "got", "cancelled"] {
        assert!(called(name), "{name}");
    }
    let text = facts.exprs.iter().any(|e| matches!(&e.kind, ExprKind::Text(parts) if parts.len() == 4));
    assert!(text);
}

#[test]
fn comments_are_told_from_strings_and_lifetimes() {
    let facts = facts("fn f<'a>(x: &'a str) -> char { let s = \"// no\"; let r = r#\"// \" no\"#; '\\'' } // yes\n/* a /* b */ c */\n");
    let texts: Vec<&str> = facts.comments.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(texts, ["yes", "a /* b */ c"]);
}
