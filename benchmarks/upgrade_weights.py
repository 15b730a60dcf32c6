"""How fast and in how much memory protofix upgrades a binary net, beside protobuf, in one run.

    python benchmarks/upgrade_weights.py [--megabytes N] [--layers N] [--holes] [--rounds N]
                                         [--folder FOLDER]

Makes a V1 net of N megabytes in a temporary folder: inner products, each larger than the one before
as in AlexNet and VGG, in N layers. With `--holes` its weights are one blob that is a hole in the
file, so that a size past 2 GB costs little to make.

Both upgrade it, each in a process of its own, N times in turn; the best time of each counts, and
its highest peak of memory. The peer is what a script would do: parse the file with protobuf's own
Python library, copy the fields of each V1 layer into a new one, serialize that and write it with an
fsync. It takes part where protobuf can read the file at all, which is below 2 GiB. A plain copy of
the file with an fsync says what the disk takes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MEGABYTE = 1_000_000
PROTOBUF_LIMIT = (1 << 31) - 1
SAME = ("name", "bottom", "top", "blobs", "inner_product_param")


def write_net(path: Path, size: int, layers: int, holes: bool) -> None:
    """Write a V1 net of about `size` bytes, a megabyte at a time."""
    from caffe_proto import base_schema
    from protofix.upgrade.weights.messages import wire_message
    from protofix.upgrade.weights.wire import LENGTH, Piece, Span, head_of

    def begin(message: str, field: str, length: int) -> bytes:
        return head_of(Piece(wire_message(message).numbers[field], LENGTH, Span(0, length)))

    schema = base_schema()
    layer_class, blob_class = map(schema.message_class, ("V1LayerParameter", "BlobProto"))
    some = os.urandom(MEGABYTE)
    total = layers * (layers + 1) // 2
    with path.open("wb") as stream:
        for index in range(layers):
            count = max(1, size * (index + 1) // total // 4)
            fields: dict[str, Any] = {
                "name": f"ip{index}",
                "type": 14,  # INNER_PRODUCT
                "bottom": [f"blob{index}"],
                "top": [f"blob{index + 1}"],
                "blobs_lr": [1, 2],
                "inner_product_param": {"num_output": 1},
            }
            layer = layer_class(**fields).SerializeToString()
            shape: dict[str, Any] = {"num": 1, "channels": 1, "height": 1, "width": count}
            blob = blob_class(**shape).SerializeToString() + begin("BlobProto", "data", 4 * count)
            layer += begin("V1LayerParameter", "blobs", len(blob) + 4 * count) + blob
            stream.write(begin("NetParameter", "layers", len(layer) + 4 * count) + layer)
            if holes:
                stream.seek(4 * count, os.SEEK_CUR)
                continue
            for left in range(4 * count, 0, -MEGABYTE):
                stream.write(some[:left])
        stream.truncate(stream.tell())


def by_protofix(source: Path, target: Path) -> None:
    """Upgrade with protofix."""
    from protofix.upgrade.weights.splice import upgrade_weights

    upgrade_weights(source, target)


def by_protobuf(source: Path, target: Path) -> None:
    """Upgrade by parsing the whole net, rewriting its messages and serializing them."""
    from caffe_proto import V1_TYPES, base_schema

    schema = base_schema()
    types = schema.enums["V1LayerParameter.LayerType"]
    net: Any = schema.message_class("NetParameter").FromString(source.read_bytes())
    for old in net.layers:
        new = net.layer.add()
        new.type = V1_TYPES[types.name_of(old.type) or ""]
        for name in SAME:
            value = getattr(old, name)
            if isinstance(value, str):
                setattr(new, name, value)
            else:
                getattr(new, name).MergeFrom(value)
        for factor in old.blobs_lr:
            new.param.add().lr_mult = factor
    net.ClearField("layers")
    write(target, net.SerializeToString())


def by_copy(source: Path, target: Path) -> None:
    """Copy the file as it is."""
    with source.open("rb") as stream, target.open("wb") as out:
        while part := stream.read(8 * MEGABYTE):
            out.write(part)
        out.flush()
        os.fsync(out.fileno())


def write(path: Path, data: bytes) -> None:
    """Write a file and have it on the disk."""
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


WAYS = {"protofix": by_protofix, "protobuf": by_protobuf, "plain copy": by_copy}


def measure(way: str, source: Path, target: Path) -> None:
    """Upgrade in this process; print seconds and the peak of memory in MB."""
    start = time.perf_counter()
    WAYS[way](source, target)
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, peak_of_memory()]))


def peak_of_memory() -> float:
    """The most that this process had in memory, in MB; where it can be, without its parent's."""
    import resource

    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(lines["VmHWM"].split()[0]) * 1024 / MEGABYTE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / MEGABYTE


def in_a_new_process(way: str, source: Path, target: Path) -> tuple[float, float]:
    """Seconds and peak of memory of one upgrade from cold."""
    command = [sys.executable, __file__, "--way", way, str(source), str(target)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = json.loads(run.stdout)
    return seconds, peak


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=470)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--holes", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to make the files")
    parser.add_argument("--way", choices=tuple(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        measure(arguments.way, *arguments.files)
        return 0
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        source, target = Path(folder, "old.caffemodel"), Path(folder, "new.caffemodel")
        layers = 1 if arguments.holes else arguments.layers
        write_net(source, arguments.megabytes * MEGABYTE, layers, arguments.holes)
        size = source.stat().st_size
        print(f"{size / MEGABYTE:.1f} MB in {layers} V1 layers, best of {arguments.rounds}")
        ways = [way for way in WAYS if way != "protobuf" or size <= PROTOBUF_LIMIT]
        results: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for _ in range(arguments.rounds):
            for way in ways:
                results[way].append(in_a_new_process(way, source, target))
                target.unlink()
        for way, found in results.items():
            seconds, peak = min(found)[0], max(peak for _, peak in found)
            speed = size / MEGABYTE / seconds
            print(f"  {way:12}{seconds:8.2f} s{speed:9.0f} MB/s{peak:9.1f} MB of memory at most")
        if "protobuf" not in ways:
            print("  protobuf    reads no message of 2 GiB or more")
    return 0


if __name__ == "__main__":
    sys.exit(main())
