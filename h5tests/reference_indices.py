"""Decodes method 5 of coder 3 slowly and plainly, written from docs/format-palette.md alone.

All has the section names of the document: where it, this and the C library disagree, one of the
three has a fault. Integers have any size; what the document wraps is wrapped here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from reference_decoder import Chunk, Plane
from reference_integers import IntegerModel, RangeDecoder, Reader, limited, must, wrapped
from reference_online_numbers import STRETCH, squash, within

WORD = (1 << 64) - 1

# Parameters and values


def decode_indices(chunk: Chunk, parameters: bytes, payload: bytes) -> list[Plane]:
    """The samples of all planes; `parameters` from behind the byte of the method."""
    reader = Reader(parameters)
    fast, many, wide = three_flags(reader.u8())
    must(reader.at_end, "the parameters end with it")
    places = Places(chunk)
    decoder = RangeDecoder(payload)
    values = read_values(decoder, chunk)
    must(many == (len(values) > 64), "many is for more than 64 values")
    must(wide == (len(values) > 256), "wide is for more than 256 values")
    if len(values) == 1:
        planes = [[values[0]] * chunk.samples for _ in range(chunk.count)]
    else:
        indices = Indices(decoder, places, len(values), fast)
        indices.decode()
        planes = [[values[index] for index in places.plane(k)] for k in range(chunk.count)]
    must(decoder.reader.at_end, "the payload ends with the last sample")
    return planes


def three_flags(flags: int) -> tuple[bool, bool, bool]:
    must(flags < 8, "three flags")
    return bool(flags & 1), bool(flags & 2), bool(flags & 4)


def read_values(decoder: RangeDecoder, chunk: Chunk) -> list[int]:
    model = IntegerModel()
    count = decoder.integer(model) + 1
    must(1 <= count <= 65536, "there are 1..65536 values")
    values: list[int] = []
    for _ in range(count):
        value = (values[-1] if values else 0) + decoder.integer(model)
        must(not values or value > values[-1], "values ascend")
        must(value == wrapped(value, chunk.depth), "values are samples")
        values.append(value)
    return values


# Places


class Places:
    """The array A."""

    def __init__(self, chunk: Chunk) -> None:
        self.count, self.width, self.depth = chunk.count, chunk.width, chunk.depth
        self.height = chunk.samples // chunk.width
        self.samples = chunk.count * chunk.samples
        self.row = self.width + 16
        self.stride = (self.height + 8) * self.row
        size = (self.count + 1) * self.stride + 8 * self.row + 16
        must(self.samples <= ((1 << 32) - 1) // 8, "there are not too many samples")
        must(size <= 4 * self.samples + (1 << 20), "planes are not too narrow")
        self.numbers = [0] * size

    def at(self, k: int, y: int, x: int) -> int:
        return (k + 1) * self.stride + (8 + y) * self.row + 16 + x

    def plane(self, k: int) -> list[int]:
        rows = [self.at(k, y, 0) for y in range(self.height)]
        return [number for row in rows for number in self.numbers[row : row + self.width]]

    def bytes(self, first: int, count: int = 8) -> bytes:
        return bytes(number % 256 for number in self.numbers[first : first + count])


@dataclass
class Place:
    """Where an index stands: a, r and b, and the windows there."""

    a: int
    r: int
    windows: dict[str, bytes]


def place_at(places: Places, k: int, y: int, x: int) -> Place:
    a, s = places.at(k, y, x), places.row
    r = a - places.stride
    b = r - places.stride if k else r
    begins = {
        "W": a - 8,
        "WW": a - 16,
        "N": a - s - 3,
        "NL": a - s - 11,
        "NR": a - s + 5,
        "N2": a - 2 * s - 3,
        "N3": a - 3 * s - 3,
        "R": r - 3,
        "RB": r + s - 3,
        "RA": r - s - 3,
        "TA": a - 8 * s - 3,
        "TL": a - 11,
        "B": b - 3,
    }
    return Place(a, r, {name: places.bytes(begin) for name, begin in begins.items()})


# Contexts

CONTEXTS = """
W 6-7, N 1-5, N2 2-4
W 7, N 2-4, R 2-4, RB 3, RA 3
W 0-7, N 0-7, N2 0-7, N3 0-7
W 2-7, N 0-7, N2 0-6, N3 2-4
W 0-7, WW 0-7, N 0-7, NL 0-7, NR 0-3, N2 0-6
W 5-7, N 1-6, N2 1-5, N3 3
W 7, N 2-4, R 3-4, RB 3, B 3
W 6-7, N 2-4, R 0-7, RB 1-5, RA 1-5
W 7, N 3, TA 2-4
W 0-7, N 3
W 7, N 3, N2 3, N3 3
W 7, N 2-4, R 3, B 3
R 0-7, RB 0-7, RA 0-7
W 0-7, N 0-7, N2 0-7, N3 0-7
W 4-7, N 0-7, N2 1-5
W 6-7, N 2-4, N2 3, R 2-4, RB 2-4, RA 2-4
W 6-7, N 2-4, TA 2-4, TL 2-4
W 0-7, WW 0-7, N 0-7, NL 0-7, NR 0-3, N2 0-7, N3 0-7
"""
SHAPES = (2, 14, 15, 16, 17)
FACTORS = {
    "W": 0x9E3779B97F4A7C15,
    "WW": 0xC2B2AE3D27D4EB4F,
    "N": 0x165667B19E3779F9,
    "NL": 0xD6E8FEB86659FD93,
    "NR": 0xA0761D6478BD642F,
    "N2": 0xE7037ED1A0B428DB,
    "N3": 0x8EBC6AF09C88C6E3,
    "R": 0x589965CC75374CC3,
    "RB": 0x1D8E4E27C47D124F,
    "RA": 0xEB44ACCAB455D165,
    "TA": 0x9FB21C651E98DF25,
    "TL": 0xAEF17502108EF2D9,
    "B": 0xDB4F0B9175AE2165,
}


def read_contexts() -> list[list[tuple[str, int, int]]]:
    """Windows with their first and last byte."""
    contexts = []
    for line in CONTEXTS.strip().splitlines():
        context = []
        for part in line.split(", "):
            window, span = part.split()
            context.append((window, int(span[0]), int(span[-1])))
        contexts.append(context)
    return contexts


PARSED_CONTEXTS = read_contexts()


def hash_of(context: int, windows: dict[str, bytes], seed: int) -> int:
    h = (seed + 1) * 0x2545F4914F6CDD1D & WORD
    for name, first, last in PARSED_CONTEXTS[context]:
        window = bytes(first) + windows[name][first : last + 1]
        h = (h + int.from_bytes(window, "little") * FACTORS[name]) & WORD
        h ^= h >> 29
    h = h * FACTORS["W"] & WORD
    return h ^ h >> 32


# Chances


class History:
    def __init__(self, p: int, c: int = 0) -> None:
        self.p, self.c = p, c

    def odds(self) -> int:
        return STRETCH[self.p >> 10]

    def learn(self, bit: int, limit: int) -> None:
        rate = 131072 // (2 * min(self.c, limit) + 3)
        target = (1 << 22) - 64 if bit else 64
        self.p += ((target - self.p) * rate) >> 16
        self.c = min(self.c + 1, 1023)


@dataclass
class Slot:
    p: int = 0
    check: int = 0
    state: int = 0

    def learn(self, bit: int) -> None:
        run, before, last = self.state & 31, self.state >> 5 & 3, self.state >> 7
        rate = 516 if run == 31 else 131072 // (2 * run + (0, 2, 5, 10)[before] + 3)
        self.p += (((65535 if bit else 0) - self.p) * rate) >> 16
        if self.state == 0:
            self.state = 1 + 128 * bit
        elif bit == last:
            self.state += run < 31
        else:
            self.state = 1 + 32 * (1 if run == 1 else 2 if run <= 3 else 3) + 128 * bit


def usual(state: int) -> History:
    """Of a state, at first."""
    run, t = 10 * (state & 31) + 4, (4, 10, 16, 24)[state >> 5 & 3]
    return History((run if state >> 7 else t) * ((1 << 22) - 1) // (run + t))


class Keyed(defaultdict):
    """What begins with a value that depends on its key."""

    def __missing__(self, key: object) -> object:
        self[key] = self.default_factory(key)
        return self[key]


def fresh_row(_: object) -> list[History]:
    return [History(64 * squash(4096 * (j - 8)), 4) for j in range(17)]


# Indices


class Indices:
    """Decodes the indices of all planes into their places."""

    def __init__(self, decoder: RangeDecoder, places: Places, values: int, fast: bool) -> None:
        self.decoder, self.places, self.values, self.fast = decoder, places, values, fast
        self.many = values > 64
        self.contexts = 18 if not fast else 3 if self.many else 5
        self.selections = 2 if fast else 3
        share = 6 if fast else 8
        rooms = [4 << n for n in range(10, 16)] + [share << n for n in range(16, 19)]
        self.bits = 10 + sum(room < places.samples for room in rooms)
        times, sizes = 7 if fast else 11, 1 + (values > 256)
        rest = len(places.numbers) * sizes + 2560000
        most = times * max(places.samples * places.depth // 8, 1 << 20)
        each = 4 * self.contexts + 12 * self.many
        while self.bits > 10 and (each << self.bits) + rest > most:
            self.bits -= 1
        self.slots = [defaultdict(Slot) for _ in range(self.contexts)]
        self.states = Keyed(lambda key: usual(key[2]))
        self.matches = Keyed(lambda key: History(3900000 if key[2] == 2 else 300000))
        weights = [60000 // self.contexts] * (2 * self.contexts + 1) + [0]
        self.weights = Keyed(lambda _: list(weights))
        self.shares = Keyed(lambda _: [65536 // self.selections] * self.selections)
        self.shape_rows, self.context_rows = Keyed(fresh_row), Keyed(fresh_row)
        self.pieces = Keyed(lambda _: History(4000000, 16))
        self.flats = Keyed(lambda _: History(4000000, 2))
        self.hits = Keyed(lambda _: History(1 << 20))
        self.escapes = Escapes(decoder, values, self.bits - 5)
        self.recent: dict[int, int] = {}
        self.match = self.length = 0

    def decode(self) -> None:
        for k in range(self.places.count):
            for y in range(self.places.height):
                self.decode_row(k, y)

    def decode_row(self, k: int, y: int) -> None:
        self.length = x = 0
        while x < self.places.width:
            place = place_at(self.places, k, y, x)
            hashes = [hash_of(i, place.windows, i) for i in range(self.contexts)]
            self.find_match(place, hashes[0])
            if self.fast and self.decode_piece(place, x):
                x += 16
                continue
            index = Question(self, place, hashes).index()
            self.places.numbers[place.a] = index
            self.follow_match(index)
            x += 1

    def same(self, place: Place, q: int) -> dict[str, bytes]:
        """The windows W, N, N2, N3 at q."""
        s = self.places.row
        begins = {"W": q - 8, "N": q - s - 3, "N2": q - 2 * s - 3, "N3": q - 3 * s - 3}
        return {name: self.places.bytes(begin) for name, begin in begins.items()}

    def find_match(self, place: Place, h: int) -> None:
        entry = h >> (64 - min(self.bits, 18))
        q = self.recent.get(entry, 0)
        if self.length == 0 and q:
            there = self.same(place, q)
            pairs = [zip(there[name], place.windows[name]) for name in ("W", "N", "N2")]
            equal = sum(one == other for pair in pairs for one, other in pair)
            self.match = q
            self.length = 1 + 2 * (equal - 20) if equal >= 20 else 0
        self.recent[entry] = place.a

    def expected(self) -> int | None:
        return self.places.numbers[self.match] if self.length else None

    def follow_match(self, index: int) -> None:
        if self.expected() == index:
            self.match += 1
            self.length += self.length < 65535
        else:
            self.length = 0

    # Pieces

    def decode_piece(self, place: Place, x: int) -> bool:
        a, q, s, places = place.a, self.match, self.places.row, self.places
        if x % 16 or places.width - x < 16 or self.length < 8:
            return False
        there = self.same(place, q)
        if places.bytes(a - s - 3, 24) != places.bytes(q - s - 3, 24) or any(
            there[name] != place.windows[name] for name in ("W", "N2")
        ):
            return False
        piece = []
        for i in range(16):
            piece.append(places.numbers[q + i] if q + i < a else piece[q + i - a])
        low = bytes(number % 256 for number in piece)
        history = self.pieces[
            min(self.length, 15)
            + 16 * (low == places.bytes(place.r, 16))
            + 32 * (low == bytes([places.numbers[a - 1] % 256] * 16))
            + 64 * (there["N3"] == place.windows["N3"])
            + 128 * (places.bytes(place.r + s, 16) == places.bytes(q + s, 16))
        ]
        chance = limited(history.p >> 6, 2, 65534)
        if chance <= 55000:
            return False
        bit = chance_bit(self.decoder, chance)
        history.learn(bit, 250)
        if bit:
            places.numbers[a : a + 16] = piece
            self.match += 16
            self.length += 16 if self.length < 65535 else 0
        return bool(bit)


def chance_bit(decoder: RangeDecoder, chance: int) -> int:
    zero = (decoder.range * (65536 - chance)) >> 16
    return decoder.split(zero, decoder.range - zero)


class Question:
    """The decisions of one index."""

    def __init__(self, indices: Indices, place: Place, hashes: list[int]) -> None:
        self.all, self.place, self.hashes = indices, place, hashes
        self.decisions = 0
        numbers, s = indices.places.numbers, indices.places.row
        self.near = [numbers[place.a + step] for step in (-1, -s, -s - 1, 1 - s, -2, -2 * s)]
        self.reference = [numbers[place.r + step] for step in (0, 1, s, -1, -s)]

    def index(self) -> int:
        if self.all.many:
            return self.one_of_many()
        left = list(range(self.all.values))
        w, n, _, ne, _, _ = self.near
        for guess in (n, w, ne):
            if guess in left and len(left) > 1:
                if self.decide(guess, 0):
                    return guess
                left.remove(guess)
        first, after = 0, len(left)
        while after - first > 1:
            middle = (first + after) // 2
            if self.decide(left[middle], 1):
                first = middle
            else:
                after = middle
        return left[first]

    def one_of_many(self) -> int:
        w, n, nw, ne, _, nn = self.near
        r, r_east, r_south, _, _ = self.reference
        guesses: list[int] = []
        thoughts: list[tuple[int, History]] = []
        if self.all.fast and self.is_flat():
            if self.decide_flat(w):
                return w
            guesses = [w]
            self.decisions = 1
        index = None
        for j, guess in enumerate((n, w, ne, r, r_south, r_east, nw, nn)):
            if guess in guesses:
                continue
            if guesses:
                hits = self.all.hits[j, len(guesses)]
                thoughts.append((guess, hits))
                if hits.p < 1 << 18:
                    continue
            guesses.append(guess)
            if self.decide(guess, 0):
                index = guess
                break
        if index is None:
            index = self.all.escapes.decode(w, n, nw, r)
        for thought, hits in thoughts:
            hits.learn(int(thought == index), 250)
            if thought == index:
                break
        return index

    # Flat places

    def has(self, v: int, window: str, first: int = 0, last: int = 7) -> bool:
        return set(self.place.windows[window][first : last + 1]) == {v % 256}

    def is_flat(self) -> bool:
        w = self.near[0]
        return self.has(w, "W", 5) and self.has(w, "N", 1, 5) and self.has(w, "N2", 2, 4)

    def decide_flat(self, v: int) -> int:
        f = self.references_with(v)
        q = sum(self.has(v, window) for window in ("R", "RB", "RA"))
        around = 36 * (8 * f + 2 * q + self.has(v, "N3"))
        around += 18 * (self.has(v, "N2", 0, 1) and self.has(v, "N", 0, 0))
        around += 9 * self.has(v, "N2", 5) + 3 * (self.has(v, "W", 3) + self.has(v, "W"))
        around += self.has(v, "N", 6, 6) + self.has(v, "N", 6)
        expected, length = self.all.expected(), self.all.length
        match = 0 if expected is None else 1 + (length > 15) + (length > 400)
        if expected is not None and expected != v:
            match = 4
        history = self.all.flats[around, match]
        bit = chance_bit(self.all.decoder, limited(history.p >> 6, 2, 65534))
        history.learn(bit, 250)
        return bit

    def key(self, v: int, half: int) -> int:
        return (v ^ v >> 11) % 2048 if self.all.many else v + 64 * half

    def decide(self, v: int, half: int) -> int:
        later = int(self.decisions > 0)
        key = self.key(v, half)
        slots = [self.slot(i, v, half, later) for i in range(self.all.contexts)]
        states = [self.all.states[i, later, slot.state] for i, slot in enumerate(slots)]
        expected = self.all.expected()
        z = 0 if expected is None else 2 if expected == v else 1
        length = min(self.all.length, 15)
        match = self.all.matches[later, length, z]
        inputs = []
        for slot, state in zip(slots, states):
            inputs += [4 * ((slot.p >> 4) - 2048), state.odds()] if slot.state else [0, 0]
        inputs += [match.odds() if z else 0, 2048]

        bit = self.mixed_bit(inputs, self.sets(v, later, slots), v, key, later)
        for slot, state in zip(slots, states):
            if slot.state:
                state.learn(bit, 1023)
            slot.learn(bit)
        if z:
            match.learn(bit, 1023)
        self.decisions += 1
        return bit

    def slot(self, i: int, v: int, half: int, later: int) -> Slot:
        key, shift = self.key(v, half), 64 - self.all.bits
        if i in SHAPES:
            windows = {
                name: bytes(0x80 if number == v % 256 else 0 for number in window)
                for name, window in self.place.windows.items()
            }
            h = hash_of(i, windows, i + 64 * later + 128 * half)
            line, check = h >> shift, (h >> 8) % 256
        else:
            h = self.hashes[i]
            line = (h >> shift) ^ (key % 16)
            check = ((h >> 8) + 73 * (key >> 4) + 29 * later) % 256
        slot = self.all.slots[i][line]
        if slot.check != check:
            slot.p, slot.check, slot.state = 32768, check, 0
        return slot

    def references_with(self, v: int) -> int:
        return with_value(self.reference, v)

    def sets(self, v: int, later: int, slots: list[Slot]) -> list[int]:
        w, n = self.near[:2]
        west = self.place.windows["W"][::-1]
        north = self.place.windows["N"][3:]
        known = sum(slot.state > 0 for slot in slots)
        by_known = 4 * known + min(self.decisions, 3)
        by_runs = run_of(west, v % 256) + 16 * run_of(north, v % 256) + 128 * later
        _, _, _, reference_w, reference_n = self.reference
        right = 32 * same_byte(w, reference_w) + 64 * same_byte(n, reference_n)
        by_reference = self.references_with(v) + right + 128 * later
        return [by_known, by_runs, by_reference][: self.all.selections]

    def mixed_bit(self, inputs: list[int], sets: list[int], v: int, key: int, later: int) -> int:
        shape = self.references_with(v) + 32 * with_value(self.near, v) + 2048 * later
        context = (self.hashes[0] >> 50 ^ 0x9E5 * key) % (1 << min(self.all.bits, 14))
        rows = [self.all.shape_rows[shape]]
        if not self.all.many:
            rows.append(self.all.context_rows[context])
        weights = [self.all.weights[place] for place in enumerate(sets)]
        shares = self.all.shares[shape]
        odds = [within(dot(one, inputs) >> 16, 49000) for one in weights]
        mixed = within(dot(shares, odds) >> 16, 49000)
        at = limited(mixed, -32768, 32767) + 32768
        j, f = at >> 12, at % 4096
        corrected = [((row[j].p >> 6) * (4096 - f) + (row[j + 1].p >> 6) * f) >> 12 for row in rows]
        n = len(rows)
        chance = limited((n * squash(mixed) + sum(corrected) + n) // (2 * n), 2, 65534)
        bit = chance_bit(self.all.decoder, chance)

        for row in rows:
            row[j + (f >> 11)].learn(bit, 127)
        error = 65536 * bit - squash(mixed)
        for i, one in enumerate(weights):
            shares[i] = wrapped(shares[i] + ((odds[i] * error + (1 << 20)) >> 21), 32)
            own = (3 * (65536 * bit - squash(odds[i]))) >> 2
            for place, value in enumerate(inputs):
                step = wrapped(value * own + (1 << 18), 32) >> 19
                one[place] = wrapped(one[place] + step, 32)
        return bit


def same_byte(one: int, other: int) -> bool:
    return one % 256 == other % 256


def with_value(numbers: list[int], v: int) -> int:
    return sum(1 << i for i, number in enumerate(numbers) if same_byte(number, v))


def run_of(numbers: bytes, v: int) -> int:
    """How many of the first numbers are v."""
    return next((i for i, number in enumerate(numbers) if number != v), len(numbers))


def dot(one: list[int], other: list[int]) -> int:
    return sum(a * b for a, b in zip(one, other))


# Escapes


def mix(x: int, y: int) -> int:
    z = (0x9E3779B1 * x + 0x85EBCA6B * y) % (1 << 32)
    return z ^ z >> 15


class Escapes:
    """Values that no place that is guessed has."""

    def __init__(self, decoder: RangeDecoder, values: int, bits: int) -> None:
        self.decoder, self.values, self.bits = decoder, values, bits
        self.histories = Keyed(lambda _: History(1 << 21))
        self.weights = Keyed(lambda _: [21845] * 6)
        self.before = 0

    def decode(self, w: int, n: int, nw: int, r: int) -> int:
        b = (self.values - 1).bit_length()
        d = max(b - 6, 0)
        gradient = limited(w + n - nw, 0, self.values - 1)
        around = 65536 * (w >> d + 1) + 256 * (n >> d + 1) + (nw >> d + 1)
        contexts = (w, n, around, gradient >> max(d - 1, 0), self.before, r)
        u, t = 0, 1
        for place, i in enumerate(reversed(range(b))):
            if place % 4 == 0:
                lines = [self.line(mix(c, k), t) for k, c in enumerate(contexts)]
                node = 1
            bit = 0
            if u + (1 << i) < self.values:
                histories = [self.histories[k, line, node] for k, line in enumerate(lines)]
                bit = self.bit(histories, self.weights[i])
            u += bit << i
            t, node = 2 * t + bit, 2 * node + bit
        self.before = u
        return u

    def line(self, context: int, t: int) -> int:
        return (0xC2B2AE35 * mix(context, t)) % (1 << 32) >> 32 - self.bits

    def bit(self, histories: list[History], weights: list[int]) -> int:
        odds = [history.odds() for history in histories]
        chance = squash(within(dot(weights, odds) >> 16, 49000))
        bit = chance_bit(self.decoder, chance)
        for i, history in enumerate(histories):
            step = (odds[i] * (65536 * bit - chance) + (1 << 18)) >> 19
            weights[i] = wrapped(weights[i] + step, 32)
            history.learn(bit, 250)
        return bit
