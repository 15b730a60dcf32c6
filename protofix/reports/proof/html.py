"""A proof as one self-contained page: no script, no request, light or dark as the reader's screen.

Every text that comes from a net is escaped, and the page's own policy forbids all else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from protofix.infogain.proof.results import BatchProof, LossProof, Numbers, Proof, Verdict
from protofix.net.layers import bind
from protofix.reports.proof.diff import diff_html
from protofix.reports.proof.drawing import MEANINGS, chain_svg, marks_of
from protofix.reports.proof.plots import curve_svg, differences_svg
from protofix.reports.proof.text import verdict_sentence
from protofix.reports.proof.words import COLUMNS, Grade, grade_of, tolerance_text, worst_of
from protofix.reports.terminal import printable
from protofix.textproto.tree import Document

LayerNames = tuple[frozenset[str], frozenset[str]]
"""The names of all layers of the old net and of the new one."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_SIGNS: dict[Grade, str] = {"good": "✓", "doubt": "?", "bad": "✗"}
"""A sign beside the colour of a banner."""

_HEADLINES = {
    Verdict.EQUAL: "The numbers are equal.",
    Verdict.EQUAL_BUT_UNDERFLOW: "The numbers are equal but where a probability underflows.",
    Verdict.EQUAL_BUT_H: "The numbers are equal but for H.",
    Verdict.NOT_COMPARABLE: "The numbers cannot be compared.",
    Verdict.DIFFERENT: "The numbers are different.",
}


def html_report(proof: Proof, old: Document, new: Document) -> str:
    """Write a proof as an HTML page: the verdict, the diff, and each loss with its graph.

    Raises:
        ValueError: matplotlib is missing.

    """
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    names = _layer_names(old), _layer_names(new)
    title = " → ".join(_text(Path(_name(net)).name) for net in (old, new))
    paths = " → ".join(_text(_name(net)) for net in (old, new))
    try:
        losses = [_loss(number, loss, names) for number, loss in enumerate(proof.losses, 1)]
    except ImportError:
        raise ValueError("the page's plots need matplotlib: pip install 'protofix[plot]'") from None
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{title}: proof</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            f"<header><h1>{title}</h1>",
            *_summary(proof),
            f'<p class="pale">{paths}</p>',
            f'<p class="pale">computed by {_text(proof.engine)}</p>' if proof.engine else "",
            "</header>",
            "<main>",
            f'<section id="diff"><h2>What changed in the text</h2>{diff_html(old, new)}</section>',
            *losses,
            "</main>",
            _footer(proof),
            "</body>",
            "</html>",
            "",
        ]
    )


def _footer(proof: Proof) -> str:
    return f"""\
<footer class="pale">
<p>Losses are those before the loss weight. A gradient is the one at the scores, with the loss
weight; its column has the largest size of an entry. A difference is the largest of the losses' and
the gradients', relative to the larger one; up to {tolerance_text(proof.tolerance)} counts as
equal.</p>
<p>Made by protofix prove.</p>
</footer>"""


def _layer_names(document: Document) -> frozenset[str]:
    return frozenset(layer.name for layer in bind(document).layers)


def _name(document: Document) -> str:
    return document.source.path or "net"


def _summary(proof: Proof) -> Iterator[str]:
    """The verdict on everything, and with several losses that on each."""
    if proof.problems:
        yield _banner("bad", "The new net has mistakes in its structure.")
        yield _listed(proof.problems)
    if not proof.losses:
        yield _banner("doubt", "No loss to compare.")
        return
    worst = worst_of(proof)
    said = _HEADLINES[worst.verdict]
    if len(proof.losses) > 1 and any(it.verdict is not worst.verdict for it in proof.losses):
        said = f"Of one loss at least: {said[0].lower()}{said[1:]}"
    yield _banner(grade_of(worst), said)
    yield "<ul>"
    for number, loss in enumerate(proof.losses, 1):
        yield (
            f'<li><a href="#loss-{number}"><code>{_text(loss.loss)}</code></a> in '
            f"{_text(' and '.join(loss.states))}: {_text(verdict_sentence(loss))}</li>"
        )
    yield "</ul>"


def _banner(grade: Grade, said: str) -> str:
    return f'<p class="verdict {grade}">{_SIGNS[grade]} {_text(said)}</p>'


def _loss(number: int, loss: LossProof, names: LayerNames) -> str:
    parts = [
        f'<section id="loss-{number}">',
        f"<h2>Loss <code>{_text(loss.loss)}</code></h2>",
        *_facts(loss),
        _banner(grade_of(loss), verdict_sentence(loss)),
        *_because(loss),
        *_chains(loss, names),
    ]
    if loss.batches:
        parts += ["<h3>Numbers</h3>", *_table(loss), *_plots(loss, f"loss{number}")]
    return "\n".join([*parts, "</section>"])


def _facts(loss: LossProof) -> Iterator[str]:
    facts = [f"{loss.type} in {' and '.join(loss.states)}"]
    if loss.old_loss != loss.loss:
        facts.append(f"called {loss.old_loss} in the old net")
    facts.append(f"scores {', '.join(loss.scores)}" if loss.scores else "")
    old, new = loss.matrices
    if old == new and new is not None:
        facts.append(f"H: {new}")
    elif old is not None or new is not None:
        facts.append(f"H: {old or 'the identity'} → {new or 'the identity'}")
    if loss.target == "legacy":
        facts.append("the new net is for a Caffe before April 2017")
    yield f"<p>{_text('; '.join(filter(None, facts)))}</p>"


def _because(loss: LossProof) -> Iterator[str]:
    """What is to be known besides the verdict."""
    said = [f"{COLUMNS[column]} aborts: {why}" for column, why in loss.aborts.items()]
    if loss.weighted is not None:
        before = loss.batches[-1].new if loss.batches else None
        was = "" if before is None else f" where it was {before.loss:.6g}"
        said.append(f"with its own H the loss of the last batch is {loss.weighted.loss:.6g}{was}")
    said += loss.remarks
    if said:
        yield f"<p>To be known:</p>{_listed(said)}"


def _listed(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(line)}</li>' for line in lines)}</ul>"


def _chains(loss: LossProof, names: LayerNames) -> Iterator[str]:
    """The graph around the loss, old and new side by side."""
    if not (loss.old_steps or loss.new_steps):
        return
    gone, added = marks_of(loss.old_steps, loss.new_steps, *names)
    yield '<h3>From the scores to the loss</h3><div class="chains">'
    sides = ((loss.old_steps, gone, "old net"), (loss.new_steps, added, "new net"))
    for steps, marks, title in sides:
        said = f"{title}: {', '.join(f'{step.name} ({step.type})' for step in steps)}"
        yield f"<figure><figcaption>{title}</figcaption>{chain_svg(steps, marks, said)}</figure>"
    yield "</div>"
    found = {*gone.values(), *added.values()}
    legend = [f"<em>{mark}</em>: {said}" for mark, said in MEANINGS.items() if mark in found]
    yield f'<p class="pale">{"; ".join(legend)}</p>'


def _table(loss: LossProof) -> Iterator[str]:
    """A row a batch; a narrow screen shows each row as a block, with `data-label` as its titles."""
    heads = "".join(
        f'<th class="number{first}" scope="col">{_text(title)}</th>'
        for _ in range(2)
        for title, first in zip(COLUMNS.values(), (" first", "", ""), strict=True)
    )
    yield (
        '<table class="numbers"><thead><tr><th rowspan="2" scope="col">scores and labels</th>'
        '<th colspan="3" class="first" scope="colgroup">loss</th>'
        '<th colspan="3" class="first" scope="colgroup">largest |gradient|</th>'
        '<th rowspan="2" class="first number" scope="col">largest difference</th></tr>'
        f"<tr>{heads}</tr></thead><tbody>"
    )
    for batch in loss.batches:
        yield _row(batch)
    yield "</tbody></table>"


def _row(batch: BatchProof) -> str:
    shape = " × ".join(map(str, batch.shape))
    cells = [f'<th scope="row">{_text(batch.about)} <span class="pale">{shape}</span></th>']
    columns: dict[str, Numbers | None] = {
        "legacy": batch.legacy, "today": batch.today, "new": batch.new,
    }  # fmt: skip
    for quantity, said in (("loss", "loss"), ("max_gradient", "|gradient|")):
        for number, (column, numbers) in enumerate(columns.items()):
            text = "aborts" if numbers is None else f"{getattr(numbers, quantity):.6g}"
            first = "" if number else " first"
            cells.append(
                f'<td class="number{first}" data-label="{_text(f"{said}, {COLUMNS[column]}")}">'
                f"{text}</td>"
            )
    kind = (
        " doubt" if batch.underflow else "" if batch.equal or batch.difference is None else " bad"
    )
    text = _brief(batch.difference)
    text += " underflow" if batch.underflow else " different" if kind else ""
    cells.append(
        f'<td class="number first difference{kind}" data-label="largest difference">{text}</td>'
    )
    return f"<tr>{''.join(cells)}</tr>"


def _brief(difference: float | None) -> str:
    if difference is None:
        return "-"
    return f"{difference:.1e}" if difference else "0"


def _plots(loss: LossProof, name: str) -> Iterator[str]:
    plots = [
        (
            "Difference of each batch; a triangle is underflow alone, a cross counts as different",
            differences_svg(loss.batches, f"{name}a"),
        ),
        (
            "Where the net is wrong, and how sure of it: the gradient that should put it right",
            curve_svg(loss.curve, f"{name}b"),
        ),
    ]
    yield '<h3>Plots</h3><div class="plots">'
    for said, svg in plots:
        if svg:
            yield f"<figure><figcaption>{_text(said)}</figcaption>{svg}</figure>"
    yield "</div>"


def _text(text: str) -> str:
    return escape(printable(text))
