"""softmax-grad of logits in a file: read, computed, compared with claims and written, one block of rows at a time."""

import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from dlcalc.core import softmax_grad as engine
from dlcalc.core.evidence.array_claim import ArrayClaim, ArrayVerdict
from dlcalc.core.outcome import Outcome
from dlcalc.core.softmax.answer import SoftmaxGrad, shapes_of, softmax_grad
from dlcalc.core.softmax.mistakes import judge as softmax_judge
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.files.atomic import Replacement
from dlcalc.jobs.arrays import encoded, refuse_other_endings


class Writer:
    """Writes the gradient to a file as it is made; each block goes to its place, in whatever order they come."""

    def __init__(self, question: SoftmaxQuestion, replacement: Replacement) -> None:
        self.question, self.replacement = question, replacement
        empty = encoded(np.empty(0), question.format)
        header = {"descr": npy_format.dtype_to_descr(empty.dtype), "fortran_order": False}
        self._row_bytes = question.classes * empty.itemsize
        with replacement.failures():
            npy_format.write_array_header_1_0(
                replacement.stream, {**header, "shape": shapes_of(question)["grad_logits"]}
            )
            replacement.stream.flush()
            self._start = replacement.stream.tell()

    def see(self, part: slice, logits: NDArray[Any], gradient: NDArray[Any], losses: NDArray[np.float64]) -> None:
        """Write a block."""
        block = encoded(gradient, self.question.format)
        rest, offset = memoryview(block.reshape(-1).view(np.uint8).data), self._start + part.start * self._row_bytes
        with self.replacement.failures():
            while rest:
                count = os.pwrite(self.replacement.stream.fileno(), rest, offset)
                rest, offset = rest[count:], offset + count

    def take(self, seen: None) -> None:
        """Nothing is left to do."""


def answered(
    question: SoftmaxQuestion,
    claims: Callable[[Mapping[str, tuple[int, ...]]], tuple[ArrayClaim, ...]] | None = None,
    *,
    explain: bool = False,
    check: bool = False,
    output: str | None = None,
    force: bool = False,
    progress: Callable[[int], object] = int,
) -> Outcome[SoftmaxGrad, ArrayVerdict]:
    """Answer a question whose logits may be in a file, writing the gradient to a file if that is wanted.

    Args:
        question: to be answered.
        claims: from the keys that can be claimed to the claims, if there are some.
        explain: whether to explain the answer.
        check: whether to prove it.
        output: where the gradient is to be written; if a proof fails, it is not.
        force: whether an existing file may be replaced.
        progress: is told how many rows are done.

    Raises:
        DlcalcError: as ``softmax_grad`` and ``Replacement``; nothing is left behind, whatever is raised.
    """
    if output is not None:
        refuse_other_endings(output)
    claimed = () if claims is None else claims(softmax_judge.claimable_of(question))
    comparisons = [softmax_judge.comparison(question, claim) for claim in claimed]
    with nullcontext() if output is None else Replacement(output, force=force) as replacement:
        writers = [] if replacement is None else [Writer(question, replacement)]
        answer = softmax_grad(question, [*writers, *(one for one in comparisons if one is not None)], progress)
        verdicts = None if claims is None else tuple(map(_verdict, [answer] * len(claimed), claimed, comparisons))
        proof = engine.check(answer) if check else None
        written = output if proof is None or proof.passed else None
        if replacement is not None and written is not None:
            replacement.publish()
    return Outcome(answer, None, engine.explain(answer) if explain else None, proof, verdicts, output=written)


def _verdict(answer: SoftmaxGrad, claim: ArrayClaim, comparison: Any) -> ArrayVerdict:
    verdict: ArrayVerdict = comparison.verdict(answer) if comparison else softmax_judge.judge(answer, claim)
    return verdict
