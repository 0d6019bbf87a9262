"""What every contender of a comparison is: see `contenders`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np


class Unavailable(Exception):
    """A contender that cannot run here or on this array; the message says why."""


class Coded(NamedTuple):
    """An encoded array: what `decode` needs, and the bytes that count as its size."""

    payload: bytes
    size: int


class Contender(ABC):
    """One pipeline. `note` says what else its figures contain."""

    note = ""
    external = False  # works in processes of its own, so that its memory is not seen here

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def encode(self, array: np.ndarray) -> Coded:
        """Encodes an array in C order."""

    @abstractmethod
    def decode(self, coded: Coded, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        """The array again."""
