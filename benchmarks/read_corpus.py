"""How fast protofix reads prototxt, beside protobuf's own Python reader, in one run.

    python benchmarks/read_corpus.py [FOLDER] [--rounds N]

Reads every file of a folder (by default ../shared/corpus) that both readers accept. protofix makes
its lossless tree, with offsets; `text_format.Parse` makes a message and drops comments. Each is
timed from cold, in a process of its own, N times in turn; the best of each counts. A second table
shows that the cost grows with the length alone: one net again and again, up to 100 MB.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpus"
SIZES_MB = (1, 10, 100)


def files_of(folder: Path) -> list[Path]:
    """The files that protobuf's reader takes as a net or a solver of Caffe 1.0."""
    from google.protobuf import text_format

    from caffe_proto import base_schema

    schema = base_schema()
    accepted = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for kind in ("NetParameter", "SolverParameter"):
            try:
                text_format.Parse(path.read_bytes(), schema.message_class(kind)())
            except (text_format.ParseError, UnicodeDecodeError):
                continue
            accepted.append(path)
            break
    return accepted


def time_protofix(contents: list[bytes]) -> float:
    """Seconds to read every text, trees kept."""
    from protofix.textproto.reader import read
    from protofix.textproto.source import Source

    start = time.perf_counter()
    documents = [read(Source.from_bytes(content)) for content in contents]
    seconds = time.perf_counter() - start
    assert all(document.fields for document in documents)
    return seconds


def time_protobuf(contents: list[bytes]) -> float:
    """Seconds to read every text into a message, messages kept."""
    from google.protobuf import text_format

    from caffe_proto import base_schema

    schema = base_schema()
    net, solver = schema.message_class("NetParameter"), schema.message_class("SolverParameter")
    kinds = [solver if _is_solver(content) else net for content in contents]
    start = time.perf_counter()
    messages = [
        text_format.Parse(content, kind()) for content, kind in zip(contents, kinds, strict=True)
    ]
    seconds = time.perf_counter() - start
    assert len(messages) == len(contents)
    return seconds


def _is_solver(content: bytes) -> bool:
    from caffe_proto import base_schema
    from protofix.net.kinds import kind_of_file
    from protofix.textproto.reader import read
    from protofix.textproto.source import Source

    return kind_of_file(read(Source.from_bytes(content)), base_schema()) == "SolverParameter"


def in_a_new_process(reader: str, files: list[Path]) -> float:
    """Time one reader from cold."""
    run = subprocess.run(
        [sys.executable, __file__, "--time", reader],
        input=json.dumps([str(path) for path in files]),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)


def grown(path: Path, megabytes: int) -> bytes:
    """A net again and again, each layer with a name of its own, up to a size."""
    text = path.read_bytes()
    parts, size, number = [], 0, 0
    while size < megabytes * 1_000_000:
        part = text.replace(b'name: "', b'name: "%d/' % number)
        parts.append(part)
        size += len(part)
        number += 1
    return b"\n".join(parts)


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", choices=("protofix", "protobuf"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.time:
        contents = [Path(path).read_bytes() for path in json.load(sys.stdin)]
        timed = time_protofix if arguments.time == "protofix" else time_protobuf
        print(timed(contents))
        return 0
    if not arguments.folder.is_dir():
        print(f"{arguments.folder}: no such folder; name one with prototxt files", file=sys.stderr)
        return 2
    files = files_of(arguments.folder)
    size = sum(path.stat().st_size for path in files) / 1e6
    best = {"protofix": float("inf"), "protobuf": float("inf")}
    for _ in range(arguments.rounds):
        for reader in best:
            best[reader] = min(best[reader], in_a_new_process(reader, files))
    print(f"{len(files)} files, {size:.2f} MB, best of {arguments.rounds}, from cold")
    for reader, title in (("protofix", "protofix"), ("protobuf", "protobuf text_format.Parse")):
        print(f"  {title:28}{best[reader]:8.3f} s{size / best[reader]:8.1f} MB/s")
    print(f"  protofix is {best['protobuf'] / best['protofix']:.1f} times as fast")
    largest = max(files, key=lambda path: path.stat().st_size)
    print(f"\n{largest.name} again and again, every name another")
    for megabytes in SIZES_MB:
        content = grown(largest, megabytes)
        seconds, length = time_protofix([content]), len(content) / 1e6
        print(f"  {length:6.1f} MB{seconds:8.2f} s{length / seconds:8.1f} MB/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
