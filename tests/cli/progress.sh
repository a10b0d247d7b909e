#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What `holdfast scan` shows on a terminal while it runs, and that nothing of
# it goes anywhere else. The terminal is progress.py's, which has the tests.
set -eu

exec python3 "$(dirname "$0")/progress.py"
