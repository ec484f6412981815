#!/usr/bin/env bash
# action.yml's last step: ends as the command did and, where that is a failure, says why, since this is the step that
# fails. The line that run.sh left is one for the runner, made and escaped by what failed.
set -euo pipefail

if [ "$STATUS" != 0 ]; then cat "$RUNNER_TEMP/judgebench-why"; fi
exit "$STATUS"
