"""A Python layer whose module runs its `param_str` as code.

Whoever starts Caffe with a net then runs whatever the net says: `eval(self.param_str)` takes any
Python. `json.loads` and `ast.literal_eval` read the same data and run nothing. The module is the
file of that name that lies where the net's other files would; it is read and never run.

For instance, `params = eval(self.param_str)` in the module's class.
"""

import ast
from collections.abc import Iterator

from protofix.net.param_strs import dotted_name
from protofix.net.python_modules import class_of_layer, python_layers, reads_of_param_str
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF606"
NAME = "param-str-evaluated"
SEVERITY = "warning"
TYPES = ("Python",)
RESTS_ON = "files"


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the module's name, with the line."""
    for layer in view.kept(python_layers(view.net)):
        node = class_of_layer(layer, view.net.document.source.path)
        call = None if node is None else _evaluated(node)
        if call is None:
            continue
        for written in layer.values("python_param").scalars("module")[-1:]:
            said = (
                f"{subject_of(layer)}: line {call.lineno} of `{written.value}` runs the "
                f"param_str of whatever net it is given, `{dotted_name(call.func)}`: read it by "
                "json.loads or ast.literal_eval"
            )
            yield Hit(written.start, written.end, said)


def _evaluated(node: ast.ClassDef) -> ast.Call | None:
    """Where a class evaluates its param_str, itself or by a name that it gave to it."""
    names = {
        target.id
        for it in ast.walk(node)
        if isinstance(it, ast.Assign) and any(it.value is read for read in reads_of_param_str(it))
        for target in it.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and dotted_name(call.func) in ("eval", "exec") and call.args:
            named = {it.id for it in ast.walk(call.args[0]) if isinstance(it, ast.Name)}
            if named & names or any(reads_of_param_str(call.args[0])):
                return call
    return None


check = of_nets(_check)
