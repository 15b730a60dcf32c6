"""A proof as a person reads it in a terminal: a table a loss, or three lines in all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protofix.infogain.proof.results import BatchProof, LossProof, Numbers, Proof, Verdict
from protofix.reports.proof.words import COLUMNS, Grade, grade_of, worst_of
from protofix.reports.terminal import Line

_TINTS: dict[Grade, str] = {"good": "green", "doubt": "yellow", "bad": "red"}
_WIDE = 120


def proof_lines(proof: Proof, width: int = _WIDE) -> Iterator[Line]:
    """Everything: for each loss a table of its batches, the verdict and what explains it.

    Where the table would not fit into `width` columns, it leaves the gradients' sizes out.
    """
    yield from _problems(proof)
    for loss in proof.losses:
        yield from _loss_lines(loss, width)
    if not proof.losses:
        yield _plain("no loss to compare")
    if proof.engine:
        yield _plain(f"computed by {proof.engine}; what it has no layer for, by formulas")


def three_lines(proof: Proof) -> Iterator[Line]:
    """What was tried, the numbers of one batch, and the verdict; problems come before.

    Of several losses the one with the worst verdict is shown; of the others the verdict alone.
    """
    yield from _problems(proof)
    if not proof.losses:
        return
    worst = worst_of(proof)
    states = dict.fromkeys(state for loss in proof.losses for state in loss.states)
    batches = sum(len(loss.batches) for loss in proof.losses)
    number = len(proof.losses)
    tried = f"{'1 loss' if number == 1 else f'{number} losses'} in {' and '.join(states)}"
    matrices = dict.fromkeys(it for loss in proof.losses if (it := _matrix_of(loss)))
    with_h = f"; H {' and '.join(matrices)}" if matrices else ""
    yield [("proof", "bold"), (f": {tried}, {batches} batches{with_h}", "")]
    yield _plain(f"  {_in_a_line(worst)}")
    name = f"`{worst.loss}`: " if number > 1 else ""
    verdict = name + verdict_sentence(worst)
    others = (f"`{it.loss}`: {it.verdict.value}" for it in proof.losses if it is not worst)
    yield [("  ", ""), ("; ".join((verdict, *others)), _TINTS[grade_of(worst)])]


def _matrix_of(loss: LossProof) -> str | None:
    return loss.matrices[1] or loss.matrices[0]


def verdict_sentence(loss: LossProof) -> str:
    """The verdict on a loss, with its measure and its reasons."""
    if loss.unchanged:
        return "equal: the same layer over the same blobs"
    if loss.verdict is Verdict.NOT_COMPARABLE:
        return f"not comparable: {'; '.join(loss.causes) or 'it cannot be computed'}"
    measure = _up_to(loss.difference or 0.0)
    if loss.verdict is Verdict.DIFFERENT:
        reasons = "; ".join(loss.causes) or "by no field that can be named"
        if loss.apart_from_h is not None:
            return f"different by {reasons}; equal with one H in both, {_up_to(loss.apart_from_h)}"
        told = [batch for batch in loss.batches if batch.difference is not None]
        if not told:
            return f"different: {reasons}"
        if all(batch.equal for batch in told):
            return f"different: {reasons}; from the same scores {measure}"
        return f"different, {measure}: {reasons}"
    if loss.verdict is Verdict.EQUAL_BUT_H:
        by = f" ({'; '.join(loss.causes)})" if loss.causes else ""
        return f"equal but for H{by}, {measure} with one H in both{_but_underflow(loss)}"
    return f"equal, {measure}{_but_underflow(loss)}"


def _up_to(difference: float) -> str:
    return f"differences up to {difference:.1e}" if difference else "no difference"


def _but_underflow(loss: LossProof) -> str:
    """What a probability that underflows spoils: the old gradient, or the floor of the loss."""
    batches = loss.underflowing
    of_loss = any((it.loss_difference or 0) > it.tolerance for it in batches)
    of_gradient = any((it.gradient_difference or 0) > it.tolerance for it in batches)
    side = "new" if loss.target == "legacy" else "old"
    found = []
    if of_gradient:
        found.append(f"the {side} gradient underflows")
    if of_loss:
        found.append("a probability is below the floor of the loss")
    return f", but where {' and '.join(found)}" if found else ""


def _problems(proof: Proof) -> Iterator[Line]:
    for problem in proof.problems:
        yield [("problem: ", "bold red"), (problem, "")]


def _in_a_line(loss: LossProof) -> str:
    """The numbers of the largest plain batch, side by side."""
    if not loss.batches:
        return "nothing was computed"
    batch = loss.batches[-1]
    parts = []
    if loss.reference == "legacy":
        parts.append(f"loss {_short(batch.legacy)} on old Caffe")
        parts.append(f"{_short(batch.today)} on today's")
    else:
        parts.append(f"loss {_short(batch.today)} before")
    if loss.weighted is not None:
        parts.append(f"{_short(batch.new)} now, {_short(loss.weighted)} with its H")
    else:
        parts.append(f"{_short(batch.new)} now")
    return f"{', '.join(parts)} ({batch.about})"


def _short(numbers: Numbers | None) -> str:
    return "aborts" if numbers is None else f"{numbers.loss:.6g}"


def _loss_lines(loss: LossProof, width: int) -> Iterator[Line]:
    called = "" if loss.old_loss == loss.loss else f" (was `{loss.old_loss}`)"
    yield [
        (f"`{loss.loss}`", "bold"),
        (f"{called}, {loss.type}, in {' and '.join(loss.states)}", ""),
    ]
    old, new = loss.matrices
    if new is not None and new == old:
        yield _plain(f"  H {new}")
    elif old is not None or new is not None:
        yield _plain(f"  H {old or 'the identity'} → {new or 'the identity'}")
    if loss.batches:
        yield from _table(loss, width)
    yield [("  ", ""), (verdict_sentence(loss), _TINTS[grade_of(loss)])]
    for column, reason in loss.aborts.items():
        if any(getattr(batch, column) is None for batch in loss.batches):
            yield _plain(f"  {COLUMNS[column]}: {reason}")
    if loss.weighted is not None:
        now = f"{_short(loss.batches[-1].new)} → {_short(loss.weighted)}"
        yield _plain(f"  with its own H the loss of the last batch is another: {now}")
    for remark in loss.remarks:
        yield _plain(f"  {remark}")


def _table(loss: LossProof, width: int) -> Iterator[Line]:
    about = max(len("loss, largest |gradient|"), *(len(batch.about) for batch in loss.batches))
    last = "new net" if loss.target == "fused" else "new net, old Caffe"
    titles = {"legacy": "old Caffe", "today": "today's Caffe", "new": last}
    columns = [name for name in titles if _has(loss.batches, name)]
    both = 2 + about + 21 * len(columns) + len("  1.0e+00 underflow") <= width
    cell, size = (_cell, 21) if both else (_short, 10)
    if not both:
        titles = {"legacy": "old Caffe", "today": "today's", "new": "new net"}
        about = max(len(batch.about) for batch in loss.batches)
    what = "loss, largest |gradient|" if both else "loss"
    head = "".join(f"{titles[name]:>{size}}" for name in columns)
    yield [(f"  {what:{about}}{head}  difference", "dim")]
    for batch in loss.batches:
        cells = "".join(f"{cell(getattr(batch, name)):>{size}}" for name in columns)
        yield [(f"  {batch.about:{about}}{cells}  ", ""), _difference(batch, both)]


def _has(batches: Sequence[BatchProof], column: str) -> bool:
    return any(getattr(batch, column) is not None for batch in batches)


def _cell(numbers: Numbers | None) -> str:
    return "aborts" if numbers is None else f"{numbers.loss:.6g} {numbers.max_gradient:9.3g}"


def _difference(batch: BatchProof, wide: bool) -> tuple[str, str]:
    if batch.difference is None:
        return "", ""
    if batch.underflow:
        return f"{batch.difference:.1e} underflow" if wide else "underflow", "yellow"
    return f"{batch.difference:.1e}", "" if batch.equal else "red"


def _plain(text: str) -> Line:
    return [(text, "")]
