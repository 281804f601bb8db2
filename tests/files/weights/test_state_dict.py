"""State dicts of PyTorch, written by a small writer of pickles; and pickles that want more than to describe tensors."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dlcalc.core.errors import DlcalcError
from dlcalc.core.stored_weights import answer, check
from dlcalc.core.weights.question import WeightsQuestion
from dlcalc.files import archive
from dlcalc.files.weights import opcodes, state_dict
from dlcalc.files.weights.state_dict import read_state_dict
from tests.support.weight_files import Imported, Tensor, pickled, write_state_dict, write_zip

STATE = {"conv.weight": Tensor(0, (4, 3, 2, 2)), "conv.bias": Tensor(1, (4,)), "n": Tensor(2, (), dtype="int64")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pt"


def refused(path: Path, code: str) -> str:
    with pytest.raises(DlcalcError) as caught:
        read_state_dict(str(path))
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    assert str(path) in caught.value.message
    return caught.value.message


def named(path: Path) -> list[str]:
    return list(read_state_dict(str(path)).tensors)


def test_what_a_pickle_says(path: Path) -> None:
    found = read_state_dict(str(write_state_dict(path, STATE)))
    assert {name: (one.shape, one.dtype, one.bytes) for name, one in found.tensors.items()} == {
        "conv.weight": ((4, 3, 2, 2), "float32", 192),
        "conv.bias": ((4,), "float32", 16),
        "n": ((), "int64", 8),
    }
    assert all(one.strides is None and one.storage.offset is not None for one in found.tensors.values())
    assert (found.format, found.files, found.notices, found.file_bytes) == ("pytorch", 1, (), path.stat().st_size)


def test_views(path: Path) -> None:
    state = {
        "all": Tensor(0, (12,)),
        "part": Tensor(0, (3,), (2,), 4, entries=12),
        "t": Tensor(0, (4, 3), (1, 4), entries=12),
    }
    found = read_state_dict(str(write_state_dict(path, state))).tensors
    assert [(one.start, one.end, one.strides) for one in found.values()] == [
        (0, 48, None),
        (16, 36, (2,)),
        (0, 48, (1, 4)),
    ]
    assert len({one.storage for one in found.values()}) == 1


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict", "ema"])
def test_a_state_dict_one_level_down(path: Path, key: str) -> None:
    write_state_dict(path, {"epoch": 3, key: STATE, "args": [1, None, True, ("x",)]})
    found = read_state_dict(str(path))
    assert list(found.tensors) == list(STATE)
    assert [notice.message for notice in found.notices] == [
        f"the tensors of {key} are counted; 'epoch', 'args' left out"
    ]


def test_which_of_several(path: Path) -> None:
    """The first of the names that holds tensors; what stands beside it is said to be left out."""
    other = {"x": Tensor(3, (2,))}
    assert named(write_state_dict(path, {"ema": other, "model": STATE})) == list(STATE)
    assert named(write_state_dict(path, {"model": {"a": 1}, "ema": other})) == ["x"]
    assert named(write_state_dict(path, {"model": STATE, "mean": Tensor(3, (2,))})) == list(STATE)
    assert named(write_state_dict(path, STATE | {"more": other})) == list(STATE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (Tensor(0, (2,)), "a tensor"),
        ([Tensor(0, (2,))], "something"),
        (5, "something"),
        ({}, "it has none"),
        ({"generator": {"a": Tensor(0, (2,))}}, "'generator'"),
        ({"model": {"model": {"a": Tensor(0, (2,))}}}, "'model'"),
        ({"epoch": 3}, "'epoch'"),
    ],
)
def test_what_holds_no_state_dict(path: Path, content: Any, said: str) -> None:
    assert said in refused(write_state_dict(path, content), "unsupported-file")


class Evil:
    """What a pickle can do to whoever loads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("print('executed')",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_calls_is_refused_by_the_name_of_the_call(
    path: Path, protocol: int, capsys: pytest.CaptureFixture[str]
) -> None:
    content = pickle.dumps({"a": Evil()}, protocol)
    message = refused(write_state_dict(path, content), "unsafe-file")
    assert "eval" in message
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "torch.load",
        "torch.nn.modules.linear.Linear",
        "torch._utils._rebuild_sparse_tensor",
        "numpy.core.multiarray.scalar",
        "collections.OrderedDict.fromkeys",
        "torch.storage.UntypedStorage.from_file",
        "torch._utils.os.system",
        "torch.FloatStorage.__class__",
        "__torch__.Net",
    ],
)
def test_names_that_are_not_known_to_be_harmless(path: Path, name: str) -> None:
    module, _, last = name.rpartition(".")
    for arguments in (None, ("ls",)):
        message = refused(write_state_dict(path, {"a": Imported(module, last, arguments)}), "unsafe-file")
        assert f"'{name}'" in message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "malformed-file"),
        (b"\x80\x02", "malformed-file"),
        (b".", "malformed-file"),
        (b"\x80\x02}X\xff\xff\xff\xffa", "malformed-file"),
        (b"\x80\x02\x8b\xff\xff\xff\xff", "malformed-file"),
        (b"\x80\x02}q\x00h\x01.", "malformed-file"),
        (b"\x80\x02t.", "malformed-file"),
        (b"\x80\x02(.", "malformed-file"),
        (b"\x80\x02\x86.", "malformed-file"),
        (b"\x80\x02}K\x01s.", "malformed-file"),
        (b"\x80\x02](K\x01u.", "malformed-file"),
        (b"\x80\x02}K\x01a.", "malformed-file"),
        (b"\x80\x02X\x01\x00\x00\x00\xff.", "malformed-file"),
        (b"\x80\x02cx", "malformed-file"),
        (b"\x80\x02K\x01K\x02\x93.", "malformed-file"),
        (b"\x80\x02K\x01)R.", "unsafe-file"),
        (b"\x80\x02]}b.", "unsafe-file"),
        (b"\x80\x02)\x81.", "unsafe-file"),
        (b"\x80\x02(ios\nsystem\n.", "unsafe-file"),
        (b"\x80\x02\x82\x01.", "unsafe-file"),
        (b"\x80\x02ccollections\nOrderedDict\nK\x01R.", "unsafe-file"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "unsafe-file"),
        (b"I5\n.", "unsupported-file"),
        (b"I5x\n.", "malformed-file"),
        (b"I" + b"9" * 5000 + b"\n.", "malformed-file"),
        (b"(Va\nd.", "malformed-file"),
        (b"cos\nsystem\n(S'ls'\ntR.", "unsafe-file"),
        (b"(dp0\nS'a'\nP1\ns.", "unsupported-file"),
        (b"\x97.", "unsupported-file"),
        (b"\xff.", "unsupported-file"),
    ],
)
def test_opcodes_that_lie(path: Path, content: bytes, code: str) -> None:
    refused(write_state_dict(path, content), code)


def test_nothing_grows_beyond_what_is_written(path: Path) -> None:
    """Objects that hold each other a million times over, nested or doubled, are gone through once."""
    doubled = b"\x80\x02)" + b"2\x86" * 100_000 + b"."
    nested = b"\x80\x02)" + b"\x85" * 100_000 + b"."
    itself = b"\x80\x02]q\x00" + b"h\x00a" * 1000 + b"."
    for content in (doubled, nested, itself):
        refused(write_state_dict(path, content), "unsupported-file")


def test_too_many_steps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opcodes, "MAX_STEPS", 50)
    assert "50 steps" in refused(write_state_dict(path, STATE), "unsafe-file")


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (Tensor(0, (5,), entries=4), "to byte 20"),
        (Tensor(0, (2, 2), (3, 1), entries=4), "to byte 20"),
        (Tensor(0, (2,), None, 3, entries=4), "to byte 20"),
        (Tensor(0, (2,), (-1,), 1, entries=4), "cannot be"),
        (Tensor(0, (2,), None, -1, entries=4), "cannot be"),
        (Tensor(0, (2,), (1, 1), entries=4), "cannot be"),
        (Tensor(0, (2,), (1 << 62,), entries=4), "to byte"),
        (Tensor(0, (-2,), entries=4), "shape"),
        (Tensor(0, (1 << 63,), entries=4), "shape"),
        (Tensor(0, (1,) * 65, entries=4), "shape"),
        (Tensor(0, (1 << 40, 1 << 40), (0, 0), entries=4), "more entries"),
    ],
)
def test_a_tensor_that_lies(path: Path, tensor: Tensor, said: str) -> None:
    assert said in refused(write_state_dict(path, {"a": tensor}), "malformed-file")


def test_a_tensor_without_entries_may_begin_anywhere(path: Path) -> None:
    """As PyTorch itself saves the part of a tensor that has none."""
    found = read_state_dict(str(write_state_dict(path, {"a": Tensor(0, (0, 2), None, 5, entries=4)})))
    assert check(answer(WeightsQuestion(found))).passed


def test_a_storage_that_lies(path: Path) -> None:
    write_state_dict(path, STATE, {"data/0": bytes(4)})
    assert "has 4 bytes" in refused(path, "malformed-file")
    content = pickled(STATE)
    write_zip(path, {"a/data.pkl": content, "a/data/0": bytes(192)})
    assert "not in the archive" in refused(path, "malformed-file")
    for wrong in (b"X\x01\x00\x00\x000", b"K\x05"):
        changed = content.replace(b"X\x07\x00\x00\x00storage", wrong)
        refused(write_state_dict(path, changed, {"data/0": bytes(192)}), "malformed-file")


def test_a_name_that_stands_twice(path: Path) -> None:
    content = pickled({"a": Tensor(0, (2,)), "b": Tensor(0, (2,))}).replace(
        b"X\x01\x00\x00\x00b", b"X\x01\x00\x00\x00a"
    )
    assert "twice" in refused(write_state_dict(path, content, {"data/0": bytes(8)}), "malformed-file")


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({"x.txt": b""}, "malformed-file", "0 pickles"),
        ({"a/data.pkl": b"", "b/data.pkl": b""}, "malformed-file", "2 pickles"),
        ({"a/b/data.pkl": b""}, "malformed-file", "0 pickles"),
        ({"a/data.pkl": b"", "a/constants.pkl": b"", "a/code/x.py": b""}, "unsupported-file", "TorchScript"),
        ({"a/archive_format": b"pt2", "a/models/model.json": b"{}"}, "unsupported-file", ".pt2"),
    ],
)
def test_other_archives(path: Path, files: dict[str, bytes], code: str, said: str) -> None:
    assert said in refused(write_zip(path, files), code)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02}."])
def test_what_is_no_archive(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused(path, "malformed-file")


def test_a_large_pickle_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_dict, "MAX_BYTES", 100)
    assert "'archive/data.pkl' has" in refused(write_state_dict(path, STATE), "unsafe-file")


def test_a_pickle_may_be_longer_than_a_list_of_members(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {f"layer.{number}.weight": Tensor(0, (2,)) for number in range(100)}
    write_state_dict(path, state)
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 2_000)
    assert named(path) == list(state)


def test_a_compressed_pickle_is_read(path: Path) -> None:
    tensors = {f"a/data/{number}": bytes(size) for number, size in enumerate((192, 16, 8))}
    write_zip(path, {"a/data.pkl": pickled(STATE), **tensors}, zipfile.ZIP_DEFLATED)
    found = read_state_dict(str(path)).tensors
    assert list(found) == list(STATE)
    assert {one.storage.offset for one in found.values()} == {None}
