"""Packs a folder of fuzz inputs, and unpacks it.

usage: python -m support.fuzz_corpus pack FOLDER FILE.tar.xz | unpack FILE.tar.xz FOLDER

The same inputs make the same file. Inputs that are alike lie beside each other, for xz.
"""

from __future__ import annotations

import io
import sys
import tarfile
from hashlib import sha1
from pathlib import Path


def pack(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w:xz", preset=9) as archive:
        for content in sorted({path.read_bytes() for path in folder.iterdir()}):
            member = tarfile.TarInfo(sha1(content).hexdigest()[:16])
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def inputs(source: Path) -> dict[str, bytes]:
    """By their names."""
    with tarfile.open(source) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def unpack(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in inputs(source).items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack}[sys.argv[1]](*map(Path, sys.argv[2:4]))
