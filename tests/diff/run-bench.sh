#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-bench.sh - whether the benchmark measures what it says
#
# Short runs: that every engine judged what it was sent, that one which did not
# is found out, and that nothing is left behind.  How long anything took is no
# business of a test.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
xtbpf=$(realpath "${top_builddir:-.}")/xtbpf
examples=${top_srcdir:-.}/examples
quick=(--rounds 1 --time 1 --flows 200 --json)
result=0

needs root jq "$xtbpf"
make_tmp

pass() { echo "PASS bench: $*"; }

fail() {
	echo "FAIL bench: $*"
	result=1
}

# holds NAME FILTER FILE: jq says true.
holds() {
	if [ "$(jq "$2" "$3")" = true ]; then
		pass "$1"
	else
		fail "$1"
	fi
}

# bench FILE ARGUMENT...: the exit status is in $rc, stderr in $tmp/err.
bench() {
	local out=$1

	shift
	timeout --foreground 300 "$xtbpf" bench "${quick[@]}" "$@" >"$out" 2>"$tmp/err"
	rc=$?
}

# same NAME WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1: want '$2', got '$3'"
		cat "$tmp/err"
	fi
}

all_engines() {
	local out=$tmp/all.json

	bench "$out" --gen acl,blocklist --rules 60
	same "all of it: exit status" 0 $rc
	holds "every program was run" \
		'[.rulesets[].program[] | has("net_ns")] | length == 72 and all' "$out"
	holds "every engine was sent frames of each kind" \
		'[.rulesets[].engines[] | select(has("skipped") | not) |
		  .frames | length == 4 and all(.sent > 0)] |
		 length == 18 and all' "$out"
	holds "only sets are left out where the rules are no set" \
		'[.rulesets[].engines[] | select(has("skipped")) | .engine] ==
		 ["nft-set", "ipset"]' "$out"
	holds "no engine was wrong" \
		'[.rulesets[].engines[] | has("wrong")] | any | not' "$out"
	holds "without rules all frames get through" \
		'[.rulesets[].engines[] | select(.engine == "no-rules") |
		  .frames[] | .sent == .through] | all' "$out"
	holds "a bare XDP drop lets none through" \
		'[.rulesets[].engines[] | select(.engine == "xdp-drop") |
		  .frames[] | .through == 0] | all' "$out"
	holds "of a blocklist none gets through but what matches nothing" \
		'[.rulesets[1].engines[] |
		  select(has("load_ms") and .engine != "no-rules") | .frames[] |
		  .through == (if .traffic == "none" then .sent else 0 end)] |
		 length == 32 and all' "$out"
	holds "rules were loaded, one was added and deleted" \
		'[.rulesets[].engines[] | select(has("load_ms")) |
		  .add_ms.n > 0 and .delete_ms.n > 0] | length == 14 and all' \
		"$out"
	holds "the machine is described" \
		'.machine | .cpus > 0 and (.kernel | length) > 0' "$out"
}

stateful() {
	local out=$tmp/stateful.json

	bench "$out" --measure frames --traffic uniform,none \
		"$examples/web-server.rules"
	same "rules with states: exit status" 0 $rc
	holds "rules with states are not for xdp and tc" \
		'[.rulesets[].engines[] | select(has("skipped")) | .engine] ==
		 ["bpf-xdp", "bpf-tc", "nft-set", "ipset"]' "$out"
}

# Of rules with any ranges, packets can be made, and only the hook asked for is run.
ranges() {
	local out=$tmp/ranges.json

	bench "$out" --gen ranges --rules 20 --measure program \
		--engine bpf-xdp --traffic uniform
	same "ranges: exit status" 0 $rc
	holds "packets of rules with ranges" \
		'[.rulesets[].program[].flows == 200] | length == 9 and all' "$out"
	holds "the programs of one hook alone" \
		'[.rulesets[].program[] | select(has("net_ns")) | .program[:3]] |
		 unique == ["xdp"]' "$out"
}

# Sets of every type that ipset has, of values and of ranges; some kernels lack one.
sets() {
	local out=$tmp/sets.json f

	fields=("-s 10.0.0.%d" "-d 10.%d.0.0/16" "-p tcp --sport %d"
		"-p tcp --dport %d:%d0" "-s 10.0.0.%d -p udp --dport 53"
		"-s 10.1.%d.0/24 -p udp --dport 1%d" "-d 10.0.0.%d -p udp --dport 1%d"
		"-s 10.0.0.%d -d 10.0.1.%d -p tcp --dport 1%d"
		"-s 10.%d.0.0/16 -d 10.0.1.%d -p tcp --dport 1%d")
	for f in "${!fields[@]}"; do
		write_set "${fields[f]}" >"$tmp/set$f"
	done
	bench "$out" --measure load,frames --traffic uniform,none \
		--engine nft-set,ipset "$tmp"/set?
	same "sets of all types: exit status" 0 $rc
	holds "sets of all types were sent frames" \
		'[.rulesets[].engines[] | select(.engine == "nft-set" or
		  .engine == "ipset") | (.add_ms.n > 0 and .delete_ms.n > 0 and
		  (.frames | length > 0)) or
		  (.skipped // "" | test("Kernel error|set type"))] |
		 length == 18 and all' "$out"
}

# write_set FORMAT: three rules, with their numbers where FORMAT has a %d.
write_set() {
	local i

	printf '*filter\n:FORWARD ACCEPT\n'
	for i in 3 5 7; do
		# shellcheck disable=SC2059
		printf -- "-A FORWARD ${1//%d/$i} -j DROP\n"
	done
	printf 'COMMIT\n'
}

# A command that is not what it seems: it leaves the last rule out.
liar() {
	local out=$tmp/liar.json real

	real=$(command -v iptables-legacy-restore)
	mkdir -p "$tmp/bin"
	cat >"$tmp/bin/iptables-legacy-restore" <<-LIAR
		#!/bin/sh
		tac | awk '/^-A/ && !n++ { next } { print }' | tac | exec $real "\$@"
	LIAR
	chmod +x "$tmp/bin/iptables-legacy-restore"
	PATH=$tmp/bin:$PATH bench "$out" --gen linear --rules 5 \
		--measure frames --traffic uniform
	same "an engine that judges otherwise: exit status" 1 $rc
	holds "an engine that judges otherwise is found" \
		'[.rulesets[].engines[] | select(has("wrong")) | .engine] ==
		 ["iptables-legacy"]' "$out"
}

missing() {
	local out=$tmp/missing.json

	mkdir -p "$tmp/few"
	ln -sf "$(command -v ip)" "$tmp/few/ip"
	PATH=$tmp/few "$xtbpf" bench "${quick[@]}" --gen blocklist --rules 5 \
		--measure load >"$out" 2>"$tmp/err"
	same "tools that are missing: exit status" 0 $?
	holds "tools that are missing are named" \
		'[.rulesets[].engines[] | select(has("skipped")) | .skipped |
		  contains("not installed")] | length == 5 and all' "$out"
}

# Killed while it measures: no namespace is left that has rules.
killed() {
	"$xtbpf" bench --gen acl --rules 1000 --rounds 100 >/dev/null 2>&1 &
	sleep 3
	kill -KILL $!
	wait $! 2>/dev/null
	"$xtbpf" status --all >"$tmp/status" 2>"$tmp/err"
	same "nothing is left when it is killed" "" \
		"$(grep -i 'cookie' "$tmp/status")"
	same "no namespace has a name" "" "$(ip netns list)"
}

picture() {
	if ! command -v gnuplot >/dev/null; then
		echo "SKIP bench: a picture: no gnuplot"
		return
	fi
	bench "$tmp/p.json" --gen grid --rules 5,50 --measure frames \
		--traffic uniform --engine bpf-xdp,xdp-drop --svg "$tmp/p.svg"
	same "a picture: exit status" 0 $rc
	same "a picture has a line for each engine" 2 \
		"$(grep -o -e 'iptables-bpf [a-z]*<' -e 'bare XDP drop<' \
		"$tmp/p.svg" | sort -u | wc -l)"
}

wrong_arguments() {
	local a

	for a in --gen=tree --rules=0 --traffic=fast --engine=ebtables \
		--measure=heat --rounds=x --zipf=-1 --flows=0; do
		"$xtbpf" bench --gen grid "$a" >/dev/null 2>"$tmp/err"
		same "$a" 2 $?
	done
	"$xtbpf" bench /nowhere/x.rules >/dev/null 2>"$tmp/err"
	same "a file that is not there" 1 $?
	printf '*filter\n-A FORWARD -j LOG\nCOMMIT\n' |
		"$xtbpf" bench - >/dev/null 2>"$tmp/err"
	same "rules that are refused" 1 $?
}

all_engines
ranges
sets
stateful
liar
missing
picture
killed
wrong_arguments
exit $result
