"""Every subset of the features that can meet on a command line, against the rule in words; and the wiring of each."""

from collections.abc import Callable
from itertools import chain, combinations, product
from pathlib import Path

import pytest

from dlcalc.cli.combinations import DEPENDENT, EXCLUSIVE, FEATURES, refuse_impossible
from dlcalc.core.errors import DlcalcError
from tests.conftest import Result, Run
from tests.support.weight_files import Spec, safetensors_header, write_safetensors

# What is typed -> the features that it has for the table.
OUTPUTS = {
    "--json": {"json", "data"},
    "-q": {"quiet", "data"},
    "--format table": {"format", "table"},
    "--format json": {"format", "data"},
    "--format csv": {"format", "data"},
}
SOURCES: dict[str, set[str]] = {
    "single": set(),
    "sweep": {"sweep"},
    "batch": {"batch"},
    "sweep and batch": {"sweep", "batch"},
}
MODES = {"compare": {"compare", "every framework"}, "solve": {"solve", "target"}, "draw": {"draw"}}
BESIDES = ("explain", "check", "expect", "framework", "at", "summary")


def refused(features: set[str]) -> bool:
    try:
        refuse_impossible(features)
    except DlcalcError as error:
        assert error.code == "usage"
        assert error.hint
        return True
    return False


def possible(source: str, outputs: tuple[str, ...], modes: tuple[str, ...], besides: set[str]) -> bool:
    """The rule: one way to print at most; a batch is no table; explained and judged is one question alone.

    A mode is of one question, another is not beside it but --draw beside --compare, and nothing is asked about its
    answer; --draw is text, and --compare asks all frameworks. --at names the layer of one question that is drawn or
    explained.
    """
    how = {"--format" if output.startswith("--format") else output for output in outputs}
    if len(how) > 1 or source == "sweep and batch":
        return False
    if "at" in besides and (source != "single" or not ("explain" in besides or "draw" in modes)):
        return False
    if modes:
        one = len(modes) == 1 or set(modes) == {"compare", "draw"}
        alone = source == "single" and one and not besides & {"explain", "check", "expect", "summary"}
        text = "draw" not in modes or not outputs or outputs == ("--format table",)
        return alone and text and ("compare" not in modes or "framework" not in besides)
    if source != "single" and besides & {"explain", "expect"}:
        return False
    return not (source == "batch" and outputs == ("--format table",))


def subsets(names: list[str], most: int | None = None) -> list[tuple[str, ...]]:
    sizes = range((len(names) if most is None else most) + 1)
    return list(chain.from_iterable(combinations(names, size) for size in sizes))


def test_every_combination() -> None:
    refusals = 0
    ways = [some for some in subsets(list(OUTPUTS), 2) if sum(word.startswith("--format") for word in some) < 2]
    for source, outputs, modes, besides in product(SOURCES, ways, subsets(list(MODES)), subsets(list(BESIDES))):
        features = SOURCES[source].union(
            besides, *(OUTPUTS[word] for word in outputs), *(MODES[mode] for mode in modes)
        )
        right = not possible(source, outputs, modes, set(besides))
        assert refused(features) == right, (source, outputs, modes, besides)
        refusals += right
    assert refusals > 5_000


def test_every_combination_with_a_file_and_tolerances() -> None:
    """A file is for one answer, --force for a file, and a tolerance for a claim."""
    for some in subsets(["batch", "explain", "check", "expect", "output", "force", "rtol", "atol"]):
        chosen = set(some)
        right = bool({"batch", "output"} <= chosen or ({"force"} <= chosen and "output" not in chosen))
        right |= "batch" in chosen and bool(chosen & {"explain", "expect"})
        right |= bool(chosen & {"rtol", "atol"}) and not chosen & {"expect", "batch"}
        assert refused(chosen) == right, some


def test_a_target_needs_what_is_solved_for() -> None:
    """The other way round the inputs of a network need no target, which the notation knows."""
    for other in ([], ["json", "data"], ["draw"], ["compare", "every framework"]):
        assert refused({"target", *other})


# How each feature of the table is typed: of conv-shape, on one layer or on LAYERS where the feature is about these; and
# those of files and tolerances of softmax-grad.
TYPED = {
    "explain": "--explain",
    "check": "--check",
    "expect": "--expect 5",
    "json": "--json",
    "quiet": "-q",
    "format": "--format csv",
    "data": "--json",
    "table": "--format table",
    "batch": "--batch {batch}",
    "sweep": "--h 7,8",
    "compare": "--compare",
    "every framework": "--compare",
    "solve": "--solve stride --target 3",
    "target": "--target 3",
    "draw": "--draw",
    "framework": "--framework onnx",
    "at": "--at conv1",
    "summary": "--summary",
    "output": "--output {output}",
    "force": "--force",
    "rtol": "--rtol 0.1",
    "atol": "--atol 0.1",
    "model": "--model {model}",
    "n": "--n 2",
}
BOTH = {"compare", "output"}  # which bn-fold has alone
OF_ARRAYS = {"output", "force", "rtol", "atol"}
OF_NETWORKS = {"at", "summary"}
OF_FILES = {"model"}  # of which conv-params reads the most kinds


Call = Callable[..., Result]


@pytest.fixture
def typed(run: Run, tmp_path: Path) -> Call:
    """Call the command that has these features, typed one behind the other."""

    def call(*features: str) -> Result:
        arrays = bool(OF_ARRAYS & {*features})
        path = tmp_path / "batch"
        path.write_text('{"label": 0}' if arrays else '{"k": 3}')
        model = write_safetensors(tmp_path / "x.safetensors", safetensors_header({"a": Spec((5,))}))
        typed = " ".join(TYPED[feature] for feature in features)
        words = typed.format(batch=path, output=tmp_path / "out.npy", model=model).split()
        if OF_FILES & {*features}:
            return run("conv-shape" if "solve" in features else "conv-params", *words)
        if set(features) >= BOTH:
            return run("bn-fold", "--batches", "1,2", *words)
        if arrays:
            return run("softmax-grad", "--logits", "1,1", *([] if "batch" in features else ["--label", "0"]), *words)
        layers = ["3p1", "3"] if OF_NETWORKS & {*features} else ["--k", "3"]
        return run("conv-shape", "--w", "7", *([] if "batch" in features else layers), *words)

    return call


def said(result: Result) -> str:
    """The message of an error, in JSON or in words."""
    return str(result.error["message"]) if result.err.startswith("{") else " ".join(result.err.split())


def test_every_feature_can_be_typed() -> None:
    assert set(FEATURES) | {name for pair in EXCLUSIVE for name in pair} == set(TYPED)


@pytest.mark.parametrize("pair", EXCLUSIVE, ids="+".join)
def test_what_excludes_each_other_is_refused(typed: Call, pair: tuple[str, str]) -> None:
    message, _, _ = EXCLUSIVE[pair]
    found = typed(*pair)
    assert (found.code, found.out) == (2, "")
    assert message in said(found)


# The tolerances are keys of a question, which a line of a batch may have without a claim: no command refuses them.
@pytest.mark.parametrize("feature", [feature for feature in DEPENDENT if feature not in ("rtol", "atol")])
def test_what_needs_another_is_refused_alone(typed: Call, monkeypatch: pytest.MonkeyPatch, feature: str) -> None:
    _, message, _ = DEPENDENT[feature]
    monkeypatch.setitem(TYPED, "solve", "--solve stride")
    found = typed(feature)
    assert (found.code, found.out) == (2, "")
    assert message in said(found)


@pytest.mark.parametrize(
    "features",
    [
        (),
        *((name,) for name in TYPED if name not in DEPENDENT),
        ("solve",),
        ("explain", "check", "expect"),
        ("explain", "check", "json"),
        ("sweep", "check", "quiet"),
        ("sweep", "table"),
        ("draw", "table"),
        ("draw", "framework"),
        ("draw", "compare"),
        ("draw", "compare", "table"),
        ("compare", "format"),
        ("solve", "framework", "json"),
        ("batch", "check", "framework"),
        ("batch", "quiet"),
        ("batch", "rtol"),
        ("batch", "format", "atol"),
        ("model", "check", "expect"),
        ("model", "summary", "json"),
        ("output", "check"),
        ("output", "force", "explain"),
    ],
    ids="+".join,
)
def test_what_goes_together_is_answered(typed: Call, features: tuple[str, ...]) -> None:
    found = typed(*features)
    assert (found.code, bool(found.out), found.err) == (0, True, ""), found
