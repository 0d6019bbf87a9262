"""Generated stacks of images that resemble each other, for `scripts/bench` and for trying plans."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

STEPS = 12


def exponentials(shuffle: int | None = None) -> np.ndarray:
    """1728 uint8 images of 201 x 301: exponentials of three parameters with twelve values each.

    With a seed in `shuffle` they come in random order, else with the last parameter fastest.
    """
    x = np.abs(np.linspace(-100, 100, 301)) / 30
    y = np.abs(np.linspace(-100, 100, 201))[:, np.newaxis]
    exponents = 0.2 + 3 * np.arange(STEPS) / 12
    along_x = x ** exponents[:, np.newaxis]
    images = np.empty((STEPS, STEPS, STEPS, 201, 301), "u1")
    for i in range(STEPS):
        for k, exponent in enumerate(exponents):
            along_y = (y / (10 + 30 * i / 12)) ** exponent
            for j in range(STEPS):
                images[i, j, k] = np.floor(255 * np.exp(-(along_x[j] + along_y)))
    images = images.reshape(-1, 201, 301)
    return images if shuffle is None else np.random.default_rng(shuffle).permutation(images)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the generated stack as a .npy file.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="put it in random order")
    arguments = parser.parse_args()
    np.save(arguments.output, exponentials(arguments.shuffle))


if __name__ == "__main__":
    main()
