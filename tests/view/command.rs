//! The command `vo-jit-cfg` at its edges.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vo-jit-cfg"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the command can be started")
}

/// Runs what must fail with status 1, and gives its message.
fn fails(args: &[&str]) -> String {
    ends(args, 1)
}

/// Runs what is no right usage, and gives the message.
fn wrong_usage(args: &[&str]) -> String {
    ends(args, 2)
}

fn ends(args: &[&str], status: i32) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(status), "{args:?}");
    assert!(output.stdout.is_empty(), "nothing is written by what fails");
    let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert!(message.starts_with("error"), "{message}");
    message
}

/// Runs what must succeed, and gives what it writes.
fn shows(args: &[&str]) -> String {
    let output = run(args);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {message}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

const PROGRAM: &str = "examples/worker_pool.vo";

fn path(file: &Path) -> &str {
    file.to_str().expect("UTF-8")
}

#[test]
fn unknown_functions_are_refused_with_what_may_be_meant() {
    let message = fails(&[PROGRAM, "--func", "mian"]);
    assert!(message.contains("did you mean `main.main`"), "{message}");
}

#[test]
fn names_are_as_users_write_them() {
    for name in ["main.main", "main", "main."] {
        assert!(shows(&[PROGRAM, "--func", name]).contains("func main.main"));
    }
}

#[test]
fn broken_sources_show_their_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("broken.vo");
    std::fs::write(&file, "package main\nfunc main() { x := }\n").expect("a file");
    assert!(fails(&[path(&file)]).contains("broken.vo"));
    let missing = folder.path().join("missing.vo");
    assert!(fails(&[path(&missing)]).contains("missing.vo"));
    let module = folder.path().join("broken.vob");
    std::fs::write(&module, "no module").expect("a file");
    assert!(fails(&[path(&module)]).contains("not a bytecode module"));
}

#[test]
fn unwritable_output_is_an_error() {
    let message = fails(&[PROGRAM, "-o", "/nowhere/at/all.svg"]);
    assert!(
        message.contains("cannot write /nowhere/at/all.svg"),
        "{message}"
    );
}

/// What is opened is what was written, by the desktop's own command.
#[test]
#[cfg(target_os = "linux")]
fn what_was_written_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let (page, told) = (folder.path().join("page.html"), folder.path().join("told"));
    let opens = |script: &str| {
        // Another process writes the script: were the file open in this one, a child that some
        // other test starts just now would keep it open, and what is being written cannot be run.
        let writes = Command::new("/bin/sh")
            .args([
                "-c",
                "printf %s \"$1\" > xdg-open && chmod 755 xdg-open",
                "sh",
            ])
            .arg(script)
            .current_dir(folder.path())
            .status();
        assert!(writes.expect("there is a shell").success());
        Command::new(env!("CARGO_BIN_EXE_vo-jit-cfg"))
            .args([PROGRAM, "-o", path(&page), "--open"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("PATH", folder.path())
            .output()
            .expect("the command can be started")
    };
    let script = format!("#!/bin/sh\nprintf %s \"$1\" > {}\n", path(&told));
    assert_eq!(opens(&script).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&told).expect("it ran"), path(&page));
    std::fs::remove_file(&page).expect("it was written");
    let failed = opens("#!/bin/sh\nexit 3\n");
    assert_eq!(failed.status.code(), Some(1));
    let message = String::from_utf8_lossy(&failed.stderr);
    assert!(message.contains("was written, but not opened"), "{message}");
    assert!(page.exists());
}

#[test]
fn wishes_that_do_not_go_together_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| path(&folder.path().join(name)).to_owned();
    let (picture, image) = (file("out.svg"), file("out.png"));
    for (wish, says) in [
        (
            &["--stage", "asm", "--format", "svg"][..],
            "only the stages cfg and split",
        ),
        (
            &["--stage", "source", "--format", "dot"],
            "only the stages cfg and split",
        ),
        (
            &["--stage", "asm", "-o", &picture],
            "only the stages cfg and split",
        ),
        (
            &["--stage", "asm", "--compare", "side"],
            "--compare is of graphs",
        ),
        (&["--stage", "asm", "--format", "html"], "have all stages"),
        (
            &["--compare", "diff", "--format", "json"],
            "have all stages",
        ),
        (&["--list", "-o", &picture], "--list is text"),
        (&["-o", &image], "does not tell the format"),
    ] {
        let message = wrong_usage(&[&[PROGRAM], wish].concat());
        assert!(message.contains(says), "{wish:?}: {message}");
    }
    let nothing = std::fs::read_dir(folder.path()).expect("a folder").next();
    assert!(nothing.is_none(), "nothing is written");
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("a.vo");
    let source = "package main\n\nfunc main() {}\n";
    std::fs::write(&program, source).expect("a file");
    let program = path(&program);
    let both = folder.path().join("both.json");
    let vo = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_vo")).args(args).output();
        let output = output.expect("vo can be started");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        String::from_utf8(output.stderr).expect("messages are UTF-8")
    };
    for message in [
        fails(&[program, "-o", program, "--format", "svg"]),
        vo(&["run", "--profile", program, program]),
        vo(&["run", "--trace", program, path(folder.path())]),
        vo(&["build", program, "-o", program]),
    ] {
        assert!(message.contains("cannot be written too"), "{message}");
    }
    let twice = vo(&[
        "run",
        "--trace",
        path(&both),
        "--profile",
        path(&both),
        program,
    ]);
    assert!(twice.contains("cannot be written twice"), "{twice}");
    assert_eq!(
        std::fs::read_to_string(program).expect("it is there"),
        source
    );
}

#[test]
fn too_large_graphs_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("huge.vot");
    let mut text = String::from("func main.huge(i64) {\n");
    for at in 0..20_001 {
        text += &format!("@l{at}:\n  Br %0, @l{}, @end\n", at + 1);
    }
    text += "@l20001:\n  Return []\n@end:\n  Return []\n}\n";
    std::fs::write(&file, format!("file 0 \"a.vo\"\n{text}")).expect("a file");
    let message = fails(&[path(&file), "--format", "svg", "--stage", "cfg"]);
    assert!(message.contains("too many for a picture"), "{message}");
    assert!(shows(&[path(&file), "--stage", "cfg"]).contains("b20001"));
}

#[test]
fn the_file_name_gives_the_format() {
    let folder = tempfile::tempdir().expect("a folder");
    for (extension, begins) in [
        ("svg", "<svg"),
        ("html", "<!DOCTYPE html>"),
        ("json", "{\"schema\":\"vo-jit-cfg\",\"version\":1"),
        ("dot", "digraph"),
        ("txt", "func main."),
    ] {
        let file = folder.path().join(format!("out.{extension}"));
        shows(&[PROGRAM, "-o", path(&file)]);
        let text = std::fs::read_to_string(&file).expect("it was written");
        assert!(text.starts_with(begins), "{extension}: {}", &text[..40]);
    }
}

#[test]
fn the_list_tells_why_functions_suspend() {
    let list = shows(&[PROGRAM, "--list", "--all"]);
    assert!(list.contains("main.main: "), "{list}");
    assert!(list.contains("may wait in"), "{list}");
    // That it waits is told rather than that it polls, over any number of calls.
    let why = "sync.(*WaitGroup).Done calls sync.(*WaitGroup).Add at line";
    assert!(list.contains(why), "{list}");
    let written_out = "sync.(*WaitGroup).Done: 1 block, 2 resume points, record of 24 bytes, \
                       may suspend, may panic, written out at its calls\n";
    assert!(list.contains(written_out), "{list}");
    let both = run(&[PROGRAM, "--list", "--format", "json"]);
    assert_eq!(both.status.code(), Some(2), "a list is text");
}

#[test]
fn irreducible_loops_and_dead_blocks_are_marked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("knot.vot");
    let text = "file 0 \"a.vo\"\nfunc main.knot(%0: i64) {\n  Br %0, @a, @b\n\
                @a:\n  Br %0, @b, @end\n@b:\n  Br %0, @a, @end\n\
                @end:\n  Return []\n@dead:\n  Jump @end\n}\n";
    std::fs::write(&file, text).expect("a file");
    let shown = shows(&[path(&file), "--stage", "cfg"]);
    for part in [
        "b1: enters l0\n",
        "b2: heads l0\n",
        "irreducible: entries 1 2",
        "b4: unreachable\n",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let picture = shows(&[path(&file), "--stage", "cfg", "--format", "svg"]);
    for part in [">l0 irreducible<", ">b1  enters l0<", "block unreachable"] {
        assert!(picture.contains(part), "{part} in\n{picture}");
    }
}

/// What nothing leads to can be a loop, too, and looks like one.
#[test]
fn loops_that_nothing_leads_to_are_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dead.vot");
    let text = "file 0 \"a.vo\"\nfunc main.dead(%0: i64) {\n  Return []\n\
                @outer:\n  Jump @inner\n@inner:\n  Br %0, @inner, @outer\n\
                @stray:\n  Jump @outer\n}\n";
    std::fs::write(&file, text).expect("a file");
    let picture = shows(&[path(&file), "--stage", "cfg", "--format", "svg"]);
    let count = |part: &str| picture.matches(part).count();
    assert_eq!(count("class=\"loop unreachable\""), 2, "{picture}");
    assert_eq!(count(">unreachable</text>"), 2, "{picture}");
    assert_eq!(count(" back\" data-from=\"b2\""), 2, "{picture}");
    assert_eq!(count(" back\" "), 2, "{picture}");
}

#[test]
fn all_forms_of_a_program_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let from_source = shows(&[PROGRAM, "--func", "main", "--stage", "split"]);
    let binary: PathBuf = folder.path().join("pool.vob");
    let build = Command::new(env!("CARGO_BIN_EXE_vo"))
        .args(["build", PROGRAM, "-o", path(&binary)])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(build.expect("vo can be started").success());
    let other_name = folder.path().join("pool");
    std::fs::copy(&binary, &other_name).expect("a copy");
    for module in [&binary, &other_name] {
        let from_module = shows(&[path(module), "--func", "main", "--stage", "split"]);
        assert_eq!(from_module, from_source);
    }
}

#[test]
fn a_profile_of_another_program_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("profile.json");
    let ran = Command::new(env!("CARGO_BIN_EXE_vo"))
        .args(["run", "--profile", path(&profile), PROGRAM])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("vo can be started");
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let shown = shows(&[PROGRAM, "--profile", path(&profile)]);
    assert!(shown.contains("waited"), "{shown}");
    let text = std::fs::read_to_string(&profile).expect("a profile");
    for (part, other, says) in [
        (
            "\"name\":\"main.worker\"",
            "\"name\":\"main.other\"",
            "the name main.other",
        ),
        ("\"blocks\":[", "\"blocks\":[7,", "blocks instead of"),
        (
            "\"points\":[{",
            "\"points\":[{\"suspensions\":0,\"waited_ns\":0,\"parked\":[]},{",
            "points instead of",
        ),
    ] {
        assert!(text.contains(part), "{part}");
        let changed = folder.path().join("changed.json");
        std::fs::write(&changed, text.replacen(part, other, 1)).expect("a file");
        let message = fails(&[PROGRAM, "--profile", path(&changed)]);
        assert!(message.contains(says), "{message}");
    }
    let message = fails(&["examples/bank.vo", "--profile", path(&profile)]);
    assert!(
        message.contains("another version of the program"),
        "{message}"
    );
    std::fs::write(&profile, "{}").expect("a file");
    let message = fails(&[PROGRAM, "--profile", path(&profile)]);
    assert!(message.contains("this is no profile"), "{message}");
}
