"""`python -m h5prism references`: the command that needs Python. All others are those of the tool."""

import sys

from ._references_command import main

if __name__ == "__main__":
    if sys.argv[1:2] != ["references"]:
        sys.exit("usage: python -m h5prism references FILE [-o OUT] ...")
    sys.exit(main(sys.argv[2:]))
