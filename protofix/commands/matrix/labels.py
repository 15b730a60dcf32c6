"""The options that say where labels lie, and counting them with a bar on the terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protofix.commands.common import positive
from protofix.commands.states import add_state_options, given_of
from protofix.files import FileError, read_bytes, source_of_bytes

if TYPE_CHECKING:
    from protofix.data.counting import LabelSource
    from protofix.data.counts import LabelCounts
    from protofix.infogain.label_source import NetLabels

_MOST_DIGITS = 15


@dataclass(frozen=True)
class Counted:
    """Labels as they were counted, and in words where they lie and what was left out.

    `ignore_label` is the one that was left out.
    """

    counts: LabelCounts
    said: tuple[str, ...]
    ignore_label: int | None = None


def add_label_options(command: argparse.ArgumentParser) -> None:
    """Add the options that name one source of labels, and what goes with them."""
    labels = command.add_argument_group("where the labels are (one of these)")
    of = labels.add_mutually_exclusive_group(required=True)
    of.add_argument(
        "--counts", metavar="N,N,...", help="how many labels are of each class, from class 0 on"
    )
    of.add_argument("--weights", metavar="W,W,...", help="the weights themselves, H's diagonal")
    of.add_argument("--lmdb", metavar="DIR", help="a Caffe LMDB: the label of each Datum")
    of.add_argument("--leveldb", metavar="DIR", help="a Caffe LevelDB: the label of each Datum")
    of.add_argument(
        "--hdf5", metavar="FILE:DATASET",
        help="a dataset of an HDF5 file, or of all files that a list names; its first axis are "
        "the items; needs protofix[hdf5]",
    )  # fmt: skip
    of.add_argument(
        "--list", metavar="FILE", help="a list of images: a line each, its path, a blank, its label"
    )
    of.add_argument(
        "--csv", metavar="FILE[:COLUMN]",
        help="a column of a table, by its name or its number from 0; default: the last",
    )  # fmt: skip
    of.add_argument(
        "--npy", metavar="FILE", help="an array of whole numbers; its first axis are the items"
    )
    of.add_argument(
        "--images", metavar="DIR",
        help="a folder of label images (PNG with palette or grey, .npy), with all below it; "
        "needs protofix[data]",
    )  # fmt: skip
    of.add_argument(
        "--from-net", metavar="NET",
        help="what the data layer of the net's loss reads in its TRAIN state",
    )  # fmt: skip
    labels.add_argument(
        "--maps", action="store_true",
        help="the pixels of a database are the labels (maps for segmentation)",
    )  # fmt: skip
    labels.add_argument(
        "--ignore-label", type=int, metavar="N",
        help="leave this label out, such as 255; default: with --from-net the loss's own",
    )  # fmt: skip
    labels.add_argument(
        "--classes", type=positive, metavar="L",
        help="number of classes; default: up to the largest label, with --from-net the net's",
    )  # fmt: skip
    labels.add_argument(
        "--loss", metavar="NAME", help="the loss that --from-net is about, if there are several"
    )
    labels.add_argument("--quiet", action="store_true", help="no bar while labels are counted")
    add_state_options(command)


def refuse_stray_options(arguments: argparse.Namespace) -> None:
    """Raise ValueError for options that go with another source than the one named."""
    if arguments.from_net is None:
        for name in ("loss", "phase", "level", "stage", "given"):
            if getattr(arguments, name) not in (None, []):
                raise ValueError(f"--{name} goes with --from-net")
    if arguments.maps and arguments.lmdb is None and arguments.leveldb is None:
        raise ValueError("--maps goes with --lmdb or --leveldb; the other sources tell by shape")
    if arguments.ignore_label is not None and (arguments.counts or arguments.weights):
        raise ValueError("--ignore-label goes with labels that are to be counted")


def places_of(arguments: argparse.Namespace) -> Iterator[str]:
    """The files and folders that the options name as sources."""
    for name in ("lmdb", "leveldb", "list", "npy", "images", "from_net"):
        if getattr(arguments, name) is not None:
            yield getattr(arguments, name)
    for name in ("csv", "hdf5"):
        if getattr(arguments, name) is not None:
            yield _parted(getattr(arguments, name))[0]


def counted(arguments: argparse.Namespace) -> Counted:
    """Count the labels that the options name. Raises ValueError and `FileError`."""
    if arguments.counts is not None:
        return _given_counts(arguments)
    if arguments.from_net is not None:
        return _counted_of_net(arguments)
    from protofix.data.counting import count_labels

    source, said = _source(arguments)
    with _bar(arguments.quiet) as (advanced, workers):
        counts = count_labels(
            source,
            ignore_label=arguments.ignore_label,
            classes=arguments.classes,
            advanced=advanced,
            workers=workers,
        )
    ignored = arguments.ignore_label
    return Counted(counts, (said, *_left_out(counts, ignored)), ignored)


def given_numbers(text: str, option: str) -> list[float]:
    """The numbers between commas that an option gives. Raises ValueError."""
    try:
        numbers = [float(part) for part in text.split(",") if "_" not in part]
    except ValueError:
        numbers = []
    if len(numbers) != text.count(",") + 1 or not all(0 <= it < float("inf") for it in numbers):
        raise ValueError(f"{option} {text[:60]}: give numbers from 0 between commas: 0.2,1,5")
    return numbers


def given_counts(text: str) -> LabelCounts:
    """The counts between commas that --counts gives. Raises ValueError."""
    import numpy as np

    from protofix.data.counts import LabelCounts

    parts = [part.strip() for part in text.split(",")]
    if not all(it.isascii() and it.isdecimal() and len(it) <= _MOST_DIGITS for it in parts):
        raise ValueError(f"--counts {text[:60]}: give whole numbers between commas: 900,90,10")
    numbers = np.array([int(part) for part in parts], np.int64)
    return LabelCounts(numbers, numbers, int(numbers.sum()))


def _given_counts(arguments: argparse.Namespace) -> Counted:
    counts = given_counts(arguments.counts)
    if arguments.classes is not None:
        if len(counts.counts) > arguments.classes:
            raise ValueError(
                f"--counts: {len(counts.counts)} numbers for --classes {arguments.classes}"
            )
        counts = counts.of_classes(arguments.classes)
    return Counted(counts, ())


def _counted_of_net(arguments: argparse.Namespace) -> Counted:
    from protofix.data.counting import count_labels
    from protofix.infogain.label_source import labels_of_net
    from protofix.net.states import asked_by_name
    from protofix.textproto.reader import read

    path = arguments.from_net
    document = read(source_of_bytes(read_bytes(Path(path)), path))
    if document.diagnoses:
        first = document.diagnoses[0]
        line, column = document.source.position(first.start)
        raise FileError(f"{path}:{line}:{column}: {first.message}")
    [asked] = asked_by_name(arguments.phase or "TRAIN", arguments.stage, arguments.level)
    found = labels_of_net(document, arguments.loss, asked=asked, given=given_of(arguments))
    classes = arguments.classes
    if classes is not None and found.classes not in (None, classes):
        raise ValueError(
            f"--classes {classes}, but `{found.loss}` of {path} has {found.classes} classes"
        )
    own = arguments.ignore_label is None
    ignored = found.ignore_label if own else arguments.ignore_label
    with _bar(arguments.quiet) as (advanced, workers):
        counts = count_labels(
            found.source,
            ignore_label=ignored,
            classes=classes or found.classes,
            advanced=advanced,
            workers=workers,
        )
    said = _left_out(counts, ignored, f"as `{found.loss}` ignores it" if own else "")
    return Counted(counts, (_said_of_net(found), *said), ignored)


def _said_of_net(found: NetLabels) -> str:
    from protofix.data.counting import Hdf5Labels, ImageListLabels
    from protofix.net.names import counted

    source = found.source
    if isinstance(source, Hdf5Labels):
        first = source.files[0].as_posix()
        others = len(source.files) - 1
        more = f" and {counted(others, 'more file')}" if others else ""
        where = f"dataset {source.dataset} of {first}{more}"
    elif isinstance(source, ImageListLabels):
        where = source.path.as_posix()
    else:
        where = Path(getattr(source, "folder", "")).as_posix()
    return f"`{found.loss}` learns from `{found.layer}`, which reads {where}"


def _left_out(counts: LabelCounts, ignored: int | None, why: str = "") -> tuple[str, ...]:
    if ignored is None:
        return ()
    are = "label is" if counts.ignored == 1 else "labels are"
    return (f"{counts.ignored:,} {are} {ignored} and left out{', ' * bool(why)}{why}",)


def _source(arguments: argparse.Namespace) -> tuple[LabelSource, str]:
    """What the options name, and where that is in words."""
    from protofix.data import counting as of
    from protofix.infogain.label_source import hdf5_labels

    if arguments.lmdb is not None:
        return of.LmdbLabels(Path(arguments.lmdb), arguments.maps), f"LMDB {arguments.lmdb}"
    if arguments.leveldb is not None:
        source = of.LevelDbLabels(Path(arguments.leveldb), arguments.maps)
        return source, f"LevelDB {arguments.leveldb}"
    if arguments.hdf5 is not None:
        path, dataset = _parted(arguments.hdf5)
        if not dataset:
            raise ValueError(f"--hdf5 {arguments.hdf5}: name the dataset too, FILE:DATASET")
        return hdf5_labels(Path(path), dataset), f"dataset {dataset} of {path}"
    if arguments.list is not None:
        return of.ImageListLabels(Path(arguments.list)), arguments.list
    if arguments.csv is not None:
        path, column = _parted(arguments.csv)
        said = f"column {column} of {path}" if column else f"the last column of {path}"
        return of.TableLabels(Path(path), column or None), said
    if arguments.npy is not None:
        return of.NpyLabels(Path(arguments.npy)), arguments.npy
    return of.ImageFolderLabels(Path(arguments.images)), arguments.images


def _parted(text: str) -> tuple[str, str]:
    """A path and what stands behind its last colon; all of it is the path if that is there."""
    path, colon, rest = text.rpartition(":")
    return (path, rest) if colon and not os.path.exists(text) else (text, "")


@contextmanager
def _bar(quiet: bool) -> Iterator[tuple[Callable[[int, int | None], None] | None, int]]:
    """Give what is to be told how much is done, None if nobody looks; and how many processes."""
    from protofix.data.processes import cores

    if quiet or not sys.stderr.isatty():
        yield None, cores()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("counting labels"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", start=False, done="")

        def advanced(done: int, total: int | None) -> None:
            if total is None:
                bar.update(task, done=f"{done:,}")
                return
            bar.start_task(task)
            bar.update(task, completed=done, total=total, done=f"{done:,} of {total:,}")

        yield advanced, cores()
