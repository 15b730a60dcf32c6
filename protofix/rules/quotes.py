"""A string in other quotes than those of the project.

The text format takes both. The quotes are double ones if nothing else is configured (`quotes =
"single"`). A string that holds the wanted quote stays as it is, since each would have to be
escaped; all other bytes stay as they are.

Wrong:

    name: 'LeNet'
    layer { type: 'Python' python_param { param_str: '{"seed": 1}' } }

Right:

    name: "LeNet"
    layer { type: "Python" python_param { param_str: '{"seed": 1}' } }
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, in_runs, on_lines
from protofix.textproto.edits import Edit
from protofix.textproto.tokens import by_line, tokens_of

CODE = "PF802"
NAME = "quotes"
SEVERITY = "info"
ON = False

_QUOTES = {"double": '"', "single": "'"}
_NAMES = {quote: name for name, quote in _QUOTES.items()}

_ESCAPE = re.compile(r"\\(.)")


def _spots(context: Context) -> Spots:
    return _LOOKS[context.preferences.quotes](context)


def _on_line(line: str, wanted: str) -> Iterator[Spot | None]:
    for token in tokens_of(line):
        if token.kind == "STRING":
            literal = line[token.start : token.end]
            if literal[0] == wanted:
                yield None
            elif wanted not in literal:
                wrong = f"a string in {_NAMES[literal[0]]} quotes, not in {_NAMES[wanted]} ones"
                edit = Edit(token.start, token.end, f"{wanted}{_unescaped(literal)}{wanted}")
                yield Spot(token.start, token.end, wrong, (edit,))


def _unescaped(literal: str) -> str:
    """What is between the quotes of a literal; its own quote needs no escape in the others."""
    quote = literal[0]
    return _ESCAPE.sub(lambda it: quote if it[1] == quote else it[0], literal[1:-1])


def _look(wanted: str) -> Callable[[Context], Spots]:
    return on_lines(by_line(lambda line: tuple(_on_line(line, wanted))))


_LOOKS = {name: _look(quote) for name, quote in _QUOTES.items()}

check = in_runs(_spots, "string", "write the quotes of the project")
