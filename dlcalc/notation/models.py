"""The question about a model file: its network, with the extents filled in that the file leaves open."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dlcalc.core.conv.layer import ALL_AXES, AXES, Axis
from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.network import Input, Network, ShapeQuestion
from dlcalc.core.tensors.expressions import evaluate
from dlcalc.core.tensors.saved import Dim, Dims
from dlcalc.notation.input_size import KEY_OF, dims_given, shape_sizes
from dlcalc.notation.networks import layer_named
from dlcalc.notation.values import flag, integer, optional, shown, switch, unreadable, word

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


def bound(network: Network, samples: int | None = None, sizes: Mapping[Axis, int] | None = None) -> Network:
    """Fill in the extents that a model file leaves open.

    Args:
        network: of a model file.
        samples: of the batch; None for those of the example that the model was traced with, or one.
        sizes: extents by the names of their axes.

    Raises:
        DlcalcError: ``usage`` for an extent that stays open, or is another in the file; ``invalid-value``.
    """
    assert network.file is not None
    values: dict[str, int] = {}
    taken: list[str] = []
    examples, by_role = dict(network.file.examples), dict[str, int]((sizes or {}).items())
    inputs = []
    for given in network.inputs:
        roles = _roles(given)
        dims = []
        for role, extent in zip(roles, given.dims or (), strict=True):
            typed = samples if role == "n" else by_role.get(role)
            if typed is not None and typed < 1:
                key = _key(role)
                raise DlcalcError("invalid-value", f"{key} {typed} is less than 1", hint=f"{flag(key)} 1", option=key)
            dims.append(_extent(given, role, extent, typed, values, examples, taken))
        whole = tuple(dims)
        size = whole[1:-1] if given.last else whole[2:]
        channels = (whole[-1] if given.last or not given.size else whole[1]) if whole else 1
        inputs.append(given._replace(dims=whole, size=size if given.size else (), channels=channels))
    known = examples | values
    cache: dict[Dim, int | None] = {}
    nodes = []
    for node in network.nodes:
        saved = node.saved
        assert saved is not None
        declared = None if saved.declared is None else _filled(saved.declared, known, cache)
        constants = tuple([_filled(shape, known, cache) for shape in saved.constants])
        nodes.append(node._replace(saved=saved._replace(declared=declared, constants=constants)))
    notices = network.notices
    if taken:
        notices += (
            Notice("open-dimension", "left open by the file, and taken as in its example: " + ", ".join(taken)),
        )
    return network._replace(inputs=tuple(inputs), nodes=tuple(nodes), notices=notices)


def _roles(given: Input) -> list[str]:
    """Say what the extents of an input are: ``n``, an axis, or ``c``."""
    rank, axes = len(given.dims or ()), len(given.size or ())
    if not axes:
        return ["n", *(["w"] if rank > 1 and not isinstance((given.dims or ())[1], int) else ["c"]), *["c"] * rank][
            :rank
        ]
    names: list[str] = [*ALL_AXES[-axes:]]
    return ["n", *names, "c"] if given.last else ["n", "c", *names]


def _key(role: str) -> str:
    """The option that sets an extent."""
    return next((key for axis, key in KEY_OF.items() if axis == role), role)


def _extent(
    given: Input,
    role: str,
    extent: Dim,
    typed: int | None,
    values: dict[str, int],
    examples: Mapping[str, int],
    taken: list[str],
) -> int:
    """Find an extent of an input, and remember what its name stands for."""
    what = {"n": "batch", "c": "number of channels", **AXES}[role]
    key = _key(role)
    if isinstance(extent, int):
        if typed is not None and typed != extent:
            message = f"the {what} of {given.name} is {extent} in the file, and no other"
            raise DlcalcError("usage", message, hint=f"{flag(key)} {extent}, or a model with open extents", option=key)
        return extent
    name = extent or ""
    if typed is None and name:
        typed = values.get(name)
    if typed is None and name in examples:
        typed = examples[name]
        if name not in values:
            taken.append(f"{what} {typed}" + (f" ({flag(key)})" if role != "c" else ""))
    if typed is None and role == "n":
        typed = 1
    if typed is None:
        called = f" ({shown(name)})" if name else ""
        message = f"the {what} of {given.name}{called} is open in the file"
        hint = f"{flag(key)} 224" if role in AXES else "a model with a fixed one"
        raise DlcalcError("usage", message, hint=hint, option=key if role != "c" else "model")
    if name and values.setdefault(name, typed) != typed:
        message = f"the {what} of {given.name} is {values[name]}, as of another axis of the same name"
        raise DlcalcError("usage", message, hint=f"{flag(key)} {values[name]}", option=key)
    return typed


def _filled(dims: Dims, known: Mapping[str, int], cache: dict[Dim, int | None]) -> Dims:
    """Put numbers for the open extents of a shape; None where one cannot be worked out."""
    found: list[Dim] = []
    for one in dims:
        if isinstance(one, str):
            if one not in cache:
                cache[one] = evaluate(one, known)
            found.append(cache[one])
        else:
            found.append(one)
    return tuple(found)
