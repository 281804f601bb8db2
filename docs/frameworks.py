"""The page of what PyTorch, Keras and ONNX Runtime do with a layer, from the record of each."""

from collections.abc import Iterable, Sequence

from dlcalc.core.conv import window as windows
from dlcalc.core.conv.frameworks import framework_of
from dlcalc.core.conv.frameworks.framework import Framework
from dlcalc.core.conv.layer import FRAMEWORKS, PADDING_WORDS, Family
from docs.markdown import bullets, grid, prose

# What becomes of a padding, by whether a framework's own layer takes it.
_OWN, _REFUSED = "own layer", "refused"
_EXTRA = {"conv": "a pad layer", "pool": "a pad layer", "transposed": "a crop layer"}
_FAMILIES: dict[Family, str] = {"conv": "Convolutions", "pool": "Poolings", "transposed": "Transposed convolutions"}


def page() -> str:
    """The page of what PyTorch, Keras and ONNX Runtime do with a layer."""
    records = [framework_of(name) for name in FRAMEWORKS]
    lines = [
        "# Where frameworks differ",
        "",
        *prose(
            "Every rule on this page is what dlcalc computes with: `python -m docs.generate` writes the page from "
            "the records in `dlcalc/core/conv/frameworks/`, one file per framework. Tests compare them with the "
            "frameworks themselves."
        ),
        "",
        *prose(
            "`--framework pytorch` (or `torch`), `tensorflow` (`tf`, `keras`) or `onnx` (`ort`, ONNX Runtime) says "
            "whose rules hold; `--compare` sets all three side by side."
        ),
        "",
        *prose(
            "In the formulas W1 is the input and W2 the output along an axis, K the kernel, S the stride, d the "
            "dilation, K_e = d(K - 1) + 1 the extent of the kernel with its holes, P = P_l + P_r the padding at "
            "the beginning and at the end, and op the output padding."
        ),
        "",
        "## Padding: own layer, pad layer or refused",
        "",
        *prose(
            "A padding that a framework's own layer does not take may stand in a pad layer in front of it, or in "
            "a crop layer behind a transposed one. dlcalc computes it so, and says so in a warning. Every other "
            "padding is refused with `unsupported-by-framework`."
        ),
    ]
    for family, title in _FAMILIES.items():
        lines += [
            "",
            f"### {title}",
            "",
            *grid(["padding", *(record.name for record in records)], _paddings(family, records)),
        ]
    lines += [
        "",
        "## Sizes",
        "",
        *prose(
            "These rules hold where the section of a framework gives no other and refuses no such layer. [...] is 1 "
            "where the condition in it holds, else 0."
        ),
        "",
        *grid(
            ["layer", "W2", "source"],
            [(title, f"`{_formula(rule.formula)}`", rule.source) for title, rule in _SIZES.items()],
        ),
        "",
        *prose(
            "Where no window fits, or nothing is left, dlcalc refuses (`kernel-exceeds-input`, `empty-output`); "
            "some frameworks return an empty tensor. The receptive field is geometry: positions in the padding "
            "count."
        ),
    ]
    for record in records:
        lines += ["", f"## {record.name}", "", *_of(record)]
    return "\n".join(lines) + "\n"


_SIZES = {
    "convolution, pooling": windows.FLOOR,
    "pooling in ceil mode": windows.CEIL,
    "pooling in ceil mode, after a pad layer": windows.CEIL_AFTER_PAD,
    "transposed convolution": windows.TRANSPOSED,
}


def _paddings(family: Family, records: Sequence[Framework]) -> Iterable[tuple[str, ...]]:
    for word in PADDING_WORDS:
        yield (
            f"`{word}`",
            *(
                _OWN
                if word in record.words.get(family, ())
                else _EXTRA[family]
                if word in record.pad_layer_words.get(family, ())
                else _REFUSED
                for record in records
            ),
        )
    numbers = {"numbers, both sides alike": ("any", "even"), "numbers, sides that differ": ("any",)}
    for title, native in numbers.items():
        yield title, *(_OWN if record.own_padding in native else _EXTRA[family] for record in records)


def _of(record: Framework) -> list[str]:
    """What one framework does in its own way."""
    rows = [
        (
            row.family,
            ", ".join(f"`{word}`" for word in row.words),
            row.where or "always",
            f"`{_formula(row.rule.total)}`",
            f"`{_formula(row.rule.before)}`",
            row.rule.source,
        )
        for row in record.same
    ]
    lines = ["What `same` means; the rest of P goes to the end:", ""]
    lines += grid(["layer", "word", "where", "P", "P_l", "source"], rows)
    if record.transposed_size is not windows.TRANSPOSED:
        rule = record.transposed_size
        lines += ["", "A transposed layer without a stated output padding has the size", ""]
        lines += [f"    W2 = {_formula(rule.formula)}", "", f"({rule.source})."]
    bound = record.output_padding
    lines += ["", "It refuses what breaks one of these rules:", ""]
    lines += bullets(f"{rule.text} ({rule.source})" for rule in record.refusals)
    lines += bullets(f"{rule.text} ({rule.source})" for rule in record.input_refusals)
    lines += bullets([f"The output padding of a transposed layer is less than {bound.text}. ({bound.source})"])
    if record.caveats:
        lines += [
            "",
            "Some answers carry a warning:",
            "",
            *bullets(f"{rule.text} ({rule.source})" for rule in record.caveats),
        ]
    if record.crops is not None:
        lines += bullets([f"{record.crops.message}."])
    return lines


def _formula(text: str) -> str:
    return text.format(**windows.symbols("w"))
