"""What is said of a layer word that cannot be read: where it goes wrong, and the word that is meant."""

import re
from collections.abc import Callable, Iterator, Sequence

from dlcalc.core.errors import DlcalcError
from dlcalc.notation.layer_words import GRAMMAR, HEADS, LETTERS_OF, WITHOUT_NUMBERS, BadWordError

_JOINING = ("add", "mul", "cat", "from")
_BLOCK = ("rep", "end")
_DIMS = ("1d", "2d", "3d")
_CLASS = re.compile(r"([a-z_-]+(?:[123]d)?)(.*)", re.DOTALL)  # Conv2d3: a name as of a class, and numbers
_SOME = "2"  # stands for a number that is not there


def with_caret(bad: BadWordError, word: str, number: int, reads: Callable[[str], object] | None = None) -> DlcalcError:
    """Make the error that shows the word, with a caret under the character where it goes wrong.

    Args:
        bad: where the word goes wrong.
        word: the word.
        number: its place in the network.
        reads: reads another word in its place, as what is suggested must be; without it nothing is.
    """
    start = max(0, bad.at - 30)
    seen = ("..." if start else "") + word[start : bad.at + 30]
    caret = " " * (bad.at - start + (3 if start else 0)) + "^"
    message = f"word {number} cannot be read:\n  {seen}\n  {caret} expected {bad.expected}"
    meant = reads and next((f"did you mean {said}?" for near, said in _meant(word) if _is_read(near, reads)), None)
    return DlcalcError("usage", message, hint=meant or f"a word is {GRAMMAR}", option="layers")


def _is_read(word: str, reads: Callable[[str], object]) -> bool:
    try:
        reads(word)
    except (BadWordError, DlcalcError):
        return False
    return True


def _meant(word: str) -> Iterator[tuple[str, str]]:
    """Give the words that may be meant, likeliest first, and how each is said; those that can be read count."""
    lower = word.lower()
    parts = _CLASS.fullmatch(lower)
    of_class = parts is not None and parts[1][-2:] in _DIMS
    if lower != word and not of_class:
        yield lower, lower
    if "@" in word:
        before, _, names = word.partition("@")
        near = _near(before, _JOINING)
        yield f"{near}@{names}", f"{near}@{names}"
        return
    if parts is None:
        return
    head, rest = parts.groups()
    if not of_class and any(head == known + letter for known, letters in LETTERS_OF.items() for letter in letters):
        return  # a number is missing, as in maxs2
    near = _near(head, (*HEADS, *_BLOCK))
    if near in WITHOUT_NUMBERS:
        yield near, near
    if near + rest != word:
        yield near + rest, near + rest
    if not rest:
        yield near + _SOME, f"{near} with its number behind, like {near}{_SOME}"


def _near(typed: str, known: Sequence[str]) -> str:
    from dlcalc.core.spelling import did_you_mean

    return (did_you_mean(typed, known) if typed else None) or typed
