//! What commands write: that it is neither what they read nor written twice, and how they say that
//! it cannot be written.

use std::io;
use std::path::{Path, PathBuf};

/// Makes sure that no output is an input, one of the sources in a folder that is an input, or
/// another output. What is no file, as a terminal or a pipe, may be several of them.
///
/// # Errors
/// The message for the user.
pub fn keep_apart(inputs: &[&Path], outputs: &[&Path]) -> Result<(), String> {
    let read: Vec<PathBuf> = inputs.iter().filter_map(|input| place(input)).collect();
    let mut written: Vec<PathBuf> = Vec::new();
    for output in outputs {
        let Some(file) = place(output) else { continue };
        let told = output.display();
        let source = file.extension().is_some_and(|extension| extension == "vo");
        if read.contains(&file) || source && file.parent().is_some_and(|folder| has(&read, folder))
        {
            return Err(format!("error: {told} is read; it cannot be written too"));
        }
        if written.contains(&file) {
            return Err(format!("error: {told} cannot be written twice"));
        }
        written.push(file);
    }
    Ok(())
}

/// The message of a file that cannot be written.
pub fn cannot_write(output: &Path, error: &io::Error) -> String {
    format!("error: cannot write {}: {error}", output.display())
}

fn has(all: &[PathBuf], path: &Path) -> bool {
    all.iter().any(|each| each == path)
}

/// A path without links, also of a file that is not there yet; none for what is no file.
fn place(path: &Path) -> Option<PathBuf> {
    match path.canonicalize() {
        Ok(there) => (there.is_file() || there.is_dir()).then_some(there),
        Err(_) => {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
            Some(folder.join(path.file_name()?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::keep_apart;

    #[test]
    fn outputs_are_no_inputs() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (source, other, new) = (at("a.vo"), at("b.vo"), at("new"));
        std::fs::write(&source, "").expect("a file");
        let around = folder.path().join(".").join("a.vo");
        assert!(keep_apart(&[&source], &[&around]).is_err());
        assert!(keep_apart(&[&source], &[&other, &new]).is_ok());
        assert!(keep_apart(&[folder.path()], &[&source]).is_err());
        assert!(
            keep_apart(&[folder.path()], &[&other]).is_err(),
            "would be a source"
        );
        assert!(keep_apart(&[folder.path()], &[&new]).is_ok());
        assert!(keep_apart(&[&source], &[&new, &folder.path().join("./new")]).is_err());
        #[cfg(unix)]
        {
            let null = std::path::Path::new("/dev/null");
            assert!(keep_apart(&[&source], &[null, null]).is_ok());
            let link = at("link");
            std::os::unix::fs::symlink(&source, &link).expect("a link");
            assert!(keep_apart(&[&source], &[&link]).is_err());
        }
    }
}
