"""Brackets that are missing or too many: said where indentation shows it, and mended there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protofix.textproto.edits import apply_edits
from protofix.textproto.reader import read, read_as_indented
from protofix.textproto.source import Source
from protofix.textproto.tree import Document, Field, Node

# A text, and each diagnosis: line, column, what is said and whether the mending is certain.
SAID: dict[str, list[tuple[int, int, str, bool | None]]] = {
    # Missing: before the next of its name, or before what is not deeper.
    "a {\n  x: 1\na {\n  x: 2\n}\n": [(3, 1, "`}` for `a {` of line 1, found `a`", True)],
    "a {\n  b {\n    x: 1\n}\na {\n}\n": [
        (4, 1, "`}` for `b {` of line 2, found the `}` for `a {` of line 1", True)
    ],
    "a {\n  b {\n    x: 1\n  y: 2\n}\n": [(4, 3, "`}` for `b {` of line 2, found `y`", True)],
    "a {\n  b {\n    x: 1\na {\n}\n": [
        (4, 1, "`}` for `b {` of line 2 (and 1 around it), found `a`", True)
    ],
    "a {\n  x: 1\na {\n  x: 2\na {\n}\n": [
        (3, 1, "for `a {` of line 1", True),
        (5, 1, "for `a {` of line 3", True),
    ],
    "a\n{\n  x: 1\na\n{\n}\n": [(4, 1, "`}` for `a {` of line 1, found `a`", True)],
    "a <\n  x: 1\na <\n>\n": [(3, 1, "`>` for `a <` of line 1, found `a`", True)],
    # Brackets in strings and comments are none.
    'a {\n  x: "}" # }\na {\n}\n': [(3, 1, "for `a {` of line 1", True)],
    # Without any indentation the name alone tells, and that is less than certain.
    "a {\nx: 1\na {\nx: 2\n}\n": [(3, 1, "`}` for `a {` of line 1, found `a`", False)],
    # So is what stands in a text that is not indented as it says, or by tabs and blanks.
    "a {\n  b {\n    x: 1\n    }\na {\n}\n": [(5, 1, "for `a {` of line 1", False)],
    "a {\n\tx: 1\na {\n  x: 2\n}\n": [(3, 1, "for `a {` of line 1", False)],
    # At the end of the text.
    "a {\n  x: 1\n}\na {\n  x: 2\n": [(6, 1, "`a {` of line 4, found the end of the file", True)],
    "a {\n  b {\n    x: 1\n": [(4, 1, "`b {` of line 2 (and 1 around it), found the end", False)],
    "a { b { x: 1 }": [(1, 15, "`a {` of line 1, found the end of the file", False)],
    # Too many.
    "a {\n}\n}\na {\n}\n": [(3, 1, "found `}`: nothing is open here", True)],
    "a {\n  b {\n  }\n  }\n  x: 1\n}\n": [(4, 3, "`}` is one too many", True)],
    "a {\n  b {\n    x: 1\n    }\n  }\n}\n": [(4, 5, "`}` is one too many", True)],
    "a { } }": [(1, 7, "nothing is open here", True)],
    # Where indentation tells nothing, it is said where the text ends or has nothing open.
    "a {\nx: 1\nb {\nx: 2\n}\n": [(6, 1, "found the end of the file", False)],
    "a {\n  x: 1\n}\n}\nb {\n": [
        (4, 1, "nothing is open here", False),
        (6, 1, "found the end of the file", False),
    ],
    # Missing in one place and too many in another: each is said where it is.
    "a {\n  b {\n  }\n  }\n  x: 1\n}\na {\n  b {\n    x: 1\n}\n": [
        (4, 3, "`}` is one too many", True),
        (10, 1, "`}` for `b {` of line 8, found the `}` for `a {` of line 7", True),
    ],
    # A layer that is indented otherwise than it says stays as it is, for its brackets pair up.
    "a {\n    b {\n  x: 1\n  }\n}\na {\n  b {\n    x: 1\n}\na {\n}\n": [
        (9, 1, "`}` for `b {` of line 7, found the `}` for `a {` of line 6", False)
    ],
    # A tab may be meant to be as wide as any blanks.
    "a {\n\tb {\n  }\n  c { x: 1\n\td {\n\t}\n}\n": [
        (5, 2, "`}` for `c {` of line 4, found `d`", False)
    ],
    # Behind others on its line, and deeper than what it would close.
    "a {\n  b { x: 1 } }\n  y: 1\n}\na {\n}\n": [(2, 14, "`}` is one too many", True)],
}


@pytest.mark.parametrize("text", SAID, ids=repr)
def test_what_is_said(text: str) -> None:
    source = Source(text)
    found = read(source).diagnoses
    assert [source.position(it.start) for it in found] == [(line, c) for line, c, *_ in SAID[text]]
    for it, (_, _, part, certain) in zip(found, SAID[text], strict=True):
        assert part in it.message
        assert (it.mending.certain if it.mending else None) == certain


# A text whose brackets pair up, a place where it makes no sense, and what is said of it.
INDENTED: dict[str, tuple[str, list[tuple[int, int, str]]]] = {
    "a {\n  b {\n    x: 1\n  c {\n  }\n}\n}\na {\n}\n": (
        "c",
        [(4, 3, "`}` for `b {` of line 2, found `c`"), (7, 1, "nothing is open here")],
    ),
    "a {\n  b {\n  }\n  }\n  c {\n    x: 1\n}\n": (
        "c",
        [
            (4, 3, "`}` is one too many"),
            (7, 1, "`}` for `c {` of line 5, found the `}` for `a {` of line 1"),
        ],
    ),
    "a {\n  x: 1\nb {\n}\nc {\n}\n}\n": (
        "b",
        [(3, 1, "`}` for `a {` of line 1, found `b`"), (7, 1, "nothing is open here")],
    ),
    # Only a part that makes no sense is doubted, and only if it is indented in some order.
    "a {\n  x: 1\n  }\nb {\n}\n": ("b", []),
    "a {\nx: 1\nb {\n}\n}\n": ("b", []),
    "a {\n  b {\n  }\n}\n": ("b", []),
}


@pytest.mark.parametrize("text", INDENTED, ids=repr)
def test_what_is_said_where_brackets_pair_up_and_make_no_sense(text: str) -> None:
    source = Source(text)
    place, said = INDENTED[text]
    assert read(source).diagnoses == ()
    document = read_as_indented(source, [text.index(place)])
    found = document.diagnoses if document else ()
    assert [source.position(it.start) for it in found] == [(line, c) for line, c, _ in said]
    for it, (_, _, part) in zip(found, said, strict=True):
        assert part in it.message


# A text, and the same once its brackets pair up.
MENDED = {
    "a {\n  x: 1\n\n# of b\nb {\n}\n": "a {\n  x: 1\n}\n\n# of b\nb {\n}\n",
    "a {\n  x: 1 # one\nb {\n}\n": "a {\n  x: 1 # one\n}\nb {\n}\n",
    "a { x: 1\nb { x: 2 }\n": "a { x: 1 }\nb { x: 2 }\n",
    "a { x: 1 # one\nb { x: 2 }\n": "a { x: 1 # one\n}\nb { x: 2 }\n",
    "a {\r\n\tx: 1\r\nb {\r\n}\r\n": "a {\r\n\tx: 1\r\n}\r\nb {\r\n}\r\n",
    "a {\n  b <\n    x: 1\nc {\n}\n": "a {\n  b <\n    x: 1\n  >\n}\nc {\n}\n",
    "a {\n  x: 1\n# the end\n": "a {\n  x: 1\n}\n# the end\n",
    "a {\n}\n}\nb {\n}\n": "a {\n}\nb {\n}\n",
    "a { x: 1 } }\nb { }\n": "a { x: 1 } \nb { }\n",
    "a { x: 1 >\n": "a { x: 1 }\n",
    # The line whose own brackets do not pair up has the one too many.
    "a {\n  b { c { x: 1 } } }\n}\nd { }\n": "a {\n  b { c { x: 1 } } \n}\nd { }\n",
    # A first line that was forgotten.
    'layer {\n  type: "A"\n}\n  name: "b"\n  type: "B"\n  p {\n    x: 1\n  }\n}\n': (
        'layer {\n  type: "A"\n}\nlayer {\n  name: "b"\n  type: "B"\n  p {\n    x: 1\n  }\n}\n'
    ),
    'name: "n"\nname: "a" type: "A" }\nlayers { x: 1 }\n': (
        'name: "n"\nlayers { name: "a" type: "A" }\nlayers { x: 1 }\n'
    ),
    # What is written ends as most lines do.
    "a {\r\n  x: 1\nb {\n}\n": "a {\r\n  x: 1\n}\nb {\n}\n",
    "a {\n}\n}\nb {\n  x: 1\n": "a {\n}\nb {\n  x: 1\n}\n",
}


def mended(document: Document) -> str:
    mendings = [it.mending for it in document.diagnoses if it.mending]
    return apply_edits(document.text, [edit for it in mendings for edit in it.edits])


@pytest.mark.parametrize("text", MENDED, ids=repr)
def test_what_becomes_of_it(text: str) -> None:
    after = mended(read(Source(text)))
    assert after == MENDED[text]
    assert read(Source(after)).diagnoses == ()


Tree = list[tuple[str, "Tree"]]

names = st.sampled_from(["layer", "param", "shape"])
trees: st.SearchStrategy[Tree] = st.recursive(
    st.just([("x", [])]),
    lambda inner: st.lists(st.tuples(names, inner), min_size=1, max_size=4),
    max_leaves=12,
)


def lines_of(tree: Tree, indent: str = "") -> list[str]:
    lines: list[str] = []
    for name, inner in tree:
        if inner:
            lines += [f"{indent}{name} {{", *lines_of(inner, indent + "  "), f"{indent}}}"]
        else:
            lines.append(f"{indent}{name}: 1")
    return lines


def outline(fields: tuple[Node, ...]) -> list[object]:
    return [
        node.name if isinstance(node, Field) else (node.name, outline(node.fields))
        for node in fields
    ]


@given(trees, st.data())
def test_any_bracket_of_an_indented_text_is_found_again(tree: Tree, data: st.DataObject) -> None:
    lines = lines_of(tree)
    closing = [row for row, line in enumerate(lines) if line.endswith("}")]
    if not closing:
        return
    row = data.draw(st.sampled_from(closing))
    whole = "\n".join(lines) + "\n"
    document = read(Source("\n".join(lines[:row] + lines[row + 1 :]) + "\n"))
    assert len(document.diagnoses) == 1
    assert outline(document.fields) == outline(read(Source(whole)).fields)
    assert mended(document) == whole
