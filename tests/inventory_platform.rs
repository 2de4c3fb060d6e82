//! The reference repository: its report byte for byte, and what one changed fact changes.
//!
//! Each test changes one fact in a copy and names every row that differs from the fixture's own report, with what it then
//! says. A row that is not named must not differ: that is how the lines are shown to come out of the analysis.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;
use support::{Tree, files, project, rows, run_in};

const PACKAGE: &str = "src/inventory_platform";

fn fixture() -> PathBuf {
    project().join("fixtures/inventory-platform")
}

/// The rows of the fixture as it stands.
static FIXTURE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| rows(&run_in(&fixture(), &["--format", "json"]).json()));

/// A copy of the fixture in which `from` reads `to`, for each of (file, from, to). Files of the package are named below it.
#[track_caller]
fn mutate(changes: &[(&str, &str, &str)]) -> Tree {
    let tree = Tree::copy_of(&fixture());
    for (file, from, to) in changes {
        tree.replace(&place(file), from, to);
    }
    tree
}

/// `locks.py` and its like are named below the package, everything else below the fixture.
fn place(file: &str) -> String {
    if file.ends_with(".py") && !file.starts_with("tests/") { format!("{PACKAGE}/{file}") } else { file.to_owned() }
}

/// The rows, result and severity that differ from the fixture's own.
fn changed(tree: &Tree) -> BTreeMap<String, String> {
    let mut now = rows(&tree.json(&[]));
    now.retain(|row, said| FIXTURE.get(row) != Some(said));
    now
}

/// Exactly these rows differ. A text that ends with `…` says how the row starts.
#[track_caller]
fn assert_changes(tree: &Tree, expected: &[(&str, &str)]) {
    let changed = changed(tree);
    let same = |said: &str, expected: &str| expected.strip_suffix('…').map_or(said == expected, |start| said.starts_with(start));
    let all = expected.iter().all(|(row, said)| changed.get(*row).is_some_and(|now| same(now, said)));
    assert!(all && changed.len() == expected.len(), "changed:  {changed:#?}\nexpected: {expected:#?}");
}

const THREE_ISSUES: &str = "3 issues found — ";

#[test]
fn the_report_is_that_of_the_page() {
    let expected = include_str!("data/inventory-platform.txt");
    for arguments in [&["fixtures/inventory-platform"][..], &["--check", "10", "fixtures/inventory-platform"]] {
        let run = run_in(project(), arguments);
        assert_eq!((run.out.as_str(), run.code), (expected, 1), "{arguments:?}");
    }
}

#[test]
fn advice_rows_hold_as_well() {
    assert!(
        FIXTURE["concurrency-tests"].starts_with("pass: Concurrent access tested: 12 agents at once"),
        "{}",
        FIXTURE["concurrency-tests"]
    );
    assert_eq!(FIXTURE["contention-metrics"], "pass: Lock contention metrics: lock_wait_seconds per resource");
}

#[test]
fn the_model_tells_the_same_as_the_rows() {
    let report = run_in(&fixture(), &["--format", "json"]).json();
    let shared = report["resources"].as_array().unwrap().iter().filter(|resource| resource["shared"] == true);
    let names: Vec<&str> = shared.map(|resource| resource["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["postgres:orders", "postgres:prices", "postgres:product_attributes", "postgres:products"]);
    let agents = report["actors"].as_array().unwrap().iter().filter(|actor| actor["kind"] == "agent");
    let names: Vec<&str> = agents.map(|agent| agent["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["catalog_agent", "data_enricher", "inventory_agent", "order_agent", "pricing_agent", "returns_agent"]);
    let channels: Vec<&str> = report["channels"].as_array().unwrap().iter().map(|channel| channel["id"].as_str().unwrap()).collect();
    assert_eq!(channels, ["catalog.events", "order.events", "product.events"]);
    assert!(
        report["locks"].as_array().unwrap().iter().all(|lock| lock["scope"] == "distributed" && lock["ttl_seconds"].is_number()),
        "{}",
        report["locks"]
    );
}

#[test]
fn the_orchestrator_is_the_one_that_the_row_names() {
    let report = run_in(&fixture(), &["--format", "json"]).json();
    assert_eq!(report["orchestrator"]["pattern"], "centralized task coordinator", "{}", report["orchestrator"]);
}

#[test]
fn a_control_names_all_its_agents() {
    let report = run_in(&fixture(), &["--format", "json"]).json();
    let mut switches = report["controls"].as_array().unwrap().iter().filter(|control| control["kind"] == "kill-switch");
    assert!(switches.any(|switch| switch["actors"].as_array().unwrap().len() == 6), "{}", report["controls"]);
}

// Idempotence

const INSERT: &str = "\"INSERT INTO product_attributes (sku, name, value) VALUES (%s, %s, %s)\",";
const UPSERT: &str = "\"INSERT INTO product_attributes (sku, name, value) VALUES (%s, %s, %s) \"\n                    \
                      \"ON CONFLICT (sku, name) DO UPDATE SET value = EXCLUDED.value\",";
const UNIQUE: (&str, &str, &str) =
    ("migrations/002_product_attributes.sql", "DEFAULT now()\n);", "DEFAULT now(),\n    UNIQUE (sku, name)\n);");

#[test]
fn an_upsert_makes_the_writes_idempotent() {
    assert_changes(
        &mutate(&[("storage/attributes.py", INSERT, UPSERT), UNIQUE]),
        &[
            ("idempotent-writes", "pass: Agent writes are idempotent: 8 of 8 upsert, keyed or conditional"),
            ("result", "1 issue found — add deadlock alerting"),
        ],
    );
}

#[test]
fn a_unique_key_alone_is_no_cure() {
    // The loser, or the second attempt, gets an exception: the row still fails.
    let now = rows(&mutate(&[UNIQUE]).json(&[]));
    assert!(now["idempotent-writes"].starts_with("fail: "), "{}", now["idempotent-writes"]);
}

#[test]
fn an_order_without_its_conflict_clause_is_a_second_insert() {
    let tree = mutate(&[(
        "storage/orders.py",
        "                ON CONFLICT (order_id) DO UPDATE
                SET status = CASE WHEN orders.status = 'backordered' THEN EXCLUDED.status
                                  ELSE orders.status END
",
        "",
    )]);
    let changed = changed(&tree);
    assert!(changed["idempotent-writes"].contains("Agent \"order_agent\" writes are not idempotent"), "{changed:#?}");
    assert!(changed["idempotent-writes"].contains("Agent \"data_enricher\""), "{changed:#?}");
    assert_eq!(changed.keys().filter(|row| *row != "severity").collect::<Vec<_>>(), ["idempotent-writes", "result"], "{changed:#?}");
}

// Locks

const NO_TTL: (&str, &str, &str) = ("coordination/locks.py", "timeout=ttl, blocking_timeout=", "blocking_timeout=");

#[test]
fn a_lock_without_a_ttl_fails_and_rewords_the_alert() {
    let tree = mutate(&[NO_TTL]);
    let changed = changed(&tree);
    assert!(
        changed["locks"].starts_with("fail: Lock \"") && changed["locks"].contains("has no TTL — a crashed agent blocks all others"),
        "{changed:#?}"
    );
    assert_eq!(changed["deadlock-alerting"], "fail: No deadlock detection alerting configured — locks never expire and no alert fires");
    assert!(changed["result"].ends_with(" — lock shared writes with a TTL, fix idempotency and add deadlock alerting"), "{changed:#?}");
    assert_eq!(changed["severity"], "high");
    assert_eq!(changed.len(), 4, "{changed:#?}");
}

#[test]
fn one_call_without_a_ttl_is_one_issue() {
    let changed = changed(&mutate(&[NO_TTL]));
    assert!(changed["result"].starts_with(THREE_ISSUES), "{changed:#?}");
    assert_eq!(changed["locks"].lines().count(), 1, "{changed:#?}");
}

#[test]
fn one_ttl_for_all_is_said() {
    assert_changes(
        &mutate(&[("coordination/locks.py", "RESOURCE_TTL_SECONDS.get(resource, DEFAULT_TTL_SECONDS)", "DEFAULT_TTL_SECONDS")]),
        &[("locks", "pass: Distributed locks with TTL: fixed 30s")],
    );
}

#[test]
fn another_default_ttl_is_said() {
    assert_changes(
        &mutate(&[("coordination/locks.py", "DEFAULT_TTL_SECONDS = 30", "DEFAULT_TTL_SECONDS = 20")]),
        &[("locks", "pass: Distributed locks with TTL: 20s default, per-resource configurable")],
    );
}

#[test]
fn locks_that_are_not_sorted_have_no_order() {
    let changed = changed(&mutate(&[("coordination/locks.py", "in sorted(set(resources))", "in set(resources)")]));
    assert!(changed["lock-order"].starts_with("fail: "), "{changed:#?}");
    assert!(changed["result"].starts_with(THREE_ISSUES) && changed["result"].contains("fix lock ordering"), "{changed:#?}");
    assert!(changed.keys().all(|row| ["lock-order", "result", "severity"].contains(&row.as_str())), "{changed:#?}");
}

#[test]
fn the_order_of_the_callers_does_not_matter_where_locks_are_sorted() {
    assert_changes(&mutate(&[("services/ordering.py", "hold(ORDERS, PRODUCTS)", "hold(PRODUCTS, ORDERS)")]), &[]);
}

#[test]
fn two_callers_that_lock_in_two_orders_fail_where_nothing_sorts() {
    let changed = changed(&mutate(&[
        ("coordination/locks.py", "in sorted(set(resources))", "in resources"),
        ("services/catalog.py", "import PRODUCTS\n", "import PRICES, PRODUCTS\n"),
        (
            "services/catalog.py",
            "hold(PRODUCTS):\n            self.products.upsert_listing",
            "hold(PRICES, PRODUCTS):\n            self.products.upsert_listing",
        ),
    ]));
    assert!(changed["lock-order"].starts_with("fail: "), "{changed:#?}");
    assert!(changed.keys().all(|row| ["lock-order", "result", "severity"].contains(&row.as_str())), "{changed:#?}");
}

#[test]
#[ignore = "races: an aggregate of a table (SUM of the units sold) that decides the row which is upserted into it is not paired with the write"]
fn a_sum_that_decides_a_row_needs_its_lock() {
    // The units sold are summed up and an order is accepted on their account: two orders may both see the last unit.
    let held = "        with self.orchestrator.hold(ORDERS, PRODUCTS):
            product = self.products.get(sku)
            left = product.units_received - self.orders.units_sold(sku, except_order=order_id)
            status = ACCEPTED if units <= left else BACKORDERED
            status = self.orders.upsert(Order(order_id, sku, units, status))
";
    let free: String = held.lines().skip(1).map(|line| format!("{}\n", &line[4..])).collect();
    let changed = changed(&mutate(&[("services/ordering.py", held, &free)]));
    assert!(changed["locks"].starts_with("fail: ") && changed["locks"].contains("\"orders\""), "{changed:#?}");
    assert!(changed["result"].contains("lock shared writes with a TTL"), "{changed:#?}");
    assert!(!changed.contains_key("idempotent-writes") && !changed.contains_key("event-sync"), "{changed:#?}");
}

// Events

#[test]
fn an_agent_that_subscribes_to_nothing_is_told() {
    let changed = changed(&mutate(&[
        (
            "agents/returns_agent.py",
            "with self.bus.subscribe(ORDER_EVENTS) as subscription:\n            self.serve(subscription)",
            "self.watch()",
        ),
        ("agents/returns_agent.py", "import ORDER_EVENTS, EventBus", "import Event, EventBus"),
        (
            "agents/returns_agent.py",
            "    def crew_agent(self)",
            "    def watch(self) -> None:
        while not self.orchestrator.is_killed(self.name):
            task = self.orchestrator.task_for(self.name, Event(\"return.requested\"))
            if task is not None:
                self.work_on(task)

    def crew_agent(self)",
        ),
    ]));
    assert!(changed.contains_key("event-sync") && !changed["event-sync"].contains("all agents subscribed"), "{changed:#?}");
    assert!(changed.keys().all(|row| ["event-sync", "result", "severity"].contains(&row.as_str())), "{changed:#?}");
}

#[test]
fn a_fourth_channel_is_counted() {
    let tree = mutate(&[
        (
            "coordination/events.py",
            "CATALOG_EVENTS = \"catalog.events\"",
            "CATALOG_EVENTS = \"catalog.events\"\nPRICE_EVENTS = \"price.events\"",
        ),
        ("services/pricing.py", "import CATALOG_EVENTS, Event", "import PRICE_EVENTS, Event"),
        ("services/pricing.py", "publish(CATALOG_EVENTS", "publish(PRICE_EVENTS"),
        ("agents/catalog_agent.py", "import CATALOG_EVENTS, PRODUCT_EVENTS", "import CATALOG_EVENTS, PRICE_EVENTS, PRODUCT_EVENTS"),
        ("agents/catalog_agent.py", "subscribe(CATALOG_EVENTS,", "subscribe(CATALOG_EVENTS, PRICE_EVENTS,"),
    ]);
    assert_changes(&tree, &[("event-sync", "pass: Event-driven sync: 4 event channels, all agents subscribed")]);
}

#[test]
fn an_agent_that_polls_is_told() {
    let changed = changed(&mutate(&[
        (
            "agents/returns_agent.py",
            "with self.bus.subscribe(ORDER_EVENTS) as subscription:\n            self.serve(subscription)",
            "while not self.orchestrator.is_killed(self.name):
            for order in self.orders.backorders(\"sku\"):
                logger.info(\"%s\", order)
            time.sleep(5)",
        ),
        ("agents/returns_agent.py", "from crewai import Agent\n", "import logging\nimport time\n\nfrom crewai import Agent\n"),
        ("agents/returns_agent.py", "import ORDER_EVENTS, EventBus", "import EventBus"),
        ("agents/returns_agent.py", "class ReturnsAgent", "logger = logging.getLogger(__name__)\n\n\nclass ReturnsAgent"),
    ]));
    assert!(changed["event-sync"].contains("Agent \"returns_agent\" polls \"orders\" every 5s — subscribe to its events"), "{changed:#?}");
    assert!(changed.keys().all(|row| ["event-sync", "result", "severity"].contains(&row.as_str())), "{changed:#?}");
}

// Alerts

const ALERT_HOLDS: &str = "pass: Deadlock detection alerting configured: fires after 30s of lock wait (2x expected 15s)";
const ONE_ISSUE: &str = "1 issue found — fix idempotency";
const SENTRY: (&str, &str, &str) = ("coordination/locks.py", "import redis\n", "import redis\nimport sentry_sdk\n");

#[test]
fn an_alert_where_a_wait_is_given_up_counts() {
    let tree = mutate(&[
        SENTRY,
        ("coordination/locks.py", "ACQUIRE_TIMEOUT_SECONDS = 5", "ACQUIRE_TIMEOUT_SECONDS = 30"),
        (
            "coordination/locks.py",
            "            raise LockRefused(resource)",
            "            sentry_sdk.capture_message(f\"lock of {resource} is stuck\")\n            raise LockRefused(resource)",
        ),
    ]);
    assert_changes(&tree, &[("deadlock-alerting", ALERT_HOLDS), ("result", ONE_ISSUE)]);
}

#[test]
fn an_alert_where_a_wait_was_long_counts() {
    let tree = mutate(&[
        ("coordination/locks.py", "from collections.abc import Iterator\n", "import time\nfrom collections.abc import Iterator\n"),
        SENTRY,
        ("coordination/locks.py", "ACQUIRE_TIMEOUT_SECONDS = 5", "ACQUIRE_TIMEOUT_SECONDS = 40\nALERT_AFTER_SECONDS = 30"),
        (
            "coordination/locks.py",
            "        with LOCK_WAIT.labels(resource=resource).time():\n            acquired = lock.acquire()\n",
            "        started = time.monotonic()
        with LOCK_WAIT.labels(resource=resource).time():
            acquired = lock.acquire()
        if time.monotonic() - started > ALERT_AFTER_SECONDS:
            sentry_sdk.capture_message(f\"lock of {resource} is stuck\")
",
        ),
    ]);
    assert_changes(&tree, &[("deadlock-alerting", ALERT_HOLDS), ("result", ONE_ISSUE)]);
}

#[test]
fn an_alert_that_no_lock_wait_reaches_does_not_count() {
    let tree = mutate(&[
        ("coordination/orchestrator.py", "import redis\n", "import redis\nimport sentry_sdk\n"),
        (
            "coordination/orchestrator.py",
            "        self.client.set(f\"kill:{agent}\", \"1\")",
            "        self.client.set(f\"kill:{agent}\", \"1\")\n        sentry_sdk.capture_message(f\"{agent} was killed\")",
        ),
    ]);
    assert_changes(&tree, &[]);
}

/// A rule file of Prometheus with one alert on an expression.
fn alert_rules(expression: &str) -> String {
    format!(
        "groups:\n  - name: locks\n    rules:\n      - alert: LockWaitTooLong\n        expr: {expression}\n        for: 1m\n        \
         labels:\n          severity: page\n        annotations:\n          summary: an agent waits for a lock\n"
    )
}

#[test]
fn a_prometheus_alert_on_lock_waits_counts() {
    for expression in
        ["lock_wait_seconds > 30", "histogram_quantile(0.99, sum by (le, resource) (rate(lock_wait_seconds_bucket[5m]))) > 30"]
    {
        let tree = mutate(&[]);
        tree.write("monitoring/rules.yml", alert_rules(expression));
        assert_changes(&tree, &[("deadlock-alerting", ALERT_HOLDS), ("result", ONE_ISSUE)]);
    }
}

#[test]
fn a_prometheus_alert_on_something_else_does_not_count() {
    let tree = mutate(&[]);
    tree.write("monitoring/rules.yml", alert_rules("http_requests_in_flight > 30").replace("LockWaitTooLong", "TooManyRequests"));
    assert_changes(&tree, &[]);
}

#[test]
fn a_prometheus_alert_is_what_it_watches_and_not_its_name() {
    for expression in ["http_requests_in_flight > 30", "lock_wait_seconds_that_nobody_emits > 30"] {
        let tree = mutate(&[]);
        tree.write("monitoring/rules.yml", alert_rules(expression));
        assert_changes(&tree, &[]);
    }
}

// Kill switch

const NO_KILL: [(&str, &str); 2] = [
    ("kill-switch", "fail: No kill switch — agents that hang while holding locks cannot be stopped"),
    ("result", "3 issues found — fix idempotency, add deadlock alerting and add a kill switch"),
];

#[test]
fn without_its_endpoint_nobody_can_kill_an_agent() {
    let kill = "@app.post(\"/agents/{name}/kill\")
def kill_agent(
    name: Annotated[str, Depends(known_agent)],
    orchestrator: Annotated[Orchestrator, Depends(get_orchestrator)],
) -> AgentStatus:
    orchestrator.kill(name)
    return AgentStatus(name=name, killed=True)


";
    assert_changes(&mutate(&[("admin.py", kill, "")]), &NO_KILL);
}

#[test]
fn a_kill_that_sets_no_flag_stops_nobody() {
    let set = "        self.client.set(f\"kill:{agent}\", \"1\")";
    assert_changes(&mutate(&[("coordination/orchestrator.py", set, "        logger.info(\"%s is to stop\", agent)")]), &NO_KILL);
}

#[test]
fn without_any_endpoint_nobody_can_kill_an_agent() {
    let tree = mutate(&[("admin.py", "    orchestrator.kill(name)\n", ""), ("admin.py", "    orchestrator.revive(name)\n", "")]);
    assert_changes(&tree, &NO_KILL);
}

#[test]
fn a_flag_that_no_loop_reads_stops_nobody() {
    let read = "return self.client.get(f\"kill:{agent}\") is not None";
    assert_changes(&mutate(&[("coordination/orchestrator.py", read, "return False")]), &NO_KILL);
}

// Resources and names

#[test]
fn a_fifth_shared_resource_is_counted() {
    let tree = mutate(&[
        (
            "storage/prices.py",
            "    def upsert(self",
            "    def mark_reviewed(self, sku: str) -> None:
        with self.pool.connection() as conn:
            conn.execute(
                \"INSERT INTO reviews (sku) VALUES (%s) ON CONFLICT (sku) DO UPDATE SET reviewed_at = now()\",
                (sku,),
            )

    def upsert(self",
        ),
        (
            "services/pricing.py",
            "            self.prices.upsert(Price(sku, amount))",
            "            self.prices.upsert(Price(sku, amount))\n            self.prices.mark_reviewed(sku)",
        ),
        (
            "services/catalog.py",
            "            self.products.set_description(sku, description)",
            "            self.products.set_description(sku, description)\n            self.prices.mark_reviewed(sku)",
        ),
    ]);
    tree.write(
        "migrations/003_reviews.sql",
        "CREATE TABLE reviews (\n    sku text PRIMARY KEY,\n    reviewed_at timestamptz NOT NULL DEFAULT now()\n);\n",
    );
    assert_changes(&tree, &[("shared-resources", "pass: Shared resources mapped: 5 resources, 6 agents with write access")]);
}

#[test]
fn an_agent_goes_by_its_name() {
    let tree = Tree::new();
    for (path, bytes) in files(&fixture()) {
        let text = String::from_utf8(bytes).unwrap().replace("data_enricher", "attribute_scout");
        tree.write(&path.replace("data_enricher", "attribute_scout"), text);
    }
    assert_changes(&tree, &[("idempotent-writes", "fail: Agent \"attribute_scout\" writes are not idempotent — uses INSERT, not UPSERT")]);
}

// The same facts in other words

#[test]
fn a_stack_that_is_closed_at_last_is_a_with() {
    let with = "        with ExitStack() as stack:
            for resource in sorted(set(resources)):
                stack.enter_context(self._lock(resource))
            yield
";
    let tried = "        stack = ExitStack()
        try:
            for resource in sorted(set(resources)):
                stack.enter_context(self._lock(resource))
            yield
        finally:
            stack.close()
";
    assert_changes(&mutate(&[("coordination/locks.py", with, tried)]), &[]);
}

#[test]
fn a_lock_that_is_released_at_last_is_a_with() {
    let tree = mutate(&[
        (
            "services/enrichment.py",
            "        with self.orchestrator.hold(PRODUCT_ATTRIBUTES):
            self.attributes.insert(sku, attributes)
",
            "        held = self.orchestrator.hold(PRODUCT_ATTRIBUTES)
        held.__enter__()
        try:
            self.attributes.insert(sku, attributes)
        finally:
            held.__exit__(None, None, None)
",
        ),
        (
            "services/stock.py",
            "        with self.orchestrator.hold(PRODUCTS):
            self.products.set_reorder_level(sku, level)
",
            "        held = self.orchestrator.hold(PRODUCTS)
        held.__enter__()
        try:
            self.products.set_reorder_level(sku, level)
        finally:
            held.__exit__(None, None, None)
",
        ),
    ]);
    assert_changes(&tree, &[]);
}

#[test]
fn statements_may_stand_in_constants() {
    let tree = mutate(&[
        ("storage/attributes.py", INSERT, "INSERT_ATTRIBUTE,"),
        (
            "storage/attributes.py",
            "class AttributeRepository",
            "INSERT_ATTRIBUTE = \"INSERT INTO product_attributes (sku, name, value) VALUES (%s, %s, %s)\"\n\n\nclass AttributeRepository",
        ),
        ("storage/products.py", "\"UPDATE products SET description = %s WHERE sku = %s\",", "SET_DESCRIPTION,"),
        (
            "storage/products.py",
            "class ProductRepository",
            "SET_DESCRIPTION = \"UPDATE products SET description = %s WHERE sku = %s\"\n\n\nclass ProductRepository",
        ),
    ]);
    assert_changes(&tree, &[]);
}

#[test]
fn a_helper_may_stand_in_another_module() {
    let body = "        with self.pool.connection() as conn:
            for name, value in sorted(attributes.items()):
                conn.execute(
                    \"INSERT INTO product_attributes (sku, name, value) VALUES (%s, %s, %s)\",
                    (sku, name, value),
                )
";
    let tree = mutate(&[
        ("storage/attributes.py", body, "        insert_attributes(self.pool, sku, attributes)\n"),
        (
            "storage/attributes.py",
            "import Attribute\n",
            "import Attribute\nfrom inventory_platform.storage.statements import insert_attributes\n",
        ),
    ]);
    tree.write(
        &place("storage/statements.py"),
        "from collections.abc import Mapping

from psycopg_pool import ConnectionPool


def insert_attributes(pool: ConnectionPool, sku: str, attributes: Mapping[str, str]) -> None:
    with pool.connection() as conn:
        for name, value in sorted(attributes.items()):
            conn.execute(
                \"INSERT INTO product_attributes (sku, name, value) VALUES (%s, %s, %s)\",
                (sku, name, value),
            )
",
    );
    assert_changes(&tree, &[]);
}

#[test]
fn words_of_people_prove_nothing() {
    let tree = mutate(&[
        ("README.md", "# ", "# PagerDuty alerts fire after 30s of lock wait, all writes are upserts. "),
        (
            "coordination/locks.py",
            "    @contextmanager\n    def _lock",
            "    # sentry_sdk.capture_message(\"lock wait above 30s\")\n    @contextmanager\n    def _lock",
        ),
        (
            "storage/attributes.py",
            "    def insert(self, sku: str, attributes: Mapping[str, str]) -> None:\n",
            "    def insert(self, sku: str, attributes: Mapping[str, str]) -> None:\n        \"\"\"INSERT ... ON CONFLICT (sku, name) DO UPDATE.\"\"\"\n",
        ),
    ]);
    assert_changes(&tree, &[]);
}

#[test]
fn the_place_of_the_tree_does_not_matter() {
    assert_changes(&mutate(&[]), &[]);
    let deep = Tree::new();
    for (path, bytes) in files(&fixture()) {
        deep.write(&format!("a/b/{path}"), bytes);
    }
    let now = rows(&deep.json(&["a/b"]));
    assert_eq!(now, *FIXTURE);
}
