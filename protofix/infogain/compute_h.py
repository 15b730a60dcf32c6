"""ComputeH, the Python layer that makes H from each batch: its source, and what it computes."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

LAYER_FILE = "compute_h_layer.py"
"""Where the layer's text lies; beside a net it is `<module>.py`, as `python_param` names it."""


def compute_h_source() -> str:
    """Return the text of the module that users put beside their net.

    It is plain ASCII, needs nothing of protofix and runs on Python 2.7 and 3 inside Caffe. It is
    read and not imported, since it imports `caffe`.
    """
    return files(__package__).joinpath(LAYER_FILE).read_text(encoding="ascii")


def compute_h_weights(
    labels: ArrayLike, classes: int, ignore_label: int | None = None
) -> NDArray[np.float64]:
    """Return H, L x L, as the ComputeH layer makes it from one batch of labels.

    With n_i counted labels of class i, H[i, i] = (1 / n_i) / sum_k (1 / n_k) over the classes
    present, which is max(n) / n_i scaled to sum 1. Classes not present and everything off the
    diagonal are 0; without any counted label all of H is.

    Source: the weights of ComputeH as it has been passed around, except that a class a batch lacks
    is no error.

    Args:
        labels: any shape, whole numbers in 0..L-1 or `ignore_label`.
        classes: L.
        ignore_label: labels that are not counted.

    Raises:
        ValueError: `classes` is below 1, or a label is none of them.

    """
    if classes < 1:
        raise ValueError(f"classes {classes}: give at least 1")
    values = np.asarray(labels, dtype=np.float64).ravel()
    if ignore_label is not None:
        values = values[values != ignore_label]
    known = np.isin(values, np.arange(classes))
    if not known.all():
        raise ValueError(
            f"label {values[~known][0]:.9g} is not one of the {classes} classes, 0 to {classes - 1}"
        )
    present, counts = np.unique(values.astype(np.intp), return_counts=True)
    matrix = np.zeros((classes, classes))
    if present.size:
        shares = 1 / counts
        matrix[present, present] = shares / shares.sum()
    return matrix
