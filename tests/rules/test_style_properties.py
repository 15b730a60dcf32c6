"""All rules of style together, as a formatter: on nets of any layout, and on the corpus."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from comments import comments_of
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from shared_data import corpus_files, corpus_id, needs_shared

from protofix.linting.checking import Question, context_of
from protofix.linting.fixing import fix_source
from protofix.rulebook.context import PLAIN, Preferences
from protofix.rulebook.registry import RULES
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Field, Node

pytestmark = pytest.mark.lengthy

STYLE = frozenset(rule.code for rule in RULES if rule.code.startswith("PF8"))

PREFERENCES = st.builds(
    Preferences, st.sampled_from([1, 2, 4]), st.sampled_from(["double", "single"])
)


def meaning(fields: tuple[Node, ...]) -> dict[str, list[Any]]:
    """What a text says: the values of each name, in their order."""
    said: dict[str, list[Any]] = {}
    for node in fields:
        values = said.setdefault(node.name, [])
        if isinstance(node, Field):
            values += [(it.kind, it.value) for it in node.scalars]
        else:
            values.append(meaning(node.fields))
    return said


def hold(text: str, preferences: Preferences = PLAIN, codes: frozenset[str] = STYLE) -> str:
    """Format a text, hold what became of it against what it was, and give it back."""
    question = Question(codes=codes, preferences=preferences)
    done = fix_source(Source(text), question)
    before, after = read(Source(text)), read(done.after)
    # Fields that are unknown where they stand may be indented as what would know them.
    if not before.diagnoses and context_of(Source(text), question).document.diagnoses:
        reject()
    assert done.failures == ()
    assert done.left.findings == ()
    assert not after.diagnoses or after.text == text
    assert meaning(after.fields) == meaning(before.fields)
    assert comments_of(after.text) == comments_of(text)
    assert ends_in(after.text) <= (ends_in(text) or {"\n"})
    return after.text


def ends_in(text: str) -> set[str]:
    """How lines of a text end: in "\\n", in "\\r\\n", or in both."""
    return set(re.findall(r"\r?\n", text))


# Between two tokens stand blanks, line ends or comments, or nothing where none are needed.
GAPS = [
    " ",
    "",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "\n  \n\n\t",
    " \r\n",
    "\r\n    ",
    "  # '\n",
    "\n# {\r\n#\n  ",
]
GAP = st.sampled_from(GAPS)


@st.composite
def spread(draw: st.DrawFn, tokens: list[str]) -> str:
    """Tokens with anything that may stand between them."""
    parts = []
    for one, other in zip(tokens, [*tokens[1:], ""], strict=True):
        gap = draw(GAP)
        # Two words would become one, and so might a number and what follows it.
        needed = re.search(r"[\w.'\"]$", one) and re.match(r"[\w.'\"]", other)
        parts += [one, " " if needed and not gap else gap]
    return draw(GAP) + "".join(parts)


VALUES = st.sampled_from(
    ["1", "-.5", "3.", "TRAIN", "'a'", '"b"', "'\"'", '"\'"', r"'\'\x41'", "'#' \"c\"", "'é'"]
)
NAMES = st.sampled_from(
    ["name", "type", "bottom", "top", "param", "loss_weight", "include", "stride", "[a.b]"]
)
SEPARATORS = st.sampled_from(["", "", "", ",", ";"])
BRACKETS = st.sampled_from([("{", "}"), ("<", ">")])

Tokens = list[str]


def value_tokens(value: str) -> Tokens:
    return re.findall(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|-|[^\s'\"-]+", value)


@st.composite
def field_tokens(draw: st.DrawFn) -> Tokens:
    separator = draw(SEPARATORS)
    values = [value_tokens(draw(VALUES))]
    if draw(st.booleans()):
        more = draw(st.lists(VALUES.map(value_tokens), max_size=2))
        listed = values[0] + [token for value in more for token in (",", *value)]
        values = [["[", *listed, "]"]]
    return [draw(NAMES), ":", *values[0], *([separator] if separator else [])]


def message_tokens(inner: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    names = st.sampled_from(["layer", "layers", "net_param", "convolution_param", "param"])

    @st.composite
    def tokens(draw: st.DrawFn) -> Tokens:
        fields = [token for field in draw(st.lists(inner, max_size=5)) for token in field]
        opening, closing = draw(BRACKETS)
        name, separator = draw(names), draw(SEPARATORS)
        body = [opening, *fields, closing]
        if draw(st.integers(0, 7)) == 0:
            body = ["[", *body, ",", "{", "}", "]"]
        colon = [":"] if draw(st.booleans()) else []
        return [name, *colon, *body, *([separator] if separator else [])]

    return tokens()


NETS = st.lists(
    st.recursive(field_tokens(), message_tokens, max_leaves=8), min_size=1, max_size=4
).map(lambda fields: [token for field in fields for token in field])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(NETS.flatmap(spread), PREFERENCES)
def test_any_layout_becomes_one_that_stays(text: str, preferences: Preferences) -> None:
    assert not read(Source(text)).diagnoses
    after = hold(text, preferences)
    assert hold(after, preferences) == after
    assert len(ends_in(after)) <= 1


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(NETS.flatmap(spread), st.sampled_from(sorted(STYLE)))
def test_each_rule_does_so_by_itself(text: str, code: str) -> None:
    hold(text, codes=frozenset({code}))


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(NETS.flatmap(spread).filter(ends_in))
def test_crlf_stays(text: str) -> None:
    lf = text.replace("\r\n", "\n")
    assert hold(lf.replace("\n", "\r\n")) == hold(lf).replace("\n", "\r\n")


SMALL = [path for path in corpus_files() if path.stat().st_size < 8_000]


@needs_shared
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), PREFERENCES)
def test_corpus_files_that_somebody_has_pushed_about(
    data: st.DataObject, preferences: Preferences
) -> None:
    path = data.draw(st.sampled_from(SMALL))
    text = Source.from_bytes(path.read_bytes()).text
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=20))
    gaps = data.draw(st.lists(GAP, min_size=len(places), max_size=len(places)))
    for place, gap in sorted(zip(places, gaps, strict=True), reverse=True):
        text = text[:place] + gap + text[place:]
    hold(text, preferences)


@needs_shared
@pytest.mark.parametrize("path", corpus_files(), ids=corpus_id)
def test_the_corpus(path: Path) -> None:
    source = Source.from_bytes(path.read_bytes())
    after = hold(source.text)
    if not read(source).diagnoses:
        assert hold(after) == after
