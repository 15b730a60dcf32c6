"""The library: the same as the commands, on strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document

if TYPE_CHECKING:
    from protofix.infogain.proof.heads import Era
    from protofix.infogain.proof.results import Proof
    from protofix.infogain.sources import Way
    from protofix.injection import Injection
    from protofix.migration import Migration
    from protofix.net.shapes import Shape
    from protofix.rulebook.findings import Finding
    from protofix.upgrade.facts import Step
    from protofix.upgrade.text.document import Upgrade


def parse(text: str | bytes, path: str = "<string>") -> Document:
    """Read a prototxt without losing a byte.

    The tree is in `.fields`, every mistake against the text format in `.diagnoses`, and the text
    as it was in `.text`. Bytes raise `NotTextError` if they cannot be a prototxt.
    """
    return read(_source(text, path))


def _source(text: str | bytes, path: str) -> Source:
    return Source.from_bytes(text, path) if isinstance(text, bytes) else Source(text, path)


def check(
    text: str | bytes,
    path: str = "<string>",
    *,
    dialect: str = "auto",
    schema: str | Path | None = None,
    phase: Literal["TRAIN", "TEST"] | None = None,
    stages: Sequence[str] = (),
    level: int | None = None,
    given: Mapping[str, Shape] | None = None,
    target: Literal["fused", "legacy"] = "fused",
) -> list[Finding]:
    """Everything that `protofix check` finds in a text, in the order of the text.

    `dialect` is the fork whose schema the text is held against, "auto" to find it from what the
    text uses; `schema` is a file with a schema of your own, and goes before it. No configuration
    is read; data that a net names is looked for from `path`, for its shapes. A finding's `start`
    and `end` are offsets into the text; `parse(text).source.position(start)` gives line and column.

    A net is looked at in every state that a person can mean, or in the one that `phase`, `stages`
    and `level` name. `given` tells the shapes of blobs that the text does not, by name. The nets
    that a solver names in other files are not looked at. `target` is "legacy" for a Caffe from
    before April 2017, whose InfogainLoss reads probabilities.

    Raises `caffe_proto.SchemaError`, a `ValueError`, for a dialect or a schema that is none.
    """
    from protofix.linting.checking import Question, checked_of, context_of
    from protofix.net.states import asked_by_name

    own = None if schema is None else Path(schema)
    asked = asked_by_name(phase, stages, level)
    question = Question(dialect, own, asked, given, target=target)
    checked = checked_of(context_of(_source(text, path), question), question)
    if checked.failures:
        raise RuntimeError(checked.failures[0])
    return list(checked.findings)


def upgrade_text(
    text: str | bytes,
    path: str = "<string>",
    *,
    steps: Sequence[Step] | None = None,
    unsafe: bool = False,
) -> Upgrade:
    """Bring a net or a solver in an old format to today's, as Caffe does on loading.

    `steps` are of `protofix.upgrade.facts.ALL_STEPS`; without them all that Caffe takes are taken.
    `unsafe` makes a net whole that mixes `layer` and `layers`. The new text is `.after.text`, what
    could not be upgraded is in `.notes`. Raises `UpgradeError`, a `ValueError`.
    """
    from protofix.upgrade.facts import CAFFE_STEPS
    from protofix.upgrade.text.document import upgrade_document

    return upgrade_document(parse(text, path), CAFFE_STEPS if steps is None else steps, unsafe)


def migrate(
    text: str | bytes,
    path: str = "<string>",
    *,
    way: Way | None = None,
    loss_param: str = "auto",
    maps: bool = False,
    folder: str | Path = ".",
    upgrade: bool = True,
) -> Migration:
    """Fuse every Softmax → InfogainLoss of a net, give it H, and prove the numbers equal.

    `way` is one of `FromFile`, `FromLabels` and `FromHdf5` of `protofix.infogain.sources`; without
    it the net's own H is kept. `loss_param` is "auto", "keep" or "drop" and `maps` is `--maps`, as
    on the command line. A net of which anything is fused or given is upgraded first, unless
    `upgrade` is false. Nothing is written: the new text is `.after.text`, and the files that it
    names, which are to lie in `folder`, are `.files`. `path` is where the net's own H is looked
    for, beside the working folder.

    Raises `MigrationError`, `MatrixError` or `SourceError`, all of them `ValueError`, with one
    line that says what would be right.
    """
    from protofix.infogain.fuse import FuseOptions, LossParam
    from protofix.migration import MigrateOptions, migrate_document

    options = MigrateOptions(FuseOptions(LossParam(loss_param), maps), way, Path(folder), upgrade)
    return migrate_document(parse(text, path), options)


def inject(
    text: str | bytes,
    path: str = "<string>",
    *,
    way: Way | None = None,
    identity: bool = False,
    target: Era = "fused",
    losses: Sequence[str] = (),
    folder: str | Path = ".",
    upgrade: bool = True,
) -> Injection:
    """Give H to the losses of a net, take it out again, or write them for an old Caffe.

    `way` is one of `FromFile`, `FromLabels`, `FromHdf5` and `FromDatabase` of
    `protofix.infogain.sources`; `identity` asks for SoftmaxWithLoss back, the `target` "legacy" for
    what a Caffe before April 2017 reads ("fused" is today's). `losses` are names; without any, all
    InfogainLosses are meant, or all SoftmaxWithLosses of a net that has none. Nothing is written:
    the new text is `.after.text`, the files that it names, which are to lie in `folder`, are
    `.files`.

    Raises a `ValueError` with one line that says what would be right.
    """
    from protofix.injection import InjectOptions, inject_document

    options = InjectOptions(way, identity, target, tuple(losses), Path(folder), upgrade)
    return inject_document(parse(text, path), options)


def prove(
    old: str | bytes,
    new: str | bytes,
    old_path: str = "<old>",
    new_path: str = "<new>",
    *,
    target: Era = "fused",
) -> Proof:
    """Hold each loss of a net against the one of another net, in each state.

    Files of H are looked for from the working folder and from the nets' own, by their paths. The
    `target` "legacy" takes the new net to be for a Caffe before April 2017.

    Raises a `ValueError` with one line that says what would be right.
    """
    from protofix.proving import prove_documents

    return prove_documents(parse(old, old_path), parse(new, new_path), target)
