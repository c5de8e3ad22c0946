#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-early.sh - ours in force at xdp and tc, against the kernel's
# iptables: counters and what gets through, without connection states
set -u
# shellcheck source=tests/diff/oracle.bash
. "$(dirname "$0")/oracle.bash"

for hook in xdp tc; do
	compare_random --hook $hook
	compare --hook $hook --packets "$packets" "$here/routes.rules"
	compare --hook $hook --packets "$long" \
		"$examples/stateless-edge.rules"
done
compare_large fw --hook xdp
compare_large prefixes --hook tc
exit $result
