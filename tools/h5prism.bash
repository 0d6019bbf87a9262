# Completion of h5prism's arguments in bash.

_h5prism() {
    local word=$2 before=$3 command=${COMP_WORDS[1]} choices
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        choices="bench collect export extract group import inspect options preview references repack unpack --help --version"
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
        return
    fi
    case $before in
    --dataset) # the paths in the file that stands before it
        choices=$(h5ls -r "${COMP_WORDS[2]}" 2>/dev/null | sed -n 's/ *Dataset {.*//p')
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
        return
        ;;
    -j | --frames | --effort | --sample | --storage | --axis | --chunk | --size | --zoom | --tile | --reduce | --level) return ;;
    esac
    case $before in
    --filter) choices="gzip none" ;;
    --format) choices="png tiff" ;;
    *) choices='' ;;
    esac
    if [ "$choices" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
        return
    fi
    case $command in
    bench) choices="--dataset --sample --axis --storage --lossy --json --help" ;;
    collect) choices="--dataset --group --frames -j --no-check --force --help effort=" ;;
    extract) choices="--dataset --format --colour --no-check --help" ;;
    export) choices="--dataset --chunk --planes --colour --axis --effort --force --help" ;;
    import) choices="--dataset --signed --axis --options --force --help" ;;
    preview)
        choices="--dataset --channels --pca --axis --frame --sheet --weights --stretch --size --reduce --zoom"
        choices+=" --map --tile --options --bare --force --help"
        ;;
    group) choices="--dataset --frames --effort --no-check --force --help" ;;
    inspect) choices="--dataset --chunks --planes --check --json --help" ;;
    options) choices="--json --help transform= predictor= coder= effort= axis= block= checksum= verify= max_error= rel_max_error= rel_rmse= of= distance=" ;;
    references) choices="--output --dataset --url --zarr-format --force --help" ;;
    repack) choices="--dataset --chunks -j --lossy --always --verify --skip-bad --no-check --force --help effort= transform= predictor= coder= block= max_error= rel_max_error= rel_rmse= of= distance=" ;;
    unpack) choices="--dataset --filter --level -j --no-check --force --help" ;;
    *) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    case ${COMPREPLY[0]-} in
    *=) compopt -o nospace ;;
    '') compopt -o default ;;
    esac
}

complete -F _h5prism h5prism
