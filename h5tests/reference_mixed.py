"""Decodes method 6 of coder 3 slowly and plainly, written from docs/format-frames.md alone.

With `step` above 1, it decodes cells about predictions: docs/format-near.md, "Frames of cells".

Names and order are those of the document, from "Method 6, mixed frames" on. What it takes from
method 4 is in reference_frames.py, what from method 3 in reference_online_*.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
from reference_decoder import Chunk, Plane, Turn
from reference_integers import BitModel, IntegerModel, RangeDecoder, limited, must, wrapped
from reference_frames import (
    EXPERTS,
    Around,
    Energies,
    Frame,
    FrameFields,
    View,
    decode_turns,
    log8,
    means_of_experts,
    read_parameters,
)
from reference_online_engines import Fit, half_exponent, shifted
from reference_online_mixing import Decision, Mixer
from reference_online_numbers import log2, power, quotient, within
from reference_wave import at_nine, sum_of_nine, wrap

# Payload


@dataclass
class Learned:
    """What goes on from frame to frame."""

    windowed: bool
    mixer: FrameMixer
    stacks: list[Fit]
    scales: ScaleFit
    motion: Motion
    step: int
    cells: CellMixer
    close: Fit

    @staticmethod
    def of(chunk: Chunk, windowed: bool, decoder: RangeDecoder, step: int) -> Learned:
        """Reads the range."""
        model = IntegerModel()
        low = decoder.integer(model)
        high = low + decoder.integer(model)
        must(low < high, "low is less than high")
        must(low == wrapped(low, chunk.depth), "low is a sample")
        must(high == wrapped(high, chunk.depth), "high is a sample")
        wide = low < -128 or high > 127
        inputs = 10 if windowed or step > 1 else 9
        stacks = [Fit(inputs, 3, wide, memory=10) for _ in range(16)]
        mixer = FrameMixer(chunk, low, high, decoder)
        cells = CellMixer(chunk, (high - low) // step + 1, decoder)
        close = CloseFit(10, 3, wide, memory=15)
        return Learned(windowed, mixer, stacks, ScaleFit(), Motion(decoder), step, cells, close)


def decode_mixed(chunk: Chunk, parameters: bytes, payload: bytes, step: int = 1) -> list[Plane]:
    """The samples of all planes."""
    must(max(chunk.height, chunk.width) < 1 << 30, "height and width are less than 2^30")
    must(len(parameters) > 0 and parameters[0] < 2, "windowed is 0 or 1")
    turns, _, fields = read_parameters(chunk, parameters[1:], mixed=True)
    decoder = RangeDecoder(payload)
    frames = decode_stack(chunk, turns, fields, bool(parameters[0]), decoder, step)
    must(decoder.reader.at_end, "the payload ends with the last sample")
    by_plane = sorted(zip(turns, frames), key=lambda pair: pair[0].plane)
    return [frame.samples.ravel().tolist() for _, frame in by_plane]


def decode_stack(
    chunk: Chunk,
    turns: list[Turn],
    fields: list[FrameFields | None],
    windowed: bool,
    decoder: RangeDecoder,
    step: int,
) -> list[Frame]:
    coded = any(of_frame and not of_frame.constant for of_frame in fields)
    learned = Learned.of(chunk, windowed, decoder, step) if coded else None

    def decode_frame(of_frame: FrameFields, references: list[Frame]) -> Frame:
        moved = [learned.motion.read(frame) for frame in references]
        return MixedFrame(of_frame, View.of(chunk, moved), learned).decode()

    return decode_turns(chunk, turns, fields, decode_frame)


# Motion


class Motion:
    """What is read of references before a frame, with its models."""

    def __init__(self, decoder: RangeDecoder) -> None:
        self.decoder = decoder
        self.moves = BitModel()
        self.steps = IntegerModel(), IntegerModel()

    def read(self, frame: Frame) -> Frame:
        """A reference as the frame sees it."""
        if not self.decoder.bit(self.moves):
            return frame
        height, width = frame.samples.shape
        vectors = self.read_vectors(-(-height // 16), -(-width // 16))
        dy, dx = np.repeat(np.repeat(vectors, 16, 0), 16, 1)[:height, :width].transpose(2, 0, 1)
        rows = np.clip(np.arange(height)[:, None] + dy, 0, height - 1)
        columns = np.clip(np.arange(width) + dx, 0, width - 1)
        return Frame(frame.samples[rows, columns], frame.mean, frame.logs[rows, columns])

    def read_vectors(self, rows: int, columns: int) -> np.ndarray:
        vectors = np.zeros((rows, columns, 2), np.int64)
        for i in range(rows):
            for j in range(columns):
                before = expected_vector(vectors, i, j)
                for c, model in enumerate(self.steps):
                    step = self.decoder.integer(model)
                    vectors[i, j, c] = wrapped(int(before[c]) + step, 8)
        return vectors


def expected_vector(vectors: np.ndarray, i: int, j: int) -> np.ndarray:
    if i == 0:
        return vectors[0, j - 1] if j else vectors[0, 0]
    if j == 0:
        return vectors[i - 1, 0]
    corner = j + 1 if j + 1 < vectors.shape[1] else j - 1
    three = vectors[i, j - 1], vectors[i - 1, j], vectors[i - 1, corner]
    return np.sort(three, axis=0)[1]


# Neighbours


@dataclass
class Foreseen:
    """What is known of a sample before it is read; the names are those of method 3, where one has
    them."""

    experts: list[int]
    mean: int
    best: int
    spread: int
    texture: int = 0
    stack_inputs: list[int] = field(default_factory=list)
    means: list[int] = field(default_factory=list)  # E
    base: int = 0
    scale_inputs: list[int] = field(default_factory=list)
    scale: int = 0
    scale_class: int = 0
    inverses: list[int] = field(default_factory=list)
    wide_inverses: list[int] = field(default_factory=list)
    place: int = 0
    band: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(number=0))
    close_inputs: list[int] = field(default_factory=list)
    close_base: int = 0
    context: int = 0
    centre: int = 0


class MixedFrame:
    """A coded frame while it is decoded."""

    def __init__(self, fields: FrameFields, view: View, learned: Learned) -> None:
        self.fields, self.view, self.learned = fields, view, learned
        self.mixer = learned.mixer
        self.step = learned.step
        self.height, self.width = view.a.shape
        taps = [16 * level for level in fields.levels]
        self.own_taps = taps[18:]
        self.by_references = sum_of_nine(taps[:9], view.a) + sum_of_nine(taps[9:18], view.b)
        self.blur = sum(at_nine(view.r))
        start = fields.start_error
        s = ((16 + 8 * (start & 1)) * (1 << (start >> 1)) >> 4) - 1
        self.error_above = 16 * s
        energy = 2 * min(s >> fields.error_shift, 7000)
        sets = EXPERTS[view.references]
        self.energies = [Energies(self.height, self.width, energy) for _ in range(sets)]
        self.x = np.zeros((self.height, self.width), np.int64).tolist()
        self.e = np.zeros((self.height, self.width), np.int64).tolist()
        self.window = Window(self) if learned.windowed else None
        self.samples = np.zeros((self.height, self.width), np.int64)
        self.logs = np.zeros((self.height, self.width), np.int64)

    def decode(self) -> Frame:
        for y in range(self.height):
            for k in range(self.width):
                foreseen = self.foresee(y, k)
                read = self.read_cell if self.step > 1 else self.mixer.read_sample
                v = read(foreseen)
                self.learn(foreseen, v, y, k)
        return Frame(self.samples, self.fields.mean, self.logs)

    def x_at(self, y: int, k: int) -> int:
        if y < 0:
            return int(self.view.a[0, limited(k, 0, self.width - 1)])
        if k < 0:
            return self.x_at(y - 1, 0)
        return self.x[y][min(k, self.width - 1)]

    def error_west(self, y: int, k: int) -> int:
        return self.e[y][k] if k >= 0 else self.error_north(y - 1, 0)

    def error_north(self, y: int, k: int) -> int:
        return self.error_above if y < 0 else self.e[y][limited(k, 0, self.width - 1)]

    # Means

    def neighbours(self, y: int, k: int) -> tuple[int, ...]:
        """W, N, NW, NE, WW, NN."""
        places = ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0))
        return tuple(self.x_at(y + dy, k + dx) for dy, dx in places)

    def means_of_experts(self, y: int, k: int) -> list[int]:
        own = self.neighbours(y, k)
        total = int(self.by_references[y, k]) + (1 << 7)
        total += sum(tap * value for tap, value in zip(self.own_taps, own))
        mean_0 = (wrapped(total, 32) >> 8) + self.fields.bias
        a, b = self.view.a, self.view.b
        west, north = max(k - 1, 0), max(y - 1, 0)
        places = a[y, k], a[y, west], a[north, k], b[y, k], b[y, west]
        return means_of_experts(mean_0, Around(own, *map(int, places)), 16)

    def foresee(self, y: int, k: int) -> Foreseen:
        means = self.means_of_experts(y, k)
        foreseen = Foreseen(means, *self.blend(means, y, k))
        self.foresee_means(foreseen, y, k)
        self.foresee_scale(foreseen, y, k)
        foreseen.context = self.context(y, k)
        return foreseen

    def blend(self, means: list[int], y: int, k: int) -> tuple[int, int, int]:
        """The mean, the best expert and the spread."""
        floor = (16 >> self.fields.error_shift) + 1
        scores = []
        for gate, energies in zip(self.fields.gates, self.energies):
            log = log8(energies.around(y, k) + floor)
            scores.append(128 * gate - ((log * self.fields.power) >> 4))
        largest = max(scores)
        deficits = [min(largest - score, 31 * 256) for score in scores]
        weights = [(4 * (512 - (d & 255))) >> (d >> 8) for d in deficits]
        apart = [limited(mean - means[0], -32767, 32767) for mean in means]
        mean = means[0] + sum(w * d for w, d in zip(weights, apart)) // sum(weights)
        shares = [weight >> 3 for weight in weights]
        squares = sum(w * min(abs(m - mean), 511) ** 2 for w, m in zip(shares, means))
        spread = log2(squares + 5 * sum(shares)) - log2(sum(shares))
        return mean, scores.index(largest), spread

    def foresee_means(self, foreseen: Foreseen, y: int, k: int) -> None:
        experts, mean = foreseen.experts, foreseen.mean
        stacked = (0, 4, 9, 14, 10) if self.view.references else (0, 1, 2, 4, 6)
        w, n, nw, ne, _, _ = self.neighbours(y, k)
        across, down = abs(w - nw), abs(n - nw)
        octaves = log2(across + down + abs(n - ne) + 1) >> 10
        foreseen.texture = 2 * min(octaves, 7) + (across > down)
        fit = self.learned.stacks[foreseen.texture]
        inputs = [fit.difference(16 * (experts[q] - mean)) for q in stacked]
        inputs.append(fit.difference(self.error_west(y, k - 1)))
        inputs += [fit.difference(self.error_north(y - 1, k + dx)) for dx in (0, -1, 1)]
        foreseen.stack_inputs = inputs
        low, high = self.mixer.picture.low, self.mixer.picture.high
        means = [0, *(self.m(experts[q]) for q in (*stacked, foreseen.best))]
        means.append(self.m(mean))
        if self.window:
            means[3] = self.m(mean) + self.window.look(mean, y, k)
            means[3] = limited(means[3], 256 * low - 100, 256 * high + 100)
            inputs.append(fit.difference(means[3] - self.m(mean)))
        if self.step > 1:
            means[6] = self.foresee_closely(foreseen, y, k)
            close = fit.difference(means[6] - self.m(mean))
            if self.window:
                inputs[4] = close
            else:
                inputs.append(close)
        means[0] = self.m(mean) + fit.value(inputs)
        foreseen.means = [limited(m, 256 * low - 100, 256 * high + 100) for m in means]

    def m(self, mean: int) -> int:
        return 16 * mean + 256 * self.fields.mean

    # Cells

    def foresee_closely(self, foreseen: Foreseen, y: int, k: int) -> int:
        w, n, nw, ne, ww, nn = self.neighbours(y, k)
        base, fit = 8 * (w + n), self.learned.close
        near = [w, nw, ne, nn, ww]
        if self.view.references:
            rows, columns = range(self.height), range(self.width)
            for dy, dx in ((0, 0), (0, -1), (0, 1), (-1, 0), (1, 0)):
                row, column = limited(y + dy, 0, rows[-1]), limited(k + dx, 0, columns[-1])
                near.append(int(self.view.a[row, column]))
        inputs = [fit.difference(16 * (16 * value - base)) for value in near]
        foreseen.close_inputs = inputs + [0] * (10 - len(inputs))
        foreseen.close_base = self.m(base)
        low, high = self.mixer.picture.low, self.mixer.picture.high
        value = self.m(base) + fit.value(foreseen.close_inputs)
        return limited(value, 256 * low - 100, 256 * high + 100)

    def context(self, y: int, k: int) -> int:
        row = [self.error_west(y, k - 1), *(self.error_north(y - 1, k + dx) for dx in (0, 1, -1))]
        row += [self.error_west(y, k - 2), self.error_north(y - 1, k + 2)]
        context = sum((abs(e) > 128 * self.step) << i for i, e in enumerate(row))
        return context + 64 * (int(self.view.r[y, k]) > 0)

    def read_cell(self, foreseen: Foreseen) -> int:
        low, high = self.mixer.picture.low, self.mixer.picture.high
        means, step = foreseen.means, self.step
        centre = limited(means[0], 256 * low, 256 * high - 1)
        about = centre if foreseen.context else means[6]
        middle = limited((about + 128) >> 8, low, high)
        inverse = (1 << 24) // step
        cells = replace(
            foreseen,
            means=[((m - 256 * middle) * inverse) >> 24 for m in means],
            centre=((centre - 256 * middle) * inverse) >> 24,
            scale=foreseen.scale // step,
            band=SimpleNamespace(number=foreseen.context),
        )
        return limited(middle + step * self.learned.cells.read_sample(cells), low, high)

    # Scale

    def log_of(self, error: int) -> int:
        """L."""
        return log2(error + 26 + 64 * (self.step - 1))

    def foresee_scale(self, foreseen: Foreseen, y: int, k: int) -> None:
        e_w, e_ww = (abs(self.error_west(y, k - d)) for d in (1, 2))
        above = [abs(self.error_north(y - 1, k + dx)) for dx in (0, -1, 1, -2, 2)]
        e_n, e_nw, e_ne, e_nnw, e_nne = above
        base = self.log_of((2 * e_w + 2 * e_n + e_nw + e_ne) // 6)
        blur = quotient(int(self.blur[y, k]), 9)
        logs = [
            4 * (int(self.view.r[y, k]) + 1536) + 4096,
            4 * (blur + 1536) + 4096,
            (foreseen.spread >> 1) + 4096,
            log2(self.energies[0].around(y, k) + 8) + 1024,
            self.log_of(e_w),
            self.log_of(e_n),
            self.log_of((e_ww + e_nnw + e_nne) // 3),
        ]
        foreseen.base = base
        foreseen.scale_inputs = [value - base for value in logs] + [1024]
        weights = self.learned.scales.weights
        total = sum(weight * f for weight, f in zip(weights, foreseen.scale_inputs))
        log = limited(base + 512 + within(total >> 16, 1 << 14), 2400, 22528)
        foreseen.scale = power(log)
        foreseen.scale_class = limited((log >> 8) - 16, 0, 63)
        for error in self.mixer.scale_errors.values[foreseen.scale_class]:
            width = log + log2(error) - 16384 - 485 - log2(self.step)
            foreseen.inverses.append(power(34816 - max(width - 425, 4033)))
            foreseen.wide_inverses.append(power(34816 - max(width + 948, 4033)))

    # Learning

    def learn(self, foreseen: Foreseen, v: int, y: int, k: int) -> None:
        means = foreseen.means
        self.samples[y, k] = v
        self.x[y][k] = x = wrap(v - self.fields.mean)
        e = 256 * v - ((means[0] + means[7]) >> 1)
        self.e[y][k] = e
        self.logs[y, k] = log2((abs(e) >> 4) + 1) >> 6
        self.learn_scale_errors(foreseen, v)
        if self.window:
            self.window.learn(v - self.fields.mean, abs(e) + foreseen.scale)
        fit, solves = self.learned.stacks[foreseen.texture], k % 16 == 0
        target = fit.difference(256 * v - means[7])
        if self.step > 1:
            fit.error = max(fit.error, 256 * self.step)
            close = self.learned.close
            close.error = max(close.error, 256 * self.step)
            aim = close.difference(256 * v - foreseen.close_base)
            close.learn(foreseen.close_inputs, aim, abs(256 * v - means[6]), solves)
        fit.learn(foreseen.stack_inputs, target, abs(256 * v - means[0]), solves)
        target = self.log_of(abs(e)) - foreseen.base
        self.learned.scales.learn(foreseen.scale_inputs, target, 0, solves)
        for energies, mean in zip(self.energies, foreseen.experts):
            energies.add(y, k, min(abs(16 * x - mean) >> self.fields.error_shift, 7000))

    def learn_scale_errors(self, foreseen: Foreseen, v: int) -> None:
        number = foreseen.scale_class
        values, counts = self.mixer.scale_errors.values[number], self.mixer.scale_errors.counts
        for i, mean in enumerate(foreseen.means):
            error = abs(256 * v - mean)
            told = min((error * ((1 << 32) // (foreseen.scale + 5))) >> 16, 1 << 19)
            step = ((told - values[i]) * (65536 // (counts[number] + 1))) >> 16
            values[i] = max(values[i] + step, 64)
        counts[number] += counts[number] < 1500


class CloseFit(Fit):
    """The fit of neighbours."""

    def __init__(self, inputs: int, c: int, wide: bool, memory: int) -> None:
        super().__init__(inputs, c, wide, memory)
        self.error = 0

    def ridge(self, u: int) -> int:
        return super().ridge(u) >> 3


class ScaleFit(Fit):
    """The fit of scales."""

    def __init__(self) -> None:
        super().__init__(8, 0, False, memory=13)
        self.error = 0  # and so its trust is 512

    def ridge(self, u: int) -> int:
        return 1 << 20


# Window

WINDOW_OWN = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0)]
WINDOW_OWN += [(-1, 2), (-1, -2), (-2, 1), (-2, -1)]
DISTANCES = [26214, 20972, 16777, 13422, 10737, 8590, 6872, 5498, 4398, 3518, 2815, 2252]


class Window:
    """Of one frame."""

    def __init__(self, frame: MixedFrame) -> None:
        self.frame = frame
        picture = frame.mixer.picture
        self.shift = max((picture.high - picture.low).bit_length() - 8, 0)
        view = frame.view
        self.nine = [at_nine(plane) for plane in (view.a, view.b)[: view.references]]
        self.vectors: dict[tuple[int, int], np.ndarray] = {}  # the target last
        self.trusts: dict[tuple[int, int], int] = {}

    def d(self, sample: int) -> int:
        return within((16 * sample - self.mean) >> (1 + self.shift), 2047)

    def look(self, mean: int, y: int, k: int) -> int:
        """The value, with the inputs for the sample."""
        self.mean, self.place, frame = mean, (y, k), self.frame
        near = [(y + dy, min(k + dx, frame.width)) for dy, dx in WINDOW_OWN]
        inputs = [self.d(frame.x_at(*place)) for place in near]
        inputs += [self.d(int(plane[y, k])) for nine in self.nine for plane in nine]
        self.vectors[y, k] = np.array([*inputs, 0], np.int64)
        weights = solve_window(self.moments(y, k), len(inputs))
        value = sum(weight * entry for weight, entry in zip(weights, inputs))
        return value >> (11 - self.shift)

    def moments(self, y: int, k: int) -> np.ndarray:
        vectors, weights = [], []
        for dy in range(7):
            for dx in range(-6, 7 if dy else 0):
                place = y - dy, k + dx
                if place in self.trusts:
                    weights.append((self.trusts[place] * DISTANCES[dy + abs(dx) - 1]) >> 15)
                    vectors.append(self.vectors[place])
        v = np.array(vectors, np.int64).reshape(-1, len(self.vectors[y, k]))
        weight = np.array(weights, np.int64)[:, np.newaxis]
        return ((v * weight + (1 << 10)) >> 11).T @ v

    def learn(self, x: int, error: int) -> None:
        self.vectors[self.place][-1] = self.d(x)
        self.trusts[self.place] = (77 << 15) // ((error >> self.shift) + 77)


def solve_window(moments: np.ndarray, n: int) -> list[int]:
    """The weights."""
    for i in range(n):
        moments[i, i] += (moments[i, i] >> 10) + 3072
    e = [half_exponent(max(int(moments[i, i]), 1)) for i in range(n + 1)]
    bits = 26 - np.add.outer(e[:n], e)
    a = (moments[:n] << np.maximum(bits, 0)) >> np.maximum(-bits, 0)
    lower = eliminate(np.maximum(np.minimum(a, 1 << 28), -(1 << 28)), n)
    g = [0] * n
    for j in reversed(range(n)):
        rest = sum(lower[j][k] * g[k] for k in range(j + 1, n))
        g[j] = within(((lower[j][n] << 20) - rest) >> 24, 1 << 28)
    return [within(shifted(g[j], e[n] - e[j] - 4), 1 << 22) for j in range(n)]


def eliminate(a: np.ndarray, n: int) -> list[list[int]]:
    """l."""
    lower = []
    for j in range(n):
        p = max(int(a[j, j]), 1 << 16)
        bits = p.bit_length()
        factor = (1 << (29 + bits)) // p
        l_j = np.maximum(np.minimum((a[j] * factor) >> (5 + bits), 1 << 29), -(1 << 29))
        a[j + 1 :] -= (l_j[j + 1 : n, np.newaxis] * a[j]) >> 24
        a[j + 1 :] = wrapped(a[j + 1 :], 32)
        lower.append([int(value) for value in l_j])
    return lower


# Decisions and mixing


class FrameMixer(Mixer):
    """One band for all frames."""

    def __init__(self, chunk: Chunk, low: int, high: int, decoder: RangeDecoder) -> None:
        positions = chunk.samples * chunk.count
        picture = SimpleNamespace(chunk=chunk, low=low, high=high, positions=positions, coded=[0])
        super().__init__(picture, decoder)
        self.has_comb = True
        self.start_group(1)

    def centre(self, belief: Foreseen) -> int:
        return belief.means[0]

    def weight_sets(self, decision: Decision) -> list[list[int]]:
        belief, node = self.belief, decision.node
        spread = limited((belief.spread - 2048) >> 10, 0, 7)
        keys = belief.texture, 8 * (belief.best // 2) + spread, belief.scale_class
        return [self.weights[number, key, node] for number, key in enumerate(keys)]


class CellMixer(FrameMixer):
    """Numbers of cells, from -last to last."""

    def __init__(self, chunk: Chunk, last: int, decoder: RangeDecoder) -> None:
        super().__init__(chunk, -last, last, decoder)
        self.has_comb = False

    def centre(self, belief: Foreseen) -> int:
        return belief.centre
