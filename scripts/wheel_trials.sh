# Sourced by scripts/wheels: a wheel as users install it, in clean roots, under qemu and under wine.

. "$root/scripts/sysroot.sh"
. "$root/scripts/wine.sh"

readonly trial=$root/scripts/support/wheel_trial.py
# In which order modules are imported, one a line.
readonly orders='h5prism h5py
h5py h5prism
hdf5plugin h5py h5prism
h5prism h5py hdf5plugin'

# What a shell runs in an environment with the wheel, its programs in BIN.
trial_commands() {
    local order
    while read -r order; do echo "$1/python -W error $2 $order"; done <<<"$orders"
    echo "$1/h5prism --version"
    echo "$1/python -m h5prism inspect trial.h5"
    echo "$1/h5prism repack trial.h5 repacked.h5 effort=7 --force"
}

# make_root RELEASE FOLDER: Python and pip, nothing else.
make_root() {
    local mirror
    if [ -e "$2/made" ]; then return; fi
    mirror=$(mirror_of "$1")
    rm -rf "$2"
    as_root debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$1" "$2" \
        "$mirror" >"$2.log" 2>&1 || {
        tail -3 "$2.log"
        return 1
    }
    # What pip and the resolver of this machine know.
    cp -L /etc/resolv.conf "$2/etc/resolv.conf"
    cp -L /etc/pip.conf "$2/etc/pip.conf" 2>/dev/null || true
    cp -rL /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs/"
    touch "$2/made"
}

# try_in_root FOLDER WHEEL: in a new environment, by nothing but pip. Programs find their own folder
# by /proc, which goes with the namespace.
try_in_root() {
    cp "$2" "$trial" "$1/tmp/"
    as_root unshare --mount /bin/sh -ec 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$1" \
        /bin/sh -ec "
        unset PYTHONPATH HDF5_PLUGIN_PATH H5PRISM_LIBRARY
        python3 -m venv --clear /tmp/venv
        /tmp/venv/bin/pip install --quiet --only-binary :all: numpy h5py hdf5plugin \
            /tmp/$(basename "$2")
        cd /tmp
        $(trial_commands /tmp/venv/bin wheel_trial.py)"
}

try_here() {
    local release folder
    for release in bookworm trixie noble; do
        folder=$wheels/roots/$release
        mkdir -p "$wheels/roots"
        if ! command -v debootstrap >/dev/null || [ ! -e "/usr/share/debootstrap/scripts/$release" ]; then
            leave_out "$release" "there is no debootstrap for it"
        elif [ -z "$(mirror_of "$release")" ]; then
            leave_out "$release" "this machine's sources have no mirror of it"
        elif timed "$release: clean root" make_root "$release" "$folder"; then
            step "$release: wheel" try_in_root "$folder" "$1" || true
        else
            leave_out "$release" "debootstrap cannot make a root"
        fi
    done
    step "this machine: wheel" try_in_venv "$1" || true
}

try_in_venv() {
    local folder=$wheels/venv-trial
    python3 -m venv --clear "$folder" &&
        "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            numpy h5py hdf5plugin "$1" &&
        (
            cd "$folder"
            unset PYTHONPATH HDF5_PLUGIN_PATH H5PRISM_LIBRARY
            /bin/sh -ec "$(trial_commands bin "$trial")"
        )
}

# Debian's Python, numpy and h5py for the other architecture; the wheel is unpacked beside them.
try_under_qemu() {
    local system=$wheels/roots/$architecture unpacked=$folder/unpacked run
    run=(env -u H5PRISM_LIBRARY PYTHONHOME=/usr "PYTHONPATH=$unpacked" "qemu-$architecture" -L "$system")
    make_sysroot "$2" "$system" python3-minimal python3-h5py python3-numpy &&
        (
            cd "$folder"
            "${run[@]}" "$system"/usr/bin/python3.?? "$trial" h5py h5prism &&
                "${run[@]}" "$unpacked/h5prism/$tool" inspect trial.h5 &&
                "${run[@]}" "$unpacked/h5prism/$tool" repack trial.h5 repacked.h5 effort=7 --force
        )
}


# wine wants a pipe to write to.
run_in_wine() { "$wine" "$@" </dev/null 2>&1 | cat; }

try_under_wine() {
    local python=$wheels/windows-python order unpacked=$folder/unpacked
    export WINEPREFIX=$wheels/wine
    fetch_windows_python "$python" &&
        (
            cd "$folder"
            export PYTHONPATH="$(path_of "$unpacked");$(path_of "$python/packages")"
            unset H5PRISM_LIBRARY HDF5_PLUGIN_PATH
            for order in 'h5prism h5py' 'h5py h5prism'; do
                # shellcheck disable=SC2086 # the names are words
                run_in_wine "$python/python.exe" "$(path_of "$trial")" $order || exit 1
            done
            run_in_wine "$python/python.exe" -m h5prism --version &&
                run_in_wine "$unpacked/h5prism/$tool" repack trial.h5 repacked.h5 effort=7 --force &&
                run_in_wine "$unpacked/h5prism/$tool" inspect repacked.h5
        )
}

try_wheel() {
    if [ "$1" = win_amd64 ]; then
        if [ -x "$wine" ] && command -v mvn unzip >/dev/null; then
            step "$1: under wine" try_under_wine || true
        else
            leave_out "$1: under wine" "there is no wine64, mvn or unzip"
        fi
    elif [ "$1" = "$(uname -m)" ]; then
        try_here "$2"
    elif command -v "qemu-$1" >/dev/null; then
        step "$1: under qemu" try_under_qemu "$1" arm64 || true
    else
        leave_out "$1: under qemu" "there is no qemu-$1"
    fi
}
