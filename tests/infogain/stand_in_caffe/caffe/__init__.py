"""A stand-in for pycaffe: the few calls that are made of it, and Caffe's way to end a process.

Losses are worked out forward only, in double precision, and gradients by differences: nothing here
is shared with what it is compared to. CAFFE_STAND_IN chooses what it is: "fused" (the default) or
"legacy" by its InfogainLoss, "odd" for one that is neither, "absent" and "unloadable" for a package
that does not import, "slow" for one that never ends, "raises" for one that raises.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray

from caffe_proto import base_schema

__version__ = "0.0-stand-in"
TRAIN, TEST = 0, 1

Array = NDArray[np.float64]
_KIND = os.environ.get("CAFFE_STAND_IN", "fused")
_STEP = 1e-4

if _KIND == "absent":
    raise ModuleNotFoundError("No module named 'caffe'", name="caffe")
if _KIND == "unloadable":
    raise ImportError("libboost_python.so: cannot open\nshared object file")


def set_mode_cpu() -> None:
    print("something that is printed while Caffe starts")


def abort(file: str, said: str) -> NoReturn:
    """End the process as a failed CHECK does."""
    print(f"F1124 05:10:56.123456  1234 {file}.cpp:27] {said}", file=sys.stderr)
    print("*** Check failure stack trace: ***\n    @     0x7f google::LogMessage", file=sys.stderr)
    sys.stderr.flush()
    os.abort()


class Net:
    def __init__(self, path: str, phase: int) -> None:
        message = base_schema().message_class("NetParameter")()
        self._net = cast(Any, message)
        try:
            text_format.Parse(Path(path).read_text(encoding="utf-8"), message)
        except text_format.ParseError as error:
            said = f"Error parsing text-format caffe.NetParameter: {error}"
            print(f"[libprotobuf ERROR text_format.cc:309] {said}", file=sys.stderr)
            abort("upgrade_proto", "Check failed: ReadProtoFromTextFile(param_file, param)")
        assert phase in (TRAIN, TEST)
        assert self._net.layer and not self._net.layers
        self.blobs: dict[str, Any] = {}
        for name, shape in zip(self._net.input, self._net.input_shape, strict=True):
            self.blobs[name] = _blob(tuple(shape.dim))
        self.params: dict[str, list[Any]] = {}
        for layer in self._net.layer:
            if layer.type == "InnerProduct":
                self.params[layer.name] = [_blob((layer.inner_product_param.num_output, 1))]
        self._inputs = dict(self.blobs)

    def forward(self) -> None:
        if _KIND == "slow" and len(self._net.layer) > 2:
            time.sleep(60)
        if _KIND == "raises" and len(self._net.layer) > 2:
            raise RuntimeError("no device\nfor this")
        self.blobs = self._run()

    def backward(self) -> None:
        loss = self._net.layer[-1]
        weight = loss.loss_weight[0] if loss.loss_weight else 1.0
        for [blob] in self.params.values():
            for at in np.ndindex(blob.data.shape):
                kept, found = blob.data[at], []
                for step in (_STEP, -_STEP):
                    blob.data[at] = kept + step
                    found.append(float(self._run()[loss.top[0]].data.ravel()[0]))
                blob.data[at] = kept
                blob.diff[at] += weight * (found[0] - found[1]) / (2 * _STEP)

    def _run(self) -> dict[str, Any]:
        values = {name: blob.data for name, blob in self._inputs.items()}
        for layer in self._net.layer:
            for bottom in layer.bottom:
                if bottom not in values:
                    abort("net", f"Unknown bottom blob '{bottom}' (layer '{layer.name}')")
            made = self._made(layer, [values[bottom] for bottom in layer.bottom])
            values.update(dict.fromkeys(layer.top, made))
        return {name: SimpleNamespace(data=one) for name, one in values.items()}

    def _made(self, layer: Any, bottoms: list[Array]) -> Array:
        if layer.type == "InnerProduct":
            return np.asarray(bottoms[0] @ self.params[layer.name][0].data.T)
        if layer.type == "Reshape":
            return bottoms[0].reshape(tuple(layer.reshape_param.shape.dim))
        if layer.type == "Softmax":
            return _softmax(bottoms[0], layer.softmax_param.axis)
        if layer.type == "Log":
            return np.asarray(np.log(bottoms[0] + layer.log_param.shift))
        if layer.type == "Eltwise":
            coefficients = list(layer.eltwise_param.coeff) or [1.0] * len(bottoms)
            terms = [c * one for c, one in zip(coefficients, bottoms, strict=True)]
            return np.asarray(np.sum(terms, axis=0))
        if layer.type == "InfogainLoss":
            return np.asarray(_infogain_loss(layer, bottoms))
        if layer.type == "SoftmaxWithLoss":
            return np.asarray(_fused(layer, bottoms, np.eye(bottoms[0].shape[1]), 1))
        abort("layer_factory", f"Check failed: Unknown layer type: {layer.type}")


def _blob(shape: tuple[int, ...]) -> Any:
    return SimpleNamespace(data=np.zeros(shape), diff=np.zeros(shape))


def _softmax(scores: Array, axis: int) -> Array:
    if not -scores.ndim <= axis < scores.ndim:
        said = f"Check failed: axis_index < num_axes() ({axis} vs. {scores.ndim}) axis out of range"
        abort("blob.hpp", said)
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis, keepdims=True))


def _infogain_loss(layer: Any, bottoms: list[Array]) -> float:
    assert len(layer.bottom) == 2, "H is given by its file"
    file = base_schema().message_class("BlobProto")()
    file.ParseFromString(Path(layer.infogain_loss_param.source).read_bytes())
    known: Any = file
    assert (known.num, known.channels, known.height) == (1, 1, known.width)
    matrix = np.array(known.data).reshape(known.height, known.width)
    scores, labels = bottoms
    if _KIND == "odd":
        return 7.0
    if _KIND == "legacy":
        if labels.size != len(scores):
            abort("infogain_loss_layer", "Check failed: bottom[1]->height() == 1 (4 vs. 1)")
        rows = scores.reshape(len(scores), -1)
        return float(-np.mean(np.sum(matrix[labels.ravel().astype(int)] * _log(rows), axis=1)))
    if layer.loss_param.HasField("normalize"):
        abort(
            "infogain_loss_layer",
            'Check failed: !has_normalize()  normalize is deprecated. use "normalization"',
        )
    return _fused(layer, bottoms, matrix, layer.infogain_loss_param.axis)


def _fused(layer: Any, bottoms: list[Array], matrix: Array, axis: int) -> float:
    scores, labels = bottoms
    logs = np.moveaxis(_log(_softmax(scores, axis)), axis, -1)
    rows = logs.reshape(-1, len(matrix))
    flat = labels.ravel().astype(int)
    param = layer.loss_param
    counts = np.ones(len(flat), bool)
    if param.HasField("ignore_label"):
        counts = flat != param.ignore_label
    total = -np.sum(matrix[flat[counts]] * rows[counts])
    outer = int(np.prod(scores.shape[: axis % scores.ndim]))
    named = {0: len(flat), 1: int(counts.sum()), 2: outer, 3: 1}
    return float(total / max(1, named[param.normalization]))


def _log(probabilities: Array) -> Array:
    return np.asarray(np.log(np.maximum(probabilities, 1e-20)))
