use super::numbers::integer;
use crate::engine::{Engine, EngineKind, Run, RunConfig};
use crate::runtime::context::Options;
use crate::runtime::native::Output;
use vo_bytecode::{BinOp, IntKind, text};

fn run_with(source: &str, options: Options) -> Run {
    let module = text::parse(source).expect("the text of a module");
    let engine = Engine::new(module).expect("a verified module");
    let config = RunConfig {
        kind: EngineKind::Interp,
        options,
    };
    engine
        .run(&config, Output::captured())
        .expect("a run to its end")
}

fn stressed() -> [Options; 4] {
    let all = Options {
        stress_suspend: true,
        stress_preempt: true,
        stress_gc: true,
        ..Options::default()
    };
    [
        Options::default(),
        Options {
            stress_suspend: true,
            ..Options::default()
        },
        Options {
            stress_gc: true,
            ..Options::default()
        },
        all,
    ]
}

/// Runs under every stress mode and expects the same output.
fn expect(source: &str, want: &str) {
    for options in stressed() {
        let run = run_with(source, options.clone());
        let err = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status, 0, "{options:?}\n{err}");
        assert_eq!(String::from_utf8_lossy(&run.stdout), want, "{options:?}");
    }
}

/// Runs under every stress mode and expects a failure that begins with this text.
fn expect_failure(source: &str, want: &str) {
    for options in stressed() {
        let run = run_with(source, options.clone());
        let err = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status, 2, "{options:?}\n{err}");
        assert!(err.starts_with(want), "{options:?}\n{err}\nwanted\n{want}");
    }
}

const CHANNEL: &str = r#"
file 0 "chan.vo"
type t0 int = i64
type t1 = chan t0 recv send
func main.producer(%0: ref, %1: i64) {
  slots i64, i64, i64
  Const %2, 0
  Const %4, 1
@loop:
  Cmp %3, lt, i64, %2, %1
  Br %3, @send, @done
@send:
  ChanSend %0, [%2]
  Bin %2, add, i64, %2, %4
  Jump @loop
@done:
  ChanClose %0
  Return []
}
func main.main() {
  slots %0: ref, %1: i64, %2: i64, %3: i64
  Const %1, CAP
  ChanNew %0, t1, %1
  Const %1, 20
  GoStart main.producer, [%0, %1]
  Const %3, 0
@loop:
  ChanRecv [%1], %2, %0
  Br %2, @add, @done
@add:
  Bin %3, add, i64, %3, %1
  Jump @loop
@done:
  CallRt [], print.int, _, [%3]
  Return []
}
entry main.main
"#;

#[test]
fn values_pass_in_order_through_channels() {
    for cap in ["0", "1", "7", "100"] {
        expect(&CHANNEL.replace("CAP", cap), "190");
    }
}

#[test]
fn select_takes_what_is_ready_and_waits_for_what_is_not() {
    expect(
        r#"
file 0 "select.vo"
type t0 int = i64
type t1 = chan t0 recv send
func main.send(%0: ref, %1: i64) {
  ChanSend %0, [%1]
  Return []
}
func main.main() {
  slots %0: ref, %1: ref, %2: i64, %3: i64, %4: i64, %5: ref, %6: i64
  Const %2, 0
  ChanNew %0, t1, %2
  ChanNew %1, t1, %2
  Nil %5
  SelectBegin 2, true
  SelectRecv [%3], _, %0
  SelectSend %5, [%2]
  SelectExec %4
  CallRt [], print.int, _, [%4]
  Const %3, 42
  GoStart main.send, [%1, %3]
  Const %3, 7
  SelectBegin 3, false
  SelectRecv [%3], _, %0
  SelectRecv [%2], %6, %1
  SelectSend %5, [%3]
  SelectExec %4
  CallRt [], print.int, _, [%4]
  CallRt [], print.int, _, [%2]
  CallRt [], print.int, _, [%3]
  CallRt [], print.int, _, [%6]
  Return []
}
entry main.main
"#,
        "-114201",
    );
}

#[test]
fn close_wakes_a_waiting_sender_with_a_panic() {
    expect_failure(
        r#"
file 0 "close.vo"
type t0 int = i64
type t1 = chan t0 recv send
func main.send(%0: ref, %1: i64) {
  ChanSend %0, [%1] !3
  Return [] !4
}
func main.start(%0: ref, %1: i64) {
  Call [], main.send, [%0, %1] !6
  Return [] !7
}
func main.main() {
  slots %0: ref, %1: i64
  Const %1, 0 !10
  ChanNew %0, t1, %1 !10
  GoStart main.start, [%0, %1] !11
  CallRt [], runtime.Gosched, _, [] !12
  ChanClose %0 !13
  Return [] !14
}
entry main.main
"#,
        "panic: send on closed channel\n\ngoroutine 2 [running]:\n\
         main.send(...)\n\tclose.vo:3\nmain.start(...)\n\tclose.vo:6\n",
    );
}

#[test]
fn deadlock_names_everybody() {
    expect_failure(
        r#"
file 0 "dead.vo"
type t0 int = i64
type t1 = chan t0 recv send
func main.recv(%0: ref) {
  slots i64
  ChanRecv [%1], _, %0 !3
  Return [] !4
}
func main.main() {
  slots %0: ref, %1: i64
  Const %1, 0 !10
  ChanNew %0, t1, %1 !10
  GoStart main.recv, [%0] !11
  Call [], main.recv, [%0] !12
  Return [] !14
}
func $entry() {
  Call [], main.main, [] !0
  Return [] !0
}
entry "$entry"
"#
        .replace("func $entry", "func \"$entry\"")
        .as_str(),
        "fatal error: all goroutines are asleep - deadlock!\n\n\
         goroutine 1 [chan receive]:\nmain.recv(...)\n\tdead.vo:3\nmain.main(...)\n\tdead.vo:12\n\
         goroutine 2 also has this channel\n\n\
         goroutine 2 [chan receive]:\nmain.recv(...)\n\tdead.vo:3\n\
         created by main.main in goroutine 1 at dead.vo:11\n\
         goroutine 1 also has this channel\n",
    );
}

const RECURSION: &str = r#"
file 0 "deep.vo"
func main.sum(%0: i64) -> (i64) {
  slots %1: i64, %2: i64
  Br %0, @more, @none
@none:
  Return [%0]
@more:
  Const %1, 1
  Bin %1, sub, i64, %0, %1
  Call [%2], main.sum, [%1]
  Bin %2, add, i64, %2, %0
  Return [%2]
}
func main.main() {
  slots %0: i64
  Const %0, DEPTH
  Call [%0], main.sum, [%0]
  CallRt [], print.int, _, [%0]
  Return []
}
entry main.main
"#;

#[test]
fn recursion_is_bounded_by_memory_alone() {
    let run = run_with(&RECURSION.replace("DEPTH", "1000000"), Options::default());
    assert_eq!(run.stdout, b"500000500000");
    let small = Options {
        max_stack: 1 << 16,
        ..Options::default()
    };
    let run = run_with(&RECURSION.replace("DEPTH", "1000000"), small);
    let err = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status, 2);
    assert!(err.starts_with("panic: stack overflow\n"), "{err}");
    assert!(err.contains("additional frames elided"), "{err}");
}

#[test]
fn what_is_reachable_outlives_collections() {
    expect(
        r#"
file 0 "list.vo"
type t0 int = i64
type t1 main.Node = struct { V: t0, Next: t2 }
type t2 = pointer t1
func main.main() {
  slots %0: ref, %1: ref, %2: i64, %3: i64, %4: i64, %5: i64
  Nil %0
  Const %2, 200
  Const %3, 1
@build:
  New %1, t1
  Store m.i64, %1, 0, %2
  Store m.ref, %1, 8, %0
  Mov %0, %1
  New %1, t1
  Bin %2, sub, i64, %2, %3
  Br %2, @build, @built
@built:
  Const %4, 0
  Nil %1
@walk:
  Load %5, m.i64, %0, 0
  Bin %4, add, i64, %4, %5
  Load %0, m.ref, %0, 8
  CmpRef %5, ne, %0, %1
  Br %5, @walk, @walked
@walked:
  CallRt [], print.int, _, [%4]
  Return []
}
entry main.main
"#,
        "20100",
    );
}

#[test]
fn faults_carry_their_operands() {
    let source = r#"
file 0 "fault.vo"
func main.main() {
  slots %0: i64, %1: i64, %2: i64
  Const %0, 3 !7
  Const %1, 1 !7
  Const %2, 0 !7
  OP !8
  Return [] !9
}
entry main.main
"#;
    let cases = [
        ("BoundsCheck %0, %1", "index out of range [3] with length 1"),
        (
            "SliceCheck slice, %1, %0, _, %1",
            "slice bounds out of range [:3] with capacity 1",
        ),
        (
            "SliceCheck fixed, %0, %1, _, %0",
            "slice bounds out of range [3:1]",
        ),
        (
            "SliceCheck slice, %1, %1, %0, %1",
            "slice bounds out of range [::3] with capacity 1",
        ),
        ("Bin %0, div, i64, %0, %2", "integer divide by zero"),
        (
            "ArrayLenCheck %1, 4",
            "cannot convert slice with length 1 to array or pointer to array with length 4",
        ),
    ];
    for (op, want) in cases {
        let want = format!(
            "panic: runtime error: {want}\n\ngoroutine 1 [running]:\nmain.main(...)\n\tfault.vo:8\n"
        );
        expect_failure(
            &source.replace("OP", op).replace("entry main.main", "func main.start() {\n  Call [], main.main, [] !0\n  Return [] !0\n}\nentry main.start"),
            &want,
        );
    }
}

/// Every operator on every kind, against arithmetic in 128 bits.
#[test]
fn integers_wrap_as_their_kinds_do() {
    let kinds = [
        IntKind::I8,
        IntKind::I16,
        IntKind::I32,
        IntKind::I64,
        IntKind::U8,
        IntKind::U16,
        IntKind::U32,
        IntKind::U64,
    ];
    let samples = [0i128, 1, 2, 7, 63, 64, 100, 127, 128, 255, -1, -2, -128];
    for kind in kinds {
        let edges = [1i128 << (kind.bits() - 1), (1i128 << kind.bits()) - 1];
        let values: Vec<i128> = samples
            .iter()
            .chain(&edges)
            .map(|v| value(kind, kind.wrap(*v as i64) as u64))
            .collect();
        for &a in &values {
            for &b in &values {
                check_operators(kind, a, b);
            }
        }
    }
}

/// The number that a word of a kind holds.
fn value(kind: IntKind, word: u64) -> i128 {
    if kind.signed() {
        i128::from(word as i64)
    } else {
        i128::from(word)
    }
}

fn check_operators(kind: IntKind, a: i128, b: i128) {
    let wide = [
        (BinOp::Add, Some(a + b)),
        (BinOp::Sub, Some(a - b)),
        (BinOp::Mul, Some(a.wrapping_mul(b))),
        (BinOp::Div, a.checked_div(b)),
        (BinOp::Rem, a.checked_rem(b)),
        (BinOp::And, Some(a & b)),
        (BinOp::Or, Some(a | b)),
        (BinOp::Xor, Some(a ^ b)),
        (BinOp::AndNot, Some(a & !b)),
    ];
    for (op, want) in wide {
        let got = integer(op, kind, a as u64, b as u64);
        let want = want.map(|want| kind.wrap(want as i64) as u64);
        assert_eq!(got, want, "{a} {op:?} {b} of {kind:?}");
    }
    // A negative count as a word is a very large one.
    let count = u128::from(b as u64).min(126) as u32;
    let shifts = [
        (BinOp::Shl, if count > 64 { 0 } else { a << count }),
        (BinOp::Shr, a >> count),
    ];
    for (op, want) in shifts {
        let got = integer(op, kind, a as u64, b as u64);
        assert_eq!(
            got,
            Some(kind.wrap(want as i64) as u64),
            "{a} {op:?} {b} of {kind:?}"
        );
    }
}
