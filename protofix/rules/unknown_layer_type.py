"""A layer whose type Caffe does not have.

Caffe stops with "Unknown layer type". It is a slip of the pen, a fork's type, or the name that an
old format had for it. A layer of a fork that is not known here has mostly a message of its own as
well, as a `Flip` has `flip_param`: both are said here, once, and `--schema` takes that fork's
caffe.proto. A schema does not tell which types there are: with one, only what is clearly a slip of
a known type is reported.

Wrong:

    layer { name: "conv1" type: "CONVOLUTION" }

Right:

    layer { name: "conv1" type: "Convolution" }

Wrong:

    layer { name: "fc" type: "InerProduct" }

Right:

    layer { name: "fc" type: "InnerProduct" }
"""

from collections.abc import Iterator

from caffe_proto import dialects_with_type
from protofix.net.binding import Lack, Misfit
from protofix.net.names import nearest_type, old_type, slip_of_type
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.lacks import Advice, instead, lacking, who_has_it
from protofix.textproto.edits import Mending

CODE = "PF109"
NAME = "unknown-layer-type"
SEVERITY = "error"
WANTS = "misfits"


def _advice(misfit: Misfit, lack: Lack, context: Context) -> Advice | None:
    types = context.dialect.types
    slip = slip_of_type(lack.name)
    if types is None:
        return Advice(f"did you mean `{slip}`?", _typed(misfit, context, slip))
    today = old_type(lack.name)
    if today is not None:
        said = f"that is what old formats call `{today}`"
        return Advice(said, _typed(misfit, context, today if today in types else None))
    if slip is not None and slip not in types:
        return Advice(f"did you mean `{slip}`? {who_has_it(dialects_with_type(slip))}")
    meant = slip or nearest_type(lack.name, sorted(types))
    return Advice(f"did you mean `{meant}`?", _typed(misfit, context, meant)) if meant else None


def _typed(misfit: Misfit, context: Context, meant: str | None) -> Mending | None:
    """Write the type that was meant; an old format's name or another spelling is certain."""
    if meant is None:
        return None
    text = context.document.text
    quote = text[misfit.start]
    literal = text[misfit.start + 1 : misfit.end - 1]
    if "\\" in literal or quote in literal:
        return None
    certain = old_type(literal) == meant or literal.lower() == meant.lower()
    return instead(misfit, f"{quote}{meant}{quote}", certain)


_check = lacking(NAME, _advice)


def check(context: Context) -> Iterator[Hit]:
    """Say it of each layer that some state keeps: Caffe does not look at the others."""
    dropped = [layer.node for view in context.views for layer in view.dropped()]
    for hit in _check(context):
        if not any(node.start <= hit.start < node.end for node in dropped):
            yield hit
