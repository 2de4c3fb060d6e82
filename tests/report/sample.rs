//! A small platform with its findings, built by hand.

use clawproof::finding::{Confidence, Evidence, Finding, Related, Role, Severity, Status, Suppressed, Turn, Verdict, number_equal};
use clawproof::model::*;
use clawproof::report::Report;
use clawproof::source::{FileId, Language, Site, SourceFile, Span};

/// Everything a report points into.
pub struct Sample {
    pub files: Vec<SourceFile>,
    pub model: Model,
    pub verdicts: Vec<Verdict>,
    pub findings: Vec<Finding>,
    pub suppressed: Vec<Suppressed>,
    pub issues: usize,
    pub result: String,
    pub severity: Option<Severity>,
    pub severity_words: String,
}

impl Sample {
    pub fn report(&self) -> Report<'_> {
        Report {
            check: 10,
            title: "Multi-Agent Coordination",
            verdicts: &self.verdicts,
            findings: &self.findings,
            suppressed: &self.suppressed,
            issues: self.issues,
            result: &self.result,
            severity: self.severity,
            severity_words: &self.severity_words,
            model: &self.model,
            files: &self.files,
            elapsed_ms: None,
        }
    }

    /// Where a piece of text stands in a file.
    pub fn site(&self, file: usize, text: &str) -> Site {
        let start = self.files[file].text.find(text).expect("the text is in the file") as u32;
        Site { file: FileId(file as u32), span: Span::new(start, start + text.len() as u32) }
    }
}

const ENRICH: &str = "\
import psycopg


class Enricher:
    def save(self, sku, value):
        with psycopg.connect() as connection:
            connection.execute(
                \"INSERT INTO product_attributes (sku, value) VALUES (%s, %s)\",
                (sku, value),
            )
";
const STOCK: &str = "\
def sell(connection, sku, count):
    row = connection.execute(\"SELECT quantity FROM stock WHERE sku = %s\", (sku,)).fetchone()
    left = row[0] - count
    connection.execute(\"UPDATE stock SET quantity = %s WHERE sku = %s\", (left, sku))
";
const COMPOSE: &str = "services:\n  worker:\n    deploy:\n      replicas: 3\n";

pub fn verdict(row: &'static str, item: u8, gate: bool, status: Status, message: &str) -> Verdict {
    Verdict {
        row,
        item,
        gate,
        status,
        messages: vec![message.to_owned()],
        advice: Vec::new(),
        remedy: String::new(),
        findings: Vec::new(),
        evidence: Vec::new(),
    }
}

/// The rows of the page.
pub fn page_rows() -> Vec<Verdict> {
    use Status::{Fail, Pass};
    vec![
        verdict("shared-resources", 1, true, Pass, "Shared resources mapped: 4 resources, 6 agents with write access"),
        verdict("orchestrator", 2, true, Pass, "Orchestrator pattern detected: centralized task coordinator"),
        verdict("locks", 3, true, Pass, "Distributed locks with TTL: 30s default, per-resource configurable"),
        verdict("lock-order", 4, true, Pass, "Global lock ordering enforced (alphabetical resource-ID)"),
        verdict("idempotent-writes", 8, true, Fail, "Agent \"data_enricher\" writes are not idempotent — uses INSERT, not UPSERT"),
        verdict("event-sync", 5, true, Pass, "Event-driven sync: 3 event channels, all agents subscribed"),
        verdict("deadlock-alerting", 6, true, Fail, "No deadlock detection alerting configured — locks can expire but no alert fires"),
        verdict("kill-switch", 10, true, Pass, "Kill switch available per agent via orchestrator admin API"),
        verdict("concurrency-tests", 7, false, Pass, "Concurrent access tested: 12 agents at once, consistency verified"),
        verdict("contention-metrics", 9, false, Pass, "Lock contention metrics: lock_wait_seconds per resource"),
    ]
}

fn files() -> Vec<SourceFile> {
    vec![
        SourceFile::new("agents/enrich.py", ENRICH.to_owned(), Language::Python),
        SourceFile::new("agents/stock.py", STOCK.to_owned(), Language::Python),
        SourceFile::new("docker-compose.yml", COMPOSE.to_owned(), Language::Yaml),
    ]
}

/// The platform of the page, without findings' places.
pub fn sample() -> Sample {
    let mut sample = Sample {
        files: files(),
        model: Model::default(),
        verdicts: page_rows(),
        findings: Vec::new(),
        suppressed: Vec::new(),
        issues: 2,
        result: "2 issues found — fix idempotency and add deadlock alerting".to_owned(),
        severity: Some(Severity::Medium),
        severity_words: "data corruption risk under concurrent load".to_owned(),
    };
    sample.model = model(&sample);
    sample.findings = findings(&sample);
    number_equal(&mut sample.findings);
    let accepted = Finding { fingerprint: "00".to_owned(), ..sample.findings[0].clone() };
    let why = Some("imports are deduplicated at night".to_owned());
    sample.suppressed = vec![Suppressed { finding: accepted, by: "comment".to_owned(), why }];
    sample.verdicts[4].findings = vec![0];
    sample.verdicts[4].remedy = "fix idempotency".to_owned();
    let site = sample.site(1, "connection.execute(\"UPDATE");
    sample.verdicts[0].evidence = vec![Evidence { message: "stock: written by order_agent".to_owned(), site }];
    sample
}

fn model(sample: &Sample) -> Model {
    let insert = sample.site(0, "connection.execute");
    let update = sample.site(1, "connection.execute(\"UPDATE");
    let read = sample.site(1, "connection.execute");
    let declared = sample.site(2, "worker");
    let actor = |kind, prefix: &str, name: &str, site| Actor {
        id: format!("{prefix}:{name}"),
        name: name.to_owned(),
        aliases: vec!["Product Data Enricher".to_owned()],
        kind,
        framework: "crewai".to_owned(),
        site,
        tools: vec![format!("{name}_tool")],
        entry_points: vec![EntryPoint { function: format!("agents.{name}.run"), site }],
        system: 0,
        multiple: None,
        long_running: None,
        stopped_by: None,
        retries: None,
        by_model: true,
        process: None,
        pooled: false,
    };
    let access = |actor, mode, operation, site, function: &str| Access {
        actor: ActorId(actor),
        mode,
        operation,
        site,
        function: function.to_owned(),
        api: "psycopg.Connection.execute".to_owned(),
        idempotent: false,
        atomic: true,
        guards: vec!["lock:stock".to_owned()],
        path: vec![Frame { function: function.to_owned(), site }],
        verb: operation.to_uppercase(),
        retry: None,
        retry_distance: 0,
        retry_explicit: false,
        fresh_key: false,
        conditional: false,
        exclusive: false,
        presence: false,
        polling: None,
        unique: None,
        handled: false,
        money: false,
        inferred: 0,
        decided: false,
        makes_missing: false,
        settled: false,
        in_transaction: false,
        admitted: false,
        renews: false,
        rolled_back: false,
        batch: false,
        looped: None,
        unordered: false,
        locks_rows: false,
        process_guard: None,
        in_one_turn: false,
    };
    let resource = |name: &str, readers: &[u32], writers: &[u32], accesses| Resource {
        id: format!("postgres:{name}"),
        name: name.to_owned(),
        store: "postgres".to_owned(),
        kind: "table".to_owned(),
        system: 0,
        shared: true,
        readers: readers.iter().copied().map(ActorId).collect(),
        writers: writers.iter().copied().map(ActorId).collect(),
        accesses,
        policy: None,
    };
    Model {
        systems: vec![System {
            name: ".".to_owned(),
            units: vec![Unit {
                name: "worker".to_owned(),
                instances: 3,
                site: declared,
                written: None,
                several: true,
                scheduled: false,
                per_client: false,
                group: 0,
                hosts: Vec::new(),
            }],
        }],
        actors: vec![
            actor(ActorKind::Agent, "agent", "data_enricher", insert),
            actor(ActorKind::Agent, "agent", "order_agent", update),
            actor(ActorKind::Worker, "worker", "restock", declared),
        ],
        resources: vec![
            resource("product_attributes", &[], &[0], vec![access(0, Mode::Write, "insert", insert, "Enricher.save")]),
            resource(
                "stock",
                &[1, 2],
                &[1],
                vec![
                    access(1, Mode::Read, "read", read, "sell"),
                    access(1, Mode::ReadModifyWrite, "update", update, "sell"),
                    access(2, Mode::Read, "read", read, "sell"),
                ],
            ),
        ],
        locks: vec![Lock {
            id: "lock:stock".to_owned(),
            name: "stock".to_owned(),
            scope: LockScope::Distributed,
            ttl_seconds: Some(30.0),
            ttl: Some("30s default, per-resource configurable".to_owned()),
            session: false,
            own: true,
            api: "Coordinator.lock".to_owned(),
            site: read,
            holders: vec![ActorId(1)],
        }],
        channels: vec![Channel {
            id: "stock.updated".to_owned(),
            publishers: vec![ActorId(1)],
            subscribers: vec![ActorId(2)],
            site: update,
        }],
        controls: vec![Control::new(ControlKind::KillSwitch, vec![ActorId(0)], declared, "admin API".to_owned())],
        orchestrators: vec![Orchestrator { pattern: "centralized task coordinator".to_owned(), site: declared, system: 0 }],
        concurrency: vec![Concurrency { a: ActorId(0), b: ActorId(1), why: "asyncio.gather".to_owned(), site: read, presumed: false }],
        coverage: Coverage {
            languages: [("python", 2), ("yaml", 1)].into(),
            lines: 18,
            skipped: vec![("agents/broken.py".to_owned(), "syntax error at line 3".to_owned())],
            not_read: [("typescript".to_owned(), 4)].into(),
            unresolved: vec![(update, "UPDATE of a table whose name is not known".to_owned())],
            unknown_imports: vec!["inhouse.store".to_owned()],
        },
        ..Model::default()
    }
}

fn findings(sample: &Sample) -> Vec<Finding> {
    let insert = sample.site(0, "\"INSERT INTO product_attributes (sku, value) VALUES (%s, %s)\"");
    let read = sample.site(1, "connection.execute(\"SELECT quantity FROM stock WHERE sku = %s\", (sku,))");
    let update = sample.site(1, "connection.execute(\"UPDATE stock SET quantity = %s WHERE sku = %s\", (left, sku))");
    let replicas = sample.site(2, "replicas: 3");
    let evidence = |message: &str, site| Evidence { message: message.to_owned(), site };
    let turn =
        |actor: &str, step: &str, value: &str, site| Turn { actor: actor.to_owned(), step: step.to_owned(), value: value.to_owned(), site };
    vec![
        Finding {
            rule: "non-idempotent-insert",
            row: "idempotent-writes",
            severity: Severity::Medium,
            advice: false,
            confidence: Confidence::High,
            message: "Agent \"data_enricher\" writes are not idempotent — uses INSERT, not UPSERT".to_owned(),
            actors: vec!["agent:data_enricher".to_owned()],
            resource: Some("postgres:product_attributes".to_owned()),
            function: "Enricher.save".to_owned(),
            site: insert,
            related: Vec::new(),
            evidence: vec![
                evidence("agent data_enricher → tool enrich_product", insert),
                evidence("enrich_product → Enricher.save → INSERT INTO product_attributes", insert),
            ],
            interleaving: Vec::new(),
            help: "Write INSERT … ON CONFLICT DO UPDATE, with a unique key over what identifies the row".to_owned(),
            remedy: "fix idempotency",
            assumption: None,
            fingerprint: String::new(),
        },
        Finding {
            rule: "lost-update",
            row: "locks",
            severity: Severity::High,
            advice: false,
            confidence: Confidence::Medium,
            message: "Agents \"order_agent\" and \"restock\" update \"stock\" by read-modify-write without a lock".to_owned(),
            actors: vec!["agent:order_agent".to_owned(), "worker:restock".to_owned()],
            resource: Some("postgres:stock".to_owned()),
            function: "sell".to_owned(),
            site: update,
            related: vec![
                Related { role: Role::Read, message: "the quantity is read here".to_owned(), site: read },
                Related { role: Role::Manifest, message: "three of them run".to_owned(), site: replicas },
            ],
            evidence: vec![evidence("agent order_agent → sell → UPDATE stock", update)],
            interleaving: vec![
                turn("agent:order_agent", "reads quantity", "5", read),
                turn("worker:restock", "reads quantity", "5", read),
                turn("agent:order_agent", "writes quantity", "2", update),
                turn("worker:restock", "writes quantity", "4", update),
            ],
            help: "Write UPDATE stock SET quantity = quantity - %s, or hold a lock over both statements".to_owned(),
            remedy: "lock shared writes with a TTL",
            assumption: Some("connection is a psycopg.Connection".to_owned()),
            fingerprint: String::new(),
        },
    ]
}
