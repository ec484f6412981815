#!/usr/bin/env bash
# What action.yml runs: install judgebench, compare or gate, build the site. What the caller gave comes in environment variables
# and stays data: nothing of it is ever part of a script, and no value can become an option of its own.
#
# It ends well whatever the verdict, so that tables and site are kept; `exit-status` says how the comparison ended, and
# action.yml's last step ends with it, and with the line for the runner that says why.
set -euo pipefail

action=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
files="$RUNNER_TEMP/judgebench"
workspace="${INPUT_WORKSPACE:-.}"
command="${INPUT_COMMAND:-compare}"
summary="${GITHUB_STEP_SUMMARY:-/dev/null}"
arguments=()
why=

# The version that was asked for, or else that of this action's own checkout, at the versions it was tested with.
install() {
    local extras="${INPUT_EXTRAS:+[$INPUT_EXTRAS]}"
    echo "::group::Install judgebench"
    python -m venv "$RUNNER_TEMP/judgebench-venv" || return
    PATH="$RUNNER_TEMP/judgebench-venv/bin:$PATH"
    if [ -n "${INPUT_VERSION:-}" ]; then
        python -m pip install --quiet "judgebench$extras==$INPUT_VERSION" || return
    else
        python -m pip install --quiet --constraint "$action/constraints.txt" "$action$extras" || return
    fi
    echo "::endgroup::"
}

# option NAME VALUE: nothing where the input is empty, so that judgebench.toml or the default holds.
option() {
    if [ -n "$2" ]; then arguments+=("--$1=$2"); fi
}

# output NAME VALUE: one line, which no line break in a value can make two of.
output() {
    printf '%s=%s\n' "$1" "${2//[$'\r\n']/ }" >>"$GITHUB_OUTPUT"
}

# failed TEXT: why there is no verdict, in words of ours; for the job's summary and the pull request's comment.
failed() {
    printf '## \xe2\x9d\x8c judgebench: failed\n\n%s\n' "$1" | tee "$files/failed.md" >>"$summary"
    why="::error title=judgebench::$1"
}

# end STATUS: what the steps behind this one need to know; text that others wrote is no output.
end() {
    output exit-status "$1"
    output files "$files"
    printf '%s\n' "$why" >"$RUNNER_TEMP/judgebench-why"
}

# give_up STATUS TEXT: end before there is anything to compare.
give_up() {
    failed "$2"
    echo "$why"
    end "$1"
    exit 0
}

rm -rf "$files" # of another use in this job
mkdir -p "$files"
case "$command" in
compare | gate) ;;
*) give_up 2 "the input command is compare or gate" ;;
esac

cd "$GITHUB_WORKSPACE"
if [ -n "${INPUT_VERSION:-}" ] || ! command -v judgebench >/dev/null; then
    install || give_up 1 "judgebench could not be installed: this step's log says why"
fi

option baseline "${INPUT_BASELINE:-}"
option candidate "${INPUT_CANDIDATE:-}"
option questions "${INPUT_QUESTIONS:-}"
option judge "${INPUT_JUDGE:-}"
option margin "${INPUT_MARGIN:-}"
option max-cost "${INPUT_MAX_COST:-}"
option inconclusive "${INPUT_INCONCLUSIVE:-}"
while IFS= read -r argument; do
    if [ -n "$argument" ]; then arguments+=("$argument"); fi
done <<<"${INPUT_ARGUMENTS:-}"

# What it says on stderr is kept beside the log, since the lines for the runner are among it.
said="$RUNNER_TEMP/judgebench-said"
status=0
{
    judgebench -C "$workspace" "$command" "${arguments[@]}" --markdown="$files/$command.md" \
        --junit="$files/junit.xml" --json="$files/$command.json" 2>&1 1>&3 | tee "$said" >&2 || status=${PIPESTATUS[0]}
} 3>&1
case "$status" in
1 | 2) which=(tail -n 1) ;; # after whatever else it said
*) which=(head -n 1) ;;     # the verdict, and then what it rests on
esac
why=$(sed -n 's/^::[a-z]* \(title=judgebench\)/::error \1/p' "$said" | "${which[@]}")
if [ ! -e "$files/$command.md" ] && [ -s "$summary" ]; then cp "$summary" "$files/failed.md"; fi
if [ "$status" != 0 ] && [ -z "$why" ]; then
    failed "judgebench $command ended with exit status $status, and the log of its step says why"
fi
end "$status"

if [ "${INPUT_SITE:-true}" = true ] && [ -e "$files/$command.json" ]; then
    if judgebench -C "$workspace" build-site; then
        output site "$workspace/webpage"
    else
        echo "::warning title=judgebench::the site could not be built; the verdict stands"
    fi
fi
