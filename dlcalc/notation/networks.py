"""Networks in layer words: one layer behind another, branches and joins by name, and blocks that repeat.

``@a`` names the map that stands there, ``from@a`` goes on from it, ``add@a``, ``mul@a`` and ``cat@a@b`` join it to the
current one, and ``rep3 ... end`` repeats what stands between.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dlcalc.core.errors import DlcalcError, Notice
from dlcalc.core.network.network import (
    INPUT,
    Block,
    Input,
    JoinKind,
    Namer,
    Network,
    Node,
    Op,
    family_of,
    in_layer,
)
from dlcalc.notation.input_size import axes_of_words, size_notices
from dlcalc.notation.layer_words import BadWordError, Part, read_word, with_caret
from dlcalc.notation.values import integer, optional, shown, switch

MAX_LAYERS = 1_000_000
_JOINS: dict[str, JoinKind] = {"add": "add", "mul": "multiply", "cat": "concat"}


def split_layer_words(value: object) -> tuple[str, ...]:
    """Split a network into its layer words: a text of them separated by blanks, or a list of such texts.

    Raises:
        DlcalcError: ``usage`` for anything else, for an empty text and for no words at all.

    >>> split_layer_words("7s2p3 max3s2p1"), split_layer_words(["3p1", "gap"])
    (('7s2p3', 'max3s2p1'), ('3p1', 'gap'))
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        message = f"layers {shown(value)} is not a list of layer words"
        raise DlcalcError("usage", message, hint='words, like "7s2p3 max3s2p1"', option="layers")
    layer_words = tuple(word for text in texts for word in text.split())
    empty = next((number for number, text in enumerate(texts, 1) if not text.strip()), None)
    if empty is not None or not layer_words:
        message = "there is no layer in the network" if not layer_words else f"layer {empty} is an empty word"
        raise DlcalcError("usage", message, hint="7s2p3 max3s2p1", option="layers")
    return layer_words


class _Repetition(NamedTuple):
    """A block of words: from the word behind ``rep3`` to the one before ``end``, and the blocks within."""

    start: int
    stop: int
    times: int


def read_network(
    layer_words: Sequence[str], axes: tuple[str, ...], given: Input, *, ceil_mode: bool = False
) -> Network:
    """Read the layers of a network.

    Args:
        layer_words: the layers, names, joins and repetitions.
        axes: of the input.
        given: the input.
        ceil_mode: whether every pooling has it.

    Raises:
        DlcalcError: ``usage`` with a caret under what cannot be read, ``shape-mismatch``; both name the layer;
            ``invalid-value`` for blocks that repeat too often.

    >>> words = "@x 3p1c8 bn add@x".split()
    >>> [(node.name, node.inputs) for node in read_network(words, ("h", "w"), Input()).nodes]
    [('conv1', ('input',)), ('bn1', ('conv1',)), ('add1', ('bn1', 'input'))]
    """
    reader = _Reader(layer_words, axes, ceil_mode)
    reader.read(0, len(layer_words), ())
    if not reader.nodes:
        raise DlcalcError("usage", "there is no layer in the network", hint="7s2p3 max3s2p1", option="layers")
    return Network((given,), tuple(reader.nodes), (*reader.unused(), *reader.unread()))


class _Reader:
    """Reads words one after the other: the map that stands there, the names given so far, the nodes made so far."""

    def __init__(self, layer_words: Sequence[str], axes: tuple[str, ...], ceil_mode: bool) -> None:
        self.words, self.axes, self.ceil_mode = layer_words, axes, ceil_mode
        self.namer, self.block_namer = Namer(), Namer()
        self.nodes: list[Node] = []
        self.current = INPUT
        self.named: dict[str, tuple[str, int]] = {}  # the name of a map -> its node, and the word that gave the name
        self.given: dict[int, bool] = {}  # the words that give a name -> whether the name is read
        self.repetitions = self._repetitions()

    def _repetitions(self) -> dict[int, _Repetition]:
        """Find the blocks, by the word that opens each."""
        found: dict[int, _Repetition] = {}
        opened: list[tuple[int, int]] = []  # the word, and how often it repeats
        layers = [0]
        for index, typed in enumerate(self.words):
            if typed.startswith("rep"):
                opened.append((index, self._count(typed, index)))
                layers.append(0)
            elif typed == "end":
                if not opened:
                    raise with_caret(BadWordError(0, "a layer: no rep is open here"), typed, index + 1)
                start, count = opened.pop()
                if index == start + 1:
                    raise with_caret(BadWordError(0, "a layer between rep and end"), typed, index + 1)
                found[start] = _Repetition(start + 1, index, count)
                inside = layers.pop()
                layers[-1] += inside * count
            else:
                layers[-1] += 1
            if layers[-1] > MAX_LAYERS:
                message = f"the repeated blocks make more than {MAX_LAYERS:,} layers"
                raise DlcalcError("invalid-value", message, hint="fewer repetitions", option="layers")
        if opened:
            start = opened[-1][0]
            typed = self.words[start]
            raise with_caret(BadWordError(len(typed), "the word end, behind the layers that repeat"), typed, start + 1)
        return found

    def _count(self, typed: str, index: int) -> int:
        try:
            return _times(typed)
        except BadWordError as bad:
            raise with_caret(bad, typed, index + 1, _times) from None

    def read(self, start: int, stop: int, blocks: tuple[Block, ...]) -> None:
        """Read the words from ``start`` to ``stop``, which stand in some blocks."""
        index = start
        while index < stop:
            block = self.repetitions.get(index)
            if block is None:
                try:
                    self._read_word(index, blocks)
                except BadWordError as bad:
                    raise self._refusal(bad, index) from None
                index += 1
                continue
            name = self.block_namer.name("rep")
            for number in range(1, block.times + 1):
                self.read(block.start, block.stop, (*blocks, Block(name, number, block.times)))
            index = block.stop + 1

    def _read_word(self, index: int, blocks: tuple[Block, ...]) -> None:
        typed = self.words[index]
        before, at, names = typed.partition("@")
        if not at:
            self._read_layer(typed, index, blocks)
        elif not before:
            self._give(typed, index)
        elif before == "from":
            self.current = self._map(typed, len(before) + 1, names)
            if index + 1 == len(self.words):
                raise BadWordError(len(typed), "a layer behind it, that goes on from there")
        elif before in _JOINS:
            at_name, others = len(before) + 1, list[str]()
            for name in names.split("@"):
                others.append(self._map(typed, at_name, name))
                at_name += len(name) + 1
            op = Op(_JOINS[before])
            self._append(Part(op, family_of(op.kind)), typed, blocks, (self.current, *others))
        else:
            raise BadWordError(0, "add@, mul@, cat@ or from@, and the name of a map")

    def _refusal(self, bad: BadWordError, index: int) -> DlcalcError:
        """Make the error for a word that cannot be read where it stands."""

        def reads(meant: str) -> None:
            """Read another word in its place."""
            before, at, names = meant.partition("@")
            if at:
                if before not in ("", "from", *_JOINS):
                    raise BadWordError(0, "a join")
                for name in names.split("@"):
                    self._map(meant, 0, name)
            elif meant == "end" or meant.startswith("rep"):
                raise BadWordError(0, "a layer")
            else:
                read_word(meant, self.axes, self.ceil_mode)

        return with_caret(bad, self.words[index], index + 1, reads)

    def _read_layer(self, typed: str, index: int, blocks: tuple[Block, ...]) -> None:
        try:
            parts = read_word(typed, self.axes, self.ceil_mode)
        except DlcalcError as error:
            said = typed if len(typed) <= 40 else typed[:37] + "..."
            raise in_layer(error, f"word {index + 1} ({said})") from None
        if len(parts) == 1:
            self._append(parts[0], typed, blocks, (self.current,))
            return
        name = self.namer.name(parts[0].family)
        for part in parts:
            self._append(part, typed, blocks, (self.current,), f"{name}.{part.part}")

    def _append(
        self, part: Part, typed: str, blocks: tuple[Block, ...], inputs: tuple[str, ...], name: str | None = None
    ) -> None:
        name = name or self.namer.name(part.family)
        self.nodes.append(Node(name, part.op, inputs, typed, "", blocks))
        self.current = name

    def _give(self, typed: str, index: int) -> None:
        """Name the map that stands here."""
        name = typed[1:]
        wrong = next((at for at, letter in enumerate(typed[1:], 1) if not (letter.isalnum() or letter in "_-.")), None)
        if wrong is not None or not name:
            raise BadWordError(wrong or 1, "a name of letters, digits, _, - and .")
        self.given.setdefault(index, False)
        self.named[name] = self.current, index
        if self.nodes and self.nodes[-1].name == self.current:
            labels = [label for label in self.nodes[-1].label.split(",") if label and label != name]
            self.nodes[-1] = self.nodes[-1]._replace(label=",".join([*labels, name]))

    def _map(self, typed: str, at: int, name: str) -> str:
        """Find the node whose map has a name."""
        if name not in self.named:
            raise BadWordError(at, self._given_before(name))
        node, index = self.named[name]
        self.given[index] = True
        return node

    def _given_before(self, name: str) -> str:
        """Say which name is meant by one that was never given, or which were given last."""
        from dlcalc.core.spelling import did_you_mean

        if not self.named:
            return "a name, and none was given before it"
        near = did_you_mean(name, self.named)
        some = ", ".join(f"@{known}" for known in ([near] if near else list(self.named)[-8:]))
        return f"a name that was given before: {some}"

    def unused(self) -> list[Notice]:
        """Warn of each name that is given and never read."""
        return [
            Notice("unused-name", f"word {index + 1} ({self.words[index]}): the name is never read")
            for index, read in self.given.items()
            if not read
        ]

    def unread(self) -> list[Notice]:
        """Warn of layers whose output no other layer reads, but for the last, which is the answer."""
        read = {name for node in self.nodes for name in node.inputs}
        dead = [node for node in self.nodes[:-1] if node.name not in read]
        titles = [f"{node.name} ({node.said})" for node in dict.fromkeys(dead)]
        if not titles:
            return []
        more = f" and {len(titles) - 3:,} more" if len(titles) > 3 else ""
        return [Notice("unread-output", f"no layer reads the output of {', '.join(titles[:3])}{more}")]


def _times(typed: str) -> int:
    """Read how often a block repeats."""
    count = integer(typed[3:], "layers") if typed.startswith("rep") and typed[3:].isdigit() else 0
    if count < 1:
        raise BadWordError(3, "how often, from 1 on, like rep3")
    return count


def network_of(raw: Mapping[str, object], layer_words: tuple[str, ...], axes: tuple[str, ...], given: Input) -> Network:
    """Read the layers of a question, and say what looks wrong in how they and their input are written.

    Raises:
        DlcalcError: ``usage``, ``shape-mismatch``, ``invalid-value``.
    """
    network = read_network(layer_words, axes, given, ceil_mode=optional(raw, "ceil_mode", switch, False))
    notices = size_notices(raw, given.size, axes_of_words(layer_words))
    return network._replace(notices=(*notices, *network.notices)) if notices else network


def layer_named(raw: Mapping[str, object], network: Network) -> str | None:
    """Read the name of a layer, where one is given.

    Raises:
        DlcalcError: ``usage`` for a layer that there is not.
    """
    if "at" not in raw:
        return None
    name, names = raw["at"], [node.name for node in network.nodes]
    if name in names:
        return str(name)
    from dlcalc.core.spelling import did_you_mean

    near = did_you_mean(name, names) if isinstance(name, str) else None
    some = ", ".join(names if len(names) <= 8 else [*names[:4], "...", *names[-3:]])
    hint = f"did you mean {near}? (one of {some})" if near else f"one of {some}"
    raise DlcalcError("usage", f"there is no layer {shown(name)}", hint=hint, option="at")
