"""What can be claimed of parameters, work and memory, and how a claim is judged."""

from collections.abc import Iterable

from dlcalc.core.conv.mistakes import BY_NAME
from dlcalc.core.errors import DlcalcError, Fix
from dlcalc.core.evidence import diagnosis
from dlcalc.core.evidence.claim import Claim, Diagnosis, Verdict, compare, reproduces
from dlcalc.core.evidence.diagnosis import Mistake, phrase, written
from dlcalc.core.network.judge import Slip, weighed
from dlcalc.core.numeric.ratio import Ratio
from dlcalc.core.params.count import ConvParams, LayerParams
from dlcalc.core.params.mistakes import BYTES, MEMORY, MISTAKES, OF_SIZES
from dlcalc.core.params.question import KINDS, ParamsQuestion
from dlcalc.core.params.working import WORK, Working, evaluate, layer_working, rescaled

_KEYS = ("params", "weights", "bias", "buffers", *BYTES, *WORK, "output")  # the headline first


_FEATURES = ("in_features", "out_features")


def claimable(answer: ConvParams) -> dict[str, tuple[str, ...]]:
    """List the keys that can be claimed, each with its axes; none where it is a single number.

    In a network they are the totals, and the output of the last layer; then the same of every layer by its name.
    """
    axes, shapes = answer.question.axes, [layer.shape for layer in answer.layers]
    keys: dict[str, tuple[str, ...]] = dict.fromkeys(_KEYS, ())
    if answer.question.network.single is not None:
        return keys | {"output": axes}
    keys["output"] = axes if shapes[-1].output else ()
    if any(shape.kind == "linear" for shape in shapes):
        keys |= dict.fromkeys(_FEATURES, ())
    for shape in shapes:
        keys |= {f"{shape.name}.{key}": () for key in _KEYS}
        keys[f"{shape.name}.output"] = axes if shape.output else ()
        if shape.kind == "linear":
            keys |= {f"{shape.name}.{key}": () for key in _FEATURES}
    return keys


def is_about_sizes(answer: ConvParams, claimed: str) -> bool:
    """Tell whether a claim is about sizes, which are known."""
    key = claimed.rpartition(".")[2]
    sized = answer.question.size is not None and bool(answer.question.axes)
    return (key == "output" and sized) or key in _FEATURES


def judge_params(answer: ConvParams, claim: Claim) -> Verdict:
    """Judge one claim about the counts of a layer or the totals of a network, and explain it if it is wrong.

    Raises:
        DlcalcError: ``usage`` for a claim about what is known only with the size of the input.
    """
    name, _, key = claim.key.rpartition(".")
    one = next((layer for layer in answer.layers if layer.name == name), None)
    if answer.question.network.single is not None:
        (one,) = answer.layers
    numbers = (one or answer).amounts.by_key()
    if key not in numbers:
        raise _unknown_number(answer, key, numbers)
    right = numbers[key]
    if one is not None and (one.kind in KINDS or not name):
        working = layer_working(one, answer.question, key)
        if evaluate(working, key) != ((right, 1),):  # weights of a model that another layer has, or made of others
            return compare(claim, ((right, 1),))
        return diagnosis.judge(claim, ((right, 1),), working, MISTAKES, lambda edited, _: evaluate(edited, key))
    verdict = compare(claim, ((right, 1),))
    if verdict.passed or one is not None:
        return verdict
    together: list[Diagnosis] = []
    apart: list[Slip] = []
    for mistake in _ranked(answer):
        if mistake.name in _UNITS:  # nobody takes the wrong unit in one layer alone
            together += _in_other_units(mistake, answer, claim, right)
            continue
        slips: list[Slip] = []
        if mistake.name in OF_SIZES:  # they change the maps of the layers behind, too
            if answer.question.network.file is not None:  # whose tensors behind a mistake nobody declares
                continue
            several, slips = _of_sizes(mistake, answer, claim, right)
        else:
            changes = _changes(mistake, answer, key)
            several, relevant = _in_several_layers(mistake, answer, claim, right, changes), len(changes)
            for number, each in changes.items():
                total = next((right + change for change in each if _fits(claim, (right + change, 1), right)), None)
                if total is not None:
                    slips.append(
                        Slip(mistake.name, phrase(mistake), answer.layers[number].shape, f"{total:,}", relevant == 1)
                    )
        together += several
        apart += slips
    return weighed(verdict, together, apart)


def _of_sizes(
    mistake: Mistake[Working], answer: ConvParams, claim: Claim, right: int
) -> tuple[list[Diagnosis], list[Slip]]:
    """Find a mistake about sizes behind a total of work: in every layer, and in one."""
    from dlcalc.core.params.work import NetworkWork

    key = claim.key
    if key not in WORK:
        return [], []
    network, of_sizes = NetworkWork(answer, key), BY_NAME[mistake.name]
    relevant = [number for number in network.maps.windows if of_sizes.relevant(network.maps.right_working(number))]
    slips = []
    for number in relevant:
        total = next((one for one in network.with_one(of_sizes, number) if _fits(claim, (one, 1), right)), None)
        if total is not None:
            one = answer.layers[number].shape
            slips.append(Slip(mistake.name, phrase(mistake), one, f"{total:,}", len(relevant) == 1))
    totals = network.with_all(of_sizes) if len(relevant) > 1 else []
    total = next((one for one in totals if _fits(claim, (one, 1), right)), None)
    text = f"{phrase(mistake)} in every layer would give {total:,}" if total is not None else ""
    return [Diagnosis(mistake.name, text)] if text else [], slips


def _ranked(answer: ConvParams) -> Iterable[Mistake[Working]]:
    """The mistakes, likeliest first: Keras itself counts the statistics of a batch norm among the parameters."""
    if answer.question.framework != "tensorflow":
        return MISTAKES
    return sorted(MISTAKES, key=lambda mistake: mistake.name != _STATISTICS)


def _unknown_number(answer: ConvParams, key: str, numbers: Iterable[str]) -> DlcalcError:
    """Make the error for a claim about a number that the answer does not have."""
    single = answer.question.network.single
    if single is not None and single.kind == "linear":
        hint = "one of " + ", ".join(numbers)
        return DlcalcError("usage", f"a linear layer has no {key} size", hint=hint, option="expect")
    sizes = (Fix("w", 224), ", or ", Fix("size", (224, 224)))
    return DlcalcError("usage", f"{key} is known only with the size of the input", hint=sizes, option="expect")


Changes = dict[int, list[int]]  # per layer, by its index: how each way to make a mistake changes the total

_STATISTICS = "batch-norm-with-statistics"
_UNITS = (
    "batch-ignored",
    "flops-not-macs",
    "macs-not-flops",
    "forward-plus-backward",
    "bytes-not-count",
    "count-not-bytes",
    "mib-not-mb",
    *MEMORY,
)


def _changes(mistake: Mistake[Working], answer: ConvParams, key: str) -> Changes:
    """Find the changes that a mistake makes to a total; the one about batch norms is made where there are some."""
    layers = list(enumerate(answer.layers))
    norms = {number: layer.amounts for number, layer in layers if layer.kind == "batch-norm"}
    if norms and mistake.name == _STATISTICS:
        if key == "params":
            return {number: [amounts.buffers] for number, amounts in norms.items()}
        return {number: [amounts.param_bytes] for number, amounts in norms.items()} if key == "param_bytes" else {}
    if key == "peak_activation_bytes":  # no sum over the layers
        return {}
    changes = {
        number: _changes_of(mistake, layer, answer.question, key) for number, layer in layers if layer.kind in KINDS
    }
    return {number: each for number, each in changes.items() if each}


def _changes_of(mistake: Mistake[Working], layer: LayerParams, question: ParamsQuestion, key: str) -> list[int]:
    working = layer_working(layer, question, key)
    ((right, _),) = evaluate(working, key)
    if right != layer.amounts.by_key()[key]:
        return []
    wrong = [evaluate(edited, key)[0] for edited in mistake.edits(working)]  # whole numbers: the unit is the right one
    return [number - right for number, _ in wrong]


def _in_several_layers(
    mistake: Mistake[Working], answer: ConvParams, claim: Claim, right: int, changes: Changes
) -> list[Diagnosis]:
    """Diagnose a mistake made in every layer; or, with a bias that only some layers have, in those."""
    several = [("in every layer", list(changes.values()))]
    biased = [each for number, each in changes.items() if answer.layers[number].bias]
    if mistake.name == "bias-included" and len(biased) < len(changes):
        several.append(("in every layer that has one", biased))
    for where, each in several:
        if len(each) > 1:
            ways = max(map(len, each))  # the same way to make it in all layers
            totals = [right + sum([some[min(way, len(some) - 1)] for some in each]) for way in range(ways)]
            total = next((total for total in totals if _fits(claim, (total, 1), right)), None)
            if total is not None:
                return [Diagnosis(mistake.name, f"{phrase(mistake)} {where} would give {total:,}")]
    return []


def _in_other_units(mistake: Mistake[Working], answer: ConvParams, claim: Claim, right: int) -> list[Diagnosis]:
    """Diagnose a total that is given in another unit."""
    for edited in mistake.edits(layer_working(answer.layers[0], answer.question, claim.key)):
        number = rescaled(right, edited)
        if _fits(claim, number, right):
            return [Diagnosis(mistake.name, f"{mistake.said(edited)} would give {written((number,))}")]
    return []


def _fits(claim: Claim, number: Ratio, right: int) -> bool:
    return number != (right, 1) and reproduces(claim, (number,))
