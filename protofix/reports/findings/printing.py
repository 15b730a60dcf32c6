"""Where the findings of a run go: line by line as they come, or whole at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TextIO, cast

from protofix.reports.findings.concise import file_line, summary
from protofix.reports.terminal import Line, printable, write_line
from protofix.rules.rule import Checked

_BY_LINES = ("text", "concise")
_WHOLE = {
    "json": "as_json",
    "sarif": "sarif",
    "junit": "junit",
    "github": "github",
    "gitlab": "gitlab",
}


class Printer:
    """Takes what was checked, file by file, and prints it in a format."""

    def __init__(
        self, format: str, output: str | None, statistics: bool, verbose: bool, stream: TextIO
    ) -> None:
        """Print to `stream`, unless to a file that `output` names."""
        self._stream = stream
        self._format = "statistics" if statistics and format in _BY_LINES else format
        self._output = output
        self._verbose = verbose
        self._checked: list[Checked] = []
        self._kept: list[Line] = []

    def take(self, checked: Checked) -> None:
        """Take the findings of a file, and print them if that can be done already."""
        self._checked.append(checked)
        by_lines = self._format in (*_BY_LINES, "statistics")
        if self._verbose:
            write_line(self._stream if by_lines else sys.stderr, file_line(checked))
        if self._format in _BY_LINES:
            for line in _lines(self._format)(checked):
                if self._output is None:
                    write_line(self._stream, line)
                else:
                    self._kept.append(line)

    def finish(self, failed: int) -> None:
        """Print what is to be printed at the end; so many files could not be checked."""
        if self._format == "statistics":
            from protofix.reports.findings.statistics import lines

            self._kept += lines(self._checked)
        elif self._format not in _BY_LINES:
            self._write(_whole(self._format)(self._checked))
            return
        if self._output is not None:
            self._write("\n".join(printable("".join(p for p, _ in it)) for it in self._kept))
        elif self._format == "statistics":
            for line in self._kept:
                write_line(self._stream, line)
        if self._checked or failed != 1:
            sys.stdout.flush()
            print(summary(self._checked, failed), file=sys.stderr)

    def _write(self, text: str) -> None:
        if self._output is None:
            print(text, file=self._stream)
            return
        from protofix.files import write_atomically

        write_atomically(Path(self._output), (text + "\n" if text else "").encode())


def _lines(format: str) -> Callable[[Checked], Iterator[Line]]:
    """The function that gives the lines of a file in a format."""
    module = import_module(f"protofix.reports.findings.{format}")
    return cast("Callable[[Checked], Iterator[Line]]", module.lines)


def _whole(format: str) -> Callable[[Sequence[Checked]], str]:
    """The function that gives the report of a run in a format."""
    module = import_module(f"protofix.reports.findings.{_WHOLE[format]}")
    return cast("Callable[[Sequence[Checked]], str]", module.report)
