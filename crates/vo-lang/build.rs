//! Embeds the standard library: writes the list of its files as Rust source.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=std");
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("std");
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, &mut files)?;
    }
    let mut entries: Vec<_> = files
        .iter()
        .map(|file| {
            let package = file.parent().and_then(|dir| dir.strip_prefix(&root).ok());
            let package = package.unwrap_or(Path::new("")).to_string_lossy();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            (package.replace('\\', "/"), name, file)
        })
        .collect();
    // By package: the files of `sync/atomic` do not come between those of `sync`.
    entries.sort();
    let mut list = String::from("&[\n");
    for (package, name, file) in &entries {
        let _ = writeln!(list, "    ({package:?}, {name:?}, include_str!({file:?})),");
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("std_files.rs"), list)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "vo") {
            files.push(path);
        }
    }
    Ok(())
}
