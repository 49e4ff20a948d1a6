//! The command `vo fmt`: formats source files as `vo_lang::syntax::format` lays them out.

use crate::console::{print, tell};
use similar::TextDiff;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use vo_lang::diag::Diagnostics;
use vo_lang::source::SourceMap;
use vo_lang::syntax::format::format_source;

/// What to format, and what becomes of it.
#[derive(Clone, Debug, Default)]
pub struct FormatOptions {
    /// Files, and folders of which all `.vo` files are meant; none for standard input.
    pub paths: Vec<PathBuf>,
    /// List the files whose layout differs.
    pub list: bool,
    /// Show the differences.
    pub diff: bool,
    /// Write the files.
    pub write: bool,
    /// Whether messages may have colour.
    pub colour: bool,
}

/// Formats. What is asked for goes to standard output; without any wish that is the text itself. Whether all
/// could be formatted; messages about what could not have been printed.
///
/// # Errors
/// The message for the user if a file cannot be read or written.
pub fn format(options: &FormatOptions) -> Result<bool, String> {
    if options.paths.is_empty() {
        let mut text = Vec::new();
        let read = io::stdin().read_to_end(&mut text);
        read.map_err(|e| format!("error: cannot read standard input: {e}"))?;
        return one(Path::new("<standard input>"), text, options);
    }
    let mut formatted = true;
    for path in &options.paths {
        for file in files(path)? {
            let text = fs::read(&file).map_err(|e| cannot("read", &file, &e))?;
            formatted &= one(&file, text, options)?;
        }
    }
    Ok(formatted)
}

/// The files that a path stands for, in order.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let (mut found, mut folders) = (Vec::new(), vec![path.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|e| cannot("read", &folder, &e))?;
        for entry in entries.flatten() {
            let path = entry.path();
            // Links to folders are not followed: they may lead in a circle.
            if entry.file_type().is_ok_and(|ty| ty.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "vo") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> String {
    format!("error: cannot {what} {}: {error}", path.display())
}

/// Formats one text.
fn one(path: &Path, text: Vec<u8>, options: &FormatOptions) -> Result<bool, String> {
    let (mut sources, mut diags) = (SourceMap::new(), Diagnostics::new());
    let name = path.display().to_string();
    let Some(formatted) = format_source(&name, text.clone(), &mut sources, &mut diags) else {
        tell(&diags.report(&sources, options.colour));
        return Ok(false);
    };
    let changed = formatted.as_bytes() != text;
    let mut out = String::new();
    if options.list && changed {
        out.push_str(&format!("{name}\n"));
    }
    if options.diff && changed {
        let before = String::from_utf8_lossy(&text);
        let diff = TextDiff::from_lines(&*before, &formatted);
        let names = (format!("{name}.orig"), name.clone());
        let unified = diff.unified_diff().header(&names.0, &names.1).to_string();
        out.push_str(&unified);
    }
    if options.write && changed {
        fs::write(path, &formatted).map_err(|e| cannot("write", path, &e))?;
    }
    if !options.list && !options.diff && !options.write {
        out = formatted;
    }
    print(&out)?;
    Ok(true)
}
