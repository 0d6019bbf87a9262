"""The shared libraries that the process has loaded, as systems tell."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

Loaded = tuple[int | None, str]  # an address and a file; the program itself may have no name


class _Object(ctypes.Structure):
    """The first fields of dl_phdr_info: dl_iterate_phdr(3)."""

    _fields_ = [("address", ctypes.c_void_p), ("name", ctypes.c_char_p)]


class _Symbol(ctypes.Structure):
    """Dl_info: dladdr(3)."""

    _fields_ = [
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    ]


class _Posix:
    _Visitor = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(_Object), ctypes.c_size_t, ctypes.c_void_p
    )

    def __init__(self) -> None:
        self._program = ctypes.CDLL(None)

    def is_known(self) -> bool:
        return hasattr(self._program, "dl_iterate_phdr")

    def all(self) -> set[Loaded]:
        found = set()

        def visit(item: Any, _size: int, _data: Any) -> int:
            found.add((item.contents.address, os.fsdecode(item.contents.name)))
            return 0

        self._program.dl_iterate_phdr(self._Visitor(visit), None)
        return found

    def opened(self, loaded: Loaded) -> ctypes.CDLL | None:
        try:
            return ctypes.CDLL(loaded[1] or None, mode=os.RTLD_LAZY | os.RTLD_NOLOAD)
        except OSError:  # the kernel's own object, which is no file
            return None

    def file_of(self, address: int) -> str:
        symbol = _Symbol()
        self._program.dladdr(ctypes.c_void_p(address), ctypes.byref(symbol))
        return os.path.realpath(os.fsdecode(symbol.file or b""))


class _Windows:
    """By functions of kernel32."""

    _FROM_ADDRESS, _UNCHANGED = 4, 2
    _PATH_CHARACTERS = 32768

    def __init__(self) -> None:
        kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
        self._process = kernel.GetCurrentProcess
        self._process.restype = ctypes.c_void_p
        self._list = kernel.K32EnumProcessModules
        self._list.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p]
        self._name = kernel.GetModuleFileNameW
        self._name.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint32]
        self._module = kernel.GetModuleHandleExW
        self._module.argtypes = [ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p]

    def is_known(self) -> bool:
        return True

    def all(self) -> set[Loaded]:
        taken, room = ctypes.c_uint32(), 256
        while True:
            modules = (ctypes.c_void_p * room)()
            size = ctypes.sizeof(modules)
            self._list(self._process(), modules, size, ctypes.byref(taken))
            if taken.value <= size:
                break
            room *= 2
        count = taken.value // ctypes.sizeof(ctypes.c_void_p)
        return {(module, self._file(module)) for module in modules[:count]}

    def opened(self, loaded: Loaded) -> ctypes.CDLL | None:
        return ctypes.CDLL(loaded[1], handle=loaded[0])

    def file_of(self, address: int) -> str:
        module = ctypes.c_void_p()
        flags = self._FROM_ADDRESS | self._UNCHANGED
        self._module(flags, ctypes.c_void_p(address), ctypes.byref(module))
        return self._file(module.value)

    def _file(self, module: int | None) -> str:
        name = ctypes.create_unicode_buffer(self._PATH_CHARACTERS)
        self._name(module, name, self._PATH_CHARACTERS)
        return name.value


def libraries() -> _Posix | _Windows:
    return _Windows() if sys.platform == "win32" else _Posix()
