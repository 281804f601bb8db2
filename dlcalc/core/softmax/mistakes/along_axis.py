"""Claims about arrays whose classes are not the last axis: judged as rows x classes, and shown as they were asked."""

from dataclasses import replace

import numpy as np

from dlcalc.core.arrays.row_source import Array, RowSource, in_memory
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.evidence.array_verdict import ArrayVerdict
from dlcalc.core.softmax.class_axis import ClassAxis

_MATRICES = ("logits", "softmax", "grad_softmax", "grad_logits")


def in_rows(claim: ArrayClaim, axis: ClassAxis) -> ArrayClaim:
    """Give a claim as one about rows x classes."""

    def moved(part: RowSource) -> RowSource:
        if claim.key in _MATRICES:
            return part.T if claim.transposed else axis.as_rows(part)
        if claim.key == "jacobian":
            return part.reshape((axis.rows, axis.classes, axis.classes))
        return part.reshape(-1) if part.ndim else part

    def typed(part: Array) -> Array:
        return np.asarray(moved(part)) if part.size else part

    low, high, digits = typed(claim.low), typed(claim.high), typed(claim.digits)
    return replace(claim, values=moved(claim.values), low=low, high=high, digits=digits)


def as_asked(verdict: ArrayVerdict, claim: ArrayClaim, axis: ClassAxis) -> ArrayVerdict:
    """Give a verdict on rows x classes as one on the claim as it was made."""
    right, apart = verdict.right, verdict.distance
    worst = apart.worst
    if claim.key in _MATRICES:
        worst = axis.index(*worst)
        right = axis.restored(right) if in_memory(right) else right
        if len(axis.shape) == 2:  # its rows are the columns of the claim
            apart = apart._replace(rows=apart.columns, columns=apart.rows)
    elif worst:
        worst = (*axis.place(worst[0]), *worst[1:])
        right = right.reshape(claim.values.shape) if in_memory(right) else right
    return replace(verdict, claim=claim, right=right, distance=apart._replace(worst=worst))
