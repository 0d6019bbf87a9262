"""How a sample is read bit by bit: "Chances", "Decisions" and "Mixing" of docs/format-adaptive.md."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reference_integers import RangeDecoder, limited, wrapped
from reference_online_numbers import GAP, STRETCH, TAIL, curve, log2, squash, within

if TYPE_CHECKING:
    from reference_online import Belief, Picture

BLEND = 7  # the last of the experts
WIDE_EXPERTS = (0, 1, 6, BLEND)

# Chances


def chance_bit(decoder: RangeDecoder, p: int) -> int:
    zero = (decoder.range * (65536 - p)) >> 16
    return decoder.split(zero, decoder.range - zero)


@dataclass
class ScaleErrors:
    """How far the experts were off, by class of the scale."""

    values: list[list[int]] = field(default_factory=lambda: [[65536] * 8 for _ in range(64)])
    counts: list[int] = field(default_factory=lambda: [3] * 64)


# Decisions

SIDE, DOWN, UP, HALF = range(4)


@dataclass
class Decision:
    """A bit to read; `l` and `h` bound what is left, of which h is beyond the end."""

    kind: int
    node: int
    middle: int
    l: int
    h: int
    n: int


class Mixer:
    """Reads samples, and keeps what mixes the experts' chances, which goes on across groups."""

    def __init__(self, picture: Picture, decoder: RangeDecoder) -> None:
        self.picture, self.decoder = picture, decoder
        self.span = picture.high - picture.low
        places = picture.positions * len(picture.coded)
        last = 14 if picture.chunk.depth == 8 else 16
        self.line_bits = next((j for j in range(8, last) if places >> j <= 1), last)
        self.by_node: dict = defaultdict(lambda: History(262))
        self.by_value: dict = defaultdict(lambda: History(655))
        self.weights: dict = defaultdict(lambda: [21845] * 10 + [26214] * 2 + [0] * 2 + [21845] * 2)
        self.has_comb = self.span + 161 <= max(512, 4 * picture.positions)
        self.counts: list[dict[int, int]] = []
        self.scale_errors = ScaleErrors()

    def start_group(self, bands: int) -> None:
        self.counts = [defaultdict(int) for _ in range(bands)]

    def centre(self, belief: Belief) -> int:
        """The mean that decisions begin with."""
        return belief.means[BLEND]

    def read_sample(self, belief: Belief) -> int:
        low, high = self.picture.low, self.picture.high
        c = limited(self.centre(belief), 256 * low, 256 * high - 1)
        self.belief, self.fraction = belief, (c >> 6) % 4
        n = next(n for n in range(64) if (154 * belief.scale) >> 8 <= 256 << n)
        self.step_bits, middle = n, (c >> 8) + 1
        up = self.decide(Decision(SIDE, self.fraction, middle, low, high + 1, n))
        l, h = (middle, high + 1) if up else (low, middle)
        l, h, t = self.steps(bool(up), l, h)
        sample = self.halves(bool(up), t, l, h)
        count = self.counts[belief.place]
        count[sample] = min(count[sample] + 1, 65535)
        return sample

    def steps(self, up: bool, l: int, h: int) -> tuple[int, int, int]:
        """What is left, and the number of the last step."""
        n, t = self.step_bits, 0
        while True:
            n += t >= 20
            middle = l + (1 << n) if up else h - (1 << n)
            if middle >= h or middle <= l:
                return l, h, t
            node = 4 + min(t, 11) + 12 * up
            beyond = self.decide(Decision(UP if up else DOWN, node, middle, l, h, n))
            if up == bool(beyond):
                l = middle
            else:
                h = middle
            if not beyond:
                return l, h, t
            t += 1

    def halves(self, up: bool, t: int, l: int, h: int) -> int:
        halvings = 0
        while h - l > 1:
            middle = l + ((h - l) >> 1)
            node = 28 + 4 * min(halvings, 3) + 2 * up + (t > 0)
            if self.decide(Decision(HALF, node, middle, l, h, self.step_bits)):
                l = middle
            else:
                h = middle
            halvings += 1
        return l

    def decide(self, decision: Decision) -> int:
        """Reads the bit, and learns from it."""
        histories = self.histories(decision)
        experts = self.expert_inputs(decision)
        inputs = [
            *experts[:10],
            *history_inputs(*histories),
            1229,
            self.comb(decision),
            *experts[10:],
        ]
        inputs = [within(value, 32760) for value in inputs]
        sets = self.weight_sets(decision)
        odds = [mixed(weights, inputs) for weights in sets]
        mean = (5461 * sum(odds)) >> 14 if len(odds) == 3 else sum(odds) >> 1
        bit = chance_bit(self.decoder, squash(mean))
        for weights, odd in zip(sets, odds):
            update_weights(weights, inputs, 65536 * bit - squash(odd))
        for history in histories:
            history.update(bit)
        return bit

    # Mixing

    def expert_inputs(self, decision: Decision) -> list[int]:
        """Of all experts, then the wide ones."""
        belief = self.belief
        pairs = list(zip(belief.means, belief.inverses, strict=True))
        wide = list(zip(belief.means, belief.wide_inverses, strict=True))
        return [odds(decision, *pair) for pair in pairs + [wide[e] for e in WIDE_EXPERTS]]

    def histories(self, decision: Decision) -> tuple[History, History]:
        """By node and by value."""
        belief, v = self.belief, decision.middle - self.picture.low
        line = (belief.band.number * ((self.span >> 2) | 1) + (v >> 2)) % (1 << self.line_bits)
        return (
            self.by_node[belief.scale_class, decision.node, self.fraction],
            self.by_value[line, 4 * (v % 4) + decision.kind],
        )

    def comb(self, decision: Decision) -> int:
        if not self.has_comb:
            return 0
        n, middle, l, h = decision.n, decision.middle, decision.l, decision.h
        if decision.kind == SIDE:
            k = 1 << min(n, 4)
            one, zero = self.seen(middle, middle + k), self.seen(middle - k, middle)
        elif decision.kind in (DOWN, UP):
            if n > 5:
                return 0
            f, g = l if decision.kind == UP else middle, 1 << n
            one = self.seen(f - g, f) + self.seen(f + g, f + 2 * g)
            zero = 2 * self.seen(f, f + g)
        else:
            if h - l > 64:
                return 0
            one, zero = self.seen(middle, h), self.seen(l, middle)
        return ((log2(16 * one + 6) - log2(16 * zero + 6)) * 11357) >> 12

    def seen(self, a: int, b: int) -> int:
        """N(a..b)."""
        count = self.counts[self.belief.place]
        return sum(count.get(value, 0) for value in range(a, b))

    def weight_sets(self, decision: Decision) -> list[list[int]]:
        belief, node = self.belief, decision.node
        energy = limited((log2(belief.energy + 41) - 10240) >> 9, 0, 7)
        keys = [belief.place, 8 * belief.best + energy]
        if self.picture.parameters.mixes_by_scale:
            keys.append(belief.scale_class)
        return [self.weights[number, key, node] for number, key in enumerate(keys)]


def odds(decision: Decision, mean: int, inverse: int) -> int:
    """The input of an expert."""

    def dist(v: int) -> int:
        return within(((256 * v - 128 - mean) * inverse) >> 22, 49000)

    def soft(z: int) -> int:
        t = min(abs(z), 32767)
        return max(z, 0) + curve(TAIL, t >> 10, t % 1024, 10)

    def step() -> int:
        d = limited(((256 << decision.n) * inverse) >> 22, 1, 65535)
        k = log2(d)
        return d + curve(GAP, k >> 9, k % 512, 9)

    if decision.kind == SIDE:
        return -dist(decision.middle)
    if decision.kind == DOWN:
        return soft(dist(decision.h)) - step()
    if decision.kind == UP:
        return soft(-dist(decision.l)) - step()
    h, l = dist(decision.h), dist(decision.l)
    return ((h - l) >> 1) + soft(l) - soft(h)


@dataclass
class History:
    """How often a bit was 1."""

    limit: int
    chance: int = 1 << 21
    count: int = 0

    def update(self, bit: int) -> None:
        target = (1 << 22) - 2048 if bit else 2048
        rate = max(131072 // (2 * self.count + 3), self.limit)
        self.chance += ((target - self.chance) * rate) >> 16
        self.count = min(self.count + 1, 255)


def history_inputs(by_node: History, by_value: History) -> list[int]:
    first = STRETCH[by_node.chance >> 10] if by_node.count else 0
    share = 64 * by_value.count // (by_value.count + 3)
    return [first, (STRETCH[by_value.chance >> 10] * share) >> 6]


def mixed(weights: list[int], inputs: list[int]) -> int:
    return within(sum(w * value for w, value in zip(weights, inputs)) >> 18, 49000)


def update_weights(weights: list[int], inputs: list[int], error: int) -> None:
    for i, value in enumerate(inputs):
        weights[i] = wrapped(weights[i] + ((value * error + (1 << 17)) >> 18), 32)
