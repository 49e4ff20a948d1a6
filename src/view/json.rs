//! The model as JSON, for other programs. The schema is told in `docs/vo-jit-cfg.md`.

use super::model::FuncView;
use serde::Serialize;

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

/// A value as JSON.
pub fn of(value: &impl Serialize) -> String {
    // The model has no maps with keys that are not strings, and nothing in it fails.
    serde_json::to_string(value).expect("the model can be written as JSON")
}
