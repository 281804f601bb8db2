"""Compare a network in layer words with what a framework makes of it, now or when it was recorded. Loads no framework.

What a framework says is the word that it refuses, or a list of its nodes and a list of what its linear layers read. Of
a node: the output of a sample, channels first; the entries that it learns; those that it keeps; and the
multiply-accumulates of the batch, or None where the framework does not count them.
"""

from typing import Any

from dlcalc.core.conv_params import answer as conv_params
from dlcalc.core.conv_shape import answer as conv_shape
from dlcalc.core.errors import DlcalcError
from dlcalc.notation import conv_params as conv_params_notation
from dlcalc.notation import conv_shape as conv_shape_notation

Raw = dict[str, Any]
LONGEST = 38  # as much of a word as an error says at least, behind a bracket
ONLY_PARAMS = ("c_in", "bias")  # keys of a question of conv-params that one of conv-shape has not


def compare_words(raw: Raw, theirs: Any) -> bool:
    """Assert that every number of every node is theirs, or that both refuse the same word; returns which."""
    try:
        ours = conv_params(conv_params_notation.question(raw))
    except DlcalcError as error:
        assert isinstance(theirs, str), (raw, error, theirs)
        assert f"({theirs})"[:LONGEST] in error.message, (raw, error, theirs)
        return False
    assert not isinstance(theirs, str), (raw, theirs)
    nodes, in_features = theirs
    keys = ["params", "buffers", "macs"]
    if any(node[-1] is None for node in nodes):
        keys.remove("macs")
    for layer, (output, *counts) in zip(ours.layers, nodes, strict=True):
        made, amounts = layer.shape.made, layer.amounts.by_key()
        assert (made.channels, *(made.size or ())) == tuple(output), (layer.name, raw)
        assert [amounts[key] for key in keys] == counts[: len(keys)], (layer.name, raw)
    totals = ours.amounts.by_key()
    assert [totals[key] for key in keys] == [sum(node[place] for node in nodes) for place in range(1, len(keys) + 1)], (
        raw
    )
    assert [one.shape.in_features for one in ours.layers if one.kind == "linear"] == list(in_features), raw
    return True


def compare_sizes(raw: Raw, theirs: Any) -> None:
    """Assert that the sizes of all nodes are theirs, without a word on the channels of the input."""
    asked = {key: value for key, value in raw.items() if key not in ONLY_PARAMS}
    ours = conv_shape(conv_shape_notation.question(asked))
    assert [layer.output for layer in ours.layers] == [tuple(node[0][1:]) for node in theirs[0]], raw
