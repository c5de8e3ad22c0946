#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/iptables.sh - one command at a time, beside what iptables has
#
# What is put into the kernel and when, where it is attached, the lock, our own
# options, and arguments that are many or long.  The words of iptables are for
# twin.sh and ../golden/golden.sh.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)
export XTABLES_LOCKFILE=
# Extensions lose some bytes when an error leads out of them, as in iptables.
export ASAN_OPTIONS=detect_leaks=0

needs root "$bin/xtables-bpf-multi"
alone "$@"
make_tmp
XTABLES_LOCKFILE=$tmp/lock

iptables() { "$bin/xtables-bpf-multi" iptables "$@"; }
ip6tables() { "$bin/xtables-bpf-multi" ip6tables "$@"; }
xtbpf() { "$bin/xtables-bpf-multi" xtbpf "$@"; }

# Nothing of ours is in the kernel for this namespace.
untouched() { [ -z "$(compgen -G '/run/iptables-bpf/[0-9]*')" ]; }

leaves_alone() { "$@" && untouched; }
fails_alone() { ! "$@" && untouched; }

# attached TYPE: that is where INPUT is judged.
attached() { xtbpf status | grep -q "$1"; }

# the_rules LINE...: these, and no others, are in INPUT.
the_rules() {
	iptables -S INPUT | grep '^-A' >"$tmp/got"
	[ $# = 0 ] || printf '%s\n' "$@" >"$tmp/want"
	[ $# != 0 ] || : >"$tmp/want"
	diff "$tmp/want" "$tmp/got"
}

nothing_loaded() {
	local c

	for c in -L -S '-nvL INPUT' '-S FORWARD' -F '-F INPUT' -X -Z \
		'-P INPUT ACCEPT' '-L -Z' -V -h; do
		# shellcheck disable=SC2086
		ok "nothing loaded: $c" leaves_alone iptables $c
	done
	for c in '-C INPUT -j ACCEPT' '-D INPUT 1' '-D INPUT -j DROP' '-X web' \
		'-A web -j DROP' '-R INPUT 1 -j DROP' '-t nosuch -L' \
		'-A INPUT -j REJECT' '-t nat -A PREROUTING -j ACCEPT'; do
		# shellcheck disable=SC2086
		ok "nothing loaded: $c fails" fails_alone iptables $c
	done
	ok "nothing loaded: ip6tables -S" leaves_alone ip6tables -S
}

attachments() {
	ok "the first rule" iptables -A INPUT -s 192.0.2.1 -j DROP
	ok "is attached" attached 'chosen by auto'
	ok "--attach tc" iptables --attach tc -A INPUT -s 192.0.2.2 -j DROP
	ok "moves all to tc" attached tc
	ok "another rule" iptables -I INPUT -s 192.0.2.3 -j DROP
	ok "stays there" attached tc
	ok "--attach=auto" iptables --attach=auto -D INPUT 1
	ok "moves all back" attached 'chosen by auto'
	ok "the rules are the two left" the_rules \
		'-A INPUT -s 192.0.2.1/32 -j DROP' \
		'-A INPUT -s 192.0.2.2/32 -j DROP'
	ok "--attach nowhere" exits 2 frob iptables --attach frob -F
	ok "--attach alone" exits 2 'needs an argument' iptables --attach
	ok "--attach behind a command" exits 2 'unknown option "--attach"' \
		iptables -F --attach tc
	ok "--verify" exits 0 '^verified: ' \
		iptables --verify -A INPUT -p udp --dport 53 -j ACCEPT
	ok "-F leaves it attached" iptables -F
	ok "with no rules" the_rules
}

refusals() {
	iptables -A INPUT -s 192.0.2.9 -j DROP
	ok "what cannot be judged is refused" exits 1 "target 'LOG'" \
		iptables -A INPUT -j LOG
	ok "with a reason before iptables' words" exits 1 "needs '-p tcp'" \
		iptables -A INPUT -m tcp --dport 1
	ok "which come last" exits 1 '^iptables: Invalid argument. Run' \
		iptables -A INPUT -m tcp --dport 1
	ok "and nothing has changed" the_rules '-A INPUT -s 192.0.2.9/32 -j DROP'
	ok "--store-only keeps it" exits 0 'NOT ENFORCED' \
		iptables --store-only -A INPUT -j LOG
	ok "and prints it" the_rules '-A INPUT -s 192.0.2.9/32 -j DROP' \
		'-A INPUT -j LOG'
	iptables -F
}

lock() {
	local pid

	flock -o "$tmp/lock" sleep 30 &
	pid=$!
	while flock -n "$tmp/lock" true; do sleep 0.1; done
	ok "lock held, no -w" exits 4 'Perhaps you want to use the -w option?' \
		iptables -A INPUT
	ok "lock held, -L" exits 4 'holding the xtables lock' iptables -L
	ok "lock held, -w 1" exits 4 'Stopped waiting after 1s.' \
		iptables -w 1 -A INPUT
	ok "lock held, -w1" exits 4 'Stopped waiting after 1s.' \
		iptables -w1 -A INPUT
	(sleep 1; kill $pid) &
	ok "lock freed, -w" iptables -w -S
	wait
	XTABLES_LOCKFILE=/nonexistent/lock ok "no lock file to be had" \
		exits 4 "^Fatal: can't open lock file" iptables -S
}

# More arguments, and longer ones, than a line of the save format can have.
many() {
	local i a=''
	local -a args=()

	for ((i = 0; i < 250; i++)); do
		a+=${a:+,}10.1.2.$i
		[ $i -ge 150 ] || args+=(-m comment --comment "number $i")
	done
	ok "250 addresses" iptables -A INPUT -s "$a" -j DROP
	ok "are 250 rules" [ "$(iptables -S INPUT | grep -c '^-A')" = 250 ]
	ok "all of them deleted" iptables -D INPUT -s "$a" -j DROP
	ok "are none" the_rules
	ok "600 arguments" iptables -A INPUT "${args[@]}"
	ok "are one rule" iptables -D INPUT "${args[@]}"
	ok "a line break in an argument" iptables -A INPUT -m comment \
		--comment $'two\nlines'
	iptables -F
}

names() {
	local n

	for n in iptables-bpf iptables main4; do
		ok "applet $n" exits 0 '^iptables v1.8.11 (bpf)$' \
			"$bin/xtables-bpf-multi" $n -V
		ln -s "$bin/xtables-bpf-multi" "$tmp/$n"
		ok "called as $n" exits 0 '^iptables v1.8.11 (bpf)$' "$tmp/$n" -V
	done
	for n in ip6tables-bpf ip6tables main6; do
		ok "applet $n" exits 0 '^ip6tables v1.8.11 (bpf)$' \
			"$bin/xtables-bpf-multi" $n -V
	done
}

families() {
	iptables -A INPUT -s 192.0.2.1 -j DROP
	ok "an IPv6 rule" ip6tables -A INPUT -s 2001:db8::1 -j DROP
	ok "is not IPv4's" the_rules '-A INPUT -s 192.0.2.1/32 -j DROP'
	ok "ip6tables -F" ip6tables -F
	ok "is not IPv4's either" the_rules '-A INPUT -s 192.0.2.1/32 -j DROP'
	ok "iptables -6" exits 2 '^Try' iptables -6 -L
	ok "ip6tables -4" exits 2 '^Try' ip6tables -4 -L
}

nothing_loaded
names
attachments
refusals
lock
many
families
ok "detach" xtbpf detach
ok "takes all away" untouched
exit $failed
