use super::*;
#[test]
fn matrix() {
    let text = std::fs::read_to_string("/work/shared/knowledge/sqlparser-matrix.txt").unwrap();
    let t0 = std::time::Instant::now();
    for line in text.lines().filter(|l| l.contains(" | ")) {
        let sql = line.split(" | ").nth(1).unwrap();
        let out = parse(&sql.into(), Dialect::Generic);
        let looks = looks_like_sql(sql);
        if !looks {
            println!("NOT SQL: {sql}");
        }
        for s in &out {
            let t = s.table.as_ref().map(|t| t.display()).unwrap_or_default();
            let v = format!("{:?}", s.verb);
            let v: String = v.chars().take(60).collect();
            println!(
                "{} {} t={} r={:?} cols={:?} conf={:?} asg={:?} pred={:?} lock={:?}\n      <- {sql}",
                if s.exact { "  " } else { "!!" },
                v,
                t,
                s.reads.iter().map(|r| r.display()).collect::<Vec<_>>(),
                s.columns.iter().map(|c| c.display()).collect::<Vec<_>>(),
                s.conflict.as_ref().map(|c| (c.action, c.target.len(), c.assignments.iter().map(|a| a.value.clone()).collect::<Vec<_>>())),
                s.assignments.iter().map(|a| (&a.value)).collect::<Vec<_>>(),
                s.predicate.conditions.iter().map(|c| (c.column.display(), c.op)).collect::<Vec<_>>(),
                (s.locking != Locking::default()).then_some(&s.locking)
            );
        }
        if out.is_empty() {
            println!("EMPTY {sql}");
        }
    }
    println!("{:?}", t0.elapsed());
}
#[test]
fn nesting() {
    for n in [10usize, 14, 18, 20, 22, 24, 30, 10000] {
        let (o, c) = ("(".repeat(n), ")".repeat(n));
        for sql in [
            format!("SELECT {o}1{c} FROM t"),
            format!("SELECT a FROM {o}t{c}"),
            format!("{o}SELECT 1{c}"),
            format!("SELECT a FROM t WHERE {o}a = 1{c}"),
            format!("SELECT a FROM t WHERE a IN {o}1{c}"),
            format!("INSERT INTO t (a) VALUES {o}1{c}"),
            format!("SELECT {}1{c}", "f(".repeat(n)),
            format!("SELECT {}1{} FROM t", "[".repeat(n), "]".repeat(n)),
            format!("SELECT a FROM {}t{}", "(SELECT a FROM ".repeat(n), ") x".repeat(n)),
            format!("SELECT a FROM {o}t"),
            format!("SELECT a FROM t WHERE {o}a"),
            format!("SELECT a FROM {}t{}", "(u JOIN ".repeat(n), " ON true)".repeat(n)),
            format!("SELECT CAST({}1{} AS INT)", "CASE WHEN ".repeat(n), " THEN 1 END".repeat(n)),
            format!("SELECT {}1", "NOT ".repeat(n)),
            format!("SELECT {}1", "- ".repeat(n)),
            format!("SELECT {}'1'", "INTERVAL ".repeat(n)),
            format!("SELECT 1{}", " + 1".repeat(n)),
            format!("SELECT 1{}", " UNION SELECT 1".repeat(n)),
            format!("SELECT a FROM t WHERE a{}", " IS NULL".repeat(n)),
            format!("SELECT a FROM t WHERE a=1{}", " OR f(a,b) = 1".repeat(n)),
            format!("SELECT a{}", "::int".repeat(n)),
            format!("SELECT a{}", "[1]".repeat(n)),
            format!("SELECT CAST(a AS {}int{})", "ARRAY<".repeat(n), ">".repeat(n)),
            format!("SELECT a FROM t {}", "JOIN u ON a=b ".repeat(n)),
            format!("SELECT {}", "(SELECT (".repeat(n)),
            format!("BEGIN {}", "IF (a) THEN BEGIN ".repeat(n)),
            format!("DO {}", "$$ DO $a$".repeat(n)),
            format!("SELECT {}'a'{}", "(a, ".repeat(n), ")".repeat(n)),
            format!("SELECT {}1{}", "a->(b) || (".repeat(n), ")".repeat(n)),
        ] {
            let t0 = std::time::Instant::now();
            let out = parse(&sql.as_str().into(), Dialect::Generic);
            looks_like_sql(&sql);
            let e = t0.elapsed();
            if e.as_millis() > 20 {
                println!("{n} {:?} exact={:?} {}", e, out.first().map(|s| s.exact), sql.chars().take(50).collect::<String>());
            }
        }
    }
}
