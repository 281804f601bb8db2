"""Which options go together: one table, so that a combination is refused in one place and in one voice."""

from collections.abc import Iterable

from dlcalc.core.errors import DlcalcError

# Two features that exclude each other -> why, and what to do instead.
EXCLUSIVE = {
    ("json", "quiet"): ("--json and -q both say how to print", "one of --json, -q and --format"),
    ("json", "format"): ("--json and --format both say how to print", "one of --json, -q and --format"),
    ("quiet", "format"): ("-q and --format both say how to print", "one of --json, -q and --format"),
    ("sweep", "explain"): ("--explain explains one question, and this is a sweep", "one value for each option"),
    ("sweep", "expect"): ("--expect judges one question, and this is a sweep", "a batch, whose lines carry an expect"),
    ("sweep", "batch"): ("a line of a batch is one question, and this is a sweep", "one value for each option"),
    ("batch", "explain"): ("--explain explains one question, and a batch asks many", "the question's own options"),
    ("batch", "expect"): ("--expect judges one question, and a batch asks many", 'an "expect" in the line'),
    ("batch", "table"): ("a batch answers line by line, and not as a table", "--json, --format csv or -q"),
}


def refuse_impossible(features: Iterable[str]) -> None:
    """Refuse features that do not go together.

    Raises:
        DlcalcError: ``usage``.

    >>> refuse_impossible(["json", "check"])
    """
    present = set(features)
    for pair, (message, hint) in EXCLUSIVE.items():
        if present.issuperset(pair):
            option = pair[1] if pair[0] == "sweep" else pair[0]
            raise DlcalcError("usage", message, hint=hint, option={"table": "format"}.get(option, option))
