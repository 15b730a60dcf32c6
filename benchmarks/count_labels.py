"""How fast and in how much memory protofix counts the labels of an LMDB, beside protobuf.

    python benchmarks/count_labels.py [--records N] [--side N] [--channels N] [--maps]
                                      [--rounds N] [--folder FOLDER]

Makes a database of N records in a temporary folder with the lmdb library: images of noise, as
convert_imageset writes them, or with `--maps` maps of labels of 1 channel with shapes of 19 classes
and a border to ignore.

All count its labels, each in a process of its own, N times in turn with a warm cache; each process
counts several times, the best counts, and so does the highest peak of memory (with what is mapped
of the file). The peer is the loop that is usually written: a cursor of the lmdb library, protobuf's
Datum, `ParseFromString`, its label (of a map numpy's bincount of its bytes); once with a new Datum
for each record, and once with one for all, whose memory grows. What all counted has to be the same.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MEGABYTE = 1_000_000
IGNORED = 255
IN_A_PROCESS = 3  # how often a process counts


def write_database(folder: Path, records: int, shape: tuple[int, int, int], maps: bool) -> None:
    """Write a database whose labels are 0 to 999 in turn, or maps of labels."""
    import lmdb

    from caffe_proto import base_schema

    datum_class = base_schema().message_class("Datum")
    channels, height, width = shape
    size = channels * height * width
    noise = os.urandom(size)
    environment = lmdb.open(str(folder), map_size=2 * records * (size + 8192) + (1 << 24))
    some = np.random.default_rng(0)
    for start in range(0, records, 1000):
        with environment.begin(write=True) as transaction:
            for index in range(start, min(start + 1000, records)):
                turn = index * 7919 % size
                pixels = label_map(some, height, width) if maps else noise[turn:] + noise[:turn]
                fields: dict[str, Any] = {"channels": channels, "height": height, "width": width}
                datum = datum_class(**fields, data=pixels, label=index % 1000)
                transaction.put(b"%08d" % index, datum.SerializeToString())
    environment.close()


def label_map(some: np.random.Generator, height: int, width: int) -> bytes:
    """A map of 40 boxes of 19 classes, with a border that is to be ignored."""
    labels = np.full((height, width), some.integers(0, 19), np.uint8)
    for _ in range(40):
        row, column = int(some.integers(0, height)), int(some.integers(0, width))
        labels[row : row + height // 4, column : column + width // 4] = some.integers(0, 19)
    labels[[0, -1]] = labels[:, [0, -1]] = IGNORED
    return labels.tobytes()


def by_protofix(folder: Path, maps: bool) -> list[int]:
    """Count with protofix."""
    from protofix.data.databases import count_lmdb

    counts = count_lmdb(folder, maps=maps, ignore_label=IGNORED if maps else None)
    return [int(count) for count in counts.counts]


def by_one_datum(folder: Path, maps: bool) -> list[int]:
    """Count by parsing each record as a whole into one and the same message."""
    return by_protobuf(folder, maps, anew=False)


def by_protobuf(folder: Path, maps: bool, anew: bool = True) -> list[int]:
    """Count by parsing each record as a whole, into a new message unless told otherwise."""
    import lmdb

    from caffe_proto import base_schema

    datum_class: Any = base_schema().message_class("Datum")
    datum = datum_class()
    counts = np.zeros(1000, np.int64)
    with (
        lmdb.open(str(folder), readonly=True, lock=False) as environment,
        environment.begin() as transaction,
    ):
        for _, value in transaction.cursor():
            if anew:
                datum = datum_class()
            datum.ParseFromString(value)
            if maps:
                counts[:256] += np.bincount(np.frombuffer(datum.data, np.uint8), minlength=256)
            else:
                counts[datum.label] += 1
    if maps:
        counts[IGNORED] = 0
    return [int(count) for count in np.trim_zeros(counts, "b")]


WAYS: dict[str, Callable[[Path, bool], list[int]]] = {
    "protofix": by_protofix,
    "protobuf": by_protobuf,
    "one Datum": by_one_datum,
}


def measure(way: str, folder: Path, maps: bool) -> None:
    """Count in this process; print the best seconds, the peak of memory in MB and a check sum."""
    best, counts = float("inf"), [0]
    for _ in range(IN_A_PROCESS):
        start = time.perf_counter()
        counts = WAYS[way](folder, maps)
        best = min(best, time.perf_counter() - start)
    print(json.dumps([best, *memory(), counts]))


def memory() -> tuple[float, float]:
    """The peak of this process's memory in MB, and what it has now that is not of files."""
    import resource

    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        peak, own = (int(lines[name].split()[0]) * 1024 for name in ("VmHWM", "RssAnon"))
        return peak / MEGABYTE, own / MEGABYTE
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage * (1 if sys.platform == "darwin" else 1024)
    return peak / MEGABYTE, float("nan")


def in_a_new_process(way: str, folder: Path, maps: bool) -> tuple[float, float, float, list[int]]:
    """Seconds, memory and counts of one process."""
    command = [sys.executable, __file__, "--way", way, "--folder", str(folder)]
    command += ["--maps"] if maps else []
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak, own, counts = json.loads(run.stdout)
    return seconds, peak, own, counts


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=6000)
    parser.add_argument("--side", type=int, default=256, help="pixels; a map is twice as wide")
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--maps", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to make the database")
    parser.add_argument("--way", choices=tuple(WAYS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    maps = arguments.maps
    if arguments.way:
        measure(arguments.way, arguments.folder, maps)
        return 0
    side = arguments.side
    shape = (1, side, 2 * side) if maps else (arguments.channels, side, side)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        write_database(folder, arguments.records, shape, maps)
        size = (folder / "data.mdb").stat().st_size
        what = "maps of labels" if maps else "images"
        print(
            f"{arguments.records:,} {what} of {' x '.join(map(str, shape))}, "
            f"{size / MEGABYTE:,.1f} MB, best of {arguments.rounds} processes"
        )
        results: dict[str, list[tuple[float, float, float, list[int]]]] = {way: [] for way in WAYS}
        for _ in range(arguments.rounds):
            for way in WAYS:
                results[way].append(in_a_new_process(way, folder, maps))
    alike = all(found[3] == results["protobuf"][0][3] for way in WAYS for found in results[way])
    for way, found in results.items():
        seconds, peak, own, _ = min(found)
        peak = max(result[1] for result in found)
        print(
            f"  {way:10}{seconds * 1000:10.1f} ms{seconds / arguments.records * 1e6:10.2f} us a "
            f"record{peak:9.1f} MB of memory at most, {own:.1f} of it its own at the end"
        )
    ratios = [min(results[way])[0] / min(results["protofix"])[0] for way in WAYS][1:]
    print(
        f"  protofix is {ratios[0]:.1f} times as fast as protobuf with a new Datum each time, "
        f"{ratios[1]:.1f} times with one; the counts are {'' if alike else 'NOT '}alike"
    )
    return 0 if alike else 1


if __name__ == "__main__":
    sys.exit(main())
