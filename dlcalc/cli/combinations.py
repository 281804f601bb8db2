"""Which options go together: one table, so that a combination is refused in one place and in one voice."""

from collections.abc import Iterable
from itertools import combinations

from dlcalc.core.errors import DlcalcError

# Those that are keys of a question too.
SHARED = ("framework", "at", "summary", "model")

# A mode is another answer: what it does, and with what else it does not go -> why, what to do instead.
_MODES = {
    "compare": "--compare shows several answers side by side",
    "draw": "--draw shows a picture",
    "solve": "--solve goes back from a size to what gives it",
}
_ANSWER_ONLY = {
    "sweep": ("and a sweep asks many questions", "one value an option"),
    "batch": ("and a batch asks many questions", "no --batch"),
    "explain": ("and --explain explains the answer alone", "one of the two"),
    "check": ("and --check proves the answer alone", "one of the two"),
    "expect": ("and --expect judges the answer alone", "one of the two"),
}

# Two features that exclude each other -> why, what to do instead, and the option that is too many.
EXCLUSIVE: dict[tuple[str, str], tuple[str, str, str]] = {
    ("json", "quiet"): ("--json and -q both say how to print", "one of --json, -q and --format", "json"),
    ("json", "format"): ("--json and --format both say how to print", "one of --json, -q and --format", "format"),
    ("quiet", "format"): ("-q and --format both say how to print", "one of --json, -q and --format", "format"),
    ("sweep", "explain"): ("--explain explains one question, and this is a sweep", "one value an option", "explain"),
    ("sweep", "expect"): ("--expect judges one question, and this is a sweep", 'a batch with "expect"', "expect"),
    ("sweep", "batch"): ("a line of a batch is one question, and this is a sweep", "one value an option", "batch"),
    ("batch", "explain"): ("--explain explains one question, and a batch asks many", "no --batch", "explain"),
    ("batch", "expect"): ("--expect judges one question, and a batch asks many", 'an "expect" in the line', "expect"),
    ("output", "batch"): ("--output is one file, and a batch has many answers", "no --output", "output"),
    ("compare", "output"): (
        "--output writes one answer, and --compare shows several side by side",
        "one of the two",
        "output",
    ),
    ("draw", "data"): ("--draw is text, and --json, -q and --format csv are for programs", "--draw alone", "draw"),
    ("every framework", "framework"): (
        "--compare asks every framework, and --framework names one",
        "one of the two",
        "framework",
    ),
    ("model", "batch"): ("--model is one file, and a batch asks many questions", "one of the two", "batch"),
    ("model", "compare"): (
        "--compare is about layers that are typed, and --model is a file",
        "one of the two",
        "compare",
    ),
    ("model", "solve"): ("--solve is about layers that are typed, and --model is a file", "one of the two", "solve"),
    ("batch", "table"): ("a batch answers line by line, and not as a table", "--json, --format csv or -q", "format"),
}
EXCLUSIVE |= {
    (mode, "summary"): (f"{does}, and --summary is about the answer alone", "one of the two", "summary")
    for mode, does in _MODES.items()
}
EXCLUSIVE[("batch", "at")] = ("--at is about one question, and a batch asks many", "no --batch", "at")
EXCLUSIVE[("sweep", "at")] = ("--at is about one question, and this is a sweep", "one value an option", "at")
EXCLUSIVE |= {
    (mode, other): (f"{does}, {why}", hint, mode if other in ("sweep", "batch") else other)
    for mode, does in _MODES.items()
    for other, (why, hint) in _ANSWER_ONLY.items()
}
EXCLUSIVE |= {
    (mode, other): (f"{_MODES[mode]}, and {_MODES[other]}", "one of the two", other)
    for other, mode in combinations(_MODES, 2)
    if {mode, other} != {"compare", "draw"}  # a picture of each framework
}

# A feature that means nothing without one of others.
DEPENDENT = {
    "target": (("solve",), "--target is the size for --solve, and there is none", "--solve padding"),
    "force": (("output",), "--force replaces the file of --output, and there is none", "--output FILE"),
    "at": (("draw", "explain"), "--at names the layer to draw or to explain, and neither is asked for", "--explain"),
    "n": (("model",), "--n is the batch of a model file, and there is none", "--model FILE"),
    "rtol": (("expect", "batch"), "--rtol is for judging a claim, and there is none", "--expect FILE"),
    "atol": (("expect", "batch"), "--atol is for judging a claim, and there is none", "--expect FILE"),
}

# All that the two tables speak of: each is on or off.
FEATURES = frozenset(DEPENDENT).union(*EXCLUSIVE)


def refuse_impossible(features: Iterable[str]) -> None:
    """Refuse features that do not go together.

    Raises:
        DlcalcError: ``usage``.

    >>> refuse_impossible(["json", "check"])
    """
    present = set(features)
    for pair, (message, hint, option) in EXCLUSIVE.items():
        if present.issuperset(pair):
            raise DlcalcError("usage", message, hint=hint, option=option)
    for feature, (others, message, hint) in DEPENDENT.items():
        if feature in present and not present.intersection(others):
            raise DlcalcError("usage", message, hint=hint, option=feature)
