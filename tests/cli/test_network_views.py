"""What --at and --summary show of a network, in every format, and tables that hold together however long they are."""

import csv
import io
import re
from typing import Any

import pytest

from dlcalc.cli import main
from tests.conftest import Run
from tests.support.streams import Terminal

BLOCKS = "7s2p3c8 rep3 @x 3p1c8 bn relu 3p1c8 bn add@x relu end max2 rep2 rep2 3p1c8 end max2 end gap fc10b1"
SHAPE, COUNT = f"conv-shape --size 128 {BLOCKS}", f"conv-params --c-in 3 --w 128 {BLOCKS}"
BOTH = pytest.mark.parametrize("words", [SHAPE, COUNT], ids=["conv-shape", "conv-params"])


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def table_of(out: str) -> dict[str, str]:
    """The rows of the first table below its rule, by the names of the layers in their first column."""
    lines = out.splitlines()
    start = next(number for number, line in enumerate(lines) if "──" in line) + 1
    end = next(number for number, line in enumerate(lines) if number > start and not line.strip())
    found = [re.fullmatch(r" *(\S+ to \S+|\S+)( .*|)", line) for line in lines[start:end]]
    assert None not in found
    return {row[1]: row[2] for row in found if row}


def has(row: str, *cells: str) -> bool:
    """Whether a row has these cells, each between blanks."""
    return all(re.search(rf"(?<!\S){re.escape(cell)}(?!\S)", row) for cell in cells)


@BOTH
def test_a_summary_in_json(run: Run, words: str) -> None:
    """The blocks are made of the layers: as many, their sums, and the size behind the last."""
    found, whole = (run(*words.split(), *more, "--json").json for more in (["--summary"], []))
    blocks, layers = found.pop("blocks"), whole.pop("layers")
    assert found == whole
    assert [(block["name"], block["repeat"]) for block in blocks] == [
        ("conv1", 1), ("rep1", 3), ("pool1", 1), ("rep2", 2), ("gap1 to fc1", 1)
    ]  # fmt: skip
    names = [layer["name"] for layer in layers]
    for block, (first, last) in zip(
        blocks, [("conv1", "conv1"), ("conv2", "relu6"), ("pool1", "pool1"), ("conv8", "pool3"), ("gap1", "fc1")],
        strict=True,
    ):  # fmt: skip
        some = layers[names.index(first) : names.index(last) + 1]
        assert block["output"] == some[-1]["output"]
        if words is COUNT:
            assert block["params"] == sum(layer["params"] for layer in some)
            assert block["macs"] == sum(layer["macs"] for layer in some)
    if words is COUNT:
        for key in ("params", "macs"):
            assert sum(block[key] for block in blocks) == whole[key]


@BOTH
def test_a_summary_in_a_table(run: Run, words: str) -> None:
    found, table = run(*words.split(), "--summary", "--json").json, run(*words.split(), "--summary")
    assert (table.code, table.err) == (0, "")
    found_rows = table_of(table.out)
    assert list(found_rows) == [
        *(["input"] if words is SHAPE else []),
        *(block["name"] for block in found["blocks"]),
    ] + (["total"] if words is COUNT else [])
    for block in found["blocks"]:
        row = found_rows[block["name"]]
        assert has(row, f"{block['repeat']} times") == block["name"].startswith("rep")
        assert has(row, " x ".join(map(str, block["output"].values())) or "-")
        assert words is SHAPE or has(row, f"{block['params']:,}", f"{block['macs']:,}")


@BOTH
def test_a_summary_changes_no_bare_answer_and_is_a_row_a_block_in_csv(run: Run, words: str) -> None:
    assert run(*words.split(), "-q", "--summary") == run(*words.split(), "-q")
    rows = list(csv.DictReader(io.StringIO(run(*words.split(), "--format", "csv", "--summary").out)))
    blocks = run(*words.split(), "--json", "--summary").json["blocks"]
    assert [(row["name"], row["repeat"]) for row in rows] == [(each["name"], str(each["repeat"])) for each in blocks]
    for row, block in zip(rows, blocks, strict=True):
        sizes = {f"output_{axis}": str(extent) for axis, extent in block["output"].items()}
        counts = {key: str(block[key]) for key in ("params", "macs") if key in block}
        assert row.items() >= (sizes | counts).items()


@BOTH
def test_a_summary_without_blocks_is_one_row(run: Run, words: str) -> None:
    plain = [*words.split()[: words.split().index("7s2p3c8")], "3p1c8", "bn", "--summary"]
    assert [block["name"] for block in run(*plain, "--json").json["blocks"]] == ["conv1 to bn1"]
    assert list(table_of(run(*plain).out)) == (
        ["input", "conv1 to bn1"] if words is SHAPE else ["conv1 to bn1", "total"]
    )


@BOTH
def test_a_summary_with_what_it_goes_with(run: Run, words: str) -> None:
    asked = [*words.split(), "--summary", "--check", "--expect", "output=10", "--json"]
    found = run(*asked)
    assert (found.code, found.json["check"]["passed"], found.json["expect"]["passed"]) == (0, True, True)
    assert "blocks" in found.json
    assert "explain" in run(*words.split(), "--summary", "--explain", "--json").json


@BOTH
def test_of_the_summary_of_a_sweep_each_has_its_blocks(run: Run, words: str) -> None:
    start = words.split()
    size = start.index("--size" if words is SHAPE else "--w")
    lines = run(*start[:size], "--w", "128,256", *start[size + 2 :], "--summary", "--json").lines
    assert [len(line["blocks"]) for line in lines] == [5, 5]


@BOTH
@pytest.mark.parametrize("at", ["conv1", "conv3", "add1", "pool1", "gap1", "fc1"])
def test_explained_is_the_layer_that_is_named(run: Run, words: str, at: str) -> None:
    """Of it there are all terms, and more than among those of the whole; and the answer is that of the whole."""
    whole, found = (run(*words.split(), "--explain", *more, "--json").json for more in ([], ["--at", at]))
    every, some = whole.pop("explain"), found.pop("explain")
    assert {step["layer"] for step in some} == {at}
    assert [step for step in some if step in every] == [step for step in every if step.get("layer") == at]
    assert some
    assert found == whole
    table = run(*words.split(), "--explain", "--at", at)
    assert (table.code, table.err) == (0, "")
    for step in some:
        assert str(step["substituted"]) in table.out


@pytest.mark.parametrize(
    ("at", "headline", "title"),
    [
        ("conv1", "64 x 64", "what output 31 (of 0 to 63) of conv1 sees"),
        ("add1", "64 x 64", "what output 31 (of 0 to 63) of add1 sees"),
        ("pool1", "32 x 32", "what output 15 (of 0 to 31) of pool1 sees"),
        ("gap1", "1 x 1", "what the one output of gap1 sees"),
        ("fc1", "10 features", "what the one output of fc1 sees"),
    ],
)
def test_drawn_is_the_layer_that_is_named(run: Run, at: str, headline: str, title: str) -> None:
    found = run(*SHAPE.split(), "--draw", "--at", at)
    assert (found.code, found.err) == (0, "")
    lines = [line.strip() for line in found.out.splitlines() if line.strip()]
    assert lines[0] == headline
    assert title in lines[2]
    names = [line.split()[0] for line in lines[3:] if re.search(r"\d of \d", line)]
    assert (names[0], names[-1]) == (at, "input")


def test_nothing_is_drawn_that_the_layer_does_not_depend_on(conv_shape: Run) -> None:
    out = conv_shape("--w 32 3p1 @a 5p2 @b from@a 7p3 add@b --draw --at conv3").out
    names = [line.split()[0] for line in out.splitlines() if re.search(r"\d of \d", line)]
    assert names == ["conv3", "conv1", "input"]


@pytest.mark.parametrize(
    ("words", "code", "option"),
    [
        (f"{SHAPE} --at conv99 --explain", "usage", "at"),
        (f"{SHAPE} --at input --draw", "usage", "at"),
        (f"{SHAPE} --at conv1", "usage", "at"),
        (f"{COUNT} --at conv1", "usage", "at"),
        (f"{COUNT} --at conv1x --explain", "usage", "at"),
        (f"{SHAPE} --at conv1 --explain --draw", "usage", "explain"),
        (f"{SHAPE} --draw --summary", "usage", "summary"),
        (f"{SHAPE} --compare --summary", "usage", "summary"),
        ("conv-shape --target 8 --solve input --summary 3p1", "usage", "summary"),
        ("conv-shape --w 7 --k 3 --summary", "usage", "summary"),
        ("conv-shape --w 7 --k 3 --at conv1 --explain", "usage", "at"),
        ("conv-params --k 3 --c-in 3 --c-out 3 --summary", "usage", "summary"),
        ("conv-params --c-in 3 --compare --summary 3p1c4", "usage", "summary"),
        ("conv-shape --w 7,8 3p1 --at conv1 --explain", "usage", "explain"),
    ],
)
def test_refused(run: Run, words: str, code: str, option: str) -> None:
    found = run(*words.split(), *([] if "--draw" in words else ["--json"]))
    assert (found.code, found.out) == (2, "")
    if "--draw" not in words:
        found.refused(code, option)
    else:
        assert f"[{code}]" in found.err


def test_the_names_of_layers_are_hinted(conv_shape: Run) -> None:
    hint = conv_shape("--w 32 3p1 bn max2 --at pool2 --explain --json").error["hint"]
    assert hint == "did you mean pool1? (one of conv1, bn1, pool1)"
    long = conv_shape(f"--w 32 {'3p1 ' * 30} --at pool2 --explain --json").error["hint"]
    assert long.startswith("one of conv1, conv2")
    assert long.endswith("conv30")
    assert len(long) < 100


LONG = "7s2p3c64 bn relu max3s2p1 rep50 @x 3p1c64 bn relu add@x end rep3 3p1c1024 bn relu end gap fc1000"
OF_215 = [
    (f"conv-shape --size 224 {LONG}", "fc1"),
    (f"conv-params --c-in 3 --w 224 {LONG}", "total"),
    (f"conv-params --c-in 3 --w 224 --bias {LONG} --n 64", "total"),
    (f"conv-shape --size 224 {LONG} --summary", "gap1 to fc1"),
    (f"conv-params --c-in 3 --w 224 {LONG} --summary", "total"),
]


@pytest.mark.parametrize(("words", "last"), OF_215)
@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_of_215_layers_no_number_and_no_word_is_broken(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: str, last: str, terminal: bool
) -> None:
    """At 80 columns, and in a pipe: a row of the table is a line, and its cells are what the JSON says."""
    answer: Any = run(*[word for word in words.split() if word != "--summary"], "--json").json
    layers = {layer["name"]: layer for layer in answer["layers"]}
    assert len(layers) == 215
    if terminal:
        monkeypatch.setattr("sys.stdout", stream := Terminal())
        monkeypatch.setenv("TERM", "xterm")
        assert main(words.split()) == 0
        out = re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue())
        assert max(map(len, out.splitlines())) <= 80
    else:
        out = run(*words.split()).out
    assert "…" not in out
    table = table_of(out)
    blocks = {"rep1": "50 times", "rep2": "3 times"}
    assert list(table)[-1] == last
    assert set(table) >= set(blocks)
    for name, row in table.items():
        if name in layers:
            layer = layers[name]
            assert "--summary" in words or has(row, layer["word"])
            assert has(row, " x ".join(map(str, layer["output"].values())) or "-")
            assert has(row, *(f"{layer[key]:,}" for key in ("params", "macs") if key in layer))
        elif name == "total":
            assert has(row, *(f"{answer[key]:,}" for key in ("params", "macs")))
        else:
            assert name in ("input", "gap1 to fc1", "conv1 to pool1") or has(row, blocks[name])


def test_repeated_blocks_stand_once(conv_shape: Run) -> None:
    table = table_of(conv_shape("--w 32 rep2 rep3 3p1c4 bn end max2 end").out)
    assert list(table) == ["input", "rep1", "rep2", "conv1", "bn1", "pool1"]
    assert has(table["rep1"], "2 times", "8")  # behind both rounds
    assert has(table["rep2"], "3 times", "32")
    assert has(table["conv1"], "3p1c4", "32")
    assert has(table["pool1"], "max2", "16")  # behind the first
