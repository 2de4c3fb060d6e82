//! Hostile nesting neither overflows a small stack nor takes more than linear time.

use super::*;
use std::time::{Duration, Instant};

const DEEP: usize = 100_000;

/// Lower on a stack of 2 MiB and walk the result recursively, as later stages may.
fn lower_on_small_stack(text: String) -> FileFacts {
    let work = move || {
        let start = Instant::now();
        let facts = facts(&text);
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
        assert!(expr_depth(&facts) <= 202, "{}", expr_depth(&facts));
        facts
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).expect("a thread starts");
    thread.join().expect("no overflow")
}

fn expr_depth(facts: &FileFacts) -> usize {
    let mut depths: Vec<usize> = Vec::new();
    for expr in &facts.exprs {
        let deepest = children(&expr.kind).iter().map(|c| depths[c.index()]).max().unwrap_or(0);
        depths.push(deepest + 1);
    }
    depths.into_iter().max().unwrap_or(0)
}

fn stmt_depth(facts: &FileFacts, block: &[StmtId]) -> usize {
    let depth = |id: &StmtId| match &facts.stmt(*id).kind {
        StmtKind::Branch { then, other, .. } => 1 + stmt_depth(facts, then).max(stmt_depth(facts, other)),
        StmtKind::Choose { arms, .. } => 1 + arms.iter().map(|(_, b)| stmt_depth(facts, b)).max().unwrap_or(0),
        StmtKind::Loop { body, .. } | StmtKind::Guarded { body, .. } => 1 + stmt_depth(facts, body),
        StmtKind::Try { body, finally, .. } => 1 + stmt_depth(facts, body).max(stmt_depth(facts, finally)),
        StmtKind::Define(f) => 1 + stmt_depth(facts, &facts.function(*f).body),
        StmtKind::DefineClass(c) => 1 + stmt_depth(facts, &facts.class(*c).body),
        _ => 1,
    };
    block.iter().map(depth).max().unwrap_or(0)
}

#[test]
fn expressions() {
    let (open, close) = ("(".repeat(DEEP), ")".repeat(DEEP));
    let cases = [
        format!("x = {open}1{close}\ny = 2\n"),
        format!("x = a{}\ny = 2\n", ".b".repeat(DEEP)),
        format!("x = a{}\ny = 2\n", " + b".repeat(DEEP)),
        format!("x = {}a{close}\ny = 2\n", "f(".repeat(DEEP)),
        format!("x = {}a\ny = 2\n", "not ".repeat(DEEP)),
        format!("x = {}a\ny = 2\n", "lambda: ".repeat(DEEP)),
        format!("{}1\ny = 2\n", "x = ".repeat(DEEP)),
    ];
    for text in cases {
        let start: String = text.chars().take(20).collect();
        let facts = lower_on_small_stack(text);
        assert!(facts.problems.iter().any(|p| p.what == "nested too deep"), "{start}");
        let last = facts.function(MODULE).body.last().map(|s| stmt(&facts, *s));
        assert_eq!(last.as_deref(), Some("y = 2"), "{start}");
    }
}

#[test]
fn long_chains_of_and_are_flat() {
    let facts = lower_on_small_stack(format!("x = a{}\n", " or b and c".repeat(DEEP / 4)));
    assert_eq!(facts.problems, []);
    let flat = |e: &Expr| matches!(&e.kind, ExprKind::Logic { all: false, items } if items.len() == DEEP / 4 + 1);
    assert!(facts.exprs.iter().any(flat));
}

#[test]
fn unclosed_brackets_and_strings() {
    for piece in ["(", "[", "{", "f'{", "f(", "if x:", "@", "'"] {
        lower_on_small_stack(piece.repeat(DEEP / 10));
    }
}

#[test]
fn statements() {
    let nested: String = (0..1000).map(|i| format!("{}if x:\n", " ".repeat(i))).collect();
    let facts = lower_on_small_stack(format!("{nested}{}y()\nz = 1\n", " ".repeat(1000)));
    assert!(facts.problems.iter().any(|p| p.what == "nested too deep"));
    assert!(stmt_depth(&facts, &facts.function(MODULE).body) <= 101);
    assert_eq!(facts.function(MODULE).body.len(), 2);

    let defs: String = (0..1000).map(|i| format!("{}def f():\n", " ".repeat(i))).collect();
    let facts = lower_on_small_stack(format!("{defs}{}y()\n", " ".repeat(1000)));
    assert_eq!(facts.functions.len(), 101);
}

#[test]
fn long_chains_of_elif_lose_nothing() {
    let chain: String = (0..5000).map(|i| format!("elif x == {i}:\n  f({i})\n")).collect();
    let facts = lower_on_small_stack(format!("if x:\n  pass\n{chain}else:\n  g()\n"));
    assert_eq!(facts.problems, []);
    let calls = facts.exprs.iter().filter(|e| matches!(e.kind, ExprKind::Call { .. })).count();
    assert_eq!(calls, 5001);
    let body = &facts.function(MODULE).body;
    assert!(stmt_depth(&facts, body) <= 36, "{}", stmt_depth(&facts, body));
    assert!(block(&facts, body).contains("(x Eq 4999) {f(4999)} - {g()}"));
}

#[test]
fn wide_files_take_linear_time() {
    let facts = lower_on_small_stack("x = f(a, b.c, [1, 2])\n".repeat(50_000));
    assert_eq!(facts.function(MODULE).body.len(), 50_000);
}

#[test]
fn blocks_of_comments_take_linear_time() {
    let block = "# Words.\n  #\n\n".repeat(DEEP / 2);
    let facts = lower_on_small_stack(format!("x = 1\n{block}def f():\n{block}  return '''\n{block}'''\n"));
    assert_eq!(facts.problems, []);
    assert_eq!(facts.functions.len(), 2);
    assert!(facts.comments.len() >= 2 * DEEP);
    assert!(facts.comments.is_sorted_by_key(|c| c.span));
    assert!(facts.exprs.iter().any(|e| matches!(&e.kind, ExprKind::Str(text) if text.len() > DEEP)), "the string is whole");
}

#[test]
fn what_the_parser_would_read_for_ever_is_named() {
    let hostile = format!("f(\n{}", format!("{}1,\n", "# a\n".repeat(60)).repeat(DEEP / 10));
    let facts = lower_on_small_stack(hostile);
    assert!(!facts.problems.is_empty());
    assert_eq!(super::super::facts("x = 1\n").problems, [], "the next text is read from its start");
}
