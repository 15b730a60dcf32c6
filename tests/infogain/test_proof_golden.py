"""What the proof computes against Caffe's own numbers: every recorded case, written as a net.

Each case becomes the net that it was: scores and labels as inputs, a Softmax before the old layer,
the loss with its axis, its normalization, its weight. The head of the loss is cut out of that net
and run, as `protofix prove` does with any net.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from infogain_cases import FLOAT32, golden_cases, recordings
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import protofix
from protofix.infogain.proof.heads import Batch, head_of, run
from protofix.net.view import view_of


@pytest.fixture(scope="module")
def recorded() -> dict[str, NDArray[np.float32]]:
    return recordings()


def net_of(case: dict[str, Any], shape: tuple[int, ...]) -> str:
    """The net that a case was recorded from."""
    dims = " ".join(f"dim: {dim}" for dim in shape)
    third = 'bottom: "H"' if case["H_from"] == "bottom" else ""
    source = 'source: "H.binaryproto"' if case["H_from"] == "source" else ""
    lines = [
        'layer { name: "scores" type: "Input" top: "scores" '
        f"input_param {{ shape {{ {dims} }} }} }}",
        'layer { name: "labels" type: "Input" top: "label" input_param { shape { dim: 1 } } }',
        'layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 1 } } }',
    ]
    reads, axis, param = "scores", f"axis: {case['axis']}", ""
    if case["layer"] == "legacy":
        reads, axis = "prob", ""
        lines.append(
            'layer { name: "prob" type: "Softmax" bottom: "scores" top: "prob" '
            f"softmax_param {{ axis: {case['axis']} }} }}"
        )
    if case["normalization"] is not None:
        param += f"normalization: {case['normalization']} "
    if case["ignore_label"] is not None:
        param += f"ignore_label: {case['ignore_label']} "
    lines.append(
        f'layer {{ name: "loss" type: "InfogainLoss" bottom: "{reads}" bottom: "label" {third} '
        f'top: "loss" loss_weight: {case["loss_weight"]} loss_param {{ {param} }} '
        f"infogain_loss_param {{ {axis} {source} }} }}"
    )
    return "\n".join(lines)


@pytest.mark.parametrize("case", golden_cases())
def test_a_head_computes_what_caffe_did(
    case: dict[str, Any], recorded: dict[str, NDArray[np.float32]]
) -> None:
    scores, labels, matrix, loss, gradient = (
        recorded[f"{case['key']}_{name}"] for name in ("score", "label", "H", "loss", "diff")
    )
    view = view_of(protofix.parse(net_of(case, scores.shape)))
    built = view.built[0]
    head = head_of(built, next(it for it in view.net.layers if it.name == "loss"))
    assert [version.blob for version in head.scores] == ["scores"]
    classes = case["classes"]
    square = matrix.reshape(classes, classes).astype(np.float64)
    batch = Batch(
        case["key"], (scores.astype(np.float64),), labels.reshape(-1).astype(np.int64), square
    )
    result = run(head, case["layer"], batch, lambda _: square)
    # Caffe computed in float32: what is the small difference of large terms keeps their rounding.
    rounding = 4 * float(FLOAT32.eps) * float(np.abs(square).sum(axis=1).max())
    assert_allclose(result.loss, float(loss[0]), rtol=1e-5, atol=rounding * labels.size)
    largest = rounding * case["loss_weight"]
    assert_allclose(result.gradients[0], gradient, rtol=1e-5, atol=largest)
