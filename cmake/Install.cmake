# What `cmake --install` installs: all that is built, and how programs find it by CMake and pkg-config.
# A Python wheel takes no more than the package needs.

if(SKBUILD)
  set(H5PRISM_LICENSES "" CACHE PATH "Licences of what is linked statically, for the wheel")
  if(H5PRISM_LICENSES)
    install(DIRECTORY ${H5PRISM_LICENSES}/ DESTINATION h5prism/licenses)
  endif()
  if(H5PRISM_PLUGIN)
    install(TARGETS h5prism_plugin LIBRARY DESTINATION h5prism/plugins RUNTIME DESTINATION h5prism/plugins)
  endif()
  if(H5PRISM_TOOLS)
    set(folder bin)
    if(WIN32 AND H5PRISM_SHARED_CODEC)
      set(folder plugins) # a program finds libraries beside itself
    endif()
    install(TARGETS h5prism RUNTIME DESTINATION h5prism/${folder})
  endif()
  return()
endif()

if(H5PRISM_PLUGIN)
  install(TARGETS h5prism_plugin LIBRARY DESTINATION ${H5PRISM_PLUGIN_DIR})
endif()
if(H5PRISM_TOOLS)
  install(TARGETS h5prism RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES docs/h5prism.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES tools/h5prism.bash RENAME h5prism
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()

include(CMakePackageConfigHelpers)
set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/prism)
set(REQUIRES_JXL "")
if(H5PRISM_JXL)
  set(REQUIRES_JXL ", libjxl >= 0.7")
endif()

install(FILES include/prism.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS prism EXPORT prism LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS prism_static EXPORT prism_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT prism NAMESPACE prism:: FILE prismTargets.cmake DESTINATION ${PACKAGE_DIR})
install(EXPORT prism_static NAMESPACE prism:: FILE prismStaticTargets.cmake
        DESTINATION ${PACKAGE_DIR})

configure_package_config_file(cmake/prismConfig.cmake.in prismConfig.cmake
                              INSTALL_DESTINATION ${PACKAGE_DIR})
write_basic_package_version_file(prismConfigVersion.cmake COMPATIBILITY SameMinorVersion)
# From lib/pkgconfig to the prefix: an installation that is moved is found all the same.
file(RELATIVE_PATH PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" /)
string(REGEX REPLACE "/$" "" PC_UP "${PC_UP}")
configure_file(cmake/prism.pc.in prism.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/prismConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/prismConfigVersion.cmake DESTINATION ${PACKAGE_DIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/prism.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
