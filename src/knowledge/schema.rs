//! The JSON Schema of a pack, for editors; `rules/pack.schema.json` holds it and a test keeps the two equal.

use super::vocabulary::Pack;
use serde_json::Value;

/// The schema as text, generated from the types of `vocabulary`.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Pack).to_value();
    accept_scalars(&mut schema);
    format!("{schema:#}\n")
}

/// Where a pack holds text, YAML may say `0` or `true`, which is read as that text; the schema must allow it too.
fn accept_scalars(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(accept_scalars),
        Value::Object(fields) => {
            if !fields.contains_key("enum") && !fields.contains_key("const") {
                match fields.get_mut("type") {
                    Some(Value::Array(types)) if types.iter().any(|ty| ty == "string") => {
                        types.extend(["number".into(), "boolean".into()]);
                    }
                    Some(ty) if ty == "string" => *ty = vec!["string", "number", "boolean"].into(),
                    _ => {}
                }
            }
            fields.values_mut().for_each(accept_scalars);
        }
        _ => {}
    }
}
