"""No number and no word is broken, however narrow the terminal: everything the program shows, on several widths.

What a pipe gets, which has no end of columns, is the measure: on a terminal stand the same words, wrapped between them.
"""

import re
import shlex
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dlcalc.cli import COMMANDS
from tests.oracle.recorded_models import unpacked
from tests.support.terminals import seen, seen_really
from tests.test_docs import MODELS, PAGES, SHELL, console_examples, help_examples

NETWORK = "7s2p3c64 bn relu max3s2p1 rep2 @x 3p1c64 bn relu 3p1c64 bn add@x relu end gap fc1000"
CHANNELS = ",".join(f"{number / 7:.9f}" for number in range(1, 21))

SHOWN = f"""
conv-shape --size 160x224 --k 7 --s 2 --p 3 --check --expect 81x112 --expect 80x112 --expect jump=3
conv-shape --size 100000000000x200000000000x3000000 --k 7x5x3 --d 2 --p 1:0x2x1 --explain --check
conv-shape --w 4 --k 3 --s 2 --p 1 --output-padding 1 --kind transposed --expect 7
conv-shape --size 224 {NETWORK} --check --expect 9 --expect conv3.output=99x99
conv-shape --size 224x300 {NETWORK} --explain
conv-shape --size 224 {NETWORK} --summary
conv-shape --size 224 {NETWORK} --at conv2
conv-shape --size 16 3 3 3 3s2 3
conv-shape --size 15x16 --k 3 --s 2 --p same --compare
conv-shape --size 224 {NETWORK} --compare
conv-shape --w 224 --k 5 --s 2 --target 112 --solve padding
conv-shape --k 7 --s 2 --p 3 --target 112x56 --solve input
conv-shape --target 7x7 --solve input 7s2p3 max3s2p1 3s2p1 3s2p1 3s2p1
conv-shape --w 7..9 --k 3,4,8 --p 0:1 --check
conv-shape --w 999999999999999999,7 --k 1,3
conv-params --k 3 --c-in 64 --c-out 128 --w 56 --p 1 --check --expect 73856 --expect macs=231
conv-params --k 3 --c-in 512000 --c-out 512000 --size 5600x5600 --n 128 --explain
conv-params --c-in 512 --c-out 10 --kind linear --bias --explain
conv-params --size 224 --c-in 3 {NETWORK} --check --expect 1 --explain
conv-params --size 22400 --c-in 3 --n 256 {NETWORK}
conv-params --size 224 --c-in 3 {NETWORK} --summary
conv-params --k 3 --c-in 64 --c-out 128 --w 56 --p 1 --compare
conv-params --k 3,5 --c-in 640000 --c-out 128 --w 56000,7 --p 1 --check
softmax-grad --logits 1,2,3/0.5,-1,0.25 --label 2,0 --expect 0,0,0/1,1,1 --expect loss=4 --jacobian
softmax-grad --logits 1e-5,-2.123456789e-7,3/0.5,-1,0.25 --target 0.1,0.2,0.7/0.3,0.3,0.4 --explain --check
softmax-grad --logits z.npy --label y.npy --expect g.npy --check
softmax-grad --x 1.5,-2/3,4 --weight 0.1,0.2/0.3,-0.4/-0.5,0.6 --label 1,2 --explain
bn-fold --mean {CHANNELS} --var {CHANNELS} --gamma {CHANNELS} --beta {CHANNELS} --check --expect scale={CHANNELS}
bn-fold --mean 1e-9,2 --var 1e-7,2 --weight 1,2,3,4,5,6,7/1,2,3,4,5,6,7 --x 1,2,3,4,5,6,7 --explain
bn-fold --batches 1,2,3,4/2,4,6,8 --framework pytorch --check --expect mean=4
bn-fold --batches 1,2,3,4/2,4,6 --explain
conv-shape --w 7 --k 30
conv-shape --w 7 --kernal 3
conv-shape --size 15 --k 3 --s 2 --p same
conv-shape --size 20 @a 3s2 add@a
conv-params --k 3
softmax-grad --logits 1,2,3 --label 7
softmax-grad --logits missing.npy --label 2
bn-fold --mean 1,2 --var 1,2,3
nothing
--help
"""

CALLS = [shlex.split(line) for line in SHOWN.strip().splitlines()]
CALLS += [[command, "--help"] for command in COMMANDS]
TYPED = [command for page in PAGES for command, _ in console_examples(page)]
TYPED += [command for _, command in help_examples()]
CALLS += [
    shlex.split(command)[1:]
    for command in dict.fromkeys(TYPED)
    if command.startswith("dlcalc ") and not SHELL & set(command)
]
PICTURES = [call for call in CALLS if "--draw" in call]
CALLS = [call for call in CALLS if "--draw" not in call]

# What a table may give up where there is no room for it; bars, which are no words, are given up before.
SPARE = {"share", "word", "of", "MB", "MiB", "target", "logit", "gamma", "beta", "mean", "var"}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some arrays to be judged, and models."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(12)
    np.save("z.npy", rng.normal(size=(30, 50)))
    np.save("y.npy", rng.integers(0, 50, 30))
    np.save("g.npy", rng.normal(size=(30, 50)))
    for name, recorded in MODELS.items():
        unpacked(recorded, tmp_path).rename(name)
    Path("shapes.jsonl").write_text('{"w": 7, "k": 3}\n')


def words(text: str) -> Counter[str]:
    """The words and the numbers of a text, without lines, bars, and the backslash behind which an example goes on."""
    return Counter(re.sub(r"[─▏▎▍▌▋▊▉█]|\\$", " ", text, flags=re.MULTILINE).split())


def is_data(call: list[str]) -> bool:
    return bool({"--json", "-q", "--format", "--batch"} & set(call))


@pytest.mark.parametrize("columns", [80, 60, 33])
@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_nothing_is_broken(call: list[str], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for narrow, wide in zip(seen(call, columns, monkeypatch), seen(call, None, monkeypatch), strict=True):
        assert words(narrow) <= words(wide), words(narrow) - words(wide)
        given_up = words(wide) - words(narrow)
        assert not given_up or SPARE & set(given_up), given_up
        if is_data(call):
            assert narrow == wide
            continue
        for block in narrow.split("\n\n"):
            is_table = "──" in block
            for line in block.splitlines():
                # one word, or what stands in quotes, and what may stand in front of it
                indivisible = re.fullmatch(r" *(\S+:? +=? *)?(\S+|'[^']*')( \\)?", line)
                assert len(line) <= columns or is_table or indivisible, line


@pytest.mark.parametrize("call", [call for call in CALLS if not is_data(call)], ids=" ".join)
def test_what_fits_exactly_is_not_squeezed(call: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if "--help" in call:
        return  # a page of 80 columns, and examples of one line, in a pipe
    out, err = seen(call, None, monkeypatch)
    needed = max(map(len, (out + err).splitlines()))
    assert seen(call, needed, monkeypatch) == (out, err)
    squeezed = seen(call, needed - 1, monkeypatch)
    assert squeezed != (out, err)


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("call", PICTURES, ids=" ".join)
def test_a_picture_fits(call: list[str], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = seen(call, columns, monkeypatch)
    assert max(map(len, out.splitlines())) <= columns
    assert "…" not in out


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("number", [0, 3, 15, 18, 31])
def test_a_real_terminal_shows_what_a_fake_one_does(number: int, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen_really(CALLS[number], columns) == "".join(seen(CALLS[number], columns, monkeypatch))


def test_colours_and_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that wants colours is a pipe still: nothing is wrapped or left out."""
    call = shlex.split(f"conv-params --size 224 --c-in 3 {NETWORK} --expect 1")
    assert seen(call, None, monkeypatch, FORCE_COLOR="1") == seen(call, None, monkeypatch)
