"""A `param_str` that its layer's class cannot read.

A class that gives it to `json.loads` takes JSON: names and strings in double quotes, `true` and
`null`. One that gives it to `ast.literal_eval` takes a Python literal. The module is the file of
that name that lies where the net's other files would; it is read and never run, and a class that
does more with its `param_str` is not judged.

For instance, `param_str: "{'size': 3}"` for a class with `json.loads(self.param_str)`.

A dict or a list whose end is missing is nothing that any class can read.

Wrong:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" param_str: "{'size': 3, 'seed': 1" } }

Right:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" param_str: "{'size': 3, 'seed': 1}" } }
"""

import ast
from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.param_strs import (
    as_json,
    code_in,
    dotted_name,
    is_json,
    is_literal,
    missing_brackets,
)
from protofix.net.python_modules import class_of_layer, python_layers, reads_of_param_str
from protofix.net.setup import place_of, subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Scalar

CODE = "PF607"
NAME = "param-str-format"
SEVERITY = "warning"
FIXES = ("safe",)
TYPES = ("Python",)
RESTS_ON = "files"

_READERS = {
    "json.loads": ("JSON", is_json),
    "ast.literal_eval": ("a Python literal", is_literal),
    "literal_eval": ("a Python literal", is_literal),
}


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the string or, where there is none, at `python_param`."""
    for layer in view.kept(python_layers(view.net)):
        unclosed = _unclosed(layer)
        if unclosed is not None:
            yield unclosed
            continue
        values = layer.values("python_param")
        node = class_of_layer(layer, view.net.document.source.path)
        reader = None if node is None else _reader(node)
        if reader is None:
            continue
        name, can_read = _READERS[reader]
        written = values.scalars("param_str")[-1:]
        text = values.string("param_str") or ""
        # What only running it can read is PF601's to say.
        if can_read(text) or code_in(text) is not None:
            continue
        said = f"{subject_of(layer)} reads its param_str as {name} ({reader}), which "
        said += "it is not" if written else "must be written"
        at = written[0] if written else layer.param("python_param") or layer.node
        yield Hit(*place_of(at), said, _fix(written, reader))


def _unclosed(layer: Layer) -> Hit | None:
    """What is said of a dict or a list whose end is missing; None if nothing is."""
    for written in layer.values("python_param").scalars("param_str")[-1:]:
        missing = missing_brackets(written.value)
        if missing and code_in(written.value) is None:
            whole = written.value + missing
            inside = written.end - 1  # Before its closing quote.
            fix = Fix(f"write `{missing}` at its end", (Edit(inside, inside, missing),), safe=False)
            said = f"{subject_of(layer)} has a param_str that nothing can read: "
            said += f"it lacks `{missing}`"
            readable = is_json(whole) or is_literal(whole)
            return Hit(written.start, written.end, said, fix if readable else None)
    return None


def _fix(written: list[Scalar], reader: str) -> Fix | None:
    for one in written:
        json = as_json(one.value) if reader == "json.loads" else None
        if json is not None:
            return Fix("write it as JSON", (Edit(one.start, one.end, encode_string(json, "'")),))
    return None


def _reader(node: ast.ClassDef) -> str | None:
    """By what a class reads its param_str, if by nothing else, and without a second try."""
    tried = {id(it) for one in ast.walk(node) if isinstance(one, ast.Try) for it in ast.walk(one)}
    reads = list(reads_of_param_str(node))
    calls = [
        dotted_name(call.func)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and id(call) not in tried and len(call.args) == 1
        if any(call.args[0] is read for read in reads)
    ]
    if len(set(calls)) != 1 or len(calls) != len(reads):
        return None
    return calls[0] if calls[0] in _READERS else None


check = of_nets(_check)
