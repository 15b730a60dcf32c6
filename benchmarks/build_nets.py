"""Time to check and to build nets of growing size: twice the layers should take twice the time.

    python benchmarks/build_nets.py [--most 20000]

Three kinds of nets are made up: residual blocks (convolution, batch norm, scale, ReLU, sum), one
blob that every layer reads (a Split as wide as the net is long), and towers that share their
parameters. Each is checked by all rules, and built with Caffe's Split layers, in TRAIN and TEST.
The peer in the same run is protobuf's `text_format.Parse`, which only reads the text.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator

import protofix
from caffe_proto import base_schema
from protofix.net.as_built import as_built
from protofix.net.view import view_of

_DATA = """layer { name: "data" type: "Input" top: "data" include { phase: TRAIN }
        input_param { shape { dim: 8 dim: 16 dim: 32 dim: 32 } } }
layer { name: "data" type: "Input" top: "data" include { phase: TEST }
        input_param { shape { dim: 2 dim: 16 dim: 32 dim: 32 } } }
"""
_CONVOLUTION = "convolution_param { num_output: 16 kernel_size: 3 pad: 1 bias_term: false }"


def residual(layers: int) -> Iterator[str]:
    """Blocks of five layers, each adding to what it reads."""
    yield _DATA
    last = "data"
    for block in range(layers // 5):
        name, reads = f"res{block}", f'bottom: "{last}"'
        own = f'bottom: "{name}_c" top: "{name}_c"'
        yield (
            f'layer {{ name: "{name}_c" type: "Convolution" {reads} top: "{name}_c"\n'
            f"        {_CONVOLUTION} }}\n"
            f'layer {{ name: "{name}_bn" type: "BatchNorm" {own} }}\n'
            f'layer {{ name: "{name}_s" type: "Scale" {own} scale_param {{ bias_term: true }} }}\n'
            f'layer {{ name: "{name}_r" type: "ReLU" {own} }}\n'
            f'layer {{ name: "{name}" type: "Eltwise" {reads} bottom: "{name}_c" top: "{name}" }}\n'
        )
        last = name


def wide(layers: int) -> Iterator[str]:
    """Every layer reads the same blob, and one reads all of them."""
    yield _DATA
    for number in range(layers - 1):
        yield f'layer {{ name: "r{number}" type: "ReLU" bottom: "data" top: "r{number}" }}\n'
    reads = "".join(f'bottom: "r{number}" ' for number in range(layers - 1))
    yield f'layer {{ name: "all" type: "Concat" {reads} top: "all" }}\n'


def shared(layers: int) -> Iterator[str]:
    """A chain of convolutions with one set of weights."""
    yield _DATA
    last = "data"
    for number in range(layers):
        reads = f'bottom: "{last}" top: "c{number}" param {{ name: "w" }}'
        yield f'layer {{ name: "c{number}" type: "Convolution" {reads} {_CONVOLUTION} }}\n'
        last = f"c{number}"


def main() -> None:
    """Print a table for each kind of net."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--most", type=int, default=20_000, help="layers of the largest net")
    most = parser.parse_args().most
    for kind in (residual, wide, shared):
        print(f"{kind.__name__}: {(kind.__doc__ or '').lower()}")
        print("   layers   check s    twice   build s    twice   protobuf reads s")
        before = (0.0, 0.0)
        for layers in (most // 8, most // 4, most // 2, most):
            text = "".join(kind(layers))
            check, build = _seconds(protofix.check, text), _seconds(_build, text)
            peer = _seconds(_protobuf, text)
            pairs = zip((check, build), before, strict=True)
            growth = [f"{now / old:.2f}" if old else "" for now, old in pairs]
            print(
                f"{layers:9,d} {check:9.2f} {growth[0]:>8} {build:9.2f} {growth[1]:>8} {peer:12.2f}"
            )
            before = (check, build)


def _build(text: str) -> None:
    for built in view_of(protofix.parse(text)).built:
        as_built(built)


def _protobuf(text: str) -> None:
    from google.protobuf import text_format

    text_format.Parse(text, base_schema().message_class("NetParameter")())


def _seconds(run: Callable[[str], object], text: str) -> float:
    gc.collect()
    start = time.perf_counter()
    run(text)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
