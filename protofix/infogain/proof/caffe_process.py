"""The process that runs pycaffe: a failed check of Caffe ends it, and nothing else.

It is started by its path, with the folder of the numbers as its current one, and knows nothing of
the rest of the package. Each line that it reads is a task as JSON, and it answers each with a line:

    {"net": "net.prototxt", "phase": "TRAIN", "blobs": {"label": "label"},
     "weights": {"scores_given": "scores"}, "loss": "loss"}

The arrays that blobs and weights are filled with are in `given.npz` under the names to the right;
the gradients at the weights go to `gradients.npz` under the same. The answer is `{"loss": 1.5}` or
`{"error": "..."}`. Before the first task it says `{"version": "1.0.0"}`, or the error.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, TextIO


def main() -> None:
    """Answer tasks until there are no more."""
    # Python puts the folder of this file first, whose modules are none to be imported by name.
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != own]
    # Whatever prints goes to where the log goes: standard output is for answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        caffe = _caffe()
    except Exception as error:  # A library that does not load raises anything.
        _say(answers, {"error": _line(error)})
        return
    _say(answers, {"version": str(getattr(caffe, "__version__", "of no known version"))})
    for line in sys.stdin:
        try:
            loss = _run(caffe, json.loads(line))
        except Exception as error:  # Caffe turns C++ exceptions into any of Python's.
            _say(answers, {"error": _line(error)})
        else:
            _say(answers, {"loss": loss})


def _caffe() -> ModuleType:
    caffe = import_module("caffe")
    caffe.set_mode_cpu()
    return caffe


def _run(caffe: ModuleType, task: dict[str, Any]) -> float:
    """Run a net forward and back; its loss, before its weight."""
    import numpy as np

    with np.load("given.npz") as given:
        arrays = {name: given[name] for name in given.files}
    net = caffe.Net(task["net"], getattr(caffe, task["phase"]))
    for blob, name in task["blobs"].items():
        data = net.blobs[blob].data
        data[...] = arrays[name].reshape(data.shape)
    for layer, name in task["weights"].items():
        weights = net.params[layer][0]
        weights.data[...] = arrays[name].reshape(weights.data.shape)
        weights.diff[...] = 0
    net.forward()
    net.backward()
    gradients: dict[str, Any] = {
        name: np.array(net.params[layer][0].diff).reshape(arrays[name].shape)
        for layer, name in task["weights"].items()
    }
    np.savez("gradients.npz", **gradients)
    return float(np.ravel(net.blobs[task["loss"]].data)[0])


def _line(error: Exception) -> str:
    """An exception in a line: its type, since some say nothing but a name, and its words."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
