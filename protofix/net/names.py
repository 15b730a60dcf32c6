"""What names stand for: the one a slip of the pen meant, today's layer type for an old one.

Also the numbers of V1 types by name, and dialects by the titles that people know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from caffe_proto import (
    AUTO,
    BVLC,
    DIALECTS,
    LAYERS,
    V0_TYPES,
    V1_TYPES,
    dialect_title,
    fork_v1_types,
    layer_types,
    value_anywhere,
)

_SHORT, _ALIKE_SHORT, _ALIKE = 5, 0.75, 0.8  # "nmae" is as near as 0.75 to "name"
_COMMON_END = "_param"  # of most messages of a layer, so that it makes no two of them alike

# Types whose parameters go by another's name.
_SHARED_PARAMS = {"Deconvolution": "Convolution"}

# What other frameworks call a field of Caffe's.
_ELSEWHERE = {
    "padding": "pad",
    "filters": "num_output",
    "out_channels": "num_output",
    "groups": "group",
    "epsilon": "eps",
    "learning_rate": "base_lr",
}

_NAMED = 3  # names in a message

# The words of a type: "Conv2DLocal" has Conv, 2, D and Local.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_EMPTY_WORDS = ("layer", "with")  # which people add to the name of a type without another in mind
_SHORT_TYPE = 4  # letters: nearly any other of so many is a name as well


def _alike(written: str, names: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """The name that is most alike, if one is alike enough."""
    from difflib import get_close_matches  # Most files have no slip to be looked up.

    return get_close_matches(written, list(names), n=1, cutoff=cutoff)


def nearest(written: str, names: Iterable[str]) -> str | None:
    """The name that was most likely meant; None if none is near.

    One that has another number of words, such as IMAGE_SEG_DATA beside IMAGE_DATA, is not. Nor is
    a message one of whose words is another, such as my_data_param beside dummy_data_param.
    """
    by_spelling = {_spelling(name): name for name in names}
    spelling = _spelling(written)
    plain = {it.replace("_", ""): name for it, name in by_spelling.items()}
    if spelling.replace("_", "") in plain:
        return plain[spelling.replace("_", "")]
    ends_so = spelling.endswith(_COMMON_END)
    core = spelling.removesuffix(_COMMON_END)
    cores = {
        it.removesuffix(_COMMON_END): name
        for it, name in by_spelling.items()
        if it.endswith(_COMMON_END) == ends_so and it.count("_") == spelling.count("_")
    }
    if ends_so:
        cores = {it: name for it, name in cores.items() if _of_like_words(core, it)}
    alike = _ALIKE_SHORT if len(core) <= _SHORT else _ALIKE
    found = _alike(core, cores, alike)
    return cores[found[0]] if found else by_spelling.get(_with_common_end(spelling))


def _of_like_words(core: str, other: str) -> bool:
    """Whether each word of a name is like that of another which stands in its place."""
    pairs = zip(core.split("_"), other.split("_"), strict=True)
    return all(_alike(word, [known]) for word, known in pairs)


def _with_common_end(spelling: str) -> str:
    """A name that ends in a slip of `_param`, such as `_parm`, with that end as it should be."""
    before, blank, end = spelling.rpartition("_")
    meant = before and _alike(blank + end, [_COMMON_END], _ALIKE)
    return before + _COMMON_END if meant else spelling


def nearest_type(written: str, types: Iterable[str]) -> str | None:
    """The layer type that was most likely meant; None if none is near.

    Types may be as today's Caffe or as the old formats name them. One with a word more, such as
    ImageGtData beside ImageData, is a type of its own.
    """
    near = nearest(written, types)
    return None if near is None or _is_another_type(written, near) else near


def _is_another_type(written: str, name: str) -> bool:
    """Whether people make such a name of another on purpose.

    They do by a word anywhere in it (EltwiseAccuracy) or a syllable before it (UNPOOLING). Of a
    short type they make one by a letter before it (RReLU) or another first letter (Flip of Clip).
    """
    words, known = _words(written), _words(name)
    if len(known) < len(words) and _in_order(known, words):
        return True
    made, of = _plain(written), _plain(name)
    before = len(made) - len(of) if made.endswith(of) else 0
    if len(of) <= _SHORT_TYPE:
        return before > 0 or made[:1] != of[:1]
    return before > 1


def _words(name: str) -> list[str]:
    found = (it.lower() for it in _WORD.findall(name))
    return [it for it in found if it not in _EMPTY_WORDS]


def _in_order(some: Iterable[str], words: Iterable[str]) -> bool:
    """Whether some words are all among others, in the same order."""
    rest: Iterator[str] = iter(words)
    return all(it in rest for it in some)


def field_called(written: str, fields: Iterable[str]) -> str | None:
    """The field that is called so elsewhere, or that begins with these words; None if none does.

    `fields` are those of a message, in the order in which they are declared.
    """
    names = list(fields)
    spelling = _spelling(written)
    longer = [name for name in names if name.startswith(f"{spelling}_")]
    if longer:
        whole = spelling + _COMMON_END
        return whole if whole in longer else longer[0]
    elsewhere = nearest(written, [it for it, ours in _ELSEWHERE.items() if ours in names])
    return _ELSEWHERE[elsewhere] if elsewhere else None


def dialect_named(written: str) -> str:
    """Give the name in `DIALECTS`, or "auto", that was written; case and the like do not matter.

    Titles will do: "Faster R-CNN". Raises ValueError, which says what is near or what there is.
    """
    names = {_plain(dialect_title(name)): name for name in DIALECTS}
    names |= {_plain(name): name for name in (AUTO, *DIALECTS)}
    found = names.get(_plain(written))
    if found is not None:
        return found
    near = _alike(_plain(written), names)
    right = (
        f"did you mean `{names[near[0]]}`?" if near else f"there are {', '.join((AUTO, *DIALECTS))}"
    )
    raise ValueError(f"there is no dialect `{written}`: {right}")


def _spelling(name: str) -> str:
    return name.lower().replace("-", "_")


def old_type(written: str) -> str | None:
    """Today's type string of a layer type as the old formats name it: "CONVOLUTION", "conv"."""
    v1 = V0_TYPES.get(written, written)
    return V1_TYPES.get(v1) or fork_v1_types().get(v1)


def type_of_v1_name(name: str) -> str | None:
    """Today's type string of what stands as the type of a V1 layer; None if no type is like it.

    Besides the types that the format has in some dialect, any type that reads the same but for
    case and underscores: `BATCH_NORM` can only be `BatchNorm`.
    """
    return V1_TYPES.get(name) or fork_v1_types().get(name) or _plain_types().get(_plain(name))


def v1_type_name(number: int) -> str | None:
    """Name of a number in the enum of V1 layer types, that of Caffe 1.0 or else of a fork."""
    return value_anywhere("V1LayerParameter.LayerType", number)


def slip_of_type(written: str) -> str | None:
    """The layer type that was clearly meant: it differs in case, in old ways, or by one letter.

    For types that may well be new ones: "Convolution3D" or "ReLU6" are slips of nothing.
    """
    known = _every_type()
    if written in known:
        return None
    alike = _plain_types().get(_plain(written))
    if alike is not None:
        return alike
    if old_type(written) is not None:
        return old_type(written)
    return next((name for name in sorted(known) if _one_letter_off(written, name)), None)


@cache
def _every_type() -> frozenset[str]:
    return frozenset().union(*map(layer_types, DIALECTS))


@cache
def _plain_types() -> dict[str, str]:
    """Every type by its plain spelling; Caffe's own go before a fork's that reads the same."""
    plain = {_plain(name): name for name in sorted(_every_type())}
    return plain | {_plain(name): name for name in LAYERS}


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _one_letter_off(written: str, name: str) -> bool:
    """Whether one letter is too many, missing, another or changed places, not at the end."""
    shorter, longer = sorted((written, name), key=len)
    if len(shorter) < 5 or len(longer) - len(shorter) > 1:
        return False
    at = next((i for i, c in enumerate(shorter) if c != longer[i]), len(shorter))
    if at == len(shorter) or longer[at].isdigit() or shorter[at].isdigit():
        return False
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    swapped = longer[at + 1 : at + 2] + longer[at : at + 1]
    return shorter[at + 1 :] == longer[at + 1 :] or (
        shorter[at : at + 2] == swapped and shorter[at + 2 :] == longer[at + 2 :]
    )


def param_of_type(layer_type: str, names: Iterable[str]) -> str | None:
    """Which of a layer's messages has the parameters of its type: "inner_product_param"."""
    today = old_type(layer_type) or layer_type
    wanted = _plain(_SHARED_PARAMS.get(today, today) + _COMMON_END)
    return next((name for name in names if _plain(name) == wanted), None)


def known_by(dialects: Sequence[str]) -> str:
    """Say who knows something, by title: "SegNet and yjxiong", "SSD, Intel, R-FCN and 2 more".

    What Caffe 1.0 knows is its own, whichever forks know it too. `dialects` are names in
    `DIALECTS`, one at least.
    """
    return in_words([dialect_title(name) for name in ((BVLC,) if BVLC in dialects else dialects)])


def counted(number: int, noun: str, none: str = "0") -> str:
    """A number of things: "1 file", "2 files"; of nothing, `none` of them."""
    return f"{number or none} {noun}{'' if number == 1 else 's'}"


def in_words(names: Sequence[str], link: str = "and") -> str:
    """Join names for a message: three of them at most, then "and 2 more"; one at least."""
    shown = list(names)
    if len(shown) > _NAMED:
        shown[_NAMED:] = [f"{len(shown) - _NAMED} more"]
    *first, last = shown
    return f"{', '.join(first)} {link} {last}" if first else last
