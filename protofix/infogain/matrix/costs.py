"""What it costs to confuse one class with another, and the rows of H that say so.

Costs come from a table or from a tree of classes. InfogainLoss is -sum_j H[y, j] log p_j: H[y, j]
says how right j is where y is true, so a row of H is not of costs but of likenesses, large where
a confusion costs little. `soft_labels` makes the one of the other.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protofix.files import first_bytes
from protofix.infogain.matrix.reading import read_matrix
from protofix.infogain.matrix.values import MatrixError, PathLike, path_text

Array = NDArray[np.float64]

MOST_CLASSES = 16384
"""As many as H can have in a file that is read."""

_LARGEST_TREE = 1 << 26  # bytes
_COMMENT = re.compile(r"(^|\s)#.*")
_MOST_DIGITS = 9


class CostsError(MatrixError):
    """One line about costs: where, what is wrong, what would be right."""


def read_costs(path: PathLike) -> Array:
    """Read the costs of taking one class for another.

    Args:
        path: what `read_matrix` reads; most handily a `.csv` file of L lines of L numbers. The row
            is the label, the column the prediction. The diagonal is 0, all else 0 or more.

    Returns:
        L x L, float64, read-only.

    Raises:
        MatrixError: the file cannot be read, or holds no finite square matrix.
        CostsError: the numbers are not costs.

    """
    costs = read_matrix(path).values
    _check_costs(costs, path_text(path))
    if len(costs) > 1 and not costs.any():
        raise CostsError(f"{path_text(path)}: all costs are 0, give what is worse a larger one")
    return costs


def soft_labels(costs: ArrayLike, sharpness: float) -> Array:
    """Make of each row of costs how right each prediction is: exp(-sharpness c / max c), scaled.

    The largest cost of all has the likeness exp(-sharpness) to a class's own 1, before each row is
    scaled to sum 1. At 0 all predictions are alike right; at infinity only those that cost nothing
    are, which gives the identity if those are the true classes alone.

    Source: Bertinetto et al., "Making Better Mistakes: Leveraging Class Hierarchies with Deep
    Networks", CVPR 2020 (their soft labels; sharpness is their beta).

    Args:
        costs: L x L, row = the label, column = the prediction; 0 on the diagonal, never negative.
        sharpness: 0 or more, infinity included.

    Returns:
        L x L, float64; each row sums to 1 and falls as its costs rise.

    Raises:
        CostsError: they are no costs, or sharpness is negative.

    """
    if not sharpness >= 0:
        raise CostsError(f"sharpness {sharpness:g}: give 0 or more")
    table = np.array(costs, np.float64)
    _check_costs(table, "costs")
    largest = table.max()
    if np.isinf(sharpness):
        likeness = (table == 0).astype(np.float64)
    else:
        shares = table / largest if largest > 0 else table
        likeness = np.exp(-sharpness * shares)
    return np.asarray(likeness / likeness.sum(axis=1, keepdims=True), np.float64)


def weighted(weights: ArrayLike, rows: ArrayLike) -> Array:
    """Weigh each row of a matrix: diag(weights) @ rows, H of class weights and soft labels.

    Args:
        weights: L numbers, of the classes that are the labels.
        rows: L x L.

    Returns:
        L x L, float64. Rows that summed to 1 sum to their weights.

    Raises:
        CostsError: the two are not of the same number of classes.

    """
    factors, matrix = np.asarray(weights, np.float64), np.asarray(rows, np.float64)
    if factors.ndim != 1 or matrix.shape != (len(factors), len(factors)):
        raise CostsError(
            f"{factors.size} class weights for rows of shape {matrix.shape}: "
            "both must be of the same classes"
        )
    return np.asarray(factors[:, np.newaxis] * matrix, np.float64)


def read_tree(path: PathLike) -> Array:
    """Read a tree of classes, and give how far each class is from each.

    The file is an outline: a name a line, deeper ones below what they belong to, indented by blanks
    or tabs as one likes. A leaf is a class, and ends in its number, the label:

        # what looks alike
        animal
            cat 0
            dog 1
        vehicle
            car 2
            fire engine 3

    Several names at the left have one root over them. A `#` at the beginning of a line or behind a
    blank begins a comment; empty lines do not matter. Numbers must be 0 to L - 1, each once.

    The distance of two classes is the height of their lowest common ancestor over the height of the
    tree, a node's height being its longest way down to a leaf (Bertinetto et al., CVPR 2020): 0 for
    a class and itself, 1 for classes that have only the root in common. In the example cat and dog
    are 0.5 apart, cat and car 1.

    Returns:
        L x L, float64, symmetric.

    Raises:
        FileError: the file cannot be read.
        CostsError: it is no such outline; the line is named.

    """
    where = path_text(path)
    content = first_bytes(Path(path), _LARGEST_TREE + 1)
    if len(content) > _LARGEST_TREE:
        raise CostsError(f"{where}: larger than 64 MiB, a tree of classes is a line a class")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CostsError(f"{where}: not text in UTF-8, write an outline of names") from None
    nodes = _nodes(_outline(text, where), where)
    return _distances(nodes, _labels(nodes, where))


@dataclass(frozen=True)
class _Entry:
    """A line of an outline."""

    line: int
    indent: str
    name: str
    label: int | None


@dataclass
class _Node:
    """A node of the tree, or (line 0) the root over those at the left.

    `leaves` is what part of all leaves, in the order of the file, is below it.
    """

    line: int
    name: str
    label: int | None
    parent: int
    is_leaf: bool = True
    height: int = 0
    leaves: tuple[int, int] = (0, 0)


def _outline(text: str, where: str) -> Iterator[_Entry]:
    for number, raw in enumerate(io.StringIO(text, newline=None), start=1):
        line = _COMMENT.sub("", raw).rstrip()
        if not line:
            continue
        shown = ascii(line.strip()[:40])
        name = line.lstrip(" \t")
        *before, last = name.rsplit(None, 1)
        has_label = last.isascii() and last.isdecimal()
        if has_label and not before:
            raise CostsError(f"{where}:{number}: {shown} has no name, write `name number`")
        if has_label and len(last) > _MOST_DIGITS:
            raise CostsError(f"{where}:{number}: {shown} has too large a class number")
        indent = line[: len(line) - len(name)]
        label = int(last) if has_label else None
        yield _Entry(number, indent, before[0] if has_label else name, label)


def _nodes(entries: Iterable[_Entry], where: str) -> list[_Node]:
    """The nodes, each before those below it; a parent is a number among them."""
    nodes = [_Node(0, "", None, -1)]
    above: list[tuple[str, int]] = []  # the indent and node of the last line, and of those over it
    for entry in entries:
        beside = None
        while above and not _is_deeper(entry.indent, above[-1][0]):
            beside, _ = above.pop()
        if beside not in (None, entry.indent):
            raise _indent_error(entry, where)
        parent = above[-1][1] if above else 0
        above.append((entry.indent, len(nodes)))
        nodes[parent].is_leaf = False
        nodes.append(_Node(entry.line, entry.name, entry.label, parent))
    if len(nodes) == 1:
        raise CostsError(f"{where}: no classes, write an outline whose leaves are `name number`")
    if sum(node.parent == 0 for node in nodes) == 1:
        return _without_root(nodes)
    return nodes


def _is_deeper(indent: str, other: str) -> bool:
    return len(indent) > len(other) and indent.startswith(other)


def _indent_error(entry: _Entry, where: str) -> CostsError:
    return CostsError(
        f"{where}:{entry.line}: {entry.name[:40]!a} is indented as no line above it is: "
        "write what belongs together alike, with blanks or with tabs"
    )


def _without_root(nodes: list[_Node]) -> list[_Node]:
    """The same where the only line at the left is the root itself."""
    for node in nodes:
        node.parent -= 1
    return nodes[1:]


def _labels(nodes: Sequence[_Node], where: str) -> list[int]:
    """The class numbers of the leaves, in the order of the file."""
    lines: dict[int, int] = {}
    for node in nodes:
        place = f"{where}:{node.line}: {node.name[:40]!a}"
        if not node.is_leaf and node.label is not None:
            raise CostsError(
                f"{place} has classes below it and a number, {node.label}, as only leaves have"
            )
        if node.is_leaf and node.label is None:
            raise CostsError(f"{place} is a leaf without a class number, write `name number`")
        if node.label is not None and node.label in lines:
            line = lines[node.label]
            raise CostsError(
                f"{place} is class {node.label}, as line {line} is; give each class one leaf"
            )
        if node.label is not None:
            lines[node.label] = node.line
    if len(lines) > MOST_CLASSES:
        raise CostsError(f"{where}: {len(lines):,} classes, at most {MOST_CLASSES:,} can be")
    missing = next((label for label in range(len(lines)) if label not in lines), None)
    if missing is not None:
        largest = max(lines)
        raise CostsError(
            f"{where}:{lines[largest]}: class {largest}, and class {missing} is nowhere: "
            f"number the {len(lines)} classes from 0 to {len(lines) - 1}"
        )
    return list(lines)


def _distances(nodes: Sequence[_Node], labels: Sequence[int]) -> Array:
    """How far each class is from each, by class number; the nodes get heights and leaves."""
    first = 0
    for node in nodes:
        node.leaves = (first, first + node.is_leaf)
        first += node.is_leaf
    for node in reversed(nodes[1:]):
        parent = nodes[node.parent]
        parent.height = max(parent.height, node.height + 1)
        parent.leaves = (parent.leaves[0], max(parent.leaves[1], node.leaves[1]))
    among = np.zeros((len(labels), len(labels)))
    for node in nodes[1:]:
        # With the leaves of the siblings above it, it has no nearer ancestor than its parent.
        parent = nodes[node.parent]
        (start, end), begin = node.leaves, parent.leaves[0]
        share = parent.height / nodes[0].height
        among[start:end, begin:start] = share
        among[begin:start, start:end] = share
    order = np.argsort(labels)
    return np.asarray(among[np.ix_(order, order)], np.float64)


def _check_costs(costs: Array, where: str) -> None:
    if costs.ndim != 2 or costs.shape[0] != costs.shape[1] or not costs.size:
        raise CostsError(f"{where}: not a square table, give L rows of L costs")
    for fault, what in (
        (~np.isfinite(costs), "a cost is a finite number"),
        (costs < 0, "a cost is 0 or more"),
        (np.diag(np.diag(costs) != 0), "what is right costs 0, it is no matrix H"),
    ):
        if fault.any():
            row, column = (int(index) for index in np.argwhere(fault)[0])
            raise CostsError(
                f"{where}: row {row}, column {column} (from 0) is {costs[row, column]:g}, {what}"
            )
