"""The options that say which Caffe files are for, by its dialect or its schema."""

from __future__ import annotations

import argparse

from caffe_proto import DIALECTS
from protofix.commands.common import path_written


def add_dialect_options(command: argparse.ArgumentParser) -> None:
    """Add --dialect and --schema."""
    held = command.add_argument_group("the Caffe that files are for").add_mutually_exclusive_group()
    held.add_argument(
        "--dialect", type=_dialect_named, metavar="NAME",
        help=f"the fork whose schema files are held against: {', '.join(DIALECTS)}; "
        "default: auto, found for each file from what it uses",
    )  # fmt: skip
    held.add_argument(
        "--schema", type=path_written, metavar="FILE",
        help="a schema of your own with a NetParameter: a .proto file "
        "(needs protofix[schema]) or what protoc makes of one",
    )  # fmt: skip


def _dialect_named(written: str) -> str:
    from protofix.net.names import dialect_named

    try:
        return dialect_named(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
