//! The address and the browser's history: what is shown stands there, and can be come back to.

use crate::browser::Browser;
use crate::want;
use libtest_mimic::Failed;

const HASH: &str = "location.hash";

pub fn permalinks(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.choose&s=clif&i=3&form=resume")?;
    want(browser.text("#name")? == "main.choose", "the function")?;
    want(
        browser.string("document.body.dataset.stage")? == "clif",
        "the stage",
    )?;
    want(
        browser.count("#bytecode .row:nth-child(4).pinned")? == 1,
        "the instruction",
    )?;
    browser.key("j")?;
    browser.key("]")?;
    let hash = browser.string(HASH)?;
    browser.open("#f=main.add")?;
    want(browser.text("#name")? == "main.add", "another function")?;
    browser.open(&hash)?;
    want(browser.text("#name")? == "main.choose", "back again")?;
    want(
        browser.count("#bytecode .row:nth-child(5).pinned")? == 1,
        "with the selection",
    )?;
    want(
        browser.string("document.body.dataset.stage")? == "asm",
        "and the stage",
    )?;
    // What is not there is not followed, and breaks nothing.
    browser.open("#f=nobody&s=nothing&i=999999&slot=-1")?;
    want(browser.errors()?.is_empty(), "no error on the console")
}

/// What was opened stays the address, and opened again shows the same.
pub fn stays(browser: &mut Browser) -> Result<(), Failed> {
    for hash in [
        "#f=main.worker&s=split&i=9&slot=4&form=resume",
        "#f=main.choose&s=cfg&i=1&line=64&both=1&alone=1&changes=0",
        "#f=main.add&s=asm&alone=1",
        "#f=main.%28*Tree%29.walk&s=split&slot=1",
    ] {
        let state = "JSON.stringify([document.body.className, document.body.dataset.stage, \
            document.querySelector('#said').textContent, \
            [...document.querySelectorAll('main .pinned, main .use, main .def')].length, \
            document.querySelectorAll('#graph > svg').length])";
        browser.open(hash)?;
        let (shown, found) = (browser.string(HASH)?, browser.string(state)?);
        want(shown == hash, &format!("{hash} became {shown}"))?;
        browser.open(&shown)?;
        let again = browser.string(state)?;
        want(again == found, &format!("{hash}: {found} became {again}"))?;
    }
    browser.open("#f=main.worker&s=split&i=9&slot=4&form=resume")?;
    want(browser.count("#bytecode .pinned")? == 1, "the instruction")?;
    want(
        browser.text("#said")?.starts_with("%4") || browser.text("#said")?.contains("%4: "),
        "the slot is told of",
    )?;
    // A line of source with all of its instructions.
    browser.open("#f=main.worker&s=split")?;
    browser.click("#source .row:nth-child(3)")?;
    let pinned = browser.count("#bytecode .pinned")?;
    want(pinned > 1, "a line has several instructions")?;
    let hash = browser.string(HASH)?;
    browser.open(&hash)?;
    want(
        browser.count("#bytecode .pinned")? == pinned,
        "all of them are marked again",
    )
}

/// What keys turn on and off stands in the address.
pub fn modes(browser: &mut Browser) -> Result<(), Failed> {
    for (key, word) in [("b", "both=1"), ("m", "alone=1"), ("c", "changes=0")] {
        browser.open("#f=main.choose&s=split")?;
        browser.key(key)?;
        let hash = browser.string(HASH)?;
        want(hash.contains(word), &format!("{key} makes {hash}"))?;
        browser.open(&hash)?;
        let pressed = "['both', 'alone', 'changes'].map(id => \
            document.getElementById(id).getAttribute('aria-pressed')).join(' ')";
        let wanted = match key {
            "b" => "true false true",
            "m" => "false true true",
            _ => "false false false",
        };
        want(browser.string(pressed)? == wanted, &hash)?;
        browser.key(key)?;
        let hash = browser.string(HASH)?;
        want(hash == "#f=main.choose&s=split", &format!("off: {hash}"))?;
    }
    let sheet = browser.text("#keys")?;
    want(
        sheet.contains("not to the zoom"),
        "the sheet says what the address leaves out",
    )
}

/// The footer tells of this function and no other.
pub fn said(browser: &mut Browser) -> Result<(), Failed> {
    for change in ["n", "p", "search", "list"] {
        browser.open("#f=main.worker&s=split&i=3")?;
        want(browser.text("#said")?.starts_with("3 "), "the selection")?;
        match change {
            "search" => {
                browser.key("/")?;
                browser.type_text("choose")?;
                browser.key("Enter")?;
            }
            "list" => browser.click("#functions-list [data-func='0']")?,
            key => browser.key(key)?,
        }
        want(browser.text("#name")? != "main.worker", change)?;
        let said = browser.text("#said")?;
        want(said.is_empty(), &format!("after {change}: {said}"))?;
    }
    browser.open("#f=main.nobody&s=split&i=3")?;
    let said = browser.text("#said")?;
    let name = browser.text("#name")?;
    want(
        said == format!("There is no function main.nobody here; this is {name}."),
        &said,
    )?;
    want(
        browser.count("main .pinned")? == 0,
        "and nothing is selected",
    )?;
    browser.open("#f=no%E2%80%AEbody")?;
    let said = browser.text("#said")?;
    want(said.contains("function no\\u{202e}body here"), &said)?;
    // Changes are told to those who do not see them, and the selection stays.
    browser.open("#f=main.choose&s=split&i=3")?;
    for (key, told) in [
        ("]", "stage clif"),
        ("[", "stage split"),
        ("h", "resume form"),
    ] {
        browser.key(key)?;
        want(browser.text("#said [id=told]")? == told, told)?;
        want(
            browser.text("#selected")?.starts_with("3 "),
            "the selection",
        )?;
    }
    want(
        browser.count("#said[aria-live=polite][aria-atomic=false]")? == 1,
        "only what changed is read out",
    )
}

/// The browser's Back leads to the function before, as it was left.
pub fn history(browser: &mut Browser) -> Result<(), Failed> {
    let go = |by: i32| {
        format!(
            "new Promise(done => {{ addEventListener('popstate', () => setTimeout(done), \
             {{ once: true }}); history.go({by}); }})"
        )
    };
    browser.open("#f=main.worker&s=split")?;
    let length = browser.eval("history.length")?;
    browser.key("j")?;
    browser.key("5")?;
    browser.key("b")?;
    want(
        browser.eval("history.length")? == length,
        "only functions make entries",
    )?;
    browser.key("n")?;
    let next = browser.text("#name")?;
    browser.key("3")?;
    browser.key("v")?;
    browser.click("#waits-body a")?;
    want(
        browser.eval("history.length")? == length + 2,
        "a function and a link make one each",
    )?;
    let hash = browser.string(HASH)?;
    want(
        hash.contains("f=main.choose") && hash.contains("&i=") && hash.contains("both=1"),
        &format!("the link's selection and the modes: {hash}"),
    )?;
    want(
        browser.count("#graph .point.pinned")? == 1,
        "the link's point is selected",
    )?;
    browser.run(&go(-1))?;
    want(browser.text("#name")? == next, "the function before")?;
    want(
        browser.string("document.body.dataset.stage")? == "cfg",
        "at its stage",
    )?;
    browser.run(&go(-1))?;
    want(browser.text("#name")? == "main.worker", "the first")?;
    want(
        browser.count("#bytecode .row:first-child.pinned")? == 1,
        "with its selection",
    )?;
    want(
        browser.string(HASH)? == "#f=main.worker&s=clif&i=0&form=resume&both=1",
        &browser.string(HASH)?,
    )?;
    browser.run(&go(2))?;
    want(browser.text("#name")? == "main.choose", "forth again")?;
    // What is written into the address is followed.
    browser.run(&format!(
        "new Promise(done => {{ addEventListener('hashchange', () => setTimeout(done), \
         {{ once: true }}); {HASH} = '#f=main.add&s=asm'; }})"
    ))?;
    want(browser.text("#name")? == "main.add", "by hand")?;
    // The link for those who use keys alone is none to a function.
    browser.run("document.querySelector('.skip').click()")?;
    want(
        browser.string("document.activeElement.id")? == "graph",
        "it leads to the graph",
    )?;
    want(browser.text("#name")? == "main.add", "of the same function")
}
