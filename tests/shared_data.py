"""The corpus and the golden data beside the checkout, for tests that are parametrised over them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs ../shared, which this checkout has not"
)


def corpus_files() -> list[Path]:
    """Every file of the corpus, in a steady order; none where there is no corpus."""
    return sorted(path for path in (SHARED / "corpus").rglob("*") if path.is_file())


def corpus_id(path: Path) -> str:
    return path.relative_to(SHARED / "corpus").as_posix()


def golden(name: str) -> Any:
    """The content of a JSON file of golden data; an empty list where there is none."""
    path = SHARED / "golden" / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def golden_lines(name: str) -> list[Any]:
    """The records of a file that has one JSON object a line."""
    path = SHARED / "golden" / name
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
