"""Pictures of nets: everything in its place, whatever the net."""

from __future__ import annotations

from pathlib import Path

import pytest
from pictures import Picture, faults, pictures
from shared_data import corpus_files, corpus_id, needs_shared

from protofix.files import FileError
from protofix.reports.show.drawing import drawings
from protofix.reports.show.svg import svg
from protofix.showing import show
from protofix.textproto.source import NotTextError, Source

NET = """layer { name: "<data>" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } shape { dim: 1 } } }
layer { name: "b_1" type: "ReLU" bottom: "data" top: "r" }
layer { name: "b_2_%s" type: "Power" bottom: "r" top: "p" include { phase: TEST } }
layer { name: "日本語" type: "TanH" bottom: "p" top: "t" include { phase: TEST } }
layer { name: "loss & more" type: "SoftmaxWithLoss" bottom: "r" bottom: "label" top: "loss" }
""" % ("long" * 20)


def picture_of(text: str) -> Picture:
    (picture,) = pictures(svg(drawings(show(Source(text, "net.prototxt")).facts)))
    return picture


def test_boxes_have_their_texts_and_say_when_they_are_there() -> None:
    picture = picture_of(NET)
    found = {box.name: (box.texts, box.strokes) for box in picture.boxes}
    assert found["<data>"] == (("<data>", "Input", "data 1×3×8×8", "label 1"), "")
    assert found["日本語"] == (
        ("日本語", "TanH", "t 1×3×8×8", "output", "TEST only"),
        "2 3",
    )
    assert found["loss & more"][0][-2:] == ("loss scalar", "loss × 1")
    assert len(picture.groups) == 1
    assert len(picture.edges) == 5


def test_long_names_are_broken_and_everything_fits() -> None:
    picture = picture_of(NET)
    (long,) = (box for box in picture.boxes if box.name.startswith("b_2_long"))
    assert len(long.texts) == 3 + 3
    assert "".join(long.texts[:3]) == long.name
    assert faults(picture) == []


def test_edges_that_pass_many_layers_run_beside_them() -> None:
    lines = ['input: "b0" input_shape { dim: 2 dim: 3 }']
    for number in range(1, 30):
        reads = " ".join(f'bottom: "b{it}"' for it in range(max(0, number - 9), number, 2))
        lines.append(f'layer {{ name: "c{number}" type: "Concat" {reads} top: "b{number}" }}')
    picture = picture_of("\n".join(lines))
    assert len(picture.edges) == 125
    assert faults(picture) == []


def nets_of_corpus() -> list[Path]:
    return [path for path in corpus_files() if b"bottom:" in path.read_bytes()]


@needs_shared
@pytest.mark.parametrize("path", nets_of_corpus(), ids=corpus_id)
def test_nothing_overlaps_in_pictures_of_public_nets(path: Path) -> None:
    try:
        shown = show(Source.from_bytes(path.read_bytes(), path.name))
    except (FileError, NotTextError) as error:
        assert "$" in str(error)  # A template, with ${NAME} in it.
        return
    for picture in pictures(svg(drawings(shown.facts))):
        assert len(picture.boxes) > 1
        assert faults(picture) == []
