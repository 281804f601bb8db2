"""The question about a model file: its network, with the extents filled in that the file leaves open."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import ALL_AXES, AXES, Axis
from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Network, ShapeQuestion
from dlcalc.notation.input_size import KEY_OF, dims_given, shape_sizes
from dlcalc.notation.models.open_extents import bound
from dlcalc.notation.networks import layer_named
from dlcalc.notation.values import flag, integer, optional, switch, unreadable, word

if TYPE_CHECKING:
    from dlcalc.core.params.question import ParamsQuestion

Load = Callable[[str, str], Network]

_OF_INPUT = ("n", "w", "h", "depth", "size", "dims")
_OWN = ("model", "at", "summary", "dtype", *_OF_INPUT)


def shape_question(raw: Mapping[str, object], load: Load) -> ShapeQuestion:
    """Read the question of conv-shape about a model file.

    Args:
        raw: values by their names.
        load: reads a file, from its path and the option that it is the value of.

    Raises:
        DlcalcError: ``usage`` for what is of layers that are typed and for an extent that stays open,
            ``invalid-value``, and what ``load`` raises.
    """
    network, axes = _network(raw, load)
    assert network.file is not None
    at, summary = layer_named(raw, network), optional(raw, "summary", switch, False)
    return ShapeQuestion(network, axes, network.file.framework, len(axes), _samples(network), at, summary)


def params_question(raw: Mapping[str, object], load: Load) -> "ParamsQuestion":
    """Read the question of conv-params about a model file.

    Raises:
        DlcalcError: as ``shape_question``.
    """
    from dlcalc.core.params.question import DTYPES, ParamsQuestion

    network, axes = _network(raw, load)
    assert network.file is not None
    dtype = optional(raw, "dtype", word, "float32", DTYPES)
    at, summary = layer_named(raw, network), optional(raw, "summary", switch, False)
    return ParamsQuestion(
        network, axes, network.file.framework, dtype=dtype, n=_samples(network), at=at, summary=summary
    )


def _samples(network: Network) -> int:
    batch = (network.inputs[0].dims or (1,))[0] if network.inputs[0].dims else 1
    return batch if isinstance(batch, int) else 1


def _network(raw: Mapping[str, object], load: Load) -> tuple[Network, tuple[Axis, ...]]:
    for key in raw:
        if key not in _OWN:
            name = "LAYERS are" if key == "layers" else f"{flag(key)} is"
            message = f"--model gives the layers of a file, and {name} about layers that are typed"
            raise DlcalcError("usage", message, hint="one of the two", option=key)
    path = raw["model"]
    if not isinstance(path, str):
        raise unreadable("model", path, "a path", "--model FILE")
    network = load(path, "model")
    first = network.inputs[0]
    axes = ALL_AXES[-len(first.size) :] if first.size else ()
    sizes = [key for key in ("w", "h", "depth", "size") if key in raw]
    typed: dict[Axis, int] = {}
    if sizes:
        if "size" in raw and axes and "dims" not in raw:
            raw = {**raw, "dims": len(axes)}
        named, size, _ = shape_sizes(raw)
        typed = dict(zip(named, size, strict=True))
        wrong = next((axis for axis in named if axis not in (axes or ("w",))), None)
        if wrong is not None:
            message = f"{first.name} has no {AXES[wrong]}"
            raise DlcalcError("usage", message, hint=_named(axes), option=KEY_OF[wrong])
    elif dims_given(raw) not in (None, len(axes)):
        message = f"{first.name} has {len(axes)} axes besides batch and channels"
        raise DlcalcError("shape-mismatch", message, hint="leave it out", option="dims")
    samples = integer(raw["n"], "n") if "n" in raw else None
    return bound(network, samples, typed), axes


def _named(axes: tuple[Axis, ...]) -> str:
    return "its axes: " + ", ".join(flag(KEY_OF[axis]) for axis in axes) if axes else "leave it out"
