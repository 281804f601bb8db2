"""The question about a file of weights."""

from typing import NamedTuple

from dlcalc.core.weights.tensors import Checkpoint


class WeightsQuestion(NamedTuple):
    """A file of weights, and what is to be shown of it.

    Attributes:
        checkpoint: its tensors.
        at: the name of the tensor to explain; None for the totals.
        summary: whether to show blocks and totals only.
    """

    checkpoint: Checkpoint
    at: str | None = None
    summary: bool = False
