#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-faults.sh - each fault put into our side must be found
set -u
# shellcheck source=tests/diff/oracle.bash
. "$(dirname "$0")/oracle.bash"

for f in $("$oracle" --list-faults); do
	case $f in
	state)
		must_differ "$f" --quick=walk --rulesets 4 --stateful
		must_differ "$f" --hook netfilter --stateful --packets 8000 \
			"$examples/office-gateway.rules"
		;;
	*)
		must_differ "$f" --hook model --rulesets 6 --packets 8000
		must_differ "$f" --hook netfilter --rulesets 6 --packets 8000
		;;
	esac
done
for hook in xdp tc; do
	for f in range swap negate mask count target; do
		must_differ $f --hook $hook --packets 8000 \
			"$examples/stateless-edge.rules"
	done
done
for f in negate target count; do
	must_differ $f --hook netfilter --stateful --packets 8000 \
		"$examples/web-server.rules"
done
exit $result
