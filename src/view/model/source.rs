//! The source lines of functions, as far as their files can be found.

use super::SourceLine;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use vo_bytecode::{Function, Module};

/// The line at which a function ends that is declared at a line and has its last instruction at
/// another: the next one that begins with a brace as far left as the declaration. `last` where
/// there is none.
fn end_of(lines: &[String], declared: u32, last: u32) -> u32 {
    let line = |number: u32| lines.get(number as usize - 1).map_or("", String::as_str);
    let indent = |text: &str| text.len() - text.trim_start().len();
    let depth = indent(line(declared));
    // A body that stands in one line has ended there.
    if last == declared && !line(declared).trim_end().ends_with(['{', '(', ',']) {
        return last;
    }
    (last.max(declared + 1)..=lines.len() as u32)
        .find(|number| {
            let text = line(*number);
            !text.trim().is_empty() && indent(text) <= depth
        })
        .filter(|number| line(*number).trim_start().starts_with('}'))
        .unwrap_or(last)
}

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
        let closed = end_of(lines, declared, last);
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

#[cfg(test)]
mod tests {
    use super::end_of;

    #[test]
    fn a_function_ends_at_its_brace() {
        let text = "func f() {\n\tfor {\n\t\tg()\n\n\t}\n}\n\nfunc g() { h() }\n\
                    func h() {\n}\n\tgo func() {\n\t\tg()\n\t}()\n\tg()\n";
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(end_of(&lines, 1, 3), 6);
        assert_eq!(end_of(&lines, 1, 6), 6);
        assert_eq!(end_of(&lines, 8, 8), 8, "in one line");
        assert_eq!(end_of(&lines, 9, 9), 10, "without a body");
        assert_eq!(end_of(&lines, 11, 12), 13, "a closure");
        assert_eq!(end_of(&lines, 11, 14), 14, "another text than was compiled");
        assert_eq!(end_of(&[], 3, 4), 4, "no text");
    }
}
