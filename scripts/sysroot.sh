# Sourced by scripts/test-machines, scripts/wheels and scripts/test-windows: programs and libraries of another
# architecture, from Debian's packages, unpacked into a folder, and sources. Neither the system nor its list of packages changes,
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

# A release has its list of packages at the mirror of this machine, or none.
mirror_of() {
    local sources
    sources=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null || true)
    case $1 in
    noble) grep -oE 'https?://[^ ]*ubuntu[^ ]*' <<<"$sources" | head -1 ;;
    *) grep -oE 'https?://[^ ]*/debian/?( |$)' <<<"$sources" | head -1 ;;
    esac
}

# fetch_source PACKAGE FOLDER: what Debian's release here has, into FOLDER, without its patches.
fetch_source() {
    local state=$2-state release
    if [ -e "$2/made" ]; then return; fi
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    rm -rf "$2" "$state"
    mkdir -p "$2" "$state/lists/partial" "$state/archives/partial"
    : >"$state/status"
    echo "deb-src $(mirror_of "$release") $release main" >"$state/list"
    (
        cd "$state"
        options=(-o Dir::Etc::SourceList="$state/list" -o Dir::Etc::SourceParts=/dev/null)
        foreign_apt "$(dpkg --print-architecture)" "$state" "${options[@]}" update &&
            foreign_apt "$(dpkg --print-architecture)" "$state" "${options[@]}" source --download-only "$1"
    ) && tar -xf "$(ls "$state/$1"_*.orig.tar.* | grep -v '\.asc$')" --strip-components=1 -C "$2" &&
        touch "$2/made" && rm -rf "$state"
}
