use super::*;
use crate::source::Span;

#[track_caller]
fn is(text: &str, wanted: &str) {
    assert_eq!(module(text), wanted, "{text}");
}

#[test]
fn assignments() {
    is("a = b.c = d[0] = e", "a = b.c = d[0] = e");
    is("a, *b = c", "[a = *b] = c");
    is("(a, b), [c] = d", "[[a = b] = [c]] = d");
    is("x.y -= 1; z //= 2; w |= 3; v **= 4", "x.y Sub= 1; z Div= 2; w Or= 3; v Other= 4");
    is("x = yield", "x = (yield )");
    is("x: int", "x: int = -");
}

#[test]
fn simple_statements() {
    is("del a, b[0]\ndel (c, d)", "del a, b[0]; del c, d");
    is("assert a, 'why'", "assert a");
    is("raise A(1) from b", "raise A(1)");
    is("raise", "raise -");
    is("global a, b", "outer a, b");
    is("def f():\n  nonlocal c\n  return 1, 2", "def f {outer c; return [1, 2]}");
    is("a, b", "[a, b]");
    is("pass\n...\n", "");
    is("type X[T] = list[T]\nx", "x");
    is("print('a', file=b)", r#"print("a", file=b)"#);
    is("match = 1; type = 2; match.x(type)", "match = 1; type = 2; match.x(type)");
}

#[test]
fn branches_and_loops() {
    is("if a: b\nelif c:\n  d\nelif e: f\nelse:\n  g", "if a {b} else {if c {d} else {if e {f} else {g}}}");
    is("for a, b in c, d:\n  break\nelse:\n  e", "loop - [a, b] in [c, d] {break} else {e}");
    is("async def f():\n  async for x in y: continue", "def f {loop - x in y {continue} else {}}");
    is("while a := b():\n  c\nelse: d", "loop (a := b()) - in - {c} else {d}");
}

#[test]
fn tries() {
    is(
        "try:\n  a\nexcept (B, c.D) as e:\n  f\nexcept G:\n  h\nexcept:\n  raise\nelse:\n  i\nfinally:\n  j",
        "try {a} except [B, c.D] as e {f} except [G] {h} except [] {raise -} else {i} finally {j}",
    );
    is("try:\n  a\nexcept* B as e:\n  c", "try {a} except [B] as e {c} else {} finally {}");
    is("try:\n  a\nexcept* (B, C):\n  c", "try {a} except [B, C] {c} else {} finally {}");
}

#[test]
fn withs() {
    is("with a: b", "with a as - {b}");
    is("with a() as b, c as (d, e): f", "with a() as b, c as [d, e] {f}");
    is("with (\n  a as b,\n  c.d() as e.f,\n): g", "with a as b, c.d() as e.f {g}");
    is("with (a): b", "with a as - {b}");
    is("with (a() as b): c", "with a() as b {c}");
    is("async def f():\n  async with a as b:\n    c", "def f {with a as b {c}}");
}

#[test]
fn matches() {
    is("match a:\n  case 1: b\n  case 'x' | 'y': c\n  case _: d", r#"match a: 1 {b} ?(1, "x", "y") {c} - {d}"#.replace("1, ", "").as_str());
    is("match a:\n  case x if x > 1: b", "match a: (x Gt 1) {x = ?(); b}");
    is("match a:\n  case K(p, q=r): s", "match a: ?(K) {[p = r] = ?(); s}");
    is("match a:\n  case {'k': v, **rest}: s", r#"match a: ?("k") {[v = rest] = ?(); s}"#);
    is("match a:\n  case [1, *tail] as all: s", "match a: ?(1) {[tail = all] = ?(); s}");
    is("match a:\n  case -1: s\n  case E.x: t", "match a: -1 {s} E.x {t}");
    is("match a, b:\n  case (1, x):\n    match c:\n      case y: z", "match [a, b]: ?(1) {x = ?(); match c: - {y = ?(); z}}");
}

#[test]
fn imports() {
    is("import a.b, c.d as e", "import a.b as a; import c.d as e");
    is("from ..a.b import c, d as e", "import ..a.b:c as c; import ..a.b:d as e");
    is("from . import (x,\n  y)", "import .:x as x; import .:y as y");
    is("from a import *", "import a:* as *");
    is("from __future__ import annotations", "import __future__:annotations as annotations");
    is("if TYPE_CHECKING:\n  from a import b", "if TYPE_CHECKING {import a:b as b} else {}");
    is("try: import x\nexcept ImportError: x = None", "try {import x as x} except [ImportError] {x = None} else {} finally {}");
    let facts = facts("def f():\n  import a.b as c\n");
    let import = &facts.imports[0];
    assert_eq!((import.scope, import.aliased, import.level), (FunctionId(1), true, 0));
    assert_eq!(import.span, Span::new(18, 26));
}

#[test]
fn comments_are_kept() {
    let text = "#! first\nx = [  # second\n   1,\n  ## third\n]\n";
    let facts = facts(text);
    let comments: Vec<_> = facts.comments.iter().map(|c| (c.text.as_str(), c.alone)).collect();
    assert_eq!(comments, [("! first", true), ("second", false), ("third", true)]);
}

#[test]
fn what_parses_around_an_error_is_kept() {
    let text = "import a\nx = f(1))\ndef g(:\n  pass\nclass K:\n  def m(self):\n    self.s.save(1)\n  y = = 2\n\nz = h(3)\n";
    let facts = facts(text);
    check(&facts, text);
    let problems: Vec<_> = facts.problems.iter().map(|p| p.what.as_str()).collect();
    assert!(!problems.is_empty() && problems.iter().all(|p| *p == "syntax error"), "{problems:?}");
    assert_eq!(facts.imports.len(), 1);
    assert!(facts.functions.iter().any(|f| f.name == "m"), "{:?}", facts.functions);
    let calls = facts.exprs.iter().filter(|e| matches!(e.kind, ExprKind::Call { .. })).count();
    assert!(calls >= 2, "{calls}");
}

#[test]
fn statements_inside_an_error_are_reached_from_the_module() {
    let text = "def f():\n    conn.execute('a')\n    if x:\n        y(1)\n    )\n    z(2)\n";
    let facts = facts(text);
    let all = format!("{} {}", block(&facts, &facts.function(MODULE).body), facts.functions.len());
    for call in ["conn.execute(\"a\")", "y(1)", "z(2)"] {
        assert!(all.contains(call), "{call} is missing in {all}");
    }
}

#[test]
fn at_most_twenty_syntax_errors_are_told() {
    let text = "x = = 1\n".repeat(100);
    let facts = facts(&text);
    assert_eq!(facts.problems.len(), 20);
    assert!(facts.stmts.len() >= 100);
}

#[test]
fn any_text_is_lowered() {
    for text in [
        "",
        "\n",
        "\u{feff}x",
        "\0",
        "f'{",
        "'''",
        "def",
        "class A(",
        "@",
        "match x:\n case",
        "f'{x!}'",
        "é = 'ü'",
        "\\",
        "x = f'{a:{b:{c}}}'",
    ] {
        let facts = facts(text);
        check(&facts, text);
    }
}
