//! Reading a program in any of its forms, for the commands.

use std::fmt::Display;
use std::io::Read;
use std::path::Path;
use vo_bytecode::{Module, binary, text};
use vo_lang::compile;

/// Reads a program: a module, which is a `.vob` file or begins like one, a `.vot` module in text
/// form, or else Vo source, in a file or a folder, which is compiled. A module is not verified yet.
///
/// # Errors
/// The message for the user, with colour where that is asked for.
pub fn load(file: &Path, colour: bool) -> Result<Module, String> {
    let read =
        || std::fs::read(file).map_err(|e| format!("error: cannot read {}: {e}", file.display()));
    let compile = || compile::compile_path(file).map_err(|failure| failure.report(colour));
    match file.extension().and_then(|e| e.to_str()) {
        Some("vot") => {
            let source = String::from_utf8(read()?)
                .map_err(|_| in_file(file, &"the file is not valid UTF-8"))?;
            text::parse(&source).map_err(|e| in_file(file, &e))
        }
        Some("vo") => compile(),
        extension if extension == Some("vob") || begins_like_module(file) => {
            binary::decode(&read()?).map_err(|e| in_file(file, &e))
        }
        _ => compile(),
    }
}

fn begins_like_module(file: &Path) -> bool {
    let mut start = [0; binary::MAGIC.len()];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == binary::MAGIC
}

/// The message for an error in a file.
pub fn in_file(file: &Path, error: &dyn Display) -> String {
    format!("error: {}: {error}", file.display())
}
