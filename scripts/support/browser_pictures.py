"""scripts/browser --pictures: the page with descriptors of a photograph, for the documents."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

import h5prism

from .descriptors import descriptors

_ROOT = Path(__file__).resolve().parents[2]
_FOLDER = _ROOT / "docs" / "images"
_PAGE = Path(f"{os.environ['H5PRISM_BUILD']}-browser") / "page"
_FILE = "descriptors.h5"

sys.path.append(str(_ROOT / "h5tests"))
from browser_support import Browser, Server  # noqa: E402


def _write(path: Path) -> None:
    found = descriptors()
    with h5py.File(path, "w") as file:
        options = h5prism.Prism(effort=5)
        data = file.create_dataset(
            "daisy/values", data=found.values, chunks=(80, 80, 128), **options
        )
        data.attrs["long_name"] = "DAISY descriptors"
        data.attrs["photograph"] = found.photograph
        file.create_dataset("daisy/scales", data=found.scales, chunks=(80, 80), **options)
        grey = np.ascontiguousarray(found.values[..., :12].transpose(2, 0, 1)).view("u1") ^ 128
        file.create_dataset(
            "stack", data=grey, chunks=(12, 120, 120), **h5prism.Prism(transform="stack")
        )


def _draw(browser: Browser, server: Server, name: str, row: int, column: int, keys: str) -> None:
    """Opens the file, chooses a position, presses keys."""
    browser.go(f"{server.address}/index.html?file=files/{_FILE}")
    browser.wait_drawn(0)
    browser.run("document.querySelector('#canvas').focus({ focusVisible: false })")
    right, down, shift = "\ue014", "\ue015", "\ue008"
    arrows = right + shift + right * (column // 10) + down * (row // 10) + shift
    for key in [arrows, *keys]:
        before = browser.drawn()
        browser.type("#canvas", key)
        if key in "crbn0":
            browser.wait_drawn(before)
    browser.wait("return document.querySelector('#pixel svg')")
    browser.run("document.activeElement.blur()")
    browser.post("/execute/async", script="setTimeout(arguments[0], 300)", args=[])
    browser.screenshot(_FOLDER / name)
    picture = (
        Image.open(_FOLDER / name).convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    )
    picture.save(_FOLDER / name, optimize=True)
    print(f"{(_FOLDER / name).relative_to(_ROOT)}: {(_FOLDER / name).stat().st_size} bytes")


def main() -> None:
    _FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _write(Path(scratch) / _FILE)
        server = Server(_PAGE, scratch)
        for name, dark, size, keys in (
            ("browser.png", False, (1280, 860), ""),
            ("browser-neighbours.png", True, (1280, 860), "n"),
            ("browser-narrow.png", False, (500, 1000), "b"),
        ):
            browser = Browser(*size, dark=dark)
            try:
                _draw(browser, server, name, 70, 10, keys)
            finally:
                browser.close()
        server.close()


main()
