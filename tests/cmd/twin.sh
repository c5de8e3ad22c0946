#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/twin.sh - the same commands for iptables-legacy and for ours
#
#	twin.sh [-6] [-a] [-n COMMANDS] [-s SEED]
#
#	-6	ip6tables
#	-a	all tables and all sorts of extensions; ours with --store-only
#
# Without options all four kinds are run, not for long; 2,000 commands are a few
# minutes.
#
# Random commands, valid and not, each a process of its own, in a namespace for
# each side.  After every one both must have exited alike, said the same and list
# the same rules with the same counters.  Debian 12 has iptables 1.8.9: where
# 1.8.11, which we follow, is worded otherwise, the words are changed here.
# Words are many arguments here, and arrays are used by their names.
# shellcheck disable=SC2034,SC2054,SC2206
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)/xtables-bpf-multi
self=$0
args=("$@")
tool=iptables all='' commands=300 seed=$((RANDOM * 32768 + RANDOM))
# Extensions lose some bytes when an error leads out of them, as in iptables.
export ASAN_OPTIONS=detect_leaks=0

if [ $# = 0 ]; then
	status=0
	for kind in '-n 300' '-6 -n 100' '-a -n 100' '-6 -a -n 100'; do
		# shellcheck disable=SC2086
		"$self" $kind || status=1
	done
	exit $status
fi
while getopts 6an:s: o; do
	case $o in
	6) tool=ip6tables ;;
	a) all=1 ;;
	n) commands=$OPTARG ;;
	s) seed=$OPTARG ;;
	*) exit 2 ;;
	esac
done
needs root "$tool-legacy" "$bin"
[ -n "${TWIN_PLAY:-}" ] || alone "${args[@]}"
name="twin${all:+ all tables} $tool"

# pick WORD...: one of them, in $REPLY.
pick() { shift $((RANDOM % $#)); REPLY=$1; }
chance() { [ $((RANDOM % 100)) -lt "$1" ]; }

tables=(filter)
[ -z "$all" ] || tables=(filter filter filter nat nat mangle mangle raw security)
builtin=(INPUT FORWARD OUTPUT)
[ -z "$all" ] || builtin+=(PREROUTING POSTROUTING OUTPUT)
users=(a b c d web abcdefghijklmnopqrstuvwxyz12)
odd_chains=(nope ACCEPT LOG -x '!y' 'two words' abcdefghijklmnopqrstuvwxyz123 '')
interfaces=(lo eth0 eth+ +)
odd_interfaces=(abcdefghijklmnopqrs '')

addresses=(10.0.0.1 10.0.0.0/8 192.168.0.0/255.255.0.255 0/0 10 1.2.3.4/31
	1.1.1.1,2.2.2.2 172.16.0.0/12,10.1.1.1,3.3.3.0/24)
odd_addresses=(1.2.3.999 10.0.0.0/33 ::1 '')
tcp=('' '--dport 22' '--dport 80:443' '! --dport 22' '--syn' '! --syn'
	'--sport 1:1024 --dport ssh' '--tcp-flags SYN,ACK,FIN SYN'
	'-m multiport --dports 22,80,443' '-m multiport ! --sports 1,2,3:4'
	'--tcp-option 8' '--dport 10:5' '--dport' '--frob' '-m tcp --dport 22')
udp=('' '--dport 53' '--sport 1024:65535 --dport 123' '--dport 70000'
	'-m multiport --dports 53,123,1000:2000')
icmp=('-p icmp' '-p icmp --icmp-type echo-request' '-p icmp --icmp-type 3/1'
	'-p icmp --icmp-type any' '-p icmp --icmp-type foo')
protocols=('-p 6 --dport 80' '-p 47' '! -p 47' '-p all' '-p foo' '! -p tcp'
	'-m tcp --dport 1' '--dport 1' '-p udp -m tcp --dport 1'
	'-p tcp -p udp' '-m multiport --dports 1' '-p sctp' '-p udplite' '-f'
	'! -f' '-p icmp -f')
matches=('-m iprange --src-range 10.0.0.5-10.0.0.9'
	'-m iprange ! --dst-range 1.1.1.1-2.2.2.2' '-m length --length 100:200'
	'-m length ! --length 40' '-m ttl --ttl-eq 64' '-m ttl --ttl-lt 5'
	'-m dscp --dscp-class EF' '-m dscp ! --dscp 0x10' '-m tos --tos 0x10'
	'-m conntrack --ctstate RELATED,ESTABLISHED' '-m state --state NEW'
	'-m conntrack ! --ctstate INVALID' '-m comment --comment plain')
odd_matches=('-m nonexist' '-m conntrack' '-m length' '-m ttl --ttl-eq 300'
	'-m conntrack --ctstate FOO' '-m' '! -m tcp' '-m iprange')
targets=('-j ACCEPT' '-j DROP' '-j RETURN')
odd_targets=('-j nope' '-g nope' '-j OUTPUT' '-g ACCEPT' '-j' '-j ACCEPT -j DROP'
	'! -j DROP' 'junk' '!' '-t nosuch')
odd_commands=('-A' '-A INPUT -A OUTPUT' '-Q' '--frob' '-L -S' '-R INPUT -j DROP'
	'-P INPUT' '-E a' '-j ACCEPT' '! -L' '-w x -L' '-W 5 -S' '-w 3 -S INPUT'
	'-w0 -S' '-6 -L' '-4 -S' '-t nosuch -L' '-n -S' '-s 1.1.1.1 -L'
	'-x -A INPUT' '-L INPUT x' '-S INPUT 0' '-S INPUT 2' '-L INPUT 1 -n'
	'-N' '-X a b' '--append INPUT --jump ACCEPT' '--list-rules'
	'-A INPUT -c 5' '-A INPUT -c x y' '-A INPUT -c 5,6' '-I' '-V' '-C'
	'-D INPUT' '-A INPUT ! ! -s 1.1.1.1' '-A INPUT ! -s 1.1.1.1,2.2.2.2'
	'-h' '-p tcp -h' '-m limit -j LOG --help' '! -V' '--version -Q')

if [ $tool = ip6tables ]; then
	addresses=(2001:db8::1 2001:db8::/32 fe80::/10 ::/0 ::1 ff02::1
		2001:db8::5/ffff:ffff:ffff:ffff::ffff 2001:db8::1,2001:db8::2
		fe80::1,2001:db8:1::/48,ff02::1)
	odd_addresses=(2001:db8::g 2001:db8::/129 10.0.0.1 '')
	icmp=('-p icmpv6' '-p ipv6-icmp --icmpv6-type echo-request'
		'-p icmpv6 --icmpv6-type 1/3' '-p 58 --icmpv6-type 135'
		'-p icmpv6 --icmpv6-type foo' '-p icmp')
	matches=("${matches[@]:2:2}" '-m hl --hl-eq 64' '-m hl --hl-lt 5'
		"${matches[@]:6}" '-m iprange --src-range 2001:db8::5-2001:db8::9'
		'-m iprange ! --dst-range fe80::-fe80::ffff')
fi
if [ -n "$all" ]; then
	matches+=('-m limit --limit 5/min' '-m limit --limit 10/s --limit-burst 3'
		'-m mark --mark 1/0xff' '-m connmark ! --mark 2'
		'-m mac --mac-source 00:11:22:33:44:55'
		'-m owner --uid-owner 0' '-m owner ! --gid-owner 5'
		'-m addrtype --dst-type LOCAL' '-m pkttype --pkt-type multicast'
		'-m statistic --mode nth --every 3 --packet 1'
		'-m string --algo bm --string foo' '-m helper --helper ftp'
		'-m cpu --cpu 0' '-m connlimit --connlimit-above 3'
		'-m tcpmss --mss 1:500' '-m policy --dir in --pol ipsec'
		'-m socket' '-m devgroup --src-group 1' '-m esp --espspi 5'
		'-m u32 --u32 6&0xFF=1' '-m rpfilter' '-m recent --name t --set'
		'-m time --timestart 10:00 --timestop 11:00')
	targets+=('-j LOG' '-j LOG --log-prefix x: --log-level 3' '-j REJECT'
		'-j MARK --set-mark 1' '-j MARK --set-xmark 0x1/0xf'
		'-j CONNMARK --save-mark' '-j MASQUERADE' '-j REDIRECT'
		'-j TOS --set-tos 0x10' '-j DSCP --set-dscp 5' '-j NOTRACK'
		'-j CT --notrack' '-j CT --zone 1' '-j NFLOG --nflog-group 3'
		'-j NFQUEUE --queue-num 2' '-j TCPMSS --set-mss 1000'
		'-j CLASSIFY --set-class 1:2' '-j TRACE' '-j QUEUE'
		'-p tcp -j REJECT --reject-with tcp-reset'
		'-p tcp -j REDIRECT --to-ports 8080')
fi
if [ -n "$all" ] && [ $tool = iptables ]; then
	targets+=('-j SNAT --to-source 1.2.3.4' '-j DNAT --to-destination 10.0.0.1'
		'-p tcp -j DNAT --to-destination 10.0.0.1:80'
		'-j REJECT --reject-with icmp-host-prohibited'
		'-j NETMAP --to 10.0.0.0/24' '-j TTL --ttl-set 64')
	matches+=('-m realm --realm 1')
elif [ -n "$all" ]; then
	targets+=('-j SNAT --to-source 2001:db8::9' '-j HL --hl-set 64'
		'-j DNAT --to-destination 2001:db8::9'
		'-j REJECT --reject-with icmp6-adm-prohibited')
	matches+=('-m frag --fragid 5' '-m rt --rt-type 0' '-m dst --dst-len 8'
		'-m hbh --hbh-len 8' '-m ipv6header --header dst --soft'
		'-m eui64' '-m ah --ahspi 5')
fi

# A chain: mostly one that may be there.
chain() {
	if chance 3; then
		pick "${odd_chains[@]}"
	elif chance 45; then
		pick "${builtin[@]}"
	else
		pick "${users[@]}"
	fi
}

user() {
	if chance 6; then
		pick "${odd_chains[@]}" INPUT
	else
		pick "${users[@]}"
	fi
}

number() {
	if chance 8; then
		pick 0 -1 x 99 4294967297
	else
		pick 1 1 2 3 5 9
	fi
}

invert() { ! chance 20 || rule+=('!'); }

# add LIKELY ODD WORDS: to the rule, an element of one of these arrays.
add() {
	local -n likely=$1 odd=$2

	if chance 5; then pick "${odd[@]}"; else pick "${likely[@]}"; fi
	rule+=($REPLY)
}

# option NAME LIKELY ODD: the same for an option with one argument.
option() {
	local -n likely=$2 odd=$3

	invert
	if chance 4; then pick "${odd[@]}"; else pick "${likely[@]}"; fi
	rule+=("$1" "$REPLY")
}

protocol() {
	pick tcp tcp tcp udp udp icmp other
	case $REPLY in
	tcp) rule+=(-p tcp); add tcp tcp ;;
	udp) rule+=(-p udp); add udp udp ;;
	icmp) add icmp icmp ;;
	other) add protocols protocols ;;
	esac
}

target() {
	if chance 55; then
		add targets odd_targets
	elif chance 70; then
		pick "${users[@]}"
		if chance 75; then rule+=(-j "$REPLY"); else rule+=(-g "$REPLY"); fi
	fi
}

known=()

# A rule, in $rule: new, or one from before, which may be there.
spec() {
	rule=()
	if [ ${#known[@]} -gt 0 ] && chance 45; then
		eval "rule=(${known[RANDOM % ${#known[@]}]})"
		return
	fi
	chance 65 || option -s addresses odd_addresses
	chance 75 || option -d addresses odd_addresses
	chance 85 || option -i interfaces odd_interfaces
	chance 90 || option -o interfaces odd_interfaces
	chance 40 || protocol
	chance 60 || add matches odd_matches
	! chance 4 || rule+=(-m comment --comment "it's \"x\" y")
	! chance 10 || rule+=(-c "$((RANDOM % 90))" "$RANDOM")
	target
	known+=("${rule[*]@Q}")
	known=("${known[@]: -40}")
}

# ip6tables 1.8.9 does not look at all of an extension's data when it looks for a
# rule: other rules than those it sees whole are not asked for.
whole() {
	local plain='( -j (ACCEPT|DROP|RETURN|a|b|c|d|web)| -g .*)?$'

	[ $tool = iptables ] || {
		[[ " ${rule[*]}" =~ $plain ]] &&
			[[ " ${rule[*]}" != *' --'* && " ${rule[*]}" != *' -m '* ]]
	} || rule=(-s 2001:db8::1 -j ACCEPT)
}

# One command, in $words.
one() {
	local table c

	words=()
	pick "${tables[@]}"
	table=$REPLY
	[ -z "$all" ] || words+=(-t "$table")
	pick A A A A A A A A I I I I D D D Dn Dn R R C C N N N N X X X E P P Z Z \
		F S L odd
	c=$REPLY
	! chance 8 || words+=(-v)
	! chance 2 || words+=(-v -v)
	! chance 5 || words+=(-w)
	case $c in
	A) chain; words+=(-A "$REPLY"); spec; words+=("${rule[@]}") ;;
	D | C)
		chain; words+=("-$c" "$REPLY")
		spec; whole; words+=("${rule[@]}")
		;;
	I)
		chain; words+=(-I "$REPLY")
		! chance 50 || { number; words+=("$REPLY"); }
		spec; words+=("${rule[@]}")
		;;
	Dn) chain; words+=(-D "$REPLY"); number; words+=("$REPLY") ;;
	R)
		chain; words+=(-R "$REPLY"); number; words+=("$REPLY"); spec
		# 1.8.9 refuses what 1.8.11 takes
		[[ ${rule[*]} != *,* ]] || rule=(-j DROP)
		words+=("${rule[@]}")
		;;
	N) user; words+=(-N "$REPLY") ;;
	X) words+=(-X); chance 10 || { user; words+=("$REPLY"); } ;;
	E) user; words+=(-E "$REPLY"); pick "${users[@]}"; words+=("$REPLY") ;;
	P)
		chain; words+=(-P "$REPLY")
		pick ACCEPT DROP ACCEPT DROP REJECT RETURN a; words+=("$REPLY")
		# 1.8.9 forgets other counters at the next command
		! chance 10 || words+=(-c 0 0)
		;;
	Z)
		words+=(-Z)
		! chance 70 || { chain; words+=("$REPLY"); }
		[ "${words[-1]}" = -Z ] || ! chance 30 ||
			{ number; words+=("$REPLY"); }
		;;
	F) words+=(-F); chance 15 || { chain; words+=("$REPLY"); } ;;
	S)
		words+=(-S); ! chance 60 || { chain; words+=("$REPLY"); }
		! chance 15 || words+=(-Z)
		;;
	L)
		pick '-L' '-nL' '-nvL' '-nvxL' '-nL --line-numbers' '-vL' '-L -Z'
		words+=($REPLY)
		! chance 40 || [[ $REPLY = *\ * ]] ||
			{ chain; words+=("$REPLY"); }
		;;
	odd) pick "${odd_commands[@]}"; words+=($REPLY) ;;
	esac
}

# 1.8.11's words for 1.8.9's, and one version for both.
plain() {
	sed -e 's/v*[0-9.]* (\(bpf\|legacy\))/vX/' \
	    -e 's/must be shorter than IFNAMSIZ (15)/must be shorter than 16 characters/' \
	    -e 's/multiple -j flags/multiple --jump options/' \
	    -e 's/multiple -s flags/multiple --source options/' \
	    -e 's/multiple -p flags/multiple --protocol options/' \
	    -e "s/Can't use -o with/Can't use --out-interface with/" \
	    -e "s/Can't use -i with/Can't use --in-interface with/" \
	    -e 's/cannot have ! before -j/cannot have ! before --jump/' \
	    -e "s/Illegal option \`-c'/Illegal option \`--set-counters'/" \
	    -e "s/Illegal option \`-n'/Illegal option \`--numeric'/" \
	    -e "s/Illegal option \`-x'/Illegal option \`--exact'/" \
	    -e "s/Illegal option \`-s'/Illegal option \`--source'/" \
	    -e 's/: -c \(requires\|packet\|byte\)/: --set-counters \1/' \
	    -e 's/-p gre/-p 47/' -e 's/ ! -[io] + / /g' \
	    -e 's/\([ !]\)0    \([-!][-f]\) /\1all  \2 /' \
	    -e 's/\([ !]\)1    \([-!][-f]\) /\1icmp \2 /' \
	    -e 's/\([ !]\)6    \([-!][-f]\) /\1tcp  \2 /' \
	    -e 's/\([ !]\)17   \([-!][-f]\) /\1udp  \2 /' \
	    -e 's/\([ !]\)58   \([-!][-f]\) /\1ipv6-icmp \2 /' \
	    -e 's/\([ !]\)132  \([-!][-f]\) /\1sctp \2 /' \
	    -e 's/\([ !]\)136  \([-!][-f]\) /\1udplite \2 /'
}

# Without what only ours says: why the kernel would refuse, and before a warning
# why a table is only kept.  1.8.9 ends some messages with a newline of their own.
said() {
	local err

	err=$(awk '/: WARNING: table / { line = ""; next }
		   line != "" { print line }
		   { line = $0 }
		   END { if (line != "") print line }')
	case ${err##*$'\n'} in
	"$tool: Invalid argument. Run "* | \
	"$tool: Too many levels of symbolic links.")
		err=${err##*$'\n'} ;;
	esac
	printf '%s\n' "$err"
}

# play SIDE: all commands in a namespace of its own, what comes of it on stdout.
play() {
	local i=0 line status table
	local -a run words

	case $1 in
	legacy) run=("$tool-legacy") ;;
	ours) run=("$bin" "$tool") ;;
	esac
	[ -z "$all" ] || export XTBPF_STORE_ONLY=1
	export XTABLES_LOCKFILE=$tmp/lock-$1
	while IFS= read -r line; do
		i=$((i + 1))
		eval "words=($line)"
		echo "== $i: $tool $line"
		"${run[@]}" "${words[@]}" 2>"$tmp/err-$1"
		status=$?
		said <"$tmp/err-$1"
		echo "exit status $status"
		table=filter
		[ -z "$all" ] || table=${words[1]}
		"${run[@]}" -t "$table" -v -S 2>&1
		[ $((i % 50)) != 7 ] || "${run[@]}" -t "$table" -vv -S 2>&1
		if [ $((i % 25)) = 0 ]; then
			"${run[@]}" -t "$table" -L -v -x -n --line-numbers 2>&1
			"${run[@]}" -t "$table" -L 2>&1
		fi
	done <"$tmp/commands"
	[ "$1" = legacy ] || "$bin" xtbpf detach >/dev/null
}

# The namespaces are made by calling this script again.
if [ -n "${TWIN_PLAY:-}" ]; then
	tmp=$TWIN_DIR
	play "$TWIN_PLAY"
	exit
fi

make_tmp
RANDOM=$((seed % 32768))
for ((i = 0; i < commands; i++)); do
	one
	printf '%q ' "${words[@]}"
	echo
done >"$tmp/commands"
for side in legacy ours; do
	TWIN_PLAY=$side TWIN_DIR=$tmp unshare -n "$self" "${args[@]}" 2>&1 |
		plain >"$tmp/$side"
done
good=$(grep -c '^exit status 0$' "$tmp/legacy")
if [ "$good" -lt $((commands / 8)) ] || [ "$good" -gt $((commands * 9 / 10)) ]; then
	echo "FAIL $name: $good of $commands commands are good, seed $seed"
	exit 1
fi
if cmp -s "$tmp/legacy" "$tmp/ours"; then
	echo "PASS $name: $commands commands, $good of them good, seed $seed"
	exit
fi
# the first difference, and the commands that led there
at=$(cmp "$tmp/legacy" "$tmp/ours" | sed 's/.* //')
head -n "$at" "$tmp/legacy" | grep '^== ' | tail -n 20
diff -U 20 "$tmp/legacy" "$tmp/ours" | head -n 60
echo "FAIL $name: seed $seed"
exit 1
