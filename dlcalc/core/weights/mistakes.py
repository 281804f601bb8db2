"""The mistakes that are made about the totals of a file of weights, commonest first."""

from collections.abc import Callable, Iterable

from dlcalc.core.evidence.diagnosis import Mistake
from dlcalc.core.weights.kinds import Kind
from dlcalc.core.weights.working import MB, MIB, Working

_NORMS: tuple[Kind, ...] = ("norm-scale", "norm-shift")


def _with(*kinds: Kind) -> Callable[[Working], Iterable[Working]]:
    return lambda work: (work._replace(counted=work.counted.union(kinds).intersection(work.groups)),)


def _without(*kinds: Kind) -> Callable[[Working], Iterable[Working]]:
    return lambda work: (work._replace(counted=work.counted.difference(kinds)),)


def _lacks(*kinds: Kind) -> Callable[[Working], bool]:
    """Make the test whether kinds are there that are not counted."""
    return lambda work: bool(work.groups.keys() & {*kinds} - work.counted)


def _counts(*kinds: Kind) -> Callable[[Working], bool]:
    """Make the test whether kinds are counted, and not alone."""
    return lambda work: bool(work.counted & {*kinds}) and not work.counted <= {*kinds}


def _in_bytes(work: Working) -> bool:
    return work.unit == "bytes"


def _other_items(work: Working) -> Iterable[Working]:
    return (work._replace(item=item) for item in (4, 2))


def _units(work: Working) -> str:
    return "giving MiB and not bytes" if work.scale[1] == MIB else "giving MB and not bytes"


MISTAKES: tuple[Mistake[Working], ...] = (
    # A sum over the values of a state dict: all that is stored, the counters of batches too.
    Mistake(
        "state-dict-summed",
        "counting all that is stored, with the statistics and num_batches_tracked,",
        lambda work: "num_batches_tracked" in work.groups and "num_batches_tracked" not in work.counted,
        _with("statistics", "buffer", "num_batches_tracked"),
    ),
    # Keras's total.
    Mistake(
        "batch-norm-with-statistics",
        "counting the statistics of batch norms",
        _lacks("statistics"),
        _with("statistics"),
    ),
    # What modules keep beside: masks and indices, which a sum over a file counts.
    Mistake("buffers-included", "counting all buffers", _lacks("buffer"), _with("statistics", "buffer")),
    # A sum over the names of a file: tied embeddings stand in it twice.
    Mistake(
        "shared-counted-twice",
        "counting what two names share twice",
        lambda work: any(work.groups[kind].shared_entries for kind in work.counted) and not work.shared,
        lambda work: (work._replace(shared=True),),
    ),
    # A convention of papers on language models.
    Mistake("embeddings-left-out", "leaving the embeddings out", _counts("embedding"), _without("embedding")),
    # Weights alone.
    Mistake("bias-forgotten", "leaving the biases out", _counts("bias"), _without("bias")),
    Mistake("norms-forgotten", "leaving the norms out", _counts(*_NORMS), _without(*_NORMS)),
    # The length of the file, header and statistics included: what a listing of files shows.
    Mistake(
        "file-size",
        "taking the length of the file",
        lambda work: _in_bytes(work) and not work.of_file,
        lambda work: (work._replace(of_file=True),),
    ),
    # A number where bytes are asked for, or the other way round.
    Mistake(
        "bytes-not-count",
        "giving bytes and not a count",
        lambda work: work.unit == "entries",
        lambda work: (work._replace(unit="bytes"),),
    ),
    Mistake(
        "count-not-bytes",
        "giving a count and not bytes",
        _in_bytes,
        lambda work: (work._replace(unit="entries"),),
    ),
    # 4 or 2 bytes for each, whatever it is stored in.
    Mistake(
        "dtype-ignored",
        "taking the same number of bytes for every entry, 4 or 2,",
        lambda work: _in_bytes(work) and work.item is None,
        _other_items,
    ),
    Mistake(
        "mib-not-mb",
        _units,
        _in_bytes,
        lambda work: (work._replace(scale=(1, unit)) for unit in (MIB, MB)),
    ),
)
