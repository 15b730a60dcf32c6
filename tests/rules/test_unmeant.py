"""What Caffe accepts but a person did not mean of a net's parts: blobs, layers, names, labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_data import SHARED, needs_shared
from unmeant_nets import (
    ACCURACY,
    CODES,
    CONV,
    DATA,
    EUCLID,
    FC,
    FED,
    IMAGE,
    IMAGES,
    LOSS,
    PROB,
    Table,
    net,
    plus,
    says,
    warnings,
)

from protofix.files import source_of_bytes
from protofix.linting.walking import files_below
from protofix.rulebook.context import Context
from protofix.rulebook.registry import RULES
from protofix.textproto.reader import read

# Each table: what is tried, the layers, and what is said (nothing is an empty list).
UNREAD = {
    "a label that nobody reads": (
        [DATA, FC, FC.replace('"fc"', '"fc2"'), EUCLID],
        [
            "PF321 `data` makes `label`, which nobody reads: take it away, or let a Silence layer "
            "read it"
        ],
    ),
    "a label that the data layer cannot leave out": (
        [IMAGES, FC, FC.replace('"fc"', '"fc2"'), EUCLID],
        ["PF321 `data` makes `label`, which nobody reads: let a Silence layer read it"],
    ),
    "a label that is silenced": (
        [
            IMAGES,
            'layer { name: "hush" type: "Silence" bottom: "label" }',
            FC,
            FC.replace('"fc"', '"fc2"'),
            EUCLID,
        ],
        [],
    ),
    "a label that is read in TEST alone": (
        [DATA, FC, FC.replace('"fc"', '"fc2"'), EUCLID, plus(ACCURACY, "include { phase: TEST }")],
        [],
    ),
    "a net's input": (
        ['input: "im_info" input_shape { dim: 1 dim: 3 }', DATA, FC, LOSS],
        ["PF321 the net's input `im_info` is read by nobody: take it away"],
    ),
    "a layer that leads nowhere": (
        [DATA, FC, LOSS, CONV],
        [
            "PF321 `conv` makes `conv`, which nobody reads: take the layer away, or let a Silence "
            "layer read it"
        ],
    ),
    "a branch that TEST alone reads": (
        [
            DATA,
            FC,
            LOSS,
            'layer { name: "sharp" type: "Power" bottom: "fc" top: "sharp" '
            "power_param { scale: 2 } }",
            plus(ACCURACY.replace('"fc"', '"sharp"'), "include { phase: TEST }"),
        ],
        [
            "PF321 `sharp` makes `sharp`, which nobody reads in TRAIN: keep the layer out of it, "
            "or let a Silence layer read it"
        ],
    ),
    "the mask of a Pooling": (
        [
            DATA,
            'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" top: "mask" '
            "pooling_param { kernel_size: 2 } }",
            FC.replace('"data"', '"pool"'),
            LOSS,
        ],
        [
            "PF321 `pool` makes `mask`, which nobody reads: take it away, or let a Silence layer "
            "read it"
        ],
    ),
    "a part of a Slice": (
        [
            DATA,
            'layer { name: "slice" type: "Slice" bottom: "data" top: "a" top: "b" }',
            FC.replace('"data"', '"a"'),
            LOSS,
        ],
        ["PF321 `slice` makes `b`, which nobody reads: let a Silence layer read it"],
    ),
    "all parts of a Slice": (
        [DATA, FC, LOSS, 'layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" }'],
        [
            "PF321 `s` makes `a` and `b`, which nobody reads: take the layer away, or let a "
            "Silence layer read them"
        ],
    ),
    "what is left over by a slip, which is said of the slip": (
        [DATA, FC, LOSS.replace('"fc"', '"fc8"')],
        [],
    ),
    "losses, accuracies and probabilities": ([DATA, FC, LOSS, ACCURACY, PROB], []),
    "probabilities in another shape": (
        [
            DATA,
            FC,
            LOSS,
            PROB,
            'layer { name: "flat" type: "Flatten" bottom: "prob" top: "flat" '
            "flatten_param { axis: 0 } }",
        ],
        [],
    ),
    "a single value for the log": (
        [
            FED,
            FC,
            LOSS,
            'layer { name: "mean" type: "Reduction" bottom: "fc" top: "mean" }',
            'layer { name: "twice" type: "Power" bottom: "mean" top: "twice" '
            "power_param { scale: 2 } }",
        ],
        [],
    ),
    "what a Python layer makes": (
        [DATA, FC, LOSS, 'layer { name: "py" type: "Python" bottom: "fc" top: "iou" }'],
        [],
    ),
    "the results of a net without a loss": ([DATA, FC, CONV], []),
}

UNKEPT = {
    "a stage that is wanted and forbidden": (
        ['include { stage: "a" not_stage: "a" }'],
        ["its include both wants stage `a` and forbids it"],
    ),
    "levels that exclude each other": (
        ["include { min_level: 3 max_level: 1 }"],
        ["its include wants a level of at least 3 and at most 1"],
    ),
    "two such rules": (
        ['include { stage: "a" not_stage: "a" }', "include { min_level: 3 max_level: 1 }"],
        ["its include both wants stage `a` and forbids it"],
    ),
    "an exclude that is always met": (
        ["exclude { }"],
        ["its exclude drops it from every state"],
    ),
    "excludes for both phases": (
        ["exclude { phase: TRAIN }", "exclude { phase: TEST }"],
        ["its exclude rules together drop it from every state"],
    ),
    "excludes for all levels": (
        ["exclude { max_level: 4 }", "exclude { min_level: 5 }"],
        ["its exclude rules together drop it from every state"],
    ),
    "excludes with and without a stage": (
        ['exclude { stage: "a" }', 'exclude { not_stage: "a" }'],
        ["its exclude rules together drop it from every state"],
    ),
    "excludes that leave level 5": (
        ["exclude { max_level: 4 }", "exclude { min_level: 6 }"],
        [],
    ),
    "excludes that leave TRAIN with a stage": (
        ["exclude { phase: TEST }", 'exclude { not_stage: "a" }'],
        [],
    ),
    "one rule of two": (['include { stage: "a" not_stage: "a" }', "include { phase: TEST }"], []),
    "a stage that nobody has named": (['include { stage: "somewhere" }'], []),
    "more stages together than are searched": (
        [f"include {{ {' '.join(f'stage: {c!r}' for c in 'abcdefgh')} }}"],
        [],
    ),
    "a level far off": (["include { min_level: 1000 }"], []),
}

NOT_DEPLOY = 'include { not_stage: "deploy" }'
DEPLOYED = {
    "probabilities beside a loss": (
        [FED, FC, LOSS, PROB],
        [
            "PF326 in TEST: `label` has to be fed to get `prob`, though only `loss` wants it, as "
            "labels: for use, take `label` and `loss` away"
        ],
    ),
    "probabilities that an accuracy reads in TEST alone": (
        [
            FED,
            FC,
            LOSS,
            PROB,
            plus(ACCURACY.replace('bottom: "fc"', 'bottom: "prob"'), "include { phase: TEST }"),
        ],
        [],
    ),
    "probabilities beside a loss for TRAIN alone": (
        [FED, FC, plus(LOSS, "include { phase: TRAIN }"), PROB],
        [],
    ),
    "a loss alone, to train from a program": ([FED, FC, LOSS], []),
    "a loss and an accuracy, likewise": ([FED, FC, LOSS, ACCURACY], []),
    "a net that reads its data": ([DATA, FC, LOSS, PROB], []),
    "a second input that is no label": (
        [FED, FC, PROB, 'layer { name: "c" type: "Concat" bottom: "fc" bottom: "label" top: "c" }'],
        [],
    ),
    "a stage for use": (
        [
            plus(DATA, NOT_DEPLOY),
            *[plus(line, 'include { stage: "deploy" }') for line in FED.splitlines()],
            FC,
            LOSS,
            plus(PROB, 'include { stage: "deploy" }'),
        ],
        [
            "PF326 `label` has to be fed, though only `loss` wants it, as labels: in a net for "
            "use, take `label` and `loss` away"
        ],
    ),
    "a stage for use without them": (
        [
            plus(DATA, NOT_DEPLOY),
            plus(FED.splitlines()[0], 'include { stage: "deploy" }'),
            FC,
            plus(LOSS, NOT_DEPLOY),
            plus(PROB, 'include { stage: "deploy" }'),
        ],
        [],
    ),
}

REPEATED = {
    "two convolutions": (
        [IMAGE, CONV, CONV.replace('top: "conv"', 'top: "conv2"')],
        [
            "PF329 `conv` has the name of the Convolution of line 2, so that weights which are "
            "read for one go to the other: give each a name of its own"
        ],
    ),
    "a convolution and a layer without weights": (
        [IMAGE, CONV, 'layer { name: "conv" type: "ReLU" bottom: "conv" top: "conv" }'],
        [
            "PF329 `conv` has the name of the Convolution of line 2, so that weights which are "
            "read for one go to the other: give each a name of its own"
        ],
    ),
    "in one phase": (
        [IMAGE, CONV, plus(CONV.replace('top: "conv"', 'top: "c2"'), "include { phase: TEST }")],
        [
            "PF329 `conv` has the name of the Convolution of line 2, so that weights which are "
            "read for one go to the other: give each a name of its own"
        ],
    ),
    "two without a name": (
        [
            IMAGE,
            *[CONV.replace('name: "conv"', "").replace('top: "conv"', f'top: "{c}"') for c in "ab"],
        ],
        [
            "PF329 this Convolution has no name, like the Convolution of line 2, so that weights "
            "which are read for one go to the other: give each a name of its own"
        ],
    ),
    "one for TRAIN and one for TEST": (
        [IMAGE, plus(CONV, "include { phase: TRAIN }"), plus(CONV, "include { phase: TEST }")],
        [],
    ),
    "layers without weights": (
        [DATA, FC, LOSS, LOSS.replace('top: "loss"', 'top: "l2"')],
        [],
    ),
    "layers that share all their weights": (
        [
            IMAGE,
            *[
                plus(CONV, 'param { name: "w" } param { name: "b" }').replace(
                    'top: "conv"', f'top: "{c}"'
                )
                for c in "ab"
            ],
        ],
        [],
    ),
}
TABLES: dict[str, Table] = {"PF321": UNREAD, "PF326": DEPLOYED, "PF329": REPEATED}
test_nets = says(TABLES)


@pytest.mark.parametrize("title", UNKEPT, ids=lambda title: title.replace(" ", "-"))
def test_layers_that_no_state_keeps(title: str) -> None:
    rules, why = UNKEPT[title]
    drop = 'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" }'
    assert warnings(net(DATA, FC, plus(drop, " ".join(rules)), LOSS)) == [
        f"PF322 `drop` is kept in no state: {reason}; mend the rule, or take the layer away"
        for reason in why
    ]


def test_a_stage_of_the_nets_own_state_is_always_there() -> None:
    drop = 'layer { name: "d" type: "Dropout" bottom: "fc" top: "fc" include { not_stage: "a" } }'
    assert warnings(net('state { stage: "a" level: 1 }', DATA, FC, drop, LOSS)) == [
        "PF322 `d` is kept in no state: its include forbids stage `a`, which the net's own state "
        "has; mend the rule, or take the layer away"
    ]
    # A level and a phase are only what stands where nobody asks for another.
    drop = drop.replace('not_stage: "a"', "phase: TEST min_level: 2")
    assert warnings(net("state { phase: TRAIN level: 1 }", DATA, FC, drop, LOSS)) == []


def test_excludes_that_would_take_long_to_see_through_are_let_be() -> None:
    rules = [f'exclude {{ stage: "a{i}" not_stage: "b{i}" }}' for i in range(40)]
    rules += ['exclude { stage: "x" }', 'exclude { not_stage: "x" }']
    drop = 'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" }'
    text = net(DATA, FC, plus(drop, " ".join(rules)), LOSS)
    assert [one for one in warnings(text) if one.startswith("PF322")] == []


@pytest.mark.parametrize("name", ["deploy.prototxt", "vgg_Deploy_1.prototxt"])
def test_a_file_that_is_called_deploy_wants_no_labels(name: str) -> None:
    assert warnings(net(FED, FC, LOSS, ACCURACY), f"models/deploy/{name}") == [
        "PF326 `label` has to be fed, though only `loss` and `acc` want it, as labels: in a net "
        "for use, take `label`, `loss` and `acc` away"
    ]
    assert warnings(net(FED, FC, LOSS, ACCURACY), "deploy/train.prototxt") == []


@needs_shared
def test_a_net_to_be_trained_from_a_program_is_fine() -> None:
    path = SHARED / "golden" / "broken" / "fine.prototxt"
    assert warnings(path.read_text(), str(path)) == []


CORPUS = sorted(files_below([str(SHARED / "corpus")])) if SHARED.is_dir() else []
RULES_HERE = [rule for rule in RULES if rule.code in CODES]


@needs_shared
def test_public_nets_were_meant_as_they_are() -> None:
    assert len(CORPUS) > 200
    assert len(RULES_HERE) == len(CODES)
    found = {}
    for name in CORPUS:
        context = Context(read(source_of_bytes(Path(name).read_bytes(), name)))
        said = [hit.message for rule in RULES_HERE for hit in rule.file().check(context)]
        if said:
            found[name] = said
    assert found == {}
