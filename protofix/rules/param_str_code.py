"""A `param_str` that only `eval` can read.

What a Python layer is told stands in a string. If that string is code, such as `dict(a=1)` or
`{'a': 2*3}`, the layer has to run it, and so whatever else a net from elsewhere says there. Written
as JSON or as a plain literal it is data, which `json.loads`, `ast.literal_eval` and
`yaml.safe_load` read. A tag like `!!python/object/apply` makes YAML run code as well. Words that
YAML takes for a string, as in `{split: train and val, fold: 1-5}`, are data. The string is judged
as text; protofix never evaluates it.

Wrong:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" param_str: "dict(size=3, seed=1)" } }

Right:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" param_str: '{"size": 3, "seed": 1}' } }

Wrong:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" param_str: "{'mean': np.float32(1)}" } }

Right:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" param_str: "{'mean': 1.0}" } }
"""

from collections.abc import Iterator

from protofix.net.param_strs import code_in, without_calls
from protofix.net.python_modules import python_layers
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit
from protofix.textproto.literals import clip, encode_string

CODE = "PF601"
NAME = "param-str-code"
SEVERITY = "warning"
TYPES = ("Python",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the string."""
    for layer in view.kept(python_layers(view.net)):
        for written in layer.values("python_param").scalars("param_str")[-1:]:
            code = code_in(written.value)
            if code is None:
                continue
            literal = without_calls(written.value)
            fix = None
            if literal is not None:
                quote = "'" if '"' in literal else '"'
                edit = Edit(written.start, written.end, encode_string(literal, quote))
                fix = Fix("write it as plain data", (edit,))
            said = (
                f"{subject_of(layer)} has code in its param_str, `{clip(code)}`, which only "
                "running it can read: write plain data, as JSON or a literal"
            )
            yield Hit(written.start, written.end, said, fix)


check = of_nets(_check)
