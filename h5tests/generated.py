"""Arrays made from integers alone, so that they are the same on every machine and numpy."""

import numpy as np


def hashed(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Uniform 16-bit values, uint32."""
    index = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(seed * 1000003 + 1)
    index = (index * np.uint64(0x9E3779B97F4A7C15)) ^ (index >> np.uint64(7))
    index = (index ^ (index >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return ((index >> np.uint64(40)) & np.uint64(0xFFFF)).astype(np.uint32).reshape(shape)


def smooth(field: np.ndarray, rounds: int) -> np.ndarray:
    """Repeated means of four neighbours, with wrapped edges."""
    for _ in range(rounds):
        field = (
            field + np.roll(field, 1, 0) + np.roll(field, 1, 1) + np.roll(field, (1, 1), (0, 1))
        ) // 4
    return field


def embedding(height: int, width: int, channels: int, dtype: str, seed: int = 1) -> np.ndarray:
    """Channels last: mixtures of eight hidden images of different smoothness, plus noise."""
    hidden = [
        smooth(hashed((height, width), seed + i).astype(np.int64), i // 2) - 32768 for i in range(8)
    ]
    mixing = hashed((channels, 8), seed + 100).astype(np.int64) - 32768
    noise = hashed((height, width, channels), seed + 200).astype(np.int64) - 32768
    values = sum(image[:, :, None] * mixing[:, i] for i, image in enumerate(hidden))
    values = (values >> 15) + (noise >> 6)
    info = np.iinfo(dtype)
    shift = 16 - info.bits + 2
    middle = 0 if info.min < 0 else (info.max + 1) // 2
    return np.clip((values >> shift) + middle, info.min, info.max).astype(dtype)


def stack(frames: int, height: int, width: int, seed: int = 1) -> np.ndarray:
    """Frames first: a smooth scene that drifts, with noise; uint8."""
    scene = smooth(hashed((height, width), seed).astype(np.int64), 6)
    scene = (scene - scene.min()) * 220 // (scene.max() - scene.min())
    noise = hashed((frames, height, width), seed + 1).astype(np.int64) >> 13
    return np.stack([np.roll(scene, f, 1) + noise[f] for f in range(frames)]).astype(np.uint8)


def scene(shape: tuple[int, int, int], dtype: str, seed: int = 1) -> np.ndarray:
    """A stack of frames over much of the range of the type, of which all values may come."""
    array = stack(*shape, seed=seed).astype(np.int64) - 110
    info = np.iinfo(dtype)
    middle = 0 if info.min < 0 else 1 << (info.bits - 1)
    steps = 1 << (info.bits - 8)
    fine = np.arange(array[0].size).reshape(shape[1:]) * 89 % steps
    return (array * steps + fine + middle).astype(dtype)


def runs(height: int, width: int, channels: int, seed: int = 1) -> np.ndarray:
    """Channels last: runs of twelve rows, each a little more than the one above; int8."""
    y, count = np.arange(height), -(-height // 12)
    hidden = smooth(hashed((6 * width, 2 * count), seed).astype(np.int64), 6) - 32768
    start, step = hidden.T.reshape(2, count, width, 6)
    values = 12 * start[y // 12] + step[y // 12] * (y % 12)[:, None, None]
    mixing = hashed((6, channels), seed + 1).astype(np.int64) - 32768
    return np.clip((values @ mixing) >> 26, -128, 127).astype(np.int8)


def picture(height: int, width: int) -> np.ndarray:
    """Rough and calm places; uint8."""
    rough = smooth(hashed((height, width), 5).astype(np.int64), 1) >> 9
    calm = smooth(hashed((height, width), 6).astype(np.int64), 12) >> 8
    where = smooth(hashed((height, width), 7).astype(np.int64), 60)
    return np.where(2 * where > where.min() + where.max(), rough, calm).astype(np.uint8)


def drawing(height: int, width: int) -> np.ndarray:
    """Four grey values in boxes and lines; uint8."""
    y, x = np.mgrid[:height, :width]
    picture = ((y // 8 + x // 8) % 2) * 80
    picture[(y % 24 < 2) | (x % 24 < 2)] = 236
    picture[height // 3 : height // 2, width // 4 : width // 2] = 20
    return picture.astype(np.uint8)


def regions(height: int, width: int, channels: int) -> np.ndarray:
    """Channels last: five regions, whose values are others in each channel; uint8."""
    fields = [smooth(hashed((height, width), 20 + i).astype(np.int64), 40) for i in range(5)]
    values = hashed((5, channels), 30) >> 8
    return values[np.argmax(fields, axis=0)].astype(np.uint8)


def displaced(height: int, width: int) -> np.ndarray:
    """Four channels last that show one texture, displaced by a row, a column, or both; uint8."""
    texture = (hashed((height, width), 3) >> 9).astype(np.uint8)
    return np.stack([np.roll(texture, (-(k // 2), -(k % 2)), (0, 1)) for k in range(4)], axis=-1)


def seasons(times: int, channels: int, height: int, width: int, seed: int = 1) -> np.ndarray:
    """(time, channel, y, x): mixtures of six hidden images that fade from time to time; int8."""
    hidden = np.stack(
        [smooth(hashed((height, width), seed + i).astype(np.int64), i) for i in range(6)]
    )
    fading = hashed((times, 6), seed + 50).astype(np.int64)
    mixing = hashed((channels, 6), seed + 60).astype(np.int64) - 32768
    noise = hashed((times, channels, height, width), seed + 70).astype(np.int64) - 32768
    images = (fading[:, :, None, None] * (hidden - 32768)) >> 16
    values = np.einsum("ci,tiyx->tcyx", mixing, images) + (noise << 9)
    return np.clip(values >> 23, -128, 127).astype(np.int8)


def time_series(times: int, bands: int, height: int, width: int, seed: int = 1) -> np.ndarray:
    """int16, times x bands x height x width: some fields, each with weights of its own in every band
    at every time, so that bands say much of bands and times of times, but not position by position
    of what is above in the picture."""
    fields = np.stack(
        [smooth(hashed((height, width), seed + i).astype(float), 6) for i in range(5)]
    )
    fields = (fields - fields.mean((1, 2), keepdims=True)) / fields.std((1, 2), keepdims=True)
    weights = (hashed((times, bands, 5), seed + 9) % 400).astype(float) - 100
    rough = hashed((times, bands, height, width), seed + 10) % 3
    return (np.einsum("tbi,iyx->tbyx", weights, fields) + rough).astype(np.int16)


def shells(
    layers: int, channels: int, height: int, width: int, rows: int, seed: int = 1
) -> np.ndarray:
    """(layer, channel, y, x, row): blocks of a field that each channel weighs anew; uint16."""
    field = smooth(hashed((layers * height, width * rows), seed).astype(np.int64), 3)
    field = field.reshape(layers, height, width, rows)
    other = smooth(hashed((layers * height, width * rows), seed + 1).astype(np.int64), 1)
    other = other.reshape(layers, height, width, rows)
    weights = hashed((2, channels), seed + 2).astype(np.int64)
    noise = hashed((layers, channels, height, width, rows), seed + 3).astype(np.int64) >> 9
    weights = weights[:, :, None, None, None, None]
    mixed = weights[0] * field + weights[1] * other
    return ((np.moveaxis(mixed, 0, 1) >> 18) + noise).astype(np.uint16)


def colours(images: int, height: int, width: int) -> np.ndarray:
    """(image, y, x, colour): grey pictures with a smooth tint and noise; uint8."""
    grey = np.stack([picture(height, width + images)[:, i : i + width] for i in range(images)])
    tint = [smooth(hashed((height, width), 40 + i).astype(np.int64), 10) >> 10 for i in range(3)]
    noise = hashed((images, height, width, 3), 9).astype(np.int64) >> 14
    return np.clip(grey[..., None] + np.stack(tint, -1) + noise, 0, 255).astype(np.uint8)


def microscopy(times: int, depths: int, channels: int, height: int, width: int) -> np.ndarray:
    """(time, depth, channel, y, x): each channel a scene that drifts and blurs; uint16."""
    noise = hashed((times, depths, channels, height, width), 3).astype(np.int64) >> 12
    scenes = [
        [smooth(hashed((height, width), 7 * c + z).astype(np.int64), 4 + z) for z in range(depths)]
        for c in range(channels)
    ]
    drifting = [
        [
            [np.roll(scenes[c][z], t, 1) * (3 + c) >> 5 for c in range(channels)]
            for z in range(depths)
        ]
        for t in range(times)
    ]
    return (np.array(drifting) + noise).astype(np.uint16)


def weather(times: int, levels: int, height: int, width: int) -> np.ndarray:
    """(time, level, y, x): smooth fields of levels that change from time to time; float32."""
    base = [smooth(hashed((height, width), 11 + i).astype(np.int64), 20) for i in range(levels)]
    north = 40 * np.arange(height)[:, None]
    fields = [
        [
            base[i]
            + 5000 * i
            + north
            + (smooth(hashed((height, width), 90 + 7 * t + i).astype(np.int64), 12) >> 3)
            for i in range(levels)
        ]
        for t in range(times)
    ]
    return np.array(fields).astype(np.float32) / np.float32(64)


def table(rows: int, columns: int) -> np.ndarray:
    """Rows of mixtures of five hidden values, plus noise; int16."""
    hidden = hashed((rows, 5), 3).astype(np.int64) - 32768
    mixing = hashed((5, columns), 4).astype(np.int64) - 32768
    noise = hashed((rows, columns), 5).astype(np.int64) >> 10
    return ((hidden @ mixing >> 22) + noise).astype(np.int16)
