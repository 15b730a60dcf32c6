"""Heads computed by an installed Caffe, in a process of its own that its failed checks may end."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.matrix.values import MatrixError
from protofix.infogain.matrix.writing import binaryproto_bytes
from protofix.infogain.proof import caffe_process
from protofix.infogain.proof.caffe_net import caffe_net
from protofix.infogain.proof.heads import (
    Batch,
    Era,
    Head,
    Outcome,
    run,
    scores_at_loss,
    settings_of,
)
from protofix.infogain.proof.operations import Array, CannotRun
from protofix.net.shapes import canonical_axis

TOLERANCE = 1e-4
"""Largest relative difference at which a Caffe's numbers, which are float32, count as equal.

For chains that compute in float32 what the formulas do in double precision.
"""

_MATRIX = "H.binaryproto"
_NET = "net.prototxt"
_LOG = "log.txt"
_LOG_TAIL = 1 << 16
_CLOSING = 5.0  # seconds
_FATAL = re.compile(r"^F\d{4,8} .*?\] *(.*)$", re.MULTILINE)
_UNPARSED = re.compile(r"Error parsing text-format [\w.]+: *(.*)$", re.MULTILINE)

# Two classes with scores that are no probabilities, of which the losses make different numbers.
_PROBE = """input: "one" input_shape { dim: 1 dim: 1 }
input: "label" input_shape { dim: 1 dim: 1 dim: 1 dim: 1 }
layer { name: "given" type: "InnerProduct" bottom: "one" top: "scores"
  inner_product_param { num_output: 2 bias_term: false } }
layer { name: "loss" type: "InfogainLoss" bottom: "scores" bottom: "label" top: "loss"
  infogain_loss_param { source: "H.binaryproto" } }
"""
_PROBED = (2.0, 3.0)
_PROBED_LOSSES: Mapping[Era, float] = {"legacy": -np.log(2.0), "fused": np.log1p(np.e)}

Matrix = Callable[[int], Array]


class CaffeError(ValueError):
    """Why no Caffe can be run; one line."""


class _Ended(ValueError):
    """Why the process has ended, or was."""


@dataclass(frozen=True)
class CaffeInfo:
    """An installed Caffe: its version as it says, and which InfogainLoss it has."""

    version: str
    era: Era


class CaffeEngine:
    """The Caffe that this interpreter can import, ready to run heads.

    It is a context: its process and its folder are gone when it is left.

    >>> with CaffeEngine() as engine:  # doctest: +SKIP
    ...     engine.info.era
    'fused'
    """

    info: CaffeInfo

    def __init__(self, timeout: float = 120.0) -> None:
        """Start Caffe and find out what it is; `timeout` is in seconds, for each thing it does.

        Raises:
            CaffeError: pycaffe is not installed, does not load, or has another InfogainLoss.

        """
        self._timeout = timeout
        self._folder = tempfile.TemporaryDirectory(prefix="protofix-caffe-")
        self._process: _Process | None = None
        try:
            self.info = self._find_out()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> CaffeEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its folder."""
        if self._process is not None:
            self._process.end()
            self._process = None
        self._folder.cleanup()

    def has_loss_of(self, head: Head, era: Era) -> bool:
        """Whether this Caffe computes a head as a Caffe of that era does."""
        return head.loss.type != "InfogainLoss" or era == self.info.era

    def run(self, head: Head, batch: Batch, matrix: Matrix) -> Outcome:
        """Run a head: its loss before its weight, and its gradients at the scores, of float32.

        `matrix` gives H for a number of classes. Which images underflow is told by the formulas,
        of which Caffe has no say.

        Raises:
            CannotRun: Caffe aborts, with its words.
            CaffeError: Caffe does not start any more.

        """
        reads = _reads(head, batch)
        if head.loss.type == "InfogainLoss":
            self._write_matrix(matrix(_classes(head, self.info.era, reads)))
        shapes = [one.shape for one in batch.scores]
        images = (len(batch.scores[0]) if reads is None else reads[0]) or 1
        net = caffe_net(head, shapes, _label_shape(len(batch.labels), images), _MATRIX)
        scores = {f"scores{number}": one for number, one in enumerate(batch.scores)}
        task = {
            "phase": net.phase,
            "blobs": {net.one: "one", net.label: "labels"},
            "weights": dict(zip(net.scores, scores, strict=True)),
            "loss": net.loss,
        }
        given = {"one": np.ones(1), "labels": batch.labels, **scores}
        try:
            loss, gradients = self._compute(net.text, task, given)
        except _Ended as error:
            raise CannotRun(f"cannot be run: {error}") from None
        made = tuple(gradients[name] for name in scores)
        return Outcome(loss, made, _underflows(head, self.info.era, batch, matrix))

    def _find_out(self) -> CaffeInfo:
        version = self._start().version
        self._write_matrix(np.eye(2))
        task = {
            "phase": "TRAIN",
            "blobs": {"one": "one", "label": "labels"},
            "weights": {"given": "scores"},
            "loss": "loss",
        }
        given = {"one": np.ones(1), "labels": np.zeros(1), "scores": np.array(_PROBED)}
        try:
            loss, _ = self._compute(_PROBE, task, given)
        except _Ended as error:
            raise CaffeError(f"pycaffe {version} cannot run an InfogainLoss: {error}") from None
        for era, wanted in _PROBED_LOSSES.items():
            if abs(loss - wanted) < TOLERANCE:
                return CaffeInfo(version, era)
        raise CaffeError(
            f"pycaffe {version} has an InfogainLoss unlike Caffe's: {loss:.6g} where Caffe makes"
            f" {_PROBED_LOSSES['fused']:.6g}, or {_PROBED_LOSSES['legacy']:.6g} before April 2017"
        )

    def _compute(
        self, text: str, task: dict[str, Any], given: Mapping[str, NDArray[Any]]
    ) -> tuple[float, dict[str, Array]]:
        """Run a net. Raises `_Ended` where that cannot be done."""
        folder = Path(self._folder.name)
        (folder / _NET).write_bytes(text.encode("utf-8", "surrogateescape"))
        arrays: dict[str, Any] = {n: np.asarray(array, np.float32) for n, array in given.items()}
        np.savez(folder / "given.npz", **arrays)
        process = self._process or self._start()
        try:
            answer = process.ask({"net": _NET, **task})
        except _Ended:
            self._process = None
            raise
        if "error" in answer:
            raise _Ended(f"Caffe raises {answer['error']}")
        with np.load(folder / "gradients.npz") as made:
            gradients = {name: made[name].astype(np.float64) for name in made.files}
        return float(answer["loss"]), gradients

    def _start(self) -> _Process:
        self._process = _Process(Path(self._folder.name), self._timeout)
        return self._process

    def _write_matrix(self, values: Array) -> None:
        try:
            content = binaryproto_bytes(values)
        except MatrixError as error:
            raise CannotRun(str(error)) from None
        (Path(self._folder.name) / _MATRIX).write_bytes(content)


class _Process:
    """A running `caffe_process`; `version` is what its Caffe says of itself."""

    def __init__(self, folder: Path, timeout: float) -> None:
        """Start it. Raises `CaffeError` if that does not end in a Caffe."""
        self._log = folder / _LOG
        self._timeout = timeout
        self._answers: queue.Queue[str | None] = queue.Queue()
        with open(self._log, "wb") as log:
            self._popen = subprocess.Popen(
                [sys.executable, os.path.abspath(caffe_process.__file__)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=_environment(),
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C is for this process, which ends that one.
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            said = self._answer()
        except _Ended as error:
            raise CaffeError(f"pycaffe does not start: {error}") from None
        except BaseException:
            self.end()
            raise
        if "error" in said:
            self.end()
            raise CaffeError(_import_error(str(said["error"])))
        self.version = str(said["version"])

    def ask(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Give it a task and wait for its answer. Raises `_Ended`."""
        assert self._popen.stdin is not None
        # If it has ended, the answer that does not come says so.
        with contextlib.suppress(OSError):
            self._popen.stdin.write(json.dumps(task) + "\n")
            self._popen.stdin.flush()
        return self._answer()

    def end(self) -> None:
        """End it, and leave nothing open."""
        assert self._popen.stdin is not None and self._popen.stdout is not None
        self._popen.kill()
        self._popen.wait(_CLOSING)
        self._reader.join(_CLOSING)
        with contextlib.suppress(OSError):
            self._popen.stdin.close()
        self._popen.stdout.close()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _answer(self) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=self._timeout)
        except queue.Empty:
            self.end()
            raise _Ended(f"Caffe took longer than {self._timeout:g} seconds") from None
        if line is None:
            code = self._popen.wait()
            self.end()
            with open(self._log, "rb") as log:
                log.seek(-min(_LOG_TAIL, self._log.stat().st_size), os.SEEK_END)
                said = log.read().decode("utf-8", "replace")
            raise _Ended(reason_of(said, code))
        answer: dict[str, Any] = json.loads(line)
        return answer


def reason_of(log: str, code: int) -> str:
    """Why Caffe ended, in a line, by what it logged and its exit code (negative: a signal)."""
    unparsed = _UNPARSED.search(log)
    fatal = _FATAL.search(log)
    if unparsed is not None:
        return f"Caffe cannot read the layers: {' '.join(unparsed[1].split())}"
    if fatal is not None:
        return f"Caffe aborts: {' '.join(fatal[1].split())}"
    lines = [" ".join(line.split()) for line in log.splitlines() if line.strip()]
    last = f": {lines[-1]}" if lines else ""
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"Caffe ended with {how}{last}"


def _import_error(said: str) -> str:
    if said.startswith("ModuleNotFoundError: No module named 'caffe'"):
        return (
            "pycaffe is not installed: this Python has no module caffe; build Caffe's pycaffe for"
            " it and put caffe/python on PYTHONPATH, or use the numpy engine"
        )
    return f"pycaffe does not load: {said}"


def _environment() -> dict[str, str]:
    """This process's environment, so that what it can import the other can too."""
    paths = [os.path.abspath(path) for path in sys.path]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GLOG_logtostderr": "1",
        "GLOG_minloglevel": "2",
    }


def _reads(head: Head, batch: Batch) -> tuple[int, ...] | None:
    """The shape of what the loss reads; None where Caffe is to say what is wrong before it."""
    try:
        return scores_at_loss(head, batch.scores).shape
    except CannotRun:
        return None


def _classes(head: Head, era: Era, reads: tuple[int, ...] | None) -> int:
    """How many classes H is for; 1 where Caffe stops before it would look at H."""
    if reads is None:
        return 1
    if era == "legacy":
        return int(np.prod(reads[1:]))
    axis = canonical_axis(settings_of(head.loss).axis, len(reads))
    return 1 if axis is None else reads[axis]


def _label_shape(count: int, images: int) -> tuple[int, ...]:
    """One label an image, or a map of them for each, as Caffe's data layers make them."""
    return (count,) if count % images else (images, 1, count // images, 1)


def _underflows(head: Head, era: Era, batch: Batch, matrix: Matrix) -> NDArray[np.bool_]:
    try:
        return run(head, era, batch, matrix).underflows
    except CannotRun:
        return np.zeros(len(batch.scores[0]), np.bool_)
