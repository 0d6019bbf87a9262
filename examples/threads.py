"""How much faster `h5prism.read` is than `dataset[...]`, which decodes on one core.

usage: python3 examples/threads.py FILE.h5 DATASET [--repeat N]

Prints the best of some readings each, by HDF5 itself and by h5prism with 1, 2, ... threads.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import h5py
import numpy as np

import h5prism


def megabytes_a_second(read: Callable[[], np.ndarray], repeat: int) -> float:
    """The best of `repeat` readings."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        size = read().nbytes
        seconds.append(time.perf_counter() - start)
    return size / 1e6 / min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("dataset")
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    with h5py.File(arguments.file) as file:
        dataset = file[arguments.dataset]
        alone = megabytes_a_second(lambda: dataset[...], arguments.repeat)
        print(f"dataset[...]          {alone:8.1f} MB/s")
        for threads in range(1, len(os.sched_getaffinity(0)) + 1):
            speed = megabytes_a_second(
                lambda: h5prism.read(dataset, threads=threads), arguments.repeat
            )
            print(f"h5prism.read, {threads:2} used {speed:8.1f} MB/s, {speed / alone:.2f} times")


if __name__ == "__main__":
    main()
