"""softmax-grad of logits in a file: read, computed, compared with claims and written, one block of rows at a time."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib import format as npy_format

from dlcalc.core import softmax_grad as engine
from dlcalc.core.arrays.row_source import Array
from dlcalc.core.outcome import Outcome
from dlcalc.core.softmax.answer import Block, Seen, SoftmaxGrad, shapes_of, visited
from dlcalc.core.softmax.class_axis import ClassAxis
from dlcalc.core.softmax.question import SoftmaxQuestion
from dlcalc.files.atomic import Replacement, failures
from dlcalc.jobs.arrays import encoded, refuse_other_endings

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_claim import ArrayClaim
    from dlcalc.core.evidence.array_verdict import ArrayVerdict

    Claims = Callable[[Mapping[str, tuple[int, ...]]], tuple[ArrayClaim, ...]]


@dataclass(frozen=True)
class Writer:
    """Writes the gradient to a file as it is computed, each block to its place; a visitor of blocks.

    Attributes:
        path: of the file that is written, from any thread or process.
        output: as which it is spoken of, where it cannot be written.
        start: where the numbers begin in it, in bytes.
        row_bytes: the size of a row of the gradient in it.
        format: the number format of the gradient in it.
        axis: where the classes are in it, if they are not the last axis.
    """

    path: str
    output: str
    start: int
    row_bytes: int
    format: str
    axis: ClassAxis | None = None

    @classmethod
    def begin(cls, question: SoftmaxQuestion, replacement: Replacement) -> "Writer":
        """Write the header of a .npy file, behind which the blocks will stand."""
        empty = encoded(np.empty(0), question.format)
        descr = npy_format.dtype_to_descr(empty.dtype)
        header = {"descr": descr, "fortran_order": False, "shape": shapes_of(question)["grad_logits"]}
        with replacement.failures():
            npy_format.write_array_header_1_0(replacement.stream, header)
            replacement.stream.flush()
            start = replacement.stream.tell()
        row_bytes = question.classes * empty.itemsize
        return cls(replacement.stream.name, replacement.path, start, row_bytes, question.format, question.axis)

    def __call__(self, block: Block) -> None:
        """Write a block."""
        values = encoded(block.gradient, self.format)
        runs: Iterable[tuple[int, Array]] = [(block.rows.start * block.gradient.shape[1], values)]
        if self.axis is not None:
            runs = self.axis.runs(block.rows.start, values)
        with failures(self.output):
            write_at(self.path, ((self.start + where * values.itemsize, numbers) for where, numbers in runs))


def write_at(path: str, runs: Iterable[tuple[int, Array]]) -> None:
    """Write the bytes of arrays into a file that exists, each from its offset on.

    The file is opened anew, so that blocks may be written by threads and processes at once, on any system.

    Raises:
        OSError: what the system says.
    """
    with open(path, "r+b", buffering=0) as file:
        for offset, values in runs:
            rest = memoryview(values.reshape(-1).view(np.uint8).data)
            file.seek(offset)
            while rest:
                rest = rest[file.write(rest) :]


class _Judged:
    """The claims about a question; large ones are compared block by block, while the answer is computed."""

    def __init__(self, question: SoftmaxQuestion, claims: "Claims") -> None:
        from dlcalc.core.softmax.mistakes import along_axis, judge

        self.axis, question_by_rows = question.axis, replace(question, axis=None)
        self.claims = claims(judge.claimable_of(question))
        self.by_rows = self.claims
        if self.axis is not None:
            self.by_rows = tuple(along_axis.in_rows(claim, self.axis) for claim in self.claims)
        self.comparisons = [judge.comparison(question_by_rows, claim) for claim in self.by_rows]
        self.by_blocks = [comparison for comparison in self.comparisons if comparison is not None]

    def verdicts(self, answer: SoftmaxGrad, seen: Iterable[Seen | None]) -> "tuple[ArrayVerdict, ...]":
        """Judge every claim; ``seen`` is what each comparison by blocks found."""
        from dlcalc.core.softmax.mistakes import along_axis, judge

        results, answer = iter(seen), answer.by_rows
        found = [
            judge.judge(answer, claim) if comparison is None else judge.verdict(answer, comparison, next(results))
            for claim, comparison in zip(self.by_rows, self.comparisons, strict=True)
        ]
        if self.axis is None:
            return tuple(found)
        pairs = zip(found, self.claims, strict=True)
        return tuple(along_axis.as_asked(verdict, claim, self.axis) for verdict, claim in pairs)


def answered(
    question: SoftmaxQuestion,
    claims: "Claims | None" = None,
    *,
    explain: bool = False,
    check: bool = False,
    output: str | None = None,
    force: bool = False,
    progress: Callable[[int], object] = int,
) -> "Outcome[SoftmaxGrad, ArrayVerdict]":
    """Answer a question whose logits may be in a file, writing the gradient to a file if that is wanted.

    Args:
        question: to be answered.
        claims: from the keys that can be claimed to the claims, if there are some.
        explain: whether to explain the answer.
        check: whether to prove it.
        output: where the gradient is to be written; if a proof fails, it is not.
        force: whether an existing file may be replaced.
        progress: as of ``visited``.

    Raises:
        DlcalcError: as ``visited`` and ``Replacement``; nothing is left behind, whatever is raised.
    """
    if output is not None:
        refuse_other_endings(output)
    judged = None if claims is None else _Judged(question, claims)
    by_blocks = [] if judged is None else judged.by_blocks
    with nullcontext() if output is None else Replacement(output, force=force) as replacement:
        writers = [] if replacement is None else [Writer.begin(question, replacement)]
        answer, seen = visited(question, [*by_blocks, *writers], progress)
        verdicts = None if judged is None else judged.verdicts(answer, seen[: len(by_blocks)])
        proof = engine.check(answer) if check else None
        written = output if proof is None or proof.passed else None
        if replacement is not None and written is not None:
            replacement.publish()
    steps = engine.explain(answer) if explain else None
    return Outcome(answer, None, steps, proof, verdicts, output=written)
