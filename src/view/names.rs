//! Finding functions by the names that their authors would write.

use super::visible::visible;
use vo_bytecode::{FuncId, Module};

/// The package of a program's own functions, which a name may leave out.
const OWN: &str = "main.";
/// How many close names are offered.
const OFFERED: usize = 3;
/// Names less alike than this are not offered.
const ALIKE: f64 = 0.7;

/// The functions that a name means: the one with exactly that name (several, where the compiler
/// made more than one), else one of package `main`, else those whose name ends so, each with or
/// without the marks of a receiver. A name that ends with a point means the whole package, one that
/// ends with `*` all that begin so, or those of package `main`.
///
/// # Errors
/// The message for the user, with names that are close.
pub fn find(module: &Module, name: &str) -> Result<Vec<FuncId>, String> {
    let with = |wanted: &dyn Fn(&str) -> bool| -> Vec<FuncId> {
        let all = module.functions.iter().zip(0..);
        all.filter(|(func, _)| wanted(&func.name))
            .map(|(_, id)| FuncId(id))
            .collect()
    };
    let own = format!("{OWN}{name}");
    let begins = |each: &str, start: &str| !start.is_empty() && each.starts_with(start);
    let is = |each: &str, name: &str| each == name || plain(each) == name;
    // Behind the whole path of a package, or its last part.
    let ends = |each: &str| {
        let before = each.strip_suffix(name);
        before.is_some_and(|before| before.ends_with(['.', '/']))
    };
    let tries: [&dyn Fn(&str) -> bool; 6] = [
        &|each| is(each, name),
        &|each| is(each, &own),
        &|each| name.ends_with('.') && begins(each, name),
        &|each| {
            name.strip_suffix('*')
                .is_some_and(|start| begins(each, start))
        },
        &|each| {
            own.strip_suffix('*')
                .is_some_and(|start| begins(each, start))
        },
        &|each| !name.is_empty() && (ends(each) || ends(&plain(each))),
    ];
    let found = tries
        .iter()
        .map(|each| with(each))
        .find(|found| !found.is_empty());
    found.ok_or_else(|| unknown(module, name))
}

/// A method's name without the marks of its receiver: `main.(*Tree).walk` is `main.Tree.walk`.
fn plain(name: &str) -> String {
    name.replace(['(', ')', '*'], "")
}

fn unknown(module: &Module, name: &str) -> String {
    let mut close: Vec<(f64, &str)> = module
        .functions
        .iter()
        .map(|func| {
            let full = strsim::jaro_winkler(name, &func.name);
            // What was meant may lack the package, or the receiver.
            let last = func.name.rsplit('.').next().unwrap_or_default();
            let own = func.name.strip_prefix(OWN).unwrap_or(last);
            let short = strsim::jaro_winkler(name, last).max(strsim::jaro_winkler(name, own));
            (full.max(short), func.name.as_str())
        })
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    close.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    close.dedup_by_key(|(_, name)| *name);
    let offered: Vec<String> = close
        .iter()
        .take(OFFERED)
        .map(|(_, name)| format!("`{}`", visible(name)))
        .collect();
    let name = visible(name);
    if offered.is_empty() {
        format!("error: there is no function `{name}`; --list shows them")
    } else {
        let offered = offered.join(" or ");
        format!("error: there is no function `{name}`; did you mean {offered}?")
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use vo_bytecode::{Module, text};

    fn module() -> Module {
        let names = [
            "main.main",
            "main.worker",
            "main.(*Tree).walk",
            "main.main.func1",
            "fmt.Println",
        ];
        let source: String = names
            .iter()
            .map(|name| format!("func \"{name}\"() {{\n  Return []\n}}\n"))
            .collect();
        text::parse(&format!("file 0 \"a.vo\"\n{source}")).expect("a module")
    }

    fn names(name: &str) -> Vec<String> {
        let module = module();
        let found = find(&module, name).expect("a function");
        found
            .iter()
            .map(|id| module.func(*id).name.clone())
            .collect()
    }

    #[test]
    fn names_may_leave_out_package_and_receiver() {
        assert_eq!(names("main.worker"), ["main.worker"]);
        assert_eq!(names("worker"), ["main.worker"]);
        assert_eq!(names("(*Tree).walk"), ["main.(*Tree).walk"]);
        assert_eq!(names("Tree.walk"), ["main.(*Tree).walk"]);
        assert_eq!(names("walk"), ["main.(*Tree).walk"]);
        assert_eq!(names("main.func1"), ["main.main.func1"]);
        assert_eq!(names("main.Tree.walk"), ["main.(*Tree).walk"]);
        assert_eq!(names("Println"), ["fmt.Println"]);
    }

    #[test]
    fn a_package_means_all_of_it() {
        assert_eq!(names("main.").len(), 4);
        assert_eq!(names("main.main*"), ["main.main", "main.main.func1"]);
        assert_eq!(names("wor*"), ["main.worker"]);
    }

    #[test]
    fn what_is_no_name_finds_nothing() {
        for name in ["", "ma*in", "(main).main", "orker"] {
            assert!(find(&module(), name).is_err(), "{name}");
        }
    }

    #[test]
    fn close_names_are_offered() {
        let error = find(&module(), "wroker").expect_err("no such function");
        assert!(error.contains("did you mean `main.worker`"), "{error}");
        let error = find(&module(), "zzz").expect_err("no such function");
        assert!(error.contains("--list"), "{error}");
    }
}
