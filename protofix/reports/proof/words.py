"""What a proof is called alike in the terminal, on its page and in its plots."""

from __future__ import annotations

from typing import Literal

from protofix.infogain.proof.results import LossProof, Proof, Verdict

Grade = Literal["good", "doubt", "bad"]

COLUMNS = {
    "legacy": "old net, Caffe before April 2017",
    "today": "old net, today's Caffe",
    "new": "new net",
}
"""The three sets of numbers, by the fields that hold them."""

_GRADES: tuple[Grade, ...] = ("good", "doubt", "bad")
_VERDICTS = (
    Verdict.EQUAL,
    Verdict.EQUAL_BUT_UNDERFLOW,
    Verdict.EQUAL_BUT_H,
    Verdict.NOT_COMPARABLE,
    Verdict.DIFFERENT,
)


def grade_of(loss: LossProof) -> Grade:
    """How good it is what was found of a loss: good only if it holds."""
    if loss.holds:
        return "good"
    return "bad" if loss.verdict is Verdict.DIFFERENT else "doubt"


def worst_of(proof: Proof) -> LossProof:
    """The loss with the worst verdict, of which there must be one."""
    return max(
        proof.losses,
        key=lambda loss: (_GRADES.index(grade_of(loss)), _VERDICTS.index(loss.verdict)),
    )


def tolerance_text(tolerance: float) -> str:
    """A tolerance such as "1e-6"."""
    return f"{tolerance:.0e}".replace("e-0", "e-")
