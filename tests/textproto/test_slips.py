"""Slips of the pen in a text: each said once, where it is, and mended."""

from __future__ import annotations

import pytest

from protofix.textproto.edits import apply_edits
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import messages_named, scalars_named

# A text with one mistake, its place in the line, the text mended, and whether that is certain.
MENDED = {
    # Quotes.
    'name: "net\n': (7, 'name: "net"\n', True),
    # A text that breaks off in a string may have been cut there.
    'name: "net': (7, 'name: "net"', False),
    'name: "data/net-1.x\n': (7, 'name: "data/net-1.x"\n', True),
    'name: "my net\n': (7, 'name: "my net"\n', False),
    'name: "net # mine\n': (7, 'name: "net" # mine\n', True),
    'a { name: "net }\n': (11, 'a { name: "net" }\n', True),
    'a { name: "net top: "x" }\n': (11, 'a { name: "net" top: "x" }\n', True),
    "a { name: \"net' }\n": (11, 'a { name: "net" }\n', True),
    'name: "net\u201d\n': (7, 'name: "net"\n', True),
    'name: net"\n': (7, 'name: "net"\n', True),
    'a { name: net" top: "x" }\n': (11, 'a { name: "net" top: "x" }\n', True),
    "name: \u201cnet\u201d\n": (7, 'name: "net"\n', True),
    "name: \u2018net\u2019\n": (7, "name: 'net'\n", True),
    'name: \u201cnet"\n': (7, 'name: "net"\n', True),
    'name: "C:\\data\\new"\n': (7, 'name: "C:\\\\data\\\\new"\n', False),
    'net: data/net"\n': (6, 'net: "data/net"\n', True),
    "net: /data/net # mine\n": (6, 'net: "/data/net" # mine\n', True),
    'net: ""data/net"\n': (6, 'net: "data/net"\n', True),
    'net: "net"" # mine\n': (11, 'net: "net" # mine\n', True),
    'a { type: "Conv\\" top: "x" }\n': (11, 'a { type: "Conv" top: "x" }\n', False),
    'a { name: "net}\n': (11, 'a { name: "net"}\n', True),
    'a { b { name: "net}}\n': (15, 'a { b { name: "net"}}\n', True),
    'a { name: "{net}\n}': (11, 'a { name: "{net}"\n}', False),
    'a { name: "net } # it\'s "x"\n': (11, 'a { name: "net" } # it\'s "x"\n', True),
    "a { name: 'net } # it\"s\n": (11, "a { name: 'net' } # it\"s\n", True),
    "name: \u00abnet\u00bb\n": (7, 'name: "net"\n', True),
    "name: \uff02net\uff02\n": (7, 'name: "net"\n', True),
    "name: \uff07net\uff07\n": (7, "name: 'net'\n", True),
    "name: `net\u00b4\n": (7, "name: 'net'\n", True),
    # Quotes of code in a string.
    'param_str: "{"n_classes": 4}"\n': (12, "param_str: '{\"n_classes\": 4}'\n", True),
    "param_str: '{'n': [4, 5]}' # it\n": (12, "param_str: \"{'n': [4, 5]}\" # it\n", True),
    'a { param_str: "{"n": 4}" layer: "L" }\n': (
        16,
        'a { param_str: \'{"n": 4}\' layer: "L" }\n',
        True,
    ),
    "param_str: \"{'a': \"b\", 'c': 1}\"\n": (
        12,
        "param_str: \"{'a': \\\"b\\\", 'c': 1}\"\n",
        True,
    ),
    'param_str: "dict(a="b")"\n': (12, "param_str: 'dict(a=\"b\")'\n", True),
    # Signs of other languages and scripts.
    "\ufeffname: 'n'": (1, "name: 'n'", True),
    "a: 1 // one": (6, "a: 1 # one", True),
    "a: 1 /* one */": (6, "a: 1 # one", True),
    "/* one\n  a { b: 1 }\n\n*/\nb: 1\n": (1, "# one\n  # a { b: 1 }\n\nb: 1\n", True),
    "a: 1 /* one\r\n * two */\r\nb: 1\r\n": (6, "a: 1 # one\r\n # * two\r\nb: 1\r\n", True),
    "a:\xa0\xa01": (3, "a:  1", True),
    "a:\u30001": (3, "a: 1", True),
    "a: \u200b1": (4, "a: 1", True),
    "a\uff1a 1": (2, "a: 1", True),
    "a \uff5b b: 1 }": (3, "a { b: 1 }", True),
    "a: \u22121": (4, "a: -1", True),
    "a = 1": (3, "a: 1", True),
    "a { b (\n c: 1 } }": (7, "a { b {\n c: 1 } }", True),
    "a { b: 1 )\n": (10, "a { b: 1 }\n", True),
    "a { b: 'f(' )\n": (13, "a { b: 'f(' }\n", True),
    "a { b: 1 ]\n": (10, "a { b: 1 }\n", True),
    "a: 0,01\n": (4, "a: 0.01\n", False),
    "a: -0,09 # it\n": (5, "a: -0.09 # it\n", False),
    'a: "x", "y" b: 1\n': (9, 'a: "x" a: "y" b: 1\n', False),
    "a: 1, 3, 8\n": (7, "a: 1 a: 3 a: 8\n", False),
    # What lacks a sign, or has one too many.
    "a 1": (3, "a: 1", True),
    'a "x" # one': (3, 'a: "x" # one', True),
    "pool MAX\n": (6, "pool: MAX\n", False),
    "a: [1 2 -3, 4 5]": (7, "a: [1, 2, -3, 4, 5]", True),
    "a: [3, 3\nb: [1, 1]\n": (8, "a: [3, 3]\nb: [1, 1]\n", True),
    "a: [3, -3 # both\nb { c: 1 }\n": (9, "a: [3, -3] # both\nb { c: 1 }\n", True),
    "a { b: [1, 8 }\n": (12, "a { b: [1, 8] }\n", True),
    'a: ["x", "y"\nb: "z"\n': (10, 'a: ["x", "y"]\nb: "z"\n', True),
    "a: [1, 2,]": (10, "a: [1, 2]", True),
    "a: 1,, b: 2": (6, "a: 1, b: 2", True),
    "a: 08": (4, "a: 8", True),
    "a {{ b: 1 }": (4, "a { b: 1 }", False),
    # Brackets within a field.
    "a: } 1": (4, "a:  1", True),
    'a } : "x"': (3, 'a  : "x"', True),
    "a } {\n}\n": (3, "a  {\n}\n", True),
    'a: { "x"\nb: 1\n': (4, 'a:  "x"\nb: 1\n', True),
    "a { : 1\nb: 1\n": (3, "a  : 1\nb: 1\n", True),
    # A bracket that was forgotten, as its line or what is below it shows.
    "a b: 1 c: 2 }\n": (3, "a { b: 1 c: 2 }\n", True),
    "a: b: 1 }\n": (4, "a: { b: 1 }\n", True),
}


@pytest.mark.parametrize("text", MENDED, ids=repr)
def test_it_is_said_once_and_mended(text: str) -> None:
    column, after, certain = MENDED[text]
    source = Source(text)
    [found] = read(source).diagnoses
    assert source.position(found.start) == (1, column)
    assert found.mending is not None
    assert (apply_edits(text, found.mending.edits), found.mending.certain) == (after, certain)
    assert read(Source(after)).diagnoses == ()


def test_a_bracket_that_was_forgotten_is_said_where_the_first_field_is() -> None:
    source = Source("a {\n  b # of a\n    c: 1\n  }\n}\n")
    [found] = read(source).diagnoses
    assert source.position(found.start) == (3, 5)
    assert found.message == "expected `{` after `b`, found `c`"
    assert found.mending is not None and found.mending.certain
    after = apply_edits(source.text, found.mending.edits)
    assert after == "a {\n  b { # of a\n    c: 1\n  }\n}\n"


@pytest.mark.parametrize("behind", ["b: 1\n", "b {\n}\n", ""])
def test_a_bracket_without_a_name_that_is_never_closed_is_said_once(behind: str) -> None:
    [found] = read(Source("a: 1\n{ a: 1\n" + behind)).diagnoses
    assert (found.start, found.message) == (5, "expected a field name, found `{`")


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=repr)
def test_each_marker_of_a_conflict_is_said_once_and_what_is_between_counts(end: str) -> None:
    lines = ["a {", "<<<<<<< HEAD", "  b: 1", "||||||| 1a2b3c", "  b: 2", "=======", "  b: 3"]
    document = read(Source(end.join([*lines, ">>>>>>> a/branch (x: y)", "}", ""])))
    assert [
        (document.source.position(it.start), document.text[it.start : it.end], it.message)
        for it in document.diagnoses
    ] == [
        ((line, 1), marker, "a conflict marker of git: choose one side")
        for line, marker in [
            (2, "<<<<<<< HEAD"),
            (4, "||||||| 1a2b3c"),
            (6, "======="),
            (8, ">>>>>>> a/branch (x: y)"),
        ]
    ]
    assert all(it.mending is None for it in document.diagnoses)
    [message] = messages_named(document.fields, "a")
    assert [it.value for it in scalars_named(message.fields, "b")] == ["1", "2", "3"]


CLOSED_BY_SEVEN = ("a <\n" * 7 + ">>>>>>>\n", "a <\n" * 7 + ">>>>>>> b: 1\n")


@pytest.mark.parametrize("text", CLOSED_BY_SEVEN, ids=repr)
def test_seven_brackets_may_close_messages(text: str) -> None:
    assert read(Source(text)).diagnoses == ()


# A string that goes over lines, and over how many.
OVER_LINES = {
    "a {\n  b: \"{'c': 1,\n 'd': 2}\"\n}\n": "two",
    'b: "/path/to\n/lmdb"\nc: 1\n': "two",
    'a {\n  b: "/path/to\n/lmdb"\n}\n': "two",
    'a {\n  b: "/path/to\n    /lmdb"\n}\n': "two",
    "b: \"{'c': 1,\n 'd': 2,\n 'e': 3\n}\"\n": "4",
}


@pytest.mark.parametrize("text", OVER_LINES, ids=repr)
def test_a_string_over_lines_is_said_once(text: str) -> None:
    [found] = read(Source(text)).diagnoses
    said = f"a string that goes over {OVER_LINES[text]} lines: write it on one"
    assert (found.message, found.mending) == (said, None)
    assert found.start == text.index('"')


# What is no text, and how it is named.
NAMED = {
    b"a: 1 \xff": "the byte 0xFF is not UTF-8 and not in a string",
    b"a: 1 \xff\xc3": "the bytes 0xFF 0xC3 are not UTF-8 and not in a string",
    b"a: 1 \x01\xff": "U+0001 0xFF has no place outside a string",
    b"a: 1 \0": "U+0000 has no place outside a string",
    b'a: "\0"': "a NUL character in a string, at column 5",
    b"a: 1\n\xef\xbb\xbfb: 1": "U+FEFF, a character that nobody sees, has no place outside",
}


@pytest.mark.parametrize("data", NAMED, ids=repr)
def test_what_is_no_text_is_named(data: bytes) -> None:
    [found] = read(Source.from_bytes(data)).diagnoses
    assert NAMED[data] in found.message


# What may have been meant in more than one way.
LEFT = (
    'name: "',
    'name: "a\nb"\n',
    "/* one",
    "/* one\ntwo */ a: 1\n",
    "a: 1.5.2",
    "a: 1e",
    "a: 1.5px",
    "a == 1",
    "L.ReLU(n.c1)",
    "a { L.ReLU(n.c1) }",
    "a: 1 @",
    "a: 1 / 2",
    "a\nb: 1\n",
    'name: "a\0b"',
    "layer name: 'x'",
    "a: [{ b: 1 }layer\n  {}, {}]",
)


@pytest.mark.parametrize("text", LEFT, ids=repr)
def test_a_person_has_to_mend_it(text: str) -> None:
    found = read(Source(text)).diagnoses
    assert found
    assert all(it.mending is None for it in found)


# Strings that look like slips and are none.
FINE = (
    'name: "type: " top: "x"',
    'param_str: "a: 1, b: 2"',
    "param_str: \"'classes': 21\"",
    'name: "it\'s \u201cfine\u201d // here" # = \u201c',
    'name: "a" "b"',
)


@pytest.mark.parametrize("text", FINE, ids=repr)
def test_nothing_is_said(text: str) -> None:
    assert read(Source(text)).diagnoses == ()
