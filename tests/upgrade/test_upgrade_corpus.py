"""Over the corpus: no comment is lost, nothing moves without need, a second run is idle."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from comments import comments_of
from shared_data import corpus_files, corpus_id, needs_shared

import protofix
from protofix.net.layers import bind
from protofix.textproto.tree import Document
from protofix.upgrade.facts import ALL_STEPS, CAFFE_STEPS, Step
from protofix.upgrade.text.document import UpgradeError

# Templates that are no prototxt yet, and what is said of them.
REFUSED = {
    "deeplab-context/voc12/config/vgg128_noup/test.prototxt": "$",
    "deeplab-context/voc12/config/vgg128_noup/train.prototxt": "$",
}

FILES = [path for path in corpus_files() if corpus_id(path) not in REFUSED]


def layer_names(document: Document) -> list[str]:
    return [layer.name for layer in bind(document).layers]


@needs_shared
@pytest.mark.parametrize("steps", [CAFFE_STEPS, ALL_STEPS], ids=["caffe", "all"])
@pytest.mark.parametrize("path", FILES, ids=corpus_id)
def test_every_comment_is_still_there(path: Path, steps: tuple[Step, ...]) -> None:
    upgrade = protofix.upgrade_text(path.read_bytes(), path.name, steps=steps)
    assert comments_of(upgrade.after.text) == comments_of(upgrade.before.text)
    assert not upgrade.after.diagnoses
    if upgrade.complete and upgrade.changed:
        assert "layers" not in {node.name for node in upgrade.after.fields}
    again = protofix.upgrade_text(upgrade.after.text, steps=steps)
    assert not again.changed


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=corpus_id)
def test_layers_keep_their_order_and_lines_their_text(path: Path) -> None:
    upgrade = protofix.upgrade_text(path.read_bytes(), path.name)
    before, after = layer_names(upgrade.before), layer_names(upgrade.after)
    padding = {layer.name for layer in bind(upgrade.before).layers if layer.type == "padding"}
    kept = [name for name in before if name not in padding]
    assert after == (["input", *kept] if "input" in upgrade.steps else kept)
    # A line that is none of the old formats' own is there as often as it was, but for its indent.
    old = Counter(line.strip() for line in upgrade.before.text.split("\n") if plain(line))
    new = Counter(line.strip() for line in upgrade.after.text.split("\n"))
    lost = {line: n - new[line] for line, n in old.items() if new[line] < n}
    if not padding:
        assert not lost


_PLAIN = re.compile(
    r"\s*(?:(?:bottom|top|num_output|stride|std|value|axis|loss_weight): \S+|name: \"[^\"]+\")\s*$"
)


def plain(line: str) -> bool:
    """Whether a line says something that every format says in the same words."""
    return bool(_PLAIN.match(line))


@needs_shared
@pytest.mark.parametrize("name", REFUSED, ids=str)
def test_a_template_is_refused_in_one_line(name: str) -> None:
    [path] = [path for path in corpus_files() if corpus_id(path) == name]
    with pytest.raises(UpgradeError, match=re.escape(REFUSED[name])) as raised:
        protofix.upgrade_text(path.read_bytes(), name)
    assert "\n" not in str(raised.value)
