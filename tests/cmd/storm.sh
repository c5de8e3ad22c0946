#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/storm.sh - many callers at once: nothing lost, nothing mixed
#
# Ten restores with -w of different rulesets, while others read: what is read is
# always one of them, whole.  Then four callers that add and delete single rules,
# beside one of IPv6, one of another table and one that reads, while packets are
# counted.  With -l ten times as many.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=${top_builddir:-.}

needs root "$bin/xtables-bpf-multi"
alone "$@"
make_tmp
export XTABLES_LOCKFILE=$tmp/lock
rounds=8
[ "${1:-}" != -l ] || rounds=80

ours() { "$bin/xtables-bpf-multi" "$@"; }

# Ruleset number $1: 30 rules that all say so.
ruleset() {
	local i

	echo '*filter'
	echo ":c$1 - [0:0]"
	for ((i = 0; i < 10; i++)); do
		echo "-A INPUT -s 10.$1.$i.1 -m comment --comment set$1 -j c$1"
		echo "-A OUTPUT -d 10.$1.$i.2 -m comment --comment set$1 -j DROP"
		echo "-A c$1 -p tcp -m comment --comment set$1 -j ACCEPT"
	done
	echo COMMIT
}

# Whether $1 is one ruleset, whole, or (with "none") nothing at all.
whole() {
	local sets rules

	rules=$(grep -c '^-A' "$1")
	sets=$(sed -n 's/.*comment \(set[0-9]*\).*/\1/p' "$1" | sort -u | wc -l)
	[ "$rules:$sets" = 30:1 ] || [ "$rules:$sets${2:-}" = 0:0none ] || {
		echo "$rules rules of $sets sets"
		return 1
	}
}

# Reads until $tmp/stop is there; the last line is how often.
reader() {
	local n=0 bad=0

	while [ ! -e "$tmp/stop" ]; do
		ours iptables-save >"$tmp/read" || bad=$((bad + 1))
		whole "$tmp/read" none || bad=$((bad + 1))
		n=$((n + 1))
	done
	echo "read $n times, bad $bad"
	[ "$bad" = 0 ] && [ "$n" -gt 3 ]
}

restores() {
	local i pids=() reader bad=0

	rm -f "$tmp/stop"
	reader >"$tmp/reader" 2>&1 &
	reader=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ruleset "$i" >"$tmp/set$i"
		ours iptables-restore -w <"$tmp/set$i" 2>>"$tmp/err" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || bad=$((bad + 1))
	done
	touch "$tmp/stop"
	ok "ten restores at once all come through" [ "$bad" = 0 ]
	wait $reader
	bad=$?
	ok "what is read meanwhile is whole" eval "cat $tmp/reader; [ $bad = 0 ]"
	ours iptables-save >"$tmp/read"
	ok "what is left is whole" whole "$tmp/read"
	ours xtbpf detach
}

# Worker $1 adds rules and deletes every other one again.
worker() {
	local i bad=0

	for ((i = 1; i <= rounds; i++)); do
		ours iptables -w -A INPUT -s "10.$1.$i.1" -j DROP ||
			bad=$((bad + 1))
		((i % 2)) || ours iptables -w -D INPUT -s "10.$1.$((i - 1)).1" \
			-j DROP || bad=$((bad + 1))
	done
	[ "$bad" = 0 ]
}

worker6() {
	local i bad=0

	for ((i = 1; i <= rounds; i++)); do
		ours ip6tables -w -I OUTPUT -d "2001:db8::$i" -j DROP ||
			bad=$((bad + 1))
	done
	[ "$bad" = 0 ]
}

# Rules of a table that is only kept.
worker_nat() {
	local i bad=0

	for ((i = 1; i <= rounds; i++)); do
		printf '*nat\n-A OUTPUT -d 192.0.2.%d -j DNAT --to 192.0.2.9\nCOMMIT\n' \
			"$i" | ours iptables-restore -n -w --store-only \
			2>/dev/null || bad=$((bad + 1))
	done
	[ "$bad" = 0 ]
}

# Looks at the state until $tmp/stop is there; fails when it once cannot.
looker() {
	local bad=0

	while [ ! -e "$tmp/stop" ]; do
		ours xtbpf status --json >"$tmp/status" 2>>"$tmp/err" ||
			bad=$((bad + 1))
	done
	[ "$bad" = 0 ]
}

# Packets that the first rule drops, until $tmp/stop is there: how many.
sender() {
	local n=0

	while [ ! -e "$tmp/stop" ]; do
		(echo x >/dev/udp/127.0.0.9/9) 2>/dev/null
		n=$((n + 1))
	done
	echo $n >"$tmp/sent"
}

same_lines() {
	diff -u <(sort "$1") <(sort "$2")
}

storm() {
	local i pids=() sender looker bad=0

	ip link set lo up
	rm -f "$tmp/stop"
	ours iptables -A OUTPUT -d 127.0.0.9 -j DROP
	sender &
	sender=$!
	looker &
	looker=$!
	for i in 1 2 3 4; do
		worker "$i" 2>>"$tmp/err" &
		pids+=($!)
	done
	worker6 2>>"$tmp/err" &
	pids+=($!)
	worker_nat 2>>"$tmp/err" &
	pids+=($!)
	for i in "${pids[@]}"; do
		wait "$i" || bad=$((bad + 1))
	done
	touch "$tmp/stop"
	wait $sender
	ok "status can always be told" wait $looker
	ok "every caller comes through" eval "cat $tmp/err; [ $bad = 0 ]"
	for i in 1 2 3 4; do
		seq -f "-A INPUT -s 10.$i.%g.1/32 -j DROP" 2 2 "$rounds"
	done >"$tmp/want"
	echo "-A OUTPUT -d 127.0.0.9/32 -j DROP" >>"$tmp/want"
	ours iptables-save -t filter | grep '^-A' >"$tmp/is"
	ok "no rule is lost or stays" same_lines "$tmp/want" "$tmp/is"
	seq -f "-A OUTPUT -d 192.0.2.%g/32 -j DNAT --to-destination 192.0.2.9" \
		1 "$rounds" >"$tmp/want"
	ours iptables-save -t nat | grep '^-A' >"$tmp/is"
	ok "nor of another table" diff -u "$tmp/want" "$tmp/is"
	seq "$rounds" | tac | while read -r i; do
		printf -- '-A OUTPUT -d 2001:db8::%d/128 -j DROP\n' "$i"
	done >"$tmp/want"
	ours ip6tables-save | grep '^-A' >"$tmp/is"
	ok "nor of IPv6" diff -u "$tmp/want" "$tmp/is"
	bad=$(ours iptables-save -c | sed -n 's/^\[\([0-9]*\):.*127.0.0.9.*/\1/p')
	ok "no packet is lost: $(cat "$tmp/sent")" [ "$bad" = "$(cat "$tmp/sent")" ]
	ours xtbpf detach
}

restores
: >"$tmp/err"
storm
exit $failed
