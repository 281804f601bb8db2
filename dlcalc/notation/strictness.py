"""How closely claims about arrays are judged: the options of both commands that judge them."""

from collections.abc import Mapping

from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.notation import arrays
from dlcalc.notation.values import optional, switch

KEYS = ("rtol", "atol", "exact")


def tolerances(raw: Mapping[str, object]) -> tuple[float, float] | None:
    """Read the relative and the absolute tolerance of claims; None where those of the claim's format hold.

    Raises:
        DlcalcError: ``usage``, ``invalid-value`` for one that is less than 0.

    >>> tolerances({"rtol": "1e-3"}), tolerances({})
    ((0.001, 0.0), None)
    """
    if "rtol" not in raw and "atol" not in raw:
        return None
    return optional(raw, "rtol", _tolerance, 0.0), optional(raw, "atol", _tolerance, 0.0)


def _tolerance(value: object, option: str) -> float:
    tolerance = arrays.real(value, option)
    if tolerance < 0:
        message = f"{option} {tolerance} is less than 0"
        raise DlcalcError("invalid-value", message, hint=Fix(option, 1e-6), option=option)
    return tolerance


def exact(raw: Mapping[str, object]) -> bool:
    """Read whether claims must be within half an ulp.

    Raises:
        DlcalcError: ``usage``; with a tolerance too, which says another thing.

    >>> exact({"exact": True}), exact({})
    (True, False)
    """
    wanted = optional(raw, "exact", switch, False)
    beside = next((key for key in ("rtol", "atol") if key in raw), None)
    if wanted and beside is not None:
        message = f"exact demands half an ulp, and {beside} gives another tolerance"
        raise DlcalcError("usage", message, hint=("either ", Fix("exact"), " or ", Fix(beside)), option="exact")
    return wanted


def overruled(own: Mapping[str, object]) -> set[str]:
    """List the keys of a batch's defaults that say how closely to judge, and that one line says otherwise.

    >>> overruled({"exact": True}) == {"rtol", "atol"}, overruled({"atol": 0}), overruled({})
    (True, {'exact'}, set())
    """
    if own.get("exact"):
        return {"rtol", "atol"}
    return {"exact"} if "rtol" in own or "atol" in own else set()
