"""Which axis of an array is which: of mini-batches, and of a layer's weight, in letters."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dlcalc.core.arrays.stored import Array, Floats
from dlcalc.core.errors import DlcalcError, alternatives

LayerKind = Literal["conv", "transposed", "linear", "depthwise"]
LAYER_KINDS: tuple[LayerKind, ...] = ("conv", "transposed", "linear", "depthwise")

# What a weight is read as: by Keras, and by PyTorch and ONNX. With i before o the o of a depthwise layer counts the
# outputs of each input.
_KERAS: dict[LayerKind, str] = {"conv": "kio", "transposed": "koi", "linear": "io", "depthwise": "kio"}
_OTHERS: dict[LayerKind, str] = {"conv": "oik", "transposed": "iok", "linear": "oi", "depthwise": "oik"}


@dataclass(frozen=True)
class WeightLayout:
    """How a weight was given.

    Attributes:
        letters: its axes, o for outputs, i for inputs, k for all the taps: ``oik``, ``kio``, ``io``.
        kind: of the layer.
        shape: of the weight.
    """

    letters: str
    kind: LayerKind
    shape: tuple[int, ...]

    @property
    def _first(self) -> str:
        return "io" if self.kind == "transposed" or self.multiplied else "oi"

    @property
    def _order(self) -> tuple[int, ...]:
        """The axes as they are computed with: i, o, taps where each input has outputs of its own, else o, i, taps."""
        taps = len(self.shape) - 2
        starts, at = {}, 0
        for letter in self.letters:
            starts[letter] = at
            at += taps if letter == "k" else 1
        return (*(starts[letter] for letter in self._first), *range(starts.get("k", 0), starts.get("k", 0) + taps))

    @property
    def inputs(self) -> int:
        """The size of the axis of inputs."""
        return self.shape[self._order[self._first.index("i")]]

    @property
    def multiplied(self) -> bool:
        """Whether o counts the outputs of each input, as in a depthwise layer of Keras."""
        return self.kind == "depthwise" and self.letters.index("i") < self.letters.index("o")

    def computed(self, given: Floats) -> Floats:
        """Arrange a weight for computing: [C_out, C_in/g, k...], or of a transposed layer [C_in, C_out/g, k...].

        >>> WeightLayout("kio", "conv", (3, 2, 4)).computed(np.zeros((3, 2, 4))).shape
        (4, 2, 3)
        """
        arranged = np.transpose(given, self._order)
        if self.multiplied:
            arranged = arranged.reshape(-1, 1, *arranged.shape[2:])
        return np.ascontiguousarray(arranged)

    def given(self, computed: Floats) -> Floats:
        """Arrange a weight as it was given.

        >>> WeightLayout("kio", "depthwise", (3, 2, 4)).given(np.zeros((8, 1, 3))).shape
        (3, 2, 4)
        """
        arranged = computed.reshape([self.shape[axis] for axis in self._order])
        return np.ascontiguousarray(np.transpose(arranged, np.argsort(self._order)))

    def index(self, computed: tuple[int, ...]) -> tuple[int, ...]:
        """Give the index of an entry as it was given.

        >>> WeightLayout("kio", "depthwise", (3, 2, 4)).index((6, 0, 1))
        (1, 1, 2)
        """
        at = (*divmod(computed[0], self.shape[self._order[1]]), *computed[2:]) if self.multiplied else computed
        return tuple(at[place] for place in np.argsort(self._order).tolist())


def weight_layout(
    letters: str | None, kind: LayerKind, shape: tuple[int, ...], framework: str = "pytorch"
) -> WeightLayout:
    """Read the layout of a weight with at least two axes; the framework's where no letters are given.

    Raises:
        DlcalcError: ``usage`` for other letters, ``shape-mismatch`` for another number of axes.

    >>> weight_layout("HWIO", "conv", (3, 3, 2, 4)).letters, weight_layout(None, "linear", (2, 3), "tensorflow").letters
    ('kio', 'io')
    """
    default = (_KERAS if framework == "tensorflow" else _OTHERS)[kind]
    if len(shape) == 2:
        default = default.replace("k", "")
    if letters is None:
        return WeightLayout(default, kind, shape)
    known = re.sub("d?h?w|l", "k", letters.lower())
    if sorted(known) not in (["i", "k", "o"], ["i", "o"]):
        message = f"weight layout {letters[:20]!r} is not o, i and k, each once"
        hint = "like oik, iok, kio, oi or io: outputs, inputs, and all the taps"
        raise DlcalcError("usage", message, hint=hint, option="weight_layout")
    named = len(letters) if known != letters.lower() else None
    if named not in (None, len(shape)) or ("k" in known) != (len(shape) > 2):
        axes = f"{len(shape)} axes"
        message = f"weight layout {letters} does not fit a weight of {axes}"
        raise DlcalcError(
            "shape-mismatch", message, hint=alternatives("weight_layout", _of(len(shape))), option="weight"
        )
    return WeightLayout(known, kind, shape)


def _of(axes: int) -> tuple[str, ...]:
    return ("oi", "io") if axes == 2 else ("oik", "iok", "kio")


@dataclass(frozen=True)
class BatchLayout:
    """How mini-batches were given: in letters B, N, C, and D, H, W or L for space."""

    letters: str

    @property
    def channel_axis(self) -> int | None:
        """Where the channels stand in a mini-batch; None where there is one."""
        return self.letters.replace("B", "").find("C") if "C" in self.letters else None

    def fits(self, axes: int) -> None:
        """Refuse another number of axes.

        Raises:
            DlcalcError: ``shape-mismatch``.
        """
        if axes != len(self.letters):
            message = f"layout {self.letters} is for {len(self.letters)} axes, and batches has {axes}"
            raise DlcalcError("shape-mismatch", message, hint="a letter for each axis", option="layout")

    def split(self, values: Array) -> list[Array]:
        """Split an array into its mini-batches, each with its other axes in their order.

        Raises:
            DlcalcError: ``shape-mismatch``.

        >>> [part.shape for part in BatchLayout("NBC").split(np.zeros((5, 2, 3)))]
        [(5, 3), (5, 3)]
        """
        values = np.atleast_1d(values)
        self.fits(values.ndim)
        return [*np.moveaxis(values, self.letters.index("B"), 0)] if "B" in self.letters else [values]


def batch_layout(letters: str) -> BatchLayout:
    """Read the layout of mini-batches.

    Raises:
        DlcalcError: ``usage``.

    >>> batch_layout("nhwc").channel_axis
    3
    """
    upper = letters.upper()
    if not re.fullmatch("[BNCDHWL]{1,6}", upper) or len({*upper}) < len(upper) or "N" not in upper:
        message = f"layout {letters[:20]!r} is not letters for axes, each once and N among them"
        hint = "like BN, BNC, NC, NCHW or NHWC: mini-batches, samples, channels, space"
        raise DlcalcError("usage", message, hint=hint, option="layout")
    return BatchLayout(upper)


def assumed_layout(axes: int, framework: str, *, typed: bool) -> BatchLayout:
    """Give the layout of mini-batches where none is named.

    Args:
        axes: how many axes they have.
        framework: whose readings are the hint.
        typed: whether they were typed, a mini-batch a row.

    Raises:
        DlcalcError: ``usage`` where there are several readings, which are the hint.

    >>> assumed_layout(3, "paper", typed=False).letters
    'BNC'
    """
    if axes in _PLAIN or (axes == 2 and typed):
        return BatchLayout(_PLAIN.get(axes, "BN"))
    message = f"batches has {axes} axes, and it is not said which is which"
    if axes not in _READINGS:
        raise DlcalcError("shape-mismatch", message, hint="at most 6, like BNCDHW", option="batches")
    readings = _READINGS_OF_KERAS if framework == "tensorflow" else _READINGS
    raise DlcalcError("usage", message, hint=alternatives("layout", readings[axes]), option="layout")


_PLAIN = {0: "N", 1: "N", 3: "BNC"}
_READINGS = {2: ("BN", "NC"), 4: ("NCHW", "NHWC"), 5: ("BNCHW", "NCDHW"), 6: ("BNCDHW", "BNDHWC")}
_READINGS_OF_KERAS = _READINGS | {4: ("NHWC", "NCHW"), 5: ("BNHWC", "NDHWC"), 6: ("BNDHWC", "BNCDHW")}
