"""How rules are named: by a code, the beginning of one, a name, or all at once.

A selector is a code ("PF401"), the beginning of one ("PF4"), the name of a rule ("unread-top"), or
"ALL". Of two that clash the longer one counts: with PF4 ignored and PF401 selected, PF401 looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from protofix.net.names import nearest

ALL = "ALL"


class SelectionError(ValueError):
    """What was written names no rule, or leaves none; the message says what would be right."""


def known_selector(written: str, rules: Mapping[str, str]) -> str:
    """Give a selector as it is compared; `rules` are the names by the codes.

    Raises SelectionError if it means no rule.
    """
    selector = written.strip()
    if selector.upper() == ALL:
        return ALL
    code = selector.upper()
    if code.startswith("PF") and any(it.startswith(code) for it in rules):
        return code
    name = selector.lower()
    if name in rules.values():
        return name
    meant = nearest(name, rules.values())
    right = f"did you mean `{meant}`?" if meant else "`protofix rules` lists them"
    raise SelectionError(f"there is no rule `{written}`: {right}")


def means(selector: str, code: str, name: str) -> bool:
    """Whether a selector, as `known_selector` gives it, means a rule."""
    return selector in (ALL, name) or (selector.startswith("PF") and code.startswith(selector))


def chosen_codes(
    rules: Mapping[str, str],
    on: frozenset[str],
    select: Sequence[str] | None = None,
    ignore: Iterable[str] = (),
    extend: Iterable[str] = (),
) -> frozenset[str]:
    """The codes of the rules that look, out of `rules`, the names by the codes.

    Without `select` those do that are `on` by themselves; `extend` adds to either. Raises
    SelectionError for a selector that means no rule.
    """
    wanted = [known_selector(it, rules) for it in (*(select or ()), *extend)]
    unwanted = [known_selector(it, rules) for it in ignore]
    first = on if select is None else frozenset[str]()
    return frozenset(
        code
        for code, name in rules.items()
        if _closest(wanted, code, name, 0 if code in first else -1)
        > _closest(unwanted, code, name, -1)
    )


def _closest(selectors: Iterable[str], code: str, name: str, without: int) -> int:
    """How closely a rule is named by the one of some selectors that does so most closely."""
    return max([without, *(_weight(it) for it in selectors if means(it, code, name))])


def _weight(selector: str) -> int:
    """How closely a selector names a rule; a name does so as closely as a whole code."""
    return 0 if selector == ALL else len(selector) if selector.startswith("PF") else len("PF000")
