#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/run-append.sh [MS] - one rule more among 10,000, in force within MS
#
# What the command takes of the processor, in its own code and in the kernel, the
# best of seven: at most 150 ms.  From start to end it takes as long on a quiet
# machine; as other tests may be running, that is only shown.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)/xtables-bpf-multi
limit=${1:-150}

needs root "$bin"
alone "$@"
make_tmp
TIMEFORMAT='%R %U %S'
export XTABLES_LOCKFILE=$tmp/lock

# 10,000 rules in two chains, half of them for one port of one host.
awk 'BEGIN {
	srand(1)
	print "*filter"
	for (i = 0; i < 10000; i++)
		printf "-A %s -s 10.%d.%d.%d/%d -p %s --dport %d -j %s\n",
			i % 2 ? "INPUT" : "FORWARD", rand() * 256, rand() * 256,
			rand() * 256, rand() < .5 ? 32 : 24,
			rand() < .5 ? "tcp" : "udp", rand() * 65536,
			rand() < .5 ? "ACCEPT" : "DROP"
	print "COMMIT"
}' >"$tmp/rules"

# best NAME LIMIT ARGUMENT...: each time with one argument more, the address.
best() {
	local name=$1 most=$2 i wall ms least=999999 min=999999

	shift 2
	for i in 1 2 3 4 5 6 7; do
		{ time "$bin" iptables "$@" -s "192.0.2.$i" 2>"$tmp/err"; } \
			2>"$tmp/time" ||
			{ cat "$tmp/err"; echo "FAIL $name"; return 1; }
		read -r wall ms < <(awk '{ print int($1 * 1000 + .5),
			int(($2 + $3) * 1000 + .5) }' "$tmp/time")
		[ "$ms" -ge "$min" ] || min=$ms
		[ "$wall" -ge "$least" ] || least=$wall
	done
	if [ "$min" -le "$most" ]; then
		echo "PASS $name: $min ms, $least from start to end"
		return
	fi
	echo "FAIL $name: $min ms, not $most"
	return 1
}

"$bin" iptables-restore "$tmp/rules" || { echo "FAIL restore"; exit 1; }
best "-A into 10,000 rules" "$limit" -A INPUT -p tcp --dport 22 -j ACCEPT ||
	failed=1
best "-I into 10,000 rules" "$limit" -I FORWARD 2000 -j DROP || failed=1
best "-D out of 10,000 rules" "$limit" -D INPUT -p tcp --dport 22 -j ACCEPT ||
	failed=1
"$bin" xtbpf detach >/dev/null
exit $failed
