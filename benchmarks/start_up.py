"""How long `protofix check` takes for one small net, next to importing what it stands on.

Three times in one run, each command in a process of its own, one after the other, over and over:
the check, the import of lark, numpy and protobuf, and Python alone.

    python benchmarks/start_up.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NET = """\
name: "leaves"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 8 dim: 3 dim: 32 dim: 32 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 16 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""  # noqa: E501
CHECK, IMPORTS, NOTHING = "protofix check", "import lark, numpy, google.protobuf", "python alone"


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main(rounds: int = 20) -> None:
    """Print the shortest and the median time of each, and what the check takes of the imports."""
    times: dict[str, list[float]] = {CHECK: [], IMPORTS: [], NOTHING: []}
    with tempfile.TemporaryDirectory() as folder:
        net = Path(folder, "net.prototxt")
        net.write_text(NET, encoding="utf-8")
        commands = {
            CHECK: [sys.executable, "-m", "protofix", "check", str(net)],
            IMPORTS: [sys.executable, "-c", "import lark, numpy, google.protobuf.text_format"],
            NOTHING: [sys.executable, "-c", "pass"],
        }
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command))
    for name, its in times.items():
        least, middle = min(its) * 1000, statistics.median(its) * 1000
        print(f"{name:38} {least:6.0f} ms at least, {middle:6.0f} ms in the middle")
    ratio = min(times[CHECK]) / min(times[IMPORTS])
    middle = statistics.median(times[CHECK]) / statistics.median(times[IMPORTS])
    print(f"the check takes {ratio:.2f} of the imports at least, {middle:.2f} in the middle")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
