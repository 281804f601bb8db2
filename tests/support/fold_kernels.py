"""Folds as programs compute them, every step rounded to a format, right ones and ones with a planted mistake."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dlcalc.core.arrays.stored import Floats, rounded
from dlcalc.core.batch_norm.affine import checked_affine
from dlcalc.core.batch_norm.question import BnFoldQuestion
from dlcalc.core.batch_norm.weighted_layer import Kind, WeightedLayer


@dataclass(frozen=True)
class FoldKernel:
    """A fold of a batch norm into the layer before it; its choices are right to begin with.

    Attributes:
        format: in which every step is rounded, and the parameters are given.
        order: ``gamma/root``, ``gamma*(1/root)`` or ``W/root*gamma``.
        gamma, beta, mean, var: (C,).
        eps: of the batch norm.
        kind, groups: of the layer.
        weight, bias: of the layer.
        root: from var + eps to what gamma is divided by.
        outside: whether eps is added outside the root.
        axis: 0 of the outputs, 1 of the inputs.
        own_bias: ``scaled``, ``ignored`` or ``unscaled``.
        sign: of the mean.
        folded: whether anything is.
    """

    format: str
    order: str
    gamma: Floats
    beta: Floats
    mean: Floats
    var: Floats
    eps: float
    kind: Kind
    groups: int
    weight: Floats
    bias: Floats
    root: bool = True
    outside: bool = False
    outputs: bool = True
    own_bias: str = "scaled"
    sign: float = 1.0
    folded: bool = True

    def question(self) -> BnFoldQuestion:
        affine = checked_affine(self.gamma, self.beta, self.mean, self.var, self.eps)
        space = self.weight.ndim - 2
        ones, zeros = (1,) * space, (0,) * space
        layer = WeightedLayer(self.kind, self.weight, self.bias, self.groups, ones, zeros, ones, self.format)
        return BnFoldQuestion("paper", affine, "option", None, layer)

    def r(self, values: Floats) -> Floats:
        return rounded(values, self.format)

    def divisor(self) -> Floats:
        eps = self.r(np.array(self.eps))
        if self.outside:
            return self.r(self.r(np.sqrt(self.var)) + eps)
        inside = self.r(self.var + eps)
        return self.r(np.sqrt(inside)) if self.root else inside

    def scale(self) -> Floats:
        if self.order == "gamma*(1/root)":
            return self.r(self.gamma * self.r(1 / self.divisor()))
        return self.r(self.gamma / self.divisor())

    def times_scale(self, values: Floats, of: Callable[[Floats], Floats]) -> Floats:
        """Values times the scale of their channels, which ``of`` spreads over them."""
        if self.order == "W/root*gamma":
            return self.r(self.r(values / of(self.divisor())) * of(self.gamma))
        return self.r(values * of(self.scale()))

    def spread(self, channels: Floats) -> Floats:
        """A number for each channel, for each entry of the weight: counted one by one."""
        found = np.empty(self.weight.shape)
        for at in np.ndindex(*self.weight.shape[:2]):
            group = at[0] // (self.weight.shape[0] // self.groups)
            first = self.outputs == (self.kind != "transposed")
            found[at] = channels[(at[0] if first else group * self.weight.shape[1] + at[1]) % len(channels)]
        return found

    @np.errstate(all="ignore")
    def fold(self) -> dict[str, Floats]:
        if not self.folded:
            return {"weight": self.weight, "bias": self.bias}
        shift = self.r(self.beta - self.r(self.sign * self.times_scale(self.mean, lambda values: values)))
        bias = {
            "scaled": lambda: self.r(
                self.times_scale(self.r(self.bias - self.sign * self.mean), lambda values: values) + self.beta
            ),
            "ignored": lambda: shift,
            "unscaled": lambda: self.r(self.bias + shift),
        }[self.own_bias]()
        weight = self.times_scale(self.weight, self.spread)
        return {"scale": self.scale(), "shift": shift, "weight": weight, "bias": bias}


Plant = Callable[[FoldKernel], FoldKernel]


def changed(**changes: object) -> Plant:
    """Plant a mistake by other choices; a function is called with the kernel."""

    def plant(kernel: FoldKernel) -> FoldKernel:
        made = {name: value(kernel) if callable(value) else value for name, value in changes.items()}
        return replace(kernel, **made)  # type: ignore[arg-type]

    return plant


# From the code of a mistake to the keys in which it shows, and how it is planted.
PLANTS: Mapping[str, tuple[tuple[str, ...], Plant]] = {
    "eps-ignored": (("scale", "weight"), changed(eps=0.0)),
    "eps-default": (("scale", "weight"), changed(eps=lambda k: 1e-3 if k.eps < 1e-3 else 1e-5)),
    "eps-outside-sqrt": (("scale", "weight"), changed(outside=True)),
    "sqrt-forgotten": (("scale", "weight"), changed(root=False)),
    "layer-bias-ignored": (("bias",), changed(own_bias="ignored")),
    "layer-bias-not-scaled": (("bias",), changed(own_bias="unscaled")),
    "mean-ignored": (("shift", "bias"), changed(mean=lambda k: 0 * k.mean)),
    "beta-ignored": (("shift", "bias"), changed(beta=lambda k: 0 * k.beta)),
    "gamma-ignored": (("scale", "weight"), changed(gamma=lambda k: np.ones_like(k.gamma))),
    "mean-sign": (("shift", "bias"), changed(sign=-1.0)),
    "gamma-beta-swapped": (("scale", "weight"), changed(gamma=lambda k: k.beta, beta=lambda k: k.gamma)),
    "wrong-axis": (("weight",), changed(outputs=False)),
    "not-folded": (("weight", "bias"), changed(folded=False)),
}


def kernels(rng: np.random.Generator, name: str) -> FoldKernel:
    """Draw a fold, in the arithmetic of a format: as many outputs as inputs."""
    channels = int(rng.choice([16, 32]))
    kinds: list[Kind] = ["conv", "linear", "transposed"]
    kind = kinds[int(rng.integers(len(kinds)))]
    groups = 1 if kind == "linear" else int(rng.choice([1, 2]))
    space = () if kind == "linear" else (3,)

    def normal(*shape: int) -> Floats:
        return rounded(rng.standard_normal(shape), name)

    return FoldKernel(
        name,
        str(rng.choice(["gamma/root", "gamma*(1/root)", "W/root*gamma"])),
        rounded(normal(channels) * 0.3 + 1.2, name),
        normal(channels),
        normal(channels),
        rounded(rng.uniform(0.01, 2, channels), name),
        float(rng.choice([1e-5, 1e-3])),
        kind,
        groups,
        normal(channels, channels // groups, *space),
        normal(channels),
    )
