#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/text.sh - what iptables-restore says, next to what ours says
#
# text.cases: with -t both must print the same to stdout and stderr and exit
# with the same code.  text.rules: both must list the rules alike.  text6.* are
# the same for ip6tables.  Chains and jumps are looked at in the kernel's table.  Debian 12 has iptables 1.8.9; where
# 1.8.11, which we follow, is worded otherwise, the words are changed here.  Where iptables says only "line N failed", ours may say why
# before.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")" || exit 1
ours=${top_builddir:-../..}/xtables-bpf-multi
# Extensions lose some bytes when an error leads out of them, as in iptables.
export ASAN_OPTIONS=detect_leaks=0

needs root iptables-legacy-restore ip6tables-legacy-restore "$ours"
unshare -n true 2>/dev/null || { echo "needs network namespaces"; exit 77; }
make_tmp

pass() { echo "PASS $*"; }
fail() { echo "FAIL $*"; failed=1; }

# One form for both names and versions, and 1.8.11's words for 1.8.9's.
plain() {
	sed -e 's/\(ip6*tables\)-bpf-restore/\1-restore/g' \
	    -e 's/v[0-9.]* (\(bpf\|legacy\))/vX/' \
	    -e 's/must be shorter than IFNAMSIZ (15)/must be shorter than 16 characters/' \
	    -e 's/multiple -j flags/multiple --jump options/' \
	    -e 's/multiple -s flags/multiple --source options/' \
	    -e "s/Can't use -o with/Can't use --out-interface with/" \
	    -e "s/Can't use -i with/Can't use --in-interface with/" \
	    -e 's/cannot have ! before -j/cannot have ! before --jump/' \
	    -e '/^$/d' \
	    -e "s/Illegal option \`-c'/Illegal option \`--set-counters'/" \
	    -e 's/: -c \(requires\|packet\|byte\)/: --set-counters \1/'
}

# run NAME COMMAND...: both streams and the exit code, in a new namespace.
run() {
	local name=$1

	shift
	unshare -n "$@" <"$tmp/in" >"$tmp/$name.out" 2>"$tmp/$name.raw"
	echo $? >"$tmp/$name.rc"
	plain <"$tmp/$name.raw" >"$tmp/$name.err"
	plain <"$tmp/$name.out" >"$tmp/$name.text"
	# only what iptables has to say, without our reasons
	if grep -q '^ip6*tables-restore: line [0-9]* failed$' "$tmp/$name.err"; then
		tail -n 1 "$tmp/$name.err" >"$tmp/$name.last"
		mv "$tmp/$name.last" "$tmp/$name.err"
	fi
}

compare() {
	local name=$1 what

	for what in rc err text; do
		if ! diff -u --label iptables --label ours \
		     "$tmp/legacy.$what" "$tmp/ours.$what"; then
			fail "text: $name ($what)"
			return
		fi
	done
	pass "text: $name"
}

# one NAME OPTIONS: the case in $tmp/in.
one() {
	# shellcheck disable=SC2086
	run legacy "$prog-legacy-restore" -t $2
	# shellcheck disable=SC2086
	run ours "$ours" "$prog-bpf-restore" -t $2
	compare "$1"
}

cases() {
	local line name='' options=''

	while IFS= read -r line; do
		case $line in
		'=== '*)
			[ -z "$name" ] || one "$name" "$options"
			name=${line#=== }
			options=${name##*|}
			name=${name%% |*}
			: >"$tmp/in"
			;;
		*)
			[ -z "$name" ] || printf '%b\n' "${line//\\ /\\\\ }" \
				>>"$tmp/in"
			;;
		esac
	done <"$1"
	one "$name" "$options"
}

rules() {
	{
		printf '*filter\n:c - [0:0]\n:d - [0:0]\n'
		grep -v '^#' "$1"
		printf -- '-v -S\nCOMMIT\n'
	} >"$tmp/in"
	run legacy "$prog-legacy-restore" -t
	run ours "$ours" "$prog-bpf-restore" -t
	if [ "$(wc -l <"$tmp/legacy.out")" -lt 80 ]; then
		cat "$tmp/legacy.err"
		fail "text: $prog-restore lists no rules"
	elif diff -u --label iptables --label ours \
	     "$tmp/legacy.out" "$tmp/ours.out"; then
		pass "text: $prog rules"
	else
		fail "text: $prog rules"
	fi
}

# Goes through the kernel on their side.
chains() {
	cat >"$tmp/in" <<-'END'
	*filter
	:INPUT DROP [0:0]
	:zeta - [0:0]
	:alpha - [0:0]
	:b10 - [0:0]
	:b9 - [0:0]
	:LOG - [0:0]
	-A INPUT -c 1 2 -j alpha
	-A INPUT -p tcp -g zeta
	-A INPUT -j LOG
	-A INPUT -j RETURN
	-A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3 -g b9
	-A alpha -j zeta
	-I alpha -j b10
	-E b10 Mid
	-D INPUT -s 1.1.1.1 -d 3.3.3.3 -g b9
	-P OUTPUT DROP -c 3 4
	COMMIT
	END
	# shellcheck disable=SC2016
	unshare -n sh -c '"$1" <"$2" && iptables-legacy -v -S' sh \
		iptables-legacy-restore "$tmp/in" >"$tmp/legacy.out" 2>&1
	sed -i 's/^COMMIT$/-v -S\n&/' "$tmp/in"
	run ours "$ours" iptables-bpf-restore -t
	if diff -u --label iptables --label ours \
	   "$tmp/legacy.out" "$tmp/ours.out"; then
		pass "text: chains"
	else
		fail "text: chains"
	fi
}

prog=iptables
cases text.cases
rules text.rules
chains
prog=ip6tables
cases text6.cases
rules text6.rules
exit $failed
