# Sourced by scripts/test-machines and scripts/wheels: programs and libraries of another architecture,
# from Debian's packages, unpacked into a folder. Neither the system nor its list of packages changes,
# and no root is needed.

# foreign_apt ARCHITECTURE STATE COMMAND...: apt-get with a state of its own.
foreign_apt() {
    local architecture=$1 state=$2
    shift 2
    apt-get -q -y -o APT::Architecture="$architecture" -o APT::Architectures::="$architecture" \
        -o APT::Install-Recommends=false -o Acquire::Retries=2 -o Debug::NoLocking=1 \
        -o Dir::State="$state" -o Dir::State::status="$state/status" \
        -o Dir::State::Lists="$state/lists" -o Dir::Cache="$state" \
        -o Dir::Cache::Archives="$state/archives" "$@"
}

# Links to absolute names would lead out of the folder.
relative_links() {
    local link target
    find "$1" -type l -lname '/*' | while read -r link; do
        target=$(readlink "$link")
        ln -sfrn "$1$target" "$link"
    done
}

# make_sysroot ARCHITECTURE FOLDER PACKAGE...: does nothing if it is there. A change of the packages
# or of this file makes it anew.
make_sysroot() {
    local architecture=$1 folder=$2 state=$2-packages made package library
    shift 2
    made=$(cat "${BASH_SOURCE[0]}" - <<<"$*" | sha256sum)
    if [ "$(cat "$folder/made" 2>/dev/null)" = "$made" ]; then return; fi
    rm -rf "$folder" "$state"
    mkdir -p "$folder" "$state/lists/partial" "$state/archives/partial"
    : >"$state/status"
    # One of several lists may be out for a moment; what is needed may come all the same.
    foreign_apt "$architecture" "$state" update || say "apt-get update failed; trying nevertheless"
    foreign_apt "$architecture" "$state" --download-only install "$@" || return 1
    for package in "$state"/archives/*.deb; do
        dpkg-deb -x "$package" "$folder" || return 1
    done
    relative_links "$folder"
    # Debian chooses among several by links that its installer makes.
    for library in "$folder"/usr/lib/*/{blas,lapack}/lib{blas,lapack}.so.3; do
        if [ -e "$library" ]; then ln -sf "$library" -r -t "${library%/*/*}"; fi
    done
    rm -rf "$state"
    printf '%s\n' "$made" >"$folder/made"
}
