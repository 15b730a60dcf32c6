"""Time to check a folder of nets: from cold, with all cores, and with what is remembered.

    python benchmarks/check_corpus.py [FOLDER] [--rounds N] [--caffe-tool PROGRAM]

Checks every *.prototxt of a folder (by default ../shared/corpus) with `protofix check`, each time
in a process of its own, start and report included; the best of N rounds in turn counts. The peer
in the same run is protobuf's `text_format.Parse` in Python, which only reads the same files, as
far as it accepts them. Beside them stands what Caffe's own upgrade tool (C++) needs if it is run
once a file, as recorded; it reports no mistakes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from protofix.data.processes import cores
from protofix.linting.walking import files_below

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpus"

CAFFE_TOOL = 0.015
"""Seconds that upgrade_net_proto_text takes for a file, recorded where Caffe 1.0 was built."""


def check(folder: Path, *options: str) -> float:
    """Seconds of `protofix check`; it must be able to check every file."""
    command = [sys.executable, "-m", "protofix", "check", "--statistics", *options, str(folder)]
    start = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if run.returncode not in (0, 1):
        raise SystemExit(run.stderr)
    return seconds


def caffe_tool(program: str, paths: list[str]) -> float:
    """Seconds that Caffe's tool needs, started for each file; what it writes is thrown away."""
    start = time.perf_counter()
    for path in paths:
        subprocess.run([program, path, os.devnull], capture_output=True)
    return time.perf_counter() - start


def protobuf(paths: list[str]) -> float:
    """Seconds that protobuf needs to start and to read the same files."""
    start = time.perf_counter()
    subprocess.run([sys.executable, __file__, "--protobuf", *paths], check=True)
    return time.perf_counter() - start


def read_by_protobuf(paths: list[str]) -> None:
    """Read files as nets or, where they are none, as solvers."""
    from google.protobuf import text_format

    from caffe_proto import base_schema

    schema = base_schema()
    for path in paths:
        for kind in ("NetParameter", "SolverParameter"):
            try:
                text_format.Parse(Path(path).read_bytes(), schema.message_class(kind)())
            except (text_format.ParseError, UnicodeDecodeError):
                continue
            break


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise argparse.ArgumentTypeError(f"there is no program {name}")
    return found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--caffe-tool", metavar="PROGRAM", type=_program)
    parser.add_argument("--protobuf", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.protobuf:
        read_by_protobuf(arguments.protobuf)
        return 0
    folder = arguments.folder.resolve()
    paths = list(files_below([str(folder)]))
    if not paths or paths == [str(folder)]:
        print(f"{folder}: no folder with prototxt files; name one", file=sys.stderr)
        return 2
    os.environ.pop("PROTOFIX_NO_CACHE", None)
    with tempfile.TemporaryDirectory() as cache:
        check(folder, "--cache-dir", cache)
        runs = {
            "protofix check, 1 process": partial(check, folder, "--no-cache", "--jobs", "1"),
            f"protofix check, {cores()} processes": partial(check, folder, "--no-cache"),
            "protofix check, nothing changed": partial(check, folder, "--cache-dir", cache),
            "protobuf text_format.Parse": partial(protobuf, paths),
        }
        if arguments.caffe_tool:
            runs["Caffe's upgrade tool"] = partial(caffe_tool, arguments.caffe_tool, paths)
        best = dict.fromkeys(runs, float("inf"))
        for _ in range(arguments.rounds):
            for title, run in runs.items():
                best[title] = min(best[title], run())
    if not arguments.caffe_tool:
        best["Caffe's upgrade tool (recorded)"] = CAFFE_TOOL * len(paths)
    print(f"{len(paths)} files, best of {arguments.rounds}, start of the program included")
    for title, seconds in best.items():
        print(f"  {title:34}{seconds:8.2f} s{1000 * seconds / len(paths):8.1f} ms a file")
    return 0


if __name__ == "__main__":
    sys.exit(main())
