//! Placeholders made acceptable to a parser: as values, as names, or left out.
//!
//! What a placeholder stands for is told by its place. A value becomes `$n`; a name becomes a quoted name that
//! carries it; what stands where neither can (`FROM t {where}`) is taken out and leaves the statement *open*:
//! conditions may be added that are not seen.

use super::lex::is_keyword;
use super::normalise::Facts;
use super::statement::{Placeholder, RowCount};
use super::text::placeholder_char;
use super::token::{Kind, Token};

/// The clause a token stands in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Clause {
    Start,
    Select,
    From,
    Into,
    Columns,
    Set,
    Where,
    Values,
    Inside,
    Other,
}

/// Walks the tokens and builds the new ones.
struct Rewrite<'a> {
    tokens: &'a [Token],
    table: &'a [Placeholder],
    out: Vec<Token>,
    clauses: Vec<Clause>,
    facts: &'a mut Facts,
}

/// Tokens in which every placeholder is a value or a name.
pub(super) fn neutralise(tokens: &[Token], table: &[Placeholder], facts: &mut Facts) -> Vec<Token> {
    let mut rewrite = Rewrite { tokens, table, out: Vec::with_capacity(tokens.len() + 8), clauses: vec![Clause::Start], facts };
    for index in 0..tokens.len() {
        rewrite.step(index);
    }
    rewrite.out
}

impl Rewrite<'_> {
    fn clause(&self) -> Clause {
        self.clauses.last().copied().unwrap_or(Clause::Other)
    }

    fn enter(&mut self, clause: Clause) {
        if let Some(top) = self.clauses.last_mut() {
            *top = clause;
        }
    }

    fn back(&self, n: usize) -> Option<&Token> {
        self.out.len().checked_sub(n).and_then(|index| self.out.get(index))
    }

    fn back_is(&self, n: usize, word: &str) -> bool {
        self.back(n).is_some_and(|token| token.is(word))
    }

    fn step(&mut self, index: usize) {
        let token = &self.tokens[index];
        match &token.kind {
            Kind::Param(param) => return self.param(index, *param),
            Kind::Punct('(') => {
                let inside = match self.clause() {
                    Clause::Into if self.back(1).is_some_and(|before| !before.is("into")) => Clause::Columns,
                    _ if self.back_is(1, "conflict") => Clause::Columns,
                    Clause::Values => Clause::Values,
                    // Joined tables in parentheses are still FROM; a function's arguments are not.
                    Clause::From if self.back(1).is_some_and(|t| t.is_any(&["from", "join"]) || t.punct(',')) => Clause::From,
                    _ => Clause::Inside,
                };
                self.clauses.push(inside);
            }
            Kind::Punct(')') if self.clauses.len() > 1 => {
                self.clauses.pop();
            }
            Kind::Word(word) => self.word(word),
            _ => {}
        }
        self.out.push(token.clone());
    }

    fn word(&mut self, word: &str) {
        let clause = match word.to_ascii_lowercase().as_str() {
            "select" | "returning" => Clause::Select,
            // `extract(x from y)`, `IS DISTINCT FROM`.
            "from" if self.clause() == Clause::Inside || self.back_is(1, "distinct") && self.back_is(2, "is") => return,
            "from" | "join" | "using" => Clause::From,
            "into" => Clause::Into,
            "update" if !self.back(1).is_some_and(|t| t.is_any(&["for", "key", "do", "then"])) => Clause::From,
            "set" => Clause::Set,
            "where" | "on" | "having" => Clause::Where,
            "values" | "value" => Clause::Values,
            "order" | "group" | "limit" | "offset" | "for" | "union" | "window" => Clause::Other,
            _ => return,
        };
        self.enter(clause);
    }

    /// Whether the host puts this in before the driver sees it, so that it may be anything.
    fn is_hosted(&self, index: usize, param: usize) -> bool {
        match self.table.get(param) {
            Some(Placeholder::Hole(_) | Placeholder::Format(_)) => true,
            Some(Placeholder::Positional(_)) => self.tokens.get(index).is_some_and(|t| t.end - t.start == 2),
            _ => false,
        }
    }

    fn value(&mut self, index: usize) {
        self.out.push(self.tokens[index].clone());
    }

    fn name(&mut self, index: usize, param: usize) {
        let token = Token { kind: Kind::Quoted(placeholder_char(param).to_string()), ..self.tokens[index].clone() };
        self.out.push(token);
    }

    fn make(&mut self, index: usize, kinds: &[Kind]) {
        let at = &self.tokens[index];
        self.out.extend(kinds.iter().map(|kind| at.with(kind.clone())));
    }

    fn leave_out(&mut self) {
        self.facts.open = true;
    }

    fn param(&mut self, index: usize, param: usize) {
        let next = self.tokens.get(index + 1);
        let hosted = self.is_hosted(index, param);
        let glued = next.is_some_and(|next| !next.spaced);
        let word = |name: &str| Kind::Word(name.to_string());

        let dotted = next.is_some_and(|next| next.punct('.')) || self.back(1).is_some_and(|t| t.punct('.'));
        let called = hosted && glued && next.is_some_and(|next| next.punct('(')) && !self.back_is(1, "in");
        if dotted || (called && self.clause() != Clause::Into) {
            return self.name(index, param);
        }
        let Some(before) = self.back(1).cloned() else { return self.leave_out() };
        if before.op("::") {
            return self.make(index, &[word("text")]);
        }
        if self.names_table(&before) || before.is_any(&["as", "constraint", "collate"]) {
            return self.name(index, param);
        }
        match self.clause() {
            Clause::Columns => return self.name(index, param),
            Clause::Select if hosted && (before.is_any(&["select", "distinct"]) || before.punct(',')) => {
                return self.name(index, param);
            }
            Clause::Set if before.is("set") || before.punct(',') => {
                self.name(index, param);
                let assigned = next.is_some_and(|next| matches!(&next.kind, Kind::Op(op) if op.contains('=')));
                if !assigned {
                    self.facts.open = true;
                    self.make(index, &[Kind::Op("=".into()), word("null")]);
                }
                return;
            }
            Clause::Values if before.is_any(&["values", "value"]) || (before.punct(',') && self.after_tuple()) => {
                self.facts.rows = Some(if hosted && !self.is_percent(param) { RowCount::Unknown } else { RowCount::Many });
                return self.in_parentheses(index);
            }
            _ => {}
        }
        if before.is_any(&["in", "top"]) {
            return self.in_parentheses(index);
        }
        // `WITH x AS ({query})`, `FROM ({query}) AS x`.
        let whole = before.punct('(') && next.is_some_and(|next| next.punct(')'));
        if hosted && whole && self.back(2).is_some_and(|t| t.is_any(&["as", "from", "join", "exists", "materialized", "lateral"])) {
            self.facts.open = true;
            return self.make(index, &[word("select"), Kind::Number("1".into())]);
        }
        if before.is("interval") {
            let unit = next.is_some_and(|next| next.word().is_some_and(|word| !is_keyword(word)));
            return match unit {
                true => self.value(index),
                false => self.make(index, &[Kind::Str("1".into()), word("second")]),
            };
        }
        if before.is("conflict") {
            self.make(index, &[Kind::Punct('(')]);
            self.name(index, param);
            return self.make(index, &[Kind::Punct(')')]);
        }
        if before.is("do") {
            self.leave_out();
            return self.make(index, &[word("nothing")]);
        }
        if before.is("or") && self.back_is(2, "insert") {
            self.leave_out();
            return self.make(index, &[word("ignore")]);
        }
        if before.is_any(&["insert", "update", "delete", "share", "locked", "nowait", "nothing", "desc", "asc"]) {
            return self.leave_out();
        }
        if hosted && self.ends_operand(&before) {
            let operand = next.is_some_and(|next| match &next.kind {
                Kind::Number(_) | Kind::Str(_) | Kind::Param(_) | Kind::Quoted(_) => true,
                Kind::Word(word) => !is_keyword(word),
                _ => false,
            });
            // `FROM t {where} a = 1`
            let compares = self
                .tokens
                .get(index + 2)
                .is_some_and(|t| matches!(t.kind, Kind::Op(_)) || t.is_any(&["is", "in", "like", "between", "not"]) || t.punct('.'));
            if operand && compares && self.clause() == Clause::From {
                self.facts.open = true;
                self.enter(Clause::Where);
                return self.make(index, &[word("where")]);
            }
            // `column {operator} ?`
            if operand && matches!(self.clause(), Clause::Where | Clause::Inside) {
                return self.make(index, &[Kind::Op("<".into())]);
            }
            return self.leave_out();
        }
        if before.is("by") && hosted {
            return self.name(index, param);
        }
        self.value(index);
    }

    /// Whether a table's name is what comes next.
    fn names_table(&self, before: &Token) -> bool {
        if before.punct(',') {
            return self.clause() == Clause::From;
        }
        if before.is("from") {
            return self.clause() == Clause::From;
        }
        if before.is("update") {
            return self.clause() == Clause::From;
        }
        // `USING %s` in MERGE and DELETE names a table; in JOIN it has parentheses.
        before.is_any(&["into", "join", "table", "only", "using", "overwrite"])
            || (before.is("ignore") && self.back(2).is_some_and(|t| t.is("insert") || t.is("update")))
            || (before.is("delete") && self.out.len() == 1 && self.tokens.iter().any(|t| t.is("from")))
            || (before.is("merge") && self.out.len() == 1)
    }

    fn is_percent(&self, param: usize) -> bool {
        matches!(self.table.get(param), Some(Placeholder::Positional(_)))
    }

    /// Whether the last comma follows a tuple of VALUES.
    fn after_tuple(&self) -> bool {
        self.back(2).is_some_and(|t| t.punct(')')) && self.clauses.len() == 1
    }

    fn in_parentheses(&mut self, index: usize) {
        self.make(index, &[Kind::Punct('(')]);
        self.value(index);
        self.make(index, &[Kind::Punct(')')]);
    }

    /// Whether a token can be the end of an operand.
    fn ends_operand(&self, before: &Token) -> bool {
        match &before.kind {
            Kind::Word(_) if before.is_any(&["match", "regexp", "rlike", "glob", "similar", "to", "escape", "contains"]) => false,
            Kind::Word(word) => !is_keyword(word) || before.is_any(&["null", "end", "key", "default"]),
            Kind::Quoted(_) | Kind::Str(_) | Kind::Dollar(..) | Kind::Number(_) | Kind::Param(_) => true,
            Kind::Punct(c) => matches!(c, ')' | ']'),
            Kind::Op(op) => {
                op == "*" && self.back(2).is_some_and(|t| t.is_any(&["select", "returning"]) || matches!(t.kind, Kind::Punct(_)))
            }
        }
    }
}
