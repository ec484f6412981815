#!/usr/bin/env bash
# What action.yml runs: install judgebench, compare or gate, build the site. What the caller gave comes in environment variables
# and stays data: nothing of it is ever part of a script, and no value can become an option of its own.
#
# It ends well whatever the verdict, so that tables and site are kept; `exit-status` says how the comparison ended, and
# action.yml's last step ends with it.
set -euo pipefail

action=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
files="$RUNNER_TEMP/judgebench"
workspace="${INPUT_WORKSPACE:-.}"
command="${INPUT_COMMAND:-compare}"
arguments=()

# The version that was asked for, or else that of this action's own checkout, at the versions it was tested with.
install() {
    local extras="${INPUT_EXTRAS:+[$INPUT_EXTRAS]}"
    echo "::group::Install judgebench"
    python -m venv "$RUNNER_TEMP/judgebench-venv"
    PATH="$RUNNER_TEMP/judgebench-venv/bin:$PATH"
    if [ -n "${INPUT_VERSION:-}" ]; then
        python -m pip install --quiet "judgebench$extras==$INPUT_VERSION"
    else
        python -m pip install --quiet --constraint "$action/constraints.txt" "$action$extras"
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

case "$command" in
compare | gate) ;;
*)
    echo "::error title=judgebench::the input command is compare or gate"
    output exit-status 2
    exit 0
    ;;
esac

cd "$GITHUB_WORKSPACE"
mkdir -p "$files"
if [ -n "${INPUT_VERSION:-}" ] || ! command -v judgebench >/dev/null; then install; fi

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

status=0
judgebench -C "$workspace" "$command" "${arguments[@]}" \
    --markdown="$files/$command.md" --junit="$files/junit.xml" --json="$files/$command.json" || status=$?
output exit-status "$status"
output files "$files"

if [ "${INPUT_SITE:-true}" = true ] && [ -e "$files/$command.json" ]; then
    if judgebench -C "$workspace" build-site; then
        output site "$workspace/webpage"
    else
        echo "::warning title=judgebench::the site could not be built; the verdict stands"
    fi
fi
