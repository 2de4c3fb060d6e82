use super::*;

const CODE: &str = "\
\"\"\"About the module.\"\"\"
@outer(1)
@inner
async def build(a, /, b: 'Store' = make(), *args: int, c, d=2, **kw) -> list[Store]:
    'Builds.'
    def handler():
        yield 1
    return handler

class Store(Base, meta.Other, metaclass=M, table=True):
    \"\"\"About the class.\"\"\"
    x: int = 1
    def save(self, *, key=lambda v: v):
        class Inner:
            def deep(self): pass
    if x:
        async def load(self): await self.save()
";

#[test]
fn functions_know_where_they_stand() {
    let facts = facts(CODE);
    assert_eq!(facts.problems, []);
    let rows: Vec<_> = facts.functions.iter().map(|f| (f.qualified.as_str(), f.parent.map(|p| p.0), f.class.map(|c| c.0))).collect();
    assert_eq!(
        rows,
        [
            ("<module>", None, None),
            ("build", Some(0), None),
            ("build.handler", Some(1), None),
            ("Store.save", Some(0), Some(0)),
            ("Store.<lambda>", Some(0), None),
            ("Store.save.Inner.deep", Some(3), Some(1)),
            ("Store.load", Some(0), Some(0)),
        ]
    );
    let flags: Vec<_> = facts.functions.iter().map(|f| (f.is_async, f.is_generator)).collect();
    assert_eq!(flags[1], (true, false));
    assert_eq!(flags[2], (false, true));
    assert_eq!(flags[6], (true, false));
}

#[test]
fn signatures() {
    let facts = facts(CODE);
    let build = facts.function(FunctionId(1));
    let params: Vec<_> = build.params.iter().map(|p| (p.name.as_str(), p.kind)).collect();
    assert_eq!(
        params,
        [
            ("a", ParamKind::Plain),
            ("b", ParamKind::Plain),
            ("args", ParamKind::Rest),
            ("c", ParamKind::KeywordOnly),
            ("d", ParamKind::KeywordOnly),
            ("kw", ParamKind::RestKeywords)
        ]
    );
    let of = |id: Option<ExprId>| id.map(|id| show(&facts, id));
    assert_eq!(of(build.params[1].annotation).as_deref(), Some("Store"));
    assert_eq!(of(build.params[1].default).as_deref(), Some("make()"));
    assert_eq!(of(build.params[2].annotation).as_deref(), Some("int"));
    assert_eq!(of(build.params[4].default).as_deref(), Some("2"));
    assert_eq!(of(build.returns).as_deref(), Some("list[Store]"));
    let decorators: Vec<_> = build.decorators.iter().map(|d| show(&facts, *d)).collect();
    assert_eq!(decorators, ["outer(1)", "inner"]);
    assert!(CODE[build.span.start as usize..].starts_with("@outer"));
    assert_eq!(&CODE[build.name_span.start as usize..build.name_span.end as usize], "build");
}

#[test]
fn documentation_is_no_statement() {
    let facts = facts(CODE);
    let doc = |id: u32| facts.function(FunctionId(id)).doc.map(|d| show(&facts, d));
    assert_eq!(doc(0).as_deref(), Some("\"About the module.\""));
    assert_eq!(doc(1).as_deref(), Some("\"Builds.\""));
    assert_eq!(doc(2), None);
    assert_eq!(block(&facts, &facts.function(FunctionId(1)).body), "def build.handler {(yield 1)}; return handler");
}

#[test]
fn classes() {
    let facts = facts(CODE);
    let store = facts.class(ClassId(0));
    let bases: Vec<_> = store.bases.iter().map(|b| show(&facts, *b)).collect();
    assert_eq!(bases, ["Base", "meta.Other"]);
    let keywords: Vec<_> = store.keywords.iter().map(|(n, v)| (n.as_str(), show(&facts, *v))).collect();
    assert_eq!(keywords, [("metaclass", "M".to_owned()), ("table", "true".to_owned())]);
    assert_eq!(store.methods, [FunctionId(3), FunctionId(6)]);
    let inner = facts.class(ClassId(1));
    assert_eq!((inner.qualified.as_str(), inner.parent, inner.outer), ("Store.save.Inner", FunctionId(3), None));
    assert_eq!(
        block(&facts, &store.body),
        "\"About the class.\"; x: int = 1; def Store.save {class Store.save.Inner {def Store.save.Inner.deep {}}}; \
         if x {def Store.load {(await self.save())}} else {}"
    );
}

#[test]
fn type_parameters_are_ignored() {
    let facts = facts("def f[T: int = str, *Ts, **P](x: T) -> T: return x\nclass A[T = int](B[T]): pass\n");
    assert_eq!(facts.problems, []);
    assert_eq!(block(&facts, &facts.function(MODULE).body), "def f {return x}; class A {}");
    assert_eq!(show(&facts, facts.class(ClassId(0)).bases[0]), "B[T]");
}

#[test]
fn a_decorated_class_starts_at_its_decorator() {
    let text = "@dataclass(frozen=True)\nclass A: x = 1\n";
    let facts = facts(text);
    let class = facts.class(ClassId(0));
    assert_eq!(class.span.start, 0);
    assert_eq!(show(&facts, class.decorators[0]), "dataclass(frozen=true)");
    let stmt = facts.stmt(facts.function(MODULE).body[0]);
    assert_eq!(stmt.span, class.span);
}
