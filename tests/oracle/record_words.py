"""Ask PyTorch and Keras about networks in layer words, and record their answers for ``test_recorded_words.py``.

Run it as ``pip install -e '.[dev,oracle]' && python -m tests.oracle.record_words``.
"""

from itertools import islice

from tests.oracle import ask_keras, recorded, words_in_keras, words_in_torch
from tests.oracle.random_words import layers, networks
from tests.oracle.recorded import Record


def main() -> None:
    drawn = (*layers(150, 45, "tensorflow"), *networks(1_000, 46, "tensorflow"))
    own = islice(filter(words_in_keras.expressible, drawn), 300)
    torch, keras = words_in_torch.torch.__version__, ask_keras.keras.__version__
    records = [
        Record(f"PyTorch {torch}", "words", [(raw, words_in_torch.facts(raw)) for raw in networks(1_200, 44)]),
        Record(f"Keras {keras}", "words", [(raw, words_in_keras.facts(raw)) for raw in own]),
    ]
    recorded.save(records, recorded.WORDS)
    for record in records:
        refused = sum(isinstance(answer, str) for _, answer in record.answers)
        print(f"{record.framework}: {len(record.answers)} networks, {refused} of them refused")  # noqa: T201
    print(f"{recorded.WORDS}: {recorded.WORDS.stat().st_size:,} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
