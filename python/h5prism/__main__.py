"""`python -m h5prism` and the console script `h5prism`: the command-line tool of a wheel.

The tool is a program of its own with an HDF5 of its own, which never meets the one of this process:
it takes this process's place, where systems have such. `references` needs Python, and is done here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import _references_command

_PACKAGE = Path(__file__).resolve().parent

_FILE_NAME = "h5prism.exe" if sys.platform == "win32" else "h5prism"
_CANDIDATES = (
    _PACKAGE / "bin" / _FILE_NAME,  # of a wheel
    _PACKAGE / "plugins" / _FILE_NAME,  # of one for Windows
    _PACKAGE.parents[1] / "build" / "bin" / _FILE_NAME,  # of the source tree
)


def _become(path: Path) -> None:
    if sys.platform == "win32":  # where execv would leave the shell without waiting
        sys.exit(subprocess.call([path, *sys.argv[1:]]))
    os.execv(path, ["h5prism", *sys.argv[1:]])


def main() -> None:
    """Becomes the tool, with the arguments of this process."""
    if sys.argv[1:2] == ["references"]:
        sys.exit(_references_command.main(sys.argv[2:]))
    for path in _CANDIDATES:
        if os.access(path, os.X_OK):
            _become(path)
    sys.exit(
        "h5prism: this build of the package has no tool. Wheels have one; pip builds it from the "
        "sources with -C cmake.define.H5PRISM_TOOLS=ON, where HDF5 and libpng are installed."
    )


if __name__ == "__main__":
    main()
