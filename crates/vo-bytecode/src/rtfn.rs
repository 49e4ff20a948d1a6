//! The one list of runtime functions that `CallRt` reaches: name, signature, what they may do.
//!
//! The verifier, the code generator, the interpreter and the symbol table are all made from
//! it. Names with a package are the functions without a body in the standard library.

use crate::SlotTy;
use serde::{Deserialize, Serialize};

/// Signature and effects of a runtime function.
#[derive(Clone, Copy, Debug)]
pub struct RtSig {
    /// The name.
    pub name: &'static str,
    /// Parameter slots.
    pub params: &'static [SlotTy],
    /// Result slots.
    pub results: &'static [SlotTy],
    /// May panic.
    pub panics: bool,
    /// May make the goroutine wait (a resume point).
    pub blocks: bool,
    /// Needs the type operand.
    pub typed: bool,
}

impl RtSig {
    /// Whether the goroutine, when it goes on after having waited, has to ask for what came of
    /// it: results, or a panic.
    pub fn has_second_half(&self) -> bool {
        self.blocks && (self.panics || !self.results.is_empty())
    }
}

#[rustfmt::skip]
macro_rules! slots {
    (@ [$($done:expr,)*]) => { &[$($done,)*] };
    (@ [$($done:expr,)*] int $($rest:ident)*) => { slots!(@ [$($done,)* SlotTy::I64,] $($rest)*) };
    (@ [$($done:expr,)*] f64 $($rest:ident)*) => { slots!(@ [$($done,)* SlotTy::F64,] $($rest)*) };
    (@ [$($done:expr,)*] f32 $($rest:ident)*) => { slots!(@ [$($done,)* SlotTy::F32,] $($rest)*) };
    (@ [$($done:expr,)*] ptr $($rest:ident)*) => { slots!(@ [$($done,)* SlotTy::Ref,] $($rest)*) };
    (@ [$($done:expr,)*] str $($rest:ident)*) => { slots!(@ [$($done,)* SlotTy::Ref, SlotTy::I64,] $($rest)*) };
    (@ [$($done:expr,)*] slice $($rest:ident)*) => { slots!(@ [$($done,)* SlotTy::Ref, SlotTy::I64, SlotTy::I64,] $($rest)*) };
    (@ [$($done:expr,)*] any $($rest:ident)*) => { slots!(@ [$($done,)* SlotTy::IfaceType, SlotTy::IfaceData,] $($rest)*) };
}

macro_rules! runtime_functions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal ($($param:ident),*) -> ($($result:ident),*) $([$($flag:ident),*])? ;)*) => {
        /// A runtime function. `int` is an integer or boolean slot, `str` a pointer and a length,
        /// `slice` a pointer, a length and a capacity, `any` the two words of an interface.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        pub enum RtFn { $($(#[$doc])* $variant,)* }

        impl RtFn {
            /// Every function, in declaration order.
            pub const ALL: &'static [RtFn] = &[$(RtFn::$variant,)*];

            /// Signature and effects.
            pub fn sig(self) -> &'static RtSig {
                const SIGS: &[RtSig] = &[$(RtSig {
                    name: $name,
                    params: slots!(@ [] $($param)*),
                    results: slots!(@ [] $($result)*),
                    panics: flag!(panics $($($flag)*)?),
                    blocks: flag!(blocks $($($flag)*)?),
                    typed: flag!(typed $($($flag)*)?),
                },)*];
                &SIGS[self as usize]
            }

            /// The function of that name.
            pub fn from_name(name: &str) -> Option<RtFn> {
                match name { $($name => Some(RtFn::$variant),)* _ => None }
            }
        }
        /// Calls `$callback!` with the list: variant and name of each function.
        #[macro_export]
        macro_rules! with_runtime_functions {
            ($callback:ident) => { $callback! { $($variant = $name,)* } };
        }
    };
}

#[rustfmt::skip]
macro_rules! flag {
    (panics panics $($rest:ident)*) => { true };
    (blocks blocks $($rest:ident)*) => { true };
    (typed typed $($rest:ident)*) => { true };
    ($want:ident $other:ident $($rest:ident)*) => { flag!($want $($rest)*) };
    ($want:ident) => { false };
}

runtime_functions! {
    // ---- strings -------------------------------------------------------------------------
    /// Whether two strings are equal.
    StrEq = "str.eq" (str, str) -> (int);
    /// -1, 0 or 1, as bytes compare.
    StrCmp = "str.cmp" (str, str) -> (int);
    /// The UTF-8 text of one code point (U+FFFD when it is none).
    StrFromRune = "str.from_rune" (int) -> (str);
    /// A string's bytes, copied.
    StrToBytes = "str.to_bytes" (str) -> (slice);
    /// A string of a byte slice, copied.
    StrFromBytes = "str.from_bytes" (slice) -> (str);
    /// A string's code points.
    StrToRunes = "str.to_runes" (str) -> (slice);
    /// A string of code points.
    StrFromRunes = "str.from_runes" (slice) -> (str);
    /// The code point at a byte index, and its width in bytes (U+FFFD and 1 where invalid).
    StrDecodeRune = "str.decode_rune" (str, int) -> (int, int);

    // ---- searching in strings ------------------------------------------------------------
    /// Where the second string first is in the first; -1 if nowhere.
    StrIndex = "internal/bytealg.index" (str, str) -> (int);
    /// Where it last is.
    StrLastIndex = "internal/bytealg.lastIndex" (str, str) -> (int);
    /// Where a byte first is; -1 if nowhere.
    StrIndexByte = "internal/bytealg.indexByte" (str, int) -> (int);
    /// Where it last is.
    StrLastIndexByte = "internal/bytealg.lastIndexByte" (str, int) -> (int);
    /// How often the second string, which is not empty, is in the first without overlaps.
    StrCount = "internal/bytealg.count" (str, str) -> (int);
    /// How many runes a string has; bytes that begin none are one each.
    StrRuneCount = "internal/bytealg.runeCount" (str) -> (int);

    // ---- slices --------------------------------------------------------------------------
    /// `make([]T, len, cap)` for element type `ty`: the pointer; panics on bad sizes.
    SliceMake = "slice.make" (int, int) -> (ptr) [panics, typed];
    /// Room for `need` elements: pointer and capacity, the first `len` elements kept. The
    /// operands are pointer, length, capacity, and the length needed (above the capacity).
    SliceGrow = "slice.grow" (slice, int) -> (ptr, int) [panics, typed];

    // ---- maps ----------------------------------------------------------------------------
    /// The number of entries; 0 for nil.
    MapLen = "map.len" (ptr) -> (int);
    /// Removes every entry.
    MapClear = "map.clear" (ptr) -> ();

    // ---- printing ------------------------------------------------------------------------
    /// Prints text to standard output.
    PrintStr = "print.str" (str) -> ();
    /// Prints a signed integer.
    PrintInt = "print.int" (int) -> ();
    /// Prints an unsigned integer.
    PrintUint = "print.uint" (int) -> ();
    /// Prints a float in plain decimal form.
    PrintF64 = "print.f64" (f64) -> ();
    /// Prints a single float in plain decimal form.
    PrintF32 = "print.f32" (f32) -> ();
    /// Prints `true` or `false`.
    PrintBool = "print.bool" (int) -> ();
    /// Prints an address, or `nil`.
    PrintRef = "print.ref" (ptr) -> ();
    /// Prints the value in an interface.
    PrintAny = "print.any" (any) -> ();
    /// Panics with `assertion failed`, and the text where it is not empty.
    AssertFailed = "assert.failed" (str) -> () [panics];
    /// Panics because an index without sign is not below a length.
    IndexFault = "panic.index" (int, int) -> () [panics];

    // ---- the scheduler, time, process ----------------------------------------------------
    /// Lets other goroutines run.
    Gosched = "runtime.Gosched" () -> () [blocks];
    /// The calls that the goroutine is in, innermost first: function, file and line, on a line each.
    Callers = "runtime.callers" () -> (str) [blocks, panics];
    /// Ends the goroutine, once its deferred calls have run.
    Goexit = "runtime.Goexit" () -> () [panics];
    /// The number of goroutines that exist.
    NumGoroutine = "runtime.NumGoroutine" () -> (int);
    /// Collects garbage at the next safe moment, which is now.
    Gc = "runtime.GC" () -> () [blocks];
    /// The bytes in use on the heap.
    HeapBytes = "runtime.heapBytes" () -> (int);
    /// A number of the run's seeded source of chance.
    Random = "internal/sys.random" () -> (int);
    /// Waits for that many nanoseconds.
    Sleep = "time.sleep" (int) -> () [blocks];
    /// Starts a goroutine with a function without parameters after that many nanoseconds, and
    /// again after each period of so many more; once where that is 0. Where there is a channel,
    /// the timer is forgotten with it. Gives the timer's key.
    TimerStart = "time.startTimer" (ptr, ptr, int, int) -> (int);
    /// Hides the ring of a timer's channel.
    TimerQueue = "time.hideRing" (ptr) -> ();
    /// Sends to a timer's channel what a time is made of, unless a time is there already.
    TimerFire = "time.fire" (ptr, int, int, int, ptr) -> ();
    /// Stops a timer: whether it was set.
    TimerStop = "time.stopTimer" (int) -> (int);
    /// Nanoseconds since the Unix epoch.
    WallNanos = "time.wallNanos" () -> (int);
    /// Nanoseconds of a monotonic clock.
    MonoNanos = "time.monoNanos" () -> (int);
    /// Loads the history of a place's clocks, by its name in the database of time zones: its number, or 0.
    ZoneLoad = "time.loadZone" (str) -> (int);
    /// The same for the place of the program, with its name.
    ZoneLocal = "time.localZone" () -> (int, str) [panics];
    /// How clocks are set around a second since 1970: abbreviation, offset, from when, until when,
    /// whether it is summer time.
    ZoneSpan = "time.zoneSpan" (int, int) -> (str, int, int, int, int) [panics];
    /// The offset that an abbreviation has, best around a local second since 1970, and whether it has any.
    ZoneNamed = "time.zoneNamed" (int, int, str) -> (int, int);
    /// Ends the program with that status.
    Exit = "os.Exit" (int) -> () [panics];
    /// Writes bytes to a file descriptor (1 or 2): the count, or a negative error number.
    WriteFd = "os.writeFd" (int, slice) -> (int);
    /// The command-line arguments of the program, as a `[]string`.
    Args = "os.args" () -> (slice) [typed];

    /// The environment of the process, as a `[]string` of `NAME=value`.
    Environ = "os.environ" () -> (slice) [typed];
    /// A text about the process: 0 the host's name, 1 its executable, 2 its folder.
    ProcessText = "os.processText" (int) -> (str);
    /// A number of the process: 0 its own, 1 its parent's, then user, effective user, group,
    /// effective group.
    ProcessNumber = "os.processNumber" (int) -> (int);
    /// The text of one of the system's error numbers.
    ErrnoText = "syscall.errnoText" (int) -> (str);

    // ---- files (error numbers are the system's, 0 for none) -------------------------------
    /// Opens: path, flags, permissions. The file and an error number.
    FileOpen = "os.open" (str, int, int) -> (int, int) [blocks];
    /// Reads at most so many bytes, at an offset or (negative) at the file's own.
    FileRead = "os.read" (int, int, int) -> (slice, int) [blocks, panics];
    /// Writes, at an offset or (negative) at the file's own: the count, and an error number.
    FileWrite = "os.write" (int, slice, int) -> (int, int) [blocks];
    /// Sets the file's own offset: the new one, and an error number.
    FileSeek = "os.seek" (int, int, int) -> (int, int);
    /// Closes: whether the file was open.
    FileClose = "os.closeFile" (int) -> (int);
    /// The system's descriptor of an open file.
    FileNumber = "os.fileNumber" (int) -> (int);
    /// An operation on an open file: operation, file, operand. An error number.
    OnFile = "os.onFile" (int, int, int) -> (int) [blocks];
    /// An operation on a path: operation, path, other path, two operands. What was read, and an
    /// error number.
    OnPath = "os.onPath" (int, str, str, int, int) -> (slice, int) [blocks, panics];
    /// Facts about an open file, or else a path, whose link is followed or not: size, mode,
    /// time of the last change, device, node; and an error number.
    FileStat = "os.stat" (int, str, int) -> (int, int, int, int, int, int) [blocks];

    // ---- the network (two more error numbers: 1000 too late, 1001 closed) -------------------
    /// Listens at an address: the socket, an error number, and which call gave that.
    NetListen = "net.listen" (str) -> (int, int, int);
    /// Begins to connect to an address: the socket, and an error number.
    NetDial = "net.dial" (str) -> (int, int);
    /// What came of connecting: an error number.
    NetConnected = "net.connected" (int) -> (int);
    /// Accepts a connection, and an error number.
    NetAccept = "net.accept" (int) -> (int, int);
    /// Reads into a slice: the count, and an error number.
    NetRead = "net.read" (int, slice) -> (int, int);
    /// Writes a slice: the count, and an error number.
    NetWrite = "net.write" (int, slice) -> (int, int);
    /// Waits until a socket can be read (0) or written (1): an error number.
    NetWait = "net.wait" (int, int) -> (int) [blocks];
    /// Sets a deadline: socket, directions, nanoseconds from now, whether there is one.
    NetDeadline = "net.deadline" (int, int, int, int) -> (int);
    /// Closes a socket; whoever waits for it is told. An error number.
    NetClose = "net.closeSocket" (int) -> (int);
    /// Ends reading (0) or writing (1).
    NetShutdown = "net.shutdown" (int, int) -> (int);
    /// Sets an option: no delay, keep alive, linger.
    NetOption = "net.option" (int, int, int) -> (int);
    /// A socket's own (0) or its peer's (1) address.
    NetName = "net.name" (int, int) -> (str) [panics];
    /// The addresses of a host, one to a line, and what is wrong (1 no such host).
    NetLookup = "net.lookup" (str) -> (str, int) [blocks, panics];

    // ---- functions of the program that the engine is embedded in ----------------------------
    /// Panics unless the program was compiled for the functions that there are.
    HostCheck = "internal/hostcall.check" (str) -> () [panics];
    /// Passes an integer or boolean.
    HostPassInt = "internal/hostcall.passInt" (int) -> ();
    /// Passes a float.
    HostPassFloat = "internal/hostcall.passFloat" (f64) -> ();
    /// Passes a string.
    HostPassString = "internal/hostcall.passString" (str) -> ();
    /// Passes a byte slice.
    HostPassBytes = "internal/hostcall.passBytes" (slice) -> ();
    /// Calls a function that answers at once.
    HostCall = "internal/hostcall.call" (int) -> () [panics];
    /// Calls a function and waits for its answer.
    HostAwait = "internal/hostcall.await" (int) -> () [blocks, panics];
    /// An integer or boolean that the last call gave.
    HostInt = "internal/hostcall.int" (int) -> (int);
    /// A float that it gave.
    HostFloat = "internal/hostcall.float" (int) -> (f64);
    /// A string that it gave.
    HostString = "internal/hostcall.string" (int) -> (str) [panics];
    /// A byte slice that it gave.
    HostBytes = "internal/hostcall.bytes" (int) -> (slice) [panics];
    /// Whether it gave an error.
    HostFailed = "internal/hostcall.failed" () -> (int);
    /// The text of that error.
    HostFailure = "internal/hostcall.failure" () -> (str) [panics];

    // ---- reflection for fmt ---------------------------------------------------------------
    // The kind numbers: 0 nil, 1 bool, 2 signed, 3 unsigned, 4 float32, 5 float64, 6 string, 7 slice,
    // 8 array, 9 struct, 10 pointer, 11 map, 12 chan, 13 func, 14 interface.
    /// The kind of the value in an interface.
    AnyKind = "internal/reflect.kind" (any) -> (int);
    /// The name of its type as `%T` shows it; `<nil>` for nil.
    AnyTypeName = "internal/reflect.typeName" (any) -> (str);
    /// Its integer (sign- or zero-extended), or 0/1 for a bool.
    AnyInt = "internal/reflect.intOf" (any) -> (int);
    /// Its float.
    AnyFloat = "internal/reflect.floatOf" (any) -> (f64);
    /// Its string.
    AnyStr = "internal/reflect.stringOf" (any) -> (str);
    /// The width of its integer or float in bits.
    AnyBits = "internal/reflect.bits" (any) -> (int);
    /// Its address where it is a pointer, map, chan, func or slice; 0 for nil.
    AnyAddr = "internal/reflect.addr" (any) -> (int);
    /// Its number of elements, fields or entries; for a string its bytes.
    AnyLen = "internal/reflect.length" (any) -> (int);
    /// Element, or field, number i, as an interface (an interface element gives what it holds).
    AnyIndex = "internal/reflect.index" (any, int) -> (any) [panics];
    /// The name of field number i.
    AnyFieldName = "internal/reflect.fieldName" (any, int) -> (str);
    /// What a non-nil pointer points to, as a copy.
    AnyElem = "internal/reflect.elem" (any) -> (any) [panics];
    /// The keys of a map in fmt's order, as a `[]any`.
    AnyMapKeys = "internal/reflect.mapKeys" (any) -> (slice) [typed];
    /// The value of a key.
    AnyMapIndex = "internal/reflect.mapIndex" (any, any) -> (any) [panics];
    /// Swaps elements i and j of a slice.
    AnySwap = "internal/reflect.swap" (any, int, int) -> () [panics];
    /// Whether the static element type of a slice, array, pointer or map value is an interface
    /// type (1), a byte (2), or another (0).
    AnyElemClass = "internal/reflect.elemClass" (any) -> (int);

    // ---- reflection that makes values, for errors and the decoders -----------------------------
    // A type is a number: an interface's type word, 0 for none.
    /// The type of the value in an interface.
    AnyType = "internal/reflect.typeOf" (any) -> (int);
    /// Whether it can be compared with `==`.
    AnyComparable = "internal/reflect.comparable" (any) -> (int);
    /// The kind of a type.
    TypeKindOf = "internal/reflect.kindOf" (int) -> (int);
    /// The name of a type as `%T` shows it.
    TypeNameOf = "internal/reflect.nameOf" (int) -> (str);
    /// The width in bits of a type of numbers.
    TypeBits = "internal/reflect.bitsOf" (int) -> (int);
    /// The type of field number i; the element type for -1, the key type for -2.
    TypePart = "internal/reflect.partOf" (int, int) -> (int);
    /// The number of fields of a struct type; the length of an array type.
    TypeLen = "internal/reflect.lengthOf" (int) -> (int);
    /// The name of field number i of a struct type, its tag, and whether it is embedded.
    TypeField = "internal/reflect.fieldOf" (int, int) -> (str, str, int);
    /// The type of pointers to a type; 0 where the program has none.
    TypePointerTo = "internal/reflect.pointerTo" (int) -> (int);
    /// A new value of a type: a pointer to a zero value, a slice of n zero values, an empty map;
    /// the zero value for all others, and of all types for a negative n.
    AnyMake = "internal/reflect.make" (int, int) -> (any) [panics];
    /// A value with element or field i set: what a pointer points to and what a slice has is
    /// changed in place, of structs and arrays a changed copy is made. Nil where i or the new part
    /// does not fit.
    AnyWith = "internal/reflect.with" (any, int, any) -> (any) [panics];
    /// Sets the value of a key of a map: whether both fit.
    AnyMapSet = "internal/reflect.mapSet" (any, any, any) -> (int) [panics];
    /// A value as one of another type: the same, a number of another width that has it, or a
    /// boolean or string under another name; nil where there is none.
    AnyConvert = "internal/reflect.convert" (int, any) -> (any) [panics];
    /// Sets the struct that the first points to to the second, which is of its type or points to
    /// one; or its only field, where the second fits there. 1 if that was possible, 0 if not, -1
    /// if the first is no pointer to a struct.
    AnyAssign = "internal/reflect.assign" (any, any) -> (int);

    // ---- dynamic access ----------------------------------------------------------------------
    // The codes: 0 done, 1 absent, 2 nil base, 3 bad key, 4 bad value.
    /// The exported or tagged field of that name of a struct or of what a pointer points to, and a code.
    AnyField = "internal/reflect.field" (any, str) -> (any, int) [panics];
    /// Sets such a field of the struct that a pointer points to: a code.
    AnySetField = "internal/reflect.setField" (any, str, any) -> (int);
    /// The entry of a map, and a code.
    AnyMapLookup = "internal/reflect.mapLookup" (any, any) -> (any, int) [panics];
    /// Sets the entry of a map: a code.
    AnyMapStore = "internal/reflect.mapStore" (any, any, any) -> (int) [panics];
    /// Sets element i of a slice: a code.
    AnySetIndex = "internal/reflect.setIndex" (any, int, any) -> (int);

    // ---- text of numbers -------------------------------------------------------------------
    /// A signed integer in a base from 2 to 36.
    FormatInt = "strconv.formatInt" (int, int) -> (str);
    /// An unsigned integer in a base from 2 to 36.
    FormatUint = "strconv.formatUint" (int, int) -> (str);
    /// As Go's `strconv.FormatFloat`: value, format byte, precision (-1: shortest), bits.
    FormatFloat = "strconv.formatFloat" (f64, int, int, int) -> (str);
    /// As Go's `strconv.ParseFloat`: value and error code (0 fine, 1 syntax, 2 range).
    ParseFloat = "strconv.parseFloat" (str, int) -> (f64, int);
    /// As Go's `strconv.Quote`.
    Quote = "strconv.quote" (str) -> (str);
    /// Whether a rune is printed as itself by Go's `%q`.
    IsPrint = "strconv.isPrint" (int) -> (int);

    // ---- properties of runes ---------------------------------------------------------------
    /// The general category of a rune, as a number from 0 (`Lu`) to 29 (`Cn`).
    RuneCategory = "unicode.category" (int) -> (int);
    /// A rune in upper (0), lower (1) or title (2) case.
    RuneCase = "unicode.toCase" (int, int) -> (int);

    // ---- mathematics -----------------------------------------------------------------------
    /// Sine.
    MathSin = "math.Sin" (f64) -> (f64);
    /// Cosine.
    MathCos = "math.Cos" (f64) -> (f64);
    /// Tangent.
    MathTan = "math.Tan" (f64) -> (f64);
    /// Arc sine.
    MathAsin = "math.Asin" (f64) -> (f64);
    /// Arc cosine.
    MathAcos = "math.Acos" (f64) -> (f64);
    /// Arc tangent.
    MathAtan = "math.Atan" (f64) -> (f64);
    /// Arc tangent of a quotient.
    MathAtan2 = "math.Atan2" (f64, f64) -> (f64);
    /// e to the power.
    MathExp = "math.Exp" (f64) -> (f64);
    /// Natural logarithm.
    MathLog = "math.Log" (f64) -> (f64);
    /// Binary logarithm.
    MathLog2 = "math.Log2" (f64) -> (f64);
    /// Decimal logarithm.
    MathLog10 = "math.Log10" (f64) -> (f64);
    /// Power.
    MathPow = "math.Pow" (f64, f64) -> (f64);
    /// Floating-point remainder with the sign of the dividend.
    MathMod = "math.Mod" (f64, f64) -> (f64);
    /// Square root of the sum of squares.
    MathHypot = "math.Hypot" (f64, f64) -> (f64);
    /// Cube root.
    MathCbrt = "math.Cbrt" (f64) -> (f64);
    /// x*y + z, rounded once.
    MathFma = "math.FMA" (f64, f64, f64) -> (f64);
    /// One of the rarer functions, by number.
    MathSpecial = "math.special" (int, f64) -> (f64);
}
