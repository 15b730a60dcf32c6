"""Lines on a terminal with colour and progress, in a pipe plain."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

Line = list[tuple[str, str]]
"""Parts of a line, each with its style in words that rich knows; "" for none."""

T = TypeVar("T")

_WORTH_A_BAR = 50
_LARGE = 64 << 20  # bytes


def write_line(stream: TextIO, line: Line) -> None:
    """Write a line, in colour if the stream is a terminal that takes it."""
    if stream.isatty():
        from rich.console import Console
        from rich.text import Text

        text = Text.assemble(*((printable(part), style) for part, style in line))
        Console(file=stream, soft_wrap=True, highlight=False).print(text)
    else:
        stream.write(printable("".join(part for part, _ in line)) + "\n")


def width_of(stream: TextIO) -> int | None:
    """How many columns a terminal has; None for what is no terminal."""
    if not stream.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def folded(line: Line, width: int | None, indent: int = 4) -> Iterator[Line]:
    """A line whose last part, its words, is folded to a width; as it is without one.

    What goes on below is set in.
    """
    if width is None:
        yield line
        return
    *head, (words, style) = [(printable(part), style) for part, style in line]
    used = sum(cells(part) for part, _ in head)
    kept: list[str] = []
    for word in words.split(" "):
        if used + cells(word) > width and used > indent:
            yield [*head, (" ".join(kept), style)]
            head, kept, used = [(" " * indent, "")], [], indent
        kept.append(word)
        used += cells(word) + 1
    yield [*head, (" ".join(kept), style)]


def write_markdown(stream: TextIO, text: str) -> None:
    """Write a text in Markdown: set on a terminal, in a pipe as it is."""
    if not stream.isatty():
        stream.write(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(file=stream).print(Markdown(text))


def write_diff(stream: TextIO, diff: str) -> None:
    """Write a unified diff; in a pipe byte for byte, so that patch can take it."""
    if not stream.isatty():
        stream.flush()
        stream.buffer.write(diff.encode("utf-8", "surrogateescape"))
        stream.buffer.flush()
        return
    tints = {"+": "green", "-": "red", "@": "cyan"}
    for line in diff.split("\n")[:-1]:
        style = "bold" if line[:3] in ("+++", "---") else tints.get(line[:1], "")
        write_line(stream, [(line.removesuffix("\r").expandtabs(4), style)])


def with_progress(items: Iterable[T], title: str, total: int) -> Iterable[T]:
    """Go through so many items with a bar on the terminal, where there are enough to wait for."""
    if total < _WORTH_A_BAR or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, title, total, console=Console(stderr=True), transient=True)


@contextmanager
def byte_progress(title: str, size: int) -> Iterator[Callable[[int, int], None] | None]:
    """Give what is to be told how many bytes are done, and of how many; None if nobody looks."""
    if size < _LARGE or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=size)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def printable(text: str) -> str:
    """A text that any terminal can show: controls, and bytes that were not UTF-8, spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _spelled(ord(c)) for c in text)


def _spelled(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # A lone surrogate stands for one byte.
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
