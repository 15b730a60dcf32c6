"""What a Python layer's `param_str` is written in. It is judged as text, and never evaluated."""

from __future__ import annotations

import ast
import builtins
import json
import re
import warnings
from collections.abc import Iterator

_YAML_CODE = re.compile(r"!!python/(?:object|name|module)[^\s,\]}]*")
_BUILDERS = frozenset({"dict", "list", "tuple", "set", "OrderedDict"})
# Python 2 had two more.
_CALLABLE = frozenset(dir(builtins)) | _BUILDERS | {"xrange", "unicode"}
_COMPUTED = (
    ast.Subscript,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Lambda,
    ast.JoinedStr,
    ast.NamedExpr,
    ast.Starred,  # An alias to YAML, of nothing that it knows.
)
# What YAML cannot go on behind: a string in quotes, a list.
_CLOSED = (ast.List, ast.Dict, ast.ListComp, ast.Tuple)
_BRACKETS = {"{": "}", "[": "]"}
_UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


def code_in(text: str) -> str | None:
    """The first piece of a text that nothing but running it as Python makes sense of.

    None if nothing surely is: what JSON or a literal has, and what YAML may have as plain words. To
    YAML `{a: b.c}`, `{a: 0-3}` and `{a: x and y}` are strings, though `{a: 2*3}` is hardly meant as
    one. A text may mean anything to the layer that reads it, so only what is plainly a container,
    or a call that makes one, is judged.
    """
    tag = _YAML_CODE.search(text)
    if tag is not None:
        return tag[0]
    if is_json(text) or is_literal(text):
        return None
    tree = _expression(text)
    try:
        if tree is None or not (text.strip()[:1] in ("(", "[", "{") or _makes_container(tree)):
            return None
        return next((ast.unparse(node) for node in ast.walk(tree) if _is_code(node)), None)
    except RecursionError:  # Deeper than Python likes to write it.
        return None


def is_json(text: str) -> bool:
    """Whether a text is JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_literal(text: str) -> bool:
    """Whether a text is a Python literal."""
    try:
        _value_of(text)
    except _UNREADABLE:
        return False
    return True


def mapping_of(text: str) -> dict[object, object] | None:
    """What a JSON object or the literal of a dict holds; None if a text is neither."""
    for reader in (json.loads, _value_of):
        try:
            value = reader(text)
        except _UNREADABLE:
            continue
        if isinstance(value, dict):
            return value
    return None


def missing_brackets(text: str) -> str:
    """The closing brackets that a dict or a list lacks at its end, whatever is to read it.

    JSON, Python and YAML all want them. "" where none lack, and where the three read a text
    differently: behind a backslash, and what is a comment to some.
    """
    if text.strip()[:1] not in ("{", "[") or "\\" in text or "#" in text:
        return ""
    closing: list[str] = []
    quote = ""
    before = ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and before in ("", *"{[(,:"):  # YAML has quotes within words.
            quote = character
        elif character in _BRACKETS:
            closing.append(_BRACKETS[character])
        elif character in _BRACKETS.values() and (not closing or closing.pop() != character):
            return ""
        before = before if character.isspace() else character
    return "" if quote else "".join(reversed(closing))


def with_entry(text: str, key: str, value: int) -> str:
    """The text of a mapping with one more entry, or another value of it, in the same format."""
    entries = (mapping_of(text) or {}) | {key: value}
    return json.dumps(entries) if is_json(text) else repr(entries)


def as_json(text: str) -> str | None:
    """A Python literal as JSON, with its tuples as lists; None if JSON has nothing like it."""
    try:
        value = _value_of(text)
        written = json.dumps(value, allow_nan=False)
    except _UNREADABLE:
        return None
    return written if json.loads(written) == _without_tuples(value) else None


def without_calls(text: str) -> str | None:
    """The literal that `dict(a=1)` and the like make; None if a text is no such thing.

    It is JSON as well, if that is the same in Python.
    """
    tree = _expression(text)
    if tree is None:
        return None
    try:
        value = ast.literal_eval(_Dicts().visit(tree))
    except _UNREADABLE:
        return None
    return next((it for it in (_as_plain_json(value), repr(value)) if _means(it, value)), None)


def _as_plain_json(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):  # A set, say.
        return ""


def _means(text: str, value: object) -> bool:
    """Whether Python reads a value out of a text: `true` is none, nor is `inf`."""
    try:
        return _value_of(text) == value
    except _UNREADABLE:
        return False


class _Dicts(ast.NodeTransformer):
    """Writes `dict(a=1)` as `{"a": 1}`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        names = [ast.Constant(it.arg) for it in node.keywords if it.arg is not None]
        if dotted_name(node.func) != "dict" or node.args or len(names) < len(node.keywords):
            return node  # literal_eval does not take it.
        return ast.Dict(keys=list(names), values=[it.value for it in node.keywords])


def _expression(text: str) -> ast.expr | None:
    """A text as a Python expression; None if it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of odd escapes and the like.
            return ast.parse(text.strip(), mode="eval").body
    except _UNREADABLE:
        return None


def _value_of(text: str) -> object:
    """The value of a Python literal."""
    value: object = ast.literal_eval(text.strip())
    return value


def _without_tuples(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_tuples(it) for key, it in value.items()}
    if isinstance(value, list | tuple):
        return [_without_tuples(it) for it in value]
    return value


def _makes_container(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and dotted_name(node.func).rpartition(".")[2] in _BUILDERS


def _is_code(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = dotted_name(node.func)
        return "." in name or name in _CALLABLE
    if isinstance(node, ast.Dict):
        return None in node.keys
    if isinstance(node, ast.IfExp):
        return isinstance(node.body, ast.Constant) or isinstance(node.orelse, ast.Constant)
    if isinstance(node, ast.BinOp):
        return _is_arithmetic(node)
    if isinstance(node, ast.BoolOp | ast.Compare | ast.UnaryOp):
        plain = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd)
        return not plain and all(isinstance(it, ast.Constant) for it in _operands(node))
    return isinstance(node, _COMPUTED)


def _is_arithmetic(node: ast.BinOp) -> bool:
    """Whether something is computed: `0-3` and `1/2` may be a range and the name of a fold."""
    operands = list(_operands(node))
    if any(isinstance(it, _CLOSED) or _constant(it, str) for it in operands):
        return True
    if isinstance(node.op, ast.Sub) or not all(_constant(it, int, float) for it in operands):
        return False
    return not isinstance(node.op, ast.Div) or any(_constant(it, float) for it in operands)


def _constant(node: ast.expr, *types: type) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, types)


def _operands(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression works on, through all that it is nested of."""
    parts: list[ast.expr]
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    elif isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
    else:
        yield node
        return
    for part in parts:
        yield from _operands(part)


def dotted_name(node: ast.expr) -> str:
    """A name such as `np.float32`; what is called or looked up before its dots is left out."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))
