"""What scripts/wheels runs with an installed wheel and nothing else of the project: modules are imported
in the order of the arguments; then a file is written and read with h5py, by each coder and within a
bound, and by hdf5plugin if that is among the modules; without coder jxl after --no-jxl. Leaves trial.h5 in the working directory.
"""

import sys

NAMES = [name for name in sys.argv[1:] if name != "--no-jxl"]
for name in NAMES:
    __import__(name)

import h5py  # noqa: E402
import numpy as np  # noqa: E402

import h5prism  # noqa: E402

MODULES = [name for name in NAMES if name != "h5prism"]
CODERS = ["auto", "ans", "zstd", "deflate"] + ["jxl"] * ("--no-jxl" not in sys.argv)
BOUND = 0.01

y, x, c = np.ogrid[:48, :40, :12]
data = (3 * y + x * x // 20 + 9 * c).astype(np.uint8)
floats = data / 7 + np.sin(x * y)

with h5py.File("trial.h5", "w") as file:
    for coder in CODERS:
        file.create_dataset(coder, data=data, chunks=data.shape, **h5prism.Prism(coder=coder))
    file.create_dataset("bound", data=floats, chunks=data.shape, **h5prism.Prism(rel_rmse=BOUND))
    if "hdf5plugin" in MODULES:
        options = sys.modules["hdf5plugin"].Zstd()
        file.create_dataset("zstandard", data=data, chunks=data.shape, **options)

with h5py.File("trial.h5") as file:
    for name, dataset in file.items():
        found = dataset[()]
        if name == "bound":
            assert np.sqrt(np.mean((found - floats) ** 2) / np.mean(floats**2)) <= BOUND
        else:
            assert (found == data).all(), name
        assert dataset.id.get_storage_size() < dataset.size * dataset.dtype.itemsize / 3, name
    assert (h5prism.read(file["auto"], np.s_[3:9], threads=2) == data[3:9]).all()
assert (h5prism.decode(h5prism.encode(data, effort=9)) == data).all()

versions = [getattr(sys.modules[name], "__version__", "") for name in NAMES]
installed = ", ".join(f"{name} {version}" for name, version in zip(NAMES, versions))
print(f"Python {sys.version.split()[0]}, {installed}, HDF5 {h5py.version.hdf5_version}: passed")
