//! The folders of a project.
//!
//! The root of a project is the nearest folder at or above the program's own that holds a file `vo.mod`;
//! without one it is the program's folder. Import paths are paths of folders from there. A line
//! `module NAME` in `vo.mod` lets imports also be written `NAME/folder`, as Go programs do.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use crate::syntax::ast::Name;

/// The file that marks the root of a project.
const MARKER: &str = "vo.mod";

/// A project: where its packages are.
#[derive(Clone, Debug)]
pub(super) struct Project {
    root: PathBuf,
    module: Option<String>,
}

impl Project {
    /// The project that a folder is part of.
    pub(super) fn around(folder: &Path) -> Project {
        let here = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let root = marked_above(here).unwrap_or_else(|| here.to_path_buf());
        let module = fs::read_to_string(root.join(MARKER))
            .ok()
            .and_then(|text| module_name(&text));
        Project { root, module }
    }

    /// An import path as a path from the root, without the module's name.
    pub(super) fn path_from_root<'p>(&self, import: &'p str) -> &'p str {
        self.module
            .as_deref()
            .and_then(|module| import.strip_prefix(module)?.strip_prefix('/'))
            .unwrap_or(import)
    }

    /// The folder that a path from the root names, as messages show it; `None` if the path cannot be one.
    pub(super) fn folder(&self, path: &str) -> Option<PathBuf> {
        let plain = path
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0', ':']));
        plain.then(|| shown(&self.root.join(path)))
    }

    /// The import path of a folder of the project; empty for the root.
    pub(super) fn path_of(&self, folder: &Path) -> Option<String> {
        let (root, folder) = (
            fs::canonicalize(&self.root).ok()?,
            fs::canonicalize(folder).ok()?,
        );
        let path = folder.strip_prefix(root).ok()?.to_str()?;
        Some(path.replace('\\', "/"))
    }

    /// The import paths of all folders in the project that have source files, sorted; for suggestions, so
    /// it gives up on large projects.
    pub(super) fn packages(&self) -> Vec<Name> {
        const MOST_FOLDERS: usize = 1000;
        let mut found = Vec::new();
        let mut folders = vec![(self.root.clone(), String::new())];
        let mut visited = 0;
        while let Some((folder, path)) = folders.pop() {
            visited += 1;
            if visited > MOST_FOLDERS {
                break;
            }
            if !path.is_empty() && source_files(&folder).is_ok_and(|files| !files.is_empty()) {
                found.push(Name::from(path.as_str()));
            }
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let name = entry.file_name();
                // Links to folders are not followed: they may lead in a circle.
                let is_folder = entry.file_type().is_ok_and(|ty| ty.is_dir());
                if let Some(name) = name.to_str().filter(|name| is_folder && !is_hidden(name)) {
                    let below = if path.is_empty() { "" } else { "/" };
                    folders.push((entry.path(), format!("{path}{below}{name}")));
                }
            }
        }
        found.sort();
        found
    }
}

/// The nearest folder at or above one that has the marker.
fn marked_above(folder: &Path) -> Option<PathBuf> {
    let marked = |folder: &&Path| folder.join(MARKER).is_file();
    // As the user wrote the path, as far as that goes up.
    let named = folder
        .ancestors()
        .take_while(|f| f.components().all(|part| part != Component::ParentDir))
        .map(|f| {
            if f.as_os_str().is_empty() {
                Path::new(".")
            } else {
                f
            }
        });
    if let Some(root) = named.into_iter().find(marked) {
        return Some(root.to_path_buf());
    }
    let whole = fs::canonicalize(folder).ok()?;
    whole.ancestors().find(marked).map(Path::to_path_buf)
}

/// The name in the line `module NAME` of a marker file.
fn module_name(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("module"))
            .then(|| words.next())?
            .map(str::to_string)
    })
}

/// The source files of a folder, sorted: those that end in `.vo`, without tests (`_test.vo`) and without
/// those whose names begin with `_` or `.`.
pub(super) fn source_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    files(folder, |name| name.ends_with(".vo") && !is_test_file(name))
}

/// The test files of a folder, sorted.
pub(super) fn test_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    files(folder, is_test_file)
}

/// Whether a file of that name holds tests.
pub(super) fn is_test_file(name: &str) -> bool {
    name.ends_with("_test.vo")
}

fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if wanted(&name) && !is_hidden(&name) && path.is_file() {
            files.push(shown(&path));
        }
    }
    files.sort();
    Ok(files)
}

fn is_hidden(name: &str) -> bool {
    name.starts_with(['.', '_'])
}

/// A path without a leading `./`.
fn shown(path: &Path) -> PathBuf {
    let short = path.strip_prefix(".").unwrap_or(path);
    if short.as_os_str().is_empty() {
        path.to_path_buf()
    } else {
        short.to_path_buf()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_names() {
        assert_eq!(
            module_name("module example.com/app\n\ngo 1.22\n").as_deref(),
            Some("example.com/app")
        );
        assert_eq!(module_name("# nothing\n"), None);
        assert_eq!(module_name("module\n"), None);
    }

    #[test]
    fn import_paths_stay_within_the_project() {
        let project = Project {
            root: PathBuf::from("proj"),
            module: Some("example.com/app".into()),
        };
        assert_eq!(project.path_from_root("example.com/app/geo"), "geo");
        assert_eq!(
            project.path_from_root("example.com/apple/geo"),
            "example.com/apple/geo"
        );
        assert_eq!(
            project.folder("geo/flat"),
            Some(PathBuf::from("proj/geo/flat"))
        );
        for outside in [
            "",
            "..",
            "../x",
            "a/../../x",
            "/etc",
            "a//b",
            "./a",
            "a/",
            "C:/x",
            "a\\b",
        ] {
            assert_eq!(project.folder(outside), None, "{outside}");
        }
    }
}
