//! The source lines of functions, as far as their files can be found.

use super::SourceLine;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use vo_bytecode::{Function, Module};

/// The files of a module: those of the standard library are part of this program, the others are
/// read where the module says, or beside the file that was given.
pub struct Sources {
    beside: PathBuf,
    files: HashMap<u32, Vec<String>>,
}

impl Sources {
    pub fn new(program: &Path) -> Sources {
        Sources {
            beside: program.parent().unwrap_or(Path::new("")).to_path_buf(),
            files: HashMap::new(),
        }
    }

    /// The lines from a function's first to its last; none where the file cannot be read.
    pub fn of(&mut self, module: &Module, func: &Function) -> Vec<SourceLine> {
        let used = || func.lines.iter().copied().filter(|line| *line != 0);
        let (Some(first), Some(last)) = (used().min(), used().max()) else {
            return Vec::new();
        };
        let lines = self.file(module, func.file);
        let at = |line: u32| lines.get(line as usize - 1).map_or("", |text| text.trim());
        // The line of the declaration has no instruction where a parameter list is long.
        let declared = (first.saturating_sub(3).max(1)..=first)
            .rev()
            .find(|line| at(*line).contains("func"))
            .unwrap_or(first);
        let closed = if last > declared && at(last + 1) == "}" {
            last + 1
        } else {
            last
        };
        (declared..=closed)
            .filter_map(|line| {
                let text = lines.get(line as usize - 1)?.clone();
                Some(SourceLine { line, text })
            })
            .collect()
    }

    fn file(&mut self, module: &Module, file: u32) -> &[String] {
        let beside = &self.beside;
        self.files.entry(file).or_insert_with(|| {
            let Some(name) = module.files.get(file as usize) else {
                return Vec::new();
            };
            let text = match vo_lang::package::std_file(name) {
                Some(text) => text.to_owned(),
                None => {
                    let near = Path::new(name).file_name().map(|name| beside.join(name));
                    let bytes = std::fs::read(name).or_else(|error| match near {
                        Some(near) => std::fs::read(near),
                        None => Err(error),
                    });
                    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
                }
            };
            text.lines().map(str::to_owned).collect()
        })
    }
}
