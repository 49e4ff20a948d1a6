//! Definite assignment.

use super::{check, messages};
use vo_bytecode::text;

/// The function of these slots and this code reads too early there, or nowhere.
#[track_caller]
fn flow(slots: &str, code: &str, want: &[&str]) {
    let text = format!("func f(%0: i64) {{ slots {slots} {code} }}");
    let want: Vec<_> = want
        .iter()
        .map(|want| format!("function @0 (f), {want}"))
        .collect();
    let want: Vec<_> = want.iter().map(String::as_str).collect();
    check(&text, &want);
}

#[test]
fn slots_are_written_before_they_are_read() {
    let early = "%1 may be read before it is written";
    flow(
        "i64",
        "Mov %0, %1 Mov %0, %1 Return []",
        &[&format!("@0 Mov: {early}")],
    );
    flow(
        "i64 names %1 = x",
        "BoolNot %1, %1 Return []",
        &["@0 BoolNot: %1 (`x`) may be read before it is written"],
    );
    flow("i64", "Const %1, 1 Mov %0, %1 Return []", &[]);
    // Written on one of two paths, and on both.
    let one = "Br %0, @a, @b @a: Const %1, 1 Jump @c @b: Jump @c @c: Mov %0, %1 Return []";
    flow("i64", one, &[&format!("@4 Mov: {early}")]);
    let both =
        "Br %0, @a, @b @a: Const %1, 1 Jump @c @b: Const %1, 2 Jump @c @c: Mov %0, %1 Return []";
    flow("i64", both, &[]);
    // Round a loop: the first time round counts.
    let around =
        "@head: Br %0, @body, @end @body: Mov %0, %1 Const %1, 1 Jump @head @end: Return []";
    flow("i64", around, &[&format!("@1 Mov: {early}")]);
    let before = "Const %1, 1 Jump @head @head: Br %0, @body, @end @body: Mov %0, %1 Jump @head @end: Mov %0, %1 Return []";
    flow("i64", before, &[]);
    // Falling into a jump target.
    let into = "Br %0, @a, @b @a: Const %1, 1 @b: Mov %0, %1 Return []";
    flow("i64", into, &[&format!("@2 Mov: {early}")]);
    flow("i64", "Const %1, 1 @a: Mov %0, %1 Jump @a", &[]);
}

#[test]
fn order_of_blocks_does_not_matter() {
    flow(
        "i64",
        "Jump @late @early: Mov %0, %1 Return [] @late: Const %1, 1 Jump @early",
        &[],
    );
}

#[test]
fn what_a_select_receives_is_there_after_its_exec() {
    let text = "ref, i64, i64 Nil %1 SelectBegin 1, false SelectRecv [%2], _, %1 SelectExec %3";
    flow(text, "Mov %0, %2 Mov %0, %3 Return []", &[]);
    let text = "ref, i64, i64 Nil %1 SelectBegin 2, false SelectRecv [%2], _, %1 SelectSend %1, [%2] SelectExec %3";
    flow(
        text,
        "Return []",
        &["@3 SelectSend: %2 may be read before it is written"],
    );
}

#[test]
fn both_words_of_an_interface_are_seen() {
    let want =
        ["%1", "%2"].map(|slot| format!("@0 IfaceMov: {slot} may be read before it is written"));
    flow(
        "iface, iface",
        "IfaceMov %3, %1 Return []",
        &[&want[0], &want[1]],
    );
    flow("iface", "IfaceNil %1 IfaceIsNil %0, %1 Return []", &[]);
}

#[test]
fn unreachable_code_reads_what_it_likes() {
    flow("i64", "Return [] Mov %0, %1 Return []", &[]);
}

#[test]
fn many_slots_are_taken_in_portions() {
    // Each slot is written in one block and read in another; every hundredth is forgotten.
    let mut code = vec![];
    let count = 5000;
    for slot in (1..=count).filter(|slot| slot % 100 != 0) {
        code.push(format!("Const %{slot}, 1"));
    }
    code.push("Jump @next @next:".to_owned());
    let first = code.len();
    code.extend((1..=count).map(|slot| format!("Mov %0, %{slot}")));
    code.push("Return []".to_owned());
    let slots = vec!["i64"; count].join(", ");
    let text = format!("func f(%0: i64) {{ slots {slots} {} }}", code.join("\n"));
    let want: Vec<_> = (100..=count)
        .step_by(100)
        .map(|slot| {
            let at = first + slot - 1;
            format!("function @0 (f), @{at} Mov: %{slot} may be read before it is written")
        })
        .collect();
    assert_eq!(messages(&text::parse(&text).unwrap()), want);
}

/// A hundred thousand instructions, in blocks that jump to and fro and share all their slots.
#[test]
fn large_functions_are_quick() {
    const BLOCKS: usize = 25_000;
    const SLOTS: usize = 2_000;
    let slots = vec!["i64"; SLOTS].join(", ");
    let mut code: String = (1..=SLOTS)
        .map(|slot| format!("Const %{slot}, 1 "))
        .collect();
    for block in 0..BLOCKS {
        let [a, b, c] = [1, 7, 13].map(|step| 1 + block * step % SLOTS);
        let [near, far] = [block.saturating_sub(5), block * 7919 % BLOCKS];
        code += &format!(
            "@b{block}: Bin %{a}, add, i64, %{b}, %{c} Mov %0, %{a} Bin %{b}, mul, i64, %0, %{c} "
        );
        code += &match block % 3 {
            0 => format!("Br %0, @b{near}, @b{} ", (block + 1) % BLOCKS),
            1 => format!("Br %0, @b{far}, @b{} ", (block + 1) % BLOCKS),
            _ => String::new(),
        };
    }
    let text = format!("func f(%0: i64) {{ slots {slots} {code} Return [] }}");
    let module = text::parse(&text).unwrap();
    let begin = std::time::Instant::now();
    assert_eq!(messages(&module), [""; 0]);
    let seconds = begin.elapsed().as_secs_f64();
    // It takes a few hundredths; the limit only notices what is out of proportion.
    assert!(seconds < 5.0, "{seconds} s");
    eprintln!(
        "{} instructions in {seconds} s",
        module.functions[0].code.len()
    );
}

#[test]
fn panics_see_what_was_written_before_the_first() {
    // %1 is written before anything may panic, %2 by a call that may panic itself.
    let code = |read: &str| {
        format!(
            "Const %1, 1 Const %4, 0 Call [%2], g, [] Const %3, 1 Call [%2], g, [] Return []
             PanicLand %4, %4 Mov %0, {read} PanicOn %4 }} func g() -> (i64) {{ slots i64 Const %0, 1 Return [%0]"
        )
    };
    flow("i64, i64, i64, i64", &code("%1"), &[]);
    for slot in ["%2", "%3"] {
        let want = format!("@7 Mov: {slot} may be read before it is written");
        flow("i64, i64, i64, i64", &code(slot), &[&want]);
    }
}

#[test]
fn a_landing_that_no_panic_reaches_is_not_checked() {
    flow(
        "i64, i64",
        "Const %1, 0 Return [] PanicLand %1, %1 Mov %0, %2 PanicOn %1",
        &[],
    );
}
