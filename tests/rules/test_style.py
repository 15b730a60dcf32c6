"""The rules of style: what each makes of a text by itself, what it leaves alone, what it says."""

from __future__ import annotations

import pytest

from protofix.linting.checking import Question, check_source
from protofix.linting.fixing import fix_source
from protofix.reports.rules.manual import manual_of
from protofix.rulebook.context import PLAIN, Preferences
from protofix.rulebook.registry import RULES
from protofix.rulebook.rule import Rule
from protofix.textproto.source import Source

Texts = dict[str, tuple[str, str]]

FOUR = Preferences(indent=4)
SINGLE = Preferences(quotes="single")


def fixed(code: str, text: str, preferences: Preferences = PLAIN) -> str:
    """A text after the fixes of one rule, which leave nothing more to do."""
    question = Question(codes=frozenset({code}), preferences=preferences)
    done = fix_source(Source(text), question)
    assert not done.failures
    assert not done.left.findings
    return done.after.text


def said(text: str, *codes: str, preferences: Preferences = PLAIN) -> list[str]:
    """What rules say of a text, with line and column."""
    source = Source(text)
    found = check_source(source, Question(codes=frozenset(codes), preferences=preferences))
    places = [(source.position(it.start), it) for it in found.findings]
    return [f"{at.line}:{at.column}: {it.code} {it.message}" for at, it in places]


INDENTATION: Texts = {
    "by the depth": (
        "layer {\nname: 'a'\n      param {\nlr_mult: 1\n}\n  }\n",
        "layer {\n  name: 'a'\n  param {\n    lr_mult: 1\n  }\n}\n",
    ),
    "at the top": ("  name: 'a'\n\tlayer {\n}\n", "name: 'a'\nlayer {\n}\n"),
    "tabs": ("layer {\n\tname: 'a'\n \ttype: 'b'\n}\n", "layer {\n  name: 'a'\n  type: 'b'\n}\n"),
    "a comment with what is below it": (
        "  # layers\nlayer {\n# all\n  name: 'a'\n# none\n}\n# end",
        "# layers\nlayer {\n  # all\n  name: 'a'\n  # none\n}\n# end",
    ),
    "several fields on a line": (
        "layer { name: 'a'\n        type: 'b' top: 'c' }\n",
        "layer { name: 'a'\n  type: 'b' top: 'c' }\n",
    ),
    "brackets that share lines": (
        "layer { param {\n  lr_mult: 1\n} param {\n  lr_mult: 2 }\n}\n",
        "layer { param {\n    lr_mult: 1\n  } param {\n    lr_mult: 2 }\n}\n",
    ),
    "brackets that close together": (
        "layer { param {\n lr_mult: 1\n  } }\n",
        "layer { param {\n    lr_mult: 1\n} }\n",
    ),
    "a brace on a line of its own": (
        "layer\n  {\n    name: 'a'\n  }\n",
        "layer\n{\n  name: 'a'\n}\n",
    ),
    "a list under its first value": (
        "a {\n    mean_value: [104,\n  117, # green\n# red\n        123\n]\n}\n",
        "a {\n  mean_value: [104,\n               117, # green\n               # red\n"
        "               123\n  ]\n}\n",
    ),
    "a list whose values have lines": (
        "a {\n  mean_value: [\n  104,\n 117\n      ]\n}\n",
        "a {\n  mean_value: [\n    104,\n    117\n  ]\n}\n",
    ),
    "a list on the next line": (
        "mean_value:\n[1,\n2]\nname: 'a'\n",
        "mean_value:\n  [1,\n  2]\nname: 'a'\n",
    ),
    "strings under the first": (
        "a {\nparam_str: '{'\n# seed\n'}'\n}\n",
        "a {\n  param_str: '{'\n             # seed\n             '}'\n}\n",
    ),
    "strings with lines of their own": (
        "a {\n  param_str:\n  '{'\n      '}'\n}\n",
        "a {\n  param_str:\n    '{'\n    '}'\n}\n",
    ),
    "a value on the next line": ("a {\n  b:\n  c\n}\n", "a {\n  b:\n    c\n}\n"),
    "messages in a list": (
        "param: [\n{ lr_mult: 1 },\n{\nlr_mult: 2\n}\n]\n",
        "param: [\n  { lr_mult: 1 },\n  {\n    lr_mult: 2\n  }\n]\n",
    ),
    "the ends of lines stay": (
        "layer {\r\n name: 'a' \r\n\r\n}\r\n",
        "layer {\r\n  name: 'a' \r\n\r\n}\r\n",
    ),
    "brackets in strings and comments are none": (
        "layer { # {\nname: '{' # [\n}\n",
        "layer { # {\n  name: '{' # [\n}\n",
    ),
}

QUOTES: Texts = {
    "single": ("name: 'a'", 'name: "a"'),
    "an escaped quote": (r"name: 'it\'s \\\'\''", r'''name: "it's \\''"'''),
    "the bytes": (r"name: 'a\n\x41\101\\\u00e4é\t'", r'name: "a\n\x41\101\\\u00e4é\t"'),
    "an empty one": ("name: ''", 'name: ""'),
    "strings side by side": ("name: 'a' '\"' \"b\" 'c'", 'name: "a" \'"\' "b" "c"'),
    "lists": ("tops: ['a', 'b']", 'tops: ["a", "b"]'),
    "no string in a comment": ("# 'a'\nname: 'a' # 'b'", "# 'a'\nname: \"a\" # 'b'"),
}

FIELD_ORDER: Texts = {
    "each field with its comments": (
        "layer {\n  top: 'x'  # behind top\n\n  # above type\n  type: 'Input'\n  # at the end\n}\n",
        "layer {\n  # above type\n  type: 'Input'\n  top: 'x'  # behind top\n  # at the end\n}\n",
    ),
    "repeated fields stay in order": (
        "layer {\n  top: 'b'\n  bottom: 'd'\n  top: 'a'\n  bottom: 'c'\n}\n",
        "layer {\n  bottom: 'd'\n  bottom: 'c'\n  top: 'b'\n  top: 'a'\n}\n",
    ),
    "a whole layer": (
        "layers {\n  loss_param { ignore_label: 255 }\n  softmax_param { axis: 1 }\n"
        "  transform_param { scale: 1 }\n  include { phase: TEST }\n  blobs_lr: 1\n"
        "  weight_decay: 1\n  blobs_lr: 2\n  loss_weight: 1\n  top: 't'\n  propagate_down: true\n"
        "  bottom: 'b'\n  type: RELU\n  name: 'n'\n}\n",
        "layers {\n  name: 'n'\n  type: RELU\n  bottom: 'b'\n  propagate_down: true\n  top: 't'\n"
        "  loss_weight: 1\n  blobs_lr: 1\n  weight_decay: 1\n  blobs_lr: 2\n"
        "  include { phase: TEST }\n  transform_param { scale: 1 }\n  softmax_param { axis: 1 }\n"
        "  loss_param { ignore_label: 255 }\n}\n",
    ),
    "a comment at the brace and one set apart stay": (
        "layer {  # first\n  # The layer.\n\n  # its type\n  type: 'Input'\n  name: 'a'\n}\n",
        "layer {  # first\n  # The layer.\n\n  name: 'a'\n  # its type\n  type: 'Input'\n}\n",
    ),
    "a layer on one line": (
        "layer { type: 'ReLU', name: 'a'  top: 'x' bottom: 'x' }",
        "layer { name: 'a' type: 'ReLU',  bottom: 'x' top: 'x' }",
    ),
    "several fields on a line": (
        "layer { type: 'ReLU' name: 'a'\n  top: 'x'\n  bottom: 'x' }",
        "layer { name: 'a' type: 'ReLU'\n  bottom: 'x'\n  top: 'x' }",
    ),
    "the net of a solver": (
        "net_param {\n  layer {\n    type: 'Input'\n    name: 'a'\n  }\n}\n",
        "net_param {\n  layer {\n    name: 'a'\n    type: 'Input'\n  }\n}\n",
    ),
    "the ends of lines stay": (
        "layer {\r\n  type: 'Input'  # b\r\n  # a\r\n  name: 'a'\r\n}\r\n",
        "layer {\r\n  # a\r\n  name: 'a'\r\n  type: 'Input'  # b\r\n}\r\n",
    ),
    "the last field has no line end": (
        "layer {\n  type: 'Input'\n  name: 'a' }\n",
        "layer {\n  name: 'a'\n  type: 'Input' }\n",
    ),
    "a line of blanks": (
        "layer {\n \t\n  type: 'Input'\n  name: 'a'\n}\n",
        "layer {\n \t\n  name: 'a'\n  type: 'Input'\n}\n",
    ),
    "repeated messages in both forms": (
        "layer {\n  x_param { }\n  x_param: [{ a: 1 }, { }]\n  y: 1\n}\n",
        "layer {\n  y: 1\n  x_param { }\n  x_param: [{ a: 1 }, { }]\n}\n",
    ),
    "a list of messages is one field": (
        "layer {\n  param: [{ lr_mult: 1 },\n          { lr_mult: 2 }]\n  name: 'a'\n}\n",
        "layer {\n  name: 'a'\n  param: [{ lr_mult: 1 },\n          { lr_mult: 2 }]\n}\n",
    ),
}

TRAILING_BLANKS: Texts = {
    "of any kind": ("a: 1 \nb: 2\t\t\n c: 3 \v\f", "a: 1\nb: 2\n c: 3"),
    "an empty line": ("a: 1\n  \n\t\nb: 2\n  ", "a: 1\n\n\nb: 2\n"),
    "a comment": ("# a \n# b\t", "# a\n# b"),
    "the ends of lines stay": ("a: 1 \r\n \r\nb: 2\r\n", "a: 1\r\n\r\nb: 2\r\n"),
    "half a line end": ("a: 1\r\r\nb: 2\r", "a: 1\r\nb: 2"),
}

BLANK_LINES: Texts = {
    "several in a row": ("a: 1\n\n\n\nb: 2\n\nc: 3\n", "a: 1\n\nb: 2\n\nc: 3\n"),
    "in a message": (
        "a {\n\n\n  b: 1\n  c {\n\n  }\n\n}\n",
        "a {\n  b: 1\n  c {\n  }\n}\n",
    ),
    "behind a comment at the brace": ("a {  # {\n\n  b: 1\n}\n", "a {  # {\n  b: 1\n}\n"),
    "before one at the end": ("a {\n  # b\n\n} # }\n", "a {\n  # b\n} # }\n"),
    "in the file": ("\n\na: 1\n\n\n", "a: 1\n"),
    "with blanks": (" \na: 1\n \n\t\nb: 1\n\n  ", "a: 1\n\t\nb: 1\n  "),
    "in a list": ("a: [\n\n1,\n\n2\n\n]\n", "a: [\n1,\n\n2\n]\n"),
    "no other lines": ("\n\n", ""),
    "the ends of lines stay": ("a: 1\r\n\r\n\r\nb: 2\r\n", "a: 1\r\n\r\nb: 2\r\n"),
}

FINAL_NEWLINE: Texts = {
    "a field": ("a: 1", "a: 1\n"),
    "a comment": ("a: 1\n# b", "a: 1\n# b\n"),
    "as the others": ("a: 1\r\nb: 2", "a: 1\r\nb: 2\r\n"),
}

SPACING: Texts = {
    "colons": ("a:1 b : 2 c :\t3 d:  [1] e:\t5", "a: 1 b: 2 c: 3 d: [1] e: 5"),
    "braces": ("a{b{c: 1}}", "a { b { c: 1 } }"),
    "other brackets": ("a<b: 1>c  {d: 2}", "a < b: 1 > c { d: 2 }"),
    "strings": ("a:'b''c'd:\"e\"", "a: 'b' 'c' d: \"e\""),
    "lists": ("a: [1,2 ,3]b: 1", "a: [1, 2, 3] b: 1"),
    "separators": ("a: 1,b: 2 ;c: 3", "a: 1, b: 2; c: 3"),
    "comments": ("a {# b\n  c: 1# d\n}#e", "a { # b\n  c: 1 # d\n} #e"),
    "a colon and a brace": ("a :{ b: 1 }", "a: { b: 1 }"),
}

BRACKETS: Texts = {
    "a colon": ("a: {\n  b : { c: 1 }\n}", "a {\n  b  { c: 1 }\n}"),
    "angles": ("a <\n  b < c: 1 >\n>", "a {\n  b { c: 1 }\n}"),
    "both": ("a:<>", "a{}"),
    "angles in a list": ("a: [<b: 1>, { c <> }]", "a: [{b: 1}, { c {} }]"),
    "a comment between": ("a # b: c\n : # d: e\n{ }", "a # b: c\n  # d: e\n{ }"),
    "an extension": ("[a.b]: { c: 1 }", "[a.b] { c: 1 }"),
}

SEPARATORS: Texts = {
    "behind fields": ("a: 1, b: 2 ; c: [1];", "a: 1 b: 2 c: [1]"),
    "without a blank": ("a: 1,b { c: 2,},d: 3", "a: 1 b { c: 2 } d: 3"),
    "those of a list stay": (
        "a: [1, 2], b: [{ c: 1, d: 2; }, { }];",
        "a: [1, 2] b: [{ c: 1 d: 2 }, { }]",
    ),
    "on another line": ("a: 1\n, b: 2\n  ;\n", "a: 1\nb: 2\n  \n"),
    "on a line of its own": ("a: 1\r\n,\r\nb: 2\r\n", "a: 1\r\n\r\nb: 2\r\n"),
    "before a comment": ("a: 1,# b, c\nd: 2;  # e;", "a: 1 # b, c\nd: 2  # e;"),
}

LINE_ENDS: Texts = {
    "mostly LF": ("a: 1\nb: 2\r\nc: 3\n", "a: 1\nb: 2\nc: 3\n"),
    "mostly CRLF": ("a: 1\r\n\nb: 2\r\nc: 3", "a: 1\r\n\r\nb: 2\r\nc: 3"),
    "in comments": ("# a\r\n# b\r\n# c\n", "# a\r\n# b\r\n# c\r\n"),
    "as many": ("a: 1\nb: 2\r\n", "a: 1\nb: 2\n"),
}

TABLES = {
    "PF801": INDENTATION,
    "PF802": QUOTES,
    "PF803": FIELD_ORDER,
    "PF804": TRAILING_BLANKS,
    "PF805": BLANK_LINES,
    "PF806": FINAL_NEWLINE,
    "PF807": SPACING,
    "PF808": BRACKETS,
    "PF809": SEPARATORS,
    "PF810": LINE_ENDS,
}

CASES = [(code, title) for code, table in TABLES.items() for title in table]


@pytest.mark.parametrize(("code", "title"), CASES, ids=lambda part: part.replace(" ", "-"))
def test_what_a_rule_makes_of_a_text(code: str, title: str) -> None:
    before, after = TABLES[code][title]
    assert fixed(code, before) == after


@pytest.mark.parametrize(("code", "title"), CASES, ids=lambda part: part.replace(" ", "-"))
def test_what_it_made_it_leaves_alone(code: str, title: str) -> None:
    _, after = TABLES[code][title]
    assert said(after, code) == []


SHOWN = [rule for rule in RULES if rule.code.startswith("PF8") and manual_of(rule).wrong]


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_what_a_manual_shows_as_wrong_becomes_what_is_right(rule: Rule) -> None:
    [wrong], [right] = manual_of(rule).wrong, manual_of(rule).right
    assert fixed(rule.code, wrong) == right


KEPT = {
    "PF801": {
        "a layer on one line": "layer { name: 'a' param { lr_mult: 1 } }\n",
        "an empty text": "",
        "blank lines": "a {\n    \n  b: 1\n \n}\n",
    },
    "PF802": {
        "a string with the other quote": "param_str: '{\"seed\": 1}'",
        "one that is escaped": r"param_str: '\"'",
    },
    "PF803": {
        "messages of types": "layer { type: 'a' b_param { } a_param { } }",
        "plain fields of a fork": "layers { type: DATA top: 'a' strict_dim: false blobs_lr: 1 }",
        "another message": "state { top: 'a' name: 'b' }",
        "a net within a net": "net_param { net_param { layer { type: 'a' name: 'b' } } }",
        "the V0 format": "layers { layer { type: 'relu' name: 'a' } top: 'x' bottom: 'x' }",
        "comments between fields that share lines": "layer { type: 'a' # b\n name: 'c' }",
        "a comment that would take the brace with it": "layer {\n type: 'a' # b\n name: 'c' }",
        "nothing between fields": "layer { type: 'a'name: 'b' }",
    },
    "PF804": {"a string": "name: 'a '\n"},
    "PF805": {"one": "a: 1\n\nb {\n  c: 1\n\n  # d\n\n  e: 1\n}\n\n# f\n"},
    "PF806": {"no line": "", "only blanks on the last": "a: 1\n  "},
    "PF807": {
        "a table": "a { b: 1   c: 1 }   # one\na { b: 12  c: 12 }  # two\n",
        "an empty message": "a { } b {}",
        "an extension": "[a.b]: 1 [c . d] { e: -1 }",
        "a list of messages": "a: [{ b: 1 }, { b: 2 }]",
        "what goes on on the next line": "a:\n  1\nb\n{\n}\n",
    },
    "PF808": {"lists": "a: [{ b: 1 }] c: [1] d [{ }]"},
    "PF809": {"lists": "a: [1, 2] b: [{ c: 1 }, { }]", "strings and comments": "a: ';' # b, c"},
    "PF810": {"LF": "a: 1\nb: 2\n", "CRLF": "a: 1\r\nb: 2\r\n", "the last": "a: 1\r\nb: 2"},
}

KEPT_CASES = [(code, title) for code, texts in KEPT.items() for title in texts]


@pytest.mark.parametrize(("code", "title"), KEPT_CASES, ids=lambda part: part.replace(" ", "-"))
def test_what_a_rule_leaves_alone(code: str, title: str) -> None:
    assert said(KEPT[code][title], code) == []


MISTAKEN = "layer: {\r\n\n\n name:'a', \n @\n"


@pytest.mark.parametrize("code", TABLES)
def test_a_text_with_mistakes_is_left_alone(code: str) -> None:
    assert said(MISTAKEN, code) == []
    assert said(MISTAKEN.replace("@", "}"), "PF801", "PF804", "PF805", "PF807", "PF808", "PF809")


PREFERRED = {
    ("PF801", FOUR): ("layer {\n  name: 'a'\n}\n", "layer {\n    name: 'a'\n}\n"),
    ("PF802", SINGLE): ('a: "b" c: "\'" d: \'"\'', "a: 'b' c: \"'\" d: '\"'"),
}


@pytest.mark.parametrize(("code", "preferences"), PREFERRED)
def test_what_a_project_prefers(code: str, preferences: Preferences) -> None:
    before, after = PREFERRED[code, preferences]
    assert fixed(code, before, preferences) == after


SAID = {
    "layer {\n    name: 3\n}\n": ["2:5: PF801 4 blanks before it, where 2 belong"],
    "layer {\n\tname: 3\n}\n": ["2:2: PF801 1 tab before it, where 2 blanks belong"],
    " a: 1\n": ["1:2: PF801 1 blank before it, where none belong"],
    "a: \"b\"\nb: 'c'\n": ["2:4: PF802 a string in single quotes, not in double ones"],
    "layer {\n  type: RELU\n  name: 3\n}\n": [
        "3:3: PF803 `name` stands behind `type`; most nets have it before that"
    ],
    "a: 1\nb: 2 \n": ["2:5: PF804 blanks at the end of the line"],
    "a: 1\n\n\nb: 2\n": ["2:1: PF805 2 blank lines, where one is enough"],
    "a: 1\n\n": ["2:1: PF805 a blank line at the end of the file"],
    "a: 1": ["1:5: PF806 the last line has no line end"],
    "a:1\n": ["1:3: PF807 no blanks between `:` and `1`, where one belongs"],
    "a  : 1\n": ["1:4: PF807 2 blanks between `a` and `:`, where none belong"],
    "a: {\n}\n": ["1:1: PF808 `a: {`, where `a { ... }` does"],
    "a <\n>\n": ["1:1: PF808 `a < ... >`, where `a { ... }` does"],
    "a: 1;\n": ["1:5: PF809 `;` behind a field, which needs none"],
    "a: 1\nb: 2\r\nc: 3\n": ["2:5: PF810 the line ends in CRLF, most of this file in LF"],
    # What follows each other is said once, with what is as wanted in between twice.
    "a {\n b: 1\n}\na {\n b: 1\n\n b: 2\n}\n": [
        "2:2: PF801 1 blank before it, where 2 belong; 2 more such lines up to line 7"
    ],
    "a {\n b: 1\n  b: 2\n b: 3\n}\n": [
        "2:2: PF801 1 blank before it, where 2 belong",
        "4:2: PF801 1 blank before it, where 2 belong",
    ],
    "a: 'b' a: 'c'\na: 'd'\n": [
        "1:4: PF802 a string in single quotes, not in double ones; "
        "2 more such strings up to line 2",
    ],
    # A comment that asks to ignore what is found holds for its lines.
    "a {\n b: 1\n b: 2 # protofix: ignore[PF801]\n b: 3\n b: 4\n}\n": [
        "2:2: PF801 1 blank before it, where 2 belong",
        "4:2: PF801 1 blank before it, where 2 belong; 1 more such line up to line 5",
    ],
}


@pytest.mark.parametrize("text", SAID, ids=repr)
def test_what_is_said(text: str) -> None:
    assert said(text, *TABLES) == SAID[text]


def test_what_is_to_be_ignored_is_not_mended() -> None:
    before = (
        "layer {\n name: 'a'\n top: 'a'  # protofix: ignore[PF801]\n bottom: 'b'\n}\n"
        "# protofix: ignore[PF801]\nlayer {\n name: 'b'\n top: 'b'\n}\nlayer {\n name: 'c'\n}\n"
    )
    after = (
        "layer {\n  name: 'a'\n top: 'a'  # protofix: ignore[PF801]\n  bottom: 'b'\n}\n"
        "# protofix: ignore[PF801]\nlayer {\n name: 'b'\n top: 'b'\n}\nlayer {\n  name: 'c'\n}\n"
    )
    assert fixed("PF801", before) == after


def test_style_is_off_by_itself() -> None:
    found = check_source(Source("layer: {name:'a' type:'Input',\n\n\n\ttop:'a'};  ")).findings
    assert found == ()
