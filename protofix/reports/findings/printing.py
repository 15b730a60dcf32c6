"""Where the findings of a run go: line by line as they come, or whole at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from pathlib import Path
from typing import TextIO, cast

from protofix.linting.checking import Failed
from protofix.reports.findings.concise import file_line, hint, summary
from protofix.reports.findings.formats import BY_LINES, WHOLE
from protofix.reports.findings.run import Run, run_of
from protofix.reports.terminal import Line, folded, printable, width_of, write_line
from protofix.rulebook.findings import Checked

_STATISTICS = "statistics"  # instead of a format by lines


class Printer:
    """Takes what was checked, file by file, and prints it in a format."""

    def __init__(
        self, format: str, output: str | None, statistics: bool, verbose: bool, stream: TextIO
    ) -> None:
        """Print to `stream`, unless to a file that `output` names."""
        self._stream = stream
        self._format = _STATISTICS if statistics and format in BY_LINES else format
        self._output = output
        self._verbose = verbose
        self._taken: list[Checked | Failed] = []
        self._kept: list[Line] = []

    def take(self, result: Checked | Failed) -> None:
        """Take the findings of a file, and print them if that can be done already.

        That a file could not be checked has been said where people look.
        """
        self._taken.append(result)
        if isinstance(result, Failed):
            return
        if self._verbose:
            by_lines = self._format in BY_LINES or self._format == _STATISTICS
            write_line(self._stream if by_lines else sys.stderr, file_line(result))
        if self._format in BY_LINES:
            self._take_lines(result)

    def _take_lines(self, checked: Checked) -> None:
        width = width_of(self._stream) if self._output is None else None
        for line in _lines(self._format)(checked, width):
            if self._output is None:
                write_line(self._stream, line)
            else:
                self._kept.append(line)

    def finish(self, given: Collection[str]) -> Run:
        """Print what is to be printed at the end of a run that was `given` files of these names.

        Gives all that was taken.
        """
        run = run_of(self._taken, given)
        if self._format in WHOLE:
            self._write(_whole(self._format)(run))
            return run
        if self._format == _STATISTICS:
            from protofix.reports.findings.statistics import lines

            self._kept += lines(run.checked)
        if self._output is not None:
            self._write("\n".join(printable("".join(p for p, _ in it)) for it in self._kept))
        else:
            for line in self._kept:
                write_line(self._stream, line)
        if run.checked or len(run.failed) != 1:
            sys.stdout.flush()
            for said in filter(None, (summary(run), hint(run))):
                for line in folded([(said, "")], width_of(sys.stderr)):
                    write_line(sys.stderr, line)
        return run

    def _write(self, text: str) -> None:
        whole = text + "\n" if text else ""
        if self._output is None:
            self._stream.write(whole)
            return
        from protofix.files import write_atomically

        write_atomically(Path(self._output), whole.encode())


def _lines(format: str) -> Callable[[Checked, int | None], Iterator[Line]]:
    """The function that gives the lines of a file in a format, for a terminal of a width."""
    module = import_module(f"protofix.reports.findings.{BY_LINES[format]}")
    return cast("Callable[[Checked, int | None], Iterator[Line]]", module.lines)


def _whole(format: str) -> Callable[[Run], str]:
    """The function that gives the report of a run in a format."""
    module = import_module(f"protofix.reports.findings.{WHOLE[format]}")
    return cast("Callable[[Run], str]", module.report)
