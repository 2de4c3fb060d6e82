//! YAML and TOML to one tree with places.

use super::place::{Fault, Node, Place, Placed, Value};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned, UserMessageFormatter};
use std::fmt;
use toml::de::{DeTable, DeValue};

/// Deeper nesting is no configuration.
const DEEPEST: usize = 32;

/// The top node of a YAML document; `None` for an empty one.
pub(super) fn yaml(text: &str) -> Result<Option<Node>, Fault> {
    let options = serde_saphyr::options! { budget: serde_saphyr::budget! { max_aliases: 100, max_depth: DEEPEST } };
    // A document of comments alone is no null at a place of its own: ask for an option.
    let document: Result<Option<Spanned<Raw>>, _> = serde_saphyr::from_str_with_options(text, options);
    match document {
        Ok(Some(top)) => Ok(Some(node(top))),
        Ok(None) => Ok(None),
        Err(error) => {
            let place = error.location().map_or(Place::START, place);
            let rendered = error.without_snippet().render_with_formatter(&UserMessageFormatter);
            let first = rendered.lines().next().unwrap_or_default();
            let message = first.split(" at line ").next().unwrap_or_default().to_owned();
            Err(Fault { place, message })
        }
    }
}

fn place(location: Location) -> Place {
    Place { line: (location.line() as u32).max(1), column: (location.column() as u32).max(1) }
}

/// A value as the YAML parser hands it over.
enum Raw {
    Plain(Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn node(raw: Spanned<Raw>) -> Node {
    let at = place(raw.referenced);
    let value = match raw.value {
        Raw::Plain(value) => value,
        Raw::List(items) => Value::List(items.into_iter().map(node).collect()),
        Raw::Map(entries) => {
            let entry =
                |(key, value): (Spanned<String>, Spanned<Raw>)| (Placed { value: key.value, place: place(key.referenced) }, node(value));
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { place: at, value }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Integer(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Raw, E> {
        let value = i64::try_from(value).map_err(|_| E::custom("this number is too large"))?;
        Ok(Raw::Plain(Value::Integer(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

/// The `[tool.clawproof]` table of a TOML document; `None` where there is none.
pub(super) fn toml_table(text: &str) -> Result<Option<Node>, Fault> {
    let at = |span: std::ops::Range<usize>| position(text, span.start);
    let document = DeTable::parse(text).map_err(|error| Fault {
        place: error.span().map_or(Place::START, at),
        message: error.message().lines().next().unwrap_or_default().to_owned(),
    })?;
    let tool = document.get_ref().get("tool").and_then(|tool| tool.get_ref().as_table());
    let Some((key, table)) = tool.and_then(|tool| tool.get_key_value("clawproof")) else { return Ok(None) };
    let mut top = toml_node(text, table, DEEPEST)?;
    top.place = at(key.span());
    Ok(Some(top))
}

fn toml_node(text: &str, value: &toml::Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Fault> {
    let place = position(text, value.span().start);
    let fault = |message: &str| Fault { place, message: message.to_owned() };
    let below = depth.checked_sub(1).ok_or_else(|| fault("nested too deeply"))?;
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix());
            Value::Integer(number.map_err(|_| fault("this number is too large"))?)
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().map_err(|_| fault("not a number"))?),
        DeValue::Datetime(_) => return Err(fault("no setting is a date or time")),
        DeValue::Array(items) => Value::List(items.iter().map(|item| toml_node(text, item, below)).collect::<Result<_, _>>()?),
        DeValue::Table(table) => {
            let entry = |(key, value): (&toml::Spanned<_>, _)| {
                let name: &std::borrow::Cow<'_, str> = key.get_ref();
                let place = position(text, key.span().start);
                toml_node(text, value, below).map(|node| (Placed { value: name.to_string(), place }, node))
            };
            Value::Map(table.iter().map(entry).collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { place, value })
}

fn position(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |index| index + 1);
    let line = before.matches('\n').count() as u32 + 1;
    Place { line, column: before[start..].chars().count() as u32 + 1 }
}
