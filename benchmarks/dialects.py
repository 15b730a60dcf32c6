"""Counts the dialects of the corpus: which files fit Caffe 1.0, which a fork, and which none.

    python benchmarks/dialects.py [FOLDER]

FOLDER is `../shared/corpus` beside the checkout unless it is given. A file fits a dialect if it
has no field, no value of an enum and no layer type that the dialect lacks. Every `*.prototxt` and
`*.pt` below the folder is read.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from caffe_proto import DIALECTS, dialect_title
from protofix.net.dialects import fit
from protofix.net.kinds import KIND_NAMES
from protofix.textproto.reader import read
from protofix.textproto.source import Source

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def main(arguments: list[str]) -> int:
    """Print the table; 2 if there is nothing to read."""
    folder = Path(arguments[0]) if arguments else CORPUS
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".prototxt", ".pt"))
    if not files:
        print(f"{folder}: there is no *.prototxt and no *.pt below it", file=sys.stderr)
        return 2
    documents = [read(Source.from_bytes(path.read_bytes(), str(path))) for path in files]
    start = time.perf_counter()
    fits = [fit(document) for document in documents]
    seconds = time.perf_counter() - start
    caffe = [fitted for fitted in fits if fitted.kind is not None]
    whole = [fitted for fitted in caffe if not fitted.unknown]
    kinds = Counter(KIND_NAMES[fitted.kind] for fitted in caffe if fitted.kind)
    print(f"{len(files)} files, {len(caffe)} of Caffe: ", end="")
    print(", ".join(f"{kind} {number}" for kind, number in kinds.most_common()))
    print(f"{len(whole)} fit some dialect, {len(caffe) - len(whole)} none")
    print(f"{seconds:.2f} s to find the dialects, reading not counted\n")
    for name in DIALECTS:
        number = sum(fitted.dialect.name == name for fitted in whole)
        if number:
            print(f"{number:6}  {dialect_title(name)} ({name})")
    print()
    for path, fitted in zip(files, fits, strict=True):
        shown = path.relative_to(folder).as_posix()
        if fitted.kind is None:
            print(f"not a Caffe file: {shown}")
        elif fitted.unknown:
            print(f"fits none, {fitted.dialect.title} best: {shown}: {', '.join(fitted.unknown)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
