//! The page of `vo-jit-cfg` in a real browser without a window, over its debugging protocol:
//! search, keys, links between panes, slots, stages, permalinks, and that nothing is asked of a
//! network.
//!
//! Chromium is looked for on the path, and at `$CHROMIUM`; `.ci/setup` installs it where it can.
//! Where none is found the tests are *ignored*, and a line on standard error says so; with
//! `REQUIRE_BROWSER=1` they fail instead.

mod address;
mod browser;
mod contrast;
mod pages;

use browser::Browser;
use libtest_mimic::{Arguments, Failed, Trial};

/// The test that needs axe-core too.
const AXE: &str = "everybody_can_use_the_page";

type Test = fn(&mut Browser) -> Result<(), Failed>;

const PAGE: &str = "page.html";
const RUN: &str = "run.html";

/// Their names, what each opens, what it does.
const TESTS: [(&str, &str, Test); 22] = [
    ("the_page_shows_a_function", PAGE, shows_a_function),
    ("search_finds_functions", PAGE, search),
    ("keys_step_through_the_stages", PAGE, stages),
    ("the_sheet_of_keys_opens", PAGE, sheet),
    ("panes_are_linked_both_ways", PAGE, links),
    ("a_slot_shows_where_it_is_carried", PAGE, slots),
    ("the_address_leads_back", PAGE, address::permalinks),
    ("the_address_stays_as_it_was_opened", PAGE, address::stays),
    ("modes_stand_in_the_address", PAGE, address::modes),
    ("the_footer_tells_of_what_is_shown", PAGE, address::said),
    ("back_leads_to_the_function_before", PAGE, address::history),
    ("the_graph_can_be_zoomed_and_fitted", PAGE, zoom),
    ("light_and_dark_and_large_type", PAGE, appearance),
    ("a_pane_can_be_alone_and_widths_changed", PAGE, panes),
    ("the_graph_moves_with_the_arrows", PAGE, moves),
    ("waits_lead_to_their_points", PAGE, waits),
    ("graphs_can_be_read", PAGE, contrast::graphs),
    ("graphs_can_be_read_after_a_run", RUN, contrast::graphs),
    ("selections_can_be_read", RUN, contrast::selections),
    ("pictures_can_be_read", "page.svg", contrast::pictures),
    (
        "pictures_can_be_read_after_a_run",
        "run.svg",
        contrast::pictures,
    ),
    (AXE, PAGE, accessible),
];

fn main() {
    let mut arguments = Arguments::from_args();
    // One browser at a time is load enough.
    arguments.test_threads = Some(1);
    let found = browser::find();
    if found.is_none() {
        eprintln!(
            "no browser: neither $CHROMIUM nor chromium on the path; the page is NOT tested. \
             .ci/setup installs one."
        );
    }
    let axe = browser::find_axe();
    if found.is_some() && axe.is_none() {
        eprintln!(
            "no axe-core: neither $AXE nor target/axe-core; whether everybody can use the page is \
             NOT tested. .ci/setup installs it."
        );
    }
    let required = std::env::var_os("REQUIRE_BROWSER").is_some();
    let folder = tempfile::tempdir().expect("a folder");
    if found.is_some() {
        pages::write(folder.path());
    }
    let trials = TESTS.map(|(name, page, test)| {
        let (found, page) = (found.clone(), folder.path().join(page));
        let missing = found.is_none() || (name == AXE && axe.is_none());
        let ignored = missing && !required;
        Trial::test(name, move || {
            let program = found.ok_or("no browser was found")?;
            let mut browser = Browser::start(&program, &page)?;
            test(&mut browser)
        })
        .with_ignored_flag(ignored)
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    drop(folder);
    conclusion.exit();
}

fn want(is: bool, what: &str) -> Result<(), Failed> {
    if is { Ok(()) } else { Err(what.into()) }
}

fn shows_a_function(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.worker")?;
    want(
        browser.text("#name")? == "main.worker",
        "the heading names it",
    )?;
    for pane in ["source", "bytecode", "clif", "asm"] {
        let rows = browser.count(&format!("#{pane} .row"))?;
        want(rows > 3, &format!("{pane} has lines"))?;
    }
    want(browser.count("#graph .node")? > 3, "the graph has nodes")?;
    want(
        browser.count("#graph .point")? == 4,
        "and its resume points",
    )?;
    let facts = browser.text("#facts")?;
    want(
        facts.contains("record of") && facts.contains("may suspend"),
        &format!("its facts are told: {facts}"),
    )?;
    browser.key("y")?;
    want(browser.count("#why[open] li")? > 0, "and why it suspends")?;
    let loaded = browser.eval("performance.getEntriesByType('resource').length")?;
    want(loaded == 0, "nothing is loaded from elsewhere")?;
    want(browser.errors()?.is_empty(), "no error on the console")
}

fn search(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.worker")?;
    let all = browser.count("#functions-list li")?;
    browser.key("/")?;
    browser.type_text("walk")?;
    want(
        browser.count("#functions-list li")? < all,
        "the list is shorter",
    )?;
    want(
        browser.text("#found")?.starts_with("1 of"),
        "it says how many",
    )?;
    browser.key("Enter")?;
    want(
        browser.text("#name")? == "main.(*Tree).walk",
        "Enter opens it",
    )?;
    browser.key("n")?;
    want(
        browser.text("#name")? != "main.(*Tree).walk",
        "n opens the next",
    )?;
    browser.key("p")?;
    want(browser.text("#name")? == "main.(*Tree).walk", "p goes back")
}

fn stages(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.worker&s=source")?;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(browser.string("document.body.dataset.stage")?);
        browser.key("]")?;
    }
    let wanted = ["source", "bytecode", "cfg", "split", "clif", "asm"];
    want(seen == wanted, "] steps through the stages")?;
    browser.key("3")?;
    want(
        browser.count("#graph .point")? == 0,
        "the cfg has no resume points",
    )?;
    browser.key("]")?;
    want(
        browser.count("#graph .point.added")? == 4,
        "the split adds them",
    )?;
    want(browser.count("#graph .diff")? == 1, "in colour")?;
    browser.key("c")?;
    want(
        browser.count("#graph .diff")? == 0,
        "c takes the colour away",
    )?;
    browser.key("b")?;
    want(browser.count("#graph > svg")? == 2, "b shows both")?;
    // What belongs to no instruction, and what left no trace, is marked where it came about.
    let marks = "[...document.querySelectorAll('.row')].filter(e => \
        (getComputedStyle(e).textDecorationLine === 'line-through') || \
        getComputedStyle(e).borderLeftColor !== 'rgba(0, 0, 0, 0)').length";
    browser.open("#f=main.worker&s=split")?;
    want(browser.eval(marks)? == 0, "no code is marked at split")?;
    browser.key("5")?;
    want(browser.eval(marks)? > 0, "but at clif")?;
    browser.key("c")?;
    want(browser.eval(marks)? == 0, "unless c is off")?;
    browser.open("#f=main.choose")?;
    let form = "document.querySelector('.forms [aria-pressed=true]').dataset.form";
    want(browser.string(form)? == "hot", "the hot form is shown")?;
    browser.key("h")?;
    want(browser.string(form)? == "resume", "h shows the resume form")
}

fn sheet(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.worker")?;
    browser.key("?")?;
    want(browser.count("#keys[open]")? == 1, "? opens the sheet")?;
    want(browser.count("#keys kbd")? > 10, "which has the keys")?;
    want(
        browser.count("#legend svg")? > 10,
        "and what lines and colours mean",
    )?;
    want(
        browser.eval(SIDEWAYS)? <= 0,
        "and needs no scrolling sideways",
    )?;
    browser.key("Escape")?;
    want(browser.count("#keys[open]")? == 0, "Escape closes it")
}

/// How much wider the page is than its window.
const SIDEWAYS: &str =
    "document.documentElement.scrollWidth - document.documentElement.clientWidth";

fn links(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.worker&s=split")?;
    // The line that sends.
    browser.click("#source .row:nth-child(3)")?;
    for pane in ["source", "bytecode", "clif", "asm", "graph"] {
        let pinned = browser.count(&format!("#{pane} .pinned"))?;
        want(pinned > 0, &format!("a line of source leads to {pane}"))?;
    }
    browser.key("Escape")?;
    want(browser.count(".pinned")? == 0, "Escape selects nothing")?;
    browser.click("#asm [data-insts]")?;
    want(
        browser.count("#source .pinned")? == 1,
        "machine code leads to its line",
    )?;
    browser.key("j")?;
    want(
        browser.count("#bytecode .pinned")? == 1,
        "j selects the next instruction",
    )?;
    browser.hover("#bytecode .row:nth-child(2)")?;
    want(
        browser.count("#source .lit")? == 1,
        "pointing at it shows its line",
    )?;
    browser.hover("#graph .node.block")?;
    want(
        browser.count("#bytecode .lit")? > 0,
        "pointing at a block shows its bytecode",
    )
}

fn slots(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.worker&s=split")?;
    browser.click("#graph .point [data-slot='2']")?;
    want(
        browser
            .text("#said")?
            .starts_with("out%2: chan string (ref), a parameter"),
        "it says what it is",
    )?;
    want(
        browser.text("#said")?.contains("carried by p1 p2"),
        "and who carries it",
    )?;
    want(
        browser.count("#graph .carries")? >= 2,
        "the points are marked",
    )?;
    want(browser.count("#bytecode .use")? > 0, "and its uses")?;
    browser.click("#graph .block [data-slot='2']")?;
    want(
        browser.text("#said")?.starts_with("out%2"),
        "slots in the instructions of blocks can be clicked, too",
    )?;
    browser.key("4")?;
    browser.click("#bytecode .slot")?;
    want(
        browser.string("location.hash")?.contains("slot="),
        "slots stand in the address",
    )
}

fn zoom(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.choose&s=split")?;
    let width = "Math.round(document.querySelector('#graph svg').getBoundingClientRect().width)";
    let before = browser.eval(width)?;
    browser.key("+")?;
    want(browser.eval(width)? > before, "+ makes it larger")?;
    browser.key("0")?;
    let pane = browser.eval("document.querySelector('#graph').clientWidth")?;
    want(browser.eval(width)? <= pane, "0 makes it fit")?;
    // In a pane that is too narrow for the whole, the first node is in the middle; that of this
    // function stands far from the middle of its graph.
    browser.open("#f=main.name&s=split")?;
    browser.run("document.querySelector('#graph').style.width = '12rem'")?;
    browser.key("w")?;
    let off = "{ const middle = rect => rect.left + rect.width / 2; \
        const pane = document.querySelector('#graph'); \
        const nodes = [...pane.querySelectorAll('.node')].map(e => e.getBoundingClientRect()); \
        const first = nodes.sort((a, b) => a.top - b.top)[0]; \
        pane.scrollWidth > pane.clientWidth \
            ? Math.abs(middle(first) - middle(pane.getBoundingClientRect())) : 1e9 }";
    want(
        browser.eval(off)? < 10,
        "where control enters is in the middle",
    )
}

fn appearance(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.choose")?;
    let paper = "getComputedStyle(document.body).backgroundColor";
    let before = browser.string(paper)?;
    browser.key("t")?;
    want(browser.string(paper)? != before, "t changes light and dark")?;
    browser.magnify(2)?;
    want(
        browser.eval(SIDEWAYS)? <= 0,
        "twice the size needs no scrolling sideways",
    )?;
    browser.magnify(1)?;
    browser.eval("document.documentElement.style.fontSize = '200%', 0")?;
    want(
        browser.eval(SIDEWAYS)? <= 0,
        "nor does type of twice the size",
    )?;
    let names = "[...document.querySelectorAll('button, input, [role=region]')].filter(e => \
        !e.textContent.trim() && !e.ariaLabel && !e.labels?.length && \
        !e.getAttribute('aria-labelledby')).length";
    want(browser.eval(names)? == 0, "what can be used has a name")?;
    let spoken = browser.string("document.querySelector('#graph .node').ariaLabel")?;
    want(spoken.contains("leads to"), "nodes tell where they lead")
}

fn panes(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.choose&s=asm")?;
    let width = "Math.round(document.querySelector('#asm').getBoundingClientRect().width)";
    let before = browser.eval(width)?;
    browser.key("m")?;
    want(browser.eval(width)? > before + 300, "m gives it all room")?;
    let shown = "[...document.querySelectorAll('.pane')].filter(e => e.offsetWidth > 0).length";
    want(browser.eval(shown)? == 1, "and the others none")?;
    browser.key("4")?;
    let graph = "document.querySelector('#graph').offsetWidth";
    want(browser.eval(graph)? > 800, "the next stage is alone, too")?;
    browser.key("m")?;
    want(browser.eval(shown)? == 5, "m shows all again")?;
    browser.key("6")?;
    browser.eval("document.querySelector('[data-side=right]').focus(), 0")?;
    let before = browser.eval(width)?;
    browser.key("ArrowLeft")?;
    want(browser.eval(width)? > before, "a separator moves by keys")
}

fn moves(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.choose&s=split")?;
    for _ in 0..6 {
        browser.key("+")?;
    }
    let top = "document.querySelector('#graph').scrollTop";
    let before = browser.eval(top)?;
    browser.key("ArrowDown")?;
    want(browser.eval(top)? > before, "down moves it")?;
    browser.key("w")?;
    let wide = "document.querySelector('#graph').scrollWidth \
                - document.querySelector('#graph').clientWidth";
    want(browser.eval(wide)? <= 0, "w fits its width")
}

fn waits(browser: &mut Browser) -> Result<(), Failed> {
    browser.open("#f=main.add&s=cfg")?;
    browser.key("v")?;
    want(
        browser.count("#waits-dialog[open]")? == 1,
        "v opens the table",
    )?;
    let row = browser.text("#waits-body tbody tr")?;
    want(row.contains("5.0 ms"), "with the time")?;
    want(row.contains("3 of island 1"), "and who is parked")?;
    browser.click("#waits-body a")?;
    want(
        browser.count("#waits-dialog[open]")? == 0,
        "a click closes it",
    )?;
    want(browser.text("#name")? == "main.choose", "and leads there")?;
    want(
        browser.count("#graph .point.pinned")? == 1,
        "to the point where it waits",
    )
}

/// What axe-core finds fault with, in every state of the page, light and dark.
fn accessible(browser: &mut Browser) -> Result<(), Failed> {
    let axe = browser::find_axe().ok_or("no axe-core was found")?;
    let axe = std::fs::read_to_string(axe)?;
    let faults = "axe.run().then(all => all.violations.map(each => \
        `${each.id}: ${each.help}\\n` + each.nodes.slice(0, 3).map(node => \
        `    ${node.html}\\n    ${node.failureSummary}\\n`).join('')).join(''))";
    let mut all = String::new();
    for theme in ["light", "dark"] {
        for (state, keys) in [
            ("split", &[][..]),
            ("source", &["1"]),
            ("bytecode", &["2"]),
            ("cfg", &["3"]),
            ("clif", &["5"]),
            ("asm", &["6"]),
            ("before and after", &["b"]),
            ("a line and a slot", &["j", "j", "s"]),
            ("why it suspends", &["y"]),
            ("a pane alone", &["m"]),
            ("keys", &["?"]),
            ("waits", &["v"]),
        ] {
            browser.open("#f=main.choose")?;
            browser.run(&format!(
                "document.documentElement.dataset.theme = '{theme}'"
            ))?;
            for key in keys {
                browser.key(key)?;
            }
            browser.run(&axe)?;
            let found = browser.string(faults)?;
            if !found.is_empty() {
                all += &format!("{theme}, {state}:\n{found}");
            }
        }
    }
    want(all.is_empty(), &all)
}
