"""A gradient is explained by its derivation, with the numbers of one row in it."""

from collections.abc import Callable, Sequence
from math import nan

import numpy as np

from dlcalc.core.arrays.row_source import Floats
from dlcalc.core.evidence.step import Step, Steps
from dlcalc.core.evidence.step import in_formula as _n
from dlcalc.core.softmax.answer import SoftmaxGrad

_CHAIN = "chain rule"
_QUOTIENT = "quotient rule"
_TORCH = "PyTorch CrossEntropyLoss"
_BLANCHARD = "Blanchard, Higham & Higham 2021"
_FEW = 8  # classes that are written out
_TINY = 1e-200  # and one below which its logarithm is taken from the logits
_NEAR = 0.999  # a probability from which on 1 - a is summed up from the others


def explain(answer: SoftmaxGrad) -> tuple[Step, ...]:
    """Derive every term on the way from the logits of a row to the gradient."""
    with np.errstate(all="ignore"):
        terms = _Terms(answer)
        if not terms.counts:
            terms.nothing()
            return tuple(terms.steps)
        if answer.question.linear is not None:
            terms.layer()
        terms.softmax()
        terms.target()
        terms.loss()
        terms.derivatives()
        terms.gradient()
        if answer.question.linear is not None:
            terms.through_layer()
    return tuple(terms.steps)


class _Terms(Steps):
    """Collects the steps of the first row that counts; some classes stand for all where there are many."""

    def __init__(self, answer: SoftmaxGrad) -> None:
        self.answer, question = answer, answer.question
        kept = question.targets.kept_rows(1)
        self.counts, self.row = bool(kept), kept[0] if kept else 0
        super().__init__({"row": self.row} if answer.rows > 1 else None)
        self.z = question.logits[self.row].astype(np.float64)
        self.temperature = question.temperature
        self.top = float(self.z.max()) / self.temperature
        self.a = answer.softmax[self.row].astype(np.float64)
        self.t = question.targets.dense(slice(self.row, self.row + 1))[0]
        grown = np.exp(self.z / self.temperature - self.top)
        self.total = float(grown.sum())
        before, behind = np.zeros(len(grown)), np.zeros(len(grown))  # no difference: 1 - a would have few digits
        before[1:], behind[:-1] = np.cumsum(grown[:-1]), np.cumsum(grown[:0:-1])[::-1]
        self.rest = (before + behind) / self.total
        self.used = np.flatnonzero(self.t).tolist()
        self.classes = self._classes()
        others = len(self.z) - len(self.classes)
        self.likewise = f"; likewise for the other {others:,} classes" if others else ""

    def _classes(self) -> list[int]:
        """List all classes, or the ones that matter: the target's, the largest, and the first other one."""
        count = len(self.z)
        if count <= _FEW:
            return list(range(count))
        chosen = {int(self.t.argmax()), int(self.z.argmax())}
        return sorted(chosen | {next(number for number in range(count) if number not in chosen)})

    @property
    def own(self) -> int:
        """The class with the largest part of the target."""
        return int(self.t.argmax())

    @property
    def other(self) -> int:
        """A class that is not the target's."""
        return next(number for number in self.classes if number != self.own)

    def add(self, symbol: str, formula: str, substituted: str, value: object, source: str, why: str) -> None:
        """Append a step; its value without a negative zero."""
        shown = float(value) + 0.0 if isinstance(value, float | np.floating) else value
        super().add(symbol, formula, substituted or "0", shown, source, why)

    def scaled(self, number: int) -> float:
        """Compute z/T of a class."""
        return float(self.z[number]) / self.temperature

    def exponent(self, number: int) -> str:
        """Write the exponent of a class: z/T less the largest, which changes nothing and overflows nowhere."""
        scaled = _n(self.z[number]) if self.temperature == 1 else f"{_n(self.z[number])}/{_n(self.temperature)}"
        return f"exp({scaled} - {_n(self.top)})"

    def complement(self, number: int) -> str:
        """Write 1 - a of a class; of one near 1 the sum of the others, which has all its digits."""
        return f"(1 - {_n(self.a[number])})" if self.a[number] < _NEAR else _n(self.rest[number])

    def nothing(self) -> None:
        """Say what comes of rows that are all ignored."""
        self.add("t_i", "0 in a row that is ignored", "0", 0.0, _TORCH, "every row is")
        if self.answer.question.targets.reduction == "mean":
            self.add("D", "N", "0", 0, _TORCH, "rows in the mean: none")
            self.add("C", "(sum_n L_n)/D", "0/0", nan, _TORCH, "the mean of no rows is no number")
        self.add("dC/dz_i", "0 in a row that is ignored", "0", 0.0, _TORCH, "whatever D is")

    def last(self, number: int) -> str:
        """Say behind the last of the classes that are written out that the others go likewise."""
        return self.likewise if number == self.classes[-1] else ""

    def layer(self) -> None:
        """Derive z = Wx + b."""
        linear = self.answer.question.linear
        assert linear is not None
        number = self.own
        weights, x = linear.weight[number], linear.x[self.row]
        sums = _sum(lambda j: f"{_n(weights[j])}*{_n(x[j])}", range(len(x))) + f" + {_n(linear.bias[number])}"
        why = "the logit of each class; here that of the target's"
        self.add(f"z_{number}", "sum_j W_ij*x_j + b_i", sums, self.z[number], "linear layer", why)

    def softmax(self) -> None:
        """Derive S and a."""
        over = "" if self.temperature == 1 else "/T"
        formula = f"sum_k exp(z_k{over} - m)"
        exponents = _sum(self.exponent, range(len(self.z)))
        why = f"m = {_n(self.top)} is the largest, and cancels: equal shifts change nothing"
        self.add("S", formula, exponents, self.total, _BLANCHARD, why)
        for number in self.classes:
            substituted = f"{self.exponent(number)}/{_n(self.total)}"
            why = "softmax" + (" of the target's class" if number == self.own else "") + self.last(number)
            self.add(f"a_{number}", f"exp(z_i{over} - m)/S", substituted, self.a[number], _BLANCHARD, why)

    def target(self) -> None:
        """Derive t and D, where they are more than the label and 1."""
        targets = self.answer.question.targets
        smoothing, weights = targets.label_smoothing, targets.class_weights
        given = targets.given(slice(self.row, self.row + 1))[0]
        parts = [text for text, there in (("weighted", weights is not None), ("smoothed", smoothing)) if there]
        for number in self.classes if parts else ():
            formula, substituted = "y_i", _n(given[number])
            if smoothing:
                formula = "(1 - alpha)*y_i + alpha/C"
                substituted = f"(1 - {_n(smoothing)})*{substituted} + {_n(smoothing)}/{targets.classes}"
            if weights is not None:
                formula, substituted = (f"({text})" if smoothing else text for text in (formula, substituted))
                formula, substituted = f"w_i*{formula}", f"{_n(weights[number])}*{substituted}"
            why = f"the target, {' and '.join(parts)}{self.last(number)}"
            self.add(f"t_{number}", formula, substituted, self.t[number], _TORCH, why)
        if targets.reduction == "mean":
            self._denominator()

    def _denominator(self) -> None:
        targets = self.answer.question.targets
        if targets.labels is not None and targets.class_weights is not None:
            weights = targets.weights[targets.labels[np.array(targets.kept_rows(_FEW), np.intp)]]
            why = "an index and the same class as a distribution differ here: for a distribution D is N"
            self.add("D", "sum_n w_{y_n}", _listed(weights), targets.denominator, _TORCH, why)
            return
        why = "rows in the mean" + ("; ignored ones are left out" if targets.ignores else "")
        self.add("D", "N", f"{targets.denominator:.0f}", int(targets.denominator), _TORCH, why)

    def loss(self) -> None:
        """Derive L of the row."""
        used = self.used
        value, why = self.answer.row_losses[self.row], "cross-entropy of the row"
        if len(used) == 1 and self.a[used[0]] >= _NEAR:
            substituted = f"{_n(self.t[used[0]])}*log1p({_n(self.rest[used[0]] / self.a[used[0]])})"
            why += "; with R the sum of the other exponentials, because 1 - a has few digits"
            self.add("L", "-t_i*ln(a_i) = t_i*log1p(R/exp(z_i - m))", substituted, value, _BLANCHARD, why)
        elif used and self.a[used].min() < _TINY:
            top, log_sum = _n(self.top), f"ln({_n(self.total)})"
            why += "; with m, the largest logit, because ln(a) of so small an a has few digits or none"
            substituted = _sum(lambda i: f"{_n(self.t[i])}*({top} - {_n(self.scaled(i))} + {log_sum})", used)
            self.add("L", "sum_i t_i*(m - z_i + ln(S))", substituted, value, _BLANCHARD, why)
        else:
            substituted = " ".join(f"- {_n(self.t[number])}*ln({_n(self.a[number])})" for number in used[:_FEW])
            substituted += " - ..." if len(used) > _FEW else ""
            self.add("L", "-sum_i t_i*ln(a_i)", substituted, value, _TORCH, why)
        self._reduced()

    def _reduced(self) -> None:
        """Derive C, where there are several rows to make it of."""
        answer, targets = self.answer, self.answer.question.targets
        if answer.rows == 1 or targets.reduction == "none":
            return
        losses = _listed(answer.row_losses[np.array(targets.kept_rows(_FEW), np.intp)])
        over, divided = ("/D", f"/{_n(targets.denominator)}") if targets.reduction == "mean" else ("", "")
        why = "the loss of all rows" + ("; ignored ones add nothing" if targets.ignores else "")
        self.add("C", f"(sum_n L_n){over}", f"({losses}){divided}", float(answer.array("loss")), _TORCH, why)

    def derivatives(self) -> None:
        """Derive dL/da, and both cases of da/dz."""
        own = self.own
        over = "" if self.temperature == 1 else "/T"
        divided = "" if self.temperature == 1 else f"/{_n(self.temperature)}"
        for j in self.classes:
            if self.t[j]:
                why = "0 where t_j = 0" + (self.last(j) if len(self.used) > 1 else "")
                self.add(f"dL/da_{j}", "-t_j/a_j", f"-{_n(self.t[j])}/{_n(self.a[j])}", self.slope(j), _CHAIN, why)
        e_i, e_j = (f"exp(z_{letter}{over} - m)" for letter in "ij")
        formula = f"({e_i}*S - {e_i}^2)/S^2{over} = a_i*(1 - a_i){over}"
        why = "case i = j; S^2 is the square of the sum, not the sum of the squares"
        substituted = f"{_n(self.a[own])}*{self.complement(own)}{divided}"
        self.add(f"da_{own}/dz_{own}", formula, substituted, self.cross(own), _QUOTIENT, why)
        formula = f"-{e_j}*{e_i}/S^2{over} = -a_j*a_i{over}"
        for j in self.classes:
            if j != own and (self.t[j] or j == self.other):
                why = "case i != j: every a_j has all of z in its denominator" + self.last(j)
                substituted = f"-{_n(self.a[j])}*{_n(self.a[own])}{divided}"
                self.add(f"da_{j}/dz_{own}", formula, substituted, self.cross(j), _QUOTIENT, why)
        self._summed(over)

    def slope(self, number: int) -> float:
        """Compute dL/da of a class."""
        return float(-self.t[number] / self.a[number])

    def cross(self, number: int) -> float:
        """Compute da/dz of a class with respect to the target's logit."""
        factor = self.rest[self.own] if number == self.own else -self.a[self.own]
        return float(self.a[number] * factor / self.temperature)

    def _summed(self, over: str) -> None:
        """Derive dL/dz of the target's class where its sum has several terms."""
        own = self.own
        if len(self.used) < 2 or not self.a[self.used].all():
            return
        value = self.a[own] * (self.t.sum() - self.t[own]) - self.t[own] * self.rest[own]
        terms = _sum(lambda j: f"{_n(self.slope(j))}*{_n(self.cross(j))}", self.used)
        why = f"a term for each of the {len(self.used):,} classes that the target is spread over"
        formula = f"sum_j dL/da_j*da_j/dz_i = (a_i*sum(t) - t_i){over}"
        self.add(f"dL/dz_{own}", formula, terms, value / self.temperature, _CHAIN, why)

    def gradient(self) -> None:
        """Derive dC/dz of each class: all classes of a are summed over."""
        targets = self.answer.question.targets
        over = "/D" if targets.reduction == "mean" else ""
        numbers = f"/{_n(targets.denominator)}" if over else ""
        if self.temperature != 1:
            over, numbers = f"{over}/T", f"{numbers}/{_n(self.temperature)}"
        total = float(self.t.sum())
        summed = f"sum_j dL/da_j*da_j/dz_i{over}"
        for number in self.classes:
            a, t = _n(self.a[number]), _n(self.t[number])
            substituted = f"({a}*{_n(total)} - {t}){numbers}"
            formula = f"{summed} = (a_i*sum(t) - t_i){over}"
            if self.a[number] >= _NEAR:
                formula = f"{summed} = (a_i*(sum(t) - t_i) - t_i*(1 - a_i)){over}"
                substituted = f"({a}*{_n(total - self.t[number])} - {t}*{self.complement(number)}){numbers}"
            hard = total == 1 and self.used == [number]
            why = "a - t where the target is one class" if hard else "J = diag(a) - a*a'"
            why += self.last(number)
            value = self.answer.gradient[self.row, number]
            self.add(f"dC/dz_{number}", formula, substituted, value, _CHAIN, why)

    def through_layer(self) -> None:
        """Derive the gradients of the linear layer: dC/dW, dC/db and dC/dx."""
        linear, answer = self.answer.question.linear, self.answer
        assert linear is not None
        number, rows = self.own, np.array(answer.question.targets.kept_rows(_FEW)[:_FEW], np.intp)
        slopes = answer.gradient[rows][:, number]
        weights = _sum(lambda n: f"{_n(slopes[n])}*{_n(linear.x[rows[n], 0])}", range(len(rows)))
        value = answer.grad_weight[number, 0]
        self.add(f"dC/dW_{number}0", "sum_n (dC/dz_i)*x_j", weights, value, _CHAIN, "(dC/dz) x'")
        self.add(f"dC/db_{number}", "sum_n dC/dz_i", _listed(slopes), slopes.sum(), _CHAIN, "dC/dz itself")
        gradient = answer.gradient[self.row]
        inputs = _sum(lambda i: f"{_n(linear.weight[i, 0])}*{_n(gradient[i])}", range(len(gradient)))
        self.add("dC/dx_0", "sum_i W_ij*(dC/dz_i)", inputs, answer.grad_x[self.row, 0], _CHAIN, "W' (dC/dz)")


def _listed(numbers: Sequence[float] | Floats) -> str:
    return _sum(lambda place: _n(numbers[place]), range(len(numbers)))


def _sum(write: Callable[[int], str], numbers: Sequence[int]) -> str:
    """Write the terms of a sum; of many the first and the last, and no others are written on the way."""
    if len(numbers) <= _FEW:
        return " + ".join(map(write, numbers))
    return " + ".join([*map(write, numbers[:3]), "...", write(numbers[-1])])
