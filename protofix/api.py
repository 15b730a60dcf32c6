"""The library: the same as the commands, on strings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document

if TYPE_CHECKING:
    from protofix.infogain.migrate import Migration
    from protofix.infogain.sources import Way
    from protofix.rules.rule import Finding


def parse(text: str | bytes, path: str = "<string>") -> Document:
    """Read a prototxt without losing a byte.

    The tree is in `.fields`, every mistake against the text format in `.diagnoses`, and the text
    as it was in `.text`. Bytes raise `NotTextError` if they cannot be a prototxt.
    """
    return read(Source.from_bytes(text, path) if isinstance(text, bytes) else Source(text, path))


def check(text: str | bytes, path: str = "<string>") -> list[Finding]:
    """Everything that `protofix check` finds in a text, in the order of the text.

    A finding's `start` and `end` are offsets into the text; `parse(text).source.position(start)`
    gives line and column.
    """
    from protofix.rules.registry import check_document

    return check_document(parse(text, path))


def migrate(
    text: str | bytes,
    path: str = "<string>",
    *,
    way: Way | None = None,
    loss_param: str = "auto",
    maps: bool = False,
    folder: str | Path = ".",
) -> Migration:
    """Fuse every Softmax → InfogainLoss of a net, give it H, and prove the numbers equal.

    `way` is one of `FromFile`, `FromLabels` and `FromHdf5` of `protofix.infogain.sources`; without
    it the net's own H is kept. `loss_param` is "auto", "keep" or "drop" and `maps` is `--maps`, as
    on the command line. Nothing is written: the new text is `.after.text`, and the files that it
    names, which are to lie in `folder`, are `.files`. `path` is where the net's own H is looked
    for, beside the working folder.

    Raises `MigrationError`, `MatrixError` or `SourceError`, all of them `ValueError`, with one
    line that says what would be right.
    """
    from protofix.infogain.fuse import FuseOptions, LossParam
    from protofix.infogain.migrate import MigrateOptions, migrate_document

    options = MigrateOptions(FuseOptions(LossParam(loss_param), maps), way, Path(folder))
    return migrate_document(parse(text, path), options)
