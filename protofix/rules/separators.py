"""A `,` or `;` between fields.

The text format takes one behind each field and needs none; only between the values of a list does
a `,` belong.

Wrong:

    layer { name: "data", type: "Input", top: "data"; }

Right:

    layer { name: "data" type: "Input" top: "data" }
"""

from __future__ import annotations

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, in_runs
from protofix.textproto.edits import Edit
from protofix.textproto.source import BLANKS
from protofix.textproto.tokens import CLOSERS, OPENERS, Token, tokens_of

CODE = "PF809"
NAME = "separators"
SEVERITY = "info"
ON = False


_SEPARATORS = ("COMMA", "SEMICOLON")


def _spots(context: Context) -> Spots:
    text = context.document.text
    if "," not in text and ";" not in text:
        return
    open_brackets: list[str] = []
    base = 0
    for line in context.document.source.lines:
        tokens = tokens_of(line)
        for at, token in enumerate(tokens):
            if token.kind in OPENERS:
                open_brackets.append(token.kind)
            elif token.kind in CLOSERS:
                open_brackets.pop()
            elif token.kind in _SEPARATORS and open_brackets[-1:] != ["LSQUARE"]:
                wrong = f"`{line[token.start]}` behind a field, which needs none"
                edit = _removal(line, tokens, at)
                yield Spot(token.start, token.end, wrong, (edit,)).moved(base)
        base += len(line) + 1


def _removal(line: str, tokens: tuple[Token, ...], at: int) -> Edit:
    """The edit, from the beginning of its line on, that takes a separator out."""
    end = tokens[at].end
    rest = line.removesuffix("\r")[end:]
    if at:
        return Edit(tokens[at - 1].end, end, " " if rest and rest[0] not in BLANKS else "")
    # Its line begins with it, and goes on where it did.
    return Edit(tokens[at].start, end + len(rest) - len(rest.lstrip(BLANKS)), "")


check = in_runs(_spots, "separator", "take it out")
