"""What the process gives up at its start: core dumps, being traced, locals in error reports (security D3, D7)."""

import ctypes
import gc
import logging
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

_PR_SET_DUMPABLE = 4
_log = logging.getLogger("colloque.desktop")


def harden() -> None:
    """Core dumps off, not traceable by the same user, error reports without values. Linux and macOS; on
    Windows only the last of the three exists here.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - absent on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    sys.excepthook = _report
    threading.excepthook = _report_thread


def let_go() -> None:
    """Give back to the system what was freed: pages of databases and keys no longer lie in this process (D2). On the
    main thread, which alone collects; where the C library cannot (all but glibc) only Python's garbage goes.
    """
    gc.collect()
    if sys.platform == "linux":
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def where(error: BaseException) -> str:
    """`KeyError at rows.py:12 in open < main.py:3 in run`: places only, no message and no value.

    The message of a foreign exception may quote what it stumbled on; so it is never written.
    """
    places = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        name = code.co_filename.replace("\\", "/").rpartition("/")[2]
        places.append(f"{name}:{step.tb_lineno} in {code.co_name}")
        step = step.tb_next
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    because = f" because of {type(cause).__name__}" if cause is not None else ""
    return f"{type(error).__name__}{because} at {' < '.join(reversed(places)) or 'nowhere'}"


def report(error: BaseException) -> None:
    """Log a programmer's error by its places."""
    _log.error("unexpected %s", where(error))


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        raise SystemExit(130)
    report(error.with_traceback(trace))


def _report_thread(args: Any) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        report(args.exc_value)
