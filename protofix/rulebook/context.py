"""What a rule is given: a document, and all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from caffe_proto import Schema
from protofix.net.binding import Misfit
from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.dialects import Dialect, Fit, fit
from protofix.net.names import nearest
from protofix.net.own_layers import OwnLayer, own_layers
from protofix.net.shapes import Shape
from protofix.net.solvers import SolverNet, nets_of_solver
from protofix.net.states import AskedState
from protofix.net.values import Values
from protofix.net.view import NetBuilder, NetView
from protofix.net.which_caffe import WhichCaffe
from protofix.rulebook.findings import Looked
from protofix.textproto.tree import Document, Message

if TYPE_CHECKING:
    from protofix.rulebook.ignores import Ignore
    from protofix.upgrade.text.document import Upgrader


Target = Literal["fused", "legacy"]
"""The Caffe that nets are for: one whose InfogainLoss holds the softmax (since April 2017), or one
before."""


@dataclass(frozen=True)
class Preferences:
    """What the rules of style hold a file against: blanks a level, and the quote of strings."""

    indent: int = 2
    quotes: Literal["double", "single"] = "double"


PLAIN = Preferences()
"""What they hold it against if nobody says otherwise."""


@dataclass(frozen=True)
class Context:
    """A document and all that was worked out about it, each part once and when it is wanted.

    `chosen` is the dialect that a person set; without one it is found from what the file uses.
    `asked` are the states that a net is to be looked at in, without any all that a person can mean;
    `given` and `files` tell the shapes of data, as `protofix.net.build` has it.
    """

    document: Document
    chosen: Dialect | None = None
    asked: tuple[AskedState, ...] = ()
    given: Mapping[str, Shape] | None = None
    files: DataFiles | None = None
    target: Target = "fused"
    preferences: Preferences = PLAIN
    looked: Looked = field(
        default_factory=lambda: Looked({}, frozenset(), frozenset(), (), frozenset())
    )

    @cached_property
    def ignores(self) -> tuple[Ignore, ...]:
        """The comments that ask for findings to be left out."""
        if "protofix" not in self.document.text.lower():
            return ()
        from protofix.rulebook.ignores import ignores_in  # Few files have any.

        return ignores_in(self.document)

    @cached_property
    def fit(self) -> Fit:
        """The document as its dialect reads it."""
        return fit(self.document, self.chosen)

    @property
    def dialect(self) -> Dialect:
        """The dialect that the document is held against."""
        return self.fit.dialect

    @property
    def schema(self) -> Schema:
        """The schema of that dialect."""
        return self.dialect.schema

    @property
    def kind(self) -> str | None:
        """The message the file holds; None if it holds none that Caffe knows."""
        return self.fit.kind

    @cached_property
    def misfits(self) -> list[Misfit]:
        """What does not fit the schema."""
        # What is no right token has been said to be none; its type is nothing more to say.
        # So has what stands behind a stray character, such as the bracket of `${NAME}`.
        said = {diagnosis.start for diagnosis in self.document.diagnoses}
        said |= {it.end for it in self.document.diagnoses if it.kind == "character"}
        return [misfit for misfit in self.fit.misfits if misfit.start not in said]

    @cached_property
    def own_layers(self) -> tuple[OwnLayer, ...]:
        """The layers of forks that are not known here.

        A schema that a user brings is that of the fork: what it lacks is no fork's own.
        """
        return () if self.dialect.types is None else tuple(own_layers(self.misfits))

    @cached_property
    def views(self) -> tuple[NetView, ...]:
        """The net in all its states; of a solver, the nets that it holds, in its states.

        None of another file, or of one that could not be read whole: what a mistake in the text
        hides would look as if it were missing.
        """
        if self.document.diagnoses or self._hides_layers:
            return ()
        asked = [net.states(self.asked) for _, net in self._held]
        if self.kind == "NetParameter":
            asked = [self.asked]
        return tuple(
            builder.view(states) for builder, states in zip(self._builders, asked, strict=True)
        )

    @property
    def _hides_layers(self) -> bool:
        """Whether a layer is there by a slip in the word itself, so that what it makes is not."""
        return any(
            isinstance(lack.node, Message) and nearest(lack.name, ("layer", "layers"))
            for lack in self.fit.lacks
            if lack.owner == "NetParameter"
        )

    @cached_property
    def _builders(self) -> tuple[NetBuilder, ...]:
        """What builds each net that the file holds."""
        nodes = [None] if self.kind == "NetParameter" else [node for node, _ in self._held]
        document, caffe = self.document, self._which_caffe
        return tuple(NetBuilder(document, caffe, node, self.given, self.files) for node in nodes)

    @property
    def _which_caffe(self) -> WhichCaffe:
        """Which Caffe the file is for."""
        if not self.fit.misfits:
            return WhichCaffe(self.dialect.name)
        from protofix.net.unexplained_fields import which_caffe  # Few files lack anything.

        return which_caffe(self.document, self.fit)

    @property
    def _held(self) -> list[tuple[Message, SolverNet]]:
        """The nets that a solver holds itself."""
        return [(net.node, net) for net in self.nets if isinstance(net.node, Message)]

    @cached_property
    def upgrader(self) -> Upgrader:
        """What brings a net or a solver that could be read whole up to date."""
        # Few nets are in an old format, and it is much to import.
        from protofix.upgrade.text.document import Upgrader

        return Upgrader(self.document, self.fit)

    @cached_property
    def layer_types(self) -> frozenset[str]:
        """The types of all layers of its nets, in whatever state."""
        return frozenset(layer.type for view in self.views for layer in view.net.layers)

    @cached_property
    def nets(self) -> tuple[SolverNet, ...]:
        """The nets that a solver holds or names, with its states; none of another file."""
        return nets_of_solver(self.document) if self.kind == "SolverParameter" else ()

    @cached_property
    def solver(self) -> Values:
        """The fields of a solver; none of another file, or of one that could not be read whole."""
        whole = self.kind == "SolverParameter" and not self.document.diagnoses
        return Values(self.document.fields if whole else ())

    @cached_property
    def misspelt(self) -> frozenset[str]:
        """The fields of a solver that are there by slips of their names, as PF101 says."""
        owner = self.schema.messages.get("SolverParameter")
        if owner is None:
            return frozenset()
        lacks = (it for it in self.fit.lacks if it.owner == "SolverParameter")
        names = (nearest(lack.name, owner.fields) for lack in lacks)
        return frozenset(name for name in names if name is not None)

    def alone(self, view: NetView, built: Built) -> Context:
        """The same, as if one net of it had been looked at in one of its states alone."""
        one = self._kept(replace(self))
        vars(one)["views"] = (NetView(view.net, (built,), ()),)
        return one

    def looked_at(self, looked: Looked) -> Context:
        """The same, once the rules have looked."""
        return self._kept(replace(self, looked=looked), "views", "layer_types")

    def asked_in(self, asked: tuple[AskedState, ...]) -> Context:
        """The same document, its net in other states."""
        return self._kept(replace(self, asked=asked))

    def _kept(self, other: Context, *names: str) -> Context:
        """Keep in another context what was worked out of the document, and what has these names."""
        own = vars(self)
        vars(other).update({it: own[it] for it in (*_OF_THE_DOCUMENT, *names) if it in own})
        return other


_OF_THE_DOCUMENT = (
    "_builders",
    "fit",
    "ignores",
    "misfits",
    "misspelt",
    "nets",
    "own_layers",
    "solver",
    "upgrader",
)
"""What is worked out of a document, whatever states its nets are looked at in."""
