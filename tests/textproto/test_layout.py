"""Taking nodes out and putting text in, so that it looks as if it had always been so."""

from __future__ import annotations

import pytest

import protofix
from protofix.textproto.edits import apply_edits
from protofix.textproto.layout import (
    Block,
    append_field,
    comments_in,
    remove,
    render,
    style_of,
)
from protofix.textproto.tree import Message

REMOVED = {
    # before, after removing the second layer (and the comment above it)
    "a {}\nb {}\nc {}\n": "a {}\nc {}\n",
    "a {}\n\nb {}\n\nc {}\n": "a {}\n\nc {}\n",
    "a {}\n\n# of b\nb {\n}  # end\n\nc {}\n": "a {}\n\nc {}\n",
    "a {}\n# apart\n\nb {}\nc {}\n": "a {}\n# apart\n\nc {}\n",
    "a {} b {} c {}\n": "a {} c {}\n",
    "a {}\nb {}; c {}\n": "a {}\nc {}\n",
    "a {} b {}  # b\nc {}\n": "a {}  # b\nc {}\n",
    "a {}\r\nb {},\r\nc {}": "a {}\r\nc {}",
    "a {}\nb {}": "a {}\n",
}


@pytest.mark.parametrize("text", REMOVED, ids=repr)
def test_remove(text: str) -> None:
    document = protofix.parse(text)
    removal = remove(document, document.fields[1], with_comment_above=True)
    assert apply_edits(text, [removal.edit]) == REMOVED[text]


APPENDED = {
    # before, after adding `p { x: 1 }` to the first message
    "a {}\n": "a { p { x: 1 } }\n",
    "a { b: 2 }\n": "a { b: 2 p { x: 1 } }\n",
    "a {b: 2}\n": "a {b: 2 p { x: 1 }}\n",
    "a {\n  b: 2\n  c: 3\n}\n": "a {\n  b: 2\n  c: 3\n  p { x: 1 }\n}\n",
    "a {\n\tb: 2 c: 3 # c\n\t# d\n}\n": "a {\n\tb: 2 c: 3 # c\n\t# d\n\tp { x: 1 }\n}\n",
    "a {\r\n  b : 2\r\n  c : 3\r\n}\r\n": "a {\r\n  b : 2\r\n  c : 3\r\n  p { x : 1 }\r\n}\r\n",
    "a: <\n  q: <\n    b: 2\n  >\n>\n": (
        "a: <\n  q: <\n    b: 2\n  >\n  p: <\n    x: 1\n  >\n>\n"
    ),
    "a {\n  b: 2 c: 3 }\n": "a {\n  b: 2 c: 3\n  p { x: 1 }\n}\n",
    "a\n{\n}\n": "a\n{\n  p { x: 1 }\n}\n",
}  # fmt: skip


@pytest.mark.parametrize("text", APPENDED, ids=repr)
def test_append(text: str) -> None:
    document = protofix.parse(text)
    message = document.fields[0]
    assert isinstance(message, Message)
    block = Block("p", (Block("x", "1"),))
    edit = append_field(document, message, block, style_of(document))
    after = apply_edits(text, [edit])
    assert after == APPENDED[text]
    assert not protofix.parse(after).diagnoses


def test_render_follows_the_majority() -> None:
    document = protofix.parse("a: <\n\tb: 'x'\n\tc: 'y'\n>\r\n")
    block = Block("p", (Block("x", "1"), Block("y", "2")))
    assert render(block, style_of(document), "") == "p: <\n\tx: 1\n\ty: 2\n>"


COMMENTS = {
    # a stretch of text, the comments in it
    "a: 1 # b\n# c\n": ["# b", "# c"],
    "a: \"# no\" '# no' # yes\r\n": ["# yes"],
    'a: "\\"# no" # it\'s one\nb: 2 # "two\n': ["# it's one", '# "two'],
    # Only a line feed ends a line, and so a comment.
    "a: 1 # b\rc\n": ["# b\rc"],
    "": [],
}


@pytest.mark.parametrize("text", COMMENTS, ids=repr)
def test_comments_in(text: str) -> None:
    assert comments_in(text) == COMMENTS[text]
