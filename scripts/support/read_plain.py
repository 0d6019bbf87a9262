"""Prints the SHA-256 of a dataset's elements: python read_plain.py FILE DATASET.

Imports h5py and nothing of this project: what it reads, any program with the plugin can read.
"""

import hashlib
import sys

import h5py

with h5py.File(sys.argv[1], "r") as file:
    print(hashlib.sha256(file[sys.argv[2]][()].tobytes()).hexdigest())
