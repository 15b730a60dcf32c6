"""The options that name a state of a net, and those that give the shapes of its data."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Mapping

from protofix.net.names import in_words, nearest
from protofix.net.shapes import MOST_AXES, MOST_VALUES, Shape, known_count
from protofix.net.states import AskedState, asked_by_name

_DIM = re.compile(r"\?|\d{1,10}", re.ASCII)


def add_state_options(command: argparse.ArgumentParser) -> None:
    """Add --phase, --stage, --level and --given."""
    state = command.add_argument_group("the state of the net, and its data")
    state.add_argument(
        "--phase", choices=("TRAIN", "TEST"),
        help="look at that phase alone; default: every state that a person can mean, "
        "or TEST where a stage or a level is named; of a solver, its states of that phase",
    )  # fmt: skip
    state.add_argument(
        "--stage", action="append", default=[], metavar="NAME", help="a stage; may be repeated"
    )
    state.add_argument("--level", type=int, metavar="N", help="the level; default: 0")
    state.add_argument(
        "--given", action="append", default=[], type=_given, metavar="BLOB=DIMS",
        help="the shape of a blob that the file does not tell, such as data=2,3,227,227; "
        "may be repeated",
    )  # fmt: skip


def asked_of(arguments: argparse.Namespace) -> tuple[AskedState, ...]:
    """The state that the options name, if they name one."""
    return asked_by_name(arguments.phase, arguments.stage, arguments.level)


def given_of(arguments: argparse.Namespace) -> dict[str, Shape]:
    """The shapes that the options give, by the blobs' names. Raises ValueError."""
    given: dict[str, Shape] = {}
    for name, shape in arguments.given:
        if given.setdefault(name, shape) != shape:
            raise ValueError(f"--given says two shapes of `{name}`: give one")
    return given


def refuse_unmade_given(given: Mapping[str, Shape], made: Collection[str]) -> None:
    """Raise ValueError for a shape given of a blob that is none of those that the nets have."""
    for name in given:
        if name in made:
            continue
        near = nearest(name, made)
        right = f"did you mean `{near}`?" if near else f"there are {in_words([*made] or ['none'])}"
        raise ValueError(f"--given {name}: no layer makes a blob of that name; {right}")


def _given(written: str) -> tuple[str, Shape]:
    name, equals, dims = written.partition("=")
    shape = [dim.strip() for dim in dims.split(",")] if dims.strip() else []
    if not equals or not name or not all(_DIM.fullmatch(dim) for dim in shape):
        raise argparse.ArgumentTypeError(
            f"`{written}` is not a blob and its dimensions, such as data=2,3,227,227 "
            "(with ? for one that is not known)"
        )
    dimensions = tuple(None if dim == "?" else int(dim) for dim in shape)
    if len(shape) > MOST_AXES or (known_count(dimensions) or 0) > MOST_VALUES:
        raise argparse.ArgumentTypeError(
            f"`{written}` is more than a blob holds: {MOST_AXES} axes and {MOST_VALUES:,} values"
        )
    return name, dimensions
