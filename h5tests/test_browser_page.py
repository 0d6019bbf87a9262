"""The page, in a headless Chromium.

What scripts/browser has built is tested; where it has not been run, or where a program is missing, tests
are skipped with the reason. scripts/test-browser builds first.
"""

import json
import re
import shutil
import time

import h5py
import numpy as np
import pytest
from browser_support import PAGE, WITH_JXL, Browser, Server, needs_build, programs
from generated import smooth, stack

import h5prism

needs_chromium = pytest.mark.skipif(not programs(), reason="there is no chromium with chromedriver")
pytestmark = [needs_build, needs_chromium]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(files):
    server = Server(PAGE, files)
    yield server
    server.close()


@pytest.fixture(scope="module")
def session():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def page(session, server):
    session.resize(1280, 800)
    session.go(f"{server.address}/index.html")
    yield session
    errors = [line for line in session.log() if "404" not in line and "readback" not in line]
    assert not errors


def write(path, **datasets):
    with h5py.File(path, "w") as file:
        for name, (array, chunks) in datasets.items():
            file.create_dataset(name, data=array, chunks=chunks, **h5prism.Prism(effort=2))
    return path


def open_and_wait(page, path):
    page.wait_drawn(page.open_file(path))


def choose(page, y, x):
    """By the mouse. Returns the values that the page says."""
    place = json.loads(page.run("return document.querySelector('#canvas').dataset.place"))
    box = page.run(
        "const b = document.querySelector('#canvas').getBoundingClientRect(); return [b.top, b.left]"
    )
    at = [
        (middle + 0.5 - start) * place[2] + edge for middle, start, edge in zip((y, x), place, box)
    ]
    move = {"type": "pointerMove", "duration": 0, "x": round(at[1]), "y": round(at[0])}
    press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
    pointer = {"type": "pointer", "id": "mouse", "actions": [move, *press]}
    page.post("/actions", actions=[pointer])
    return values_at(page, y, x)


def values_at(page, y, x):
    title = f"position {y}, {x}"
    page.wait(
        f"return document.querySelector('#pixel h2')?.textContent.toLowerCase() === '{title}'"
    )
    values = page.run("return document.querySelector('#pixel [data-values]').dataset.values")
    return np.array([float(value) for value in values.split(",")])


def colours_of(page, rows, columns):
    """RGBA of positions as they are on the canvas."""
    script = """
        const canvas = document.querySelector("#canvas"), context = canvas.getContext("2d");
        const [top, left, zoom] = JSON.parse(canvas.dataset.place), scale = devicePixelRatio * zoom;
        return arguments[0].map(([y, x]) => Array.from(context.getImageData(
            Math.floor((x + 0.5 - left) * scale), Math.floor((y + 0.5 - top) * scale), 1, 1).data));
    """
    grid = [(int(y), int(x)) for y in rows for x in columns]
    return np.array(page.run(script, grid)).reshape(len(rows), len(columns), 4)


def limits_of(values):
    """As colours.js has them: one percent of the values is beyond either end."""
    ordered = np.sort(values[np.isfinite(values)].astype("f8"), axis=None)
    at = int((ordered.size - 1) * 0.01)
    return ordered[at], ordered[ordered.size - 1 - at]


def greys_of(values):
    low, high = limits_of(values)
    return np.floor(np.clip((values - low) * (255 / (high - low)), 0, 255) + 0.5)


def legend(page, key):
    found = page.run(
        f"return [...document.querySelectorAll('#legend [data-{key}]')].map((e) => e.dataset.{key})"
    )
    return [float(value) for value in found]


def press(page, keys):
    before = page.drawn()
    page.type("#canvas", keys)
    page.wait_drawn(before)


def set_slider(page, selector, value):
    before = page.drawn()
    page.run(
        f"const e = document.querySelector('{selector}'); e.value = arguments[0];"
        "e.dispatchEvent(new Event('change'))",
        value,
    )
    page.wait_drawn(before)


def embeddings(height=64, width=60, channels=12):
    """Smooth fields, mixed."""
    rng = np.random.default_rng(5)
    fields = [smooth(rng.integers(0, 65536, (height, width)), 9) for _ in range(4)]
    mixed = np.stack(fields, -1).astype("f8") @ rng.normal(0, 1, (4, channels))
    return np.round((mixed - mixed.mean()) / mixed.std() * 30).clip(-128, 127).astype("i1")


def shares_of(array):
    """Of the variance, of the first three components."""
    values = np.linalg.eigvalsh(
        np.cov(array.reshape(-1, array.shape[-1]).T.astype("f8"), bias=True)
    )
    return (values / values.sum())[::-1][:3]


def is_like_numpy(page, array):
    """array[y, x, channel]: spectra, components, a band's colours, neighbours."""
    np.testing.assert_allclose(legend(page, "share"), shares_of(array), rtol=1e-6)
    for y, x in ((0, 0), (13, 41), (63, 59)):
        np.testing.assert_array_equal(choose(page, y, x), array[y, x])
    press(page, "b")
    set_slider(page, "#bands input", 7)
    rows, columns = np.arange(3, 64, 9), np.arange(2, 60, 8)
    greys = greys_of(array[..., 7])[np.ix_(rows, columns)]
    np.testing.assert_array_equal(colours_of(page, rows, columns)[..., 0], greys)
    choose(page, 20, 33)
    press(page, "n")
    page.wait("return document.querySelectorAll('#near button').length === 12")
    found = page.run(
        "return [...document.querySelectorAll('#near button')].map((e) => [e.dataset.y, e.dataset.x, e.dataset.distance])"
    )
    distances = np.sqrt(((array.astype("f8") - array[20, 33]) ** 2).sum(-1))
    expected = np.sort(distances, axis=None)[1:13]
    np.testing.assert_allclose([float(d) for *_, d in found], expected)
    np.testing.assert_allclose([distances[int(y), int(x)] for y, x, _ in found], expected)


def test_embeddings_channels_last(page, files):
    array = embeddings()
    open_and_wait(page, write(files / "last.h5", emb=(array, (32, 30, 12))))
    assert "64 × 60 × 12" in page.text("#facts") and "h5prism" in page.text("#facts")
    is_like_numpy(page, array)


def test_embeddings_channels_first(page, files):
    array = embeddings()
    first = np.ascontiguousarray(array.transpose(2, 0, 1))[None]
    open_and_wait(page, write(files / "first.h5", emb=(first, (1, 5, 64, 25))))
    is_like_numpy(page, array)


def test_stack(page, files):
    frames = stack(5, 40, 48)
    with h5py.File(files / "stack.h5", "w") as file:
        options = h5prism.Prism(transform="stack", axis=0)
        file.create_dataset("run/frames", data=frames, chunks=(5, 40, 48), **options)
    open_and_wait(page, files / "stack.h5")
    np.testing.assert_array_equal(choose(page, 7, 9), frames[:, 7, 9])
    for frame in (0, 3):
        set_slider(page, "#bands input", frame)
        greys = greys_of(frames[frame])[np.ix_([1, 30], [2, 40])]
        np.testing.assert_array_equal(colours_of(page, [1, 30], [2, 40])[..., 0], greys)


def test_axes_and_frames(page, files):
    array = (np.arange(3 * 5 * 20 * 30) * 7919 % 251).reshape(3, 20, 30, 5).astype("i2")
    open_and_wait(page, write(files / "series.h5", x=(array, (2, 20, 30, 5))))
    set_slider(page, "#frames input", 2)
    np.testing.assert_array_equal(choose(page, 3, 4), array[2, 3, 4])
    page.run("document.querySelector('#axes').open = true")
    before = page.drawn()
    page.run(
        "const e = document.querySelector('#axis-channels'); e.value = '0'; e.dispatchEvent(new Event('change'))"
    )
    page.wait_drawn(before)
    np.testing.assert_array_equal(choose(page, 3, 4), array[:, 3, 4, 0])


def test_floats_with_nan(page, files):
    array = np.round(embeddings().astype("f4") * 0.37, 2)
    array[10:20, 5:40] = np.nan
    array[30, 30, 4] = np.nan
    array[..., 11] = np.nan
    open_and_wait(page, write(files / "nan.h5", x=(array, (32, 60, 12))))
    known = np.delete(array, 11, -1).reshape(-1, 11)
    np.testing.assert_allclose(
        legend(page, "share"), shares_of(known[np.isfinite(known).all(-1)]), rtol=1e-6
    )
    for y, x in ((12, 8), (30, 30), (50, 50)):
        np.testing.assert_array_equal(choose(page, y, x), array[y, x])
    ground = page.run(
        "return getComputedStyle(document.querySelector('#canvas')).getPropertyValue('--check')"
    )
    expected = [int(ground.strip()[i : i + 2], 16) for i in (1, 3, 5)]
    assert colours_of(page, [15], [20])[0, 0, :3].tolist() == expected
    assert colours_of(page, [50], [40])[0, 0, :3].tolist() != expected


@pytest.mark.skipif(not WITH_JXL, reason="scripts/browser has left out libjxl")
def test_jpeg_xl(page, files, server):
    """The second module is loaded when a chunk needs it."""
    array = embeddings()
    with h5py.File(files / "jxl.h5", "w") as file:
        file.create_dataset("plain", data=array, chunks=(64, 60, 12), **h5prism.Prism(effort=2))
        options = h5prism.Prism(transform="channels", coder="jxl", effort=3)
        file.create_dataset("jxl", data=array[:, :50], chunks=(32, 50, 12), **options)
    server.asked.clear()
    open_and_wait(page, files / "jxl.h5")
    assert any("h5prism.wasm" in path for path in server.asked)
    assert not any("h5prism-jxl.wasm" in path for path in server.asked)
    before = page.drawn()
    page.click("#tree [data-path='/jxl']")
    page.wait_drawn(before)
    np.testing.assert_array_equal(choose(page, 40, 9), array[40, 9])
    assert any("h5prism-jxl.wasm" in path for path in server.asked)


def test_damage(page, files):
    array = embeddings()
    path = write(files / "damaged.h5", emb=(array, (32, 30, 12)))
    with h5py.File(path) as file:
        info = file["emb"].id.get_chunk_info_by_coord((32, 30, 0))
    with open(path, "r+b") as file:
        file.seek(info.byte_offset + info.size // 2)
        file.write(b"\xff\x00\xff\x00")
    open_and_wait(page, path)
    text = page.text("#damage")
    assert "Chunk (1, 1, 0) of /emb, elements [32–63, 30–59, 0–11], cannot be read: " in text
    assert "CRC-32" in text
    np.testing.assert_array_equal(choose(page, 5, 5), array[5, 5])
    place = json.loads(page.run("return document.querySelector('#canvas').dataset.place"))
    assert place[2] > 1
    press(page, "b")
    assert "Chunk (1, 1, 0)" in page.text("#damage")


def test_without_h5prism(page, files):
    array = embeddings()
    with h5py.File(files / "other.h5", "w") as file:
        file.create_dataset(
            "gzip", data=array, chunks=(32, 30, 12), compression="gzip", shuffle=True
        )
        file.create_dataset("plain", data=array.astype("f8"))
        file.create_dataset("lzf", data=array, compression="lzf")
    open_and_wait(page, files / "other.h5")
    np.testing.assert_array_equal(choose(page, 8, 9), array[8, 9])
    before = page.drawn()
    page.click("#tree [data-path='/gzip']")
    page.wait_drawn(before)
    np.testing.assert_array_equal(choose(page, 60, 9), array[60, 9])
    page.click("#tree [data-path='/lzf']")
    page.wait(
        "return document.querySelector('#notice').innerText.includes('compressed by lzf (filter 32000)')"
    )


def test_no_hdf5_file(page, files):
    (files / "words.h5").write_text("These are words.\n" * 99)
    page.open_file(files / "words.h5")
    page.wait(
        "return document.querySelector('#message p').innerText.includes('This is not an HDF5 file')"
    )


def test_addresses(page, files, server):
    array = embeddings(256, 256, 8)
    write(files / "far.h5", emb=(array, (64, 64, 8)))
    size, server.sent[:] = (files / "far.h5").stat().st_size, []
    page.type("#address", f"{server.address}/files/far.h5")
    page.click("#address-form button")
    page.wait_drawn(0)
    assert 0 < sum(server.sent) < 3 * size  # pages, and each chunk once
    np.testing.assert_array_equal(choose(page, 100, 200), array[100, 200])
    before = page.drawn()
    page.run(f"history.replaceState(null, '', '?file={server.address}/plain/far.h5')")
    page.post("/refresh")
    page.wait_drawn(0)
    np.testing.assert_array_equal(choose(page, 3, 2), array[3, 2])
    page.go(f"{server.address}/index.html?file=files/nothing.h5")
    page.wait(
        "return document.querySelector('#message p').innerText.includes('the server says 404')"
    )
    assert before > 0


def test_drop(page, files, server):
    array = embeddings()
    write(files / "drop.h5", emb=(array, (64, 60, 12)))
    page.run(
        "fetch(arguments[0]).then((answer) => answer.blob()).then((blob) => {"
        "  const moved = new DataTransfer();"
        "  moved.items.add(new File([blob], 'drop.h5'));"
        "  document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: moved, bubbles: true, cancelable: true }));"
        "})",
        f"{server.address}/plain/drop.h5",
    )
    page.wait_drawn(0)
    assert "drop.h5" in page.text("#file-name")
    np.testing.assert_array_equal(choose(page, 60, 50), array[60, 50])


def test_keyboard_and_narrow_screens(page, files):
    array = embeddings()
    path = write(files / "keys.h5", emb=(array, (64, 60, 12)))
    page.resize(500, 900)
    open_and_wait(page, path)
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    heights = page.run(
        "return ['#tree', '#canvas', '#panel'].map((id) => document.querySelector(id).getBoundingClientRect().height)"
    )
    assert all(height > 30 for height in heights)
    canvas = page.run(
        "const b = document.querySelector('#canvas').getBoundingClientRect(); return [b.width, b.height]"
    )
    assert canvas[0] > 400 and canvas[1] > 280
    right, down, shift = "\ue014", "\ue015", "\ue008"
    page.type("#canvas", right)
    np.testing.assert_array_equal(values_at(page, 32, 30), array[32, 30])
    page.type("#canvas", right + down)
    np.testing.assert_array_equal(values_at(page, 33, 31), array[33, 31])
    page.type("#canvas", shift + down)
    np.testing.assert_array_equal(values_at(page, 43, 31), array[43, 31])
    for key, mode in (("b", "band"), ("r", "rgb"), ("n", "near"), ("c", "components")):
        press(page, key)
        assert (
            page.run("return document.querySelector('.modes [aria-pressed=true]').dataset.mode")
            == mode
        )
    press(page, "b")
    press(page, "]")
    assert page.run("return document.querySelector('#bands input').value") == "1"
    zoom = [json.loads(page.run("return document.querySelector('#canvas').dataset.place"))[2]]
    press(page, "+")
    zoom.append(json.loads(page.run("return document.querySelector('#canvas').dataset.place"))[2])
    assert zoom[1] == pytest.approx(1.5 * zoom[0])
    page.type("body", "?")
    assert page.run("return document.querySelector('#help').open")


def test_sentences_are_whole_on_telephones(page, files):
    """Windows are no narrower than 500 here, what the page takes for the screen is."""
    size = {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True}
    page.post("/goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=size)
    try:
        open_and_wait(page, write(files / "telephone.h5", emb=(embeddings(), (64, 60, 12))))
        page.type("#canvas", "n")
        page.wait("return document.querySelector('#status').innerText.startsWith('Choose')")
        widths = page.run(
            "const s = document.querySelector('#status'), d = document.documentElement;"
            "return [s.scrollWidth, s.clientWidth, d.scrollWidth, innerWidth]"
        )
        assert widths[0] <= widths[1] and widths[2] <= widths[3] == 360
    finally:
        page.post("/goog/cdp/execute", cmd="Emulation.clearDeviceMetricsOverride", params={})


@pytest.fixture(scope="module")
def blocks(files):
    """67 MB in one chunk."""
    array = np.tile(embeddings(256, 256, 16), (8, 8, 1))
    with h5py.File(files / "blocks.h5", "w") as file:
        options = h5prism.Prism(effort=1, block=64)
        file.create_dataset("emb", data=array, chunks=array.shape, **options)
    return array


def test_blocks(page, files, blocks):
    """Of a large chunk in blocks, what is in view is decoded."""
    open_and_wait(page, files / "blocks.h5")
    decoded = re.search(r"([\d.]+) MB from", page.text("#status"))
    assert 1 < float(decoded[1]) < 50
    page.type("#canvas", "\ue014")
    np.testing.assert_array_equal(values_at(page, 1024, 1024), blocks[1024, 1024])


def test_blocks_by_address(page, files, server, blocks):
    """Of a large chunk in blocks, what is in view is asked for."""
    size, server.sent[:] = (files / "blocks.h5").stat().st_size, []
    page.type("#address", f"{server.address}/files/blocks.h5")
    page.click("#address-form button")
    page.wait_drawn(0)
    decoded, read = map(
        float, re.search(r"([\d.]+) MB from ([\d.]+) MB", page.text("#status")).groups()
    )
    part = decoded * 1e6 / blocks.nbytes
    assert read * 1e6 < 1.1 * part * size and sum(server.sent) < 1.5 * part * size < 0.9 * size
    page.type("#canvas", "\ue014")
    np.testing.assert_array_equal(values_at(page, 1024, 1024), blocks[1024, 1024])


def test_damaged_blocks(page, files, blocks):
    """One part is not drawn, and the page says which."""
    path = files / "damaged-blocks.h5"
    shutil.copy(files / "blocks.h5", path)
    with h5py.File(path) as file:
        info = file["emb"].id.get_chunk_info(0)
    with open(path, "r+b") as file:
        file.seek(info.byte_offset + info.size * 9 // 10)
        file.write(b"damage")
    open_and_wait(page, path)
    page.type("#canvas", "\ue014")
    np.testing.assert_array_equal(values_at(page, 1024, 1024), blocks[1024, 1024])
    press(page, "0")
    text = page.text("#damage")
    assert text.count("Chunk (0, 0, 0) of /emb, elements [") == 1 and "block" in text
    assert page.run("return document.querySelectorAll('#damage li').length") == 1


def write_large(path):
    """500 MB of elements: the same chunk again and again, written as it is."""
    chunk = embeddings(256, 256, 8)
    blob = h5prism.encode(chunk, effort=1)
    with h5py.File(path, "w") as file:
        data = file.create_dataset(
            "emb", (8192, 8192, 8), "i1", chunks=chunk.shape, **h5prism.Prism(effort=1)
        )
        for y in range(0, 8192, 256):
            for x in range(0, 8192, 256):
                data.id.write_direct_chunk((y, x, 0), blob)
    return chunk


def test_500_megabytes(page, files):
    chunk = write_large(files / "large.h5")
    start = time.monotonic()
    open_and_wait(page, files / "large.h5")
    print(f"drawn after {time.monotonic() - start:.1f} s: {page.text('#status')}")
    page.type("#canvas", "\ue014")
    np.testing.assert_array_equal(values_at(page, 4096, 4096), chunk[0, 0])
    page.type("#canvas", "0")  # all of it, which takes long
    time.sleep(3)
    for key in ("+", "\ue014", "-", "b", "+", "+", "+", "c"):
        page.type("#canvas", key)
        time.sleep(0.2)
    longest = max(page.run("return window.longTasks"), default=0)
    print(f"longest task {longest:.0f} ms, longest pause {page.run('return window.worst'):.0f} ms")
    assert longest < 200
