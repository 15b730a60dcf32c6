"""A folder with three nets, in which each of two rules finds something, and what is found there."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from protofix.cli import main

needs_tomllib = pytest.mark.skipif(
    sys.version_info < (3, 11) and find_spec("tomli") is None, reason="TOML is read by tomli here"
)

# An unknown field (PF101), and a blob that nobody makes (PF301).
NET = """layer { type: 'Input' top: 'a' nmae: 'b' }
layer { name: 'fc' type: 'ReLU' bottom: 'x' top: 'fc' }
"""


def with_three_nets(folder: Path) -> Path:
    """The folder, with a net in it, one in a folder of it, and one a folder deeper."""
    for name in ("net.prototxt", "old/net.prototxt", "old/deep/net.prototxt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(NET)
    return folder


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    """The codes found in each file."""
    main(["check", "--format", "json", *arguments])
    codes: dict[str, list[str]] = {}
    for it in json.loads(capsys.readouterr().out):
        codes.setdefault(it["file"].removeprefix("./"), []).append(it["code"])
    return {file: " ".join(its) for file, its in codes.items()}
