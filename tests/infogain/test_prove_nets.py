"""Two nets side by side: each row is an old net, a new one, and what the proof must say."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from shared_data import ROOT

import protofix
from protofix.cli import main
from protofix.files import NewFile
from protofix.infogain.maths import LossResult, fused_loss
from protofix.infogain.matrix.formats.binaryproto import write_binaryproto
from protofix.infogain.matrix.writing import binaryproto_bytes
from protofix.infogain.proof.nets import ProofOptions, prove_nets
from protofix.infogain.proof.pairs import UNMADE
from protofix.infogain.proof.results import Aspect, LossProof, Proof, Verdict
from protofix.infogain.sources import FromDatabase, FromFile, FromHdf5, FromLabels, Way

pytestmark = pytest.mark.lengthy

DATA = 'layer { name: "data" type: "Data" top: "data" top: "label" }\n'
FC = """layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 4 } }
"""
PROB = 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }\n'
CONV = """layer { name: "fc" type: "Convolution" bottom: "data" top: "fc"
  convolution_param { num_output: 4 kernel_size: 1 } }
"""
FD = FC.replace('"fc"', '"fd"') + PROB.replace("fc", "fd").replace("prob", "q")
MEAN = (
    DATA
    + FC
    + PROB
    + FD
    + """layer { name: "mean" type: "Eltwise" bottom: "prob" bottom: "q" top: "mean"
  eltwise_param { coeff: 0.5 coeff: 0.5 } }
"""
)
BLEND = """layer { name: "blend" type: "Python" bottom: "fc" top: "blend"
  python_param { module: "blend" layer: "Blend" } }
"""
DIAMOND = (
    DATA
    + FC
    + PROB
    + """layer { name: "d" type: "Power" bottom: "prob" top: "d" }
layer { name: "a" type: "Power" bottom: "d" top: "a" power_param { scale: 0.75 } }
layer { name: "b" type: "Power" bottom: "d" top: "b" power_param { scale: 0.25 } }
layer { name: "mean" type: "Eltwise" bottom: "a" bottom: "b" top: "mean" }
"""
)
LOG = 'layer { name: "log" type: "Log" bottom: "mean" top: "log" log_param { shift: 1e-20 } }\n'
NAMED = FC.replace("inner", 'param { name: "w" } inner')
SHARING = (
    DATA
    + NAMED
    + NAMED.replace('"fc"', '"fd"')
    + 'layer { name: "sum" type: "Eltwise" bottom: "fc" bottom: "fd" top: "sum" }\n'
)
INPUT = """layer { name: "data" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 2 dim: 3 dim: 6 dim: 5 } shape { dim: 2 dim: 1 dim: 6 dim: 5 } } }
"""


def loss(reads: str, more: str = "", type: str = "InfogainLoss", h: str = "H") -> str:
    param = f'infogain_loss_param {{ source: "{h}" }}' if h and type == "InfogainLoss" else ""
    return (
        f'layer {{ name: "loss" type: "{type}" bottom: "{reads}" bottom: "label" top: "loss" '
        f"{param} {more} }}\n"
    )


@pytest.fixture(autouse=True)
def matrices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start where H, another H and the identity lie."""
    monkeypatch.chdir(tmp_path)
    for name, values in {
        "H": np.diag([1.0, 2, 3, 4]),
        "J": np.ones((4, 4)),
        "I": np.eye(4),
        "three": np.diag([1.0, 2, 3]),
    }.items():
        Path(name).write_bytes(binaryproto_bytes(values))


def proved(old: str, new: str, **options: Any) -> Proof:
    return prove_nets(protofix.parse(old), protofix.parse(new), ProofOptions(**options))


def one(old: str, new: str, **options: Any) -> LossProof:
    proof = proved(old, new, **options)
    assert proof.problems == ()
    [found] = proof.losses
    return found


class Case(NamedTuple):
    """Two nets and what is to be said of them."""

    old: str
    new: str
    verdict: Verdict
    causes: tuple[str, ...] = ()
    target: str = "fused"


CHAIN = DATA + FC + PROB + loss("prob")
FUSED = DATA + FC + loss("fc")
SOFTMAX = DATA + FC + loss("fc", type="SoftmaxWithLoss")

CASES = {
    "a chain and the fused loss": Case(CHAIN, FUSED, Verdict.EQUAL_BUT_UNDERFLOW),
    "a chain that is left on today's Caffe": Case(
        CHAIN,
        CHAIN,
        Verdict.DIFFERENT,
        ("Softmax `prob` works twice: today's loss has a softmax inside",),
    ),
    "a label that old Caffe would not ignore": Case(
        DATA + FC + loss("fc", "loss_param { ignore_label: -1 }"),
        CHAIN,
        Verdict.DIFFERENT,
        ("loss_param.ignore_label -1 → none",),
        "legacy",
    ),
    "a net and itself": Case(FUSED, FUSED, Verdict.EQUAL),
    "a softmax loss and itself": Case(SOFTMAX, SOFTMAX, Verdict.EQUAL),
    "a chain and normalization NONE": Case(
        CHAIN,
        DATA + FC + loss("fc", "loss_param { normalization: NONE }"),
        Verdict.DIFFERENT,
        ("normalization NONE: the old layer divided by the batch",),
    ),
    "a chain and normalizations that are the same for rows of classes": Case(
        CHAIN,
        DATA + FC + loss("fc", "loss_param { normalization: FULL ignore_label: 9 }"),
        Verdict.EQUAL_BUT_UNDERFLOW,
    ),
    "a chain and an ignored class": Case(
        CHAIN,
        DATA + FC + loss("fc", "loss_param { ignore_label: 2 }"),
        Verdict.DIFFERENT,
        ("ignore_label 2: the old layer ignored none",),
    ),
    "an ignored label that is forgotten": Case(
        DATA + FC + loss("fc", "loss_param { ignore_label: 255 }"),
        FUSED,
        Verdict.DIFFERENT,
        ("loss_param.ignore_label 255 → none",),
    ),
    "another loss weight": Case(
        FUSED,
        DATA + FC + loss("fc", "loss_weight: 2"),
        Verdict.DIFFERENT,
        ("loss_weight 1 → 2",),
    ),
    "other scores": Case(
        FUSED,
        DATA + FC.replace("num_output: 4", "num_output: 5") + loss("fc"),
        Verdict.DIFFERENT,
        ("`fc`: inner_product_param.num_output 4 → 5",),
    ),
    "a default that is written down": Case(
        FUSED,
        DATA + FC.replace("num_output: 4", "num_output: 4 bias_term: true axis: 1") + loss("fc"),
        Verdict.EQUAL,
    ),
    "another net before the scores": Case(
        FUSED,
        DATA + CONV + loss("fc"),
        Verdict.DIFFERENT,
        ("`fc`: type InnerProduct → Convolution",),
    ),
    "a class-weighted loss in place of a plain one": Case(
        SOFTMAX, FUSED, Verdict.EQUAL_BUT_H
    ),
    "an H for fewer classes than there are scores": Case(
        SOFTMAX,
        DATA + FC + loss("fc", h="three"),
        Verdict.NOT_COMPARABLE,
        ("H is for 3 classes, the scores have 4",),
    ),
    "an H for fewer classes in both nets": Case(
        DATA + FC + loss("fc", h="three"),
        DATA + FC + loss("fc", h="three"),
        Verdict.NOT_COMPARABLE,
        ("H is for 3 classes, the scores have 4",),
    ),
    "an H where the net does not tell the classes": Case(
        DATA + loss("data", type="SoftmaxWithLoss"),
        DATA + loss("data", h="three"),
        Verdict.EQUAL_BUT_H,
    ),
    "the identity in place of a plain loss": Case(
        SOFTMAX, DATA + FC + loss("fc", h="I"), Verdict.EQUAL_BUT_UNDERFLOW
    ),
    "normalize false as a normalization": Case(
        DATA + FC + loss("fc", "loss_param { normalize: false }", "SoftmaxWithLoss"),
        DATA + FC + loss("fc", "loss_param { normalization: BATCH_SIZE }", h="I"),
        Verdict.EQUAL_BUT_UNDERFLOW,
    ),
    "a fused loss and the chain on old Caffe": Case(
        FUSED, CHAIN, Verdict.EQUAL_BUT_UNDERFLOW, target="legacy"
    ),
    "an average of softmaxes kept by a Log layer": Case(
        MEAN + loss("mean"),
        MEAN + LOG + loss("log"),
        Verdict.EQUAL,
    ),
    "two ways from one softmax kept by a Log layer": Case(
        DIAMOND + loss("mean"),
        DIAMOND + LOG + loss("log"),
        Verdict.EQUAL,
    ),
    "probabilities of a Python layer kept by a Log layer": Case(
        DATA + FC + BLEND + loss("blend"),
        DATA + FC + BLEND + LOG.replace("mean", "blend") + loss("log"),
        Verdict.EQUAL,
    ),
    "MultinomialLogisticLoss and SoftmaxWithLoss": Case(
        DATA + FC + PROB + loss("prob", type="MultinomialLogisticLoss"),
        SOFTMAX,
        Verdict.EQUAL_BUT_UNDERFLOW,
    ),
    "a map of scores": Case(
        INPUT + CONV + PROB + loss("prob"),
        INPUT + CONV + loss("fc"),
        Verdict.NOT_COMPARABLE,
    ),
    "a map of scores under a fused loss": Case(
        INPUT + CONV + loss("fc"), INPUT + CONV + loss("fc"), Verdict.EQUAL
    ),
    "a Flatten in between": Case(
        DATA + FC + PROB + 'layer { name: "f" type: "Flatten" bottom: "prob" top: "flat" }\n'
        + loss("flat"),
        DATA + FC + 'layer { name: "f" type: "Flatten" bottom: "fc" top: "flat" }\n' + loss("flat"),
        Verdict.EQUAL_BUT_UNDERFLOW,
    ),
    "a softmax too many": Case(
        SOFTMAX,
        DATA + FC + PROB + loss("prob", type="SoftmaxWithLoss"),
        Verdict.DIFFERENT,
        ("Softmax `prob` is between scores and loss in the new net only",),
    ),
    "a loss of another kind": Case(
        DATA + FC + loss("fc", type="HingeLoss"),
        DATA + FC + loss("fc", "hinge_loss_param { norm: L2 }", "HingeLoss"),
        Verdict.DIFFERENT,
        ("`loss`: hinge_loss_param.norm L1 → L2",),
    ),
    "a weight of 1 that is written down": Case(
        DATA + FC + loss("fc", type="HingeLoss"),
        DATA + FC + loss("fc", "loss_weight: 1", "HingeLoss"),
        Verdict.EQUAL,
    ),
    "another weight of a loss of another kind": Case(
        DATA + FC + loss("fc", type="HingeLoss"),
        DATA + FC + loss("fc", "loss_weight: 2", "HingeLoss"),
        Verdict.DIFFERENT,
        ("`loss`: loss_weight 1 → 2",),
    ),
    "a parameter that nothing shares by another name": Case(
        DATA + NAMED + loss("fc"),
        DATA + NAMED.replace('"w"', '"v"') + loss("fc"),
        Verdict.EQUAL,
    ),
    "a parameter that is no longer shared": Case(
        SHARING + loss("sum"),
        SHARING.replace('name: "w"', 'name: "v"', 1) + loss("sum"),
        Verdict.DIFFERENT,
        ("`fc`: param[0].name w → v",),
    ),
    "a fragment": Case(loss("fc"), loss("fc"), Verdict.NOT_COMPARABLE, (UNMADE,)),
}  # fmt: skip


SIGMOID = PROB.replace("Softmax", "Sigmoid")
UNEVEN = MEAN.replace("coeff: 0.5 }", "coeff: 0.6 }")
LOG_OF_PROB = LOG.replace("mean", "prob")
CAUSES = {
    "a logarithm of another base": Case(
        CHAIN,
        DATA + FC + PROB + LOG_OF_PROB.replace("shift", "base: 2 shift") + loss("log"),
        Verdict.DIFFERENT,
        ("Log `log` has base 2, and only base e is undone by the loss",),
    ),
    "logarithms of what does not sum to 1": Case(
        DATA + FC + SIGMOID + loss("prob"),
        DATA + FC + SIGMOID + LOG_OF_PROB + loss("log"),
        Verdict.DIFFERENT,
        ("what Log `log` takes does not sum to 1, which the loss makes it do",),
    ),
    "logarithms of an average that does not sum to 1": Case(
        UNEVEN + loss("mean"),
        UNEVEN + LOG + loss("log"),
        Verdict.DIFFERENT,
        ("what Log `log` takes does not sum to 1, which the loss makes it do",),
    ),
    "other parts of an average": Case(
        MEAN + loss("mean"),
        UNEVEN + LOG + loss("log"),
        Verdict.DIFFERENT,
        ("`mean`: eltwise_param.coeff 0.5, 0.5 → 0.5, 0.6",),
    ),
    "a weight without bound": Case(
        CHAIN, DATA + FC + loss("fc", "loss_weight: inf"), Verdict.DIFFERENT,
        ("loss_weight 1 → inf",),
    ),
    "a weight that is no number": Case(
        CHAIN, DATA + FC + loss("fc", "loss_weight: nan"), Verdict.DIFFERENT,
        ("loss_weight 1 → nan",),
    ),
    "a softmax along the images": Case(
        DATA + FC + PROB.replace("top", "softmax_param { axis: 0 } top") + loss("prob"),
        FUSED,
        Verdict.DIFFERENT,
        ("Softmax `prob` is along axis 0, the other loss along 1",),
    ),
    "a softmax that nothing is learned through": Case(
        DATA + FC + PROB.replace("top", "propagate_down: false top") + loss("prob"),
        FUSED,
        Verdict.DIFFERENT,
        ("`prob`: propagate_down false in the old net only",),
    ),
    "scores given to old Caffe": Case(
        FUSED, FUSED, Verdict.DIFFERENT,
        ("the loss before April 2017 takes probabilities, and there is no Softmax before it",),
        "legacy",
    ),
    "what nobody knows given to old Caffe": Case(
        DATA + FC + BLEND + loss("blend"),
        DATA + FC + BLEND + loss("blend"),
        Verdict.DIFFERENT,
        (),
        "legacy",
    ),
    "sigmoids given to today's Caffe": Case(
        DATA + FC + SIGMOID + loss("prob"),
        DATA + FC + SIGMOID + loss("prob"),
        Verdict.DIFFERENT,
        ("today's loss takes a softmax of what Sigmoid `prob` makes",),
    ),
    "classes along another axis": Case(
        SOFTMAX,
        DATA + FC + loss("fc", "softmax_param { axis: 0 }", "SoftmaxWithLoss"),
        Verdict.DIFFERENT,
        ("axis 1 → 0",),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", CAUSES)
def test_a_difference_has_its_own_cause_and_no_other(name: str) -> None:
    case = CAUSES[name]
    found = one(case.old, case.new, target=case.target)
    assert (found.verdict, found.causes) == (case.verdict, case.causes)


def test_a_loss_behind_a_dropout_reads_no_scores() -> None:
    dropout = 'layer { name: "drop" type: "Dropout" bottom: "prob" top: "drop" }\n'
    proof = proved(DATA + FC + PROB + dropout + loss("drop"), FUSED)
    train = next(it for it in proof.losses if it.states == ("TRAIN",))
    assert train.aborts == {"legacy": "`drop` drops some of what the loss reads, each time others"}


def test_a_net_taken_for_two_caffes_says_so() -> None:
    softmax = PROB.replace('top: "prob"', 'top: "fc" include { phase: TRAIN }')
    proof = proved(*[DATA + FC + softmax + loss("fc")] * 2)
    assert [(it.states, it.remarks) for it in proof.losses] == [
        (
            ("TRAIN",),
            ("the old net is taken for one before April 2017 here, and for today's in TEST",),
        ),
        (
            ("TEST",),
            ("the old net is taken for today's here, and for one before April 2017 in TRAIN",),
        ),
    ]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("loss_param { normalization: NONE }", "loss_param"),
        ("infogain_loss_param { axis: 1 }", "infogain_loss_param.axis"),
        ("", ""),
    ],
)
def test_what_only_todays_loss_reads_is_told_of_an_old_one(written: str, named: str) -> None:
    found = one(DATA + FC + PROB + loss("prob", written), FUSED)
    told = [
        it for it in found.remarks if it.startswith(f"the old net's {named} did nothing before")
    ]
    assert len(told) == len(found.remarks) == bool(named)


@pytest.mark.parametrize("name", CASES)
def test_the_verdict(name: str) -> None:
    case = CASES[name]
    found = one(case.old, case.new, target=case.target)
    assert (found.verdict, found.causes[: len(case.causes)]) == (case.verdict, case.causes)
    assert found.verdict != Verdict.EQUAL or found.causes == ()


def test_every_batch_is_told() -> None:
    found = one(CHAIN, FUSED)
    names = [batch.about for batch in found.batches]
    assert len(names) == len(set(names))
    assert {"random scores", "all scores alike", "scores of ±1000", "one class only"} <= set(names)
    assert all(batch.legacy and batch.today and batch.new for batch in found.batches)
    assert {batch.about for batch in found.underflowing} == {"scores of ±45", "scores of ±1000"}


def test_todays_column_is_the_file_as_it_was() -> None:
    found = one(CHAIN, FUSED)
    doubled = found.batches[0]
    assert doubled.today is not None
    assert doubled.new is not None
    assert doubled.today.max_gradient < doubled.new.max_gradient
    normalize = one(DATA + FC + PROB + loss("prob", "loss_param { normalize: true }"), FUSED)
    assert all(batch.today is None for batch in normalize.batches)
    assert "normalize" in normalize.aborts["today"]


def test_a_head_has_every_way_from_the_probabilities() -> None:
    found = one(DIAMOND + loss("mean"), DIAMOND + loss("mean"))
    assert found.scores == ("fc",)
    assert [step.name for step in found.old_steps] == ["prob", "d", "a", "b", "mean", "loss"]


def test_states_are_told_and_proven_apart() -> None:
    split = "".join(
        FUSED.splitlines(keepends=True)[:-1]
        + [
            loss("fc", f"include {{ phase: {phase} }}" + more)
            for phase, more in (("TRAIN", ""), ("TEST", " loss_weight: 3"))
        ]
    )
    proof = proved(FUSED, split)
    assert [(it.states, it.verdict) for it in proof.losses] == [
        (("TRAIN",), Verdict.EQUAL),
        (("TEST",), Verdict.DIFFERENT),
    ]


def test_a_loss_compared_as_text_is_so_in_each_state() -> None:
    fc = FC.replace("layer {", "layer { include { phase: TEST }", 1)
    hinge = loss("fc", type="HingeLoss")
    old = DATA + FC.replace("layer {", "layer { include { phase: TRAIN }", 1) + fc + hinge
    proof = proved(old, old.replace(fc, fc.replace("num_output: 4", "num_output: 5")))
    assert [(it.states, it.verdict) for it in proof.losses] == [
        (("TRAIN",), Verdict.EQUAL),
        (("TEST",), Verdict.DIFFERENT),
    ]


def test_losses_with_other_names_are_told_by_what_they_read_and_have() -> None:
    def named(name: str, *arguments: str) -> str:
        return loss(*arguments).replace('name: "loss"', f'name: "{name}"')

    two = DATA + FC + FC.replace('"fc"', '"fd"')
    old = [named("a", "fc"), named("b", "fd"), named("c", "fd", "loss_weight: 2")]
    new = [named("f", "fd", "loss_weight: 2"), named("e", "fd"), named("d", "fc")]
    proof = proved(two + "".join(old), two + "".join(new))
    assert proof.problems == ()
    assert {it.old_loss: it.loss for it in proof.losses} == {"a": "d", "b": "e", "c": "f"}
    assert proof.holds


def test_a_loss_that_is_gone_is_a_problem() -> None:
    proof = proved(FUSED + loss("fc").replace('"loss"', '"second"'), FUSED)
    assert proof.problems == (
        "in TRAIN the loss `second` is gone",
        "in TEST the loss `second` is gone",
    )
    assert not proof.holds


def test_more_classes_than_are_drawn_have_their_own_h() -> None:
    Path("many").write_bytes(binaryproto_bytes(np.diag(np.arange(1.0, 2102))))
    mean = MEAN.replace("num_output: 4", "num_output: 2101")
    found = one(mean + loss("mean", h="many"), mean + LOG + loss("log", h="many"))
    assert found.verdict == Verdict.EQUAL
    assert {batch.shape[1] for batch in found.batches} == {2101}
    assert not any(batch.about.startswith("H ") for batch in found.batches)


def test_an_h_for_fewer_classes_fits_no_short_count_either() -> None:
    Path("short").write_bytes(binaryproto_bytes(np.eye(2000) * 2))
    net = DATA + FC.replace("num_output: 4", "num_output: 9000") + loss("fc", h="short")
    assert one(net, net).verdict == Verdict.NOT_COMPARABLE


def test_two_matrices_are_a_cause() -> None:
    found = one(FUSED, DATA + FC + loss("fc", h="J"))
    assert (found.verdict, found.causes) == (Verdict.DIFFERENT, ("H: H → J",))
    assert found.apart_from_h is not None


def test_matrices_that_are_not_here_are_no_cause_and_no_proof() -> None:
    found = one(FUSED, DATA + FC + loss("fc", h="gone"))
    assert found.verdict == Verdict.EQUAL_BUT_H
    assert found.remarks == ("gone is not here: H in its place",)
    assert not found.holds
    same = one(*[DATA + FC + loss("fc", h="gone")] * 2)
    assert same.verdict == Verdict.EQUAL
    assert same.remarks == ("gone is not here: random numbers in its place",)


def made_by(makers: str) -> str:
    """A net whose H is what these layers make."""
    third = loss("fc", h="").replace('bottom: "label"', 'bottom: "label" bottom: "H"')
    return DATA + FC + makers + third


PYTHON = """layer { name: "maker" type: "Python" bottom: "label" top: "H"
  python_param { module: "h" layer: "MakeH" param_str: "1" } }
"""
DUMMY = """layer { name: "maker" type: "DummyData" top: "H" dummy_data_param {
  shape { dim: 1 dim: 1 dim: 4 dim: 4 } data_filler { value: 1 } } }
"""
COUNTED = """layer { name: "maker" type: "Python" bottom: "label" top: "H"
  python_param { module: "h" layer: "ComputeH" param_str: '{"classes": 4}' } }
"""
STORED = """layer { name: "maker" type: "Data" top: "H"
  data_param { source: "H_lmdb" batch_size: 1 backend: LMDB } transform_param { scale: 1 } }
"""
POWER = STORED.replace('top: "H"', 'top: "M"') + (
    'layer { name: "power" type: "Power" bottom: "M" top: "H" power_param { scale: 2 } }\n'
)
MAKERS = {
    "another name alone": (PYTHON, '"maker"', '"other"', ()),
    "another module": (PYTHON, '"h"', '"g"', ("`maker`: python_param.module h → g",)),
    "another layer": (PYTHON, "MakeH", "Make", ("`maker`: python_param.layer MakeH → Make",)),
    "other parameters": (PYTHON, '"1"', '"2"', ("`maker`: python_param.param_str 1 → 2",)),
    "what it reads": (
        PYTHON, '"label"', '"data"', ("`data`: another top of `data`",),
    ),
    "what a ComputeH counts": (
        COUNTED, '"label"', '"data"', ("`data`: another top of `data`",),
    ),
    "a filler": (
        DUMMY, "value: 1", "value: 3", ("`maker`: dummy_data_param.data_filler[0].value 1 → 3",),
    ),
    "a layer in between": (POWER, "scale: 2", "scale: 3", ("`power`: power_param.scale 2 → 3",)),
    "a layer before that": (POWER, "H_lmdb", "G", ("`maker`: data_param.source H_lmdb → G",)),
    "a transform that is drawn": (
        STORED.replace("scale: 1", "mirror: true"),
        "mirror: true",
        "mirror: true scale: 2",
        ("`maker`: transform_param.scale 1 → 2",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MAKERS)
def test_an_h_that_is_not_known_is_what_its_makers_say(what: str) -> None:
    maker, old, new, causes = MAKERS[what]
    assert old in maker
    found = one(made_by(maker), made_by(maker.replace(old, new)))
    assert found.causes == causes
    assert found.verdict == (Verdict.EQUAL_BUT_H if causes else Verdict.EQUAL)
    assert found.holds == (not causes)
    assert one(made_by(maker), made_by(maker)).holds


@pytest.mark.parametrize(
    ("transform", "h"),
    [("scale: 1", [1, 2, 3]), ("scale: 2", [2, 4, 6]), ("mean_value: 1 scale: 2", None)],
)
def test_what_a_data_layer_does_to_h_is_done(
    transform: str, h: list[int] | None, tmp_path: Path
) -> None:
    source = np.diag([1.0, 2, 3])
    Path("given").write_bytes(binaryproto_bytes(np.diag(h) if h else (source - 1) * 2))
    Path("source").write_bytes(binaryproto_bytes(source))
    assert main(["matrix", "convert", "source", "H_lmdb"]) == 0
    three = FC.replace("num_output: 4", "num_output: 3")
    stored = made_by(STORED.replace("scale: 1", transform)).replace(FC, three)
    found = one(DATA + three + loss("fc", h="given"), stored)
    assert found.verdict == Verdict.EQUAL


def test_a_batch_of_matrices_is_not_computed() -> None:
    several = made_by(STORED.replace("batch_size: 1", "batch_size: 2"))
    found = one(made_by(STORED), several)
    assert found.verdict == Verdict.NOT_COMPARABLE
    assert found.causes == ("`maker` gives 2 of H at once by its batch_size, the loss takes 1",)
    assert (found.batches, found.remarks) == ((), ())


def test_an_h_for_fewer_classes_is_told_by_its_size() -> None:
    found = one(FUSED, DATA + FC + loss("fc", h="three"))
    assert found.verdict == Verdict.NOT_COMPARABLE
    assert found.causes == ("H is for 3 classes, the scores have 4",)


def test_the_weight_of_a_second_top_counts() -> None:
    tops = [f'top: "p" loss_weight: 1 loss_weight: {weight}' for weight in (0, 1)]
    old, new = (DATA + FC + loss("fc", more) for more in tops)
    found = one(old, new)
    assert found.verdict == Verdict.DIFFERENT
    assert found.causes == ("`loss`: loss_weight of top 2: 0 → 1",)
    assert one(new, new).verdict == Verdict.EQUAL


WRONG_MATRICES = {
    "none": ("", "it has neither a third bottom nor a source"),
    "cut short": ("short", "short: not a serialized BlobProto, or cut short"),
    "another format": ("H.csv", "H.csv: not a serialized BlobProto"),
}


@pytest.mark.parametrize("what", WRONG_MATRICES)
def test_an_h_that_caffe_refuses_is_a_problem(what: str) -> None:
    name, said = WRONG_MATRICES[what]
    Path("short").write_bytes(Path("H").read_bytes()[:-7])
    Path("H.csv").write_text("1,0\n0,1\n")
    net = DATA + FC + loss("fc", h=name)
    proof = protofix.prove(net, net)
    assert not proof.holds
    assert len(proof.problems) == 2
    assert proof.problems[0].startswith(f"in TRAIN `loss` cannot have H: {said}")


def test_an_h_that_old_caffe_refuses() -> None:
    Path("square").write_bytes(write_binaryproto(np.eye(4) * 2, "float32", "new"))
    chain, fused = (net.replace('"H"', '"square"') for net in (CHAIN, FUSED))
    back = protofix.prove(fused, chain, target="legacy")
    assert back.problems[0].startswith("in TRAIN `loss` cannot have H: square is 4 x 4, and the ")
    forth = protofix.prove(chain, fused)
    assert forth.problems == ()
    assert forth.losses[0].remarks[0].startswith("the old net would abort: square is 4 x 4, ")


def test_a_file_that_is_yet_to_be_written_counts() -> None:
    new = NewFile(Path("new"), binaryproto_bytes(np.diag([1.0, 2, 3, 4])))
    found = one(FUSED, DATA + FC + loss("fc", h="new"), files=(new,))
    assert (found.verdict, found.remarks) == (Verdict.EQUAL, ())


IGNORING = DATA + FC + loss("fc", "loss_param { ignore_label: 2 }")
CHANGED_SCORES = DATA + FC.replace("num_output: 4", "num_output: 4 bias_term: false")
ASKED: dict[str, tuple[str, tuple[Aspect, ...], bool]] = {
    "a loss_param that may be another": (IGNORING, ("loss_param",), True),
    "a loss_param that may not": (IGNORING, ("H",), False),
    "an H that may be another": (FUSED.replace('"H"', '"J"'), ("H",), True),
    "an H that may not": (FUSED.replace('"H"', '"J"'), ("loss_param",), False),
    "both may be others": (IGNORING.replace('"H"', '"J"'), ("H", "loss_param"), True),
    "both are others and one may": (IGNORING.replace('"H"', '"J"'), ("H",), False),
    "a loss weight beside an H": (
        DATA + FC + loss("fc", "loss_weight: 2", h="J"), ("H", "loss_param"), False,
    ),
    "other scores beside an H": (CHANGED_SCORES + loss("fc", h="J"), ("H",), False),
}  # fmt: skip


@pytest.mark.parametrize("what", ASKED)
def test_what_was_asked_for_holds_and_nothing_else(what: str) -> None:
    new, asked, holds = ASKED[what]
    found = proved(CHAIN, new)
    assert not found.holds
    assert found.holds_apart_from(frozenset(asked)) == holds


def test_a_difference_without_a_cause_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def slightly_wrong(*arguments: Any, **options: Any) -> LossResult:
        right = fused_loss(*arguments, **options)
        return dataclasses.replace(right, gradient=right.gradient * 1.00001)

    monkeypatch.setattr("protofix.infogain.proof.heads.fused_loss", slightly_wrong)
    proof = proved(CHAIN, FUSED)
    [found] = proof.losses
    assert (found.verdict, found.causes) == (Verdict.DIFFERENT, ())
    assert not proof.holds
    assert not proof.holds_apart_from(frozenset(("H", "loss_param")))


WAYS: dict[str, Way] = {
    "a file": FromFile(Path("H.csv")),
    "ComputeH": FromLabels(classes=3),
    "HDF5Data": FromHdf5(Path("H.h5")),
    "LMDB": FromDatabase(Path("H_lmdb"), "LMDB"),
    "LevelDB": FromDatabase(Path("H_leveldb"), "LEVELDB"),
}


@pytest.mark.parametrize("name", WAYS)
def test_h_is_the_nets_own_in_each_way(name: str, tmp_path: Path) -> None:
    for file in ("H.csv", "H.h5"):
        shutil.copy(ROOT / "fixtures" / file, tmp_path)
    for folder in ("H_lmdb", "H_leveldb"):
        shutil.copytree(ROOT / "fixtures" / folder, tmp_path / folder)
    old = SOFTMAX.replace("num_output: 4", "num_output: 3")
    injection = protofix.inject(old, way=WAYS[name])
    for new in injection.files:
        new.path.write_bytes(new.content)
    found = one(old, injection.after.text)
    assert found.verdict == Verdict.EQUAL_BUT_H
    assert found.weighted is not None
    assert found.weighted != found.batches[-1].new
    again = one(injection.after.text, injection.after.text)
    assert again.verdict == Verdict.EQUAL
    assert again.matrices[0] == again.matrices[1]
    assert again.remarks == ()


def test_h_of_a_list_of_two_files_is_not_known(tmp_path: Path) -> None:
    shutil.copy(ROOT / "fixtures" / "H.h5", tmp_path)
    old = SOFTMAX.replace("num_output: 4", "num_output: 3")
    new = protofix.inject(old, way=FromHdf5(Path("H.h5"))).after.text
    Path("H_list.txt").write_text("H.h5 other.h5\n")
    found = one(old, new)
    assert found.weighted is None
    assert found.matrices == (None, "H_list.txt cannot be read")


def test_a_list_beside_its_files_is_read_from_there(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    shutil.copy(ROOT / "fixtures" / "H.h5", tmp_path / "there")
    old = SOFTMAX.replace("num_output: 4", "num_output: 3")
    new = protofix.inject(old, way=FromHdf5(Path("there/H.h5"))).after.text
    Path("there/H_list.txt").write_text("H.h5\n")
    found = one(old, new.replace("H_list.txt", "there/H_list.txt"))
    assert found.matrices == (None, "there/H_list.txt")
    assert found.weighted is not None
