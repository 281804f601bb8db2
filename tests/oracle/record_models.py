"""Save models in PyTorch and Keras, and record what these say of them, for ``test_recorded_models.py``.

Run it as ``pip install -e '.[dev,oracle]' && python -m tests.oracle.record_models``.
"""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.oracle import recorded_models


def main() -> None:
    os.environ["KERAS_BACKEND"] = "torch"  # before Keras is imported
    from tests.oracle import models_in_keras, models_in_torch

    found = {}
    recorded_models.FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        for one in models_in_torch.models():
            name = f"{one.name}.pt2"
            found[name] = models_in_torch.save(one, f"{folder}/{name}")
            recorded_models.save(name, Path(folder, name))
        for saved in models_in_keras.models():
            name = f"{saved.name}.keras"
            found[name] = models_in_keras.save(saved, f"{folder}/{name}")
            recorded_models.save(name, Path(folder, name))
    recorded_models.ANSWERS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
