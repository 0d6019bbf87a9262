"""The status codes of the C library and the exception that carries them."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """Why a call failed; the values are those of `prism_status` in prism.h."""

    OK = 0
    ARGUMENT = 1
    OPTION = 2
    TYPE = 3
    SHAPE = 4
    MEMORY = 5
    CAPACITY = 6
    TRUNCATED = 7
    CORRUPT = 8
    CHECKSUM = 9
    VERSION = 10
    UNAVAILABLE = 11
    VERIFY = 12
    INTERNAL = 13


class PrismError(ValueError):
    """An array that cannot be encoded, bytes that cannot be decoded, or an option out of range.

    `status` tells which: a `Status`, or a plain int that a newer library returned.
    """

    def __init__(self, status: int, message: str) -> None:
        # Both go to args, so that the exception survives pickling between processes.
        super().__init__(status, message)
        self.status = Status(status) if status in set(Status) else status
        self.message = message

    def __str__(self) -> str:
        return self.message
