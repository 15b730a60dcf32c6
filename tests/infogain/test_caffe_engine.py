"""Heads in an installed Caffe: the same numbers as the formulas, and every failure in one line.

A stand-in takes the place of pycaffe here; the last tests run where there is a real one.
"""

from __future__ import annotations

import importlib.util
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import protofix
from protofix.infogain.proof.caffe_engine import (
    TOLERANCE,
    CaffeEngine,
    CaffeError,
    CaffeInfo,
    reason_of,
)
from protofix.infogain.proof.caffe_net import caffe_net
from protofix.infogain.proof.heads import Batch, Head, Outcome, head_of, run
from protofix.infogain.proof.operations import CannotRun
from protofix.net.view import view_of

pytestmark = pytest.mark.lengthy

STAND_IN = Path(__file__).parent / "stand_in_caffe"
CLASSES = 3
ROWS, MAP = (4, CLASSES), (4, CLASSES, 2, 2)

SOFTMAX = 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }\n'
OTHER_SOFTMAX = 'layer { name: "p2" type: "Softmax" bottom: "fd" top: "p2" }\n'
MEAN = """layer { name: "mean" type: "Eltwise" bottom: "prob" bottom: "p2" top: "mean"
  eltwise_param { coeff: 0.5 coeff: 0.5 } }
"""
LOG = """layer { name: "log" type: "Log" bottom: "prob" top: "log"
  log_param { shift: 1e-20 } }
"""
IN_PLACE = 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "fc" }\n'


def loss(bottom: str = "fc", more: str = "", param: str = "", top: str = 'top: "loss"') -> str:
    return (
        f'layer {{ name: "loss" type: "InfogainLoss" bottom: "{bottom}" bottom: "label"'
        f' bottom: "H" {top} infogain_loss_param {{ source: "/nowhere/H" {param} }} {more} }}\n'
    )


NETS = {
    "plain": (loss(), ROWS),
    "a map": (loss(), MAP),
    "axis from the end": (loss(param="axis: -1"), (4, 2, CLASSES)),
    "FULL": (loss(more="loss_param { normalization: FULL ignore_label: 1 }"), MAP),
    "VALID": (loss(more="loss_param { ignore_label: 1 }"), MAP),
    "BATCH_SIZE": (loss(more="loss_param { normalization: BATCH_SIZE }"), MAP),
    "NONE": (loss(more="loss_param { normalization: NONE }"), MAP),
    "loss weight": (loss(more="loss_weight: 0.25"), ROWS),
    "no top": (loss(top=""), ROWS),
    "softmax before": (SOFTMAX + loss("prob"), ROWS),
    "softmax in place": (IN_PLACE + loss("fc"), ROWS),
    "with state rules": (
        SOFTMAX + loss("prob", "include { phase: TRAIN } include { stage: 'x' }"),
        ROWS,
    ),
    "Log": (SOFTMAX + LOG + loss("log"), ROWS),
    "mean of two": (SOFTMAX + OTHER_SOFTMAX + MEAN + loss("mean"), ROWS),
    "marks of learning": (loss(more="propagate_down: [true, false, false]"), ROWS),
    "list of layers": (f"layer [{SOFTMAX[5:]}, {loss('prob')[5:]}]", ROWS),
    "SoftmaxWithLoss": (
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }',
        MAP,
    ),
}
OF_OLD_CAFFE = ("softmax before", "softmax in place", "mean of two", "loss weight")

V1 = """input: "fc" input_dim: 4 input_dim: 3 input_dim: 1 input_dim: 1
input: "label" input_dim: 4 input_dim: 1 input_dim: 1 input_dim: 1
layers { name: "prob" type: SOFTMAX bottom: "fc" top: "prob" }
layers { name: "loss" type: INFOGAIN_LOSS bottom: "prob" bottom: "label" top: "loss"
  loss_weight: 2 infogain_loss_param { source: "/nowhere/H" } }
"""


def head(net: str, shape: tuple[int, ...]) -> Head:
    dims = " ".join(f"dim: {dim}" for dim in shape)
    data = (
        'layer { name: "data" type: "Input" top: "fc" top: "fd" top: "label" top: "H" input_param {'
        f" shape {{ {dims} }} shape {{ {dims} }} shape {{ dim: 4 }} shape {{ dim: 3 dim: 3 }} }} }}"
    )
    text = net if "input:" in net else f"{data}\n{net}"
    built = view_of(protofix.parse(text)).built[0]
    return head_of(built, next(x for x in built.graph.layers if x.name == "loss"))


def batch(of: Head, shape: tuple[int, ...], scale: float = 3.0) -> Batch:
    random = np.random.default_rng(0)
    scores = tuple(
        random.normal(0, scale, shape).astype(np.float32).astype(np.float64) for _ in of.scores
    )
    return Batch("random", scores, random.integers(0, CLASSES, scores[0].size // CLASSES))


def matrix(classes: int) -> Any:
    return np.random.default_rng(classes).uniform(0, 2, (classes, classes))


def assert_same(found: Outcome, wanted: Outcome) -> None:
    assert found.loss == pytest.approx(wanted.loss, rel=TOLERANCE)
    assert len(found.gradients) == len(wanted.gradients)
    for ours, theirs in zip(found.gradients, wanted.gradients, strict=True):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE * float(np.abs(theirs).max()))
    assert found.underflows.tolist() == wanted.underflows.tolist()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("CAFFE_STAND_IN", "fused")
    return monkeypatch


@pytest.fixture(scope="module")
def engine() -> Iterator[CaffeEngine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(STAND_IN))
        patch.setenv("CAFFE_STAND_IN", "fused")
        with CaffeEngine() as started:
            yield started


@pytest.mark.parametrize("name", NETS)
def test_the_numbers_are_those_of_the_formulas(engine: CaffeEngine, name: str) -> None:
    net, shape = NETS[name]
    of = head(net, shape)
    given = batch(of, shape)
    wanted = run(of, "fused", given, matrix)
    assert_same(engine.run(of, given, matrix), wanted)


def test_a_net_in_the_v1_format(engine: CaffeEngine) -> None:
    of = head(V1, ROWS)
    given = batch(of, (4, CLASSES, 1, 1))
    assert_same(engine.run(of, given, matrix), run(of, "fused", given, matrix))


@pytest.mark.parametrize("kind", ["legacy", "fused"])
def test_the_loss_that_a_caffe_has_is_found_out(stand_in: pytest.MonkeyPatch, kind: str) -> None:
    stand_in.setenv("CAFFE_STAND_IN", kind)
    with CaffeEngine() as engine:
        info = engine.info
    assert info == CaffeInfo("0.0-stand-in", info.era)
    assert info.era == kind


def test_the_numbers_of_an_old_caffe(stand_in: pytest.MonkeyPatch) -> None:
    stand_in.setenv("CAFFE_STAND_IN", "legacy")
    with CaffeEngine() as engine:
        for name in OF_OLD_CAFFE:
            of = head(*NETS[name])
            plain = batch(of, ROWS)
            given = Batch("p", tuple(np.abs(one) + 0.1 for one in plain.scores), plain.labels)
            assert_same(engine.run(of, given, matrix), run(of, "legacy", given, matrix))


ABORTS = {
    "normalize": (
        loss(more="loss_param { normalize: true }"),
        'Check failed: !has_normalize() normalize is deprecated. use "normalization"',
    ),
    "an axis too many": (
        loss(param="axis: 5"),
        "Check failed: axis_index < num_axes() (5 vs. 2) axis out of range",
    ),
}


@pytest.mark.parametrize("name", ABORTS)
def test_why_caffe_aborts(engine: CaffeEngine, name: str) -> None:
    net, words = ABORTS[name]
    of = head(net, ROWS)
    with pytest.raises(CannotRun) as caught:
        engine.run(of, batch(of, ROWS), matrix)
    assert str(caught.value) == f"cannot be run: Caffe aborts: {words}"


def test_the_rest_is_run_after_an_abort(engine: CaffeEngine) -> None:
    aborting = head(ABORTS["normalize"][0], ROWS)
    with pytest.raises(CannotRun, match="normalize is deprecated"):
        engine.run(aborting, batch(aborting, ROWS), matrix)
    of = head(NETS["softmax before"][0], ROWS)
    given = batch(of, ROWS)
    assert_same(engine.run(of, given, matrix), run(of, "fused", given, matrix))


def test_a_field_that_caffe_does_not_know(engine: CaffeEngine) -> None:
    of = head(loss(more="wobble: 3"), ROWS)
    with pytest.raises(CannotRun, match=r'^cannot .* layers: .* no field named "wobble"') as caught:
        engine.run(of, batch(of, ROWS), matrix)
    assert "\n" not in str(caught.value)


def test_an_h_that_cannot_be_written(engine: CaffeEngine) -> None:
    of = head(loss(), ROWS)
    with pytest.raises(CannotRun, match="every number must be finite"):
        engine.run(of, batch(of, ROWS), lambda classes: np.full((classes, classes), np.nan))


def test_what_raises_in_caffe_is_one_line(stand_in: pytest.MonkeyPatch) -> None:
    stand_in.setenv("CAFFE_STAND_IN", "raises")
    of = head(loss(), ROWS)
    with CaffeEngine() as engine, pytest.raises(CannotRun) as caught:
        engine.run(of, batch(of, ROWS), matrix)
    assert str(caught.value) == "cannot be run: Caffe raises RuntimeError: no device for this"


def test_a_caffe_that_does_not_end_is_ended(stand_in: pytest.MonkeyPatch) -> None:
    stand_in.setenv("CAFFE_STAND_IN", "slow")
    of = head(loss(), ROWS)
    with CaffeEngine(timeout=5) as engine:
        folder = Path(engine._folder.name)
        process = engine._process
        assert process is not None and folder.is_dir()
        with pytest.raises(CannotRun, match="Caffe took longer than 5 seconds"):
            engine.run(of, batch(of, ROWS), matrix)
        assert process._popen.returncode == -signal.SIGKILL
    assert not folder.exists()


def test_nothing_is_left_of_an_engine(stand_in: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt), CaffeEngine() as engine:
        folder, process = Path(engine._folder.name), engine._process
        raise KeyboardInterrupt
    assert process is not None and process._popen.returncode is not None
    assert not folder.exists()


REFUSED = {
    "absent": "pycaffe is not installed: this Python has no module caffe; build Caffe's pycaffe "
    "for it and put caffe/python on PYTHONPATH, or use the numpy engine",
    "unloadable": "pycaffe does not load: ImportError: libboost_python.so: cannot open shared "
    "object file",
    "odd": "pycaffe 0.0-stand-in has an InfogainLoss unlike Caffe's: 7 where Caffe makes 1.31326, "
    "or -0.693147 before April 2017",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_caffe_that_cannot_be_used(stand_in: pytest.MonkeyPatch, kind: str) -> None:
    stand_in.setenv("CAFFE_STAND_IN", kind)
    with pytest.raises(CaffeError) as caught, CaffeEngine():
        pass
    assert str(caught.value) == REFUSED[kind]


LOGS = {
    "a check": (
        "W1124 05:10:56.1  12 net.cpp:3] by the way\n"
        "F20241124 05:10:56.1  12 blob.cpp:3] Check failed: a == b  (1 vs. 2)\n*** Check",
        -6,
        "Caffe aborts: Check failed: a == b (1 vs. 2)",
    ),
    "a signal": ("", -11, "Caffe ended with signal 11"),
    "an exit": ("it said\nlast words\n", 3, "Caffe ended with exit code 3: last words"),
}


@pytest.mark.parametrize("name", LOGS)
def test_the_reason_in_a_log(name: str) -> None:
    log, code, reason = LOGS[name]
    assert reason_of(log, code) == reason


def test_the_net_of_a_head() -> None:
    of = head(IN_PLACE + loss("fc", "loss_weight: 2 exclude { stage: 'x' }"), ROWS)
    net = caffe_net(of, [ROWS], (4, 1, 1, 1), "H.binaryproto")
    assert net.text.split("layer {\n")[3:] == [
        'name: "prob"\nbottom: "fc"\ntop: "fc"\ntype: "Softmax"\n}\n',
        'name: "loss"\nbottom: "fc"\nbottom: "label"\ntop: "loss"\ntype: "InfogainLoss"\n'
        'loss_weight: 2\ninfogain_loss_param {\nsource: "H.binaryproto"\n}\n}\n',
    ]
    assert (net.phase, net.scores, net.label, net.loss) == ("TRAIN", ("fc_given",), "label", "loss")


def test_no_path_of_the_net_is_left() -> None:
    texts = [caffe_net(head(*net), [net[1]] * 2, (4,), "H").text for net in (NETS["mean of two"],)]
    assert texts and all("nowhere" not in text and '"H"' in text for text in texts)


needs_caffe = pytest.mark.skipif(
    importlib.util.find_spec("caffe") is None,
    reason="needs pycaffe, which this Python has not",
)


@needs_caffe
@pytest.mark.parametrize("name", NETS)
def test_the_numbers_of_a_real_caffe(name: str) -> None:
    net, shape = NETS[name]
    of = head(net, shape)
    given = batch(of, shape)
    with CaffeEngine() as real:
        if not real.has_loss_of(of, "fused") and name not in OF_OLD_CAFFE:
            pytest.skip("the pycaffe here has the InfogainLoss of before April 2017")
        assert_same(real.run(of, given, matrix), run(of, real.info.era, given, matrix))
