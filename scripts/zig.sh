# Sourced after lib.sh by scripts/wheels and scripts/test-macos: zig, from PyPI, as a compiler for other systems.

readonly zig_package=ziglang==0.17.1

# make_venv FOLDER PACKAGE...: an environment of Python with these, unless it is there.
make_venv() {
    local folder=$1
    shift
    if [ "$(cat "$folder/made" 2>/dev/null)" = "$*" ]; then return; fi
    python3 -m venv --clear "$folder" &&
        "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" &&
        echo "$*" >"$folder/made"
}

# write_program FILE COMMAND...: a program that runs the command with its own arguments.
write_program() {
    {
        echo '#!/bin/sh'
        # zig spells processors with an underscore.
        cat <<'END'
for argument; do
    shift
    case $argument in
    -march=x86-64*) argument=-march=x86_64${argument#-march=x86-64} ;;
    esac
    set -- "$@" "$argument"
done
END
        echo "exec ${*:2} \"\$@\""
    } >"$1.new"
    chmod +x "$1.new"
    mv "$1.new" "$1"
}

# write_compilers FOLDER PYTHON FLAG...: zig of this Python as the programs of a toolchain.
write_compilers() {
    local zig="'$2' -m ziglang"
    mkdir -p "$1"
    write_program "$1/cc" "$zig cc ${*:3}"
    write_program "$1/c++" "$zig c++ ${*:3}"
    write_program "$1/ar" "$zig ar"
    write_program "$1/ranlib" "$zig ranlib"
}

# Of a toolchain file for CMake: what write_compilers has written to FOLDER.
compiler_lines() {
    cat <<END
set(CMAKE_C_COMPILER $1/cc)
set(CMAKE_CXX_COMPILER $1/c++)
set(CMAKE_AR $1/ar)
set(CMAKE_RANLIB $1/ranlib)
END
}

# Of a toolchain file: libraries are those of PREFIX, programs those of this machine.
prefix_lines() {
    cat <<END
set(CMAKE_FIND_ROOT_PATH $1)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_\${kind} ONLY)
endforeach()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
END
}
