"""What the codecs for Zarr formats 2 and 3 share."""

from __future__ import annotations

from typing import Any

from ._filter import Prism


def given_options(prism: Prism) -> dict[str, Any]:
    """The options that are not the defaults: other versions read what names no more than it needs."""
    defaults = Prism().get_config()
    return {key: value for key, value in prism.get_config().items() if value != defaults.get(key)}
