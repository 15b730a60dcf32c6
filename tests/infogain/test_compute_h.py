"""ComputeH: the layer as Caffe would run it, the weights as loops give them."""

from __future__ import annotations

import ast
import importlib.util
import json
import math
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import parso
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from protofix.infogain import compute_h
from protofix.infogain.compute_h import LAYER_FILE, compute_h_source, compute_h_weights

SOURCE = Path(compute_h.__file__).with_name(LAYER_FILE)


class Blob:
    """What a Python layer sees of a Caffe blob: float32 data, and a shape that can change."""

    def __init__(self, data: Any = ()) -> None:
        self.data: NDArray[np.float32] = np.asarray(data, np.float32)

    def reshape(self, *shape: int) -> None:
        """Take a new shape; what the data is until it is written is not said."""
        self.data = np.full(shape, np.nan, np.float32)


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    """The layer's module, loaded beside a stand-in for pycaffe."""
    caffe: Any = types.ModuleType("caffe")
    caffe.Layer = type("Layer", (), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "caffe", caffe)
        spec = importlib.util.spec_from_file_location("compute_h_layer", SOURCE)
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        yield loaded


def set_up(module: Any, param_str: str) -> Any:
    layer = module.ComputeH()
    layer.param_str = param_str
    layer.setup([Blob()], [Blob()])
    return layer


def run(module: Any, param_str: str, labels: Any) -> NDArray[np.float32]:
    """Set the layer up, and give the top after a forward pass."""
    layer = set_up(module, param_str)
    bottom, top = [Blob(labels)], [Blob()]
    layer.reshape(bottom, top)
    layer.forward(bottom, top)
    return top[0].data


def diagonal(matrix: NDArray[Any]) -> list[float]:
    return [float(x) for x in np.diag(matrix.reshape(matrix.shape[-2:]))]


def brute_force(labels: list[int], classes: int, ignore_label: int | None) -> list[list[float]]:
    """The weights as they are described, in loops."""
    counted = [label for label in labels if label != ignore_label]
    counts = [sum(label == c for label in counted) for c in range(classes)]
    weights = [max(counts) / n if n else 0.0 for n in counts]
    total = sum(weights)
    return [
        [weights[i] / total if i == j and total else 0.0 for j in range(classes)]
        for i in range(classes)
    ]


# --- what it computes ---------------------------------------------------------------------------


def test_weights_of_a_batch(module: Any) -> None:
    """Four of class 0, two of class 1, none of class 2, one of class 3: 1, 2 and 4 out of 7."""
    top = run(module, '{"classes": 4}', [0, 0, 0, 0, 1, 1, 3])
    assert top.shape == (1, 1, 4, 4)
    assert diagonal(top) == pytest.approx([1 / 7, 2 / 7, 0, 4 / 7])
    assert np.count_nonzero(top) == 3


def test_takes_the_key_of_the_layer_that_is_passed_around(module: Any) -> None:
    assert diagonal(run(module, '{"n_classes": 2}', [0, 1])) == [0.5, 0.5]


@pytest.mark.parametrize("shape", [(6,), (6, 1, 1, 1), (1, 2, 3), (2, 1, 3, 1)])
def test_labels_of_any_shape(module: Any, shape: tuple[int, ...]) -> None:
    labels = np.array([0, 0, 0, 1, 1, 2]).reshape(shape)
    top = run(module, '{"classes": 3}', labels)
    assert diagonal(top) == pytest.approx([2 / 11, 3 / 11, 6 / 11])


@pytest.mark.parametrize("labels", [[], [255, 255]])
def test_a_batch_without_a_counted_label_gives_zeros(
    module: Any,
    labels: list[int],
) -> None:
    top = run(module, '{"classes": 3, "ignore_label": 255}', labels)
    assert top.shape == (1, 1, 3, 3)
    assert not top.any()
    assert not compute_h_weights(labels, 3, 255).any()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_layer_and_function_agree_with_loops(module: Any, data: st.DataObject) -> None:
    classes = data.draw(st.integers(1, 6))
    ignore_label = data.draw(st.sampled_from([None, -1, 0, 255]))
    allowed = list(range(classes)) + ([] if ignore_label is None else [ignore_label])
    labels = data.draw(st.lists(st.sampled_from(allowed), max_size=40))
    expected = brute_force(labels, classes, ignore_label)

    weights = compute_h_weights(labels, classes, ignore_label)
    assert weights.dtype == np.float64
    np.testing.assert_allclose(weights, expected, rtol=1e-14)

    param_str = json.dumps({"classes": classes, "ignore_label": ignore_label})
    top = run(module, param_str, labels)
    np.testing.assert_allclose(top[0, 0], expected, rtol=1e-6)
    assert not top.any() or math.isclose(float(top.sum()), 1, rel_tol=1e-6)


# --- what it refuses ----------------------------------------------------------------------------


def refusal(function: Any, *arguments: Any) -> str:
    with pytest.raises(ValueError, match=r"\A(ComputeH: )?[^\n]+\Z") as caught:
        function(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        (3, "label 3 "),
        (-1, "label -1 "),
        (255, "label 255 "),
        (1e9, "label 1e+09 "),
        (0.5, "label 0.5 "),
        (math.nan, "label nan "),
        (math.inf, "label inf "),
    ],
)
def test_a_label_that_is_no_class(module: Any, label: float, shown: str) -> None:
    line = refusal(run, module, '{"classes": 3, "ignore_label": 7}', [0, label, 7])
    assert line.startswith(f"ComputeH: {shown}")
    assert line.endswith("3 classes, 0 to 2")
    assert shown in refusal(compute_h_weights, [0, label, 7], 3, 7)


@pytest.mark.parametrize(
    ("param_str", "message"),
    [
        ("", "is not a JSON object, write param_str: '{\"classes\": 7}'"),
        ("{'n_classes': 7}", "is not a JSON object"),
        ("7", "is not a JSON object"),
        ("[7]", "is not a JSON object"),
        ("__import__('os').getcwd()", "is not a JSON object"),
        ("{}", "must give the number of classes, once"),
        ('{"classes": 7, "n_classes": 7}', "must give the number of classes, once"),
        ('{"classes": 0}', "the number of classes is 0, it must be"),
        ('{"classes": -2}', "the number of classes is -2, it must be"),
        ('{"classes": 7.5}', "the number of classes is 7.5, it must be"),
        ('{"classes": true}', "the number of classes is True, it must be"),
        ('{"classes": null}', "the number of classes is None, it must be"),
        ('{"classes": "7"}', "the number of classes is '7', it must be"),
        ('{"classes": [7]}', "the number of classes is [7], it must be"),
        ('{"classes": NaN}', "the number of classes is nan, it must be"),
        ('{"classes": 7, "ignore_label": "x"}', "ignore_label is 'x', it must be"),
        ('{"classes": 7, "ignore_label": false}', "ignore_label is False, it must be"),
        ('{"classes": 7, "ignore_lable": 255}', "the unknown key 'ignore_lable', it may have"),
    ],
)
def test_a_bad_param_str(module: Any, param_str: str, message: str) -> None:
    line = refusal(set_up, module, param_str)
    assert line.startswith("ComputeH: ")
    assert message in line


def test_a_long_param_str_is_shown_in_part(module: Any) -> None:
    assert len(refusal(set_up, module, "x" * 10_000)) < 200


@pytest.mark.parametrize(
    ("bottoms", "tops", "message"),
    [(0, 1, "0 bottoms"), (2, 1, "2 bottoms"), (1, 0, "0 tops"), (1, 2, "2 tops")],
)
def test_bottoms_and_tops(module: Any, bottoms: int, tops: int, message: str) -> None:
    layer = module.ComputeH()
    layer.param_str = '{"classes": 2}'
    line = refusal(layer.setup, [Blob()] * bottoms, [Blob()] * tops)
    assert line.startswith(f"ComputeH: {message}")


def test_there_is_no_gradient(module: Any) -> None:
    layer = set_up(module, '{"classes": 2}')
    layer.backward([Blob()], [False], [Blob()])
    assert "labels have no gradient" in refusal(layer.backward, [Blob()], [True], [Blob()])


def test_the_function_needs_a_class() -> None:
    assert "classes 0" in refusal(compute_h_weights, [], 0)


# --- the file -----------------------------------------------------------------------------------


def test_the_source_is_the_file_as_it_is() -> None:
    source = compute_h_source()
    assert source.encode("ascii") == SOURCE.read_bytes()
    assert "BSD-2-Clause" in source
    assert "WITH_PYTHON_LAYER" in source
    assert "PYTHONPATH" in source


def test_it_needs_nothing_of_protofix_and_evaluates_nothing() -> None:
    imported: set[str] = set()
    called: set[str] = set()
    for node in ast.walk(ast.parse(compute_h_source())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
        elif isinstance(node, ast.Name):
            called.add(node.id)
        elif isinstance(node, ast.Attribute):
            called.add(node.attr)
    assert imported == {"__future__", "json", "numbers", "caffe", "numpy"}
    forbidden = {"eval", "exec", "execfile", "compile", "input", "open", "__import__"}
    forbidden |= {"getattr", "setattr", "globals", "locals", "vars", "__builtins__", "__dict__"}
    assert not called & forbidden


def python_2() -> str | None:
    """Return a Python 2.7 that runs, or None."""
    found = [shutil.which("python2.7")]
    found += map(str, sorted(Path.home().glob(".pyenv/versions/2.7*/bin/python2.7")))
    for python in filter(None, found):
        # A launcher may be on the PATH for a Python that is not chosen.
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return python
    return None


def test_it_is_written_in_the_grammar_of_python_2() -> None:
    grammar: Any = parso.load_grammar(version="2.7")
    assert list(grammar.iter_errors(grammar.parse(compute_h_source()))) == []
    assert list(grammar.iter_errors(grammar.parse("def newer(*, name): pass\n")))


def test_it_compiles_under_python_2() -> None:
    python = python_2()
    if python is None:
        pytest.skip("needs a Python 2.7")
    compiles = "import sys; compile(sys.stdin.read(), 'compute_h_layer.py', 'exec')"
    subprocess.run([python, "-c", compiles], input=compute_h_source(), text=True, check=True)


def test_param_str_is_read_the_same_under_python_2() -> None:
    """numpy is seldom there, so only what needs none of it is run."""
    python = python_2()
    if python is None:
        pytest.skip("needs a Python 2.7")
    program = """
import sys, types
caffe = types.ModuleType("caffe")
caffe.Layer = object
sys.modules.update(caffe=caffe, numpy=types.ModuleType("numpy"))
module = types.ModuleType("compute_h_layer")
exec(sys.stdin.read(), module.__dict__)
assert module.read_parameters('{"classes": 7}') == (7, None)
assert module.read_parameters('{"n_classes": 7, "ignore_label": -1}') == (7, -1)
for wrong in ("", "7", "{}", '{"classes": true}', '{"classes": 1.0}', '{"classes": 7, "x": 1}',
              u'{"\\u00e9": 1}', '{"classes": 7, "ignore_label": "x"}'):
    try:
        module.read_parameters(wrong)
    except ValueError as error:
        assert str(error).startswith("ComputeH: "), error
    else:
        raise AssertionError(wrong)
"""
    subprocess.run([python, "-c", program], input=compute_h_source(), text=True, check=True)
