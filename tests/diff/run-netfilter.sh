#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-netfilter.sh - ours in force at the netfilter hooks, against
# the kernel's iptables: all counters, with and without connection states
set -u
# shellcheck source=tests/diff/oracle.bash
. "$(dirname "$0")/oracle.bash"

compare_random --hook netfilter
compare_random --hook netfilter --stateful --seed $((seed + 2000))
compare --hook netfilter --packets "$long" "$examples/stateless-edge.rules"
compare --hook netfilter --packets "$packets" "$here/routes.rules"
compare --hook netfilter --packets "$long" --stateful "$here/states.rules"
for r in office-gateway ufw-like web-server; do
	compare --hook netfilter --packets "$long" --stateful \
		"$examples/$r.rules"
done
compare_large acl --hook netfilter
compare_large ranges --hook netfilter
compare -6 --hook netfilter --packets "$packets" "$here/headers.rules6"
exit $result
