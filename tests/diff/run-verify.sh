#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-verify.sh - --verify of restore and check
#
# What is right is put in force, also when it was changed a little; where one
# test run comes out wrong (liar.c) it is refused, and the old ruleset stays.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
build=${top_builddir:-.}
src=${top_srcdir:-${srcdir:-.}}
multi=$build/xtables-bpf-multi
restore=$build/iptables-bpf-restore
save=$build/iptables-bpf-save
xtbpf=$build/xtbpf

needs root
for f in "$restore" "$save" "$xtbpf"; do
	[ -x "$f" ] && continue
	echo "FAIL ${0##*/}: $f is not built"
	exit 1
done
alone "$@"
make_tmp

says() { grep -Eq "$1" "$tmp/out"; }

# check_file FILE [OPTION]: all its rules, through every hook that can judge it.
check_file() {
	local hook

	for hook in netfilter xdp tc; do
		[ "$hook" = netfilter ] || ! grep -Eq -- '-m (state|conntrack)' "$1" || continue
		ok "${1##*/} at $hook" "$xtbpf" check ${2:+"$2"} --verify \
			--attach "$hook" "$1"
		says 'verified: .* 0 differences$' || {
			echo "FAIL ${1##*/} at $hook: does not say so"
			failed=1
		}
	done
}

# rules N: so many, most of them with a witness.
rules() {
	local i

	printf '*filter\n:INPUT DROP [0:0]\n'
	for ((i = 0; i < $1; i++)); do
		printf -- '-A INPUT -s 10.%d.%d.0/24 -p tcp --dport %d -j ACCEPT\n' \
			$((i % 199)) $((i % 251)) $((i % 1000 + 1))
	done
	printf 'COMMIT\n'
}

# shellcheck disable=SC2317
refuses() {
	LD_PRELOAD=$tmp/liar.so LIAR=$1 "${3:-$restore}" --verify "$2"
	[ $? = 1 ]
}

# shellcheck disable=SC2317
unchanged() { "$save" | grep -v '^#' | cmp - "$tmp/before"; }

for f in "$src"/examples/*.rules; do
	check_file "$f"
done
for f in "$src"/examples/*.rules6; do
	check_file "$f" -6
	n=$(grep -c '^-A' "$f")
	says "verified: $n rules, $n with a witness," || {
		echo "FAIL ${f##*/}: a rule has no witness"
		failed=1
	}
done
ok "packets too long for a test run are counted" "$xtbpf" --json check \
	--verify "$src/examples/office-gateway.rules"
says '"walked": ?[1-9]' || {
	echo "FAIL packets too long for a test run: how many is not said"
	failed=1
}
"$xtbpf" bench --gen ipc --rules 10000 --print >"$tmp/large"
check_file "$tmp/large"
rules 2000 >"$tmp/many"
ok "restore" "$restore" --verify "$tmp/many"
says '^verified: 2000 rules, .* 0 differences$' || failed=1
printf '*filter\n-I INPUT 700 -s 10.1.1.1 -j DROP\n-D INPUT 10\nCOMMIT\n' \
	>"$tmp/change"
ok "restore -n, a change" "$restore" -n --verify "$tmp/change"
says '^verified: 2000 rules' || failed=1

"$save" | grep -v '^#' >"$tmp/before"
ok "restore -t" "$restore" -t --verify "$src/examples/web-server.rules"
says '^verified: 40 rules' || failed=1
ok "... puts nothing in force" unchanged
if ${CC:-cc} -shared -fPIC -o "$tmp/liar.so" "$src/tests/diff/liar.c" -ldl &&
   ! ldd "$multi" | grep -q libasan; then
	for n in 1 2 77; do
		ok "a wrong verdict, number $n, is refused" \
			refuses "$n" "$src/examples/web-server.rules"
		says 'rule [0-9]+ of chain|policy of chain' || {
			echo "FAIL number $n: the rule is not named"
			failed=1
		}
		ok "... and the old ruleset stays" unchanged
	done
	ok "a wrong verdict on IPv6 is refused" refuses 77 \
		"$src/examples/web-server.rules6" "$build/ip6tables-bpf-restore"
	ok "the same without a wrong one is taken" "$restore" --verify \
		"$src/examples/web-server.rules"
else
	echo "SKIP wrong verdicts: cannot preload anything here"
fi
"$xtbpf" detach
exit $failed
