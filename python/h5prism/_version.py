"""The version of the package, which is that of the library it is for.

This file is the source tree's: in a wheel, a constant stands in its place.
"""

import re
from pathlib import Path

_HEADER = Path(__file__).resolve().parents[2] / "include" / "prism.h"

__version__ = re.findall(r'^#define PRISM_VERSION +"(.+)"$', _HEADER.read_text(), re.M)[0]
