//! The model as JSON, for other programs. The schema is told in `docs/vo-jit-cfg.md`.

use super::model::FuncView;
use super::visible::is_hidden;
use serde::Serialize;
use std::fmt::Write;

/// The name of the schema, in the field `schema`.
pub const SCHEMA: &str = "vo-jit-cfg";
/// Its version, in the field `version`: a larger one where a field has changed its meaning or is
/// gone. Fields may be added within a version.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: u32,
    program: &'a str,
    module: &'a str,
    functions: &'a [FuncView],
}

/// The document: `program` is the file's name, `module` the hash of its code.
pub fn document(program: &str, module: &str, functions: &[FuncView]) -> String {
    let document = Document {
        schema: SCHEMA,
        version: VERSION,
        program,
        module,
        functions,
    };
    let mut text = of(&document);
    text.push('\n');
    text
}

/// A value as JSON, on one line; what is hidden in its strings is escaped.
pub fn of(value: &impl Serialize) -> String {
    // The model has no maps with keys that are not strings, and nothing in it fails.
    let text = serde_json::to_string(value).expect("the model can be written as JSON");
    escaped(text)
}

/// JSON whose strings show what is hidden in them, as escapes: they mean the same.
fn escaped(text: String) -> String {
    if !text.chars().any(is_hidden) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}
