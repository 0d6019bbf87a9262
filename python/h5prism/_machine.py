"""Memory and processors, as systems tell."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX: GlobalMemoryStatusEx of Windows."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("memory", ctypes.c_uint64),
        ("others", ctypes.c_uint64 * 6),
    ]


def memory() -> int:
    """Bytes of the machine; 0 where the system does not tell."""
    if sys.platform == "win32":
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        kernel: Any = ctypes.WinDLL("kernel32")
        return status.memory if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def processors() -> int:
    """Those that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
