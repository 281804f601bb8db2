"""bn-fold to a file: the folded layer, or the affine where there is no layer, in the format of the weight."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from dlcalc.core import bn_fold as engine
from dlcalc.core.arrays.stored import Floats
from dlcalc.core.batch_norm.answer import BnFold
from dlcalc.core.batch_norm.question import BnFoldQuestion
from dlcalc.core.errors import DlcalcError
from dlcalc.core.outcome import Outcome
from dlcalc.files.atomic import Replacement
from dlcalc.jobs.arrays import encoded, refuse_other_endings

if TYPE_CHECKING:
    from dlcalc.core.evidence.array_claim import ArrayClaim
    from dlcalc.core.evidence.array_verdict import ArrayVerdict

    Claims = Callable[[Mapping[str, tuple[int, ...]]], tuple[ArrayClaim, ...]]

ENDINGS = (".npz", ".safetensors", ".npy")


def answered(
    question: BnFoldQuestion,
    claims: "Claims | None" = None,
    *,
    explain: bool = False,
    check: bool = False,
    output: str | None = None,
    force: bool = False,
    progress: Callable[[int], object] = int,
) -> "Outcome[BnFold, ArrayVerdict]":
    """Answer a question, and write what was folded to a file.

    Args:
        question: to be answered.
        claims: from the keys that can be claimed to the claims, if there are some.
        explain: whether to explain the answer.
        check: whether to prove it.
        output: where the arrays are to be written; if a proof fails, they are not.
        force: whether an existing file may be replaced.
        progress: told how many channels are done.

    Raises:
        DlcalcError: as ``bn_fold`` and ``Replacement``, and ``unsupported-file``; nothing is left behind.
    """
    if output is not None:
        refuse_other_endings(output, ENDINGS, "folded")
    with nullcontext() if output is None else Replacement(output, force=force) as replacement:
        answer = engine.answer(question)
        verdicts = None
        if claims is not None:
            verdicts = tuple(engine.judge(answer, claim) for claim in claims(engine.claimable(answer)))
        proof = engine.check(answer) if check else None
        written = output if proof is None or proof.passed else None
        if replacement is not None and written is not None:
            with replacement.failures():
                _write(answer, written.lower(), replacement.stream)
            replacement.publish()
    progress(question.channels)
    steps = engine.explain(answer) if explain else None
    return Outcome(answer, None, steps, proof, verdicts, output=written)


def _write(answer: BnFold, path: str, stream: BinaryIO) -> None:
    """Write the arrays of an answer as the ending of the file says.

    Raises:
        DlcalcError: ``unsupported-file`` for two arrays in a file that holds one.
    """
    folded = answer.folded
    number_format = "float64" if folded is None else folded.format
    arrays: dict[str, Floats] = {"scale": answer.scale, "shift": answer.shift}
    if folded is not None:
        arrays = {"weight": folded.as_given, "bias": folded.bias}
    stored = {name: encoded(values, number_format) for name, values in arrays.items()}
    if path.endswith(".npz"):
        np.savez(stream, **stored)  # type: ignore[arg-type]  # no name of an array is that of a parameter
    elif path.endswith(".safetensors"):
        from dlcalc.files.safetensors import write_safetensors

        write_safetensors(stream, {name: (number_format, values) for name, values in stored.items()})
    else:
        first, second = arrays
        if arrays[second].any():
            message = f"a .npy file holds one array, and there are two, {first} and {second}"
            raise DlcalcError("unsupported-file", message, hint=f"one of {', '.join(ENDINGS[:2])}", option="output")
        np.lib.format.write_array(stream, stored[first], allow_pickle=False)
