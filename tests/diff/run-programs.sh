#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-programs.sh - classifiers and programs against the model
#
# The classifier walked in C, and the programs of all three types by
# BPF_PROG_TEST_RUN; nothing is attached.
set -u
# shellcheck source=tests/diff/oracle.bash
. "$(dirname "$0")/oracle.bash"

compare_random --quick=walk --stateful
compare --quick=walk --rulesets 1 --rules 10000 --packets "$long" --stateful
rulesets=$(((rulesets + 1) / 2))
compare_random --quick
compare_random --quick --stateful --seed $((seed + 1000))
compare --quick --rulesets 1 --rules 3000 --packets "$packets" --stateful
compare --quick --packets "$packets" "$examples"/*.rules
for kind in acl fw ipc wild prefixes ranges; do
	compare_large "$kind" --quick
done
# Ways to group rules that are there to be measured must be exact as well.
study=${oracle%/diff/oracle}/bench/study
if "$study" acl:2000 fw:2000 ipc:2000 >/dev/null; then
	echo "PASS the structures of doc/classifier.md find the same rules"
else
	echo "FAIL the structures of doc/classifier.md find other rules"
	result=1
fi
exit $result
