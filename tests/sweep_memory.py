"""The program under limits of memory, from the least that an interpreter starts with: ``python -m tests.sweep_memory``.

Under each limit it answers, or says in one error that there is no memory; nothing else.
"""

import json
import resource
import subprocess
import sys
from functools import cache
from typing import NamedTuple

KINDS = {"address space": resource.RLIMIT_AS, "data": resource.RLIMIT_DATA}
MARGIN = 4 << 20  # bytes above the least with which an interpreter starts, from which on there is an answer
CALLS = [
    ["conv-shape", "--w", "7", "--k", "3", "--json"],
    ["conv-shape", "--w", "7", "--k", "3", "--check"],
    ["conv-params", "--c-in", "3", "--w", "9", "3p1c4", "bn", "gap", "fc2"],
    ["softmax-grad", "--logits", "1,2,3", "--label", "2", "--check", "--json"],
    ["softmax-grad", "--logits", "1,2,3", "--label", "2", "--expect", "0.09,0.24,0.67"],
    ["bn-fold", "--mean", "1", "--var", "4", "--explain"],
]


class Ended(NamedTuple):
    """How a program has ended."""

    code: int
    out: str
    err: str


def run(kind: str, limit: int, words: list[str]) -> Ended:
    """Run Python under a limit in bytes."""

    def restrict() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(KINDS[kind], (limit, limit))

    found = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, preexec_fn=restrict, check=False, timeout=60
    )
    return Ended(found.returncode, found.stdout, found.stderr)


@cache
def least(kind: str) -> int:
    """The least limit under which a bare interpreter starts."""
    low, high = 1 << 20, 1 << 28
    while high - low > 1 << 16:
        middle = (low + high) // 2
        low, high = (low, middle) if run(kind, middle, ["-c", "pass"]).code == 0 else (middle, high)
    return high


def fault(kind: str, limit: int, words: list[str]) -> str | None:
    """Say what is wrong with how a call ends under a limit; None if there is an answer, or the one error."""
    ended = run(kind, limit, ["-m", "dlcalc", *words])
    if ended.code in (0, 1) and ended.out and not ended.err:
        return None
    said = ended.err
    try:
        code = json.loads(said)["error"]["code"] if "--json" in words else said.partition("[")[2].partition("]\n")[0]
    except ValueError:
        code = ""
    lines = 1 if "--json" in words else 2
    if (ended.code, code, said.count("\n")) == (2, "out-of-memory", lines):
        return None
    return f"{limit - least(kind):,} bytes of {kind} above the least: exit code {ended.code}\n{said[-600:]}"


def sweep() -> int:
    """Try every call under many limits, up to 200 MB, and return how many faults there are."""
    faults = tried = 0
    for kind in KINDS:
        for words in CALLS:
            above = MARGIN
            while above < 200 << 20:
                tried += 1
                wrong = fault(kind, least(kind) + above, words)
                if wrong:
                    faults += 1
                    print(" ".join(words), wrong, sep="\n", flush=True)
                above += max(200_000, above // 25)
    print(f"{tried} calls, {faults} faults")
    return faults


if __name__ == "__main__":
    sys.exit(sweep() > 0)
