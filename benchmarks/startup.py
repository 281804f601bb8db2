"""What start-up costs: whole processes, in pairs with a bare interpreter that imports the same libraries.

    python benchmarks/startup.py [PAIRS] [--against CHECKOUT]

With --against, in pairs with the same command of another checkout. The last line sets a network of 1,000 layers, with
branches, against one layer.
"""

from functools import partial

from pairs import PROGRAM, arguments, compare, seconds

SHAPE = ["conv-shape", "--w", "224", "--k", "7", "--s", "2", "--p", "3"]
COUNT = ["conv-params", "--k", "3", "--c-in", "64", "--c-out", "128"]
GRADIENT = ["softmax-grad", "--logits", "1,2,3", "--label", "2"]
NORM = ["bn-fold", "--mean", "0.5", "--var", "4"]
NETWORK = ["conv-shape", "--w", "2048", "--json", *["@x", "3p1c64", "bn", "relu", "add@x"] * 250]
CALLS = {
    "conv-shape --json": ([*SHAPE, "--json"], "import click, json"),
    "conv-shape -q": ([*SHAPE, "-q"], "import click"),
    "conv-shape": (SHAPE, "import click, rich.console, rich.table"),
    "conv-shape --expect --json": ([*SHAPE, "--expect", "112", "--json"], "import click, json"),
    "conv-params --json": ([*COUNT, "--json"], "import click, json"),
    "softmax-grad --json": ([*GRADIENT, "--json"], "import click, json, numpy"),
    "softmax-grad": (GRADIENT, "import click, numpy, rich.console, rich.table"),
    "bn-fold --json": ([*NORM, "--json"], "import click, json, numpy"),
}


def main() -> None:
    """Measure and print."""
    given = arguments(__doc__, 11)
    if given.against is not None:
        for words in [*(words for words, _ in CALLS.values()), NETWORK]:
            name = " ".join([words[0], *(word for word in words if word.startswith(("--j", "-q", "--e")))])
            call = partial(seconds, [*PROGRAM, *words])
            title = "1,000 layers, " + name if words is NETWORK else name
            compare(title, call, partial(call, given.against), "the other checkout", given.pairs)
        return
    for name, (words, imports) in CALLS.items():
        bare = partial(seconds, ["-c", imports])
        compare(name, partial(seconds, [*PROGRAM, *words]), bare, repr(imports), given.pairs)
    one = partial(seconds, [*PROGRAM, *CALLS["conv-shape --json"][0]])
    compare("1,000 layers, conv-shape --json", partial(seconds, [*PROGRAM, *NETWORK]), one, "one layer", given.pairs)


if __name__ == "__main__":
    main()
