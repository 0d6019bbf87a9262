"""What the codecs for Zarr formats 2 and 3 share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._codec import plain_array
from ._errors import PrismError, Status
from ._filter import Prism
from ._options import BOUNDS

_SEEN_AS_INTEGERS = "bmM"  # booleans, durations and dates


def given_options(prism: Prism) -> dict[str, Any]:
    """The options that are not the defaults: other versions read what names no more than it needs."""
    defaults = Prism().get_config()
    return {key: value for key, value in prism.get_config().items() if value != defaults.get(key)}


def as_integers(array: Any, options: Mapping[str, Any]) -> np.ndarray:
    """The array, its elements seen as integers where numpy only names these. Raises PrismError for
    these with a bound: booleans and dates are no numbers that may be off."""
    values = plain_array(array)
    if values.dtype.kind in _SEEN_AS_INTEGERS and any(key in options for key in BOUNDS):
        raise PrismError(Status.TYPE, f"no bound goes with elements of type {values.dtype}")
    return values.view(integers_of(values.dtype))


def integers_of(dtype: np.dtype) -> np.dtype:
    """The type that is encoded for `dtype`, in its byte order."""
    if dtype.kind not in _SEEN_AS_INTEGERS:
        return dtype
    return np.dtype(f"{dtype.byteorder}i{dtype.itemsize}")
