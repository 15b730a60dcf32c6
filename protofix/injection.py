"""Putting a class-weighted loss into a net, taking it out again, and going back to old Caffe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from caffe_proto import base_schema
from protofix.files import NewFile
from protofix.infogain.chains import Chain, find_chains
from protofix.infogain.legacy import to_legacy
from protofix.infogain.losses import has_matrix, infogain_losses
from protofix.infogain.matrix.checks import concerns
from protofix.infogain.mixtures import OtherProbabilities, find_other_probabilities
from protofix.infogain.proof.heads import Era, refuse_unknown_era
from protofix.infogain.proof.nets import ProofOptions, prove_nets
from protofix.infogain.proof.results import Aspect, Proof
from protofix.infogain.proof.structure import (
    new_refusals,
    standing_refusals,
    structure_problems,
)
from protofix.infogain.softmax_loss import (
    INFOGAIN_LOSS,
    SOFTMAX_LOSS,
    refuse_fork,
    softmax_losses,
    to_infogain,
    to_softmax_loss,
)
from protofix.infogain.sources import (
    FromDatabase,
    FromFile,
    FromHdf5,
    Given,
    GivenMatrix,
    Way,
    give_matrix,
)
from protofix.migration import refuse_mixed, refuse_what_is_no_net
from protofix.net.layers import Layer, Net, bind
from protofix.net.names import nearest
from protofix.net.view import view_of
from protofix.textproto.tree import Document
from protofix.upgrade.text.document import Upgrade, upgrade_document


class InjectionError(ValueError):
    """A loss cannot get its H so; the message is one line that says why and what would be right."""


@dataclass(frozen=True)
class InjectOptions:
    """What a person asks for.

    `way` says how H is given; `identity` asks for SoftmaxWithLoss back instead, the `target`
    "legacy" for what a Caffe before April 2017 reads. `losses` are names of losses; without any,
    all InfogainLosses are meant, or all SoftmaxWithLosses of a net that has none. New files are to
    lie in `folder`. A net in an old format is upgraded first, unless `upgrade` is false.

    Raises `InjectionError` for what does not go together, ValueError for a target that is none.
    """

    way: Way | None = None
    identity: bool = False
    target: Era = "fused"
    losses: tuple[str, ...] = ()
    folder: Path = Path()
    upgrade: bool = True

    def __post_init__(self) -> None:
        refuse_unknown_era(self.target)
        if self.identity and self.way is not None:
            raise InjectionError("--identity takes H away: give no H with it")
        if self.identity and self.legacy:
            raise InjectionError("--identity needs no --target: every Caffe has SoftmaxWithLoss")
        if not (self.identity or self.legacy or self.way):
            raise InjectionError(
                "inject needs an H: give --source, --compute-h, --h-data, --h-lmdb or "
                "--h-leveldb; or --identity, or --target legacy"
            )

    @property
    def legacy(self) -> bool:
        """Whether the net is for a Caffe before April 2017."""
        return self.target == "legacy"


@dataclass(frozen=True)
class InjectedLoss:
    """A loss and what it was and became: its type then and now."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Injection:
    """A net whose losses were given H, or from which H was taken.

    `upgrade` tells what was done about old formats, None if nothing was to be done or asked for.
    `losses` are those that were meant, `notes` tell what was done to them, `doubts` what could not
    be made sure of and is left for a person to see to. `matrix` is the H given, None where a layer
    computes it. The `proof` is of those losses, `asked` is in what their numbers may differ.
    """

    before: Document
    after: Document
    upgrade: Upgrade | None
    losses: tuple[InjectedLoss, ...]
    files: tuple[NewFile, ...]
    notes: tuple[str, ...]
    doubts: tuple[str, ...]
    matrix: GivenMatrix | None
    proof: Proof
    asked: frozenset[Aspect]

    @property
    def changed(self) -> bool:
        """Whether the text is another."""
        return self.before.text != self.after.text

    @property
    def complete(self) -> bool:
        """Whether nothing is left for a person to do."""
        upgraded = self.upgrade is None or self.upgrade.complete
        return not self.doubts and self.proof.holds_apart_from(self.asked) and upgraded

    @property
    def may_be_written(self) -> bool:
        """Whether no number is another than was asked for, or than a person is told to see to."""
        told = bool(self.doubts)
        return not self.proof.problems and all(
            loss.holds_apart_from(self.asked) or loss.old_aborts or (told and bool(loss.causes))
            for loss in self.proof.losses
        )


def inject_document(document: Document, options: InjectOptions) -> Injection:
    """Give H to losses in the way asked for, or take it from them. Nothing is written.

    Raises `InjectionError`, `ConversionError`, `SourceError` or `MatrixError` if it cannot be done,
    or not rightly; `MigrationError` for a file that is no net, and `UpgradeError` for one that
    cannot be upgraded.
    """
    refuse_what_is_no_net(document, base_schema())
    refuse_mixed(document, InjectionError)
    original = document
    upgrade = upgrade_document(document) if options.upgrade else None
    document = upgrade.after if upgrade else document
    chosen = _chosen(document, options)
    _refuse_old_formats(document, chosen)
    work = _Work(document, chosen, options)
    work.run()
    after = work.document
    turned = _turned(document, after)
    now = [turned[loss.index] for loss in chosen]
    indexes = frozenset(loss.index for loss in now)
    proof = prove_nets(document, after, ProofOptions(options.target, tuple(work.files), indexes))
    problems = structure_problems(document, after, base_schema()) + new_refusals(document, after)
    work.doubts += standing_refusals(document, after, indexes)
    if after.text == document.text:
        # Nothing of the net was to be changed, so not its format either.
        upgrade, after = None, original
    return Injection(
        before=original,
        after=after,
        upgrade=upgrade,
        losses=tuple(
            InjectedLoss(was.name, was.type, loss.type)
            for was, loss in zip(chosen, now, strict=True)
        ),
        files=tuple(work.files),
        notes=tuple(work.notes),
        doubts=tuple(dict.fromkeys(work.doubts)),
        matrix=work.matrix,
        proof=Proof((*problems, *proof.problems), proof.losses),
        asked=frozenset(("H",) if options.identity or options.way is not None else ()),
    )


def _turned(document: Document, after: Document) -> dict[int, Layer]:
    """What became of the losses of a net, by their indices in it. They keep their order."""

    def losses(net: Document) -> list[Layer]:
        return [it for it in bind(net).layers if it.type in (INFOGAIN_LOSS, SOFTMAX_LOSS)]

    pairs = zip(losses(document), losses(after), strict=True)
    return {loss.index: now for loss, now in pairs}


class _Work:
    """One run: the document as it stands, and what was done to it."""

    def __init__(
        self, document: Document, chosen: tuple[Layer, ...], options: InjectOptions
    ) -> None:
        self.document = document
        self.options = options
        self.chosen = chosen
        self.softmax = [layer for layer in chosen if layer.type == SOFTMAX_LOSS]
        self.infogain = [layer for layer in chosen if layer.type == INFOGAIN_LOSS]
        self.files: list[NewFile] = []
        self.notes: list[str] = []
        self.doubts: list[str] = []
        self.matrix: GivenMatrix | None = None

    def run(self) -> None:
        if self.options.identity:
            self._identity()
            return
        if self.options.way is None and self.softmax:
            names = " and ".join(f"`{loss.name}`" for loss in self.softmax)
            raise InjectionError(f"{names}: a SoftmaxWithLoss has no H, give one, --source say")
        refuse_fork(self.document, self.softmax)
        if not self.options.legacy:
            _refuse_chains(self.document, self.infogain, _option_of(self.options.way))
        self._say_doubts()
        numbers = self._infogain_numbers()
        for loss in self.softmax:
            self.document = to_infogain(self.document, loss.index, self.notes)
        if self.options.way is not None:
            given = give_matrix(
                self.document, numbers, self.options.way, self.options.folder, self.options.legacy
            )
            self._take(given)
        if self.options.legacy:
            self._legacy(numbers)
        elif any(loss.format < 2 for loss in infogain_losses(bind(self.document))):
            self.doubts.append(
                "the net stays in the V1 format, which is that of Caffes before April 2017: their "
                "InfogainLoss wants probabilities, which --target legacy gives it"
            )
        if self.matrix is not None:
            self.notes += [
                f"{self.matrix.path}: {concern.message}"
                for concern in concerns(self.matrix.values)
                if concern.severity != "note"
            ]

    def _identity(self) -> None:
        _refuse_chains(self.document, self.infogain, "--identity")
        chosen = {loss.index for loss in self.infogain}
        for other in find_other_probabilities(view_of(self.document)):
            if other.loss.index in chosen:
                raise InjectionError(
                    f"`{other.loss.name}` reads {other.reason}, and SoftmaxWithLoss would take "
                    f"their softmax: {_way_to_scores(other)}"
                )
        # Each that is no InfogainLoss any more lowers the numbers of those behind it.
        for done, number in enumerate(self._infogain_numbers()):
            self.document = to_softmax_loss(self.document, number - done, self.notes)
        self.notes += [f"`{loss.name}` is a SoftmaxWithLoss already" for loss in self.softmax]

    def _infogain_numbers(self) -> list[int]:
        """Where the losses stand among the InfogainLosses that the net has once they are such."""
        meant = {loss.index for loss in self.chosen}
        if self.options.identity:
            meant = {loss.index for loss in self.infogain}
        there = [
            layer.index
            for layer in bind(self.document).layers
            if layer.type == INFOGAIN_LOSS or layer.index in meant
        ]
        return [number for number, index in enumerate(there) if index in meant]

    def _say_doubts(self) -> None:
        view = view_of(self.document)
        chosen = {loss.index for loss in self.chosen}
        for other in find_other_probabilities(view):
            # A Caffe before April 2017 wants probabilities, whatever their making.
            if other.loss.index in chosen and not self.options.legacy:
                self.doubts.append(f"`{other.loss.name}` reads {other.reason}; {other.advice}")
        for loss in self.softmax:
            for graph, _ in view.keeping(loss):
                source = graph.source_of(loss, 0)
                maker = graph.maker_of(source) if source else None
                if maker is not None and maker.type == "Softmax":
                    self.doubts.append(
                        f"`{loss.name}` reads the probabilities of Softmax `{maker.name}`, so that "
                        "softmax works twice, as it did before: let it read the scores"
                    )

    def _take(self, given: Given) -> None:
        self.document = given.document
        self.files += given.files
        self.notes += given.notes
        self.doubts += given.doubts
        self.matrix = given.matrix

    def _legacy(self, numbers: list[int]) -> None:
        given = self.options.way is not None
        result = to_legacy(self.document, numbers, self.options.folder, given)
        self.document = result.document
        self.files += result.files
        self.notes += result.notes
        self.doubts += result.doubts
        every = infogain_losses(bind(self.document))
        for loss in (every[number] for number in numbers):
            if not has_matrix(loss):
                self.doubts.append(f"`{loss.name}` has no matrix H: give one, --source say")


def _chosen(document: Document, options: InjectOptions) -> tuple[Layer, ...]:
    """The losses that are meant, in the order of the file."""
    net = bind(document)
    infogain, softmax = infogain_losses(net), softmax_losses(net)
    there = [layer for layer in net.layers if layer in infogain or layer in softmax]
    path = document.source.path
    if not there:
        raise InjectionError(f"{path}: has no InfogainLoss and no SoftmaxWithLoss{_close_by(net)}")
    if not options.losses:
        return tuple(infogain or softmax)
    names = {layer.name for layer in there}
    for name in options.losses:
        if name not in names:
            known = ", ".join(f"`{one}`" for one in dict.fromkeys(it.name for it in there))
            close = nearest(name, names)
            hint = f"did you mean `{close}`?" if close else f"there are {known}"
            raise InjectionError(f"{path}: has no loss `{name}` to give H to: {hint}")
    return tuple(layer for layer in there if layer.name in options.losses)


def _close_by(net: Net) -> str:
    """Another loss of classes, if there is one that could be meant."""
    for layer in net.layers:
        if layer.type in ("MultinomialLogisticLoss", "SoftmaxWithLossOHEM"):
            return f" (`{layer.name}` is a {layer.type}: make it a SoftmaxWithLoss first)"
    return ""


def _refuse_old_formats(document: Document, losses: Iterable[Layer]) -> None:
    for loss in losses:
        if loss.format == 0:
            raise InjectionError(
                f"{document.source.path}: is in the V0 format: upgrade it, without --no-upgrade"
            )


def _refuse_chains(document: Document, losses: list[Layer], option: str) -> None:
    """Refuse losses that still read probabilities."""
    chains: dict[int, Chain] = {c.loss.index: c for c in find_chains(view_of(document))}
    for loss in losses:
        chain = chains.get(loss.index)
        if chain is not None:
            with_way = "" if option == "--identity" else f" {option}"
            first = " first" if option == "--identity" else ""
            raise InjectionError(
                f"{document.source.path}: `{loss.name}` reads the probabilities of Softmax "
                f"`{chain.activation.name}`, as Caffe before April 2017 wanted it: "
                f"`protofix migrate{with_way}` fuses the two{first or ' and gives H'}"
            )


def _way_to_scores(other: OtherProbabilities) -> str:
    if other.sums_to_one is False:
        return "let it read scores first"
    how = "--log-layer" if other.sums_to_one else f"--sums-to-one {other.loss.name}, if they do,"
    return f"`protofix migrate {how}` makes scores of them first"


def _option_of(way: Way | None) -> str:
    if isinstance(way, FromFile):
        return f"--source {way.path}"
    if isinstance(way, FromHdf5):
        return f"--h-data {way.path}"
    if isinstance(way, FromDatabase):
        return f"--h-{way.backend.lower()} {way.path}"
    return "--compute-h"
