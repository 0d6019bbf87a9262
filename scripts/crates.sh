# Sourced by scripts that build libraries from the sources which packages for Rust carry.

# zlib, zstd and libpng, which scripts/support/wheel_libraries builds.
small_crates=(libz-sys=1.1.33 zstd-sys=2.1.3 libpng-sys=1.1.11)

# fetch_crates FOLDER NAME=VERSION...: into FOLDER/vendor, by cargo, unless they are there. Cargo
# wants a package that needs the others.
fetch_crates() {
    local folder=$1 crate
    shift
    if [ "$(cat "$folder/fetched" 2>/dev/null)" = "$*" ]; then return; fi
    rm -rf "$folder/vendor" "$folder/Cargo.lock"
    mkdir -p "$folder/src"
    : >"$folder/src/lib.rs"
    {
        printf '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n'
        for crate in "$@"; do printf '%s = "=%s"\n' "${crate%%=*}" "${crate#*=}"; done
    } >"$folder/Cargo.toml"
    cargo vendor --quiet --manifest-path "$folder/Cargo.toml" "$folder/vendor" >/dev/null &&
        printf '%s\n' "$*" >"$folder/fetched"
}
