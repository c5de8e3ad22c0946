#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-ipv6.sh - IPv6 against ip6tables
#
# What the other run-*.sh do for IPv4: the text, the model, the programs by test
# runs, ours in force at each hook, and faults that must be found.
set -u
# shellcheck source=tests/diff/oracle.bash
. "$(dirname "$0")/oracle.bash"

rulesets=$(((rulesets + 1) / 2))
compare -6 --hook save "$examples"/*.rules6
compare -6 --hook save --rulesets "$rulesets" --seed "$seed" --stateful
compare_random -6 --hook model
compare -6 --hook model --rulesets 1 --rules 3000 --packets "$packets"
compare -6 --hook model --packets "$long" "$examples/stateless-edge.rules6"
compare_random -6 --quick=walk --stateful
compare -6 --quick --packets "$packets" "$examples"/*.rules6
rulesets=$(((rulesets + 1) / 2))
compare_random -6 --quick --stateful
compare_random -6 --hook netfilter
compare_random -6 --hook netfilter --stateful --seed $((seed + 2000))
for r in office-gateway web-server; do
	compare -6 --hook netfilter --packets "$long" --stateful \
		"$examples/$r.rules6"
done
for hook in netfilter xdp tc; do
	compare -6 --hook $hook --packets "$long" \
		"$examples/stateless-edge.rules6"
done
for hook in xdp tc; do
	compare_random -6 --hook $hook
done
for f in $("$oracle" -6 --list-faults); do
	[ "$f" = state ] ||
		must_differ "$f" -6 --hook model --rulesets 6 --packets 8000
done
must_differ state -6 --quick=walk --rulesets 4 --stateful
for f in saddr1 daddr noproto negate count; do
	for hook in netfilter xdp tc; do
		must_differ $f -6 --hook $hook --packets 8000 \
			"$examples/stateless-edge.rules6"
	done
done
for f in state negate target; do
	must_differ $f -6 --hook netfilter --stateful --packets 8000 \
		"$examples/office-gateway.rules6"
done
exit $result
