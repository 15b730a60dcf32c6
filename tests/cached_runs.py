"""Runs of the checks over a folder, with a cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protofix import looking
from protofix.linting.checking import EVERYTHING, Failed, Question, check_file
from protofix.linting.questions import Options, Questions
from protofix.rulebook.findings import Checked
from protofix.runner import check_all, tasks_of

CLEAN = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
"""
TYPO = CLEAN.replace('bottom: "data"', 'bottom: "dat"')


class Runs:
    """Checks the files of a folder again and again, and counts those that are worked out."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.cache = folder / ".protofix_cache"
        self.worked_out: list[str] = []
        monkeypatch.setattr("protofix.runner.check_file", self._check_file)

    @classmethod
    def of_nine(cls, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
        """Runs in a folder with nine nets, the last with a typing mistake. Disks are quick here."""
        monkeypatch.chdir(folder)
        monkeypatch.setattr(looking, "_SETTLES_AFTER", -1e9)
        for number in range(8):
            (folder / f"net{number}.prototxt").write_text(f'name: "n{number}"\n{CLEAN}')
        (folder / "typo.prototxt").write_text(TYPO)
        return cls(folder, monkeypatch)

    def _check_file(self, path: str, *others: Any) -> Iterator[Checked | Failed]:
        self.worked_out.append(path)
        return check_file(path, *others)

    def __call__(
        self, paths: Sequence[str] = (), question: Question = EVERYTHING, cached: bool = True
    ) -> list[Sequence[Checked | Failed]]:
        self.worked_out.clear()
        named = paths or sorted(it.name for it in self.folder.glob("*.prototxt"))
        questions = Questions(Options())
        tasks = [
            it if isinstance(it, Failed) else replace(it, question=question)
            for it in tasks_of(named, questions, lambda: b"")
        ]
        return list(check_all(tasks, questions.of_named_net, 1, self.cache if cached else None))
