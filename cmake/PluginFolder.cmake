# Where the plugin is installed: H5PRISM_PLUGIN_DIR, below the prefix. Without a choice, the folder
# in which HDF5 looks for plugins if HDF5_PLUGIN_PATH is not set, as far as HDF5's headers are here:
# below HDF5's own prefix, or below ours. A wheel has a folder of its own.

# hdf5_plugin_folder(RESULT): as H5pubconf.h has it, or empty.
function(hdf5_plugin_folder result)
  set(${result} "" PARENT_SCOPE)
  if(NOT PKG_CONFIG_FOUND)
    return()
  endif()
  pkg_check_modules(PLUGIN_HDF5 QUIET hdf5)
  find_file(H5PRISM_H5PUBCONF NAMES H5pubconf.h H5pubconf-64.h HINTS ${PLUGIN_HDF5_INCLUDE_DIRS})
  mark_as_advanced(H5PRISM_H5PUBCONF)
  if(H5PRISM_H5PUBCONF)
    file(STRINGS "${H5PRISM_H5PUBCONF}" line REGEX "define H5_DEFAULT_PLUGINDIR ")
    if(line MATCHES "\"(/[^\"]+)\"")
      set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

if(NOT H5PRISM_PLUGIN_DIR AND NOT SKBUILD)
  hdf5_plugin_folder(folder)
  set(H5PRISM_PLUGIN_DIR "${CMAKE_INSTALL_LIBDIR}/hdf5/plugin")
  foreach(prefix "${CMAKE_INSTALL_PREFIX}" /usr)
    string(FIND "${folder}" "${prefix}/lib" at)
    if(at EQUAL 0)
      string(LENGTH "${prefix}/" length)
      string(SUBSTRING "${folder}" ${length} -1 H5PRISM_PLUGIN_DIR)
      break()
    endif()
  endforeach()
endif()
set(H5PRISM_PLUGIN_DIR "${H5PRISM_PLUGIN_DIR}"
    CACHE STRING "Where the plugin is installed: what HDF5_PLUGIN_PATH is set to")
