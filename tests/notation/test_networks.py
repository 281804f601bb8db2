"""Networks in words: which node reads which, blocks that repeat, where they go wrong; then any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError
from dlcalc.core.network.network import Input, Network
from dlcalc.notation.networks import MAX_LAYERS, read_network, split_layer_words
from tests.support.refusals import refused


def read(text: str) -> Network:
    return read_network(split_layer_words(text), ("h", "w"), Input())


# words -> each node with the names that it reads, in their order
WIRED: list[tuple[str, str]] = [
    ("3", "conv1<input"),
    ("3 bn relu 3", "conv1<input bn1<conv1 relu1<bn1 conv2<relu1"),
    ("convt2 max2 avg2 aavg1 gap", "transposed1<input pool1<transposed1 pool2<pool1 pool3<pool2 gap1<pool3"),
    ("up2 shuffle2 unshuffle2", "up1<input shuffle1<up1 unshuffle1<shuffle1"),
    ("ln gn2 flatten fc2", "ln1<input gn1<ln1 flatten1<gn1 fc1<flatten1"),
    ("dw3 sep3", "conv1<input sep1.depthwise<conv1 sep1.pointwise<sep1.depthwise"),
    ("sep3 @x add@x", "sep1.depthwise<input sep1.pointwise<sep1.depthwise add1<sep1.pointwise,sep1.pointwise"),
    ("@x 3 add@x", "conv1<input add1<conv1,input"),
    ("@x 3 3 mul@x", "conv1<input conv2<conv1 mul1<conv2,input"),
    ("@a 3 @b from@a 5 cat@b@a", "conv1<input conv2<input cat1<conv2,conv1,input"),
    ("3 @a @b 5 from@a 7 add@b", "conv1<input conv2<conv1 conv3<conv1 add1<conv3,conv1"),
    ("@x 3 add@x @x 3 add@x", "conv1<input add1<conv1,input conv2<add1 add2<conv2,add1"),  # a name anew
    ("@1-a.b_C 3 add@1-a.b_C", "conv1<input add1<conv1,input"),
    ("3 @x sep3 add@x", "conv1<input sep1.depthwise<conv1 sep1.pointwise<sep1.depthwise add1<sep1.pointwise,conv1"),
    ("3 @x add@x", "conv1<input add1<conv1,conv1"),  # twice itself
    ("rep2 3 end", "conv1<input conv2<conv1"),
    ("rep2 @x 3 add@x end", "conv1<input add1<conv1,input conv2<add1 add2<conv2,add1"),
    ("@a rep2 3 add@a end", "conv1<input add1<conv1,input conv2<add1 add2<conv2,input"),
    ("rep2 rep2 3 end bn end", "conv1<input conv2<conv1 bn1<conv2 conv3<bn1 conv4<conv3 bn2<conv4"),
    ("rep1 3 end rep1 5 end", "conv1<input conv2<conv1"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "wired"), WIRED)
def test_which_node_reads_which(words: str, wired: str) -> None:
    assert " ".join(f"{node.name}<{','.join(node.inputs)}" for node in read(words).nodes) == wired


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("3 @a 5 add@a", ["a", "", ""]),
        ("@a 3 add@a", ["", ""]),  # of the input
        ("3 @a @b 5 add@a add@b", ["a,b", "", "", ""]),
        ("3 @a 5 from@a @b 7 add@b", ["a", "", "", ""]),
        ("sep3 @a 3 add@a", ["", "a", "", ""]),
        ("rep2 3 @a 5 add@a end", ["a", "", "", "a", "", ""]),
    ],
)
def test_labels(words: str, labels: list[str]) -> None:
    assert [node.label for node in read(words).nodes] == labels


def test_blocks() -> None:
    nodes = read("rep2 3 rep3 5 end end 7 rep2 9 end").nodes
    assert [[(block.name, block.number, block.times) for block in node.blocks] for node in nodes] == [
        [("rep1", 1, 2)],
        *([("rep1", 1, 2), ("rep2", number, 3)] for number in (1, 2, 3)),
        [("rep1", 2, 2)],
        *([("rep1", 2, 2), ("rep3", number, 3)] for number in (1, 2, 3)),
        [],
        [("rep4", 1, 2)],
        [("rep4", 2, 2)],
    ]


def test_a_repeated_block_is_what_it_is_written_out() -> None:
    block = "@x 3p1 bn relu 3p1 bn add@x relu"
    for times in (1, 2, 7):
        repeated = read(f"7s2 rep{times} {block} end gap").nodes
        assert [node._replace(blocks=()) for node in repeated] == list(read(f"7s2 {f'{block} ' * times} gap").nodes)


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        ("3 @a 5 add@a", []),
        ("3 @a 5", ["word 2 (@a)"]),
        ("@a 3 @b 5 add@b", ["word 1 (@a)"]),
        ("3 @a 5 @a 7 add@a", ["word 2 (@a)"]),  # the first of a name is never read
        ("rep5 3 @a 5 end", ["word 3 (@a)"]),  # once, and not of each round
        ("rep2 3 @a 5 add@a end", []),
        ("3 @a from@a 5", []),
    ],
)
def test_names_that_are_never_read(words: str, unused: list[str]) -> None:
    notices = read(words).notices
    assert [notice.code for notice in notices] == ["unused-name"] * len(unused)
    assert [notice.message.partition(":")[0] for notice in notices] == unused


# words -> the place of the one that goes wrong, at which character, and a part of what is expected there
BAD: list[tuple[str, int, int, str]] = [
    ("3 add@a", 2, 4, "a name, and none was given before it"),
    ("@x 3 add@y", 3, 4, "a name that was given before: @x"),
    ("@x 3 cat@x@y", 3, 6, "a name that was given before: @x"),
    ("@x 3 cat@x@", 3, 6, "a name that was given before: @x"),
    ("@x 3 add@", 3, 4, "a name that was given before: @x"),
    ("3 add@a 5 @a", 2, 4, "a name, and none was given before it"),  # which comes behind it
    ("@a 3 from@b 5", 3, 5, "a name that was given before: @a"),
    ("@a 3 from@a", 3, 6, "a layer behind it, that goes on from there"),
    ("@a 3 from@", 3, 5, "a name that was given before: @a"),
    ("3 @", 2, 1, "a name of letters, digits, _, - and ."),
    ("3 @a+b", 2, 2, "a name of letters, digits, _, - and ."),
    ("3 @a@b", 2, 2, "a name of letters, digits, _, - and ."),
    ("@a 3 sub@a", 3, 0, "add@, mul@, cat@ or from@"),
    ("@a 3 add2@a", 3, 0, "add@, mul@, cat@ or from@"),
    ("3 add", 2, 0, "a kernel size"),
    ("rep2 3", 1, 4, "the word end, behind the layers that repeat"),
    ("3 rep2 rep3 5 end", 2, 4, "the word end, behind the layers that repeat"),
    ("3 rep2", 2, 4, "the word end, behind the layers that repeat"),
    ("3 end", 2, 0, "a layer: no rep is open here"),
    ("rep2 3 end end", 4, 0, "a layer: no rep is open here"),
    ("3 rep2 end", 3, 0, "a layer between rep and end"),
    ("rep0 3 end", 1, 3, "how often, from 1 on, like rep3"),
    ("rep 3 end", 1, 3, "how often, from 1 on, like rep3"),
    ("rep2x 3", 1, 3, "how often, from 1 on, like rep3"),
    ("rep2 3 7q end", 3, 1, "s stride"),
]


@pytest.mark.parametrize(("words", "place", "at", "expected"), BAD)
def test_a_caret_stands_where_a_network_goes_wrong(words: str, place: int, at: int, expected: str) -> None:
    error = refused(read, words)
    assert (error.code, error.option) == ("usage", "layers")
    title, shown, caret = error.message.split("\n")
    assert (title, shown) == (f"word {place} cannot be read:", f"  {words.split()[place - 1]}")
    assert caret.index("^") == 2 + at
    assert expected in caret


@pytest.mark.parametrize("words", ["@x", "@x @y"])
def test_names_alone_are_no_network(words: str) -> None:
    error = refused(read, words)
    assert (error.code, error.option, error.message) == ("usage", "layers", "there is no layer in the network")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (f"rep{MAX_LAYERS + 1} 3 end", "invalid-value"),
        ("rep1001 rep1000 3 end end", "invalid-value"),
        ("rep999999999999999999 3 end", "invalid-value"),
        ("rep9999999999999999999 3 end", "invalid-value"),  # of more than 18 digits
    ],
)
def test_blocks_that_repeat_too_often(words: str, code: str) -> None:
    error = refused(read, words)
    assert (error.code, error.option) == (code, "layers")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("3p1", ("3p1",)),
        ("  7s2p3   max3s2p1\n", ("7s2p3", "max3s2p1")),
        (["3p1", "gap fc10"], ("3p1", "gap", "fc10")),
        (("3p1",), ("3p1",)),
    ],
)
def test_split(value: object, words: tuple[str, ...]) -> None:
    assert split_layer_words(value) == words


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "there is no layer in the network"),
        (" \n", "there is no layer in the network"),
        ([], "there is no layer in the network"),
        (["3p1", " "], "layer 2 is an empty word"),
        (7, "layers 7 is not a list of layer words"),
        (None, "layers null is not a list of layer words"),
        ({"0": "3p1"}, "is not a list of layer words"),
        (["3p1", 7], "is not a list of layer words"),
    ],
)
def test_not_split(value: object, message: str) -> None:
    error = refused(split_layer_words, value)
    assert (error.code, error.option) == ("usage", "layers")
    assert message in error.message


@given(st.text(min_size=1) | st.text("0123456789xspdogcub:-", min_size=1, max_size=12).map(lambda text: "3" + text))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        network = read(text)
    except DlcalcError as error:
        assert error.code in ("usage", "shape-mismatch", "invalid-value")
        assert error.option == "layers"
        return
    assert list(dict.fromkeys(node.word for node in network.nodes)) == list(
        dict.fromkeys(word for word in text.split() if word != "end" and word[0] != "@" and word[:3] != "rep")
    )


WORDS = ("3p1", "bn", "relu", "sep3p1", "@a", "@b", "from@a", "add@a", "cat@a@b", "mul@b", "rep2", "end")


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    """Of what is read, every node reads the input or nodes before it, and no name is given twice."""
    try:
        network = read(" ".join(words))
    except DlcalcError as error:
        assert (error.code, error.option) == ("usage", "layers")
        return
    known = {"input"}
    for node in network.nodes:
        assert set(node.inputs) <= known
        assert node.name not in known
        known.add(node.name)
