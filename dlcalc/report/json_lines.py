"""An outcome as one compact JSON object on one line."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dlcalc.core.errors import DlcalcError
from dlcalc.core.outcome import A, Outcome, V
from dlcalc.report.arrays import json_safe
from dlcalc.report.view import Q, View

if TYPE_CHECKING:
    from dlcalc.core.evidence.proof import Proof
    from dlcalc.core.evidence.step import Step

# Documents are made here and hold no cycles; looking for some costs a fifth of the time.
encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


def error_line(error: DlcalcError) -> str:
    """Encode an error that ends the program as one line."""
    return encode({"error": _error(error)})


def _error(error: DlcalcError | None) -> dict[str, str]:
    from dlcalc.report.errors import as_dict

    return {} if error is None else as_dict(error)


def outcome_line(outcome: Outcome[A, V], view: View[Q, A, V]) -> Iterator[str]:
    """Encode an outcome as one line, in pieces, because it may be a long one."""
    answer = outcome.answer
    if answer is None:
        yield encode(_identity(outcome, view) | {"error": _error(outcome.error)}) + "\n"
        return
    besides = _besides(outcome, answer, view)
    tail = "," + encode(besides)[1:] if besides else "}"
    if outcome.swept is None and outcome.id is None:  # as most lines of a batch are
        head = f'{{"command":"{view.command}",' + ("" if outcome.line is None else f'"line":{outcome.line},')
    else:
        head = encode(_identity(outcome, view))[:-1] + ","
    body = encode(view.as_json(answer))[1:-1] if view.encoded is None else view.encoded(answer, encode)
    if isinstance(body, str):
        yield head + body + tail + "\n"
    else:
        yield head
        yield from body
        yield tail + "\n"


def _identity(outcome: Outcome[A, V], view: View[Q, A, V]) -> dict[str, object]:
    """Give the keys that tell a question from others."""
    found: dict[str, object] = {"command": view.command}
    if outcome.line is not None:
        found["line"] = outcome.line
        if outcome.id is not None:
            found["id"] = outcome.id
    if outcome.swept is not None:
        found["question"] = outcome.swept
    return found


def _besides(outcome: Outcome[A, V], answer: A, view: View[Q, A, V]) -> dict[str, object]:
    """Give the keys of what was asked besides the answer, and of the warnings."""
    found: dict[str, object] = {}
    if outcome.output is not None:
        found["output"] = outcome.output
    if outcome.steps is not None:
        found["explain"] = [_step(step) for step in outcome.steps]
    if outcome.proof is not None:
        found["check"] = _proof(outcome.proof)
    if outcome.verdicts is not None:
        passed = all(verdict.passed for verdict in outcome.verdicts)
        found["expect"] = {"passed": passed, "claims": [_claim(verdict, answer, view) for verdict in outcome.verdicts]}
    if answer.warnings:
        found["warnings"] = [warning._asdict() for warning in answer.warnings]
    return found


def _step(step: "Step") -> dict[str, object]:
    *rest, where = step
    return {**where, **dict(zip(step._fields, rest, strict=False)), "value": json_safe(step.value)}


def _proof(proof: "Proof") -> dict[str, object]:
    failures = [
        {**failure.where, "key": failure.key, "answer": json_safe(failure.answer), "found": json_safe(failure.found)}
        for failure in proof.failures
    ]
    details = {key: json_safe(value) for key, value in proof.details.items()}
    return {"passed": proof.passed, "method": proof.method, **details, "failures": failures}


def _claim(verdict: V, answer: A, view: View[Q, A, V]) -> dict[str, object]:
    found = {
        "key": verdict.claim.key,
        **({} if view.judged is None else view.judged(answer, verdict)),
        "passed": verdict.passed,
    }
    if not verdict.passed:
        found["diagnosis"] = [
            {"mistake": each.mistake, **({} if each.second is None else {"and": each.second}), "text": each.text}
            for each in verdict.diagnosis
        ]
    if verdict.could_be:
        found["could_be"] = [
            {"mistake": each.mistake, "layer": each.layer, "text": each.text} for each in verdict.could_be
        ]
    return found
