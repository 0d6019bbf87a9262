"""`python -m h5prism` and the console script `h5prism`: the command-line tool of a wheel.

The tool is a program of its own with an HDF5 of its own, which never meets the one of this process:
it takes this process's place. `references` needs Python, and is done here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import _references_command

_PACKAGE = Path(__file__).resolve().parent

_CANDIDATES = (
    _PACKAGE / "bin" / "h5prism",  # of a wheel
    _PACKAGE.parents[1] / "build" / "bin" / "h5prism",  # of the source tree
)


def main() -> None:
    """Becomes the tool, with the arguments of this process."""
    if sys.argv[1:2] == ["references"]:
        sys.exit(_references_command.main(sys.argv[2:]))
    for path in _CANDIDATES:
        if os.access(path, os.X_OK):
            os.execv(path, ["h5prism", *sys.argv[1:]])
    sys.exit(
        "h5prism: this build of the package has no tool. Wheels have one; pip builds it from the "
        "sources with -C cmake.define.H5PRISM_TOOLS=ON, where HDF5 and libpng are installed."
    )


if __name__ == "__main__":
    main()
