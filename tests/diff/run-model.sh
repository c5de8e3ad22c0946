#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-model.sh - the front end and the model against the kernel
#
# What restore and save make of a ruleset is what iptables-legacy makes of it,
# and ir_eval() counts and judges each packet as the kernel does.
set -u
# shellcheck source=tests/diff/oracle.bash
. "$(dirname "$0")/oracle.bash"

compare --hook save "$examples"/*.rules
compare --hook save --rulesets "$rulesets" --seed "$seed"
compare --hook save --rulesets "$rulesets" --seed "$seed" --stateful
compare_random --hook model
compare --hook model --rulesets 1 --rules 3000 --packets "$packets"
compare --hook model --packets "$long" "$examples/stateless-edge.rules"
compare -6 --hook model --packets "$long" "$here/headers.rules6"
exit $result
