"""``import dlcalc``: its public names, what each function refuses, and that it is refused in Python's words."""

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.mark import ParameterSet

import dlcalc
from dlcalc import DlcalcError, Layer

ROOT = Path(dlcalc.__file__).parent
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef

UNKNOWN: Any = "unknown"  # which a type checker would refuse
NAN, INF = float("nan"), float("inf")
STEM = [Layer(7, stride=2, padding=3), Layer(3, stride=2, kind="max-pool")]

# function -> calls that it refuses: what is called, the code and the option of the error, and its hint.
Refused = tuple[Callable[[], object], str, str | None, str]
REFUSED: dict[str, list[Refused]] = {
    "conv_output_size": [
        (lambda: dlcalc.conv_output_size(7, 9), "kernel-exceeds-input", "kernel", "kernel=7"),
        (lambda: dlcalc.conv_output_size(7, 0), "invalid-value", "kernel", "kernel=1"),
        (lambda: dlcalc.conv_output_size(7, 3, 0), "invalid-value", "stride", "stride=1"),
        (lambda: dlcalc.conv_output_size(7, 3, padding=-1), "invalid-value", "padding", "padding=0"),
        (lambda: dlcalc.conv_output_size(7, 3, padding=UNKNOWN), "usage", "padding", "a number, begin:end, or one of"),
        (lambda: dlcalc.conv_output_size(7, 3, 2, "same"), "unsupported-by-framework", "padding", "padding=1"),
        (lambda: dlcalc.conv_output_size(7, 3, dilation=0), "invalid-value", "dilation", "dilation=1"),
        (lambda: dlcalc.conv_output_size(10**18, 3), "invalid-value", "w", "at most 18 digits"),
        (lambda: dlcalc.conv_output_size(0, 3), "invalid-value", "w", "w=1"),
        (lambda: dlcalc.conv_output_size((7, 7), (3, 3, 3)), "shape-mismatch", "kernel", "one number for all axes"),
        (lambda: dlcalc.conv_output_size((7,) * 4, 3), "shape-mismatch", "size", "size=(224, 224)"),
        (lambda: dlcalc.conv_output_size(7, 3, framework=UNKNOWN), "usage", "framework", "one of pytorch"),
    ],
    "conv_transpose_output_size": [
        (lambda: dlcalc.conv_transpose_output_size(1, 1, padding=3), "empty-output", "padding", "padding="),
        (
            lambda: dlcalc.conv_transpose_output_size(4, 3, 2, 1, 1, 2),
            "output-padding-too-large",
            "output_padding",
            "output_padding=1",
        ),
        (
            lambda: dlcalc.conv_transpose_output_size(4, 3, output_padding=-1),
            "invalid-value",
            "output_padding",
            "output_padding=0",
        ),
        (lambda: dlcalc.conv_transpose_output_size(4, 3, padding="same"), "unsupported-by-framework", "padding", ""),
    ],
    "pool_output_size": [
        (lambda: dlcalc.pool_output_size(9, 4, padding=3), "padding-too-large", "padding", "padding=2"),
        (lambda: dlcalc.pool_output_size(3, 4), "kernel-exceeds-input", "kernel", "kernel=3"),
        (lambda: dlcalc.pool_output_size(9, 2, kind=UNKNOWN), "usage", "kind", "one of conv"),
        (lambda: dlcalc.pool_output_size(9, 2, kind="conv", ceil_mode=True), "usage", "ceil_mode", "kind='max-pool'"),
        (
            lambda: dlcalc.pool_output_size(9, 2, dilation=2, kind="avg-pool"),
            "unsupported-by-framework",
            "dilation",
            "",
        ),
    ],
    "stack": [
        (lambda: dlcalc.stack(7, []), "usage", "layers", ""),
        (lambda: dlcalc.stack(2, STEM), "kernel-exceeds-input", "layers", ""),
        (lambda: dlcalc.stack(7, [Layer(3, kind=UNKNOWN)]), "usage", "kind", "one of conv"),
        (lambda: dlcalc.stack((7,) * 4, STEM), "shape-mismatch", "size", "size=(224, 224)"),
        (lambda: dlcalc.stack(7, [Layer(3, stride=0)]), "invalid-value", "layers", "stride=1"),
    ],
    "receptive_field": [
        (lambda: dlcalc.receptive_field(7, []), "usage", "layers", ""),
        (lambda: dlcalc.receptive_field(7, [Layer(3), Layer(0)]), "invalid-value", "layers", "kernel=1"),
    ],
    "softmax": [
        (lambda: dlcalc.softmax([1, 2], temperature=0), "invalid-value", "temperature", "temperature=1"),
        (lambda: dlcalc.softmax([1.0]), "shape-mismatch", "logits", "logits=[1, 2, 3]"),
        (lambda: dlcalc.softmax(np.zeros((2, 2, 2))), "shape-mismatch", "logits", "a matrix"),
        (lambda: dlcalc.softmax([1, NAN]), "no-finite-logit", "logits", ""),
        (lambda: dlcalc.softmax([-INF, -INF]), "no-finite-logit", "logits", ""),
        (lambda: dlcalc.softmax(["a", "b"]), "unsupported-dtype", "logits", "float32"),
        (lambda: dlcalc.softmax([[1, 2], [3]]), "shape-mismatch", "logits", "as many numbers in each row"),
    ],
    "softmax_jacobian": [
        (lambda: dlcalc.softmax_jacobian([1, 2], temperature=-1), "invalid-value", "temperature", "temperature=1"),
        (lambda: dlcalc.softmax_jacobian([1, INF]), "no-finite-logit", "logits", ""),
    ],
    "cross_entropy": [
        (lambda: dlcalc.cross_entropy([1, 2], 2), "label-out-of-range", "label", "0 to 1"),
        (lambda: dlcalc.cross_entropy([1, 2], -100), "no-valid-rows", "label", "reduction='sum'"),
        (lambda: dlcalc.cross_entropy([1, 2], [0, 0]), "shape-mismatch", "label", "1 number"),
        (lambda: dlcalc.cross_entropy([1, 2], [0.2, 0.3, 0.5]), "shape-mismatch", "target", "1 row of 2 numbers"),
        (lambda: dlcalc.cross_entropy([1, 2], [0.5, NAN]), "invalid-value", "target", "probabilities, 0 to 1"),
        (
            lambda: dlcalc.cross_entropy([1, 2], 0, reduction="max"),  # type: ignore[call-overload]
            "usage",
            "reduction",
            "one of none, mean, sum",
        ),
        (
            lambda: dlcalc.cross_entropy([1, 2], 0, label_smoothing=2),
            "invalid-value",
            "label_smoothing",
            "label_smoothing=0.1",
        ),
        (
            lambda: dlcalc.cross_entropy([1, 2], 0, class_weights=[-1, 1]),
            "invalid-value",
            "class_weights",
            "weights from 0 on",
        ),
        (
            lambda: dlcalc.cross_entropy([1, 2], 0, class_weights=[0, 1]),
            "no-valid-rows",
            "class_weights",
            "a weight over 0, or reduction='sum'",
        ),
        (
            lambda: dlcalc.cross_entropy([1, 2], 0, class_weights=np.ones((2, 2))),
            "shape-mismatch",
            "class_weights",
            "class_weights=[1, 2, 3]",
        ),
    ],
    "softmax_cross_entropy_grad": [
        (lambda: dlcalc.softmax_cross_entropy_grad([1, 2], 5), "label-out-of-range", "label", "0 to 1"),
        (
            lambda: dlcalc.softmax_cross_entropy_grad([1, 2], 0, temperature=0),
            "invalid-value",
            "temperature",
            "temperature=1",
        ),
        (
            lambda: dlcalc.softmax_cross_entropy_grad([1, 2], 0, class_weights=[1]),
            "shape-mismatch",
            "class_weights",
            "2 numbers",
        ),
    ],
    "batch_norm_statistics": [
        (lambda: dlcalc.batch_norm_statistics([]), "shape-mismatch", "batches", "at least one batch"),
        (lambda: dlcalc.batch_norm_statistics([[1.0]]), "not-enough-samples", "batches", "framework='onnx'"),
        (lambda: dlcalc.batch_norm_statistics([[1.0, NAN]]), "invalid-value", "batches", "finite numbers"),
        (lambda: dlcalc.batch_norm_statistics([[1e200, -1e200]]), "invalid-statistics", "batches", "smaller numbers"),
        (lambda: dlcalc.batch_norm_statistics([[1.0, 2.0]], momentum=0.1), "usage", "momentum", "framework='pytorch'"),
        (
            lambda: dlcalc.batch_norm_statistics([[1.0, 2.0]], framework="pytorch", momentum=2),
            "invalid-value",
            "momentum",
            "momentum=0.1",
        ),
        (lambda: dlcalc.batch_norm_statistics([[1.0, 2.0]], framework=UNKNOWN), "usage", "framework", "one of paper"),
    ],
    "batch_norm_affine": [
        (lambda: dlcalc.batch_norm_affine([0], [-1]), "invalid-statistics", "var", "a variance from 0 on"),
        (lambda: dlcalc.batch_norm_affine([0], [0], eps=0), "invalid-statistics", "var", "eps=1e-05"),
        (lambda: dlcalc.batch_norm_affine([0], [1], eps=-1), "invalid-value", "eps", "eps=1e-05"),
        (lambda: dlcalc.batch_norm_affine([0, 1], [1]), "shape-mismatch", "var", "2 numbers"),
        (lambda: dlcalc.batch_norm_affine([INF], [1]), "invalid-statistics", "mean", "finite numbers"),
        (lambda: dlcalc.batch_norm_affine([0], [1], NAN), "invalid-value", "gamma", "finite numbers"),
    ],
    "fold_batch_norm": [
        (lambda: dlcalc.fold_batch_norm([[1, 2]], None, [0, 0], [1, 1]), "shape-mismatch", "weight", "1 channel"),
        (lambda: dlcalc.fold_batch_norm([[1]], [1, 2], [0], [1]), "shape-mismatch", "bias", "1 number"),
        (lambda: dlcalc.fold_batch_norm([[NAN]], None, [0], [1]), "invalid-value", "weight", "finite numbers"),
        (lambda: dlcalc.fold_batch_norm([[1]], None, [0], [1], kind="pool"), "usage", "kind", "one of conv"),
        (lambda: dlcalc.fold_batch_norm([[1]], None, [0], [1], groups=2), "usage", "groups", "groups"),
        (
            lambda: dlcalc.fold_batch_norm(np.ones((3, 1, 1)), None, [0], [1], groups=2),
            "groups-do-not-divide",
            "groups",
            "groups",
        ),
        (
            lambda: dlcalc.fold_batch_norm(
                np.ones((1, 1, 3)), None, [0], [1], beta=1, kind="transposed", bn_first=True
            ),
            "certificate-failed",
            "bn_first",
            "a batch norm without shift",
        ),
    ],
}


def functions() -> set[str]:
    return {name for name in dlcalc.__all__ if inspect.isfunction(getattr(dlcalc, name))}


def refusals() -> list[ParameterSet]:
    return [
        pytest.param(*call, id=f"{name}-{number}")
        for name, calls in REFUSED.items()
        for number, call in enumerate(calls, 1)
    ]


def test_every_public_function_has_refusals() -> None:
    assert set(REFUSED) == functions()


@pytest.mark.parametrize(("call", "code", "option", "hint"), refusals())
def test_refused_in_the_words_of_python(call: Callable[[], object], code: str, option: str | None, hint: str) -> None:
    with pytest.raises(DlcalcError) as caught:
        call()
    assert (caught.value.code, caught.value.option) == (code, option)
    assert caught.value.hint
    assert hint in caught.value.hint
    for text in (caught.value.hint, caught.value.message):
        assert "--" not in text


def imported(path: Path) -> set[Path]:
    """The files of this package that a file imports, wherever in it."""
    names = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    files = {ROOT.parent / f"{part.replace('.', '/')}.py" for name in names for part in (name, name.rpartition(".")[0])}
    return {file for file in files if file.exists() and file.is_relative_to(ROOT / "core")}


def test_nothing_that_the_library_reaches_writes_a_flag() -> None:
    reached: set[Path] = set()
    ahead = imported(ROOT / "__init__.py")
    while ahead:
        reached |= ahead
        ahead = {file for path in ahead for file in imported(path)} - reached
    assert len(reached) > 20
    for path in reached:
        tree = ast.parse(path.read_text())
        documentation = {
            ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in documentation:
                assert not re.search("--[a-z]", node.value), f"{path}: {node.value}"


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_public_function_says_what_it_takes_and_what_it_refuses(name: str) -> None:
    text = inspect.getdoc(getattr(dlcalc, name)) or ""
    for part in ("Args:", "Raises:", "Source:", ">>> "):
        assert part in text
    for argument in inspect.signature(getattr(dlcalc, name)).parameters:
        assert f"{argument}: " in text


def test_a_public_name_is_there_and_documented() -> None:
    assert dlcalc.__all__ == sorted(dlcalc.__all__)
    assert set(dlcalc.__all__) <= set(dir(dlcalc))
    for name in dlcalc.__all__:
        assert inspect.getdoc(getattr(dlcalc, name))


def test_other_names_are_not() -> None:
    absent = "conv_output_sizes"
    with pytest.raises(AttributeError, match=absent):
        getattr(dlcalc, absent)


def test_a_type_checker_sees_the_same_names_in_the_same_places() -> None:
    """What is imported for type checkers alone is what is imported when a name is used."""
    tree = ast.parse((ROOT / "__init__.py").read_text())
    typed = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("dlcalc")
        for alias in node.names
    }
    assert typed == {name: getattr(dlcalc, name).__module__ for name in dlcalc.__all__}
