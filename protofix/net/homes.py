"""Where a field belongs that stands in a message which does not have it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from caffe_proto import Schema, messages_of_forks_with
from protofix.net.binding import Lack
from protofix.net.names import in_words, known_by, param_of_type
from protofix.textproto.tree import Document, Message, scalars_named

_NET, _SOLVER, _LAYER = "NetParameter", "SolverParameter", "LayerParameter"
_V1_LAYER, _V0_LAYER = "V1LayerParameter", "V0LayerParameter"

_TRANSFORM = "transform_param"

_REMEMBERED = 1000  # questions, of names that files make up

# What `protofix upgrade` makes of what only a V1 layer has, within `param { }`.
_OF_V1 = {"blobs_lr": "lr_mult", "weight_decay": "decay_mult", "blob_share_mode": "share_mode"}


def messages_around(document: Document, start: int) -> tuple[Message, ...]:
    """The messages of the text around the node that begins at `start`, the outermost first."""
    around: list[Message] = []
    fields = document.fields
    while True:
        at = bisect_right(fields, start, key=lambda it: it.start) - 1
        found = fields[at] if at >= 0 else None
        if not isinstance(found, Message) or found.start == start:
            return tuple(around)
        around.append(found)
        fields = found.fields


def likely_home(lack: Lack, around: Sequence[Message], schema: Schema) -> str | None:
    """Say where a field belongs if there is one place near by that it can have been meant for.

    That is a message of the one it stands in or, within a layer, the layer or the message of it
    that goes with the layer's type. None if there is no such place. `around` is as
    `messages_around` gives it.
    """
    if lack.owner == _V0_LAYER:
        return None
    if lack.owner == _LAYER and lack.name in _OF_V1:
        return _v1_words(lack.name)
    here = _holders(lack.owner, lack.name, schema)
    layers = [message for message in around if message.name in ("layer", "layers")]
    if not layers:
        return _belongs(here) if len(here) == 1 else None
    owner = _LAYER if layers[-1].name == "layer" else _V1_LAYER
    if lack.owner != owner:
        if here:
            return _belongs(here)
        known = schema.messages.get(owner)
        if known is not None and lack.name in known.fields:
            return f"it belongs in the layer, outside `{around[-1].name}`"
        here = _holders(owner, lack.name, schema)
    types = scalars_named(layers[-1].fields, "type")
    own = param_of_type(types[-1].value, here) if types else None
    # What both have, data layers' own messages have for the sake of old files alone.
    own_first = own is not None and not own.endswith("data_param")
    order = (own, _TRANSFORM) if own_first else (_TRANSFORM, own)
    likely = [home for home in order if home in here]
    return _belongs(likely[:1] or here) if likely or len(here) == 1 else None


def any_home(lack: Lack, around: Sequence[Message], schema: Schema) -> str | None:
    """Say which messages have a field of that name, be it in another kind of file.

    None if no message has.
    """
    names = {message.name for message in around}
    if "layers" in names and lack.name in _OF_V1.values():
        return f"`layers` have `{next(v1 for v1, it in _OF_V1.items() if it == lack.name)}` for it"
    layer = _V1_LAYER if "layers" in names else _LAYER if "layer" in names else ""
    homes = _holders(layer, lack.name, schema)
    for kind, words in ((_NET, "at the top of a net"), (_SOLVER, "in a solver")):
        message = schema.messages.get(kind)
        if not homes and message is not None and lack.name in message.fields:
            return f"it belongs {words}"
    homes = homes or _holders_anywhere(lack.name, schema)
    if homes:
        return _belongs(homes)
    for owner, words in ((_V1_LAYER, _v1_words(lack.name)), (_V0_LAYER, _v0_words())):
        message = schema.messages.get(owner)
        if message is not None and lack.name in message.fields:
            return words
    return None


def home_in_fork(lack: Lack) -> str | None:
    """Say which message of a fork has a field of that name; None if no fork's has."""
    for message, dialects in messages_of_forks_with(lack.name).items():
        return f"{message} of {known_by(dialects)} has it"
    return None


@lru_cache(_REMEMBERED)
def _holders(owner: str, name: str, schema: Schema) -> tuple[str, ...]:
    """The fields of a message that hold messages which have a field of that name."""
    message = schema.messages.get(owner)
    return tuple(
        field.name
        for field in (message.fields.values() if message else ())
        if field.kind == "message" and name in schema.messages[field.type_name or ""].fields
    )


@lru_cache(_REMEMBERED)
def _holders_anywhere(name: str, schema: Schema) -> tuple[str, ...]:
    """The same of all messages but those of the old formats, in the order of the alphabet."""
    owners = schema.messages.keys() - {_V0_LAYER, _V1_LAYER}
    found = {home for owner in owners for home in _holders(owner, name, schema)}
    return tuple(sorted(found - {"layers"}))


def _belongs(homes: Sequence[str]) -> str:
    return f"it belongs in {in_words([f'`{home}`' for home in homes], 'or')}"


def _v1_words(name: str) -> str:
    said = "`layers` of the V1 format have it"
    today = _OF_V1.get(name)
    return f"{said}; `protofix upgrade` makes `param {{ {today} }}` of it" if today else said


def _v0_words() -> str:
    return "`layers { layer { } }` of the V0 format have it"
