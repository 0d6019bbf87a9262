"""What a lossy embedding is still good for: cosines, nearest neighbours, and a linear probe.

Cosines and relative RMSE hide loss where a mean dominates: both are shown without it, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_POSITIONS = 2000
_NEIGHBOURS = 10
_CLASSES = 6
_RIDGE = 1e-3


@dataclass
class Meaning:
    """Of decoded planes beside their originals.

    Attributes:
        cosine, centred_cosine: mean cosine of a position's vector and its original, as they are and
            without the mean of all.
        nearest, ten: positions whose nearest neighbour is the same; share of the ten nearest.
        probe: labels that a linear probe finds, which has learned from originals.
        agreement: of them, those that it finds in the originals, too.
    """

    cosine: float
    centred_cosine: float
    nearest: float
    ten: float
    probe: float
    agreement: float


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(1) / np.maximum(norms, 1e-30)).mean())


def _neighbours(vectors: np.ndarray) -> np.ndarray:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -2)
    return np.argsort(-likeness, axis=1, kind="stable")[:, :_NEIGHBOURS]


def _labels(vectors: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Classes that are no linear function of the vectors: which of some vectors is nearest."""
    spread = vectors.std(0) + 1e-30
    centres = vectors[generator.choice(len(vectors), _CLASSES, replace=False)] / spread
    distances = ((vectors / spread)[:, None] - centres) ** 2
    return distances.sum(2).argmin(1)


class Embedding:
    """The originals, at up to 2,000 positions."""

    def __init__(self, planes: np.ndarray) -> None:
        generator = np.random.default_rng(0)
        flat = planes.reshape(-1, planes.shape[2]).astype("f8")
        self.places = generator.permutation(len(flat))[:_POSITIONS]
        self.vectors, self.mean = flat[self.places], flat.mean(0)
        self.neighbours = _neighbours(self.vectors - self.mean)
        self.labels = _labels(self.vectors - self.mean, generator)
        self.half = len(self.places) // 2
        learned = self._features(self.vectors[: self.half])
        targets = np.eye(_CLASSES)[self.labels[: self.half]]
        scale = _RIDGE * np.trace(learned.T @ learned) / learned.shape[1]
        self.weights = np.linalg.solve(
            learned.T @ learned + scale * np.eye(learned.shape[1]), learned.T @ targets
        )
        self.found = self._probe(self.vectors)

    def _features(self, vectors: np.ndarray) -> np.ndarray:
        return np.hstack([vectors - self.mean, np.ones((len(vectors), 1))])

    def _probe(self, vectors: np.ndarray) -> np.ndarray:
        return (self._features(vectors[self.half :]) @ self.weights).argmax(1)

    def meaning(self, planes: np.ndarray) -> Meaning:
        """Of what was decoded, of the same shape."""
        vectors = planes.reshape(-1, planes.shape[2]).astype("f8")[self.places]
        neighbours = _neighbours(vectors - self.mean)
        found = self._probe(vectors)
        shared = [len(set(a) & set(b)) for a, b in zip(neighbours, self.neighbours)]
        return Meaning(
            cosine=_cosine(vectors, self.vectors),
            centred_cosine=_cosine(vectors - self.mean, self.vectors - self.mean),
            nearest=float((neighbours[:, 0] == self.neighbours[:, 0]).mean()),
            ten=float(np.mean(shared)) / _NEIGHBOURS,
            probe=float((found == self.labels[self.half :]).mean()),
            agreement=float((found == self.found).mean()),
        )
