"""What the rules on losses behind a Softmax or Sigmoid of their own have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protofix.infogain.chains import Chain, Pattern
from protofix.infogain.mixtures import find_mixed
from protofix.infogain.plan import Plan, plan_fusing
from protofix.infogain.relatives import read_scores
from protofix.net.names import in_words
from protofix.net.view import NetView
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.rewriting import rewritten


def chained(
    pattern: Pattern,
    said: Callable[[Chain], str | None],
    mended: Callable[[NetView, Plan], Fix | None],
    unmended: str = "not to be fused",
) -> Callable[[Context], Iterator[Hit]]:
    """A check for the chains of a pattern, each said at what its loss reads.

    `said` gives None for a chain that is right as it is; `mended` is the fix of all chains of a net
    that may be fused, and `unmended` introduces why others may not.
    """

    def check(context: Context) -> Iterator[Hit]:
        for view in context.views:
            if all(layer.type not in pattern.losses for layer in view.net.layers):
                continue
            plan = plan_fusing(view, pattern=pattern)
            fix = mended(view, plan) if plan.chains else None
            for chain in sorted((*plan.chains, *plan.refused), key=lambda it: it.loss.index):
                bottom = chain.loss.bottoms[0]
                message = said(chain)
                if message is None:
                    continue
                if chain.obstacles:
                    reasons = "; ".join(obstacle.reason for obstacle in chain.obstacles)
                    message += f"; {unmended}: {reasons}"
                yield Hit(bottom.start, bottom.end, message, None if chain.obstacles else fix)

    return check


def applied_twice(pattern: Pattern, name: str) -> Callable[[Context], Iterator[Hit]]:
    """A check for losses that apply by themselves what a layer before them has applied."""

    def said(chain: Chain) -> str:
        reads = f"{probabilities(chain)}: {_what_to_read(chain)}"
        return f"`{chain.loss.name}` applies {name} itself, yet reads {reads}"

    def mended(view: NetView, plan: Plan) -> Fix | None:
        title = f"let {losses_of(plan)} read the scores"
        return rewritten(view, title, lambda it: read_scores(it, pattern), safe=False)

    plain = chained(pattern, said, mended, "to be mended by hand")

    def check(context: Context) -> Iterator[Hit]:
        yield from plain(context)
        for view in context.views:
            for mixed in find_mixed(view, pattern):
                bottom = mixed.loss.bottoms[0]
                mixers = in_words([f"{it.type} `{it.name}`" for it in reversed(mixed.mixers)])
                makers = in_words([f"`{it.name}`" for it in mixed.activations])
                message = (
                    f"`{mixed.loss.name}` applies {name} itself, yet reads `{bottom.name}`, what "
                    f"{mixers} made of the probabilities of {pattern.activation} {makers}: let it "
                    "read scores"
                )
                yield Hit(bottom.start, bottom.end, message)

    return check


def _what_to_read(chain: Chain) -> str:
    maker = chain.activation
    if any(obstacle.kind == "two-softmaxes" for obstacle in chain.obstacles):
        return f"let it read the scores before the first {maker.type}"
    if chain.scores == chain.loss.bottoms[0].name:
        return f"give `{maker.name}` a top of its own, so that the loss reads the scores"
    return f"let it read `{chain.scores}`"


def probabilities(chain: Chain) -> str:
    """What a loss reads: "`prob`, the probabilities that Softmax `prob` makes of `fc`"."""
    makers = " and ".join(f"`{layer.name}`" for layer in chain.activations)
    return (
        f"`{chain.loss.bottoms[0].name}`, the probabilities that {chain.activation.type} {makers} "
        f"makes of `{chain.scores}`"
    )


def losses_of(plan: Plan) -> str:
    """The losses that a plan mends: "`loss` and `loss2`"."""
    return " and ".join(f"`{chain.loss.name}`" for chain in plan.chains)
