"""The exception of the package: what it says, to whoever catches it in whatever process."""

import copy
import pickle

import pytest

from dlcalc.core.errors import DlcalcError, Fix, alternatives

ERRORS = [
    DlcalcError("usage", "no"),
    DlcalcError("invalid-value", "stride 0 is less than 1", hint=Fix("stride", 1), option="stride"),
    DlcalcError("invalid-value", "eps", hint=("a larger ", Fix("eps"), ", or smaller numbers"), option="bn_first"),
    DlcalcError("groups-do-not-divide", "groups 3", hint=alternatives("groups", [2, 4])),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_it_passes_from_one_process_to_another(error: DlcalcError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is DlcalcError
        for name in ("code", "message", "advice", "option", "hint", "args"):
            assert getattr(other, name) == getattr(error, name)
