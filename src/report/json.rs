//! The JSON report.
//!
//! What machines read is frozen in [`v1`], apart from the internal types: those may change, and then the conversion here
//! changes with them and the output does not.

mod convert;
pub mod v1;

use super::Report;

/// The report as pretty JSON with a final newline.
pub fn render(report: &Report<'_>) -> String {
    let mut text = serde_json::to_string_pretty(&convert::report(report)).unwrap_or_else(|error| {
        // Nothing in the frozen types can fail to serialise; say so in the output's own language if it ever does.
        format!("{{\"error\": {:?}}}", error.to_string())
    });
    text.push('\n');
    text
}

/// The JSON Schema of the report.
pub fn schema() -> String {
    let schema = schemars::generate::SchemaSettings::default().for_serialize().into_generator();
    format!("{:#}\n", schema.into_root_schema_for::<v1::Report<'static>>().to_value())
}
