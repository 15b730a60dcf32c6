"""Files on disk: read with one clear line when they cannot be, written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from protofix.interrupts import ending_cleanly
from protofix.textproto.source import NotTextError, Source

_LONGEST_SHOWN = 80
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class NewFile:
    """A file that is to be written: its path, and its bytes from the first to the last.

    With `expected` it is written only if those bytes are what it holds.
    """

    path: Path
    content: bytes
    expected: bytes | None = None


class FileError(OSError):
    """A file cannot be read or written; the message is one line that begins with its path."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Make what goes wrong while a file is read a `FileError` about it."""
    try:
        yield
    except FileError:
        raise
    except (OSError, ValueError, OverflowError) as error:
        raise FileError(f"{path}: cannot be read: {_reason(error)}") from None


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file for reading. Raises `FileError`, for whatever is no regular file as well."""
    with reading(path):
        if path.is_dir():
            raise FileError(f"{path}: is a folder; give a file in it")
        if path.exists() and not path.is_file():
            raise FileError(f"{path}: is no regular file")
        return open(path, "rb")


def read_bytes(path: Path) -> bytes:
    """Read a file. Raises `FileError`."""
    with open_regular(path) as stream, reading(path):
        return stream.read()


def first_bytes(path: Path, count: int) -> bytes:
    """Read how a file begins. Raises `FileError`."""
    with open_regular(path) as stream, reading(path):
        return stream.read(count)


def source_of_bytes(data: bytes, path: str) -> Source:
    """Take bytes as a prototxt. Raises `FileError` if they are none, or empty."""
    if not data.strip():
        raise FileError(f"{path}: is empty; a net has at least one layer")
    try:
        return Source.from_bytes(data, path)
    except NotTextError as error:
        raise FileError(f"{path}: {error}") from None


def write_atomically(path: Path, data: bytes, expected: bytes | None = None) -> None:
    """Write a file so that it is the old one or the new one at any moment, never half of either.

    Its mode stays what it was; a link stays a link. With `expected` the file is replaced only if
    it still holds those bytes. Raises `FileError`; the file is then as it was.
    """

    def unchanged() -> None:
        if expected is not None and path.read_bytes() != expected:
            raise FileError(f"{path}: has changed since it was read; nothing was written")

    with writing_atomically(path, unchanged) as stream:
        stream.write(data)


def write_files(
    files: Sequence[NewFile], *, replace: bool = False, folder: Path | None = None
) -> tuple[Path, ...]:
    """Write several files, all of them or none; those that are there as they are to be stay.

    Args:
        files: the files, written in this order.
        replace: whether one that is there with another content is replaced.
        folder: one that is made first, if it is not there.

    Returns:
        The files that were written.

    Raises:
        FileError: one cannot be written, or is there with another content. All is then as before.

    """
    if not replace:
        refuse_other_content(files, "--force replaces it")
    with files_written(files, folder) as done:
        return done


def refuse_other_content(files: Sequence[NewFile], way_out: str) -> None:
    """Refuse to write onto files with another content. Raises `FileError`, ending in `way_out`."""
    for file in files:
        there = read_bytes(file.path) if file.path.exists() else file.content
        if there != file.content:
            said = _other_content(there, file.content)
            raise FileError(f"{file.path}: is there already {said}; {way_out}")


def _other_content(there: bytes, content: bytes) -> str:
    """How a file differs from what it is to be: by what it says, if both are a line of text."""
    lines = []
    for data in (there, content):
        line = data.strip().decode("utf-8", "replace")
        if len(line) > _LONGEST_SHOWN or not line.isprintable() or "\ufffd" in line:
            return "with another content"
        lines.append(line)
    return f"with another content, `{lines[0]}` where `{lines[1]}` is to be"


@contextlib.contextmanager
def files_written(
    files: Sequence[NewFile], folder: Path | None = None
) -> Iterator[tuple[Path, ...]]:
    """Write several files for a block, and put all back as it was if it fails or a signal ends it.

    Those that are there as they are to be stay. A `folder` is made first, if it is not there. The
    block is given the files that were written. Raises `FileError` if one cannot be.
    """
    before = {file.path: read_bytes(file.path) if file.path.exists() else None for file in files}
    with ending_cleanly():
        made = folder is not None and _made(folder)
        done: list[Path] = []
        try:
            for file in files:
                if before[file.path] != file.content:
                    done.append(file.path)
                    write_atomically(file.path, file.content, file.expected)
            yield tuple(done)
        except BaseException:
            for path in reversed(done):
                _put_back(path, before[path])
            if made and folder is not None:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise


def _made(folder: Path) -> bool:
    """Make a folder; give whether it was not there."""
    if folder.is_dir():
        return False
    try:
        folder.mkdir()
    except (OSError, ValueError) as error:
        raise FileError(f"{folder}: cannot be made: {_reason(error)}") from None
    return True


def _put_back(path: Path, content: bytes | None) -> None:
    with contextlib.suppress(OSError):
        if content is None:
            path.unlink(missing_ok=True)
        elif path.read_bytes() != content:
            write_atomically(path, content)


@contextlib.contextmanager
def writing_atomically(
    path: Path, before: Callable[[], None] | None = None, like: Path | None = None
) -> Iterator[io.BufferedWriter]:
    """Give a stream whose bytes become the file when the block ends, all of them or none.

    They gather in a temporary file in the same folder, which is gone after any error, Ctrl-C and a
    signal to end (SystemExit). `before` is called when they are on disk, right before they take the
    file's place, and may raise to stop that. The file's mode stays what it was; a link stays a
    link. A new file may be read by no more people than the file `like`. `OSError` of the block
    becomes a `FileError` about writing `path`; other errors pass through.
    """
    target, mode = _target_of(path)
    # Named before it is made, so that whatever comes in between leaves none behind.
    temporary = target.parent / f".protofix-{os.urandom(8).hex()}"
    with ending_cleanly():
        try:
            handle = os.open(temporary, _CREATE, 0o600)
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, _new_file_mode(like) if mode is None else mode)
            if before is not None:
                before()
            os.replace(temporary, target)
            _sync_folder(target.parent)
        except FileError:
            raise
        except OSError as error:
            raise FileError(f"{path}: cannot be written: {_reason(error)}") from None
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _target_of(path: Path) -> tuple[Path, int | None]:
    """The file that a path means in the end, and its mode if there is one. Raises `FileError`."""
    try:
        target = path.resolve()
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        if mode is not None and not target.is_file():
            raise FileError(f"{path}: is no regular file; name one, or - for standard output")
        if mode is not None and not os.access(target, os.W_OK):
            raise FileError(f"{path}: cannot be written: Permission denied")
    except FileError:
        raise
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: cannot be written: {_reason(error)}") from None
    return target, mode


def _new_file_mode(like: Path | None) -> int:
    mask = os.umask(0)
    os.umask(mask)
    mode = 0o666 & ~mask
    if like is None:
        return mode
    with reading(like):
        # Its owner may write it all the same, and so replace it later.
        return mode & (stat.S_IMODE(like.stat().st_mode) | stat.S_IWUSR)


def _sync_folder(folder: Path) -> None:
    """Make the rename last, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())
