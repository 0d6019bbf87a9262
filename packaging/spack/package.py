"""Recipe for Spack: the library, the HDF5 plugin, the tool and the Python package of h5prism."""

from spack.package import *


class H5prism(CMakePackage):
    """HDF5 compression filter for arrays whose planes resemble each other: embeddings on a grid,
    hyperspectral cubes, feature maps and stacks of images."""

    # `url` and `git` are those of the place where releases are published.
    url = "file:///h5prism-0.1.0.tar.gz"

    license("MIT", checked_by="h5prism")

    # The checksum is that of the archive of a release.
    version("0.1.0")

    variant("jxl", default=True, description="Coder jxl, by libjxl")
    variant("tools", default=True, description="The command-line tool")
    variant("python", default=False, description="The Python package")

    depends_on("c", type="build")
    depends_on("cmake@3.18:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("zlib-api")
    depends_on("zstd@1.4:")
    depends_on("libjxl@0.7:", when="+jxl")
    depends_on("hdf5@1.10:", when="+tools")
    depends_on("libpng", when="+tools")
    depends_on("libtiff", when="+tools")
    depends_on("liblzf", when="+tools")

    extends("python@3.9:", when="+python")
    depends_on("py-numpy@1.22:", type=("build", "run"), when="+python")
    depends_on("py-h5py@3:", type="run", when="+python")

    def cmake_args(self):
        return [
            self.define_from_variant("H5PRISM_JXL", "jxl"),
            self.define_from_variant("H5PRISM_TOOLS", "tools"),
            self.define("H5PRISM_TESTS", False),
            self.define("H5PRISM_PLUGIN_DIR", "lib/hdf5/plugin"),
        ]

    @run_after("install", when="+python")
    def install_python(self):
        """The package finds the plugin in its folder `plugins`."""
        package = join_path(python_platlib, "h5prism")
        install_tree("python/h5prism", package)
        with working_dir(package):
            with open("_version.py", "w") as file:
                file.write(f'__version__ = "{self.version}"\n')
            mkdirp("plugins")
            symlink(
                join_path(self.prefix.lib, "hdf5", "plugin", "libh5prism.so"),
                join_path("plugins", "libh5prism.so"),
            )

    def setup_run_environment(self, env):
        env.prepend_path("HDF5_PLUGIN_PATH", join_path(self.prefix.lib, "hdf5", "plugin"))
