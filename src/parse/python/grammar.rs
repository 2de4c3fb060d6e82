//! Node kinds and fields of the Python grammar as small enums, so that the walk never compares names.
//!
//! The tables are filled once per process from the grammar itself; a kind that the grammar no longer has is simply never met.

use std::sync::OnceLock;
use tree_sitter::Language;

macro_rules! kinds {
    ($($name:ident = $text:literal, $named:literal;)*) => {
        /// A kind of node that the lowering tells apart; every other kind is [`Kind::Skip`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { Skip, Error, $($name,)* }

        fn kind_of(text: &str, named: bool) -> Kind {
            match (text, named) {
                $(($text, $named) => Kind::$name,)*
                (_, true) => Kind::Other,
                (_, false) => Kind::Skip,
            }
        }
    };
}

kinds! {
    Other = "other named node", true;
    Module = "module", true;
    Block = "block", true;
    Comment = "comment", true;
    LineContinuation = "line_continuation", true;
    // Definitions.
    Function = "function_definition", true;
    Class = "class_definition", true;
    Decorated = "decorated_definition", true;
    Decorator = "decorator", true;
    Parameters = "parameters", true;
    LambdaParameters = "lambda_parameters", true;
    TypedParameter = "typed_parameter", true;
    DefaultParameter = "default_parameter", true;
    TypedDefaultParameter = "typed_default_parameter", true;
    KeywordSeparator = "keyword_separator", true;
    PositionalSeparator = "positional_separator", true;
    Lambda = "lambda", true;
    // Imports.
    Import = "import_statement", true;
    ImportFrom = "import_from_statement", true;
    FutureImport = "future_import_statement", true;
    AliasedImport = "aliased_import", true;
    RelativeImport = "relative_import", true;
    WildcardImport = "wildcard_import", true;
    DottedName = "dotted_name", true;
    // Simple statements.
    ExpressionStatement = "expression_statement", true;
    Assignment = "assignment", true;
    AugmentedAssignment = "augmented_assignment", true;
    Return = "return_statement", true;
    Raise = "raise_statement", true;
    Pass = "pass_statement", true;
    Break = "break_statement", true;
    Continue = "continue_statement", true;
    Delete = "delete_statement", true;
    Assert = "assert_statement", true;
    Global = "global_statement", true;
    Nonlocal = "nonlocal_statement", true;
    Print = "print_statement", true;
    Exec = "exec_statement", true;
    Chevron = "chevron", true;
    TypeAlias = "type_alias_statement", true;
    // Compound statements.
    If = "if_statement", true;
    Elif = "elif_clause", true;
    Else = "else_clause", true;
    For = "for_statement", true;
    While = "while_statement", true;
    Try = "try_statement", true;
    Except = "except_clause", true;
    Finally = "finally_clause", true;
    With = "with_statement", true;
    WithClause = "with_clause", true;
    WithItem = "with_item", true;
    Match = "match_statement", true;
    Case = "case_clause", true;
    // Patterns of `match`.
    CasePattern = "case_pattern", true;
    ClassPattern = "class_pattern", true;
    ComplexPattern = "complex_pattern", true;
    DictPattern = "dict_pattern", true;
    KeywordPattern = "keyword_pattern", true;
    SplatPattern = "splat_pattern", true;
    UnionPattern = "union_pattern", true;
    // Expressions.
    Identifier = "identifier", true;
    Integer = "integer", true;
    Float = "float", true;
    True = "true", true;
    False = "false", true;
    None = "none", true;
    Ellipsis = "ellipsis", true;
    String = "string", true;
    ConcatenatedString = "concatenated_string", true;
    StringContent = "string_content", true;
    StringStart = "string_start", true;
    StringEnd = "string_end", true;
    Interpolation = "interpolation", true;
    FormatSpecifier = "format_specifier", true;
    TypeConversion = "type_conversion", true;
    Attribute = "attribute", true;
    Subscript = "subscript", true;
    Slice = "slice", true;
    Call = "call", true;
    ArgumentList = "argument_list", true;
    KeywordArgument = "keyword_argument", true;
    ListSplat = "list_splat", true;
    DictionarySplat = "dictionary_splat", true;
    ListSplatPattern = "list_splat_pattern", true;
    DictionarySplatPattern = "dictionary_splat_pattern", true;
    Binary = "binary_operator", true;
    Boolean = "boolean_operator", true;
    Comparison = "comparison_operator", true;
    Not = "not_operator", true;
    Unary = "unary_operator", true;
    Conditional = "conditional_expression", true;
    Named = "named_expression", true;
    AsPattern = "as_pattern", true;
    AsTarget = "as_pattern_target", true;
    Await = "await", true;
    Yield = "yield", true;
    Parenthesized = "parenthesized_expression", true;
    List = "list", true;
    Set = "set", true;
    Tuple = "tuple", true;
    ExpressionList = "expression_list", true;
    PatternList = "pattern_list", true;
    ListPattern = "list_pattern", true;
    TuplePattern = "tuple_pattern", true;
    Dictionary = "dictionary", true;
    Pair = "pair", true;
    ListComprehension = "list_comprehension", true;
    SetComprehension = "set_comprehension", true;
    DictComprehension = "dictionary_comprehension", true;
    Generator = "generator_expression", true;
    ForIn = "for_in_clause", true;
    IfClause = "if_clause", true;
    // Types.
    Type = "type", true;
    GenericType = "generic_type", true;
    TypeParameter = "type_parameter", true;
    UnionType = "union_type", true;
    ConstrainedType = "constrained_type", true;
    MemberType = "member_type", true;
    SplatType = "splat_type", true;
    // Tokens that carry a meaning.
    Async = "async", false;
    And = "and", false;
    Plus = "+", false;
    Minus = "-", false;
    Star = "*", false;
    Slash = "/", false;
    DoubleSlash = "//", false;
    Percent = "%", false;
    Pipe = "|", false;
    PlusAssign = "+=", false;
    MinusAssign = "-=", false;
    StarAssign = "*=", false;
    SlashAssign = "/=", false;
    DoubleSlashAssign = "//=", false;
    PercentAssign = "%=", false;
    PipeAssign = "|=", false;
    Equal = "==", false;
    NotEqual = "!=", false;
    OldNotEqual = "<>", false;
    Less = "<", false;
    LessEqual = "<=", false;
    Greater = ">", false;
    GreaterEqual = ">=", false;
    Is = "is", false;
    IsNot = "is not", false;
    In = "in", false;
    NotIn = "not in", false;
}

macro_rules! fields {
    ($($name:ident = $text:literal;)*) => {
        /// The role of a node in its parent, as far as the lowering asks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field { Plain, $($name,)* }

        fn field_of(text: &str) -> Field {
            match text {
                $($text => Field::$name,)*
                _ => Field::Plain,
            }
        }
    };
}

fields! {
    Alias = "alias";
    Alternative = "alternative";
    Arguments = "arguments";
    Attribute = "attribute";
    Body = "body";
    Cause = "cause";
    Condition = "condition";
    Consequence = "consequence";
    Guard = "guard";
    Left = "left";
    ModuleName = "module_name";
    Name = "name";
    Object = "object";
    Operator = "operator";
    Operators = "operators";
    Parameters = "parameters";
    ReturnType = "return_type";
    Right = "right";
    Superclasses = "superclasses";
    Type = "type";
    TypeParameters = "type_parameters";
    Value = "value";
}

impl Kind {
    /// Whether a node of this kind makes its value one level deeper.
    pub(super) fn deepens(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Other
                | Attribute
                | Subscript
                | Slice
                | Call
                | ListSplat
                | DictionarySplat
                | ListSplatPattern
                | Binary
                | Boolean
                | Comparison
                | Not
                | Unary
                | Conditional
                | Named
                | AsPattern
                | Await
                | Yield
                | Parenthesized
                | List
                | Set
                | Tuple
                | ExpressionList
                | PatternList
                | ListPattern
                | TuplePattern
                | Dictionary
                | ListComprehension
                | SetComprehension
                | DictComprehension
                | Generator
                | Lambda
                | String
                | ConcatenatedString
                | GenericType
                | UnionType
                | ConstrainedType
                | MemberType
                | CasePattern
                | ClassPattern
                | DictPattern
                | UnionPattern
                | KeywordPattern
                | Assignment
                | AugmentedAssignment
        )
    }

    /// Whether this is a statement that holds statements.
    pub(super) fn is_compound(self) -> bool {
        use Kind::*;
        matches!(self, If | For | While | Try | With | Match | Function | Class)
    }

    /// Whether nodes of this kind are recorded without looking at their children.
    pub(super) fn is_leaf(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Identifier
                | Integer
                | Float
                | True
                | False
                | None
                | Ellipsis
                | StringContent
                | DottedName
                | WildcardImport
                | KeywordSeparator
                | PositionalSeparator
                | Pass
                | Break
                | Continue
        ) || self.is_token()
    }

    /// Whether nodes of this kind say nothing, whatever they hold.
    pub(super) fn is_ignored(self) -> bool {
        use Kind::*;
        matches!(self, Skip | LineContinuation | StringStart | StringEnd | FormatSpecifier | TypeConversion | TypeAlias)
    }

    fn is_token(self) -> bool {
        self as u16 >= Kind::Async as u16
    }
}

/// The tables from the grammar's numbers to [`Kind`] and [`Field`].
pub(super) struct Grammar {
    kinds: Vec<Kind>,
    fields: Vec<Field>,
    /// The number of the field `name`, for finding what a definition is called before its body is walked.
    pub(super) name_field: u16,
}

impl Grammar {
    /// The kind with a number.
    pub(super) fn kind(&self, id: u16) -> Kind {
        if id == u16::MAX { Kind::Error } else { self.kinds.get(id as usize).copied().unwrap_or(Kind::Skip) }
    }

    /// The field with a number.
    pub(super) fn field(&self, id: Option<std::num::NonZeroU16>) -> Field {
        id.and_then(|id| self.fields.get(id.get() as usize)).copied().unwrap_or(Field::Plain)
    }
}

/// The grammar's tables, made at first use.
pub(super) fn grammar() -> &'static Grammar {
    static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
    GRAMMAR.get_or_init(|| {
        let language = Language::new(tree_sitter_python::LANGUAGE);
        let kind = |id| kind_of(language.node_kind_for_id(id).unwrap_or(""), language.node_kind_is_named(id));
        let field = |id| field_of(language.field_name_for_id(id).unwrap_or(""));
        Grammar {
            kinds: (0..language.node_kind_count() as u16).map(kind).collect(),
            fields: (0..=language.field_count() as u16).map(field).collect(),
            name_field: language.field_id_for_name("name").map_or(0, |id| id.get()),
        }
    })
}
