"""SoftmaxWithLoss into InfogainLoss and back, and to old Caffe and back, over many nets."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_data import ROOT, corpus_files, corpus_id, needs_shared

import protofix
from protofix.infogain.fuse import LossParam
from protofix.infogain.log_layer import keep_probabilities
from protofix.infogain.losses import infogain_losses
from protofix.infogain.maths import Normalization, fused_loss, legacy_loss, softmax_with_loss
from protofix.infogain.matrix.writing import files_of_matrix, save
from protofix.infogain.softmax_loss import ConversionError, softmax_losses
from protofix.infogain.sources import FromFile, FromLabels, SourceError
from protofix.injection import Injection, InjectionError, InjectOptions, inject_document
from protofix.migration import MigrateOptions, migrate_document
from protofix.net.layers import bind
from protofix.net.shapes import class_count
from protofix.net.values import enum_of, float_of, integer_of
from protofix.net.view import view_of
from protofix.textproto.tree import Document, scalars_named
from protofix.upgrade.text.document import upgrade_document

_MODES = tuple(mode.value for mode in Normalization)

HEAD = """\
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }
"""


def _nets_with_softmax_losses() -> list[Path]:
    """A net for each way in which public nets write their softmax losses, or all if asked for."""
    marks = (b"SoftmaxWithLoss", b"SOFTMAX_LOSS")
    nets = [path for path in corpus_files() if any(mark in path.read_bytes() for mark in marks)]
    if os.environ.get("PROTOFIX_ALL_NETS"):
        return nets
    return list({_losses_as_written(path): path for path in reversed(nets)}.values())[::-1]


def _losses_as_written(path: Path) -> str:
    """The text of the softmax losses of a net, blanks aside, and how many outputs layers have."""
    text = path.read_text(encoding="utf-8", errors="replace")
    layers = re.split(r"(?m)^(?=layers? *\{)", text)
    losses = [it for it in layers if re.search(r"SoftmaxWithLoss|SOFTMAX_LOSS", it)]
    outputs = re.findall(r"num_output: *\d+", text)[-1:]
    return re.sub(r"#[^\n]*|\s+", " ", " ".join([*losses, *outputs]))


def _read(path: Path) -> Document:
    return protofix.parse(path.read_bytes(), path.as_posix())


def _injected(document: Document) -> Injection:
    """With H by ComputeH, for 7 classes where the net does not tell how many there are."""
    try:
        return inject_document(document, InjectOptions(FromLabels()))
    except SourceError as error:
        if "give --classes" not in str(error):
            raise
        return inject_document(document, InjectOptions(FromLabels(classes=7)))


def _changes_more(document: Document) -> bool:
    """Whether a SoftmaxWithLoss has what becomes another field of InfogainLoss."""
    return any(
        len(loss.tops) > 1
        or ((param := loss.param("loss_param")) and scalars_named(param.fields, "normalize"))
        for loss in softmax_losses(bind(document))
    )


# A solver, a file with a slip, and losses that weigh classes, or take more, as forks have them.
NOT_STOCK = ("lenet_consolidated_solver", "segnet/", "deeplab-context/")


@needs_shared
@pytest.mark.parametrize("path", _nets_with_softmax_losses(), ids=corpus_id)
def test_identity_undoes_an_injection(path: Path) -> None:
    try:
        document = upgrade_document(_read(path)).after
        there = _injected(document)
    except ValueError as error:
        assert any(mark in corpus_id(path) for mark in NOT_STOCK), error
        return
    assert there.changed
    assert there.proof.holds
    assert softmax_losses(bind(there.after)) == []
    back = inject_document(there.after, InjectOptions(identity=True))
    assert back.may_be_written
    assert infogain_losses(bind(back.after)) == []
    if not _changes_more(document):
        assert back.after.text == document.text


def _losses_of_alike_classes(document: Document) -> list[tuple[str, int]]:
    """The losses that tell as many classes apart as the first, and how many."""
    view = view_of(document)
    found = [
        (loss.name, class_count(shapes.get(source.number), 1) or 2)
        for loss in softmax_losses(view.net)
        for graph, shapes in view.keeping(loss)
        if (source := graph.source_of(loss, 0))
    ]
    return [one for one in found if one[1] == found[0][1]]


def _short_nets() -> list[Path]:
    return [
        path
        for path in _nets_with_softmax_losses()
        if path.stat().st_size < 12_000 and not any(mark in corpus_id(path) for mark in NOT_STOCK)
    ]


@needs_shared
@pytest.mark.parametrize("path", _short_nets(), ids=corpus_id)
def test_to_old_caffe_and_back(path: Path, tmp_path: Path) -> None:
    document = upgrade_document(_read(path)).after
    losses = _losses_of_alike_classes(document)
    save(files_of_matrix(np.eye(losses[0][1]), tmp_path / "H.binaryproto"))
    names = tuple(name for name, _ in losses)
    way = FromFile(tmp_path / "H.binaryproto")
    fused = inject_document(document, InjectOptions(way, losses=names))
    back = inject_document(fused.after, InjectOptions(identity=True))
    assert back.after.text == document.text or _changes_more(document)
    try:
        old = inject_document(fused.after, InjectOptions(target="legacy"))
    except ConversionError as error:
        assert "map" in str(error)
        return
    assert old.may_be_written
    assert old.after.text.count("Softmax") > document.text.count("Softmax") - len(old.losses)
    migration = migrate_document(old.after, MigrateOptions())
    assert migration.complete
    if not any(loss.param("loss_param") for loss in infogain_losses(bind(fused.after))):
        assert migration.after.text == fused.after.text


LOSS = 'name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss"'
STYLES = {
    "one line": f"layer {{ {LOSS} }}\n",
    "comments": f"# over\nlayer {{\n  {LOSS}  # beside\n  # last\n}}\n# behind",
    "brackets": f"layer < {LOSS} >\n",
    "list of bottoms": f"layer {{ {LOSS} }}\n".replace(
        'bottom: "x" bottom: "label"', 'bottom: ["x", "label"]'
    ),
    "blank line": f"layer {{\n  {LOSS}\n\n}}\n\n",
    "axis": f"layer {{\n  {LOSS}\n  softmax_param {{\n    axis: -1  # the last\n  }}\n}}\n",
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("way", [FromFile(ROOT / "fixtures" / "H.binaryproto"), FromLabels()])
def test_identity_gives_the_very_text_back(
    way: FromFile | FromLabels, style: str, newline: str
) -> None:
    text = (HEAD + STYLES[style]).replace("\n", newline)
    there = inject_document(protofix.parse(text), InjectOptions(way))
    assert "InfogainLoss" in there.after.text
    assert inject_document(there.after, InjectOptions(identity=True)).after.text == text


SCORES = {
    "plain": np.array([[1.0, 2.0, -1.0], [0.0, 0.0, 0.0], [-40.0, 3.0, 8.0], [5.0, 5.0, -2.0]]),
    "large": np.array([[30.0, -10.0, 5.0], [1000.0, 1000.0, -3.0], [0.0, 40.0, 1.0], [9, 2, 0.0]]),
}


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("ignored", [None, 1])
@pytest.mark.parametrize("normalize", [True, False])
def test_h_the_identity_gives_the_numbers_of_softmax_with_loss(
    scores: str, ignored: int | None, normalize: bool
) -> None:
    ignoring = "" if ignored is None else f"ignore_label: {ignored} "
    text = HEAD + (
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss" '
        f"loss_param {{ {ignoring}normalize: {str(normalize).lower()} }} }}\n"
    )
    injection = inject_document(protofix.parse(text), InjectOptions(FromLabels()))
    [loss] = infogain_losses(bind(injection.after))
    param = loss.param("loss_param")
    mode = enum_of(param.fields if param else (), "normalization", _MODES)
    labels = np.array([0, 1, 2, 1])
    old = softmax_with_loss(
        SCORES[scores],
        labels,
        normalization=Normalization.VALID if normalize else Normalization.BATCH_SIZE,
        ignore_label=ignored,
    )
    new = fused_loss(
        SCORES[scores],
        labels,
        np.eye(3),
        normalization=Normalization(mode or "VALID"),
        ignore_label=integer_of(param.fields, "ignore_label") if param else None,
    )
    assert new.gradient == pytest.approx(old.gradient)
    # Below 1e-20 InfogainLoss takes a probability for that, and SoftmaxWithLoss goes on to 1e-38.
    assert new.loss == pytest.approx(old.loss) or (scores == "large" and new.loss < old.loss)


AVERAGE = (
    HEAD
    + """\
layer { name: "p" type: "Softmax" bottom: "x" top: "p" }
layer { name: "q" type: "Softmax" bottom: "x" top: "q" }
layer { name: "mean" type: "Eltwise" bottom: "p" bottom: "q" top: "mean"
  eltwise_param { coeff: 0.25 coeff: 0.75 } }
layer { name: "loss" type: "InfogainLoss" bottom: "mean" bottom: "label" top: "loss" }
"""
)


def test_a_log_layer_keeps_the_old_numbers() -> None:
    logged = keep_probabilities(protofix.parse(AVERAGE), LossParam.AS_WRITTEN_FOR)
    assert [one.loss for one in logged.losses] == ["loss"]
    [log] = [layer for layer in bind(logged.document).layers if layer.type == "Log"]
    param = log.param("log_param")
    assert param is not None
    shift = float_of(param.fields, "shift")
    assert shift is not None
    probabilities = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0], [0.3, 0.3, 0.4], [0.0, 0.5, 0.5]])
    labels, matrix = np.array([0, 0, 2, 1]), np.array([[1, 0.5, 0], [0, 4, 1], [0.2, 0, 9]])
    old_loss, old_gradient = legacy_loss(probabilities, labels, matrix)
    new = fused_loss(np.log(probabilities + shift), labels, matrix)
    assert new.loss == pytest.approx(old_loss)
    # By way of a logarithm; what is alike in a row is nothing to whatever makes probabilities.
    through = new.gradient / (probabilities + shift)
    difference = (through - old_gradient)[[0, 2]]
    assert difference == pytest.approx(np.repeat(difference[:, :1], 3, axis=1))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("dim: 3 }", "dim: 3 dim: 2 }"), "is or may be a map"),
        (("coeff: 0.25", "coeff: 0.5"), None),
    ],
)
def test_what_gets_no_log_layer(change: tuple[str, str], why: str | None) -> None:
    document = protofix.parse(AVERAGE.replace(*change))
    logged = keep_probabilities(document, LossParam.AS_WRITTEN_FOR)
    assert logged.document.text == document.text
    assert (why is None) == (logged.notes == ())
    assert why is None or why in logged.notes[0]


TWICE = (
    HEAD
    + """\
layer { name: "prob" type: "Softmax" bottom: "x" top: "prob" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "prob" bottom: "label" top: "loss" }
"""
)


def test_a_softmax_that_works_twice_is_said() -> None:
    injection = inject_document(protofix.parse(TWICE), InjectOptions(FromLabels()))
    assert not injection.complete
    assert "softmax works twice" in injection.doubts[0]


OLD_FORMATS = {
    "V1": """layers { name: "x" type: DUMMY_DATA top: "x" top: "label"
  dummy_data_param { num: 4 channels: 3 height: 1 width: 1 num: 4 channels: 1 height: 1 width: 1 } }
layers { name: "fc" type: INNER_PRODUCT bottom: "x" top: "fc" blobs_lr: 1 blobs_lr: 2
  inner_product_param { num_output: 3 } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "fc" bottom: "label" top: "loss" }
""",
    # Its padding becomes a field of the convolution, so that the loss is another layer's number.
    "V0": """layers { layer { name: "x" type: "data" batchsize: 4 } top: "x" top: "label" }
layers { layer { name: "pad" type: "padding" pad: 1 } bottom: "x" top: "pad" }
layers { layer { name: "fc" type: "conv" num_output: 3 kernelsize: 3 } bottom: "pad" top: "fc" }
layers { layer { name: "loss" type: "softmax_loss" } bottom: "fc" bottom: "label" }
""",
}


@pytest.mark.parametrize("format", OLD_FORMATS)
def test_an_old_net_in_which_nothing_is_to_be_done_stays_and_is_whole(format: str) -> None:
    text = OLD_FORMATS[format]
    injection = inject_document(protofix.parse(text), InjectOptions(identity=True))
    assert injection.after.text == text
    assert injection.proof.holds
    assert injection.complete


def test_a_chain_that_old_caffe_reads_already_stays() -> None:
    text = TWICE.replace("SoftmaxWithLoss", "InfogainLoss")
    document = protofix.parse(text)
    assert inject_document(document, InjectOptions(target="legacy")).after.text == text
    given = inject_document(document, InjectOptions(FromLabels(), target="legacy"))
    assert 'bottom: "prob" bottom: "label" bottom: "infogain_H"' in given.after.text


WRONG_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no target": (
        {"way": FromLabels(), "target": "legcy"},
        'the target is "fused" or "legacy", not \'legcy\'',
    ),
    "H and no H": (
        {"way": FromLabels(), "identity": True},
        "--identity takes H away: give no H with it",
    ),
    "no H for an old Caffe": (
        {"identity": True, "target": "legacy"},
        "--identity needs no --target: every Caffe has SoftmaxWithLoss",
    ),
    "nothing": ({}, "inject needs an H: give --source, "),
}


@pytest.mark.parametrize("what", WRONG_OPTIONS)
def test_options_that_do_not_go_together(what: str) -> None:
    options, said = WRONG_OPTIONS[what]
    with pytest.raises(ValueError, match=re.escape(said)):
        protofix.inject(HEAD + f"layer {{ {LOSS} }}\n", **options)


def test_losses_by_name_or_all_infogain_losses() -> None:
    one = 'layer { name: "one" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "one" }\n'
    two = one.replace("one", "two").replace("SoftmaxWithLoss", "InfogainLoss")
    document = protofix.parse(HEAD + one + two)

    def given(*names: str) -> list[str]:
        options = InjectOptions(FromLabels(), losses=names)
        return [loss.name for loss in inject_document(document, options).losses]

    assert given() == ["two"]
    assert given("one") == ["one"]
    assert given("two", "one") == ["one", "two"]
    with pytest.raises(InjectionError, match="has no loss `three`"):
        given("three")
