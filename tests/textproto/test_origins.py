"""Where places of a text were before rounds of edits."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protofix.textproto.edits import Edit, apply_edits
from protofix.textproto.origins import Origins, Span

# Edits of the text `abcdef`, a text of the result, and the places of the first that it came from.
CASES = {
    "no edit": ([], "c", (2, 2)),
    "before an edit": ([Edit(3, 4, "XY")], "c", (2, 2)),
    "behind a longer text": ([Edit(1, 2, "XYZ")], "d", (3, 3)),
    "behind a removal": ([Edit(0, 2, "")], "d", (3, 3)),
    "within new text": ([Edit(1, 3, "XYZ")], "Y", (1, 3)),
    "inserted": ([Edit(2, 2, "X")], "X", (2, 2)),
    "what an insertion pushes on": ([Edit(2, 2, "X")], "c", (2, 2)),
    "right behind a removal": ([Edit(1, 3, "")], "d", (1, 3)),
    "between edits": ([Edit(0, 1, "XY"), Edit(5, 6, "")], "c", (2, 2)),
    "edits side by side": ([Edit(1, 2, ""), Edit(2, 4, "X")], "X", (1, 4)),
}


@pytest.mark.parametrize("case", CASES)
def test_where_a_place_was(case: str) -> None:
    edits, text, span = CASES[case]
    place = apply_edits("abcdef", edits).index(text)
    assert Origins().after(edits).of(place) == Span(*span)


@st.composite
def rounds(draw: st.DrawFn) -> tuple[str, Origins]:
    """What some rounds of edits make of the alphabet, and where all of that was."""
    text, origins = string.ascii_lowercase, Origins()
    for _ in range(draw(st.integers(0, 3))):
        bounds = draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True))
        ordered = sorted(bounds)
        edits = [
            Edit(start, end, draw(st.text("XYZ", max_size=4)))
            for start, end in zip(ordered[::2], ordered[1::2], strict=False)
        ]
        text, origins = apply_edits(text, edits), origins.after(edits)
    return text, origins


@given(rounds())
def test_a_letter_comes_from_where_it_was(case: tuple[str, Origins]) -> None:
    text, origins = case
    for place, letter in enumerate(text):
        first, last = origins.of(place)
        if letter in string.ascii_lowercase:
            assert first <= string.ascii_lowercase.index(letter) <= last
        assert 0 <= first <= last <= len(string.ascii_lowercase)
