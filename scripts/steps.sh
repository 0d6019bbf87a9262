# Sourced after lib.sh by scripts that run steps which count like tests.

passed=0 failed=0 skipped=0

# step NAME COMMAND...: runs the command, prints its seconds, and counts what comes of it.
step() {
    if timed "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "$1: FAILED"
        return 1
    fi
}

# leave_out NAME REASON
leave_out() {
    say "$1: left out, $2"
    skipped=$((skipped + 1))
}

# The last line, and what to exit with.
finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
}
