"""Losses and gradients that are right in another framework, or by another definition: found in every format and size.

The wrong answers are written out here from the documents of those frameworks, and not taken from the table under test.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlcalc.core.arrays import row_source as blocks
from dlcalc.core.arrays.stored import rounded
from dlcalc.core.evidence.array_claim import ArrayClaim
from dlcalc.core.softmax.answer import SoftmaxGrad, softmax_grad
from dlcalc.core.softmax.mistakes.judge import claimable, judge
from dlcalc.core.softmax.question import checked
from dlcalc.notation.array_claims import array_claims
from tests.conftest import Run
from tests.support.unread import in_file

Floats = Any  # arrays of float64

RNG = np.random.default_rng(301)
N, C = 24, 5
Z = RNG.standard_normal((N, C)) * 2
P = RNG.dirichlet(np.ones(C), N)  # logits that look like probabilities
Y = RNG.integers(0, C, N)
IGNORING = np.where(np.arange(N) % 5 == 2, -100, Y)
Q = RNG.dirichlet(np.ones(C), N)
WEIGHTS = np.array([0.5, 2.0, 1.0, 1.5, 0.25])
HOT = np.eye(C)[Y]
SURE = np.where(np.arange(N)[:, None] % 3 == 0, Z * 20, Z)  # rows whose probabilities are next to 0 and 1


def softmax(z: Floats, axis: int = 1) -> Floats:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def ce(a: Floats, t: Floats) -> Floats:
    """Each row's -sum(t ln a)."""
    return -(t * np.log(a)).sum(axis=1)


def keras(a: Floats, t: Floats) -> tuple[Floats, Floats]:
    """categorical_crossentropy of probabilities: clipped, and nothing goes back through what was clipped."""
    held = np.clip(a, 1e-7, 1 - 1e-7)
    slopes = np.where((a < 1e-7) | (a > 1 - 1e-7), 0.0, -t / held)
    return ce(held, t), np.array([(np.diag(p) - np.outer(p, p)) @ s for p, s in zip(a, slopes, strict=True)])


def sparse_keras(a: Floats, t: Floats) -> Floats:
    """sparse_categorical_crossentropy of probabilities: the logarithms of the clipped ones are taken for logits."""
    return ce(softmax(np.log(np.clip(a, 1e-7, 1 - 1e-7))), t)


def fastai(z: Floats, labels: Floats, alpha: float, weights: Floats | None = None) -> Floats:
    """LabelSmoothingCrossEntropy: the mean of -ln a over all rows, and nll_loss with its weights and ignored rows."""
    w, kept = np.ones(C) if weights is None else weights, labels != -100
    log_a = np.log(softmax(z))
    of_label = w[labels[kept]]
    nll = -(of_label * log_a[kept, labels[kept]]).sum() / of_label.sum()
    return alpha / C * -log_a.sum(axis=1).mean() + (1 - alpha) * nll


A, A4, OVER = softmax(Z), softmax(Z / 4), softmax(Z, axis=0)
TW = HOT * WEIGHTS
SUMS = Q * np.linspace(0.5, 3, N)[:, None]  # targets that do not sum to 1

# The mistake, the question, the key, and what is claimed of it.
Planted = tuple[str, dict[str, Any], str, Floats]
PLANTED: list[Planted] = [
    ("nll-of-probabilities", {"z": P, "y": Y, "reduction": "none"}, "loss", ce(P, HOT)),
    ("nll-of-probabilities", {"z": P, "y": Y}, "loss", ce(P, HOT).mean()),
    ("nll-of-probabilities", {"z": P, "y": Y}, "grad_logits", (P - HOT) / N),
    ("nll-of-probabilities", {"z": P, "q": Q}, "grad_logits", -Q / P / N),
    ("kl-divergence", {"z": Z, "q": Q, "reduction": "none"}, "loss", (Q * np.log(Q / A)).sum(axis=1)),
    ("kl-divergence", {"z": Z, "q": Q}, "loss", (Q * np.log(Q / A)).sum() / N),
    ("kl-divergence", {"z": Z, "q": Q}, "loss", (Q * np.log(Q / A)).mean()),  # F.kl_div, reduction="mean"
    ("temperature-squared", {"z": Z, "q": Q, "temperature": 4.0}, "loss", 16 * (Q * np.log(Q / A4)).sum() / N),
    ("temperature-squared", {"z": Z, "y": Y, "temperature": 4.0}, "loss", 16 * ce(A4, HOT).mean()),
    ("temperature-squared", {"z": Z, "q": Q, "temperature": 4.0}, "grad_logits", 16 * (A4 - Q) / 4 / N),
    ("unit-target-sum", {"z": Z, "q": SUMS}, "grad_logits", (A - SUMS) / N),
    ("unit-target-sum", {"z": Z, "y": Y, "class_weights": WEIGHTS}, "grad_logits", (A - TW) / TW.sum()),
    ("clipped-probabilities", {"z": SURE, "y": Y, "reduction": "none"}, "loss", keras(softmax(SURE), HOT)[0]),
    ("clipped-probabilities", {"z": SURE, "y": Y}, "loss", keras(softmax(SURE), HOT)[0].mean()),
    ("clipped-probabilities", {"z": SURE, "y": Y, "reduction": "none"}, "loss", sparse_keras(softmax(SURE), HOT)),
    ("clipped-probabilities", {"z": SURE, "y": Y}, "grad_logits", keras(softmax(SURE), HOT)[1] / N),
    ("log10-loss", {"z": Z, "y": Y}, "loss", ce(A, HOT).mean() / np.log(10)),
    ("log2-loss", {"z": Z, "y": Y}, "loss", ce(A, HOT).mean() / np.log(2)),
    ("smoothing-other", {"z": Z, "y": Y, "label_smoothing": 0.2}, "loss", ce(A, HOT + 0.2 / C).mean()),
    ("smoothing-other", {"z": Z, "y": Y, "label_smoothing": 0.2}, "loss", ce(A, 0.8 * HOT + 1 / C).mean()),
    (
        "smoothing-other",
        {"z": Z, "y": Y, "label_smoothing": 0.2, "class_weights": WEIGHTS},
        "loss",
        fastai(Z, Y, 0.2, WEIGHTS),
    ),
    ("smoothing-other", {"z": Z, "y": IGNORING, "label_smoothing": 0.2}, "loss", fastai(Z, IGNORING, 0.2)),
    (
        "smoothing-other",
        {"z": Z, "y": Y, "label_smoothing": 0.2},
        "grad_logits",
        (A * 1.8 - 0.8 * HOT - 1 / C) / N,
    ),
    ("wrong-axis", {"z": Z, "y": Y}, "softmax", OVER),
    ("wrong-axis", {"z": Z[:1], "y": Y[:1]}, "softmax", np.ones_like(Z[:1])),
    ("wrong-axis", {"z": Z[:1], "y": Y[:1]}, "grad_logits", 1 - HOT[:1]),
    ("wrong-axis", {"z": Z, "y": Y}, "loss", ce(OVER, HOT).mean()),
    ("wrong-axis", {"z": Z, "y": Y}, "grad_logits", (OVER - HOT) / N),
    ("wrong-axis", {"z": Z, "q": Q}, "grad_logits", (OVER * Q.sum(axis=0) - Q) / N),
    ("wrong-axis", {"z": Z, "y": IGNORING, "reduction": "none"}, "loss", ce(OVER, HOT) * (IGNORING >= 0)),
    ("identity-backward", {"z": Z, "y": Y}, "grad_logits", -HOT / N),
    ("scaled", {"z": Z, "y": Y, "temperature": 4.0}, "grad_softmax", -HOT / A4 / N / 4),  # 1/T
]  # fmt: skip


def answer_of(given: dict[str, Any], *, unread: bool) -> SoftmaxGrad:
    options = {key: value for key, value in given.items() if key not in ("z", "y", "q")}
    question = checked(given["z"], given.get("y"), given.get("q"), **options)
    return softmax_grad(in_file(question) if unread else question)


def claim_of(answer: SoftmaxGrad, key: str, values: Floats, form: str) -> ArrayClaim:
    if form != "typed":
        return ArrayClaim(key, rounded(values, form), form)
    text = "/".join(",".join(f"{number:.6e}" for number in row) for row in np.atleast_2d(values))
    return array_claims(f"{key}={text}", claimable(answer), load=lambda path, option: [])[0]


COARSE = {"float16": 0.05, "bfloat16": 0.4}  # by what a mistake must move the numbers to be told in such a format


@pytest.mark.parametrize("form", ["typed", "float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("unread", [False, True])
def test_a_planted_convention_comes_first(monkeypatch: pytest.MonkeyPatch, form: str, unread: bool) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 200)
    told = set()
    for name, given, key, values in PLANTED:
        answer = answer_of(given, unread=unread)
        right = answer.array(key).astype(np.float64)
        if form in COARSE and values.ndim == 0:
            continue  # a single number that may be off by 1 % or 10 % is evidence of little
        if np.abs(values - right).max() < COARSE.get(form, 0.0) * np.abs(right).max():
            continue
        verdict = judge(answer, claim_of(answer, key, values, form))
        assert not verdict.passed, (name, key)
        assert [one.mistake for one in verdict.diagnosis][:1] == [name], (name, key, verdict.diagnosis)
        told.add(name)
    assert len(told) >= 8


def test_the_losses_of_keras_in_its_own_precision(run: Run) -> None:
    """Of a sure row Keras prints -ln(1 - 2^-23) in float32, where 1 - 1e-7 is rounded."""
    found = run("softmax-grad", "--logits", "40,0", "--label", "0", "--expect", "loss=1.1920930e-07", "--json")
    assert [one["mistake"] for one in found.json["expect"]["claims"][0]["diagnosis"]] == ["clipped-probabilities"]
    found = run("softmax-grad", "--logits", "40,0", "--label", "1", "--expect", "loss=16.118095", "--json")
    assert [one["mistake"] for one in found.json["expect"]["claims"][0]["diagnosis"]] == ["clipped-probabilities"]


PRINTS = [  # of right float32 losses and gradients, by NumPy and PyTorch, that no mistake explains
    ("softmax", "1.1253517e-07,9.9999988e-01"), ("softmax", "1.1254e-07,1.0000e+00"), ("softmax", "1.12535155e-07,1.0"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "printed"), PRINTS)
def test_a_right_program_may_print_as_it_does(run: Run, key: str, printed: str) -> None:
    found = run("softmax-grad", "--logits", "-16,0", "--label", "1", "--expect", f"{key}={printed}", "--json")
    assert found.json["expect"]["passed"]


def test_what_is_less_than_a_unit_in_the_last_place_is_no_mistake(run: Run) -> None:
    """Held at 1e-7 and normalised again, 100 probabilities change a loss of 10.2 by less than a float32 can tell."""
    logits = ",".join(["0", "10.2022", *["-20"] * 98])
    right = 10.2022 + np.log1p(np.exp(-10.2022) + 98 * np.exp(-30.2022))
    held = np.array([np.exp(-right), np.exp(10.2022 - right), *[1e-7] * 98])
    clipped = -np.log(held[0] / held.sum())
    printed = str(np.float32(clipped))
    assert abs(clipped - right) > 4e-6
    found = run("softmax-grad", "--logits", logits, "--label", "0", "--expect", f"loss={printed}", "--json")
    assert not found.json["expect"]["passed"]
    logits = ",".join(["0", "10.2022", *["-20"] * 8])
    clipped = right - 98 * np.exp(-30.2022) + np.log1p(8e-7)
    assert 5e-7 < clipped - right < 9e-7
    found = run("softmax-grad", "--logits", logits, "--label", "0", "--expect", f"loss={clipped:.6f}", "--json")
    assert found.json["expect"]["passed"]


SAID: list[tuple[Callable[..., Floats], str]] = [
    (lambda a, y: a * 1.1 - y - 0.1 / 3, "without taking alpha"),
    (lambda a, y: a * 1.9 - 0.9 * y - 1 / 3, "1/C and not"),
]


@pytest.mark.parametrize(("wrong", "said"), SAID)
def test_the_text_says_which_definition(run: Run, wrong: Callable[..., Floats], said: str) -> None:
    values = wrong(softmax(np.array([[1.0, 2.0, 3.0]]))[0], np.array([0, 0, 1]))
    words = ["--logits", "1,2,3", "--label", "2", "--label-smoothing", "0.1", "--expect"]
    found = run("softmax-grad", *words, ",".join(f"{value:.8f}" for value in values), "--json")
    assert said in found.json["expect"]["claims"][0]["diagnosis"][0]["text"]


def test_no_constant_that_prints_as_one() -> None:
    question = checked(Z, Y, None)
    answer = softmax_grad(question)
    close = answer.array("grad_logits") * (1 + 2e-7)
    verdict = judge(answer, ArrayClaim("grad_logits", close, "float64"))
    assert (verdict.passed, verdict.diagnosis) == (False, ())


def test_right_losses_of_distributions_that_are_one_hot_are_not_divergences() -> None:
    answer = softmax_grad(checked(Z, None, HOT))
    assert judge(answer, ArrayClaim("loss", answer.array("loss"), "float64")).passed
