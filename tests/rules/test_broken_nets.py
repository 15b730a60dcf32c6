"""Every refusal of Caffe, recorded from small broken nets and from public ones, is foreseen."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from shared_data import SHARED, golden_lines, needs_shared

import protofix
from protofix.net.layers import Layer, bind
from protofix.rulebook.findings import Finding

BROKEN = SHARED / "golden" / "broken"
INDEX = json.loads((BROKEN / "index.json").read_text()) if BROKEN.is_dir() else []
REFUSED = [record for record in golden_lines("nets/built.jsonl") if "refused" in record]

# Where Caffe's log stops at another layer than the one at fault.
ELSEWHERE = {
    # propagate_down is counted before the log names the layer that is next: `fc`, behind `relu1`.
    "propagate_down_count.prototxt": "fc",
}

# Where Caffe stops at the first of two mistakes, and both are said.
TWO_MISTAKES = {
    "deconv_uint.prototxt": "lacks both kernel_size and num_output",
    "infogain_label_count.prototxt": "has too few labels, and an H of the wrong size",
}

LAYER_OF_FILE = {
    "euclidean_loss_layer": "EuclideanLoss",
    "sigmoid_cross_entropy_loss_layer": "SigmoidCrossEntropyLoss",
    "softmax_loss_layer": "SoftmaxWithLoss",
}


def errors(path: str, text: str, record: dict[str, Any]) -> tuple[list[Layer], list[Finding]]:
    """The layers of a net, and the errors found in the state of a record."""
    found = protofix.check(
        text,
        path,
        phase=record["phase"],
        stages=record.get("stages", []),
        level=record.get("level", 0),
        given={blob: tuple(shape) for blob, shape in record.get("given", {}).items()},
    )
    layers = list(bind(protofix.parse(text, path)).layers)
    return layers, [one for one in found if one.severity == "error"]


def within(layer: Layer, finding: Finding) -> bool:
    return layer.node.start <= finding.start < layer.node.end


@needs_shared
@pytest.mark.parametrize("record", INDEX, ids=lambda r: f"{r['file']}:{r['phase']}")
def test_errors_are_where_caffe_stops(record: dict[str, Any]) -> None:
    path = BROKEN / record["file"]
    layers, found = errors(str(path), path.read_text(), record)
    if record["built"]:
        assert found == []
        return
    named = re.search(r"\(layer '(.*?)'", record["says"])
    name = ELSEWHERE.get(record["file"]) or (named[1] if named else record["at_layer"])
    assert found
    # What refuses the file as a whole is at no layer.
    at = [layer for layer in layers if name in (None, layer.name)]
    assert any(within(layer, finding) for finding in found for layer in at)
    # One mistake is said once.
    assert len(found) == (2 if record["file"] in TWO_MISTAKES else 1)


@needs_shared
@pytest.mark.parametrize(
    "record", REFUSED, ids=lambda r: f"{r['file']}:{r['phase']}:{','.join(r['stages'])}"
)
def test_errors_are_at_the_layer_that_caffe_refused(record: dict[str, Any]) -> None:
    path = SHARED / "corpus" / record["file"]
    layers, found = errors(str(path), path.read_bytes().decode(), record)
    says = record["refused"]
    named = re.search(r"(?:with layer|\(layer) '(.*?)'", says)
    kind = LAYER_OF_FILE.get(says.split(".cpp")[0])
    at = [it for it in layers if (it.name == named[1] if named else it.type == kind)]
    assert any(within(layer, finding) for finding in found for layer in at)
