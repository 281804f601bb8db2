"""``python -m dlcalc``."""

from dlcalc.cli import run

if __name__ == "__main__":
    run()
