//! Several statements, client programs' lines, and bodies of routines.

use super::*;

#[test]
fn a_broken_statement_loses_nothing_but_itself() {
    let sql = "INSERT INTO a (x) VALUES (1);\nSELECT ((( FROM WHERE b;\nUPDATE c SET x = 1;\nFOO BAR;\nDELETE FROM d;";
    let found = all(sql);
    assert_eq!(verbs(&found), ["Insert", "Select", "Update", "Other", "Delete"]);
    assert_eq!(found.iter().map(|statement| statement.exact).collect::<Vec<_>>(), [true, false, true, false, true]);
    assert_eq!(&sql[found[4].start..found[4].end], "DELETE FROM d");
    let guessed = &all("INSERT INTO t (a, b) VALUES (1, ?) BOGUS CLAUSE ON CONFLICT DO NOTHING")[0];
    assert!(!guessed.exact);
    assert_eq!((target(guessed), names(&guessed.columns)), ("t".into(), vec!["a".to_string(), "b".into()]));
    assert_eq!(guessed.values[1], Value::Placeholder(0));
    assert_eq!(guessed.conflict.as_ref().map(|conflict| conflict.action), Some(ConflictAction::DoNothing));
}

#[test]
fn comments_blanks_and_indentation() {
    assert!(all("-- nothing\n/* at /* all */ */ ;; \n").is_empty());
    let found = one("
        -- take one
        UPDATE
            jobs            /* the queue */
        SET
            state = 'it''s; running',   -- not ';'
            n = n + 1
        WHERE id = %(id)s
        ");
    assert_eq!((target(&found), found.assignments.len()), ("jobs".into(), 2));
    assert_eq!(found.assignments[0].value, AssignedValue::Constant("it's; running".into()));
}

#[test]
fn client_lines_are_left_out() {
    let sql = "\\connect shop\n\\set x 'it''s\nCOPY items (id, name) FROM stdin;\n1\tit's; a\n2\tb\n\\.\nINSERT INTO t (a) VALUES (1);\n";
    let found = all(sql);
    assert_eq!(verbs(&found), ["Copy", "Insert"]);
    assert_eq!(names(&found[0].columns), ["id", "name"]);
    assert_eq!(&sql[found[1].start..found[1].end], "INSERT INTO t (a) VALUES (1)");

    let sql = "DELIMITER $$\nCREATE PROCEDURE p(IN x INT)\nBEGIN\n  UPDATE a SET n = n - x;\n  INSERT INTO b (n) VALUES (x);\nEND$$\nDELIMITER ;\nSELECT 1;\n";
    let found = parse(&sql.into(), Dialect::MySql);
    assert_eq!(verbs(&found), ["CreateRoutine", "Select"]);
    assert_eq!(verbs(&body(&found[0])), ["Update", "Insert"]);

    let sql = "CREATE TABLE a (id INT)\nGO\nINSERT INTO a (id) VALUES (1)\nGO 5\n";
    assert_eq!(verbs(&all(sql))[..2], ["CreateTable", "Insert"]);
}

#[test]
fn dollar_bodies_are_read() {
    let sql = "CREATE OR REPLACE FUNCTION take(p_id int) RETURNS int AS $fn$
DECLARE
  v int := (SELECT count(*) FROM audits);
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('stock'));
  SELECT qty INTO STRICT v FROM stock WHERE id = p_id FOR UPDATE;
  IF v > 0 AND EXISTS (SELECT 1 FROM holds WHERE id = p_id) THEN
    UPDATE stock SET qty = v - 1 WHERE id = p_id;
  ELSE
    INSERT INTO misses (id) VALUES (p_id) ON CONFLICT (id) DO UPDATE SET n = misses.n + 1;
  END IF;
  FOR r IN SELECT * FROM orders WHERE id = p_id LOOP
    DELETE FROM orders WHERE id = r.id;
  END LOOP;
  EXECUTE format('INSERT INTO %I (a) VALUES ($1)', 'x') USING 1;
  RETURN (SELECT max(n) FROM tallies);
EXCEPTION WHEN unique_violation THEN
  RAISE NOTICE 'lost';
END;
$fn$ LANGUAGE plpgsql;
SELECT 2;";
    let found = all(sql);
    assert_eq!(verbs(&found), ["CreateRoutine", "Select"]);
    let body = body(&found[0]);
    let seen: Vec<(String, String)> = verbs(&body).into_iter().zip(body.iter().map(target)).collect();
    let expected = [
        ("Select", "audits"),
        ("Select", ""),
        ("Select", "stock"),
        ("Select", "holds"),
        ("Update", "stock"),
        ("Insert", "misses"),
        ("Select", "orders"),
        ("Delete", "orders"),
        ("Insert", "*"),
        ("Select", "tallies"),
    ];
    assert_eq!(seen, expected.map(|(verb, table)| (verb.to_string(), table.to_string())));
    assert!(body[2].locking.for_update && body[2].exact);
    assert_eq!(&sql[body[4].start..body[4].end], "UPDATE stock SET qty = v - 1 WHERE id = p_id");
    let found = one("DO $$ BEGIN PERFORM pg_advisory_lock(1); INSERT INTO t VALUES (1); END $$ LANGUAGE plpgsql");
    assert_eq!(verbs(&super::body(&found)), ["Select", "Insert"]);
}

#[test]
fn triggers_and_inline_bodies() {
    let found =
        all("CREATE TRIGGER tr AFTER INSERT ON orders FOR EACH ROW BEGIN UPDATE totals SET n = CASE WHEN n > 3 THEN 3 ELSE n + 1 END; \
         INSERT INTO logs (a) VALUES (1); END; SELECT 1;");
    assert_eq!(verbs(&found), ["CreateRoutine", "Select"]);
    assert_eq!(target(&found[0]), "orders");
    assert_eq!(verbs(&body(&found[0])), ["Update", "Insert"]);
    let found = one("CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()");
    assert_eq!(calls(&found), ["f"]);
    let found = one("CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'UPDATE t SET n = n + x RETURNING n'");
    assert_eq!(verbs(&body(&found)), ["Update"]);
    let found = all("CREATE EVENT e ON SCHEDULE EVERY 1 HOUR DO DELETE FROM locks WHERE expires < now();");
    assert_eq!(verbs(&body(&found[0])), ["Delete"]);
}

#[test]
fn transact_sql_needs_no_semicolons() {
    let sql = "DECLARE @n INT = (SELECT max(n) FROM seq)
BEGIN TRAN
UPDATE seq SET n = @n + 1
  OUTPUT inserted.n
  WHERE n = @n
IF @@ROWCOUNT = 0
  ROLLBACK
ELSE
BEGIN
  INSERT INTO log (n)
  SELECT n FROM seq
  COMMIT
END
IF NOT EXISTS (SELECT 1 FROM users WITH (UPDLOCK, HOLDLOCK) WHERE name = @name)
  INSERT INTO users (name) VALUES (@name)
";
    let found = parse(&sql.into(), Dialect::MsSql);
    assert_eq!(verbs(&found), ["Select", "Begin", "Update", "Rollback", "Insert", "Commit", "Select", "Insert"]);
    assert!(found[6].locking.for_update && found[6].locking.range);
    assert!(found[7].predicate.not_exists && !found[4].predicate.not_exists);
    assert_eq!(reads(&found[4]), ["seq"]);
    let sql = "CREATE PROCEDURE p @id INT AS\nSET NOCOUNT ON;\nUPDATE t SET n = n - 1 WHERE id = @id;\nSELECT n FROM t WHERE id = @id;\nGO\nSELECT 1";
    let found = all(sql);
    assert_eq!(verbs(&found), ["CreateRoutine", "Select"]);
    assert_eq!(verbs(&body(&found[0])), ["Set", "Update", "Select"]);
}

#[test]
fn transactions_stay_statements_of_scripts() {
    let found = all("BEGIN; UPDATE a SET n = n - 1; UPDATE b SET n = n + 1; COMMIT;");
    assert_eq!(verbs(&found), ["Begin", "Update", "Update", "Commit"]);
    let found = all("BEGIN\n UPDATE a SET n = 1;\nEND;");
    assert_eq!(verbs(&found)[0], "Update");
}
