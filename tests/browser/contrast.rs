//! Whether all text of pictures and panes can be read, light and dark, whatever is behind it.

use crate::browser::Browser;
use crate::want;
use libtest_mimic::Failed;

const CONTRAST: &str = include_str!("contrast.js");
const GRAPHS: &str = "[...document.querySelectorAll('#graph > svg')]";
const ROWS: &str = "[...document.querySelectorAll('.row')]";

/// Adds what cannot be read, and gives how many texts were looked at.
fn check(browser: &mut Browser, what: &str, of: &str, all: &mut String) -> Result<i64, Failed> {
    let found = browser.string(&format!("{CONTRAST}({of})"))?;
    let (count, faults) = found.split_once('\n').unwrap_or((&found, ""));
    if !faults.is_empty() {
        *all += &format!("{what}:\n{faults}\n");
    }
    Ok(count.parse().map_err(|_| found.clone())?)
}

fn theme(browser: &mut Browser, theme: &str) -> Result<(), Failed> {
    let script = format!("document.documentElement.dataset.theme = '{theme}'");
    Ok(browser.run(&script)?)
}

/// The graphs of all functions of a page.
pub fn graphs(browser: &mut Browser) -> Result<(), Failed> {
    let mut all = String::new();
    browser.open("#f=main.add")?;
    let functions = browser.count("#functions-list li")?;
    for at in 0..functions {
        let hash = "new URLSearchParams(location.hash.slice(1)).get('f')";
        let name = browser.string(hash)?;
        for stage in ["3", "4"] {
            browser.key(stage)?;
            for changes in ["on", "off"] {
                for light in ["light", "dark"] {
                    theme(browser, light)?;
                    let what = format!("{name}, stage {stage}, changes {changes}, {light}");
                    let count = check(browser, &what, &format!("{GRAPHS}, []"), &mut all)?;
                    want(count > 2, &format!("{what}: only {count} texts"))?;
                }
                browser.key("c")?;
            }
        }
        if at + 1 < functions {
            browser.key("n")?;
        }
    }
    want(all.is_empty(), &all)
}

/// Lines of graphs and panes that belong to what is selected or pointed at.
pub fn selections(browser: &mut Browser) -> Result<(), Failed> {
    let mut all = String::new();
    for name in ["main.worker", "main.must"] {
        browser.open(&format!("#f={name}&s=asm"))?;
        for light in ["light", "dark"] {
            theme(browser, light)?;
            for class in ["lit", "pinned", "def", "use"] {
                let mark = |on: bool| {
                    format!(
                        "document.querySelectorAll('.row, #graph text').forEach(each => \
                         each.classList.toggle('{class}', {on}))"
                    )
                };
                browser.run(&mark(true))?;
                let what = format!("{name}, {class}, {light}");
                check(browser, &what, &format!("{GRAPHS}, {ROWS}"), &mut all)?;
                browser.run(&mark(false))?;
            }
            let what = format!("{name}, {light}");
            let count = check(browser, &what, &format!("[], {ROWS}"), &mut all)?;
            want(count > 50, &format!("{what}: only {count} texts"))?;
        }
    }
    want(all.is_empty(), &all)
}

/// A picture without a page.
pub fn pictures(browser: &mut Browser) -> Result<(), Failed> {
    let mut all = String::new();
    browser.open("")?;
    for light in ["light", "dark"] {
        browser.prefer(light)?;
        let root = "[document.documentElement], []";
        let count = check(browser, light, root, &mut all)?;
        want(count > 500, &format!("only {count} texts"))?;
    }
    want(all.is_empty(), &all)
}
