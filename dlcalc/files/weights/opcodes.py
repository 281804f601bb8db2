"""An interpreter of the opcodes that torch.save writes for a state dict. It imports nothing and calls nothing.

What a pickle would call becomes a record of the call, if its name is one of those that are known to be harmless. Names
are compared as text. https://docs.python.org/3/library/pickletools.html describes the opcodes.
"""

from collections.abc import Callable, Collection
from struct import Struct
from typing import Any, NamedTuple

from dlcalc.core.errors import DlcalcError
from dlcalc.files import malformed
from dlcalc.files.json_document import quoted

MAX_STEPS = 4_000_000  # opcodes, each of which makes an object of some 100 bytes at most; a tensor takes about 40
_LONGEST_NAME = 1000  # of what may be imported: a long text may be remembered once and named a million times
_HINT = "a file that torch.save writes"
SAVED = "torch.save(model.state_dict(), 'weights.pt') writes what is read here"


class Name(NamedTuple):
    """What a pickle would import."""

    full: str


class Call(NamedTuple):
    """What a pickle would call, and with what."""

    name: str
    arguments: tuple[Any, ...]


class Persistent(NamedTuple):
    """What a pickle says of something that lies outside of it."""

    said: Any


class Pairs(list[Any]):
    """The entries of a dict, key by value; nothing is hashed or compared."""

    __slots__ = ()


def interpret(data: bytes, allowed: Collection[str], name: str) -> Any:
    r"""Read a pickle.

    Args:
        data: the pickle.
        allowed: the full names of what it may mention; an empty ``collections.OrderedDict`` becomes ``Pairs``.
        name: what it stands in, for errors.

    Returns:
        None, booleans, numbers, texts, tuples, lists, and the records of this module.

    Raises:
        DlcalcError: ``unsafe-file``, naming what it would import or call; ``malformed-file``; ``unsupported-file``.

    >>> interpret(b"\x80\x02}X\x01\x00\x00\x00aK\x05s.", (), "x.pt")
    [('a', 5)]
    """
    machine = _Machine(data, allowed, name)
    try:
        return machine.run()
    except (IndexError, TypeError, ValueError, AttributeError, KeyError, UnicodeDecodeError):
        raise malformed(name, f"its pickle breaks off or is damaged at byte {machine.at:,}", _HINT) from None


class _Machine:
    """The stack, the marks and the memo of one pickle."""

    def __init__(self, data: bytes, allowed: Collection[str], name: str) -> None:
        self.data, self.allowed, self.name = data, allowed, name
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Interpret opcode by opcode, up to the one that stops."""
        for _ in range(MAX_STEPS):
            code = self.take(1)[0]
            if code == _STOP:
                return self.stack.pop()
            step = _STEPS.get(code)
            if step is None:
                raise self.refused(code)
            step(self)
        raise DlcalcError("unsafe-file", f"{self.name}: its pickle takes more than {MAX_STEPS:,} steps", hint=SAVED)

    def refused(self, code: int) -> DlcalcError:
        """Make the error for an opcode that is not interpreted."""
        if code == ord("i"):
            self.import_name(self.line(), self.line())
        what = _CALLING.get(chr(code))
        if what is not None:
            return DlcalcError("unsafe-file", f"{self.name}: its pickle wants to {what}", hint=SAVED)
        message = f"{self.name}: its pickle has the opcode {bytes([code])!r} at byte {self.at - 1:,}"
        return DlcalcError("unsupported-file", f"{message}, which torch.save does not write", hint=SAVED)

    def take(self, count: int) -> bytes:
        """Take the next bytes."""
        if not 0 <= count <= len(self.data) - self.at:
            raise IndexError
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: Struct) -> Any:
        """Take a number."""
        return form.unpack(self.take(form.size))[0]

    def line(self) -> str:
        """Take a line of text."""
        end = self.data.index(b"\n", self.at)
        text = self.take(end - self.at).decode()
        self.at += 1
        return text

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def text(self, form: Struct) -> None:
        """Push a text, behind its length."""
        self.push(self.take(self.number(form)).decode("utf-8", "surrogatepass"))

    def octets(self, form: Struct) -> None:
        """Push bytes, behind their length."""
        self.push(self.take(self.number(form)))

    def whole(self, form: Struct) -> None:
        """Push a whole number, behind its length."""
        self.push(int.from_bytes(self.take(self.number(form)), "little", signed=True))

    def mark(self) -> None:
        """Begin a new stack."""
        self.marks.append(self.stack)
        self.stack = []

    def marked(self) -> list[Any]:
        """Take what stands above the last mark."""
        above, self.stack = self.stack, self.marks.pop()
        return above

    def tuple_of(self, count: int) -> None:
        """Push a tuple of the last values."""
        if count > len(self.stack):
            raise IndexError
        values = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        self.push(values)

    def put(self, index: int) -> None:
        """Remember the last value."""
        self.memo[index] = self.stack[-1]

    def extend(self, values: list[Any]) -> None:
        """Append to a list."""
        if type(self.stack[-1]) is not list:
            raise TypeError
        self.stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        """Add entries to a dict."""
        if type(self.stack[-1]) is not Pairs or len(values) % 2:
            raise TypeError
        self.stack[-1].extend(zip(values[::2], values[1::2], strict=True))

    def pairs(self, values: list[Any]) -> None:
        """Push a dict of entries."""
        self.push(Pairs())
        self.set_items(values)

    def last(self, count: int) -> list[Any]:
        """Take the last values."""
        self.tuple_of(count)
        return list(self.stack.pop())

    def import_name(self, module: object, name: object) -> None:
        """Push the name of what would be imported, if it may be mentioned."""
        if not isinstance(module, str) or not isinstance(name, str) or len(module) + len(name) > _LONGEST_NAME:
            raise TypeError
        full = f"{module}.{name}"
        if full not in self.allowed:
            what = "a TorchScript program" if module.startswith("__torch__") else "more than a state dict"
            message = f"{self.name}: its pickle wants to call {quoted(full)}: it is {what}"
            raise DlcalcError("unsafe-file", message, hint=SAVED)
        self.push(Name(full))

    def reduce(self) -> None:
        """Push the record of a call."""
        called, arguments = self.last(2)
        if type(called) is not Name or type(arguments) is not tuple:
            what = called.name if type(called) is Call else type(called).__name__
            raise DlcalcError("unsafe-file", f"{self.name}: its pickle wants to call a {what}", hint=SAVED)
        if called.full == "collections.OrderedDict" and not arguments:
            self.push(Pairs())
        else:
            self.push(Call(called.full, arguments))

    def build(self) -> None:
        """Drop the attributes that an OrderedDict would get, which of a state dict are the versions of its modules."""
        self.stack.pop()
        if type(self.stack[-1]) is not Pairs:
            what = type(self.stack[-1]).__name__
            raise DlcalcError("unsafe-file", f"{self.name}: its pickle wants to set attributes of a {what}", hint=SAVED)


_U1, _U2, _U4, _U8, _I4, _F8 = (Struct(form) for form in ("<B", "<H", "<I", "<Q", "<i", ">d"))
_STOP = ord(".")
_CALLING = {
    "i": "make an object of a class",
    "o": "make an object of a class",
    "\x81": "make an object of a class",
    "\x92": "make an object of a class",
    "\x82": "import by a number",
    "\x83": "import by a number",
    "\x84": "import by a number",
}
_BY_NAME: dict[str, Callable[[_Machine], object]] = {
    "\x80": lambda it: it.take(1),  # PROTO
    "\x95": lambda it: it.take(8),  # FRAME
    "N": lambda it: it.push(None),
    "\x88": lambda it: it.push(True),
    "\x89": lambda it: it.push(False),
    "K": lambda it: it.push(it.number(_U1)),
    "M": lambda it: it.push(it.number(_U2)),
    "J": lambda it: it.push(it.number(_I4)),
    "G": lambda it: it.push(it.number(_F8)),
    "\x8a": lambda it: it.whole(_U1),
    "\x8b": lambda it: it.whole(_U4),
    "\x8c": lambda it: it.text(_U1),
    "X": lambda it: it.text(_U4),
    "\x8d": lambda it: it.text(_U8),
    "U": lambda it: it.text(_U1),  # of Python 2
    "T": lambda it: it.text(_U4),
    "C": lambda it: it.octets(_U1),
    "B": lambda it: it.octets(_U4),
    "\x8e": lambda it: it.octets(_U8),
    "(": _Machine.mark,
    "1": _Machine.marked,
    "0": lambda it: it.stack.pop(),
    "2": lambda it: it.push(it.stack[-1]),
    ")": lambda it: it.push(()),
    "t": lambda it: it.push(tuple(it.marked())),
    "\x85": lambda it: it.tuple_of(1),
    "\x86": lambda it: it.tuple_of(2),
    "\x87": lambda it: it.tuple_of(3),
    "]": lambda it: it.push([]),
    "a": lambda it: it.extend(it.last(1)),
    "e": lambda it: it.extend(it.marked()),
    "l": lambda it: it.push(it.marked()),
    "}": lambda it: it.push(Pairs()),
    "s": lambda it: it.set_items(it.last(2)),
    "u": lambda it: it.set_items(it.marked()),
    "q": lambda it: it.put(it.number(_U1)),
    "r": lambda it: it.put(it.number(_U4)),
    "\x94": lambda it: it.put(len(it.memo)),  # MEMOIZE
    "h": lambda it: it.push(it.memo[it.number(_U1)]),
    "j": lambda it: it.push(it.memo[it.number(_U4)]),
    "c": lambda it: it.import_name(it.line(), it.line()),
    "\x93": lambda it: it.import_name(*it.last(2)),
    "R": _Machine.reduce,
    "Q": lambda it: it.push(Persistent(it.stack.pop())),
    "b": _Machine.build,
    # those of protocol 0, as text
    "d": lambda it: it.pairs(it.marked()),
    "p": lambda it: it.put(int(it.line())),
    "g": lambda it: it.push(it.memo[int(it.line())]),
    "V": lambda it: it.push(it.line()),
    "S": lambda it: it.push(it.line().strip("'\"")),
    "I": lambda it: it.push(int(it.line())),
    "L": lambda it: it.push(int(it.line().rstrip("L"))),
    "F": lambda it: it.push(float(it.line())),
}
_STEPS = {ord(name): step for name, step in _BY_NAME.items()}
