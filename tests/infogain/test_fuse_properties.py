"""Fusing nets of many makes: what must hold of each."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import protofix
from protofix.infogain.losses import infogain_losses
from protofix.infogain.plan import plan_fusing
from protofix.net.layers import Layer, bind
from protofix.net.view import NetView, view_of

pytestmark = pytest.mark.lengthy

RULES = ["", "include { phase: TRAIN }", "include { phase: TEST }", 'exclude { stage: "deploy" }']
READERS = ["Accuracy", "ArgMax", "Silence", "MultinomialLogisticLoss"]


@st.composite
def nets(draw: st.DrawFn) -> str:
    """Nets with one to three losses, each reading a Softmax in one way or another."""
    layers = [
        'layer { name: "data" type: "Data" top: "data" top: "label" }',
        'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" '
        "inner_product_param { num_output: 4 } }",
    ]
    in_place = draw(st.booleans())
    prob = "fc" if in_place else "prob"
    axis = draw(
        st.sampled_from(["", "softmax_param { axis: -1 }", "softmax_param { engine: CAFFE }"])
    )
    rule = draw(st.sampled_from(RULES[:2]))
    layers.append(
        f'layer {{ name: "soft" type: "Softmax" bottom: "fc" top: "{prob}" {axis} {rule} }}'
    )
    read = prob
    for number in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["Split", "Flatten", "ReLU"]))
        top = f"t{number}"
        other = f'top: "o{number}"' if kind == "Split" else ""
        layers.append(
            f'layer {{ name: "{top}" type: "{kind}" bottom: "{read}" top: "{top}" {other} {rule} }}'
        )
        read = top
    for number in range(draw(st.integers(1, 3))):
        of_loss = rule or draw(st.sampled_from(RULES))
        loss_param = draw(
            st.sampled_from(["", "loss_param { normalization: NONE normalize: true }"])
        )
        layers.append(
            f'layer {{ name: "loss{number}" type: "InfogainLoss" bottom: "{read}" bottom: "label" '
            f'top: "loss{number}" infogain_loss_param {{ source: "H" }} {loss_param} {of_loss} }}'
        )
    for number, kind in enumerate(draw(st.lists(st.sampled_from(READERS), max_size=2))):
        bottoms = f'bottom: "{prob}"' + (
            "" if kind in ("ArgMax", "Silence") else ' bottom: "label"'
        )
        top = "" if kind == "Silence" else f'top: "reader{number}"'
        layers.append(f'layer {{ name: "reader{number}" type: "{kind}" {bottoms} {top} {rule} }}')
    return draw(_written(layers))


@st.composite
def _written(draw: st.DrawFn, layers: list[str]) -> str:
    """The layers in one of the ways in which people write nets, with comments between."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    parts = []
    for number, layer in enumerate(layers):
        style = draw(st.sampled_from(["line", "lines", "angles"]))
        if style != "line":
            layer = re.sub(r"^(layer \{) ", r"\1\n", layer)
            layer = re.sub(
                r" (?=(?:name|type|bottom|top): |\w+_param|include|exclude)", "\n  ", layer
            )
            layer = re.sub(r" *\}$", "\n}", layer)
        if style == "angles":
            layer = layer.replace("{", "<").replace("}", ">").replace('"', "'")
        comment = draw(st.sampled_from(["", f"# above {number}\n", f"# apart {number}\n\n"]))
        trailing = draw(st.sampled_from(["", f"  # behind {number}"]))
        # Without a comment behind it, the next layer may stand on the same line.
        ends = ["\n", "\n\n"] if trailing else ["\n", "\n\n", " ", "\n  "]
        gap = draw(st.sampled_from(ends))
        parts.append(comment + layer + trailing + gap)
    return "".join(parts).replace("\n", newline)


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"# \w+ \d+", text))


def texts(net_text: str) -> dict[str, str]:
    net = bind(protofix.parse(net_text))
    return {layer.name: net_text[layer.node.start : layer.node.end] for layer in net.layers}


@given(nets())
def test_fusing(text: str) -> None:
    document = protofix.parse(text)
    assert not document.diagnoses
    old = view_of(document)
    plan = plan_fusing(old)
    migration = protofix.migrate(text)
    after = migration.after.text
    assert not migration.proof.problems
    assert migration.proof.holds
    assert comments(after) == comments(text)
    assert ("\r\n" in after) == ("\r\n" in text)
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in text

    # A second run finds nothing, and what must stay is found again for the same reasons.
    again = protofix.migrate(after)
    assert again.after.text == after
    assert [c.obstacles for c in again.refused] == [c.obstacles for c in migration.refused]

    # Layers that have nothing to do with it are the same to the byte.
    touched = {chain.loss.name for chain in plan.chains} | {layer.name for layer in plan.goes}
    touched |= {old.net.layers[use.layer].name for use in plan.loose_tops}
    for rename in plan.renames:
        touched.add(rename.activation.name)
        touched |= {old.net.layers[use.layer].name for use in rename.readers}
    before_texts, after_texts = texts(text), texts(after)
    for name, written in before_texts.items():
        if name not in touched:
            assert after_texts[name] == written
    assert before_texts.keys() - after_texts.keys() == {layer.name for layer in plan.goes}

    # In every state each fused loss reads what the Softmax read, and others read as they did.
    new = view_of(migration.after)
    fused = {chain.loss.name: chain for chain in plan.chains}
    for loss in infogain_losses(new.net):
        made_by = makers(new, loss, 0)
        if loss.name in fused:
            assert made_by == {"fc"}
        else:
            assert made_by == makers(old, named(old, loss.name), 0)
    for layer in new.net.layers:
        if layer.type in READERS:
            assert makers(new, layer, 0) == makers(old, named(old, layer.name), 0)


def named(view: NetView, name: str) -> Layer:
    return next(layer for layer in view.net.layers if layer.name == name)


def makers(view: NetView, layer: Layer, slot: int) -> set[str]:
    """Names of the layers that make a bottom, over all states."""
    found = set()
    for graph, _ in view.keeping(layer):
        version = graph.source_of(layer, slot)
        maker = graph.maker_of(version) if version else None
        found.add(maker.name if maker else "nobody")
    return found


@given(nets())
def test_findings_come_in_the_order_of_the_text(text: str) -> None:
    findings = protofix.check(text)
    assert findings == sorted(findings, key=lambda finding: finding.place)
    assert findings == protofix.check(text)
