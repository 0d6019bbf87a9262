"""Decodes method 4 of coder 3 slowly and plainly, written from docs/format-frames.md alone.

Names and order are those of the document. What it takes from method 2 is in reference_wave.py,
plans are read by reference_decoder.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from reference_decoder import Chunk, Plane, Turn, read_plan
from reference_integers import BitModel, IntegerModel, RangeDecoder, Reader, limited, must, wrapped
from reference_wave import (
    MARGIN,
    EntropyDecoder,
    Sample,
    Wave,
    log,
    sat,
    sum_of_nine,
    wrap,
)

# Parameters

TAPS = 24  # a, b and c
EXPERTS = (8, 12, 16)  # by the number of references


@dataclass(frozen=True)
class FrameFields:
    """The fields of one frame; `words` of a segment that begins with it."""

    constant: bool = False
    mean: int = 0
    begins: bool = False
    words: int = 0
    levels: tuple[int, ...] = (0,) * TAPS
    bias: int = 0
    start_error: int = 0
    error_shift: int = 0
    power: int = 0
    gates: tuple[int, ...] = (0,) * EXPERTS[2]
    scale_offset: int = 0
    scale_running: int = 0
    scale_blur: int = 0
    scale_error: int = 0
    scale_spread: int = 0
    scale_energy: int = 0

    fraction = 0


class FieldReader:
    """Reads fields within limits, with a model for each name."""

    def __init__(self, decoder: RangeDecoder) -> None:
        self.decoder = decoder
        self.integers: defaultdict[str, IntegerModel] = defaultdict(IntegerModel)
        self.bits: defaultdict[str, BitModel] = defaultdict(BitModel)

    def bit(self, name: str) -> bool:
        return bool(self.decoder.bit(self.bits[name]))

    def integer(self, name: str, low: int, high: int, before: int = 0) -> int:
        value = before + self.decoder.integer(self.integers[name])
        must(low <= value <= high, f"{name} is within its limits")
        return value


def read_parameters(
    chunk: Chunk, parameters: bytes, mixed: bool = False
) -> tuple[list[Turn], list[int], list[FrameFields | None]]:
    """The plan, the shapes, and the fields of the frames that have some; mixed: of method 6."""
    decoder = RangeDecoder(parameters)
    turns = read_plan(decoder, chunk.count)
    reader = FieldReader(decoder)
    shapes = [40]
    for _ in range(0 if mixed else 32):
        shapes.append(reader.integer("shape", 0, 79, shapes[-1]))
    last = FrameFields()
    fields: list[FrameFields | None] = []
    for turn in turns:
        if turn.duplicates:
            fields.append(None)
            continue
        last = read_fields(reader, last, len(turn.references), mixed)
        fields.append(last)
    must(decoder.reader.at_end, "all of the section is read")
    return turns, shapes[1:], fields


def read_fields(
    reader: FieldReader, last: FrameFields, references: int, mixed: bool
) -> FrameFields:
    """What the frame does not have is as in `last`."""
    constant = reader.bit("constant")
    mean = reader.integer("mean", -32768, 32767, last.mean)
    last = replace(last, constant=constant, mean=mean)
    return last if constant else read_coded_fields(reader, last, references, mixed)


def read_coded_fields(
    reader: FieldReader, last: FrameFields, references: int, mixed: bool
) -> FrameFields:
    def by_difference(name: str, low: int, high: int) -> int:
        return reader.integer(name, low, high, getattr(last, name))

    begins = not mixed and reader.bit("begins")
    high = reader.integer("high", 0, 65535) if begins else 0
    low = reader.integer("low", 0, 32767) if begins else 0
    levels, gates = list(last.levels), list(last.gates)
    for t in [*range(9 * references), *range(18, TAPS)]:
        levels[t] = reader.integer(f"tap[{t}]", -2047, 2047, levels[t])
    fields = replace(  # read in this order
        last,
        begins=begins,
        words=(high << 15) + low,
        levels=tuple(levels),
        bias=reader.integer("bias", -32768, 32768),
        start_error=by_difference("start_error", 0, 31),
        error_shift=by_difference("error_shift", 0, 10),
        power=by_difference("power", 0, 255),
    )
    for e in range(1, EXPERTS[references]):
        gates[e] = reader.integer(f"gate[{e}]", -48, 48, gates[e])
    fields = replace(fields, gates=tuple(gates))
    if mixed:
        return fields
    return replace(
        fields,
        scale_offset=by_difference("scale_offset", -4096, 4096),
        scale_running=by_difference("scale_running", -127, 127),
        scale_blur=by_difference("scale_blur", -127, 127),
        scale_error=by_difference("scale_error", -128, 128),
        scale_spread=by_difference("scale_spread", -128, 128),
        scale_energy=by_difference("scale_energy", -128, 128),
    )


# Payload


class Segments:
    """The states of the segment at work in each series, and all of the words."""

    def __init__(self, payload: bytes) -> None:
        self.payload = Reader(payload)
        self.entropy: dict[int, EntropyDecoder] = {}

    def of_frame(self, fields: FrameFields, series: int) -> EntropyDecoder:
        """What decodes the frame."""
        if fields.begins:
            self.end(series)
            words = Reader(self.payload.take(2 * fields.words))
            self.entropy[series] = EntropyDecoder(words, CodedFrame)
        must(series in self.entropy, "the first coded frame of a series begins a segment")
        return self.entropy[series]

    def end(self, series: int) -> None:
        """Of the segment at work, if there is one."""
        if series in self.entropy:
            self.entropy[series].end()
            must(self.entropy[series].payload.at_end, "a segment has as many words as it says")


def series_of(chunk: Chunk) -> int:
    """How many there are."""
    size = chunk.count * chunk.height * chunk.width * chunk.depth // 8
    return 2 if size >= 1 << 22 and chunk.count > 1 else 1


# Frames


@dataclass
class Frame:
    """A decoded frame."""

    samples: np.ndarray
    mean: int
    logs: np.ndarray


def decode_frames(chunk: Chunk, parameters: bytes, payload: bytes) -> list[Plane]:
    """The samples of all planes."""
    must(max(chunk.height, chunk.width) < 1 << 30, "height and width are less than 2^30")
    turns, shapes, fields = read_parameters(chunk, parameters)
    segments = Segments(payload)
    frames = decode_stack(chunk, turns, shapes, fields, segments)
    must(segments.payload.at_end, "the payload ends with the last segment")
    by_plane = sorted(zip(turns, frames), key=lambda pair: pair[0].plane)
    return [frame.samples.ravel().tolist() for _, frame in by_plane]


def decode_stack(
    chunk: Chunk,
    turns: list[Turn],
    shapes: list[int],
    fields: list[FrameFields | None],
    segments: Segments,
) -> list[Frame]:
    series = series_of(chunk)
    coded_turns = (n for n, of_frame in enumerate(fields) if of_frame and not of_frame.constant)

    def decode_frame(of_frame: FrameFields, references: list[Frame]) -> Frame:
        coded = CodedFrame(of_frame, shapes, View.of(chunk, references))
        coded.decode(segments.of_frame(of_frame, next(coded_turns) % series))
        samples = wrapped(coded.samples() + of_frame.mean, chunk.depth)
        return Frame(samples, of_frame.mean, coded.logs)

    frames = decode_turns(chunk, turns, fields, decode_frame)
    for number in range(series):
        segments.end(number)
    return frames


def decode_turns(
    chunk: Chunk,
    turns: list[Turn],
    fields: list[FrameFields | None],
    decode_frame: Callable[[FrameFields, list[Frame]], Frame],
) -> list[Frame]:
    """Frames in coding order; `decode_frame` is for those that have coded samples."""
    frames: list[Frame] = []
    for turn, of_frame in zip(turns, fields):
        references = [frames[u] for u in turn.references]
        if of_frame is None:
            frames.append(references[0])
        elif of_frame.constant:
            frames.append(constant_frame(chunk, of_frame.mean))
        else:
            frames.append(decode_frame(of_frame, references))
    return frames


def constant_frame(chunk: Chunk, mean: int) -> Frame:
    shape = (chunk.height, chunk.width)
    samples = np.full(shape, wrapped(mean, chunk.depth), np.int64)
    return Frame(samples, mean, np.zeros(shape, np.int64))


@dataclass
class View:
    """What the references say of a frame."""

    references: int
    a: np.ndarray
    b: np.ndarray
    r: np.ndarray

    @staticmethod
    def of(chunk: Chunk, references: list[Frame]) -> View:
        nothing = np.zeros((chunk.height, chunk.width), np.int64)
        levelled = [wrap(frame.samples - frame.mean) for frame in references]
        a, b = (levelled + [nothing, nothing])[:2]
        logs = [frame.logs for frame in references] * (3 - len(references))
        r = 8 * (logs[0] + logs[1]) - 1536 if references else nothing
        return View(len(references), a, b, r)


# Experts


@dataclass
class Around:
    """What predicts a sample."""

    own: tuple[int, ...]  # W, N, NW, NE, WW, NN
    a: int
    a_w: int
    a_n: int
    b: int
    b_w: int


def means_of_experts(mean_0: int, here: Around, experts: int) -> list[int]:
    w, n, nw, ne, ww, nn = here.own
    a, a_w, a_n, b, b_w = here.a, here.a_w, here.a_n, here.b, here.b_w
    means = [
        mean_0,
        16 * w,
        16 * n,
        16 * ne,
        16 * (w + n - nw),
        16 * (2 * n - nn),
        16 * (2 * w - ww),
        16 * w + 8 * (ne - nw),
        16 * a,
        16 * a + 8 * (w - a_w + n - a_n),
        16 * (a + w - a_w),
        16 * (a + n - a_n),
        16 * b,
        16 * (2 * a - b),
        8 * (a + b),
        16 * w + 8 * (a + b - a_w - b_w),
    ]
    return means[:experts]


# Energies


def decay(v: int) -> int:
    return (v >> 1) + (v >> 3)


class Energies:
    """The sums of one set."""

    def __init__(self, height: int, width: int, start: int) -> None:
        self.width = width
        self.rows = [[0] * width for _ in range(height)]
        self.columns = [[start] * width for _ in range(height + 1)]  # from row -1 on

    def before(self, y: int, k: int) -> int:
        """row(y, k-1)."""
        return self.rows[y][k - 1] if k else self.columns[y][0]

    def around(self, y: int, k: int) -> int:
        above = self.columns[y]
        north = above[k]
        north_west = above[k - 1] if k else north
        north_east = above[k + 1] if k + 1 < self.width else north
        return self.before(y, k) + (north_west >> 1) + north + north_east

    def add(self, y: int, k: int, u: int) -> None:
        self.rows[y][k] = u + decay(self.before(y, k))
        self.columns[y + 1][k] = u + decay(self.columns[y][k])


# The blend


def log8(value: int) -> int:
    size = value.bit_length() - 1
    return 256 * size + ((value << 8 >> size) & 255)


def blend(means: list[int], scores: list[int]) -> tuple[int, int]:
    """The mean and the spread."""
    best = max(scores)
    weights = []
    for score in scores:
        d = min(best - score, 31 * 256)
        weights.append((4 * (512 - (d & 255))) >> (d >> 8))
    apart = [limited(mean - means[0], -32767, 32767) for mean in means]
    quotient = sum(w * d for w, d in zip(weights, apart)) // sum(weights)
    shares = [weight >> 3 for weight in weights]
    far = [min(abs(mean - means[0] - quotient), 511) for mean in means]
    squares = sum(w * d * d for w, d in zip(shares, far))
    return means[0] + quotient, log(squares + 5 * sum(shares)) - log(sum(shares))


class CodedFrame(Wave):
    """A frame while it is decoded."""

    def __init__(self, fields: FrameFields, shapes: list[int], view: View) -> None:
        super().__init__(fields, shapes, view.a)
        self.view, self.experts = view, EXPERTS[view.references]
        self.taps = [16 * level for level in fields.levels]
        self.by_references = np.zeros_like(view.a)
        for taps, values in ((self.taps[:9], view.a), (self.taps[9:18], view.b)):
            self.by_references += sum_of_nine(taps, values)
        self.before = self.class_before(view.r).tolist()
        start = 2 * min(self.error_above() >> fields.error_shift, 7000)
        self.of_experts = [Energies(*view.a.shape, start) for _ in range(self.experts)]
        self.of_blend = Energies(*view.a.shape, start)
        self.means: dict[tuple[int, int], list[int]] = {}  # until the sample is known

    def mean_0(self, y: int, x: int) -> int:
        products = (tap * value for tap, value in zip(self.taps[18:], self.neighbours(y, x)))
        total = int(self.by_references[y, x]) + sum(products) + (1 << 7)
        return (wrapped(total, 32) >> 8) + self.plane.bias

    def around_sample(self, y: int, x: int) -> Around:
        west, north = max(x - 1, 0), max(y - 1, 0)
        a, b = self.view.a, self.view.b
        places = a[y, x], a[y, west], a[north, x], b[y, x], b[y, west]
        return Around(self.neighbours(y, x), *map(int, places))

    def score(self, e: int, y: int, x: int) -> int:
        energy = self.of_experts[e].around(y, x) + (16 >> self.plane.error_shift) + 1
        return 128 * self.plane.gates[e] - ((log8(energy) * self.plane.power) >> 4)

    def predict(self, y: int, x: int) -> tuple[int, int]:
        means = means_of_experts(self.mean_0(y, x), self.around_sample(y, x), self.experts)
        mean, spread = blend(means, [self.score(e, y, x) for e in range(self.experts)])
        self.means[y, x] = means
        return mean, self.class_at(y, x, spread)

    # Class and digit

    def class_at(self, y: int, x: int, spread: int) -> int:
        fields = self.plane
        energy = log(self.of_blend.around(y, x) + 2)
        near = 8 * fields.scale_error * self.around(y, x)
        near += 8 * fields.scale_spread * spread + 8 * fields.scale_energy * energy
        return limited((self.before[y][x] + int(sat(near >> 4))) >> 6, 0, 83)

    def end(self, sample: Sample) -> None:
        super().end(sample)
        y, x = sample.y, sample.x
        shift = self.plane.error_shift
        value = self.known[y + MARGIN][x + MARGIN]
        self.of_blend.add(y, x, min(self.error(value, sample.mean) >> shift, 7000))
        for mean, energies in zip(self.means.pop((y, x)), self.of_experts):
            energies.add(y, x, min(abs(16 * value - mean) >> shift, 7000))
