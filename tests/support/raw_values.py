"""Values as they are typed or stand in JSON, good and bad, and a disk with nothing on it."""

from typing import NoReturn

from hypothesis import strategies as st

from dlcalc.core.errors import DlcalcError

MISSING = DlcalcError("file-not-found", "there is none", hint="one that is there")

number_texts = st.text() | st.text("0123456789.eE+-,/; \n\tinfaNx_", max_size=12)


def json_values(texts: st.SearchStrategy[str], keys: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    """Anything that JSON holds, of given texts and keys."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=6,
    )


def no_file(path: str, option: str) -> NoReturn:
    """Refuse to load any file."""
    raise MISSING
