# ComputeH: a Caffe Python layer that weighs classes by the labels of each batch.
#
# SPDX-License-Identifier: BSD-2-Clause
# Part of protofix, but this one file is all that is needed: put it beside your net. It runs on
# Python 2.7 and 3, inside a Caffe built with WITH_PYTHON_LAYER=1, and wants its folder on the
# PYTHONPATH:
#
#     PYTHONPATH=/folder/of/this/file caffe train --solver solver.prototxt
#
#     layer {
#       name: "H"  type: "Python"  bottom: "label"  top: "H"
#       python_param {
#         module: "compute_h"  layer: "ComputeH"
#         param_str: '{"classes": 7, "ignore_label": 255}'
#       }
#     }
#     layer {
#       name: "loss"  type: "InfogainLoss"
#       bottom: "score"  bottom: "label"  bottom: "H"  top: "loss"
#     }
#
# "ignore_label" is optional; write the same one into the loss layer's loss_param.
"""Infogain matrix H from the labels of each batch, as a Caffe Python layer."""

from __future__ import division

import json
import numbers

import caffe
import numpy as np

EXAMPLE = """param_str: '{"classes": 7}'"""
KEYS = ("classes", "n_classes", "ignore_label")


class ComputeH(caffe.Layer):
    """Class weights on the diagonal of the infogain matrix H, anew for each batch.

    Bottom: labels of any shape, for instance N, N x 1 x 1 x 1 or N x H x W.
    Top: 1 x 1 x L x L. With n_i labels of class i in the batch, H[i, i] is max(n) / n_i, scaled so
    that the weights of the classes present sum to 1. A class the batch lacks gets 0, and so does
    everything off the diagonal; a batch without any counted label gives zeros only.
    """

    def setup(self, bottom, top):
        """Read param_str: "classes" (or "n_classes"), and "ignore_label" if there is one."""
        if len(bottom) != 1:
            raise ValueError("ComputeH: %d bottoms, it takes one: the labels" % len(bottom))
        if len(top) != 1:
            raise ValueError("ComputeH: %d tops, it makes one: H" % len(top))
        self.classes, self.ignore_label = read_parameters(self.param_str)

    def reshape(self, bottom, top):
        """Give the top 1 x 1 x L x L."""
        top[0].reshape(1, 1, self.classes, self.classes)

    def forward(self, bottom, top):
        """Count the labels and write the weights."""
        weights = class_weights(bottom[0].data, self.classes, self.ignore_label)
        top[0].data[...] = np.diag(weights).reshape(1, 1, self.classes, self.classes)

    def backward(self, top, propagate_down, bottom):
        """Do nothing: labels have no gradient."""
        if propagate_down[0]:
            raise ValueError("ComputeH: labels have no gradient, write propagate_down: false")


def read_parameters(text):
    """Return (classes, ignore_label or None) of a param_str, which is a JSON object."""
    try:
        parameters = json.loads(text)
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise ValueError(
            "ComputeH: param_str %.80r is not a JSON object, write %s" % (text, EXAMPLE)
        )
    unknown = sorted(set(parameters) - set(KEYS))
    if unknown:
        raise ValueError(
            "ComputeH: param_str has the unknown key %.80r, it may have %s"
            % (unknown[0], ", ".join(KEYS))
        )
    if ("classes" in parameters) == ("n_classes" in parameters):
        raise ValueError(
            "ComputeH: param_str must give the number of classes, once, write %s" % EXAMPLE
        )
    classes = parameters.get("classes", parameters.get("n_classes"))
    if not is_whole(classes) or classes < 1:
        raise ValueError(
            "ComputeH: the number of classes is %.80r, it must be a whole number from 1, write %s"
            % (classes, EXAMPLE)
        )
    ignore_label = parameters.get("ignore_label")
    if ignore_label is not None and not is_whole(ignore_label):
        raise ValueError(
            "ComputeH: ignore_label is %.80r, it must be a whole number" % (ignore_label,)
        )
    return classes, ignore_label


def is_whole(value):
    """Whether a JSON value is a whole number; true and false are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def class_weights(labels, classes, ignore_label):
    """Return the L weights of a batch of labels."""
    labels = np.ravel(labels)
    if ignore_label is not None:
        labels = labels[labels != ignore_label]
    # Caffe's labels are floats: look at them as such, for a nan casts to anything.
    wrong = labels[~((labels >= 0) & (labels < classes) & (np.floor(labels) == labels))]
    if wrong.size:
        raise ValueError(
            "ComputeH: label %.9g is not one of the layer's %d classes, 0 to %d"
            % (wrong[0], classes, classes - 1)
        )
    weights = np.zeros(classes)
    # A numpy as old as this Caffe may be counts no empty array.
    if labels.size:
        counts = np.bincount(labels.astype(np.int64), minlength=classes)
        present = counts > 0
        weights[present] = counts.max() / counts[present]
        weights /= weights.sum()
    return weights
