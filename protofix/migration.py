"""The main job: a legacy net in, the same net for today's Caffe out, with its proof."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from caffe_proto import Schema, base_schema
from protofix.files import NewFile
from protofix.infogain.chains import Chain
from protofix.infogain.fuse import Fused, FuseOptions, FuseResult, LossParam, fuse
from protofix.infogain.log_layer import Logged, keep_probabilities
from protofix.infogain.losses import has_matrix, infogain_losses, source_of
from protofix.infogain.matrix.reading import read_source
from protofix.infogain.matrix.values import MatrixError, check_matrix
from protofix.infogain.mixtures import OtherProbabilities, find_other_probabilities
from protofix.infogain.proof.nets import ProofOptions, prove_nets
from protofix.infogain.proof.results import Aspect, Proof
from protofix.infogain.proof.structure import left_over, reading_problems, structure_problems
from protofix.infogain.sources import (
    Given,
    Way,
    classes_of,
    give_matrix,
)
from protofix.net.kinds import kind_of_file
from protofix.net.layers import Layer, bind
from protofix.net.paths import find_file
from protofix.net.view import NetView, view_of
from protofix.textproto.tree import Document
from protofix.upgrade.text.document import Upgrade, refuse_mistakes, upgrade_document


class MigrationError(ValueError):
    """A net cannot be migrated; the message is one line that begins with the place."""


@dataclass(frozen=True)
class MigrateOptions:
    """What a person asks for: how to fuse, how H is given, and where new files are to lie.

    A net of which anything is fused or given is upgraded first, unless `upgrade` is false.
    `log_layer` keeps probabilities that sum to one, and are no plain Softmax, by a Log layer;
    `sums_to_one` names losses of which a person knows it where the file does not tell.
    """

    fuse: FuseOptions = field(default_factory=FuseOptions)
    way: Way | None = None
    folder: Path = Path()
    upgrade: bool = True
    log_layer: bool = False
    sums_to_one: tuple[str, ...] = ()


@dataclass(frozen=True)
class Migration:
    """A migrated net.

    `upgrade` tells what was done about old formats, None if nothing was to be done or asked for.
    `logged` are the losses that read the logarithms of probabilities now. `notes` tell of H;
    `without_matrix` names the losses that have none still. A chain in `refused` stays as it was,
    for the reasons it holds, as do the losses in `others`, which read probabilities of another
    making than a Softmax. `asked` is in what the numbers may differ, by what the options say.
    """

    before: Document
    after: Document
    upgrade: Upgrade | None
    fused: tuple[Fused, ...]
    logged: tuple[Fused, ...]
    refused: tuple[Chain, ...]
    others: tuple[OtherProbabilities, ...]
    files: tuple[NewFile, ...]
    notes: tuple[str, ...]
    without_matrix: tuple[str, ...]
    proof: Proof
    asked: frozenset[Aspect]

    @property
    def matrices(self) -> tuple[Path, ...]:
        """The files of H that the net names and that are here."""
        sources = map(source_of, infogain_losses(bind(self.after)))
        found = (find_file(source, self.after.source.path) for source in sources if source)
        return tuple(path for path in found if path is not None)

    @property
    def changed(self) -> bool:
        """Whether the text is another."""
        return self.before.text != self.after.text

    @property
    def complete(self) -> bool:
        """Whether nothing is left for a person to do."""
        left = self.refused or self.others or self.without_matrix
        upgraded = self.upgrade is None or self.upgrade.complete
        return not left and upgraded and self.proof.holds_apart_from(self.asked)

    @property
    def may_be_written(self) -> bool:
        """Whether no number is another than was asked for, as far as there were any before."""
        return not self.proof.problems and all(
            loss.holds_apart_from(self.asked) or loss.old_aborts for loss in self.proof.losses
        )


def migrate_document(document: Document, options: MigrateOptions) -> Migration:
    """Upgrade the net, fuse every chain, give H where it is asked for, and prove the result.

    The proof is of what is done to the upgraded net; the upgrade itself is checked layer by layer.

    Raises `MigrationError` for a file that is no net or has syntax errors, `UpgradeError` for one
    that cannot be upgraded, and `MatrixError` or `SourceError` if H cannot be given or the net's
    own is wrong. Nothing is written.
    """
    schema = base_schema()
    refuse_what_is_no_net(document, schema)
    original, upgrade = document, _upgraded(document, options)
    fused = fuse(upgrade.after if upgrade else document, options.fuse)
    logged = Logged(fused.document, (), ())
    if options.log_layer or options.sums_to_one:
        logged = keep_probabilities(fused.document, options.fuse.loss_param, options.sums_to_one)
    notes = [*logged.notes]
    nothing = not fused.fused and not logged.losses and options.way is None
    if upgrade and upgrade.changed and nothing:
        # Nothing of the net is for this command to change, so not its format either. What is said
        # of its chains is said of the upgraded net, which tells more of shapes.
        notes.append("the net is in an old format: protofix upgrade brings it to today's")
        upgrade = None
        fused = replace(fused, document=document)
        logged = Logged(document, (), ())
    document = upgrade.after if upgrade else document
    if bind(document).mixed:
        notes.append("the net mixes `layer` and `layers`, and Caffe refuses it: protofix upgrade")
    # Losses keep their order, so the n-th of the old net is the n-th of the new one.
    numbers = {loss.index: n for n, loss in enumerate(infogain_losses(bind(document)))}
    left = {chain.loss.index for chain in fused.plan.refused}
    given = Given(logged.document)
    if options.way is not None:
        to_serve = [number for index, number in numbers.items() if index not in left]
        if not to_serve:
            raise MigrationError(f"{document.source.path}: {_why_nothing_takes_it(fused)}")
        given = give_matrix(logged.document, to_serve, options.way, options.folder)
    after = given.document
    if options.way is None:
        _check_own_matrices(after)
    losses = infogain_losses(bind(after))
    others = tuple(find_other_probabilities(view_of(after)))
    changed = document.text != after.text
    # What stays as it is has been told already, and why.
    kept = {losses[number].index for index, number in numbers.items() if index in left}
    kept |= {other.loss.index for other in others}
    to_prove = {loss.index for loss in losses} - kept if changed else set[int]()
    proof = prove_nets(document, after, ProofOptions(files=given.files, only=frozenset(to_prove)))
    problems = [
        *structure_problems(document, after, schema),
        *reading_problems(document, fused.document, fused.plan),
        *left_over(after, fused.plan.refused),
    ]
    return Migration(
        before=original,
        after=after,
        upgrade=upgrade,
        fused=fused.fused,
        logged=logged.losses,
        refused=fused.plan.refused,
        others=others,
        files=given.files,
        notes=(*fused.notes, *given.notes, *given.doubts, *notes, *_still_unmade(after)),
        without_matrix=tuple(loss.name for loss in losses if not has_matrix(loss)),
        proof=Proof((*problems, *proof.problems), proof.losses),
        asked=frozenset(_asked(options)),
    )


def _asked(options: MigrateOptions) -> Iterator[Aspect]:
    """In what the new numbers may be others than the old ones."""
    if options.way is not None:
        yield "H"
    if options.fuse.loss_param is not LossParam.DROP:
        yield "loss_param"
    if options.fuse.maps:
        yield "maps"


def _upgraded(document: Document, options: MigrateOptions) -> Upgrade | None:
    # A net that mixes two formats cannot be upgraded; what is wrong with it is said of its chains.
    if not options.upgrade or bind(document).mixed:
        return None
    return upgrade_document(document)


def _why_nothing_takes_it(fused: FuseResult) -> str:
    if not fused.plan.refused:
        return "no InfogainLoss is there to take the H that is given"
    loss = fused.plan.refused[0]
    reasons = "; ".join(obstacle.reason for obstacle in loss.obstacles)
    return f"`{loss.loss.name}` cannot be fused, so it takes no H: {reasons}"


def refuse_what_is_no_net(document: Document, schema: Schema) -> None:
    """Raise `MigrationError` for a file that is no net, or has syntax errors."""
    source = document.source
    refuse_mistakes(document, MigrationError)
    if not document.fields:
        raise MigrationError(f"{source.path}: there is no net in it")
    kind = kind_of_file(document, schema)
    if kind != "NetParameter":
        what = {"SolverParameter": "a solver: give the net it names", "LabelMap": "a label map"}
        raise MigrationError(f"{source.path}: is {what.get(kind or '', 'not a Caffe net')}")


def refuse_mixed(document: Document, error: type[ValueError]) -> None:
    """Raise an error of that type for a net of both formats, which nothing but an upgrade mends."""
    if bind(document).mixed:
        raise error(
            f"{document.source.path}: mixes `layer` and `layers`, and Caffe refuses it: "
            "protofix upgrade --unsafe makes it whole"
        )


def _still_unmade(document: Document) -> list[str]:
    """What the net lacked before and lacks still."""
    found = {
        f"`{unmade.layer.name}` reads `{unmade.bottom.name}`, which no layer makes, as before"
        for graph in view_of(document).graphs
        for unmade in graph.unmade
    }
    return sorted(found)


def _check_own_matrices(document: Document) -> None:
    """Refuse a net whose own H is there to be read and is wrong."""
    view = view_of(document)
    for loss in infogain_losses(view.net):
        _check_bottom(view, loss)
        source = source_of(loss)
        if source is None or len(loss.bottoms) > 2:
            continue
        path = find_file(source, document.source.path)
        if path is not None:
            where = f"{path}, for `{loss.name}`"
            check_matrix(read_source(path).values, classes_of(view, loss), where)


def _check_bottom(view: NetView, loss: Layer) -> None:
    """Refuse a third bottom whose known shape does not hold classes x classes numbers."""
    classes = classes_of(view, loss)
    for graph, shapes in view.keeping(loss):
        version = graph.source_of(loss, 2)
        shape = shapes.get(version.number) if version else None
        if version is None or shape is None or classes is None or None in shape:
            continue
        numbers = math.prod(dim for dim in shape if dim is not None)
        if numbers != classes * classes:
            dims = " x ".join(map(str, shape))
            raise MatrixError(
                f"`{version.blob}`, H of `{loss.name}`, is {dims} for a net of {classes} classes: "
                f"it must hold {classes} x {classes} numbers"
            )
