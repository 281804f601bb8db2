"""The benchmarks compare what they say they compare."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("checkout", ["first", "second"])
def test_a_process_runs_its_checkout_and_not_the_current_folder(tmp_path: Path, checkout: str) -> None:
    """Each checkout's package writes its own name, wherever the process is started."""
    for name in ("first", "second", "current"):
        (tmp_path / name / "dlcalc").mkdir(parents=True)
        (tmp_path / name / "dlcalc" / "__init__.py").write_text(f"print({name!r})")
    program = (
        "import sys, pathlib, pairs\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "pairs.seconds(['-c', 'import dlcalc'], folder / sys.argv[2], stdout=None, cwd=folder / 'current')"
    )
    words = [sys.executable, "-c", program, str(tmp_path), checkout]
    ran = subprocess.run(words, cwd=ROOT / "benchmarks", check=True, capture_output=True, text=True)
    assert ran.stdout == f"{checkout}\n"
