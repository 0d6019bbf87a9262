# Shared by the scripts of this folder, which source it. Sets:
#   root    the source tree, also where `scripts` is a link to it
#   build   the build directory: H5PRISM_BUILD, or `build` in the source tree

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m "${H5PRISM_BUILD:-$root/build}")

say() { printf '== %s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Sets `spent` to the processor's seconds of every program that this script has waited for.
measure_spent() {
    local file
    file=$(mktemp)
    times >"$file"
    spent=$(tr ',ms' '.  ' <"$file" | awk 'NR == 2 { printf "%.0f", $1 * 60 + $2 + $3 * 60 + $4 }')
    rm -f "$file"
}

# timed NAME COMMAND...: runs the command and says how long it took, and how much of the processors.
timed() {
    local name=$1 start=$SECONDS before status=0
    shift
    say "$name"
    measure_spent
    before=$spent
    "$@" || status=$?
    measure_spent
    say "$name: $((SECONDS - start)) s, processors $((spent - before)) s"
    return "$status"
}

# find_python MODULE...: prints the first Python that has all modules. The python3 on PATH is often
# another build (pyenv, conda) without the distribution's packages, so /usr/bin comes before it.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} /usr/bin/python3 python3; do
        if "$candidate" - "$@" >/dev/null 2>&1 <<'EOF'
import sys
from importlib.util import find_spec
sys.exit(not all(map(find_spec, sys.argv[1:])))
EOF
        then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "no Python has $*: run scripts/setup (tried \$PYTHON, /usr/bin/python3, python3)"
}

# What a program needs to find this tree's plugin, Python package and helpers.
export_paths() {
    export H5PRISM_BUILD=$build
    export H5PRISM_LIBRARY=$build/plugins/libh5prism.so
    export HDF5_PLUGIN_PATH=$build/plugins
    export PYTHONPATH=$root/python:$root/scripts${PYTHONPATH:+:$PYTHONPATH}
}

# Prints those of the packages that are not installed.
missing_of() {
    local package
    for package in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ii*) ;;
        *) printf '%s\n' "$package" ;;
        esac
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo: $*"
    fi
}

# A package index or a mirror that is out for a moment should not end the setup.
apt() {
    local command=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y
        -o Acquire::Retries=2 -o DPkg::Lock::Timeout=300 "$@")
    "${command[@]}" || {
        say "apt-get $1 failed, trying once more"
        sleep 5
        "${command[@]}"
    }
}
