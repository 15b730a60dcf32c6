"""What mends a net whose blobs, names or rules do not go together."""

from __future__ import annotations

import pytest

import protofix
from protofix.textproto.edits import apply_edits

X = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 4 dim: 8 } } }\n"
OF_PYTHON = "python_param { module: 'm' layer: 'L' } "
PYTHON = "layer { name: 'x' type: 'Python' " + OF_PYTHON + "top: 'x' top: 'y' }\n"
TRAIN = "layer { name: 'y' type: 'Python' " + OF_PYTHON + "top: 'y' include { phase: TRAIN } }\n"
TEST = (
    "layer { name: 'y' type: 'Python' "
    + OF_PYTHON
    + "top: 'y' include { phase: TEST stage: 'val' } }\n"
)
FC = (
    "layer { name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'fc' "
    "inner_product_param { num_output: 3 } }\n"
)
LOSS = "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'y' top: 'l' }\n"
RELU = "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }\n"
PROB = "layer { name: 'p' type: 'Softmax' bottom: 'x' top: 'p' }\n"


def labels(top: str, phase: str) -> str:
    return TRAIN.replace("top: 'y'", f"top: '{top}'").replace("TRAIN", phase)


LABELLED = (LOSS + LOSS.replace("SoftmaxWithLoss", "Accuracy").replace("'l'", "'a'")).replace(
    "'y'", "'label'"
)


def fc2(bottom: str, top: str) -> str:
    """A layer `fc2` that may have a name of another."""
    return (
        FC.replace("name: 'fc'", "name: 'fc2'")
        .replace("bottom: 'x'", f"bottom: '{bottom}'")
        .replace("top: 'fc'", f"top: '{top}'")
    )


def fc3(bottom: str) -> str:
    return FC.replace("'fc'", "'fc3'").replace("'x'", f"'{bottom}'")


KEPT = LOSS.replace("'l' }", "'l' include { phase: TRAIN } }")

# A net, the code of what is found, and the net once that is mended.
MENDED = {
    # Labels that are there in one phase alone, in several states, or not at all.
    X + TRAIN + LOSS + PROB.replace("'x'", "'x'"): ("PF301", X + TRAIN + KEPT + PROB),
    X + LOSS + PROB: ("PF301", X + PROB),
    # A letter off, and in place.
    X + PROB.replace("bottom: 'x'", "bottom: 'X'"): ("PF301", X + PROB),
    X + RELU.replace("'x'", "'X'") + PROB: ("PF301", X + RELU + PROB),
    # A copied layer with its old top, while its name is read below: in place, or not.
    X + FC + fc2("fc", "fc") + PROB.replace("'x'", "'fc2'"): (
        "PF301",
        X + FC + fc2("fc", "fc2") + PROB.replace("'x'", "'fc2'"),
    ),
    X + FC + fc2("x", "fc") + RELU.replace("'x'", "'fc2'"): (
        "PF302",
        X + FC + fc2("x", "fc2") + RELU.replace("'x'", "'fc2'"),
    ),
    # The name of a layer for that of its top; also of one that works in place.
    X + fc2("x", "scores") + PROB.replace("'x'", "'fc2'"): (
        "PF301",
        X + fc2("x", "scores") + PROB.replace("'x'", "'scores'"),
    ),
    X + RELU + PROB.replace("'x'", "'r'"): ("PF301", X + RELU + PROB),
    # A slip in labels that are there in one phase alone.
    X + labels("label", "TRAIN") + LOSS.replace("'y'", "'lable'"): (
        "PF301",
        X + labels("label", "TRAIN") + KEPT.replace("'y'", "'label'"),
    ),
    # A slip in the top of one phase, which two layers read.
    X + labels("label", "TRAIN") + labels("labels", "TEST") + LABELLED: (
        "PF301",
        X + labels("label", "TRAIN") + labels("label", "TEST") + LABELLED,
    ),
    # Two makers of one blob.
    X + FC + RELU.replace("top: 'x'", "top: 'fc'"): (
        "PF302",
        X + FC + RELU.replace("'x'", "'fc'"),
    ),
    X + FC + FC.replace("name: 'fc'", "name: 'fc2'"): (
        "PF302",
        X + FC + FC.replace("'fc'", "'fc2'"),
    ),
    # A way back to the name of a blob that it goes out from, and all that reads it below.
    X + FC + fc2("fc", "z") + PROB.replace("'x' top: 'p'", "'z' top: 'fc'") + fc3("fc"): (
        "PF302",
        X + FC + fc2("fc", "z") + PROB.replace("bottom: 'x'", "bottom: 'z'") + fc3("p"),
    ),
    PYTHON + PYTHON + LOSS: (
        "PF302",
        PYTHON.replace("'y' }", "'y' include { phase: TRAIN } }")
        + PYTHON.replace("'y' }", "'y' include { phase: TEST } }")
        + LOSS,
    ),
    # What cannot work in place, and all that reads it.
    X + FC.replace("top: 'fc'", "top: 'x'") + RELU + PROB: (
        "PF328",
        X + FC + (RELU + PROB).replace("'x'", "'fc'"),
    ),
    X + FC + FC.replace("bottom: 'x' top: 'fc'", "bottom: 'fc' top: 'fc2'"): (
        "PF329",
        X
        + FC
        + FC.replace("name: 'fc' ", "name: 'fc2' ").replace(
            "bottom: 'x' top: 'fc'", "bottom: 'fc' top: 'fc2'"
        ),
    ),
    X + "layer { type: 'BatchNorm' bottom: 'x' top: 'z' batch_norm_param { eps: 1 "
    "use_global_stats: false } }\n": (
        "PF327",
        X + "layer { type: 'BatchNorm' bottom: 'x' top: 'z' batch_norm_param { eps: 1 } }\n",
    ),
    X + TEST + TEST.replace("'y'", "'z'") + TEST.replace("'y'", "'w'").replace("'val'", "'vall'"): (
        "PF330",
        X + TEST + TEST.replace("'y'", "'z'") + TEST.replace("'y'", "'w'"),
    ),
}


@pytest.mark.parametrize("text", MENDED, ids=lambda text: MENDED[text][0])
def test_what_mends_it(text: str) -> None:
    code, after = MENDED[text]
    [found] = [it for it in protofix.check(text) if it.code == code]
    assert found.fix is not None
    assert not found.fix.safe
    assert apply_edits(text, found.fix.edits) == after
    assert code not in {it.code for it in protofix.check(after)}


# Nets with a mistake that nobody can mend without knowing what was meant.
LEFT = {
    # What is read further on is wanted in the other phase too.
    X + TRAIN + RELU.replace("'x'", "'y'") + LOSS.replace("'x'", "'y'"): "PF301",
    # The layer has rules of its own.
    X + TRAIN + LOSS.replace("'l' }", "'l' include { } }"): "PF301",
    # A net that reads data: its labels were forgotten.
    "layer { name: 'x' type: 'Python' " + OF_PYTHON + "top: 'x' }\n" + LOSS: "PF301",
    # Another name that the other phase has, and reads there.
    X
    + labels("label", "TRAIN")
    + labels("label2", "TEST")
    + LOSS.replace("'y'", "'label'")
    + PROB.replace("bottom: 'x'", "bottom: 'l'")
    + RELU.replace("'x'", "'label2'").replace("}", "include { phase: TEST } }"): "PF301",
    # The data is missing too: nothing says that the net is for use.
    PROB.replace("top: 'p'", "top: 'z'") + LOSS.replace("bottom: 'x'", "bottom: 'z'"): "PF301",
    # Further down, or nothing like it.
    PROB + X: "PF301",
    X + PROB.replace("bottom: 'x'", "bottom: 'features'"): "PF301",
    # The name of a layer with two tops.
    PYTHON.replace("name: 'x'", "name: 'both'") + PROB.replace("bottom: 'x'", "bottom: 'both'"): (
        "PF301"
    ),
    # The blob is read already, so that nothing can work in place on it.
    X
    + FC
    + PROB.replace("'x'", "'fc'")
    + RELU.replace("top: 'x'", "top: 'fc'").replace("'r'", "'x'"): "PF302",
    # Its own name is another blob's.
    X + FC + FC.replace("name: 'fc'", "name: 'x'"): "PF302",
    X + FC.replace("top: 'fc'", "top: 'x'").replace("name: 'fc'", "name: 'x'"): "PF328",
    X
    + FC
    + FC.replace("bottom: 'x' top: 'fc'", "bottom: 'fc' top: 'x2'").replace(
        "'x2'", "'fc'"
    ): "PF329",
}


@pytest.mark.parametrize("text", LEFT, ids=repr)
def test_a_person_has_to_mend_it(text: str) -> None:
    found = [it for it in protofix.check(text) if it.code == LEFT[text]]
    assert found
    assert all(it.fix is None for it in found)


def test_the_include_rules_are_named() -> None:
    [found] = protofix.check(X + TRAIN + LOSS)
    assert found.message == (
        "`l` reads `y`, which nothing makes in TEST: `y` of line 2 is not kept there, so that `l` "
        "needs `include { phase: TRAIN }` too"
    )


def test_two_data_layers_are_one_finding() -> None:
    found = [it for it in protofix.check(PYTHON + PYTHON + LOSS) if it.code == "PF302"]
    assert len(found) == 1


# What is said of several mistakes that are one: by which rules.
SAID_ONCE = {
    "include and exclude": (
        labels("y", "TRAIN").replace("} }", "} exclude { phase: TEST } }")
        + labels("y", "TRAIN")
        + X
        + LOSS,
        ["PF303"],
    ),
    "include and exclude, after another": (
        labels("y", "TRAIN")
        + labels("y", "TRAIN").replace("include", "exclude { phase: TEST } include")
        + X
        + LOSS.replace("'l' }", "'l' include { phase: TRAIN } }"),
        ["PF303"],
    ),
    "parameters given twice": (
        X + FC.replace("inner_product_param {", "inner_product_param { } inner_product_param {"),
        ["PF105"],
    ),
    "parameters given twice, the first without what the other has": (
        X + FC.replace("3 } }", "3 } inner_product_param { bias_term: false } }"),
        ["PF105"],
    ),
}


@pytest.mark.parametrize("title", SAID_ONCE, ids=lambda title: title.replace(" ", "-"))
def test_what_is_said_once(title: str) -> None:
    text, codes = SAID_ONCE[title]
    assert [it.code for it in protofix.check(text)] == codes


# In which states a label is missing that is there for TRAIN alone, by what else is in the net.
STATES = {
    "": "TEST",
    "include { stage: 'full' }": "TEST",
    "include { phase: TRAIN stage: 'full' }": "TEST",
}


@pytest.mark.parametrize("rules", STATES)
def test_states_are_named_in_few_words(rules: str) -> None:
    other = PROB.replace("top: 'p'", f"top: 'p' {rules}")
    [found] = (it for it in protofix.check(X + TRAIN + LOSS + other) if it.code == "PF301")
    assert f"which nothing makes in {STATES[rules]}: " in found.message


def test_a_stage_is_named_where_it_alone_lacks_a_blob() -> None:
    loss = LOSS.replace("'l' }", "'l' include { stage: 'full' } }")
    [found] = (it for it in protofix.check(X + TRAIN + loss) if it.code == "PF301")
    assert "which nothing makes in TEST, stage full: " in found.message


def test_a_blob_that_is_made_anew_keeps_its_readers() -> None:
    def chain(second: str, third: str) -> str:
        names = [("a", "x", "a"), ("b", "a", "b"), ("c", "b", second), ("d", second, "d")]
        names += [("e", "d", third), ("f", third, "f")]
        return X + "".join(
            RELU.replace("'r'", f"'{name}'")
            .replace("top: 'x'", f"top: '{top}'")
            .replace("bottom: 'x'", f"bottom: '{bottom}'")
            for name, bottom, top in names
        )

    text = chain("a", "a")
    fixes = [it.fix for it in protofix.check(text) if it.code == "PF302"]
    edits = [edit for fix in fixes if fix is not None for edit in fix.edits]
    assert apply_edits(text, edits) == chain("c", "e")
