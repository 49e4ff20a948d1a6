//! The bytecode of small programs, as text: one subject each. `INSTA_UPDATE=always` re-blesses.

use vo_lang::compile::compile_source;

/// The functions of `main` in a program, as text; types and strings are left out.
fn functions(source: &str) -> String {
    let module = compile_source("test.vo", source).unwrap_or_else(|failure| panic!("{failure}"));
    vo_bytecode::verify::verify(&module).unwrap_or_else(|errors| panic!("{errors:?}"));
    let text = vo_bytecode::text::print(&module);
    let functions = text
        .split("\nfunc ")
        .skip(1)
        .filter(|f| !f.contains(" \"$entry\"("));
    functions
        .map(|f| f.split("\n\n").next().unwrap_or(f).trim_end())
        .collect::<Vec<_>>()
        .join("\n\n")
}

macro_rules! snapshots {
    ($($name:ident: $source:literal)*) => {
        $(#[test] fn $name() { insta::assert_snapshot!(functions($source)); })*
    };
}

snapshots! {
    loop_with_condition: "
func main() {
	sum := 0
	for i := 0; i < 10 && sum < 20; i++ {
		if i%2 == 0 || i > 7 {
			continue
		}
		sum += i
	}
	println(sum)
}"

    elements_are_checked_once: "
func bump(s []int, i int) {
	s[i] += 2
	s[0], s[i] = s[i], s[0]
}
func total(s []int32) (t int32) {
	for _, v := range s {
		t += v
	}
	return
}
func main() { bump([]int{1}, 0); println(total(nil)) }"

    captures_by_value_and_by_reference: "
func main() {
	fixed, shared := 1, 2
	f := func() int { shared++; return fixed + shared }
	for i := 0; i < 2; i++ {
		go func() { println(i) }()
	}
	println(f())
}"

    large_values_are_copied: "
type big struct{ a [9]int }
func (b big) first() int { return b.a[0] }
func pass(b big) big { b.a[0] = 1; return b }
func main() {
	var x big
	y := pass(x)
	x = y
	m := map[string]big{\"k\": x}
	println(m[\"k\"].first(), x == y)
}"

    interfaces: "
type shape interface{ area() int }
type square struct{ side int }
type rect struct{ w, h int }
func (s *square) area() int { return s.side * s.side }
func (r rect) area() int { return r.w * r.h }
func describe(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case shape:
		return v.area()
	}
	return v.(rect).w
}
func main() { println(describe(1), describe(&square{2}), describe(rect{1, 2})) }"

    select_assigns_after_the_choice: "
func main() {
	in, out := make(chan int), make(chan string, 1)
	var got [1]int
	select {
	case got[0] = <-in:
	case v, ok := <-in:
		println(v, ok)
	case out <- \"x\":
	default:
		println(got[0])
	}
}"

    calls_before_reads: "
var n int
func next() int { n++; return n }
func main() {
	x := n + next()
	n += next()
	println(x, n, next())
}"

    maps_and_append: "
func main() {
	m := map[string][]int{}
	m[\"a\"] = append(m[\"a\"], 1, 2)
	m[\"b\"] = append(m[\"a\"], m[\"a\"]...)
	s := m[\"b\"]
	s = append(s, len(s))
	if v, ok := m[\"c\"]; !ok {
		println(len(v), cap(s) > 3)
	}
}"

    switch_by_table_and_by_tests: "
func table(n int) int {
	switch n {
	case 1, 2:
		return 10
	case 3:
		n++
		fallthrough
	case 4:
		n++
	case 6:
		return 60
	}
	return n
}
func text(s string) bool {
	switch s {
	case \"a\", \"b\":
		return true
	}
	return false
}
func main() { println(table(3), text(\"b\")) }"
}
