use super::*;

#[track_caller]
fn is(text: &str, wanted: &str) {
    assert_eq!(module(text), wanted, "{text}");
}

#[test]
fn literals() {
    is("x = 1_000, 0x1F, -3, 1.5, -2e3, True, None, 99999999999999999999, 2j", "x = [1000, 31, -3, 1.5, -2000.0, true, None, ?(), ?()]");
    is("x = 'a' \"b\" r'\\c' b'd'", r#"x = "ab\\cd""#);
    is("x = '''a\n b\\n'''", r#"x = "a\n b\n""#);
    is("x = ()", "x = []");
    is("x = {1, *y}", "x = [1, *y]");
    is("x = {'a': 1, **b}", r#"x = {"a": 1, **: b}"#);
}

#[test]
fn f_strings_keep_their_holes() {
    is("x = f'a{b.c!r:>{w}}d{{e}}' 'f' f\"{g(1)}\"", "x = t'a{b.c}d{e}f{g(1)}'");
    is("x = f'{a=}' + f'plain'", r#"x = (Add t'{a}' "plain")"#);
    is("x = f'{f'{y}'}' ", "x = t'{t'{y}'}'");
    is("x = f'''a\n{b}'''", "x = t'a\n{b}'");
    is("x = rf'\\d{n}'", "x = t'\\d{n}'");
}

#[test]
fn operators() {
    is("a or b or c and d", "(or a, b, (and c, d))");
    is("(a or b) or c", "(or (or a, b), c)");
    is("a < b <= c is not d not in e", "(a Lt b Le c IsNot d NotIn e)");
    is("a // b | c % d ** e", "(Or (Div a b) (Rem c (Other d e)))");
    is("not -a if b else ~c", "(b ? (not (unary a)) : (unary c))");
    is("await f(x)", "(await f(x))");
    is("a @ b", "(Other a b)");
}

#[test]
fn calls_and_subscripts() {
    is("f(a, *b, k=c, **d)(e)", "f(a, *b, k=c, **d)(e)");
    is("f(x for x in y)", "f(<x for x in y>)");
    is("a.b[c, 1:2].d[::3]", "a.b[[c, ?(1, 2)]].d[?(3)]");
    is("f(\n  # note\n  a,\n)", "f(a)");
    is("f(**{'a': b})", r#"f(**{"a": b})"#);
}

#[test]
fn comprehensions() {
    is("[a for a, b in c if d if e for f in g]", "<a for [a, b] in c if d if e for f in g>");
    is("{k: v async for k, v in m}", "<k: v for [k, v] in m>");
    is("{x for x in 1, 2}", "<x for x in [1, 2]>");
}

#[test]
fn bindings_and_lambdas() {
    is("if (n := f()) > 1: pass", "if ((n := f()) Gt 1) {} else {}");
    is("f(lambda x, *y, z=1: x + z)", "f(lambda#1)");
    let text = "f(lambda x, *y, z=1: x + z)";
    let facts = facts(text);
    let lambda = facts.function(FunctionId(1));
    assert_eq!((lambda.name.as_str(), lambda.qualified.as_str()), ("<lambda>", "<lambda>"));
    assert_eq!(block(&facts, &lambda.body), "return (Add x z)");
    let kinds: Vec<_> = lambda.params.iter().map(|p| (p.name.as_str(), p.kind)).collect();
    assert_eq!(kinds, [("x", ParamKind::Plain), ("y", ParamKind::Rest), ("z", ParamKind::KeywordOnly)]);
}

#[test]
fn annotations_spelled_as_strings() {
    is("x: 'Store' = y", "x: Store = y");
    is("x: \"Optional[a.Store]\"", "x: Optional[a.Store] = -");
    is("x: list['Store'] | None", "x: (Or list[Store] None) = -");
    is("x: Literal['a', 'b']", r#"x: Literal[["a", "b"]] = -"#);
    is("x: t.Literal['a']", r#"x: t.Literal["a"] = -"#);
    is("x: 'not a type'", r#"x: "not a type" = -"#);
    is("x: Annotated[str, Field('y')]", r#"x: Annotated[[str, Field("y")]] = -"#);
    is("x: dict[str, list[int]]", "x: dict[[str, list[int]]] = -");
    is("x: Callable[[int], None] = 'Store'", r#"x: Callable[[[int], None]] = "Store""#);
}
