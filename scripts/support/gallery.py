"""scripts/gallery: pictures of real datasets, made by the tool, on one page."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import skimage.data
from matplotlib.figure import Figure

import h5prism

from .chart import save_chart
from .descriptors import descriptors
from .lossy_pictures import draw
from .measure import Row
from .pictures import prediction_weights

_TOOL = Path(os.environ["H5PRISM_BUILD"], "bin", "h5prism")
_DOCS = Path(__file__).resolve().parents[2] / "docs"
_FILE = "gallery.h5"
_BENCHED = ("photograph", "descriptors", "textures")
_BARS = (
    "gzip-6+shuffle",
    "channels+paeth+deflate-6",
    "channels+none+jxl-7",
    "lsq+ans-1",
    "lsq+ans-5",
    "lsq+ans-9",
)

_HEAD = """# Gallery

Pictures by `h5prism preview` ([docs/tool-pictures.md](tool-pictures.md)) of datasets that are made
of images which come with scikit-image; below each, what the command prints. `scripts/gallery` makes
this page and its pictures anew; the file that the commands read is made by

```sh
scripts/gallery --file gallery.h5
```

"""

_CHARTS = """## Sizes

Bits a value of all chunks of a sample, as `h5prism bench` measures them: the photograph
(300 x 451 x 3 uint8), the descriptors (240 x 240 x 128 int8) and the textures (192 x 64 x 64
uint8).

![Bits a value of several pipelines](gallery/sizes.png)

The descriptors again, against the speed of one thread in single runs on one machine (processor
time); `lsq+ans` at efforts 1 to 9.

![Size against speed](gallery/speeds.png)
"""


class Picture(NamedTuple):
    """A picture of a dataset; `text` says what there is to see."""

    name: str
    title: str
    text: str
    dataset: str
    options: tuple[str, ...] = ()


_PICTURES = (
    Picture(
        "photograph",
        "Three channels",
        "A photograph: red, green and blue as they are, every other row and column.",
        "photograph",
        ("--stretch", "none", "--size", "240"),
    ),
    Picture(
        "photograph-residual",
        "What prediction leaves",
        "The same photograph: the residuals that prediction from channels and neighbours leaves.\n"
        "Whiskers and edges cost bits, the blurred background does not.",
        "photograph",
        ("--map", "residual", "--size", "240"),
    ),
    Picture(
        "photograph-bits",
        "Where the bits go",
        "The same by the size of tiles of 20 x 20 pixels, each coded by itself.",
        "photograph",
        ("--map", "bits", "--tile", "20", "--size", "240"),
    ),
    Picture(
        "descriptors",
        "Many channels",
        "128 numbers for every pixel (DAISY descriptors of a photograph) by their first three\n"
        "principal components.",
        "descriptors",
    ),
    Picture(
        "descriptors-channels",
        "Three of many channels",
        "The same, three chosen channels.",
        "descriptors",
        ("--channels", "32,64,96", "--size", "240"),
    ),
    Picture(
        "descriptors-residual",
        "What prediction leaves of many channels",
        "Most is left where one thing ends and another begins, and along the edges of chunks: each\n"
        "is predicted by itself.",
        "descriptors",
        ("--map", "residual"),
    ),
    Picture(
        "descriptors-bits",
        "Stored chunks",
        "Bits a value of the chunks (48 x 48 x 128) as they are in the file.",
        "descriptors",
        ("--map", "bits"),
    ),
    Picture(
        "weights",
        "Weights",
        "A matrix: by which weights each channel of the descriptors (a row) is predicted from the\n"
        "channels before it. Blue is below 0, red above.",
        "weights",
        ("--weights", "--zoom", "2"),
    ),
    Picture(
        "textures",
        "A stack",
        "Frames side by side: pieces of three photographs of brick, grass and gravel.",
        "textures",
        ("--sheet", "--size", "280"),
    ),
)


def _textures() -> np.ndarray:
    """uint8 (192, 64, 64): three images of 512 x 512 in pieces."""
    images = np.stack([skimage.data.brick(), skimage.data.grass(), skimage.data.gravel()])
    return images.reshape(3, 8, 64, 8, 64).swapaxes(2, 3).reshape(-1, 64, 64)


def _write_inputs(path: Path) -> None:
    found = descriptors().values
    options = h5prism.Prism()
    with h5py.File(path, "w") as file:
        for name, array, chunks in (
            ("photograph", skimage.data.chelsea(), (300, 451, 3)),
            ("descriptors", found, (48, 48, 128)),
            ("textures", _textures(), (64, 64, 64)),
        ):
            file.create_dataset(name, data=array, chunks=chunks, **options)
        file["weights"] = prediction_weights(found)


def _run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(arguments, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _draw(scratch: Path, folder: Path, picture: Picture) -> str:
    """The picture's section of the page."""
    name = f"{picture.name}.png"
    arguments = ("preview", _FILE, name, "--dataset", picture.dataset, *picture.options)
    printed = _run(scratch, str(_TOOL), *arguments).strip()
    (folder / name).write_bytes((scratch / name).read_bytes())
    return (
        f"## {picture.title}\n\n{picture.text}\n\n![{picture.title}](gallery/{name})\n\n"
        f"```console\n$ h5prism {' '.join(arguments)}\n{printed}\n```\n\n"
    )


def _measure(scratch: Path, dataset: str) -> list[Row]:
    found = json.loads(_run(scratch, str(_TOOL), "bench", _FILE, "--dataset", dataset, "--json"))
    known = Row.__dataclass_fields__.keys()
    return [Row(**{key: row[key] for key in row.keys() & known}) for row in found["rows"]]


def _draw_sizes(path: Path, tables: dict[str, list[Row]]) -> None:
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(_BARS)
    for i, name in enumerate(_BARS):
        rows = [next(row for row in table if row.name == name) for table in tables.values()]
        places = np.arange(len(rows)) + (i - (len(_BARS) - 1) / 2) * height
        bars = axes.barh(places, [row.bits_per_value for row in rows], height, label=name)
        axes.bar_label(bars, fmt="%.2f", padding=2, size=7)
    axes.set_yticks(range(len(tables)), tables)
    axes.invert_yaxis()
    axes.set_xlim(0, 10)
    axes.set_xlabel("bits a value (8 uncompressed)")
    axes.legend(fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=90)


def _make(target: Path) -> None:
    folder = target / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        _write_inputs(scratch / _FILE)
        sections = [_draw(scratch, folder, picture) for picture in _PICTURES]
        tables = {dataset: _measure(scratch, dataset) for dataset in _BENCHED}
    _draw_sizes(folder / "sizes.png", tables)
    save_chart(folder / "speeds.png", "DAISY descriptors", tables["descriptors"], dpi=70)
    (target / "gallery.md").write_text(_HEAD + "".join(sections) + _CHARTS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/gallery",
        description="Makes docs/gallery.md and its pictures anew, from images that come with "
        "scikit-image, with sizes and speeds as this machine measures them.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=_DOCS, metavar="FOLDER", help="in place of docs"
    )
    parser.add_argument(
        "--file", type=Path, metavar="FILE", help="make only the file that the page's commands draw"
    )
    parser.add_argument(
        "--lossy", action="store_true", help="make only the pictures of docs/lossy.md"
    )
    return parser.parse_args()


def main() -> int:
    """Returns 1 if a command of the tool failed."""
    arguments = _arguments()
    if arguments.file:
        _write_inputs(arguments.file)
        return 0
    if arguments.lossy:
        print(draw(arguments.folder / "lossy"))
        return 0
    folder = arguments.folder
    try:
        _make(folder)
    except subprocess.CalledProcessError as reason:
        print(f"gallery: {reason}", file=sys.stderr)
        return 1
    for path in (folder / "gallery.md", *sorted((folder / "gallery").glob("*.png"))):
        print(f"{path.stat().st_size:>7} {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
