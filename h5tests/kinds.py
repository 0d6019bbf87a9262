"""Kinds of arrays that people store, small ones: what automatic options are held against.

numpy's generators may give other numbers in other versions, so that nothing here is pinned by size.
"""

import numpy as np

R = np.random.default_rng


def regions(shape, count, seed):
    """Voronoi regions of random points, numbered."""
    points = R(seed).random((count, len(shape))) * shape
    grid = np.moveaxis(np.indices(shape), 0, -1).reshape(-1, len(shape))
    return ((grid[:, None, :] - points) ** 2).sum(-1).argmin(1).reshape(shape)


def atlas(shape, count, seed):
    """Nested ellipsoids with numbers of their own, 0 outside."""
    rng, out = R(seed), np.zeros(shape, int)
    grid = np.indices(shape)
    for label in range(1, count + 1):
        middle = [rng.normal(n / 2, n / 7) for n in shape]
        radius = [rng.uniform(0.05, 0.3) * n for n in shape]
        inside = sum(((g - m) / r) ** 2 for g, m, r in zip(grid, middle, radius))
        out[inside < 1] = label
    return out


def watershed(shape, seed):
    """The steepest neighbours of smoothed noise, followed to their ends."""
    field = relief(shape, seed)
    index = np.arange(field.size).reshape(shape)
    best, at = field, index
    for axis in range(len(shape)):
        for step in (-1, 1):
            other, there = np.roll(field, step, axis), np.roll(index, step, axis)
            best, at = np.where(other < best, other, best), np.where(other < best, there, at)
    at = at.reshape(-1)
    for _ in range(12):
        at = at[at]
    return at.reshape(shape)


def relief(shape, seed, rounds=6):
    field = R(seed).normal(0, 1, shape)
    for _ in range(rounds):
        for axis in range(len(shape)):
            field = (field + np.roll(field, 1, axis) + np.roll(field, -1, axis)) / 3
    return field / np.abs(field).max()


def sprites(count, size, seed):
    rng = R(seed)
    palette = rng.integers(0, 256, (24, 4)).astype("u1")
    palette[0] = 0
    tiles = []
    for _ in range(count):
        half = rng.integers(0, 5, (size, size // 2)) * (rng.random((size, size // 2)) < 0.6)
        colours = rng.integers(1, 24, 5)
        colours[0] = 0
        tiles.append(palette[colours[np.hstack([half, half[:, ::-1]])]])
    return np.array(tiles)


def sparse_rows(rows, columns, seed):
    """Column numbers of a sparse matrix, rising within each row."""
    rng = R(seed)
    per_row = rng.poisson(12, rows)
    return np.concatenate([np.sort(rng.choice(columns, n, replace=False)) for n in per_row])


def echoes(seed):
    sweep = np.zeros((180, 240), "u1")
    rng = R(seed)
    for _ in range(40):
        y, x = rng.integers(0, 170), rng.integers(0, 60)
        sweep[y : y + 8, x : x + 12] = rng.integers(40, 200, (8, 12))[: 180 - y]
    return sweep


def standardised(rows, columns, seed):
    counts = R(seed).poisson(0.7, (rows, columns)).astype("f4")
    spread = counts.std(0) + np.float32(0.01)
    return (counts - counts.mean(0)) / spread


def spectrum(seed):
    rng, x = R(seed), np.arange(6000)
    peaks = [rng.random() * np.exp(-(((x - rng.integers(0, 6000)) / 30) ** 2)) for _ in range(25)]
    return rng.poisson(sum(peaks) * 800)


def text(rows, seed):
    words = [b"station", b"north", b"south", b"temperature", b"pressure", b"unknown", b"ok"]
    lines = [b" ".join(words[i] for i in R(seed + r).integers(0, 7, 4)).ljust(48)[:48] for r in range(rows)]
    return np.frombuffer(b"".join(lines), "u1").reshape(rows, 48)


def mesh(side):
    """Corners of the two triangles of each cell of a grid."""
    y, x = np.mgrid[: side - 1, : side - 1]
    a = y * side + x
    return np.stack([a, a + 1, a + side, a + 1, a + side + 1, a + side], -1).reshape(-1, 3)


def triangulation(count, seed):
    """Corners of triangles in strips, whose points have numbers in any order."""
    side = int(count**0.5)
    grid = R(seed).permutation(side * side).reshape(side, side)
    a, b, c, d = (grid[i : side - 1 + i, j : side - 1 + j] for i in (0, 1) for j in (0, 1))
    return np.stack([a, b, c, b, d, c], -1).reshape(-1, 3)


def with_holes(array, share, seed):
    array = array.copy()
    array[relief(array.shape, seed) > np.quantile(relief(array.shape, seed), 1 - share)] = np.nan
    return array


def bounds(centres):
    """Corners of the cells around points of a curved grid, the last axis four corners."""
    c = centres
    corners = [c[:-1, :-1], c[:-1, 1:], c[1:, 1:], c[1:, :-1]]
    return np.stack(corners, -1)


def town(side, seed):
    """A map of tiles in four tones, some of which are everywhere in a quarter."""
    rng = R(seed)
    plain = [enlarged(rng.integers(0, 4, (4, 4)), 2) for _ in range(20)]
    drawn = [(relief((8, 8), seed + k, 1) * 3 + 2).round().astype(int).clip(0, 3) for k in range(20)]
    quarters, kinds = regions((side // 8, side // 8), 30, seed), rng.integers(0, 40, (30, 2))
    tiles = kinds[quarters, (rng.random(quarters.shape) < 0.3).astype(int)]
    return np.stack(plain + drawn)[tiles].swapaxes(1, 2).reshape(side, side)


def drawings(side, seed):
    """A drawing, another version of it, and the first one again."""
    first, other = town(side, seed), town(side, seed + 1)
    changed = enlarged(R(seed).random((side // 8, side // 8)) < 0.06, 8)
    return np.stack([first, np.where(changed, other, first), first]) * 65 + 20


def bent(height, width):
    y, x = np.mgrid[:height, :width].astype("f8")
    return x * 0.25 + np.sin(y / 15) * 3 + np.cos(x / 20) * np.sin(y / 9)


def nodata(array, value, seed):
    array[relief(array.shape, seed, 8) > 0.2] = value
    return array


def track(rows, seed):
    """Degrees, degrees and metres."""
    steps = np.cumsum(R(seed).normal(0, 100, (rows, 3)).round(), 0)
    return (np.array([47.3, 8.5, 400]) + steps / [1e7, 1e7, 1e3]).round(7)


def trades(rows, seed):
    rng = R(seed)
    return np.stack(
        [np.cumsum(rng.integers(0, 3, rows)), rng.choice([100, 200, 500], rows), rng.integers(9900, 10100, rows)], 1
    )


def copies(shape, share, seed):
    """Noise in which so many samples are their left neighbours."""
    rng = R(seed)
    array, again = rng.integers(0, 2000, shape), rng.random(shape) < share
    for x in range(1, shape[1]):
        array[:, x] = np.where(again[:, x], array[:, x - 1], array[:, x])
    return array


def mirrored(array):
    return np.concatenate([array, array[::-1]])


def genotypes(people, places, seed):
    """How often each of some people has the rarer variant: both of their rows are ones of a few."""
    rng = R(seed)
    ancestors = rng.random((20, places)) < rng.beta(0.3, 0.8, places)
    return ancestors[rng.integers(0, 20, people)].astype("i1") + ancestors[rng.integers(0, 20, people)]


def disk(frames, side, value, seed):
    """Sections that have data in a disk only."""
    y, x = np.mgrid[:side, :side] - side / 2
    array = (relief((frames, side, side), seed, 4) * 300 + R(seed).normal(0, 12, (frames, side, side))).astype("i2")
    array[:, y**2 + x**2 > (0.43 * side) ** 2] = value
    return array


def surface(side):
    """Points of a smooth surface over a grid."""
    y, x = np.mgrid[:side, :side]
    return np.stack([x * 0.1, y * 0.1, np.sin(x * 0.05) * np.cos(y * 0.07)], -1).reshape(-1, 3)


def prose(words, seed):
    """Words, the frequent ones first in a list of some."""
    rng = R(seed)
    known = [bytes(rng.integers(97, 123, rng.integers(2, 9)).astype("u1")) for _ in range(300)]
    odds = 1 / np.arange(1, 301)
    return np.frombuffer(b" ".join(known[i] for i in rng.choice(300, words, p=odds / odds.sum())), "u1")


def windows(length, window, step, seed):
    """Windows of a series that overlap."""
    series = relief((length,), seed, 3).astype("f4")
    return np.lib.stride_tricks.sliding_window_view(series, window)[::step]


def unit_vectors(rows, columns, seed):
    points = R(seed).normal(0, 1, (rows, columns))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def distances(points):
    return np.sqrt(((points[:, None] - points) ** 2).sum(-1))


def of_real(field):
    """The transform of a picture, as some libraries make it: (row, column, part)."""
    both = np.stack([np.fft.fft2(field).real, np.fft.fft2(field).imag], -1)
    return both + np.roll(both[::-1, ::-1], (1, 1), (0, 1)) * [1, -1]


def coordinates(height, width, axis):
    grids = np.meshgrid(np.linspace(31.3, 58.7, height), np.linspace(-11.9, 34.4, width), indexing="ij")
    return np.ascontiguousarray(np.stack(grids, axis))


def swath(height, width):
    """Latitudes and longitudes below a satellite, which sees a row across its way."""
    across = np.linspace(-1, 1, width)
    latitudes = np.linspace(-30, 40, height)[:, None] + across * 2.4
    return np.stack([latitudes, np.linspace(10, -5, height)[:, None] + across**3 * 9], -1)


def enlarged(array, by):
    return np.kron(array, np.ones((by, by), array.dtype))


def stretched(array, height, width):
    """Nearest neighbours, at a scale that is no integer."""
    rows, columns = array.shape
    return array[np.arange(height) * rows // height][:, np.arange(width) * columns // width]


def video(frames, seed, camera_step=0, turns=1, flicker=0):
    """A camera that turns to and fro, and light that changes."""
    scene = relief((96, 160), seed, 3) * 60 + relief((96, 160), seed + 1, 20) * 90 + 120
    pictures = []
    for k in range(frames):
        left = camera_step * (k % turns)
        picture = scene[:, left : left + 128] * (1 + flicker * np.sin(2 * k))
        pictures.append(picture + R(seed + k).normal(0, 0.5, picture.shape))
    return np.clip(np.rint(pictures), 0, 255).astype("u1")


def frozen(frames, shown, seed):
    """Frames of a camera, some of which were sent more than once."""
    pictures = np.stack([np.roll(relief((60, 64), seed), 2 * k, 1) for k in range(frames)])
    noisy = pictures * 60 + 100 + R(seed).normal(0, 2, pictures.shape)
    return noisy[np.sort(R(seed).integers(0, frames, shown))].astype("u1")


def chirp(length):
    """A wave that grows faster and larger, from two sides, and is over before the end."""
    x = np.linspace(0, 1, length)
    phase, size = 90 * x**2.5, (0.2 + x**3) * (x < 0.8) * 1e-21
    return np.stack([np.cos(phase) * size, np.sin(phase) * size])


def imputed(rows, columns, value, seed):
    """Decimals, some of which are one and the same value."""
    table = R(seed).normal(0, 1, (rows, columns)).round(3)
    table[R(seed + 1).random(table.shape) < 0.3] = value
    return table


def with_gaps(rows, columns, seed):
    table = R(seed).normal(0, 1, (rows, columns))
    table[R(seed + 1).random(table.shape) < 0.4] = np.nan
    return table


def clouded(side, channels, seed):
    """An embedding that a cloud covers here and there, but not in the middle."""
    hidden = np.stack([relief((side, side), seed + k, 3) for k in range(6)], -1)
    values = hidden @ R(seed).normal(0, 40, (6, channels)) + R(seed + 1).normal(0, 10, (side, side, channels))
    array = np.clip(values, -127, 127).astype("i1")
    cover = relief((side, side), seed + 9, 2)
    cover[side // 3 : -side // 3, side // 3 : -side // 3] = 0
    array[cover > 0.15] = -128
    return array


def records(count):
    lines = (b'{"id": %d, "value": %.3f, "ok": %s}\n' % (k, R(k).normal(), b"true" if k % 3 else b"no") for k in range(count))
    return np.frombuffer(b"".join(lines), "u1")


def tracts(count, length, seed):
    """Points along smooth paths, path after path."""
    steps = np.cumsum(R(seed).normal(0, 0.05, (count, length, 3)), 1) + 0.3
    return (R(seed + 1).random((count, 1, 3)) * 100 + np.cumsum(steps, 1)).reshape(-1, 3)


KINDS = {
    "cosines": lambda: (lambda e: e @ e.T)(unit_vectors(90, 24, 60)).astype("f4"),
    "distances": lambda: distances(R(61).random((80, 3))),
    "correlations": lambda: np.stack([np.corrcoef(R(k).normal(0, 1, (32, 40))) for k in range(6)]).astype("f4"),
    "adjacency": lambda: (lambda a: a | a.T)(np.triu(R(62).random((150, 150)) < 0.06, 1)).astype("u1"),
    "the same cluster": lambda: np.equal.outer(*[R(63).integers(0, 6, 200)] * 2).astype("u1"),
    "differences of all pairs": lambda: np.subtract.outer(*[R(64).normal(0, 1, 90).astype("f4")] * 2),
    "transform of real numbers": lambda: of_real(relief((48, 60), 65) * 30).astype("f4"),
    "power, shifted": lambda: np.fft.fftshift((of_real(relief((60, 64), 66)) ** 2).sum(-1)),
    "logarithmic axis": lambda: np.logspace(0, 4, 6000),
    "chirp, two phases": lambda: chirp(20000).astype("f4"),
    "table, gaps filled in": lambda: imputed(900, 20, 0.1234567, 81),
    "table with gaps": lambda: with_gaps(2000, 20, 83),
    "columns with scales": lambda: (
        (R(85).normal(0, 30, (700, 96)).round() * R(86).uniform(0.001, 0.002, 96).astype("f4")).astype("f4")
    ),
    "clouds": lambda: clouded(90, 64, 87),
    "records of text": lambda: records(700),
    "pulses of times": lambda: np.repeat(np.cumsum(np.full(30000, 1 / 150000)), R(88).integers(1, 4, 30000)) + 3e5,
    "coordinates, f4": lambda: coordinates(60, 90, 0).astype("f4"),
    "coordinates, f8": lambda: coordinates(60, 90, 2),
    "swath": lambda: swath(120, 90).astype("f4"),
    "enlarged picture": lambda: enlarged((relief((50, 50), 67) * 90 + 100).astype("u1"), 3),
    "stretched picture": lambda: stretched((relief((70, 80), 68) * 90 + 100).astype("u1"), 117, 131),
    "enlarged field": lambda: enlarged(relief((40, 40), 69).astype("f4"), 3),
    "tiles": lambda: np.tile((relief((40, 40), 70) * 90).astype("f4"), (3, 3)),
    "turned pictures": lambda: (lambda x: np.stack([x, x[::-1], x[:, ::-1]]))((relief((60, 60), 71) * 90).astype("i1")),
    "turning camera": lambda: video(30, 502, camera_step=2, turns=10),
    "flickering light": lambda: video(30, 503, flicker=0.1),
    "frozen frames": lambda: frozen(7, 20, 72),
    "copies of vectors": lambda: unit_vectors(200, 48, 73)[R(74).integers(0, 200, 330)].astype("f4"),
    "tracts": lambda: tracts(40, 60, 75).astype("f4"),
    "genotypes": lambda: genotypes(150, 1000, 56),
    "disk with data": lambda: disk(12, 192, -1024, 57),
    "surface": lambda: surface(151).astype("f4"),
    "prose": lambda: prose(50000, 58),
    "windows": lambda: windows(20000, 128, 16, 59),
    "time axis, f8": lambda: np.arange(4000) * 0.004 - 99.999,
    "time axis, f4 summed": lambda: np.cumsum(np.full(8000, 0.0105, "f4"), dtype="f4"),
    "seconds since 1970": lambda: 1_600_000_000 + np.arange(5000) * 300,
    "nanoseconds with jitter": lambda: np.arange(5000) * 10**9 + R(1).integers(-900, 900, 5000),
    "timestamps, some missing": lambda: np.delete(np.arange(6000), R(2).integers(0, 6000, 500)) * 60.0,
    "progression, u8": lambda: np.arange(9000, dtype="u8") * 12345 + 10**15,
    "sums of few increments": lambda: np.cumsum(R(3).choice([3, 5, 11], 9000)).astype("i4"),
    "sorted ids": lambda: np.sort(R(4).choice(10**7, 6000, replace=False)).astype("u4"),
    "permutation": lambda: R(5).permutation(8000).astype("i4"),
    "row starts": lambda: np.cumsum(R(6).poisson(12, 8000)).astype("i8"),
    "sparse columns": lambda: sparse_rows(700, 3000, 7).astype("i4"),
    "one-hot": lambda: np.eye(12, dtype="u1")[R(8).integers(0, 12, 2500)],
    "sparse counts": lambda: R(9).poisson(0.05, (250, 200)).astype("u2"),
    "categories": lambda: R(10).choice(9, 30000, p=np.r_[0.5, np.full(8, 0.0625)]).astype("i8"),
    "bit flags": lambda: (1 << R(11).integers(0, 14, 20000) % 5 * 3).astype("u2"),
    "quality flags": lambda: np.repeat(R(12).choice([0, 1, 2, 9], 300), R(12).integers(1, 200, 300)).astype("i1"),
    "mask": lambda: (relief((200, 200), 13) > 0.1).astype("u1"),
    "labels, Voronoi, u1": lambda: regions((150, 170), 90, 14).astype("u1"),
    "labels, Voronoi, u4": lambda: (regions((24, 40, 40), 150, 15) * 7919 + 5).astype("u4"),
    "labels, atlas": lambda: (atlas((24, 50, 40), 110, 16) * 3).astype("i2"),
    "labels, watershed": lambda: watershed((150, 140), 17).astype("i8"),
    "height with plateaus": lambda: np.maximum(relief((160, 150), 18) * 900, 100).round().astype("i2"),
    "height in steps": lambda: (relief((160, 150), 19) * 40).round().astype("f4") * 2.5,
    "field, f4": lambda: (relief((120, 130), 20, 12) * 30 + 280).astype("f4"),
    "field, f8": lambda: relief((100, 90), 21, 12) * 1e5,
    "field with holes": lambda: with_holes((relief((140, 120), 22) * 30).astype("f4"), 0.4, 23),
    "field of few bits": lambda: (relief((140, 120), 24) * 500).round().astype("f4") / 64,
    "heights without data": lambda: nodata((relief((100, 90), 46, 8) * 800 + 300).round().astype("i2"), -32768, 47),
    "track": lambda: track(1500, 48),
    "trades": lambda: trades(2500, 49).astype("i8"),
    "left neighbours, some": lambda: copies((90, 90), 0.6, 50).astype("i2"),
    "scale by channel, last": lambda: (
        (relief((40, 40, 1), 51) * 100 + R(52).normal(0, 3, (40, 40, 6))).round() * R(53).random(6)
    ).astype("f4"),
    "attention": lambda: (lambda e: e / e.sum(-1, keepdims=True))(np.exp(R(54).normal(0, 2, (3, 40, 40)))).astype("f4"),
    "neighbours of nodes": lambda: np.sort(np.arange(900)[:, None] + R(55).integers(-20, 20, (900, 6)), 1).astype("i4"),
    "mirrored field": lambda: mirrored(relief((60, 120), 25) * 7),
    "latitudes": lambda: np.repeat(np.linspace(-90, 90, 121, dtype="f4")[:, None], 90, 1),
    "longitudes": lambda: np.tile(np.linspace(-180, 180, 181), (60, 1)),
    "cell bounds": lambda: bounds(bent(70, 60)).astype("f4"),
    "cell bounds of a large grid": lambda: bounds(bent(261, 261)).astype("f4"),
    "cell bounds of a rough grid": lambda: bounds(bent(261, 261) + R(76).normal(0, 0.02, (261, 261))).astype("f4"),
    "drawings": lambda: drawings(416, 80).astype("u1"),
    "cell edges, 1-d": lambda: np.stack([np.arange(3000) * 0.1, np.arange(1, 3001) * 0.1], 1),
    "mesh": lambda: mesh(60).astype("i4"),
    "triangulation": lambda: triangulation(2500, 89).astype("i4"),
    "mesh points": lambda: np.stack(np.meshgrid(*[np.linspace(0, 1, 17)] * 3), -1).reshape(-1, 3),
    "radar sweep": lambda: echoes(26),
    "radar with fill value": lambda: np.where(echoes(27) > 0, echoes(27) * 0.5 - 32, -9999).astype("f4"),
    "sprites": lambda: sprites(60, 16, 28),
    "spectrum": lambda: spectrum(29).astype("u4"),
    "histograms": lambda: np.sort(R(30).poisson(3, (60, 128)), 1).astype("i4"),
    "standardised table": lambda: standardised(400, 60, 31),
    "log counts": lambda: np.log1p(R(32).poisson(0.8, 20000) * 1.7).astype("f4"),
    "scale by channel": lambda: (np.cumsum(R(33).integers(-9, 9, (32, 700)), 1) * R(33).random((32, 1))).astype("f4"),
    "quantised audio": lambda: (np.sin(np.arange(20000) / 25) * 9000 + R(34).normal(0, 60, 20000)).round().astype("i2"),
    "audio with silence": lambda: np.r_[np.zeros(9000), np.sin(np.arange(9000) / 7) * 300].astype("i2"),
    "chirp after zeros": lambda: np.r_[np.zeros(6000), np.sin(np.arange(6000.0) ** 1.5 / 900)].astype("f4"),
    "strings": lambda: text(500, 35),
    "date digits": lambda: np.frombuffer(b"".join(b"2021-%02d-%02dT%02d:00" % (1 + i // 700, 1 + i // 24 % 28, i % 24) for i in range(1500)), "u1").reshape(1500, -1),
    "pairs, symmetric": lambda: (lambda w: np.r_[w, R(36).permutation(w)])(R(36).random(2500)),
    "repeated records": lambda: np.tile(R(37).integers(0, 2**31, 700), 12).astype("i4"),
    "ramp image": lambda: (np.add.outer(np.arange(180) * 3, np.arange(150) * 2)).astype("u2"),
    "flat squares": lambda: np.kron(R(38).integers(0, 4000, (9, 9)), np.ones((20, 20))).astype("i2"),
    "left neighbours": lambda: np.repeat(R(39).integers(0, 3000, (150, 70)), 2, 1).astype("i2"),
    "checkerboard": lambda: (np.indices((180, 180)).sum(0) % 2 * 255).astype("u1"),
    "noise, u1": lambda: R(40).integers(0, 256, 30000).astype("u1"),
    "noise, f8": lambda: R(41).normal(0, 1, 5000),
    "half floats": lambda: (relief((130, 140), 42) * 3).astype("f2"),
    "shifting frames": lambda: np.stack([np.roll(R(43).integers(0, 256, (60, 80)), (k, 3 * k), (0, 1)) for k in range(8)]).astype("u1"),
    "prices": lambda: (np.cumsum(R(44).integers(-20, 21, 6000)) + 20000) / 100,
    "zeros": lambda: np.zeros((50, 60), "f4"),
    "big-endian counts": lambda: R(45).poisson(4, (100, 90)).astype(">i4"),
}
