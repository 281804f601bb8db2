"""What a batch costs: whole processes, in pairs with Python's own json on the same lines.

    python benchmarks/batch.py [PAIRS] [--against CHECKOUT]

50,000 random questions are answered. Beside it, in one process each, Python parses and prints the question lines alone,
and Python parses the question lines and prints the answer lines, which is what any program that answers has to do.
With --against, in pairs with another checkout.
"""

import json
import random
import tempfile
from functools import partial
from pathlib import Path

from pairs import HERE, PROGRAM, arguments, compare, seconds

COUNT = 50_000

ECHO = "import json, sys\nfor line in sys.stdin: print(json.dumps(json.loads(line)))"
ANSWER = """
import json, sys
answers = iter([json.loads(line) for line in open(sys.argv[1])])
import time; start = time.perf_counter()
for line in sys.stdin: json.loads(line); print(json.dumps(next(answers)))
print(time.perf_counter() - start, file=open(sys.argv[2], "w"))
"""


def size(rng: random.Random) -> dict[str, object]:
    """A random question of conv-shape."""
    found: dict[str, object] = {"w": rng.randint(64, 4096), "k": rng.randint(1, 11), "s": rng.randint(1, 4)}
    if rng.random() < 0.7:
        found["p"] = rng.randint(0, 5)
    if rng.random() < 0.2:
        found["d"] = rng.randint(1, 3)
    if rng.random() < 0.3:
        found["h"] = rng.randint(64, 4096)
    return found


def count(rng: random.Random) -> dict[str, object]:
    """A random question of conv-params."""
    channels = {"c_in": rng.randint(1, 512), "c_out": rng.randint(1, 512)}
    return {"k": rng.randint(1, 11), **channels, "bias": rng.random() < 0.5, "w": rng.randint(64, 4096)}


def row(rng: random.Random) -> dict[str, object]:
    """A random question of softmax-grad."""
    return {"logits": [rng.gauss(0, 1) for _ in range(rng.randint(2, 8))], "label": rng.randint(0, 1)}


BATCHES = {"conv-shape": (size, COUNT), "conv-params": (count, COUNT // 2), "softmax-grad": (row, COUNT // 10)}


class Timed:
    """Times processes that read lines of questions and write lines of answers."""

    def __init__(self, questions: Path, folder: Path) -> None:
        self.questions, self.folder = questions, folder

    def __call__(self, words: list[str], answers: str, checkout: Path = HERE) -> float:
        """The wall time of a process, from the questions to a file of answers."""
        with open(self.questions, "rb") as source, open(self.folder / answers, "wb") as target:
            return seconds(words, checkout, stdin=source, stdout=target)

    def printing(self, answers: str) -> float:
        """The time that Python's json takes to read the questions and to print the answers, without its start-up."""
        took = self.folder / "took"
        self(["-c", ANSWER, str(self.folder / answers), str(took)], "others")
        return float(took.read_text())


def main() -> None:
    """Measure and print."""
    given = arguments(__doc__, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for command, (question, lines) in BATCHES.items():
            rng, questions = random.Random(0), folder / command
            questions.write_text("".join(json.dumps(question(rng)) + "\n" for _ in range(lines)))
            timed, words = Timed(questions, folder), [*PROGRAM, command, "--batch", "-"]
            ours = partial(timed, words, "answers")
            title = f"{command}, {lines:,} questions"
            if given.against is not None:
                theirs = partial(timed, words, "others", given.against)
                compare(title, ours, theirs, "the other checkout", given.pairs)
            else:
                compare(title, ours, partial(timed.printing, "answers"), "reading and printing with json", given.pairs)
                compare(title, ours, partial(timed, ["-c", ECHO], "others"), "echoing with json", given.pairs)


if __name__ == "__main__":
    main()
