"""Texts and the trees made of them."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import UnexpectedInput
from shared_data import corpus_files, corpus_id, needs_shared

from protofix.textproto.grammar import terminals
from protofix.textproto.parsing import parser
from protofix.textproto.reader import read
from protofix.textproto.source import MAX_LINE, NotTextError, Source
from protofix.textproto.tree import Field, FieldShape, Message, Node, OpenShape, Shape, walk

TREES = {
    'name: "n"': [("name", ["n"])],
    "name: 'it\\'s'": [("name", ["it's"])],
    'a: "x"\n  "y" # c\n # d\n "z"\nb: 1': [("a", ["xyz"]), ("b", ["1"])],
    "layer\n{\n  name:\n  'x'\n}": [("layer", [("name", ["x"])])],
    "layer {\r\n  name: 'x'\r\n}\r\n": [("layer", [("name", ["x"])])],
    "a: - 1 b: -#c\n 2": [("a", ["-1"]), ("b", ["-2"])],
    "dim: [1, 2,\n 3] dim: []": [("dim", ["1", "2", "3"]), ("dim", [])],
    "layer [ { a: 1 }, < b: 2 > ]": [("layer", [("a", ["1"])]), ("layer", [("b", ["2"])])],
    "a: 1\n,\nb: 2;": [("a", ["1"]), ("b", ["2"])],
    "p { q < r: TRAIN > }": [("p", [("q", [("r", ["TRAIN"])])])],
    "[ext . name]: .5f": [("[ext.name]", [".5f"])],
    "shape: [{dim: 1}]\n; a: 1": [("shape", [("dim", ["1"])]), ("a", ["1"])],
    "": [],
    "# only a comment": [],
}


def outline(fields: tuple[Node, ...]) -> list[object]:
    return [
        (node.name, [s.value for s in node.scalars])
        if isinstance(node, Field)
        else (node.name, outline(node.fields))
        for node in fields
    ]


@pytest.mark.parametrize("text", TREES, ids=repr)
def test_tree(text: str) -> None:
    document = read(Source(text))
    assert document.diagnoses == ()
    assert outline(document.fields) == TREES[text]


MISTAKES = {
    'name "n"': [(1, 6, 'expected `:` between `name` and its value, found `"n"`')],
    'name: "n\nlayer {\n}': [(1, 7, "a string that is not closed on its line")],
    "dim: [1,\n 2 3,\n 4]\nname: 'x'": [(2, 4, "expected `,` or `]` after `2`, found `3`")],
    'a: [\n  { b: ["x" c: 1 },\n  { d: 1 }\n]': [(2, 9, 'expected `]` after `"x"`, found `c`')],
    "layer {\n  name: 'x'\n": [
        (3, 1, "expected `}` for `layer {` of line 1, found the end of the file")
    ],
    "layer { name: 'a' } }\nb: 1": [(1, 21, "nothing is open here")],
    "layer < a: 1 }": [(1, 14, "expected `>` for `layer <` of line 1, found `}`")],
    "a: 1 // one\nb: 08": [(1, 6, "a comment begins with `#` here"), (2, 4, "write 8")],
    "name: \u201cn\u201d": [(1, 7, 'typographic quotes: write `"`')],
    "\ufeffname: 'n'": [(1, 1, "byte order mark")],
    "a: 1 # \0": [(1, 8, "U+0000 has no place outside a string")],
    "a: 1.5px": [(1, 4, "expected a space after the number `1.5`")],
    "a: 1e\nb: 1.5.2\nc: 1y": [
        (1, 4, "its exponent is missing"),
        (2, 4, "is no number"),
        (3, 4, "expected a space after the number `1`"),
    ],
    # What a string swallowed is not said as well; what is far from it is.
    'a {\n  x: "b c}\na {\n  y: 1\na {\n}\n': [
        (2, 6, "a string that is not closed on its line"),
        (5, 1, "expected `}` for `a {` of line 3"),
    ],
    'a {\n  x: "b c}\na {\n  b {\n    y: 1\na {\n}\n': [
        (2, 6, "a string that is not closed on its line"),
        (6, 1, "expected `}` for `b {` of line 4 (and 1 around it)"),
    ],
    'a {\n  x: "b c{\n    y: 1\n  }\n}\na {\n}\n}\n': [
        (2, 6, "a string that is not closed on its line"),
        (8, 1, "nothing is open here"),
    ],
    'a {\n  x: "b b # was {c}\n}\na {\n  y: 1\na {\n}\n': [
        (2, 6, "a string that is not closed on its line"),
        (6, 1, "expected `}` for `a {` of line 4"),
    ],
    'a {\n  x: "b c" y: "d{} # {{{\n}\n}\n': [
        (2, 15, "a string that is not closed on its line"),
        (4, 1, "nothing is open here"),
    ],
    'a "{\n  x: 1\n  b {\n  }\n}\na {\n}\n}\n': [
        (1, 3, "a string that is not closed on its line"),
        (8, 1, "nothing is open here"),
    ],
    "a b\nc: 1 d\n": [(1, 3, "found `b`"), (3, 1, "found the end of the file")],
}


@pytest.mark.parametrize("text", MISTAKES, ids=repr)
def test_every_mistake_is_said_once(text: str) -> None:
    source = Source(text)
    said = [(*source.position(d.start), d.message) for d in read(source).diagnoses]
    assert [(line, column) for line, column, _ in said] == [m[:2] for m in MISTAKES[text]]
    for (_, _, message), (_, _, part) in zip(said, MISTAKES[text], strict=True):
        assert part in message


def test_what_follows_a_mistake_is_read() -> None:
    document = read(Source("layer { name 'a' type: 'b' }\nlayer { bottom: 'c' }"))
    assert outline(document.fields) == [
        ("layer", [("type", ["b"])]),
        ("layer", [("bottom", ["c"])]),
    ]


def test_nesting_has_a_limit() -> None:
    document = read(Source("b: 1 " + "a {" * 100_000))
    assert [d.kind for d in document.diagnoses] == ["depth"]
    assert len(list(walk(document.fields))) == 102  # What stands before it was read.
    document = read(Source("a: [{" * 100_000))
    assert [d.kind for d in document.diagnoses] == ["depth"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfen\0a\0", "UTF-16"),
        (b"n\0a\0m\0e\0", "UTF-16"),
        (b"\0n\0a\0m\0e", "UTF-16"),
        (b"\xff\xfe\0\0n\0\0\0", "UTF-32"),
        (bytes(1000), "binary data"),
        (bytes(range(256)) * 4, "binary data"),
        (b"\x0a\x07CaffeNe\xa2\x06\x10" + bytes(200), "caffemodel"),
        (b"a: 1\n" + b" " * (MAX_LINE + 1), "line 2 is 16,777,217 characters long"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(NotTextError, match=said):
        Source.from_bytes(data)


@needs_shared
@pytest.mark.parametrize("path", corpus_files(), ids=corpus_id)
def test_corpus_file_comes_back_whole_and_is_covered(path: Path) -> None:
    data = path.read_bytes()
    document = read(Source.from_bytes(data))
    assert document.source.to_bytes() == data
    if not document.diagnoses:
        assert_covered(document.text, document.fields, 0, len(document.text))


@needs_shared
@pytest.mark.parametrize("path", corpus_files(), ids=corpus_id)
def test_the_grammar_alone_reads_a_corpus_file_the_same(path: Path) -> None:
    source = Source.from_bytes(path.read_bytes())
    document = read(source)
    if document.diagnoses:
        with pytest.raises(UnexpectedInput):
            parser().parse(source.text, start="document")
        return
    shapes = cast("list[Shape]", parser().parse(source.text, start="document"))
    named = [s for s in shapes if isinstance(s, FieldShape | OpenShape)]
    assert [(s.name, s.start) for s in named] == [(n.name, n.start) for n in walk(document.fields)]


def assert_covered(text: str, fields: tuple[Node, ...], start: int, end: int) -> None:
    """Between nodes there is nothing but blanks, comments and separators."""
    for node in fields:
        assert_gap(text[start : node.start])
        assert text.startswith(node.name, node.start) or node.start == node.name_end
        if isinstance(node, Message):
            assert_covered(text, node.fields, node.open_end, node.close_start)
            assert text[node.close_start : node.end] in "}>"
        start = node.end
    assert_gap(text[start:end])


def assert_gap(gap: str) -> None:
    code = "".join(line.split("#")[0] for line in gap.split("\n"))
    assert code.strip(" \t\r\v\f,;[]") == ""


TOKENS = st.sampled_from(
    ["name", "layer", ":", "{", "}", "<", ">", "[", "]", ",", ";", '"s"', "'t'", '"', "1", "-1",
     ".5", "08", "1e", "inf", "-", "#c\n", "\n", "\r\n", " ", "\t", "@", "/", "\\", "\ufeff", "\0"]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=40).map("".join))
def test_no_text_is_too_odd(text: str) -> None:
    document = read(Source(text))
    assert document.text == text
    starts = [d.start for d in document.diagnoses]
    assert starts == sorted(starts)
    assert all(0 <= d.start <= d.end <= len(text) for d in document.diagnoses)
    assert_same_verdict_as_the_grammar(text, bool(document.diagnoses))


def assert_same_verdict_as_the_grammar(text: str, wrong: bool) -> None:
    try:
        parser().parse(text, start="document")
    except UnexpectedInput:
        assert wrong
    else:
        assert not wrong


@given(st.binary(max_size=200))
def test_bytes_come_back(data: bytes) -> None:
    try:
        source = Source.from_bytes(data)
    except NotTextError:
        return
    assert source.to_bytes() == data
    read(source)


def test_terminals_are_those_that_lark_sees() -> None:
    assert terminals().keys() == {terminal.name for terminal in parser().terminals}
