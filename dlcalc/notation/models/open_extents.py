"""The extents that a model file leaves open, filled in."""

from collections.abc import Mapping

from dlcalc.core.conv.layer import ALL_AXES, AXES, Axis
from dlcalc.core.errors import DlcalcError, Fix, Notice
from dlcalc.core.network.network import Input, Network
from dlcalc.core.tensors.saved import Dim, Dims
from dlcalc.notation.input_size import KEY_OF
from dlcalc.notation.values import shown


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
                raise DlcalcError("invalid-value", f"{key} {typed} is less than 1", hint=Fix(key, 1), option=key)
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
            raise DlcalcError("usage", message, hint=(Fix(key, extent), ", or a model with open extents"), option=key)
        return extent
    name = extent or ""
    if typed is None and name:
        typed = values.get(name)
    if typed is None and name in examples:
        typed = examples[name]
        if name not in values:
            taken.append(f"{what} {typed}")
    if typed is None and role == "n":
        typed = 1
    if typed is None:
        called = f" ({shown(name)})" if name else ""
        message = f"the {what} of {given.name}{called} is open in the file"
        hint = Fix(key, 224) if role in AXES else "a model with a fixed one"
        raise DlcalcError("usage", message, hint=hint, option=key if role != "c" else "model")
    if name and values.setdefault(name, typed) != typed:
        message = f"the {what} of {given.name} is {values[name]}, as of another axis of the same name"
        raise DlcalcError("usage", message, hint=Fix(key, values[name]), option=key)
    return typed


def _filled(dims: Dims, known: Mapping[str, int], cache: dict[Dim, int | None]) -> Dims:
    """Put numbers for the open extents of a shape; None where one cannot be worked out."""
    found: list[Dim] = []
    for one in dims:
        if isinstance(one, str):
            if one not in cache:
                from dlcalc.core.tensors.expressions import evaluate  # which most files do not need

                cache[one] = evaluate(one, known)
            found.append(cache[one])
        else:
            found.append(one)
    return tuple(found)
