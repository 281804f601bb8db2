"""Which options go together: one table, so that a combination is refused in one place and in one voice."""

from collections.abc import Iterable

from dlcalc.core.errors import DlcalcError

# What the table below speaks of, in the order of the options: each is on or off.
FEATURES = (
    "explain",
    "check",
    "expect",
    "json",
    "quiet",
    "format",
    "batch",
    "compare",
    "solve",
    "target",
    "output",
    "force",
    "rtol",
    "atol",
)

# Two features that exclude each other -> why, what to do instead, and the option that is too many.
EXCLUSIVE = {
    ("json", "quiet"): ("--json and -q both say how to print", "one of --json, -q and --format", "json"),
    ("json", "format"): ("--json and --format both say how to print", "one of --json, -q and --format", "format"),
    ("quiet", "format"): ("-q and --format both say how to print", "one of --json, -q and --format", "format"),
    ("sweep", "explain"): ("--explain explains one question, and this is a sweep", "one value an option", "explain"),
    ("sweep", "expect"): (
        "--expect judges one question, and this is a sweep",
        'a batch with "expect"',
        "expect",
    ),
    ("sweep", "batch"): ("a line of a batch is one question, and this is a sweep", "one value an option", "batch"),
    ("batch", "explain"): ("--explain explains one question, and a batch asks many", "no --batch", "explain"),
    ("batch", "expect"): ("--expect judges one question, and a batch asks many", 'an "expect" in the line', "expect"),
    ("compare", "sweep"): ("--compare shows one question, and this is a sweep", "one value an option", "compare"),
    ("compare", "batch"): ("--compare shows one question, and a batch asks many", "no --batch", "compare"),
    ("compare", "explain"): ("--compare and --explain are two answers", "one of the two", "explain"),
    ("compare", "check"): ("--check proves the answer, and --compare shows others", "one of the two", "check"),
    ("compare", "expect"): ("--expect judges the answer, and --compare shows others", "one of the two", "expect"),
    ("solve", "sweep"): ("--solve asks one question, and this is a sweep", "one value an option", "solve"),
    ("solve", "batch"): ("--solve asks one question, and a batch asks many", "no --batch", "solve"),
    ("solve", "compare"): ("--solve and --compare are two answers", "one of the two", "solve"),
    ("solve", "explain"): ("--explain explains a size, and --solve starts from one", "one of the two", "explain"),
    ("solve", "check"): (
        "--check proves a size; --solve puts every solution through the rule for it anyway",
        "leave --check out",
        "check",
    ),
    ("solve", "expect"): ("--expect judges a size, and --solve starts from one", "one of the two", "expect"),
    ("output", "batch"): ("--output is one file, and a batch has many answers", "no --output", "output"),
    ("batch", "table"): ("a batch answers line by line, and not as a table", "--json, --format csv or -q", "format"),
}

# A feature that means nothing without one of others.
DEPENDENT = {
    "solve": (("target",), "--solve needs the size that is to come out, and there is none", "--target 112"),
    "target": (("solve",), "--target is the size for --solve, and there is none", "--solve padding"),
    "force": (("output",), "--force replaces the file of --output, and there is none", "--output FILE"),
    "rtol": (("expect", "batch"), "--rtol is for judging a claim, and there is none", "--expect FILE"),
    "atol": (("expect", "batch"), "--atol is for judging a claim, and there is none", "--expect FILE"),
}


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
