//! The abstract syntax tree of a Vo file, modelled on Go's `go/ast`.
//!
//! Types are expressions, because only the checker can tell `T(x)` from `f(x)`. Every expression,
//! identifier, statement and declaration carries a [`NodeId`], unique in a parse session and dense, so that
//! later stages keep what they find out in vectors beside the tree instead of in it.
//!
//! The tree's height is at most [`MAX_DEPTH`](super::parser::MAX_DEPTH), so it may be walked recursively.

use std::sync::Arc;

use crate::source::{FileId, Span};

/// The text of an identifier or literal; cheap to clone.
pub type Name = Arc<str>;

/// The number of a node, dense from 0 in a parse session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The id as an index of a side table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Gives out node ids. One is shared by all files of a program.
#[derive(Debug, Default)]
pub struct NodeIds {
    next: u32,
}

impl NodeIds {
    /// Starts at 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fresh id.
    pub fn fresh(&mut self) -> NodeId {
        let id = NodeId(self.next);
        self.next += 1;
        id
    }

    /// How many ids were given out: the length of a side table that covers them all.
    pub fn count(&self) -> usize {
        self.next as usize
    }
}

/// A source file.
#[derive(Clone, Debug)]
pub struct File {
    /// Which file of the source map.
    pub file: FileId,
    /// The whole file.
    pub span: Span,
    /// The name in the package clause; a file without one belongs to `main`.
    pub package: Option<Ident>,
    /// Imports, in source order.
    pub imports: Vec<ImportSpec>,
    /// The other declarations, in source order.
    pub decls: Vec<Decl>,
    /// All comments, in source order. Only the printer reads them.
    pub comments: Vec<Comment>,
    /// Every name that stands in the file, once; in no order.
    pub names: Vec<Name>,
    /// Whether the file has a dynamic access.
    pub dynamic: bool,
}

/// A comment, delimiters included.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Where it stands.
    pub span: Span,
    /// Its text from `//` to before the line end, or from `/*` to `*/`.
    pub text: Name,
}

/// An identifier, declared or used. `_` is an identifier too.
#[derive(Clone, Debug)]
pub struct Ident {
    /// Its id. An identifier that is an expression has that expression's id.
    pub id: NodeId,
    /// Where it stands.
    pub span: Span,
    /// Its text.
    pub name: Name,
}

impl Ident {
    /// Whether this is the blank identifier `_`.
    pub fn is_blank(&self) -> bool {
        &*self.name == "_"
    }
}

// ---- declarations -------------------------------------------------------------------------------------

/// `name "path"` of an import declaration.
#[derive(Clone, Debug)]
pub struct ImportSpec {
    /// Its id.
    pub id: NodeId,
    /// From the name or path to the path.
    pub span: Span,
    /// The name given to the package.
    pub name: ImportName,
    /// The decoded path; empty if it is none.
    pub path: Name,
    /// Where the path stands.
    pub path_span: Span,
}

/// How an import names its package.
#[derive(Clone, Debug)]
pub enum ImportName {
    /// `import "path"`: the name that the package declares.
    Default,
    /// `import name "path"`; `_` imports for effect.
    Named(Ident),
    /// `import . "path"`.
    Dot(Span),
}

/// A declaration of a file or a block, other than an import.
#[derive(Clone, Debug)]
pub enum Decl {
    /// `const …`.
    Const(GenDecl<ConstSpec>),
    /// `var …`.
    Var(GenDecl<VarSpec>),
    /// `type …`.
    Type(GenDecl<TypeSpec>),
    /// `func …`; only at the top level.
    Func(Box<FuncDecl>),
}

impl Decl {
    /// The declaration from its keyword to its end.
    pub fn span(&self) -> Span {
        match self {
            Decl::Const(decl) => decl.span,
            Decl::Var(decl) => decl.span,
            Decl::Type(decl) => decl.span,
            Decl::Func(decl) => decl.span,
        }
    }
}

/// `const`, `var` or `type`, with one spec or a parenthesised list.
#[derive(Clone, Debug)]
pub struct GenDecl<S> {
    /// From the keyword to the end.
    pub span: Span,
    /// The keyword.
    pub keyword: Span,
    /// Whether the specs stand in parentheses.
    pub grouped: bool,
    /// The specs.
    pub specs: Vec<S>,
}

/// `a, b T = x, y` of a constant declaration.
#[derive(Clone, Debug)]
pub struct ConstSpec {
    /// Its id.
    pub id: NodeId,
    /// The whole spec.
    pub span: Span,
    /// The names declared.
    pub names: Vec<Ident>,
    /// The type, if given.
    pub ty: Option<Expr>,
    /// The values; when both type and values are missing, those of the last spec that had any are repeated.
    pub values: Vec<Expr>,
    /// The value of `iota`: this spec's place in its declaration.
    pub iota: u32,
}

/// `a, b T = x, y` of a variable declaration.
#[derive(Clone, Debug)]
pub struct VarSpec {
    /// Its id.
    pub id: NodeId,
    /// The whole spec.
    pub span: Span,
    /// The names declared.
    pub names: Vec<Ident>,
    /// The type, if given.
    pub ty: Option<Expr>,
    /// The initial values, if given.
    pub values: Vec<Expr>,
}

/// `T U` or `T = U` of a type declaration.
#[derive(Clone, Debug)]
pub struct TypeSpec {
    /// Its id.
    pub id: NodeId,
    /// The whole spec.
    pub span: Span,
    /// The name declared.
    pub name: Ident,
    /// Whether `=` stands between: an alias.
    pub alias: bool,
    /// The type on the right.
    pub ty: Expr,
}

/// A function or method declaration.
#[derive(Clone, Debug)]
pub struct FuncDecl {
    /// Its id.
    pub id: NodeId,
    /// From `func` to the end of the body.
    pub span: Span,
    /// The receiver of a method.
    pub recv: Option<Receiver>,
    /// The name declared.
    pub name: Ident,
    /// Parameters and results.
    pub sig: FuncType,
    /// The body; the standard library declares native functions without one.
    pub body: Option<Block>,
    /// Whether there is a body that was left out, since the program cannot reach it.
    pub left_out: bool,
}

/// `(name T)` or `(T)` before a method's name.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// With the parentheses.
    pub span: Span,
    /// Its name, if given.
    pub name: Option<Ident>,
    /// Its type: `T` or `*T`.
    pub ty: Expr,
}

// ---- types --------------------------------------------------------------------------------------------

/// Parameters and results of a function type, declaration, literal or interface method.
#[derive(Clone, Debug)]
pub struct FuncType {
    /// From `func` (or from the parameters where no `func` stands) to the results.
    pub span: Span,
    /// The parameters.
    pub params: Vec<Param>,
    /// The results; `f() T` gives one without names.
    pub results: Vec<Param>,
}

/// `a, b T`, `T`, or `a ...T` in a parameter or result list.
#[derive(Clone, Debug)]
pub struct Param {
    /// Names and type.
    pub span: Span,
    /// The names; none in a list without names. Within one list, all have names or none has.
    pub names: Vec<Ident>,
    /// The `...`, if any; only the last parameter of a list has one, with at most one name.
    pub variadic: Option<Span>,
    /// The type (of an element, if variadic).
    pub ty: Expr,
}

/// A line of a struct type.
#[derive(Clone, Debug)]
pub struct StructField {
    /// Its id.
    pub id: NodeId,
    /// Names, type and tag.
    pub span: Span,
    /// The names; empty for an embedded field.
    pub names: Vec<Ident>,
    /// The type; of an embedded field `T`, `*T`, `p.T` or `*p.T`.
    pub ty: Expr,
    /// The tag, a string literal.
    pub tag: Option<Lit>,
}

/// A line of an interface type.
#[derive(Clone, Debug)]
pub enum InterfaceElem {
    /// `Name(params) results`.
    Method {
        /// The method's name.
        name: Ident,
        /// Its parameters and results.
        sig: FuncType,
    },
    /// An embedded interface: `T` or `p.T`.
    Embedded(Expr),
}

/// What may be done with a channel or a port of a type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChanDir {
    /// `chan T`, `port T`.
    Both,
    /// `chan<- T`, `port<- T`.
    Send,
    /// `<-chan T`, `<-port T`.
    Recv,
}

/// The length of an array type.
#[derive(Clone, Debug)]
pub enum ArrayLen {
    /// `[n]T`.
    Expr(Box<Expr>),
    /// `[...]T`, only in a composite literal.
    Ellipsis(Span),
}

// ---- expressions --------------------------------------------------------------------------------------

/// An expression or a type.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its id.
    pub id: NodeId,
    /// Its first to its last token.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

impl Expr {
    /// The expression inside all parentheses around it.
    pub fn unparen(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// The identifier, if the expression is one (not in parentheses).
    pub fn as_ident(&self) -> Option<&Ident> {
        match &self.kind {
            ExprKind::Ident(ident) => Some(ident),
            _ => None,
        }
    }
}

/// The forms of expressions and types.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Stands where the parser reported an error; to be accepted in silence.
    Bad,
    /// `x`.
    Ident(Ident),
    /// A number, rune or string.
    Lit(Lit),
    /// `T{…}`, or `{…}` inside another one.
    CompositeLit {
        /// The type; missing only inside another composite literal.
        ty: Option<Box<Expr>>,
        /// The elements.
        elems: Vec<Element>,
        /// From `{` to `}`.
        braces: Span,
    },
    /// `func(…) … { … }`.
    FuncLit {
        /// Parameters and results.
        sig: Box<FuncType>,
        /// The body.
        body: Block,
    },
    /// `(x)`.
    Paren(Box<Expr>),
    /// `x.sel`.
    Selector {
        /// The operand.
        x: Box<Expr>,
        /// The name after the dot.
        sel: Ident,
    },
    /// `x[index]`.
    Index {
        /// The operand.
        x: Box<Expr>,
        /// The index or key.
        index: Box<Expr>,
    },
    /// `x[lo:hi]` or `x[lo:hi:max]`.
    Slice {
        /// The operand.
        x: Box<Expr>,
        /// The low bound.
        lo: Option<Box<Expr>>,
        /// The high bound; always there when `max` is.
        hi: Option<Box<Expr>>,
        /// The capacity bound of the full form.
        max: Option<Box<Expr>>,
    },
    /// `x.(T)`; the `x.(type)` of a switch is part of [`StmtKind::TypeSwitch`].
    TypeAssert {
        /// The operand.
        x: Box<Expr>,
        /// The type.
        ty: Box<Expr>,
    },
    /// `fun(args)`: a call, or a conversion.
    Call {
        /// The function or type.
        fun: Box<Expr>,
        /// The arguments.
        args: Vec<Expr>,
        /// The `...` behind the last argument.
        spread: Option<Span>,
    },
    /// `*x`: indirection, or a pointer type.
    Star(Box<Expr>),
    /// A prefix operator.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Where it stands.
        op_span: Span,
        /// The operand.
        x: Box<Expr>,
    },
    /// An infix operator.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Where it stands.
        op_span: Span,
        /// The left operand.
        x: Box<Expr>,
        /// The right operand.
        y: Box<Expr>,
    },
    /// `x?`.
    Try(Box<Expr>),
    /// `x~>…`.
    Dyn {
        /// The base.
        x: Box<Expr>,
        /// Where `~>` stands.
        op_span: Span,
        /// What is asked of it.
        access: DynAccess,
    },
    /// `[n]T` or `[...]T`.
    ArrayType {
        /// The length.
        len: ArrayLen,
        /// The element type.
        elem: Box<Expr>,
    },
    /// `[]T`.
    SliceType(Box<Expr>),
    /// `struct { … }`.
    StructType(Vec<StructField>),
    /// `func(…) …`.
    FuncType(Box<FuncType>),
    /// `interface { … }`.
    InterfaceType(Vec<InterfaceElem>),
    /// `map[K]V`.
    MapType {
        /// The key type.
        key: Box<Expr>,
        /// The value type.
        value: Box<Expr>,
    },
    /// `chan T`, `chan<- T`, `<-chan T`.
    ChanType {
        /// The direction.
        dir: ChanDir,
        /// The element type.
        elem: Box<Expr>,
    },
    /// `port T`, `port<- T`, `<-port T`.
    PortType {
        /// The direction.
        dir: ChanDir,
        /// The element type.
        elem: Box<Expr>,
    },
    /// `island`.
    IslandType,
}

/// An element of a composite literal.
#[derive(Clone, Debug)]
pub struct Element {
    /// The field name, index or key before the colon.
    pub key: Option<Expr>,
    /// The value.
    pub value: Expr,
}

/// What follows `~>`.
#[derive(Clone, Debug)]
pub enum DynAccess {
    /// `x~>name`.
    Attr(Ident),
    /// `x~>[index]`.
    Index(Box<Expr>),
    /// `x~>name(args)`.
    Method {
        /// The method or callable attribute.
        name: Ident,
        /// The arguments.
        args: Vec<Expr>,
        /// The `...` behind the last argument.
        spread: Option<Span>,
    },
    /// `x~>(args)`.
    Call {
        /// The arguments.
        args: Vec<Expr>,
        /// The `...` behind the last argument.
        spread: Option<Span>,
    },
}

/// A basic literal.
#[derive(Clone, Debug)]
pub struct Lit {
    /// Where it stands.
    pub span: Span,
    /// Its text as in the source.
    pub raw: Name,
    /// Its value.
    pub value: LitValue,
}

/// The value of a basic literal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LitValue {
    /// An integer in the given base (2, 8, 10 or 16): digits only, no prefix, no separators.
    Int {
        /// The base.
        base: u32,
        /// At least one digit of that base.
        digits: Name,
    },
    /// A floating-point number without separators: decimal (`1.5e-3`), or hexadecimal (`0x1.8p-2`).
    Float(Name),
    /// A rune's code point.
    Rune(char),
    /// A string's bytes; escapes may make them invalid UTF-8.
    String(Arc<[u8]>),
}

/// Prefix operators, other than `*`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `+x`.
    Plus,
    /// `-x`.
    Neg,
    /// `!x`.
    Not,
    /// `^x`.
    BitNot,
    /// `&x`.
    Addr,
    /// `<-x`.
    Recv,
}

impl UnaryOp {
    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            UnaryOp::Plus => "+",
            UnaryOp::Neg => "-",
            UnaryOp::Not => "!",
            UnaryOp::BitNot => "^",
            UnaryOp::Addr => "&",
            UnaryOp::Recv => "<-",
        }
    }
}

/// Infix operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `||`.
    LogOr,
    /// `&&`.
    LogAnd,
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `|`.
    Or,
    /// `^`.
    Xor,
    /// `*`.
    Mul,
    /// `/`.
    Div,
    /// `%`.
    Rem,
    /// `<<`.
    Shl,
    /// `>>`.
    Shr,
    /// `&`.
    And,
    /// `&^`.
    AndNot,
}

impl BinaryOp {
    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        use BinaryOp::*;
        match self {
            LogOr => "||",
            LogAnd => "&&",
            Eq => "==",
            Ne => "!=",
            Lt => "<",
            Le => "<=",
            Gt => ">",
            Ge => ">=",
            Add => "+",
            Sub => "-",
            Or => "|",
            Xor => "^",
            Mul => "*",
            Div => "/",
            Rem => "%",
            Shl => "<<",
            Shr => ">>",
            And => "&",
            AndNot => "&^",
        }
    }

    /// How tightly it binds: 1 (`||`) to 5 (`*`). All associate to the left.
    pub fn precedence(self) -> u8 {
        use BinaryOp::*;
        match self {
            LogOr => 1,
            LogAnd => 2,
            Eq | Ne | Lt | Le | Gt | Ge => 3,
            Add | Sub | Or | Xor => 4,
            Mul | Div | Rem | Shl | Shr | And | AndNot => 5,
        }
    }

    /// Whether the result is a boolean whatever the operands: `==` to `>=`.
    pub fn is_comparison(self) -> bool {
        self.precedence() == 3
    }

    /// Whether this is `<<` or `>>`.
    pub fn is_shift(self) -> bool {
        matches!(self, BinaryOp::Shl | BinaryOp::Shr)
    }
}

// ---- statements ---------------------------------------------------------------------------------------

/// `{ … }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// From `{` to `}`.
    pub span: Span,
    /// The statements; empty ones are left out.
    pub stmts: Vec<Stmt>,
}

impl Block {
    /// The closing brace, where a function without a final `return` ends.
    pub fn rbrace(&self) -> Span {
        Span {
            lo: self.span.hi.saturating_sub(1).max(self.span.lo),
            ..self.span
        }
    }
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// Its id.
    pub id: NodeId,
    /// Its first to its last token, without the semicolon.
    pub span: Span,
    /// What it is.
    pub kind: StmtKind,
}

/// The forms of statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// Stands where the parser reported an error; to be accepted in silence.
    Bad,
    /// Nothing: only as the statement of a label (`L: }`).
    Empty,
    /// A local declaration; never a function.
    Decl(Decl),
    /// `label: stmt`.
    Labeled {
        /// The label.
        label: Ident,
        /// The statement it names.
        stmt: Box<Stmt>,
    },
    /// An expression for its effect.
    Expr(Expr),
    /// `chan <- value`.
    Send {
        /// The channel or port.
        chan: Expr,
        /// Where `<-` stands.
        arrow: Span,
        /// The value.
        value: Expr,
    },
    /// `x++` or `x--`.
    IncDec {
        /// The operand.
        x: Expr,
        /// Whether it is `++`.
        inc: bool,
        /// Where the operator stands.
        op_span: Span,
    },
    /// `lhs = rhs`, `lhs := rhs`, `lhs += rhs`.
    Assign {
        /// The left side, at least one. For `:=` the parser has checked that they are identifiers (or
        /// `Bad`); for `op=` that there is one on each side.
        lhs: Vec<Expr>,
        /// Which operator.
        op: AssignOp,
        /// Where it stands.
        op_span: Span,
        /// The right side, at least one.
        rhs: Vec<Expr>,
    },
    /// `go call`, `go @(island) call`.
    Go {
        /// The island to start on.
        island: Option<Expr>,
        /// What is started: a call (perhaps in parentheses, or a dynamic one), or `Bad`.
        call: Expr,
    },
    /// `defer call`.
    Defer(Expr),
    /// `errdefer call`.
    ErrDefer(Expr),
    /// `fail value`.
    Fail(Expr),
    /// `return results`.
    Return(Vec<Expr>),
    /// `break`, `break label`.
    Break(Option<Ident>),
    /// `continue`, `continue label`.
    Continue(Option<Ident>),
    /// `fallthrough`.
    Fallthrough,
    /// `{ … }`.
    Block(Block),
    /// `if init; cond { … } else …`.
    If(Box<IfStmt>),
    /// `switch init; tag { … }`.
    Switch(Box<SwitchStmt>),
    /// `switch init; name := x.(type) { … }`.
    TypeSwitch(Box<TypeSwitchStmt>),
    /// `select { … }`.
    Select(Vec<CommClause>),
    /// `for init; cond; post { … }`.
    For(Box<ForStmt>),
    /// `for key, value := range x { … }`.
    Range(Box<RangeStmt>),
}

/// The operator of an assignment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AssignOp {
    /// `=`.
    Assign,
    /// `:=`.
    Define,
    /// `+=` and the like.
    Op(BinaryOp),
}

/// An `if`.
#[derive(Clone, Debug)]
pub struct IfStmt {
    /// The simple statement before the condition.
    pub init: Option<Stmt>,
    /// The condition.
    pub cond: Expr,
    /// The block of a true condition.
    pub then: Block,
    /// The rest: a [`StmtKind::Block`] or another [`StmtKind::If`].
    pub els: Option<Stmt>,
}

/// An expression switch.
#[derive(Clone, Debug)]
pub struct SwitchStmt {
    /// The simple statement before the tag.
    pub init: Option<Stmt>,
    /// The tag; missing means `true`.
    pub tag: Option<Expr>,
    /// The clauses, at most one default.
    pub cases: Vec<CaseClause>,
    /// From `{` to `}`.
    pub braces: Span,
}

/// A type switch.
#[derive(Clone, Debug)]
pub struct TypeSwitchStmt {
    /// The simple statement before the guard.
    pub init: Option<Stmt>,
    /// The name that each clause declares (under the clause's id).
    pub binding: Option<Ident>,
    /// The operand before `.(type)`.
    pub x: Expr,
    /// The clauses, at most one default. `nil` among the types is an identifier.
    pub cases: Vec<CaseClause>,
    /// From `{` to `}`.
    pub braces: Span,
}

/// `case a, b:` or `default:` with its statements.
#[derive(Clone, Debug)]
pub struct CaseClause {
    /// Its id.
    pub id: NodeId,
    /// From the keyword to the last statement.
    pub span: Span,
    /// From the keyword to the colon.
    pub head: Span,
    /// The values or types; `None` for the default.
    pub exprs: Option<Vec<Expr>>,
    /// The statements.
    pub body: Vec<Stmt>,
}

/// A clause of a select statement.
#[derive(Clone, Debug)]
pub struct CommClause {
    /// Its id.
    pub id: NodeId,
    /// From the keyword to the last statement.
    pub span: Span,
    /// From the keyword to the colon.
    pub head: Span,
    /// What it waits for.
    pub comm: Comm,
    /// The statements.
    pub body: Vec<Stmt>,
}

/// What a clause of a select statement waits for.
#[derive(Clone, Debug)]
pub enum Comm {
    /// Stands where the parser reported an error.
    Bad,
    /// `default`.
    Default,
    /// `chan <- value`.
    Send {
        /// The channel.
        chan: Expr,
        /// Where `<-` stands.
        arrow: Span,
        /// The value.
        value: Expr,
    },
    /// `<-chan`, `a, ok = <-chan`, `a, ok := <-chan`.
    Recv {
        /// The left side: none, one, or two.
        lhs: Vec<Expr>,
        /// Whether it is declared here; the left side is then identifiers (or `Bad`).
        define: bool,
        /// The receive expression, perhaps in parentheses: a [`UnaryOp::Recv`].
        recv: Expr,
    },
}

/// A `for` with a condition, a full clause, or nothing.
#[derive(Clone, Debug)]
pub struct ForStmt {
    /// The simple statement before the loop.
    pub init: Option<Stmt>,
    /// The condition; missing means `true`.
    pub cond: Option<Expr>,
    /// The simple statement after each iteration; never a `:=`.
    pub post: Option<Stmt>,
    /// The body.
    pub body: Block,
}

/// A `for` over a range.
#[derive(Clone, Debug)]
pub struct RangeStmt {
    /// The first variable.
    pub key: Option<Expr>,
    /// The second variable; never without the first.
    pub value: Option<Expr>,
    /// Whether the variables are declared here (`:=`); they are then identifiers (or `Bad`).
    pub define: bool,
    /// The keyword `range`.
    pub range_span: Span,
    /// What is ranged over.
    pub x: Expr,
    /// The body.
    pub body: Block,
}
