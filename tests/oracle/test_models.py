"""Models that are saved here and now, by the frameworks that are installed, against what these say of them."""

from pathlib import Path

import pytest

from tests.oracle import models_in_torch
from tests.oracle.test_recorded_models import agrees

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("one", models_in_torch.MODELS, ids=lambda one: one.name)
def test_pytorch(one: models_in_torch.Saved, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    agrees(path, models_in_torch.save(one, str(path)))
