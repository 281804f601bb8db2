"""What ten times as many layers cost: whole processes, in pairs of 10,000 layers with branches and of 1,000.

    python benchmarks/networks.py [PAIRS] [--against CHECKOUT]

With --against, in pairs with the same command of another checkout.
"""

from functools import partial

from pairs import PROGRAM, arguments, compare, seconds

BLOCK = ["@x", "3p1c8", "bn", "relu", "3p1c8", "add@x"]  # five layers
SHAPE = ["conv-shape", "--w", "64"]
CALLS = {
    "conv-shape --json": [*SHAPE, "--json"],
    "conv-shape, a table": SHAPE,
    "conv-shape --draw": [*SHAPE, "--draw"],
    "conv-shape --explain --json": [*SHAPE, "--explain", "--json"],
    "conv-shape --compare --json": [*SHAPE, "--compare", "--json"],
    "conv-params --json": ["conv-params", "--c-in", "8", "--w", "64", "--json"],
}


def main() -> None:
    """Measure and print."""
    given = arguments(__doc__, 5)
    for name, words in CALLS.items():
        many, few = ([*PROGRAM, *words, *BLOCK * (layers // 5)] for layers in (10_000, 1_000))
        if given.against is not None:
            call = partial(seconds, many)
            compare(f"10,000 layers, {name}", call, partial(call, given.against), "the other checkout", given.pairs)
        else:
            compare(f"10,000 layers, {name}", partial(seconds, many), partial(seconds, few), "1,000", given.pairs)


if __name__ == "__main__":
    main()
