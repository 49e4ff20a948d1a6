//! Functions of a Rust program that the Vo programs it embeds can call.
//!
//! A Vo program imports them as package `host`. Its source is made from the registrations, so the
//! compiler checks calls like any other, and messages show the declarations.
//!
//! ```
//! use vo_jit::engine::{Engine, RunConfig};
//! use vo_jit::host::Host;
//! use vo_jit::runtime::native::Output;
//!
//! let mut host = Host::new();
//! host.function("Add", |a: i64, b: i64| a + b)?;
//! host.function("Half", |n: i64| if n % 2 == 0 { Ok(n / 2) } else { Err("odd") })?;
//! host.async_function("Greeting", |name: String| async move { format!("hello, {name}") })?;
//!
//! let module = host.compile_source(
//!     "main.vo",
//!     r#"
//!     import "host"
//!
//!     func main() {
//!         println(host.Add(40, 2))
//!         _, err := host.Half(7)
//!         println(err.Error())
//!         println(host.Greeting("world"))
//!     }
//!     "#,
//! )?;
//! let engine = Engine::with_host(module, host)?;
//! let run = engine.run(&RunConfig::default(), Output::captured())?;
//! assert_eq!(run.stdout, b"42\nodd\nhello, world\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | Rust | Vo |
//! |---|---|
//! | `bool`, `f32`, `f64` | `bool`, `float32`, `float64` |
//! | `i8 i16 i32 i64` | `int8 int16 int32 int` |
//! | `u8 u16 u32 u64` | `uint8 uint16 uint32 uint` |
//! | `String`, `Vec<u8>` | `string`, `[]byte`, copied |
//! | `()`, `T`, `(T, U)`, `(T, U, V)` as the result | no, one, two, three results |
//! | `Result<R, E>` as the result, `E` with a text | the results of `R`, then an `error` |
//!
//! A function that panics makes its goroutine panic, which Vo code can recover from.

use crate::runtime::hostcall::{Body, Called, Function, Table, Value, Work};
use std::fmt::{self, Display, Write};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use vo_bytecode::Module;
use vo_lang::compile::{self, Failure};

/// The functions that a Rust program offers; see the module's text.
#[derive(Default)]
pub struct Host {
    functions: Vec<Function>,
    declarations: Vec<Declaration>,
}

struct Declaration {
    name: String,
    params: Vec<Type>,
    results: Vec<Type>,
    fails: bool,
    waits: bool,
}

/// How a type is called in Vo, and how it travels.
#[derive(Clone, Copy)]
pub struct Type {
    /// Its name.
    vo: &'static str,
    /// The end of the names of the functions that pass and take it, and the type that they want.
    way: &'static str,
    way_type: &'static str,
}

/// Why a function cannot be registered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HostError {
    /// The name is not one that package `host` can export.
    Name(String),
    /// There is a function of that name.
    Taken(String),
}

impl Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::Name(name) => write!(
                f,
                "`{name}` cannot be called from Vo: a name begins with a capital letter, then has letters and digits"
            ),
            HostError::Taken(name) => write!(f, "there are two host functions `{name}`"),
        }
    }
}

impl std::error::Error for HostError {}

impl Host {
    /// No functions.
    pub fn new() -> Host {
        Host::default()
    }

    /// Registers a function. It runs on the thread of the goroutine that calls it, so it should
    /// not wait.
    ///
    /// # Errors
    /// When the name cannot be used.
    pub fn function<A, F: HostFunction<A>>(
        &mut self,
        name: &str,
        function: F,
    ) -> Result<&mut Host, HostError> {
        let (params, results, fails) = (F::params(), F::Output::types(), F::Output::FAILS);
        let body = Body::Now(Box::new(move |args| function.call(args)));
        self.add(name, params, results, fails, body)
    }

    /// Registers a function whose future gives the results. The goroutine that calls it waits;
    /// others run meanwhile. The future is polled by whoever polls the
    /// [`Running`](crate::running::Running) program.
    ///
    /// # Errors
    /// When the name cannot be used.
    pub fn async_function<A, F: AsyncHostFunction<A>>(
        &mut self,
        name: &str,
        function: F,
    ) -> Result<&mut Host, HostError> {
        let (params, results, fails) = (F::params(), F::Output::types(), F::Output::FAILS);
        let body = Body::Later(Box::new(move |args| function.call(args)));
        self.add(name, params, results, fails, body)
    }

    fn add(
        &mut self,
        name: &str,
        params: Vec<Type>,
        results: Vec<Type>,
        fails: bool,
        body: Body,
    ) -> Result<&mut Host, HostError> {
        let rest = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.chars().all(rest) {
            return Err(HostError::Name(name.into()));
        }
        if self.functions.iter().any(|function| function.name == name) {
            return Err(HostError::Taken(name.into()));
        }
        self.declarations.push(Declaration {
            name: name.into(),
            params,
            results,
            fails,
            waits: matches!(body, Body::Later(_)),
        });
        self.functions.push(Function {
            name: name.into(),
            body,
        });
        Ok(self)
    }

    /// Compiles a program in memory that may import package `host`; `name` is the file name that
    /// messages show.
    ///
    /// # Errors
    /// What is wrong with the program.
    pub fn compile_source(
        &self,
        name: &str,
        text: impl Into<Vec<u8>>,
    ) -> Result<Module, Box<Failure>> {
        compile::compile_source_hosted(name, text, &self.package())
    }

    /// Compiles the program in a file or a folder, which may import package `host`.
    ///
    /// # Errors
    /// What is wrong with the program.
    pub fn compile_path(&self, path: &Path) -> Result<Module, Box<Failure>> {
        compile::compile_path_hosted(path, &self.package())
    }

    /// The declarations of the functions, one to a line.
    pub fn declarations(&self) -> String {
        let mut text = String::new();
        for declaration in &self.declarations {
            text += &declaration.head();
            text.push('\n');
        }
        text
    }

    /// The source of package `host`.
    fn package(&self) -> String {
        let errors = if self.declarations.iter().any(|d| d.fails) {
            "import \"errors\"\n"
        } else {
            ""
        };
        let mut text = format!(
            "// Package host: functions of the program that runs this one.\npackage host\n\n{errors}import \"internal/hostcall\"\n\n\
             var checked = check()\n\nfunc check() bool {{\n\thostcall.Check({:?})\n\treturn true\n}}\n",
            self.declarations()
        );
        for (number, declaration) in self.declarations.iter().enumerate() {
            declaration.put(number, &mut text);
        }
        text
    }

    /// The functions, for an engine.
    pub(crate) fn into_table(self) -> Arc<Table> {
        let fingerprint = self.declarations();
        Arc::new(Table {
            functions: self.functions,
            fingerprint,
        })
    }
}

impl Declaration {
    /// The function as it is declared.
    fn head(&self) -> String {
        let list = |types: &[Type], letter: char| {
            let each = types.iter().enumerate();
            let items: Vec<String> = each
                .map(|(at, ty)| format!("{letter}{at} {}", ty.vo))
                .collect();
            items
        };
        let params = list(&self.params, 'a').join(", ");
        let mut results = list(&self.results, 'r');
        if self.fails {
            results.push("err error".into());
        }
        let mut head = format!("func {}({params})", self.name);
        if !results.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(head, " ({})", results.join(", "));
        }
        head
    }

    fn put(&self, number: usize, text: &mut String) {
        // Reading the variable is what has it initialised.
        *text += &format!("\n{} {{\n\tif !checked {{\n\t\treturn\n\t}}\n", self.head());
        for (at, ty) in self.params.iter().enumerate() {
            *text += &match ty.vo {
                "bool" => format!(
                    "\tif a{at} {{\n\t\thostcall.PassInt(1)\n\t}} else {{\n\t\thostcall.PassInt(0)\n\t}}\n"
                ),
                _ => format!("\thostcall.Pass{}({}(a{at}))\n", ty.way, ty.way_type),
            };
        }
        let verb = if self.waits { "Await" } else { "Call" };
        *text += &format!("\thostcall.{verb}({number})\n");
        if self.fails {
            *text += "\tif hostcall.Failed() {\n\t\terr = errors.New(hostcall.Failure())\n\t\treturn\n\t}\n";
        }
        for (at, ty) in self.results.iter().enumerate() {
            *text += &match ty.vo {
                "bool" => format!("\tr{at} = hostcall.Int({at}) != 0\n"),
                vo => format!("\tr{at} = {vo}(hostcall.{}({at}))\n", ty.way),
            };
        }
        *text += "\treturn\n}\n";
    }
}

// ---- values ------------------------------------------------------------------------------------

/// A Rust type that a Vo value can be.
pub trait HostValue: Sized + Send + 'static {
    /// How it is called in Vo.
    const TYPE: Type;

    /// From what came from Vo.
    fn from_value(value: Value) -> Self;

    /// For Vo.
    fn into_value(self) -> Value;
}

macro_rules! integers {
    ($($rust:ty = $vo:literal),*) => {$(
        impl HostValue for $rust {
            const TYPE: Type = Type { vo: $vo, way: "Int", way_type: "int" };

            fn from_value(value: Value) -> Self {
                match value {
                    Value::Int(value) => value as $rust,
                    _ => 0,
                }
            }

            fn into_value(self) -> Value {
                Value::Int(self as i64)
            }
        }
    )*};
}

integers! {
    i8 = "int8", i16 = "int16", i32 = "int32", i64 = "int",
    u8 = "uint8", u16 = "uint16", u32 = "uint32", u64 = "uint"
}

impl HostValue for bool {
    const TYPE: Type = Type {
        vo: "bool",
        way: "Int",
        way_type: "int",
    };

    fn from_value(value: Value) -> bool {
        i64::from_value(value) != 0
    }

    fn into_value(self) -> Value {
        Value::Int(i64::from(self))
    }
}

macro_rules! floats {
    ($($rust:ty = $vo:literal),*) => {$(
        impl HostValue for $rust {
            const TYPE: Type = Type { vo: $vo, way: "Float", way_type: "float64" };

            fn from_value(value: Value) -> Self {
                match value {
                    Value::Float(value) => value as $rust,
                    _ => 0.0,
                }
            }

            fn into_value(self) -> Value {
                Value::Float(self.into())
            }
        }
    )*};
}

floats! { f32 = "float32", f64 = "float64" }

impl HostValue for Vec<u8> {
    const TYPE: Type = Type {
        vo: "[]byte",
        way: "Bytes",
        way_type: "[]byte",
    };

    fn from_value(value: Value) -> Vec<u8> {
        match value {
            Value::Bytes(bytes) => bytes,
            _ => Vec::new(),
        }
    }

    fn into_value(self) -> Value {
        Value::Bytes(self)
    }
}

/// What is not UTF-8 in a Vo string comes as U+FFFD.
impl HostValue for String {
    const TYPE: Type = Type {
        vo: "string",
        way: "String",
        way_type: "string",
    };

    fn from_value(value: Value) -> String {
        let bytes = Vec::from_value(value);
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    fn into_value(self) -> Value {
        Value::Bytes(self.into_bytes())
    }
}

/// What a host function can give.
pub trait HostResult: Send + 'static {
    /// Whether an `error` is the last result.
    const FAILS: bool;

    /// The types of the results in Vo, without the error.
    fn types() -> Vec<Type>;

    /// For Vo.
    ///
    /// # Errors
    /// The text of the error.
    fn into_values(self) -> Called;
}

macro_rules! single_results {
    ($($ty:ty),*) => {$(
        impl HostResult for $ty {
            const FAILS: bool = false;

            fn types() -> Vec<Type> {
                vec![<$ty>::TYPE]
            }

            fn into_values(self) -> Called {
                Ok(vec![self.into_value()])
            }
        }
    )*};
}

single_results! { bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, String, Vec<u8> }

macro_rules! tuple_results {
    ($(($($name:ident $at:tt),*))*) => {$(
        impl<$($name: HostValue),*> HostResult for ($($name,)*) {
            const FAILS: bool = false;

            fn types() -> Vec<Type> {
                vec![$($name::TYPE),*]
            }

            fn into_values(self) -> Called {
                Ok(vec![$(self.$at.into_value()),*])
            }
        }
    )*};
}

tuple_results! { () (A 0, B 1) (A 0, B 1, C 2) }

impl<R: HostResult, E: Display + Send + 'static> HostResult for Result<R, E> {
    const FAILS: bool = true;

    fn types() -> Vec<Type> {
        R::types()
    }

    fn into_values(self) -> Called {
        match self {
            Ok(results) => results.into_values(),
            Err(error) => Err(error.to_string()),
        }
    }
}

// ---- functions ---------------------------------------------------------------------------------

/// A Rust function that Vo can call.
pub trait HostFunction<Args>: Send + Sync + 'static {
    /// What it gives.
    type Output: HostResult;

    /// The types of its parameters in Vo.
    fn params() -> Vec<Type>;

    /// Calls it.
    ///
    /// # Errors
    /// The text of the error that it gave.
    fn call(&self, args: Vec<Value>) -> Called;
}

/// A Rust function that gives a future, which Vo can call and wait for.
pub trait AsyncHostFunction<Args>: Send + Sync + 'static {
    /// What the future gives.
    type Output: HostResult;

    /// The types of its parameters in Vo.
    fn params() -> Vec<Type>;

    /// Calls it.
    fn call(&self, args: Vec<Value>) -> Work<Called>;
}

macro_rules! functions {
    ($(($($name:ident),*))*) => {$(
        impl<Fun, R, $($name),*> HostFunction<($($name,)*)> for Fun
        where
            Fun: Fn($($name),*) -> R + Send + Sync + 'static,
            R: HostResult,
            $($name: HostValue),*
        {
            type Output = R;

            fn params() -> Vec<Type> {
                vec![$($name::TYPE),*]
            }

            fn call(&self, args: Vec<Value>) -> Called {
                let mut args = args.into_iter();
                $(#[allow(non_snake_case, reason = "the names are those of the types")]
                let $name = $name::from_value(args.next().unwrap_or(Value::Int(0)));)*
                // What is too much or missing the compiler of the program has refused.
                let _ = &mut args;
                self($($name),*).into_values()
            }
        }

        impl<Fun, Fut, R, $($name),*> AsyncHostFunction<($($name,)*)> for Fun
        where
            Fun: Fn($($name),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = R> + Send + 'static,
            R: HostResult,
            $($name: HostValue),*
        {
            type Output = R;

            fn params() -> Vec<Type> {
                vec![$($name::TYPE),*]
            }

            fn call(&self, args: Vec<Value>) -> Work<Called> {
                let mut args = args.into_iter();
                $(#[allow(non_snake_case, reason = "the names are those of the types")]
                let $name = $name::from_value(args.next().unwrap_or(Value::Int(0)));)*
                let _ = &mut args;
                let work = self($($name),*);
                Box::pin(async move { work.await.into_values() })
            }
        }
    )*};
}

functions! { () (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, G) }
