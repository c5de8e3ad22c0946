#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/validity.sh - what the kernel refuses, and what we refuse
#
# With an argument (-l) every chain of every table is tried for every rule.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=${top_builddir:-.}/tests/diff/validity
rules=$(dirname "$0")/validity.rules
export XTABLES_LOCKFILE=/dev/null
# Extensions lose some bytes when an error leads out of them, as in iptables.
export ASAN_OPTIONS=detect_leaks=0

needs root "$bin" iptables-legacy-restore ip6tables-legacy-restore
alone "$@"
unshare -n "$bin" 4 "$@" "$rules" || failed=1
unshare -n "$bin" 6 "$@" "$rules" || failed=1
exit $failed
