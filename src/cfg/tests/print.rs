use super::*;
use crate::cfg::print;

#[test]
fn a_function_as_text() {
    let code = vec![set(0), br(0, 2, 4), copy(0, 1), jump(1), ret(&[1])];
    let expected = "\
func main.f
b0:
    live {%1}
   0  Const %0                             ; live {%0 %1}
    -> b1 fall
b1: idom b0 heads l0 from b0 b2
    live {%0 %1}
   1  Br %0                                ; live {%1}
    -> b2 taken
    -> b3 not-taken
b2: idom b1 in l0 from b1
    live {%1}
   2  Mov %0 <- %1                         ; live {%0 %1}
   3  Jump                                 ; live {%0 %1}
    -> b1 taken back
b3: idom b1 from b1
    live {%1}
   4  Return %1                            ; live {}
l0: header b1 depth 1 blocks b1 b2 rotates: body b2 exit b3
";
    assert_eq!(print::function(&function(2, 0, code)), expected);
}

#[test]
fn entries_and_dead_blocks_as_text() {
    let text = print::function(&graph(&[&[0, 2], &[2], &[]]));
    assert!(text.starts_with("func main.f\nb0: entry\n"), "{text}");
    assert!(text.contains("\nb2: unreachable\n"), "{text}");
    let text = print::function(&graph(&[&[1, 2], &[2, 3], &[1, 3], &[]]));
    assert!(text.contains(" irreducible: entries b2 b1\n"), "{text}");
}
