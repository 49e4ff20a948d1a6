//! Golden files of a dozen functions in every format, without native code, which depends on the
//! machine. `BLESS=1 cargo test --test view` writes them; read the difference before you commit.

use std::fs;
use std::path::{Path, PathBuf};
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, FuncView, Parts};
use vo_jit::view::render::{Compare, Stage};
use vo_jit::view::{dot, html, json, names, svg, text};

const FUNCTIONS: [&str; 13] = [
    "add",
    "max",
    "sum",
    "table",
    "name",
    "fib",
    "worker",
    "choose",
    "Tree.walk",
    "must",
    "spawn",
    "spawn.func1",
    "total",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/view/golden")
}

fn view(name: &str) -> FuncView {
    let file = folder().join("functions.vot");
    let module = vo_jit::load::load(&file, false).expect("the functions can be read");
    vo_bytecode::verify::verify(&module).expect("the functions are well-formed");
    let found = names::find(&module, name).expect("the function is there");
    let mut builder = Builder::new(module, &file);
    let parts = Parts {
        source: true,
        code: false,
    };
    let mut views = builder.views(&found, parts).expect("a view");
    views.remove(0)
}

fn texts(view: &FuncView) -> String {
    let of = |stage, compare| text::function(view, stage, compare);
    [
        of(Stage::Source, None),
        of(Stage::Bytecode, None),
        of(Stage::Cfg, None),
        of(Stage::Split, None),
        of(Stage::Split, Some(Compare::Diff)),
    ]
    .join("\n")
}

fn picture(view: &FuncView) -> String {
    let before = Drawing::new(view, false).expect("small");
    let after = Drawing::new(view, true).expect("small").with_diff();
    let row = vec![
        ("before the split".to_owned(), before),
        ("after the split".to_owned(), after),
    ];
    without(&svg::file(&[row], &view.name), "<style>", "</style>")
}

/// The page without what is the same in all pages.
fn page(view: &FuncView) -> String {
    let page = html::page("functions.vot", std::slice::from_ref(view), None).expect("a page");
    let page = without(&page, "<style>", "</style>");
    let page = without(&page, "script-src '", "'");
    let page = without(&page, "<a class=\"skip\"", "<script type");
    without(&page, "<script>", "</script>")
}

fn without(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).expect("the beginning of what is left out") + from.len();
    let end = start + text[start..].find(to).expect("its end");
    format!("{}…{}", &text[..start], &text[end..])
}

fn check(file: &Path, found: &str) -> Result<(), String> {
    let expected = fs::read_to_string(file).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        return fs::write(file, found).map_err(|error| error.to_string());
    }
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let first = lines.find(|(_, (a, b))| a != b);
    Err(match first {
        Some((at, (a, b))) => {
            let short = |line: &str| line.chars().take(200).collect::<String>();
            let (a, b) = (short(a), short(b));
            format!("{}:{}:\nexpected {a}\nfound    {b}", file.display(), at + 1)
        }
        None => format!("{}: one is longer than the other", file.display()),
    })
}

#[test]
fn formats_are_as_they_were() {
    let mut failures = Vec::new();
    for name in FUNCTIONS {
        let view = view(name);
        let file = |extension: &str| folder().join(format!("{name}.{extension}"));
        let views = std::slice::from_ref(&view);
        let found = [
            ("txt", texts(&view)),
            ("dot", dot::graph(&view, true, true)),
            ("svg", picture(&view)),
            ("json", json::document("functions.vot", "", views)),
            ("html", page(&view)),
        ];
        for (extension, text) in found {
            failures.extend(check(&file(extension), &text).err());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The pictures of `docs/vo-jit-cfg.md`.
#[test]
fn pictures_of_the_documentation_are_as_they_were() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let mut failures = Vec::new();
    for (name, side) in [("choose", true), ("worker", false), ("table", false)] {
        let view = view(name);
        let after = Drawing::new(&view, true).expect("small");
        let row = if side {
            let before = Drawing::new(&view, false).expect("small");
            vec![
                ("before the split".to_owned(), before),
                ("after the split".to_owned(), after.with_diff()),
            ]
        } else if name == "worker" {
            vec![("what the split did".to_owned(), after.with_diff())]
        } else {
            let before = Drawing::new(&view, false).expect("small");
            vec![(view.name.clone(), before)]
        };
        let picture = svg::file(&[row], &view.name);
        failures.extend(check(&docs.join(format!("{name}.svg")), &picture).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
