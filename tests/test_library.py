"""``import dlcalc``: its public names, what each function refuses, and that it is refused in Python's words."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import dlcalc
from dlcalc import Layer
from tests.support.refusals import refused

ROOT = Path(dlcalc.__file__).parent
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef

NAMES = {name: getattr(dlcalc, name) for name in dlcalc.__all__}
FUNCTIONS = sorted(name for name, member in NAMES.items() if inspect.isfunction(member))
STEM = [Layer(7, stride=2, padding=3), Layer(3, stride=2, kind="max-pool")]

TRANSPOSED = "fold_batch_norm(np.ones((1, 1, 3)), None, [0], [1], beta=1, kind='transposed', bn_first=True)"

# Calls that are refused: the code and the option of the error, and its hint.
REFUSED = [
    ("conv_output_size(7, 9)", "kernel-exceeds-input", "kernel", "kernel=7"),
    ("conv_output_size(7, 0)", "invalid-value", "kernel", "kernel=1"),
    ("conv_output_size(7, 3, 0)", "invalid-value", "stride", "stride=1"),
    ("conv_output_size(7, 3, padding=-1)", "invalid-value", "padding", "padding=0"),
    ("conv_output_size(7, 3, padding='unknown')", "usage", "padding", "a number, begin:end, or one of"),
    ("conv_output_size(7, 3, 2, 'same')", "unsupported-by-framework", "padding", "padding=1"),
    ("conv_output_size(7, 3, dilation=0)", "invalid-value", "dilation", "dilation=1"),
    ("conv_output_size(10 ** 18, 3)", "invalid-value", "size", "at most 18 digits"),
    ("conv_output_size(0, 3)", "invalid-value", "size", "size=1"),
    ("conv_output_size((7, 7), (3, 3, 3))", "shape-mismatch", "kernel", "one number for all axes"),
    ("conv_output_size((7,) * 4, 3)", "shape-mismatch", "size", "size=(224, 224)"),
    ("conv_output_size(7, 3, framework='unknown')", "usage", "framework", "one of pytorch"),
    ("conv_transpose_output_size(1, 1, padding=3)", "empty-output", "padding", "padding="),
    ("conv_transpose_output_size(4, 3, 2, 1, 1, 2)", "output-padding-too-large", "output_padding", "output_padding=1"),
    ("conv_transpose_output_size(4, 3, output_padding=-1)", "invalid-value", "output_padding", "output_padding=0"),
    ("conv_transpose_output_size(4, 3, padding='same')", "unsupported-by-framework", "padding", ""),
    ("pool_output_size(9, 4, padding=3)", "padding-too-large", "padding", "padding=2"),
    ("pool_output_size(3, 4)", "kernel-exceeds-input", "kernel", "kernel=3"),
    ("pool_output_size(9, 2, kind='unknown')", "usage", "kind", "one of conv"),
    ("pool_output_size(9, 2, kind='conv', ceil_mode=True)", "usage", "ceil_mode", "kind='max-pool'"),
    ("pool_output_size(9, 2, dilation=2, kind='avg-pool')", "unsupported-by-framework", "dilation", ""),
    ("network('', 7, 3)", "usage", "layers", "7s2p3 max3s2p1"),
    ("network(7, 7, 3)", "usage", "layers", "words, like"),
    ("network('3c8 7q', 7, 3)", "usage", "layers", "a word is"),
    ("network('3c8 rep2 3c8', 7, 3)", "usage", "layers", "a word is"),
    ("network('3', 7, 3)", "usage", "layers", "3c64"),
    ("network('3c8 9c8', 7, 3)", "kernel-exceeds-input", "layers", "5 at most"),
    ("network('3s0c8', 7, 3)", "invalid-value", "layers", "1"),
    ("network('3c8 3g3c6', 7, 3)", "groups-do-not-divide", "layers", "2"),
    ("network('3psames2c8', 7, 3)", "unsupported-by-framework", "layers", "1"),
    ("network('max3p2', 7, 3)", "padding-too-large", "layers", "1"),
    ("network('3c8 crop3', 7, 3)", "empty-output", "layers", "less than 5"),
    ("network('unshuffle2', 7, 3)", "shape-mismatch", "layers", "a width of 6 or a width of 8"),
    ("network('@a 3c3 add@a', 7, 3)", "shape-mismatch", "layers", "p1 in layer 1 (3c3)"),
    ("network('3c8', (7,) * 4, 3)", "shape-mismatch", "size", "size=(224, 224)"),
    ("network('3c8', channels=3)", "usage", "size", "size=224"),
    ("network('3c8', 7)", "usage", "channels", "channels=3"),
    ("load_model('missing.pt2')", "file-not-found", "path", "a file that is there, one of .keras, .pt2"),
    ("load_model('model.h5')", "file-not-found", "path", "one of"),
    ("network('3c8', (7, 0), 3)", "invalid-value", "size", "size=1"),
    ("network('3c8', 7, 3, n=0)", "invalid-value", "n", "n=1"),
    ("network('3c8', 7, 3, dtype='float31')", "usage", "dtype", "did you mean float32?"),
    ("network('3c8', 7, 0)", "invalid-value", "channels", "channels=1"),
    ("network('3c8', 7, 3, framework='unknown')", "usage", "framework", "one of pytorch"),
    ("receptive_field((7,) * 4, STEM)", "shape-mismatch", "size", "size=(224, 224)"),
    ("receptive_field((7, 0), STEM)", "invalid-value", "size", "size=1"),
    ("receptive_field(2, STEM)", "kernel-exceeds-input", "layers", "kernel=1 at most"),
    ("receptive_field(7, [Layer(3, kind='unknown')])", "usage", "kind", "one of conv"),
    ("receptive_field(7, [])", "usage", "layers", ""),
    ("receptive_field(7, [Layer(3), Layer(0)])", "invalid-value", "layers", "kernel=1"),
    ("softmax([1, 2], temperature=0)", "invalid-value", "temperature", "temperature=1"),
    ("softmax([1.0])", "shape-mismatch", "logits", "logits=[1, 2, 3]"),
    ("softmax(np.zeros((2, 2, 2)))", "shape-mismatch", "logits", "a matrix"),
    ("softmax([1, NAN])", "no-finite-logit", "logits", ""),
    ("softmax([-INF, -INF])", "no-finite-logit", "logits", ""),
    ("softmax(['a', 'b'])", "unsupported-dtype", "logits", "float32"),
    ("softmax([[1, 2], [3]])", "shape-mismatch", "logits", "as many numbers in each row"),
    ("softmax_jacobian([1, 2], temperature=-1)", "invalid-value", "temperature", "temperature=1"),
    ("softmax_jacobian([1, INF])", "no-finite-logit", "logits", ""),
    ("cross_entropy([1, 2], 2)", "label-out-of-range", "label", "0 to 1"),
    ("cross_entropy([1, 2], [0, 0])", "shape-mismatch", "label", "1 number"),
    ("cross_entropy([1, 2], [0.2, 0.3, 0.5])", "shape-mismatch", "target", "1 row of 2 numbers"),
    ("cross_entropy([1, 2], [0.5, NAN])", "invalid-value", "target", "probabilities, 0 to 1"),
    ("cross_entropy([1, 2], 0, reduction='max')", "usage", "reduction", "one of none, mean, sum"),
    ("cross_entropy([1, 2], 0, label_smoothing=2)", "invalid-value", "label_smoothing", "label_smoothing=0.1"),
    ("cross_entropy([1, 2], 0, class_weights=[-1, 1])", "invalid-value", "class_weights", "weights from 0 on"),
    ("cross_entropy([1, 2], 0, class_weights=[0, 1])", "no-valid-rows", "class_weights", "or reduction='sum'"),
    ("cross_entropy([1, 2], 0, class_weights=np.eye(2))", "shape-mismatch", "class_weights", "class_weights=[1, 2, 3]"),
    ("cross_entropy([1, NAN], 0)", "no-finite-logit", "logits", ""),
    ("cross_entropy([1, 2], -1)", "label-out-of-range", "label", "0 to 1"),
    ("cross_entropy(1.0, 0)", "shape-mismatch", "logits", "a matrix"),
    ("cross_entropy(np.zeros((0, 3)), np.zeros(0, int))", "shape-mismatch", "logits", "logits=[1, 2, 3]"),
    ("cross_entropy([1, 2j], 0)", "unsupported-dtype", "logits", "float32"),
    ("cross_entropy([1, 2], '0')", "unsupported-dtype", "target", "float32"),
    ("cross_entropy([1, 2], [[1, 2], [3]])", "shape-mismatch", "target", "as many numbers in each row"),
    ("cross_entropy([1, 2], 0, class_weights=['a', 1])", "unsupported-dtype", "class_weights", "float32"),
    ("softmax_cross_entropy_grad([1, 2], 5)", "label-out-of-range", "label", "0 to 1"),
    ("softmax_cross_entropy_grad([1, 2], 0, temperature=0)", "invalid-value", "temperature", "temperature=1"),
    ("softmax_cross_entropy_grad([1, 2], 0, class_weights=[1])", "shape-mismatch", "class_weights", "2 numbers"),
    ("batch_norm_statistics([])", "shape-mismatch", "batches", "at least one batch"),
    ("batch_norm_statistics([[1.0]])", "not-enough-samples", "batches", "framework='onnx'"),
    ("batch_norm_statistics([[1.0, NAN]])", "invalid-value", "batches", "finite numbers"),
    ("batch_norm_statistics([[1e+200, -1e+200]])", "invalid-statistics", "batches", "smaller numbers"),
    ("batch_norm_statistics([[1.0, 2.0]], momentum=0.1)", "usage", "momentum", "framework='pytorch'"),
    ("batch_norm_statistics([[1, 2]], framework='pytorch', momentum=2)", "invalid-value", "momentum", "momentum=0.1"),
    ("batch_norm_statistics([[1.0, 2.0]], framework='unknown')", "usage", "framework", "one of paper"),
    ("batch_norm_statistics([[1, 2], [2]], framework='pytorch')", "not-enough-samples", "batches", "framework='onnx'"),
    ("batch_norm_statistics([np.zeros((2, 2)), np.zeros((2, 3))])", "shape-mismatch", "batches", "at least one batch"),
    ("batch_norm_affine([0], [-1])", "invalid-statistics", "var", "a variance from 0 on"),
    ("batch_norm_affine([0], [0], eps=0)", "invalid-statistics", "var", "eps=1e-05"),
    ("batch_norm_affine([0], [1], eps=-1)", "invalid-value", "eps", "eps=1e-05"),
    ("batch_norm_affine([0, 1], [1])", "shape-mismatch", "var", "2 numbers"),
    ("batch_norm_affine([0, 0], [1, 1], [2.0])", "shape-mismatch", "gamma", "2 numbers"),
    ("batch_norm_affine([[0.0], [0.0, 1.0]], [1, 1])", "shape-mismatch", "mean", "as many numbers in each row"),
    ("fold_batch_norm([[1, 2]], None, [0, 0], [1, 1])", "shape-mismatch", "weight", "1 channel"),
    ("fold_batch_norm([[1]], [1, 2], [0], [1])", "shape-mismatch", "bias", "1 number"),
    ("fold_batch_norm([[NAN]], None, [0], [1])", "invalid-value", "weight", "finite numbers"),
    ("fold_batch_norm([[1]], None, [0], [1], kind='pool')", "usage", "kind", "one of conv"),
    ("fold_batch_norm([[1]], None, [0], [1], groups=2)", "usage", "groups", "groups"),
    ("fold_batch_norm(np.ones((3, 1, 1)), None, [0], [1], groups=2)", "groups-do-not-divide", "groups", "groups"),
    (TRANSPOSED, "certificate-failed", "bn_first", "a batch norm without shift"),
]


def test_every_public_function_has_refusals() -> None:
    assert {call.partition("(")[0] for call, *_ in REFUSED} == {*FUNCTIONS}


@pytest.mark.parametrize(("call", "code", "option", "hint"), REFUSED, ids=[call for call, *_ in REFUSED])
def test_refused_in_the_words_of_python(call: str, code: str, option: str, hint: str) -> None:
    error = refused(lambda: eval(call, {**NAMES, "np": np, "STEM": STEM, "NAN": np.nan, "INF": np.inf}))
    assert (error.code, error.option) == (code, option)
    assert hint in str(error.hint)
    assert "--" not in f"{error.hint} {error.message}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_says_what_it_takes_and_what_it_refuses(name: str) -> None:
    text = inspect.getdoc(NAMES[name]) or ""
    for part in ("Args:", "Raises:", "Source:", ">>> "):
        assert part in text
    for argument in inspect.signature(NAMES[name]).parameters:
        assert f"{argument}: " in text


def test_a_public_name_is_there_and_documented() -> None:
    assert dlcalc.__all__ == sorted(dlcalc.__all__)
    assert set(dlcalc.__all__) <= set(dir(dlcalc))
    assert all(map(inspect.getdoc, NAMES.values()))


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
    assert typed == {name: member.__module__ for name, member in NAMES.items()}
