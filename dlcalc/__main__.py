"""The program: ``dlcalc``, and ``python -m dlcalc``: what belongs to the process, and not to a call of ``main``."""

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and leave with its exit code.

    A call is short, so what surrounds it counts: looking for cycles among objects that all stay costs a twentieth of
    it, and taking the interpreter apart a fifth, when every stream is written and there is nothing left to close.
    """
    reserve: bytes | None = None
    try:
        reserve = bytes(_RESERVE)
        _prepare()
        from dlcalc.cli import main

        code = main()
    except KeyboardInterrupt:  # while modules were loaded
        code = 130
    except SystemExit as ended:  # by _end
        code = int(ended.code or 0)
    except BaseException as error:  # before there was a main that says it, or while it did
        error.with_traceback(None)  # which holds all that has been computed
        reserve = None
        code = _fail(error)
    del reserve
    with suppress(BaseException):
        _remove_unfinished()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError, MemoryError):
            stream.flush()
    os._exit(code)


_RESERVE = 2 << 20  # bytes, with which an error can be said where there are no others


def _prepare() -> None:
    """Decide for the whole process what happens to signals, warnings and garbage.

    Warnings are silenced here and nowhere else. An answer says itself what is infinite or no number in it. The filter
    of the process holds in every thread, which np.errstate does not, and for warnings of every library; callers of
    ``main`` and of the library, the tests among them, see each warning that the code gives by mistake.
    """
    for number, usual in _ENDS.items():
        if signal.getsignal(number) is usual:  # and not ignored, as under nohup
            signal.signal(number, _end)
    import gc
    import warnings

    gc.set_threshold(50_000)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each of its threads takes memory, and ours are busy already
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None  # which speaks of objects that could not be removed when memory has ended


_ENDS = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
if hasattr(signal, "SIGHUP"):
    _ENDS[signal.SIGHUP] = signal.SIG_DFL

_ending = False


def _end(number: int, _: object) -> None:
    """End the program at a signal: by an exception, so that all is put in order; at the second one at once."""
    global _ending
    if _ending or "dlcalc.cli.driver" not in sys.modules:  # there is nothing to put in order while modules are loaded
        _remove_unfinished()
        os._exit(128 + number)
    _ending = True
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def _remove_unfinished() -> None:
    """Remove what has been written to files that are not finished, wherever the program was interrupted."""
    if "dlcalc.files.atomic" in sys.modules:
        from dlcalc.files.atomic import remove_unfinished

        remove_unfinished()


def _fail(error: BaseException) -> int:
    """Say an error without what the command line is made of, which may be what did not fit into memory."""
    from dlcalc.core.errors import failure
    from dlcalc.report.errors import in_words, wants_json

    said = failure(error)
    text = in_words(said, None)
    if wants_json(sys.argv[1:]):
        keys = {"code": said.code, "message": said.message, "hint": said.hint}
        text = '{"error":{' + ",".join(f'"{key}":"{value}"' for key, value in keys.items()) + "}}\n"
    with suppress(OSError):
        os.write(2, text.encode())
    return 2


if __name__ == "__main__":
    run()
