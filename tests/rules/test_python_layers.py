"""What is said of Python layers: by what the net says, and by the text of their modules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mending import findings_of, mended, said

from protofix.textproto.literals import encode_string

# What a layer's class is in the tests below, in a file beside the net.
CROP = """
import json
import caffe

class Base(caffe.Layer):
    def setup(self, bottom, top):
        self.params = json.loads(self.param_str)
    def reshape(self, bottom, top):
        pass

class Crop(Base):
    def forward(self, bottom, top):
        pass
"""


def layer(param_str: str | None = None, module: str = "crop", name: str = "Crop") -> str:
    """A data layer in Python."""
    more = "" if param_str is None else f" param_str: {encode_string(param_str)}"
    return (
        'layer { name: "data" type: "Python" top: "data" '
        f'python_param {{ module: "{module}" layer: "{name}"{more} }} }}\n'
    )


# The text, and what of it is code.
PARAM_STRS: dict[str, str | None] = {
    "": None,
    '{"size": 3}': None,
    "{'size': (3, 4), 'on': True, 'mean': -1.5}": None,
    "'num_classes': 21": None,
    "'feat_stride': 16 \n'scales': !!python/tuple [4, 8, 16, 32]": None,
    "{mode: fast, path: data.txt}": None,
    "data/train.txt": None,
    "train.txt": None,
    "3": None,
    "3, 4": None,
    "Resize(3)": None,
    "[Resize(3), Crop(4)]": None,
    "(unbalanced": None,
    "{'a': 10L}": None,
    "\0": None,
    "(" * 5000: None,
    "[a" + ".b" * 5000 + "()]": None,
    "{'a': " * 900 + "dict()" + "}" * 900: None,
    "dict(a=1)": "dict(a=1)",
    " {'a': dict()}": "dict()",
    "{'a': np.float32(1)}": "np.float32(1)",
    "{'x': 1, 'y': os.environ['z']}": "os.environ['z']",
    "collections.OrderedDict([('a', 1)])": "collections.OrderedDict([('a', 1)])",
    "[i for i in range(3)]": "[i for i in range(3)]",
    "{'a': float('inf')}": "float('inf')",
    "a: !!python/object/apply:os.system ['true']": "!!python/object/apply:os.system",
    # Arithmetic: of numbers, and of what YAML has no words behind.
    "{'a': 2*3}": "2 * 3",
    "{a: 2**3}": "2 ** 3",
    "{'scale': 1/255.}": "1 / 255.0",
    "{'a': [0]*n}": "[0] * n",
    "{'a': (1, 2)*3}": "(1, 2) * 3",
    "{'a': 'x'+'y'}": "'x' + 'y'",
    "{'a': 'x' % 1}": "'x' % 1",
    "{'a': ~1}": "~1",
    "{'a': not 1}": "not 1",
    "{'a': True and 1}": "True and 1",
    "{'a': 1 < 2}": "1 < 2",
    "{'a': 1 if x else 2}": "1 if x else 2",
    "{'a': f'{x}'}": "f'{x}'",
    "{'a': (x:=1)}": "(x := 1)",
    "[*a]": "*a",
    "{**a}": "{**a}",
    # Strings to YAML: words, ranges, dates and the like.
    "{'a': x}": None,
    "{'a': f(1)}": None,
    "{files: data.train}": None,
    "{a: 0-3, b: 0.5-1.5}": None,
    "{date: 2017-10-14, fold: 1/5}": None,
    "{a: x and y, b: not z, c: x < y}": None,
    "{a: train if needed else test}": None,
    "[a*]": None,
    "{a: x*2}": None,
    "2*3": None,
    # Literals, to ast.literal_eval.
    "{1, 2}": None,
    "{'a': {1}, 'b': set(), 'c': b'x', 'd': 1+2j, 'e': 'x' 'y', 'f': None}": None,
}


@pytest.mark.parametrize("text", PARAM_STRS, ids=lambda text: repr(text[:30]))
def test_what_only_running_can_read(text: str) -> None:
    code = PARAM_STRS[text]
    found = [one.message for one in findings_of(layer(text), "PF601")]
    expected = [] if code is None else [
        f"`data` has code in its param_str, `{code}`, which only running it can read: write plain "
        "data, as JSON or a literal"
    ]  # fmt: skip
    assert found == expected


PLAIN = {
    "dict(a=1, b=['x', dict(c=-2.5)])": """'{"a": 1, "b": ["x", {"c": -2.5}]}'""",
    "dict(a=True, b=(1, 2))": '''"{\'a\': True, \'b\': (1, 2)}"''',
    "dict()": '"{}"',
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_dict_that_is_called_is_written_as_data(text: str) -> None:
    before, after = layer(text), layer("@").replace('"@"', PLAIN[text])
    assert mended(before, "PF601", safe=True) == after


@pytest.mark.parametrize("text", ["dict(a=np.float32(1))", "dict(**b)", "dict([('a', 1)])"])
def test_what_runs_more_is_not_rewritten(text: str) -> None:
    assert [one.fix for one in findings_of(layer(text), "PF601")] == [None]


LACKING = {
    'layer { name: "a" type: "Python" top: "a" }': "module and layer",
    'layer { name: "a" type: "Python" top: "a" python_param { layer: "L" } }': "module",
    'layer { name: "a" type: "Python" top: "a" python_param { module: "m" layer: "" } }': "layer",
    'layer { name: "a" type: "Python" top: "a" python_param { module: "m" layer: "L" } }': None,
}


@pytest.mark.parametrize("text", LACKING)
def test_what_a_layer_is_made_of(text: str) -> None:
    found = [one.message.partition(" without ")[2] for one in findings_of(text, "PF602")]
    lacks = LACKING[text]
    expected = [] if lacks is None else [
        f"{lacks}, and Caffe aborts: write python_param {{ module, layer }}, the file and the "
        "class in it"
    ]  # fmt: skip
    assert found == expected


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the nets of the tests are, with modules beside them."""
    (tmp_path / "crop.py").write_text(CROP)
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "rpn").mkdir()
    (tmp_path / "rpn" / "__init__.py").write_text("")
    (tmp_path / "rpn" / "proposal.py").write_text("import caffe\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fetch.py").write_text("")
    (tmp_path / "fast.so").write_bytes(b"\x7fELF")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# The module, and what is said of it.
MODULES: dict[str, str | None] = {
    "crop": None,
    "rpn.proposal": None,
    "fast": None,
    "elsewhere": None,
    "elsewhere.data": None,
    "data.layers": None,
    "crop.py": "`crop.py` is no name that Python imports: write `crop`",
    "./crop": "`./crop` is no name that Python imports: write `crop`",
    "rpn/proposal": "`rpn/proposal` is no name that Python imports: write `rpn.proposal`",
    "corp": "there is no module `corp` here: did you mean `crop`?",
    "rpn.propsal": "there is no module `rpn.propsal` here: did you mean `rpn.proposal`?",
    "rpn.anchors": "the package `rpn`, which is here, has no module `anchors`",
}


@pytest.mark.parametrize("module", MODULES)
def test_modules(module: str, folder: Path) -> None:
    says = MODULES[module]
    found = [one.message for one in findings_of(layer(module=module), "PF603")]
    assert found == ([] if says is None else [f"`data`: {says}"])


@pytest.mark.parametrize(
    ("module", "meant", "safe"), [("crop.py", "crop", True), ("corp", "crop", False)]
)
def test_a_module_is_renamed(module: str, meant: str, safe: bool, folder: Path) -> None:
    assert mended(layer(module=module), "PF603", safe=safe) == layer(module=meant)


# The module, the class asked for, and what is said.
CLASSES: dict[str, tuple[str, str, str | None]] = {
    "is there": (CROP, "Crop", None),
    "is a slip": (CROP, "Corp", "`crop`, which is here, has no `Corp`: did you mean `Crop`?"),
    "is another": (CROP, "Data", "`crop`, which is here, has no `Data`: it has `Base` and `Crop`"),
    "is imported": ("from layers import Data", "Data", None),
    "is assigned": ("Data = make()", "Data", None),
    "comes by a star": ("from layers import *", "Data", None),
    "comes by globals": ("globals().update(made)", "Data", None),
    "is defined in a branch": ("if x:\n    class Data: pass\n", "Data", None),
    "is in Python 2": ("print 'x'\nclass Other: pass\n", "Data", None),
    "is in no module": ("\0", "Data", None),
}


@pytest.mark.parametrize("title", CLASSES, ids=lambda title: title.replace(" ", "-"))
def test_classes(title: str, folder: Path) -> None:
    module, name, says = CLASSES[title]
    (folder / "crop.py").write_text(module)
    found = [one.message for one in findings_of(layer(name=name), "PF604")]
    assert found == ([] if says is None else [f"`data`: {says}"])


def test_a_class_is_renamed(folder: Path) -> None:
    assert mended(layer(name="Corp"), "PF604", safe=False) == layer(name="Crop")


LAYER = "import caffe\nclass Crop(caffe.Layer):\n    "
PASS = "(self, *blobs): pass\n    "

# The module, and the methods that are missed.
METHODS: dict[str, tuple[str, str | None]] = {
    "all": (CROP, None),
    "no reshape": (f"{LAYER}def setup{PASS}def forward{PASS}", "`reshape`"),
    "none at all": (f"{LAYER}pass", "`setup`, `reshape` and `forward`"),
    "of Layer by its name": (
        "from caffe import Layer\nclass Crop(Layer):\n    def setup(self): pass\n"
        "    reshape = forward = setup\n",
        None,
    ),
    "of another module": ("from layers import Base\nclass Crop(Base): pass\n", None),
    "of Layer from elsewhere": ("from layers import Layer\nclass Crop(Layer): pass\n", None),
    "decorated": (f"import caffe\n@complete\n{LAYER.partition(chr(10))[2]}pass", None),
    "of two": ("import caffe\nclass Crop(caffe.Layer, Mixin): pass\n", None),
    "given from outside": (
        f"{LAYER}def setup{PASS}def reshape{PASS}\nCrop.forward = print\n",
        None,
    ),
    "of itself": ("class Crop(Crop): pass\n", None),
}


@pytest.mark.parametrize("title", METHODS, ids=lambda title: title.replace(" ", "-"))
def test_methods(title: str, folder: Path) -> None:
    module, missing = METHODS[title]
    (folder / "crop.py").write_text(module)
    found = [one.message for one in findings_of(layer(), "PF605")]
    expected = f"`data`: the class `Crop` has no {missing}, which Caffe calls"
    assert found == ([] if missing is None else [expected])


LOSS_NET = """layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ dim: 2 }} }} }}
layer {{ name: "fc" type: "{maker}" bottom: "x" top: "fc"
  inner_product_param {{ num_output: 4 axis: 0 }} }}
layer {{ name: "loss" type: "Python" bottom: "fc" top: "loss" {weight}
  python_param {{ module: "crop" layer: "Crop" }} }}
"""


@pytest.mark.parametrize(
    ("maker", "weight", "missing"),
    [
        ("InnerProduct", "loss_weight: 1", ["`backward`"]),
        ("InnerProduct", "", []),
        ("TanH", "loss_weight: 1", []),
    ],
)
def test_backward_is_missed_where_it_is_called(
    maker: str, weight: str, missing: list[str], folder: Path
) -> None:
    text = LOSS_NET.format(maker=maker, weight=weight)
    found = [one.message.split(" has no ")[1] for one in findings_of(text, "PF605")]
    assert found == [f"{name}, which Caffe calls" for name in missing]


# What setup does, and what of it runs the param_str.
EVALS: dict[str, str | None] = {
    "p = eval(self.param_str)": "eval",
    "p = eval(self.param_str.strip())": "eval",
    "text = self.param_str\n        p = eval(text)": "eval",
    "exec(self.param_str)": "exec",
    "p = ast.literal_eval(self.param_str)": None,
    "p = eval('1 + 1')": None,
    "p = self.eval(self.param_str)": None,
    "p = yaml.load(self.param_str_)": None,
}


@pytest.mark.parametrize("body", EVALS)
def test_modules_that_run_their_param_str(body: str, folder: Path) -> None:
    (folder / "crop.py").write_text(f"{LAYER}def setup(self, bottom, top):\n        {body}\n")
    line = 4 + body.count("\n")
    found = [one.message for one in findings_of(layer("{}"), "PF606")]
    expected = (
        f"`data`: line {line} of `crop` runs the param_str of whatever net it is given, "
        f"`{EVALS[body]}`: read it by json.loads or ast.literal_eval"
    )
    assert found == ([] if EVALS[body] is None else [expected])


# How the class reads it, the param_str, and what it would be as JSON, or why nothing is said.
FORMATS = [
    ("p = json.loads(self.param_str)", "{'a': (1, None)}", '{"a": [1, null]}'),
    ("p = json.loads(self.param_str)", '{"a": 1}', "fine"),
    ("p = json.loads(self.param_str)", "dict(a=1)", "said already"),
    ("p = json.loads(self.param_str)", "{1: 2}", None),
    ("p = json.loads(self.param_str)", "'a': 1", None),
    ("p = json.loads(self.param_str or '{}')", "", "fine"),
    ("p = ast.literal_eval(self.param_str)", "{'a': (1, None)}", "fine"),
    ("p = ast.literal_eval(self.param_str)", '{"a": true}', None),
    ("p = json.loads(self.param_str) if self.param_str else {}", "{'a': 1}", "not told"),
    ("try: p = json.loads(self.param_str)\n        except: p = {}", "{'a': 1}", "not told"),
    ("p = yaml.load(self.param_str)", "'a': 1", "not told"),
]


@pytest.mark.parametrize(("body", "text", "outcome"), FORMATS)
def test_what_a_class_can_read(body: str, text: str, outcome: str | None, folder: Path) -> None:
    (folder / "crop.py").write_text(f"{LAYER}def setup(self, bottom, top):\n        {body}\n")
    found = findings_of(layer(text), "PF607")
    if outcome in ("fine", "said already", "not told"):
        assert found == []
    elif outcome is None:
        assert [one.fix for one in found] == [None]
    else:
        assert json.loads(outcome)
        after = mended(layer(text), "PF607", safe=True)
        assert after == layer("@").replace('"@"', f"'{outcome}'")


# A dict or a list, and what it lacks at its end, whatever is to read it.
UNCLOSED = {
    "{'a': 3, 'b': 4": "}",
    '{"a": [1, {"b": 2': "}]}",
    "[1, 2": "]",
    "{'a': '}'": "}",
    "{'a': 3, 'b': 4}": "",
    "{'a': '{['}": "",
    "{a: don't, b: [1]}": "",
    "'a': 3, 'b': [4": "",
    "{'a': 3]": "",
    "{'a': '{": "",
    "{'a': 3 # }": "",
    "({'a': 3}": "",
}


@pytest.mark.parametrize("text", UNCLOSED)
def test_brackets_that_a_param_str_lacks(text: str) -> None:
    lacking = UNCLOSED[text]
    found = [one.message for one in findings_of(layer(text), "PF607")]
    said = f"`data` has a param_str that nothing can read: it lacks `{lacking}`"
    assert found == ([said] if lacking else [])
    if lacking:
        assert mended(layer(text), "PF607", safe=False) == layer(text + lacking)


def test_brackets_of_yaml_are_not_written() -> None:
    [found] = findings_of(layer("{size: 3, mode: fast"), "PF607")
    assert found.fix is None


def test_a_class_that_needs_a_param_str(folder: Path) -> None:
    assert said(layer(name="Base"), "PF607") == [
        "PF607 `python_param`: `data` reads its param_str as JSON (json.loads), which must be "
        "written"
    ]


def test_sharing_that_nothing_reads() -> None:
    text = layer().replace(' layer: "Crop"', ' layer: "Crop" share_in_parallel: true')
    assert mended(text, "PF608", safe=True) == layer()
    assert not findings_of(text.replace("true", "false"), "PF608")


def test_nothing_of_a_module_or_a_param_str_is_run(folder: Path) -> None:
    witness = folder / "witness"
    (folder / "crop.py").write_text(f"open({str(witness)!r}, 'w')\n{CROP}")
    text = f"{{'a': open({str(witness)!r}, 'w')}}"
    assert [one.code for one in findings_of(layer(text), "PF6")] == ["PF601"]
    assert not witness.exists()
