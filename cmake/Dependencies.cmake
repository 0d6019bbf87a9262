# Finds what is linked, and says in one message all that is missing, with the packages that have it.
#
# Sets the targets ZLIB::ZLIB, PkgConfig::ZSTD, PkgConfig::JXL, PkgConfig::HDF5, PkgConfig::PNG, PkgConfig::TIFF,
# PkgConfig::CMOCKA and Threads::Threads, as far as the options ask for them.

set(MISSING "")
foreach(installer apt dnf brew conda)
  set(MISSING_${installer} "")
endforeach()

# need(FOUND NAME APT DNF BREW CONDA): NAME is missing, and these are its packages, unless FOUND.
macro(need found name apt dnf brew conda)
  if(NOT ${found})
    list(APPEND MISSING "${name}")
    list(APPEND MISSING_apt ${apt})
    list(APPEND MISSING_dnf ${dnf})
    list(APPEND MISSING_brew ${brew})
    list(APPEND MISSING_conda ${conda})
  endif()
endmacro()

# CMake would stop by itself where there is no compiler, before it has looked for anything else. Then
# it has no folders of libraries either, and zlib counts as missing.
include(CheckLanguage)
check_language(C)
need(CMAKE_C_COMPILER "a C compiler" build-essential gcc gcc c-compiler)
if(CMAKE_C_COMPILER)
  enable_language(C)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  find_package(ZLIB QUIET)
  foreach(target Threads::Threads ZLIB::ZLIB) # a project around this one links them, too
    if(TARGET ${target})
      set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
    endif()
  endforeach()
endif()

find_package(PkgConfig QUIET)
need(PKG_CONFIG_FOUND "pkg-config" pkg-config pkgconf-pkg-config pkgconf pkg-config)

# need_module(PREFIX MODULE NAME APT DNF BREW CONDA): by pkg-config.
macro(need_module prefix module)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL "${module}")
  endif()
  need(${prefix}_FOUND ${ARGN})
endmacro()

need(ZLIB_FOUND "zlib" zlib1g-dev zlib-devel zlib zlib)
need_module(ZSTD "libzstd>=1.4" "libzstd 1.4 or newer" libzstd-dev libzstd-devel zstd zstd)
if(H5PRISM_JXL)
  need_module(JXL "libjxl>=0.7" "libjxl 0.7 or newer (or -DH5PRISM_JXL=OFF)"
    libjxl-dev libjxl-devel jpeg-xl libjxl)
endif()
if(H5PRISM_TOOLS)
  need_module(HDF5 hdf5 "HDF5 (or -DH5PRISM_TOOLS=OFF)" libhdf5-dev hdf5-devel hdf5 hdf5)
  need_module(PNG libpng "libpng (or -DH5PRISM_TOOLS=OFF)" libpng-dev libpng-devel libpng libpng)
endif()
if(H5PRISM_TOOLS AND H5PRISM_TIFF)
  need_module(TIFF libtiff-4 "libtiff (or -DH5PRISM_TIFF=OFF)"
    libtiff-dev libtiff-devel libtiff libtiff)
endif()
if(H5PRISM_TOOLS AND H5PRISM_LZF)
  find_path(LZF_INCLUDE_DIR lzf.h PATH_SUFFIXES liblzf)
  find_library(LZF_LIBRARY lzf)
  if(LZF_INCLUDE_DIR AND LZF_LIBRARY)
    set(LZF_FOUND TRUE)
  endif()
  need(LZF_FOUND "liblzf (or -DH5PRISM_LZF=OFF)" liblzf-dev liblzf-devel liblzf liblzf)
endif()
if(H5PRISM_TESTS)
  need_module(CMOCKA cmocka "cmocka (or -DH5PRISM_TESTS=OFF)"
    libcmocka-dev libcmocka-devel cmocka cmocka)
endif()

if(MISSING)
  foreach(installer apt dnf brew conda)
    list(JOIN MISSING_${installer} " " MISSING_${installer})
  endforeach()
  list(JOIN MISSING "\n    " MISSING)
  message(FATAL_ERROR "h5prism is built with these, which are missing here:\n    ${MISSING}\n"
    "  Debian, Ubuntu:  apt-get install ${MISSING_apt}\n"
    "  Fedora:          dnf install ${MISSING_dnf}\n"
    "  Homebrew:        brew install ${MISSING_brew}\n"
    "  conda:           conda install -c conda-forge ${MISSING_conda}\n"
    "  With pip, options of CMake are written -C cmake.define.H5PRISM_JXL=OFF.\n")
endif()
