//! Golden files of a dozen functions in every format, without native code, which depends on the
//! machine. `BLESS=1 cargo test --test view` writes them; read the difference before you commit.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use vo_bytecode::{FuncId, Module};
use vo_jit::view::dot::{self, Titled};
use vo_jit::view::draw::Drawing;
use vo_jit::view::model::{Builder, FuncView, Parts};
use vo_jit::view::profile::{self, Profile};
use vo_jit::view::render::{Compare, Stage};
use vo_jit::view::visible::Shown;
use vo_jit::view::{html, json, names, svg, text, waits};

const FUNCTIONS: [&str; 15] = [
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
    "filter",
    "tally",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/view/golden")
}

fn view(name: &str) -> FuncView {
    let file = folder().join("functions.vot");
    let module = module();
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

fn texts(view: &Shown) -> String {
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

fn dots(view: &Shown) -> String {
    let titled = |title: &str, after| Titled {
        title: title.to_owned(),
        view,
        after,
        diff: after,
    };
    let both = [
        titled("before the split", false),
        titled("after the split", true),
    ];
    dot::file(&both, &view.name)
}

fn picture(view: &Shown) -> String {
    let before = Drawing::new(view, false).expect("small");
    let after = Drawing::new(view, true).expect("small").with_diff();
    let row = vec![
        ("before the split".to_owned(), before),
        ("after the split".to_owned(), after),
    ];
    without(&svg::file(&[row], &view.name), "<style>", "</style>")
}

/// The page without what is the same in all pages.
fn page(view: &Shown) -> String {
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
        let document = json::document("functions.vot", "", std::slice::from_ref(&view));
        let view = Shown::of(view);
        let file = |extension: &str| folder().join(format!("{name}.{extension}"));
        let found = [
            ("txt", texts(&view)),
            ("dot", dots(&view)),
            ("svg", picture(&view)),
            ("json", document),
            ("html", page(&view)),
        ];
        for (extension, text) in found {
            failures.extend(check(&file(extension), &text).err());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The profile of a run of the functions that is kept beside them, for the pictures and tables
/// with counts. It may be of another version of the bytecode's binary form, but its functions must
/// have the same blocks and points; `BLESS=1` makes a new one where they have not.
fn profile(builder: &Builder) -> Profile {
    let file = folder().join("profile.json");
    let read = || -> Option<Profile> {
        let profile: Profile = serde_json::from_str(&fs::read_to_string(&file).ok()?).ok()?;
        let misfit = profile::misfit(&profile, builder.module());
        misfit.is_none().then_some(profile)
    };
    read().unwrap_or_else(|| {
        let blesses = std::env::var_os("BLESS").is_some();
        assert!(blesses, "{} is of other functions", file.display());
        let ran = Command::new(env!("CARGO_BIN_EXE_vo"))
            .args(["run", "--profile"])
            .args([&file, &folder().join("functions.vot")])
            .output();
        assert!(ran.expect("vo can be started").status.success());
        read().expect("it was just made")
    })
}

fn module() -> Module {
    let file = folder().join("functions.vot");
    vo_jit::load::load(&file, false).expect("the functions can be read")
}

/// What is shown of a run: counts, heat, waits, in every format.
#[test]
fn runs_are_shown_as_they_were() {
    let builder = Builder::plain(module(), &folder());
    let profile = profile(&builder);
    let waits = waits::of_run(&builder, &profile);
    let mut views = vec![view("filter")];
    profile::add(&profile, &mut views);
    let views: Vec<Shown> = views.into_iter().map(Shown::of).collect();
    let text = text::function(&views[0], Stage::Cfg, None)
        + &text::function(&views[0], Stage::Split, None)
        + &waits::text(&waits);
    let page = html::page("functions.vot", &views, Some(&waits)).expect("a page");
    let table = &page[page.find("<template").expect("a table")..];
    let table = &table[..table.find("</template>").expect("its end")];
    let mut failures = Vec::new();
    failures.extend(check(&folder().join("run.txt"), &text).err());
    failures.extend(check(&folder().join("run.html"), table).err());
    failures.extend(check(&folder().join("run.dot"), &dots(&views[0])).err());
    // The picture of the documentation.
    let picture = Drawing::new(&views[0], true).expect("small");
    let row = vec![("main.filter, after a run".to_owned(), picture)];
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures/heat.svg");
    failures.extend(check(&docs, &svg::file(&[row], "main.filter, after a run")).err());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every field of the JSON form is told of in the documentation.
#[test]
fn the_schema_is_documented() {
    fn keys(value: &Value, all: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    all.insert(name.clone());
                    keys(value, all);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, all)),
            _ => {}
        }
    }
    let file = folder().join("functions.vot");
    let mut builder = Builder::plain(module(), &file);
    let profile = profile(&builder);
    let all: Vec<FuncId> = (0..module().functions.len() as u32).map(FuncId).collect();
    let parts = Parts {
        source: true,
        code: true,
    };
    let mut views = builder.views(&all, parts).expect("views");
    profile::add(&profile, &mut views);
    let mut found = BTreeSet::new();
    let document = json::document("functions.vot", "", &views);
    keys(&serde_json::from_str(&document).expect("JSON"), &mut found);
    keys(&serde_json::to_value(&profile).expect("JSON"), &mut found);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vo-jit-cfg.md");
    let docs = fs::read_to_string(docs).expect("the documentation is there");
    let from = docs.find("Profile, version").expect("the profile's form");
    let to = docs.find("## Beside other tools").expect("what follows");
    let told: BTreeSet<&str> = docs[from..to]
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    let missing: Vec<&String> = (found.iter())
        .filter(|key| !told.contains(key.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let version = format!("version {}", profile::VERSION);
    assert!(docs.contains(&version), "{version}");
    assert!(docs.contains(&format!("`version` is {}", json::VERSION)));
}

/// The pictures of `docs/vo-jit-cfg.md`.
#[test]
fn pictures_of_the_documentation_are_as_they_were() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    let mut failures = Vec::new();
    for (name, side) in [("choose", true), ("worker", false), ("table", false)] {
        let view = Shown::of(view(name));
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
