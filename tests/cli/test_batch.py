from collections.abc import Iterator

import pytest

from dlcalc.jobs.standard_input import blocks_of_lines
from tests.conftest import Run, refusals


def test_answers_stand_in_order_with_their_line_and_name(conv_shape: Run) -> None:
    found = conv_shape(
        "--batch -", stdin='{"w":7,"k":3,"s":1,"id":"a"}\n\n{"w":3,"k":4,"id":[1]}\n{"w":224,"kernel":7,"s":2,"p":3}\n'
    )
    assert found.code == 2
    assert found.err == ""
    assert [(line["line"], line.get("id")) for line in found.lines] == [(1, "a"), (3, [1]), (4, None)]
    assert found.lines[0]["output"] == {"w": 5}
    assert found.lines[1]["error"]["code"] == "kernel-exceeds-input"
    assert "output" not in found.lines[1]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ('{"w":7,"k":3}', 0),
        ('{"w":7,"k":3,"expect":5}', 0),
        ('{"w":7,"k":3,"expect":4}', 1),
        ('{"w":7,"k":3,"expect":4}\n{"w":3,"k":4}', 2),
        ('{"w":7,"k":3,"expect":"five"}', 2),
        ("", 0),
        ("\n\n", 0),
        ("{", 2),
    ],
)
def test_exit_codes(conv_shape: Run, lines: str, code: int) -> None:
    assert conv_shape("--batch -", stdin=lines).code == code


def test_options_are_defaults_for_every_line(conv_shape: Run) -> None:
    found = conv_shape("--batch - --k 3 --p 1 --w 9", stdin='{"w":7}\n{"p":0}\n{"k":5}\n')
    assert [line["output"]["w"] for line in found.lines] == [7, 7, 7]


def test_a_line_that_names_a_size_replaces_the_default_size(conv_shape: Run) -> None:
    found = conv_shape("--batch - --k 3 --size 9", stdin='{"w":7}\n{}\n{"size":"8x8"}\n')
    assert [line.get("output") for line in found.lines] == [{"w": 5}, {"h": 7, "w": 7}, {"h": 6, "w": 6}]
    found = conv_shape("--batch - --k 3 --w 9", stdin='{"size":7}\n{"h":7}\n')
    assert [line.get("output") for line in found.lines] == [{"h": 5, "w": 5}, {"h": 5, "w": 7}]


BAD_LINES = refusals(
    """
    usage -: { | nonsense | [7] | {"w": 7, "k": 3, "foo": 1} | {"w": 7, "k": 3, "json": true}
    usage -: {"w": 7, "k": 3, "w": 7}
    usage w: {"w": 7, "k": 3, "width": 7} | {"w": 7.0, "k": 3} | {"w": NaN, "k": 3} | {"w": "7..9", "k": 3}
    usage w: {"w": "7,9", "k": 3} | {"w": null, "k": 3} | {"w": true, "k": 3} | {}
    usage kind: {"w": 7, "k": 3, "kind": 3} | {"w": 7, "k": 3, "kind": ["conv"]}
    usage ceil_mode: {"w": 7, "k": 3, "ceil_mode": "yes"} | {"w": 7, "k": 3, "kind": "max-pool", "ceil_mode": 1}
    usage kernel: {"w": 7} | {"w": 7, "k": {"h": 3}}
    invalid-value w: {"w": 0, "k": 3} | {"w": -7, "k": 3}
    shape-mismatch kernel: {"w": 7, "k": [3, 3]}
    shape-mismatch size: {"size": [7, 7, 7, 7], "k": 3} | {"size": [], "k": 3}
    usage size: {"size": {"x": 7}, "k": 3}
    shape-mismatch expect: {"w": 7, "k": 3, "expect": [1, 2]}
    usage expect: {"w": 7, "k": 3, "expect": {"foo": 2}}
    """
)
NINES = "9" * 5000
BAD_LINES += [(f'{{"w": {sign}{NINES}, "k": 3}}', "invalid-value", "w") for sign in ("", "-")]


@pytest.mark.parametrize(("line", "code", "option"), [*BAD_LINES, ("\udcff", "usage", None)])
def test_a_bad_line_is_an_error_in_its_place(conv_shape: Run, line: str, code: str, option: str | None) -> None:
    stdin = f'{{"w":7,"k":3}}\n{line}\n{{"w":8,"k":3}}\n'.encode(errors="surrogateescape")
    found = conv_shape("--batch -", stdin=stdin)
    assert found.code == 2
    first, bad, last = found.lines
    assert (first["output"], last["output"]) == ({"w": 5}, {"w": 6})
    assert (bad["line"], bad["error"]["code"], bad["error"].get("option")) == (2, code, option), bad
    assert bad["error"]["hint"]


def test_windows_line_ends_and_no_last_line_end(conv_shape: Run) -> None:
    assert [line["line"] for line in conv_shape("--batch -", stdin='{"w":7,"k":3}\r\n{"w":8,"k":3}').lines] == [1, 2]


def test_a_byte_order_mark_is_not_a_question(conv_shape: Run) -> None:
    assert conv_shape("--batch -", stdin=b'\xef\xbb\xbf{"w":7,"k":3}\n').lines[0]["output"] == {"w": 5}


def test_a_line_may_ask_for_a_proof_and_all_may(conv_shape: Run) -> None:
    found = conv_shape("--batch -", stdin='{"w":7,"k":3,"check":true}\n{"w":7,"k":3}\n')
    assert ["check" in line for line in found.lines] == [True, False]
    assert conv_shape("--batch - --check", stdin='{"w":7,"k":3}').lines[0]["check"]["passed"]


def test_other_formats(conv_shape: Run) -> None:
    lines = '{"w":7,"k":3}\n{"w":3,"k":4}\n{"size":7,"k":3}\n'
    bare = conv_shape("--batch - -q", stdin=lines)
    assert (bare.code, bare.out) == (2, "5\n\n5x5\n")
    csv = conv_shape("--batch - --format csv", stdin=lines)
    assert csv.code == 2
    assert len({line.count(",") for line in csv.out.splitlines()}) == 1


@pytest.mark.parametrize(("name", "code"), [("/nonexistent/file", "file-not-found"), ("/", "file-unreadable")])
def test_a_file_that_cannot_be_read(conv_shape: Run, name: str, code: str) -> None:
    found = conv_shape(f"--batch {name}")
    assert (found.code, found.out, found.error["code"]) == (2, "", code)


def test_a_file(conv_shape: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("batch") / "questions.jsonl"
    path.write_text('{"w":7,"k":3}\n' * 5000)
    found = conv_shape(f"--batch {path}")
    assert [line["line"] for line in found.lines] == list(range(1, 5001))


class Trickle:
    """A stream that hands out what it has in small pieces."""

    def __init__(self, data: bytes, size: int) -> None:
        self.pieces = [data[i : i + size] for i in range(0, len(data), size)]

    def read1(self, _: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("data", [b"", b"a", b"a\n", b"a\n\nbb\nccc", b"\n", b"ab\ncd\n"])
def test_lines_do_not_depend_on_the_pieces_they_come_in(
    monkeypatch: pytest.MonkeyPatch, data: bytes, size: int
) -> None:
    class Stdin:
        buffer = Trickle(data, size)

    monkeypatch.setattr("sys.stdin", Stdin)
    found = list(_flat(blocks_of_lines("-")))
    assert found == data.split(b"\n")[: len(found)]
    assert b"\n".join(found) == data.removesuffix(b"\n")


def _flat(blocks: Iterator[list[bytes]]) -> Iterator[bytes]:
    for block in blocks:
        yield from block


def test_names_that_json_cannot_hold_are_written_as_text(conv_shape: Run) -> None:
    found = conv_shape("--batch -", stdin='{"w":7,"k":3,"id":1e999}\n{"w":7,"k":3,"id":{"a":[NaN,-1e999]}}\n')
    assert [line["id"] for line in found.lines] == ["Infinity", {"a": ["NaN", "-Infinity"]}]


@pytest.mark.parametrize("depth", [30, 500, 950, 970, 977, 990, 5000])
@pytest.mark.parametrize("key", ["id", "expect", "k", "p", "size"])
def test_deep_nesting_is_an_error_in_its_place(conv_shape: Run, depth: int, key: str) -> None:
    deep = "[" * depth + "]" * depth
    found = conv_shape("--batch - --k 3 --w 7", stdin=f'{{"{key}":{deep}}}\n{{}}\n')
    assert found.code == 2
    assert found.lines[0]["error"]["code"] in ("usage", "shape-mismatch")
    assert found.lines[1]["output"] == {"w": 5}


def test_an_empty_claim_is_not_a_right_one(conv_shape: Run) -> None:
    for claim in ("[]", "{}", '""', "[[]]"):
        (line,) = conv_shape("--batch -", stdin=f'{{"w":7,"k":3,"expect":{claim}}}').lines
        assert line["error"]["code"] in ("usage", "shape-mismatch")


def test_a_name_that_the_output_cannot_hold(conv_shape: Run) -> None:
    found = conv_shape("--batch - --format csv", stdin=r'{"w":7,"k":3,"id":"\ud800"}')
    assert found.code == 0
    assert r"\ud800" in found.out


def test_an_error_beside_bare_answers_names_its_line(conv_shape: Run) -> None:
    assert conv_shape("--batch - -q", stdin='{"w":7,"k":3}\n{"w":2,"k":3}').err.startswith("line 2: error: ")
