"""Files as they are, and what slips, bad merges and broken tools make of them."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from shared_data import ROOT, corpus_files

_MOST = 6_000  # bytes: what is found in a long file is found in a short one, and sooner
_TOKEN = re.compile(rb'"[^"\n]*"|[A-Za-z_][A-Za-z0-9_]*|-?\.?\d[\d.eE+-]*|[{}\[\]<>:,;#]|\S')
_ODD = (
    b"{", b"}", b"<", b">", b"[", b"]", b":", b",", b";", b"#", b'"', b"'", b"\\", b"-", b"\0",
    b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\t", b"\x0b", b"\xc2\xa0",
    "“".encode(), b"\xf0\x9d\x94\x98", b"0", b"-1", b"1e999", b"nan", b"99999999999999999999",
    b"2147483648",
    b"0x7fffffff", b"08", b"1.5f", b"true", b"TRAIN", b"layer {", b"layers {", b"param { }",
    b"# protofix: ignore", b"# protofix: ignore[PF3, nothing]", b"# protofix: ignore-file[PF8",
    b"include { phase: TEST }", b'bottom: "data"', b'top: "data"', b'bottom: "label"',
    b'type: "Softmax"',
    b'type: "Python"', b"type: SOFTMAX", b'type: "InfogainLoss"', b'type: "SoftmaxWithLoss"',
    b'python_param { module: "m" layer: "L" param_str: "dict(a=1)" }', b'lr_policy: "step"',
    b"input_dim: 3", b'source: "H.binaryproto"',
    b"loss_param { normalize: true ignore_label: 255 }",
    b"{ " * 120, b"a { " * 120, b"(" * 40,
)  # fmt: skip


def _seeds() -> list[bytes]:
    """The fixtures, and the shorter public files where they are."""
    paths = [*sorted((ROOT / "fixtures").rglob("*.prototxt")), *corpus_files()]
    contents = (path.read_bytes() for path in paths)
    return [content for content in contents if len(content) <= _MOST]


SEEDS = _seeds()
LINES = sorted({line for content in SEEDS for line in content.splitlines() if line.strip()})


@st.composite
def _changed(draw: DrawFn, data: bytes) -> bytes:
    """One change of some bytes."""
    at = draw(st.integers(0, len(data)))
    end = min(len(data), at + draw(st.sampled_from((0, 1, 2, 7, 40, 200))))
    kind = draw(st.sampled_from(("cut", "put", "twice", "token", "line", "move", "strip")))
    if kind == "cut":
        return data[:at] + data[end:]
    if kind == "put":
        return data[:at] + draw(st.sampled_from(_ODD)) + data[at:]
    if kind == "twice":
        return data[:end] + data[at:end] + data[end:]
    if kind == "line":
        return data[:at] + b"\n" + draw(st.sampled_from(LINES)) + b"\n" + data[at:]
    if kind == "token":
        found = list(_TOKEN.finditer(data))
        if not found:
            return data
        one, other = draw(st.sampled_from(found)), draw(st.sampled_from(found))
        return data[: one.start()] + other.group() + data[one.end() :]
    lines = data.split(b"\n")
    number = draw(st.integers(0, len(lines) - 1))
    if kind == "move":
        lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(number))
        return b"\n".join(lines)
    return b"\n".join([*lines[:number], lines[number].strip(), *lines[number + 1 :]])


@st.composite
def mutants(draw: DrawFn) -> bytes:
    """A file after a few changes, or after none."""
    data: bytes = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        data = draw(_changed(data))
    return data


def configurations() -> SearchStrategy[tuple[str, bytes]]:
    """A file of configuration by its name, sound, changed or junk."""
    values = st.sampled_from(
        (
            b'"ssd"', b'"legacy"', b'["PF3"]', b'["ALL"]', b"[]", b"[1]", b"3", b"-1", b"true",
            b"1.5",
            b'["PF999"]', b'["["]', b'["**"]', b'{ "*" = ["PF1"] }', b'{ "*" = 3 }', b'""', b"{}",
            b'"\\u0000"', b"2026-01-01", b'["unread-top", "pf4"]', b"PF1, PF2", b"*.prototxt: PF1",
        )
    )  # fmt: skip
    keys = st.sampled_from(
        (
            b"dialect", b"schema", b"target", b"select", b"ignore", b"extend-select", b"exclude",
            b"per-file-ignores", b"indent", b"quotes", b"wibble", b"", b"select.x",
        )
    )  # fmt: skip
    lines = st.lists(st.builds(lambda key, value: key + b" = " + value, keys, values), max_size=4)
    headers = {
        "protofix.toml": b"",
        "pyproject.toml": b"[tool.protofix]\n",
        "setup.cfg": b"[protofix]\n",
    }
    sound = st.builds(
        lambda name, body: (name, headers[name] + b"\n".join(body) + b"\n"),
        st.sampled_from(sorted(headers)),
        lines,
    )
    changed = sound.flatmap(lambda it: st.tuples(st.just(it[0]), _changed(it[1])))
    junk = st.tuples(st.sampled_from(sorted(headers)), st.binary(max_size=60))
    return st.one_of(sound, changed, junk)
