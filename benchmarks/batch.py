"""What a batch costs: whole processes, in pairs with Python's own json on the same lines.

    python benchmarks/batch.py [PAIRS]

50,000 random questions are answered. Beside it, in one process each, Python parses and prints the question lines alone,
and Python parses the question lines and prints the answer lines, which is what any program that answers has to do.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time

COUNT = 50_000

ECHO = "import json, sys\nfor line in sys.stdin: print(json.dumps(json.loads(line)))"
ANSWER = """
import json, sys
answers = iter([json.loads(line) for line in open(sys.argv[1])])
import time; start = time.perf_counter()
for line in sys.stdin: json.loads(line); print(json.dumps(next(answers)))
print(time.perf_counter() - start, file=sys.stderr)
"""


def question(chance: random.Random) -> dict[str, object]:
    """A random question, nearly always with an answer."""
    found: dict[str, object] = {"w": chance.randint(16, 4096), "k": chance.randint(1, 11), "s": chance.randint(1, 4)}
    if chance.random() < 0.7:
        found["p"] = chance.randint(0, 5)
    if chance.random() < 0.2:
        found["d"] = chance.randint(1, 3)
    if chance.random() < 0.3:
        found["h"] = chance.randint(16, 4096)
    return found


def seconds(words: list[str], questions: str, answers: str) -> tuple[float, str]:
    """The wall time of one process from questions to answers, and what it says on stderr."""
    with open(questions) as source, open(answers, "w") as target:
        start = time.perf_counter()
        command = [sys.executable, *words]
        done = subprocess.run(command, stdin=source, stdout=target, stderr=subprocess.PIPE, text=True, check=False)
        return time.perf_counter() - start, done.stderr


def main() -> None:
    """Measure and print."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        questions, answers, other = f"{folder}/questions", f"{folder}/answers", f"{folder}/other"
        with open(questions, "w") as stream:
            stream.writelines(json.dumps(question(chance)) + "\n" for _ in range(COUNT))
        echoes, printed, own = [], [], []
        for _ in range(pairs):
            ours, _ = seconds(["-m", "dlcalc", "conv-shape", "--batch", "-"], questions, answers)
            echo, _ = seconds(["-c", ECHO], questions, other)
            _, spent = seconds(["-c", ANSWER, answers], questions, other)
            echoes.append(ours / echo)
            printed.append(ours / float(spent))
            own.append(ours)
    each = statistics.median(own) / COUNT * 1e6
    print(f"{COUNT:,} questions, {each:.1f} microseconds each, start-up included ({pairs} pairs)")
    print(f"{statistics.median(printed):5.2f} times parsing the questions and printing the answers with json")
    print(f"{statistics.median(echoes):5.2f} times parsing and printing the questions with json")


if __name__ == "__main__":
    main()
