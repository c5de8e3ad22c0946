#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/run-speed.sh - restore and save of 100,000 rules, as text alone
#
# What restore --test and save take of the processor, the best of five, against
# iptables-legacy: at most twice as much.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=${top_builddir:-.}
export XTABLES_LOCKFILE=/dev/null

needs root "$bin/xtables-bpf-multi" iptables-legacy-save
alone "$@"
make_tmp
TIMEFORMAT='%U %S'

# best COMMAND...: milliseconds of processor time.
best() {
	local i min=0 is

	for i in 1 2 3 4 5; do
		is=$( { time "$@" >"$tmp/out" 2>"$tmp/err"; } 2>&1 |
			awk '{ print int(($1 + $2) * 1000 + 0.5) }')
		[ "$i" != 1 ] && [ "$is" -ge "$min" ] || min=$is
	done
	echo "$min"
}

# compare NAME LEGACY OURS
compare() {
	local what="$1: $3 ms, iptables-legacy $2 ms"

	if [ "$3" -le $((2 * $2)) ]; then
		echo "PASS $what"
	else
		echo "FAIL $what"
		failed=1
	fi
}

awk 'BEGIN {
	print "*filter"
	for (i = 0; i < 100000; i++)
		printf "-A INPUT -s 10.%d.%d.%d/32 -p tcp -m tcp --dport %d -j ACCEPT\n",
			i / 65536, i / 256 % 256, i % 256, i % 60000 + 1
	print "COMMIT"
}' >"$tmp/rules"
compare "restore --test of 100,000 rules" \
	"$(best iptables-legacy-restore --test "$tmp/rules")" \
	"$(best "$bin/xtables-bpf-multi" iptables-restore --test "$tmp/rules")"
iptables-legacy-restore "$tmp/rules"
legacy=$(best iptables-legacy-save)
grep '^-A' "$tmp/out" | md5sum >"$tmp/a"
iptables-legacy -F
"$bin/xtables-bpf-multi" iptables-restore "$tmp/rules"
compare "save of 100,000 rules" "$legacy" \
	"$(best "$bin/xtables-bpf-multi" iptables-save)"
grep '^-A' "$tmp/out" | md5sum >"$tmp/b"
if cmp -s "$tmp/a" "$tmp/b"; then
	echo "PASS the text is the same"
else
	echo "FAIL the text is not the same"
	failed=1
fi
"$bin/xtables-bpf-multi" xtbpf detach
exit $failed
