#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/convert.sh [FILES] - rulesets become objects, alone and in a batch
#
# What `xtbpf convert` writes, says and returns; that nothing is left half written;
# and that the objects, loaded with the tools that a host has, count and judge real
# packets as iptables-legacy does.  FILES: how many in the batch (200).
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)
xtbpf=$bin/xtbpf
attach=$bin/tests/cmd/attach-netfilter
files=${1:-200}

needs root "$xtbpf" ip
alone "$@"
make_tmp
mkdir "$tmp/work" && cd "$tmp/work" || exit 1

# rules DPORT: a ruleset.
rules() {
	printf '%s\n' '*filter' ':INPUT DROP [0:0]' ':FORWARD ACCEPT [0:0]' \
		':OUTPUT ACCEPT [0:0]' '-A INPUT -i lo -j ACCEPT' \
		"-A INPUT -p tcp -m tcp --dport $1 -j ACCEPT" COMMIT
}

refused() {
	rules 1 | sed 's/^COMMIT/-A INPUT -m recent --set\n&/'
}

# gives STATUS ARGUMENT...: what convert says is in said and errors.
gives() {
	local want=$1 status

	shift
	"$xtbpf" convert "$@" >said 2>errors
	status=$?
	[ "$status" = "$want" ] && return
	echo "convert $*: exit status $status, not $want"
	cat said errors
	return 1
}

# is_object FILE...: whole files, of BPF.
is_object() {
	local f

	for f; do
		[ "$(od -An -tx1 -j18 -N2 "$f" | tr -d ' ')" = f700 ] || {
			echo "$f is no object"
			return 1
		}
	done
}

# holds DIR NAME...: that is all that is in it.
holds() {
	local have

	have=$(cd "$1" && find . -type f | sed 's,^\./,,' | sort | tr '\n' ' ')
	shift
	[ "$have" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ] || {
		echo "there is: $have"
		return 1
	}
}

# --- one by one ---

beside() {
	mkdir -p one && rules 22 >one/web.rules && rules 80 >one/plain.v4 &&
		gives 0 one/web.rules one/plain.v4 &&
		is_object one/web.bpf.o one/plain.v4.bpf.o &&
		grep -qx 'one/web.rules: one/web.bpf.o' said &&
		grep -qx '2 files: 2 converted, 0 refused, 0 unreadable' said &&
		[ ! -s errors ] &&
		holds one web.rules web.bpf.o plain.v4 plain.v4.bpf.o
}

elsewhere() {
	mkdir -p tree/a/b && rules 22 >tree/x.rules && rules 23 >tree/a/x.rules &&
		rules 24 >tree/a/b/y.iptables && touch tree/.hidden tree/x~ &&
		gives 0 -o out/deep tree one/web.rules &&
		holds out/deep x.bpf.o a/x.bpf.o a/b/y.bpf.o web.bpf.o
}

# What a run wrote is no ruleset for the next one.
again() {
	gives 0 tree && cp tree/x.bpf.o before && gives 0 tree/ &&
		cmp before tree/x.bpf.o && grep -q '^3 files: 3 converted' said
}

clash() {
	mkdir -p c && rules 1 >c/x.rules && rules 2 >c/x.iptables &&
		gives 2 c && grep -q "would both become 'c/x.bpf.o'" errors &&
		gives 2 -o flat tree/x.rules tree/a/x.rules && [ ! -e flat ] &&
		[ ! -e c/x.bpf.o ]
}

refusal() {
	refused >one/bad.rules && gives 1 one/bad.rules &&
		grep -q '^one/bad.rules: line 7: .*recent' errors &&
		grep -q '^ *^~*$' errors &&
		grep -qx 'one/bad.rules: 1 refused' said && [ ! -e one/bad.bpf.o ]
}

unreadable() {
	echo nonsense >one/bad.rules && gives 1 one/bad.rules &&
		grep -q '^one/bad.rules: not readable as a ruleset' said &&
		grep -q '^one/bad.rules: ' errors && [ ! -e one/bad.bpf.o ]
}

# Another table alone is nothing to convert.
no_filter() {
	echo '# nothing' >one/bad.rules && gives 1 one/bad.rules &&
		grep -q "no table 'filter'" errors && [ ! -e one/bad.bpf.o ]
}

# A refused ruleset has no object, whatever it had before.
old_removed() {
	rules 5 >one/bad.rules && gives 0 one/bad.rules &&
		[ -e one/bad.bpf.o ] && refused >one/bad.rules &&
		gives 1 -n one/bad.rules && [ -e one/bad.bpf.o ] &&
		gives 1 one/bad.rules && [ ! -e one/bad.bpf.o ] &&
		grep -q 'the old object removed' said
}

# Of one that is not there nothing is known.
old_kept() {
	rules 5 >one/gone.rules && gives 0 one/gone.rules &&
		rm one/gone.rules && gives 1 one/gone.rules &&
		grep -q "Can't open one/gone.rules" errors &&
		is_object one/gone.bpf.o
}

dry() {
	mkdir -p dry && rules 1 >dry/x.rules && gives 0 --dry-run dry &&
		grep -q '(not written)' said && holds dry x.rules
}

quiet() {
	gives 0 -q one/web.rules && [ ! -s said ] && [ ! -s errors ] &&
		refused >one/bad.rules && gives 1 -q one/bad.rules one/web.rules &&
		[ ! -s said ] && grep -q '^one/bad.rules: line 7' errors
}

json() {
	refused >one/bad.rules
	gives 1 --json one/web.rules one/bad.rules one/none &&
		[ ! -s errors ] && grep -q '"output":"one/web.bpf.o"' said &&
		grep -q '"file":"one/bad.rules","ok":false.*"line":7' said &&
		grep -q '"messages":"Can.t open one/none' said &&
		{ ! command -v python3 >/dev/null ||
		  python3 -c 'import json, sys
assert [f["ok"] for f in json.load(sys.stdin)] == [True, False, False]' <said; }
}

usage() {
	gives 2 && gives 2 --attach nowhere one/web.rules &&
		gives 2 --attach xdp:eth0 one/web.rules && gives 2 --jobs 0 x &&
		gives 2 --cpus many x && gives 2 -
}

hooks() {
	rules 22 >one/web.rules && gives 0 -v --hook xdp one/web.rules &&
		grep -q 'program for xdp' said &&
		grep -q 'program for netfilter' said &&
		rules 22 | sed 's/^COMMIT/-A FORWARD -o eth0 -j DROP\n&/' \
			>one/fwd.rules &&
		gives 1 --hook xdp one/fwd.rules &&
		grep -q '^one/fwd.rules: line 7: .*output interface' errors &&
		gives 0 --hook tc one/fwd.rules && gives 0 one/fwd.rules
}

verify() {
	local h

	for h in netfilter xdp tc; do
		gives 0 -v --verify --hook "$h" one/web.rules &&
			grep -q 'verified: .* 0 differences' said &&
			! grep -q 'walk' said || return
	done
}

# Objects are made for any user, whatever the kernel lets him do.
as_anybody() {
	gives 0 one/web.rules && chmod 755 .. && mkdir -p any &&
		chmod 777 any && cp one/web.rules any && chmod 644 any/web.rules &&
		setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$xtbpf" convert any/web.rules &&
		cmp any/web.bpf.o one/web.bpf.o
}

nothing_attached() {
	# What was learnt of this kernel may be kept; the kernel has files, too.
	[ -z "$(find /run/iptables-bpf -mindepth 1 ! -name kernel \
		! -name '*.debug')" ] &&
		! ip link | grep -q xdp
}

note() {
	local text

	text=$(tr '\0' '\n' <one/web.bpf.o | grep '^{ "ruleset"')
	[[ $text == *'"ruleset": "web.rules"'* &&
	   $text == *'"index": 1, "chain": "INPUT", "rule": 2, "line": 6, "text": "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"'* &&
	   $text == *'"index": 2, "chain": "INPUT", "policy": "DROP"'* ]]
}

# --- many ---

# objects DIR: all of them in one.  What order a folder has is its own affair.
objects() {
	find "$1" -name '*.bpf.o' -print0 | sort -z | xargs -0 cat
}

batch() {
	local i n

	mkdir -p many && for ((i = 0; i < files; i++)); do
		case $((i % 20)) in
		3) refused ;;
		7) echo nonsense ;;
		*) rules $((i + 1)) ;;
		esac >"many/$i.rules"
	done
	n=$((files / 20))
	gives 1 many &&
		grep -qx "$files files: $((files - 2 * n)) converted, $n refused, $n unreadable" \
			said &&
		[ "$(find many -name '*.bpf.o' | wc -l)" = $((files - 2 * n)) ] &&
		objects many >all.1 &&
		[ "$(grep -c '\.rules: ' said)" = "$files" ] &&
		grep '^many' said >order && gives 1 --jobs 1 many &&
		grep '^many' said | cmp - order &&
		objects many | cmp - all.1
}

fail_fast() {
	gives 1 --fail-fast -J1 many/0.rules many/3.rules many/4.rules &&
		grep -q '1 not tried' said
}

# --- what may go wrong while writing ---

# Into 64 KiB: one object fits, hundreds do not.
full() {
	local f n=0

	mkdir -p small && mount -t tmpfs -o size=64k,nr_inodes=1000 none small ||
		return
	gives 1 -o small many
	grep -q 'cannot be written: No space left' errors &&
		grep -q ' not written' said || return
	for f in small/*; do
		cmp "$f" "many/${f##*/}" || return
		n=$((n + 1))
	done
	[ "$n" -gt 0 ] && [ -z "$(find small -name '.*' -type f)" ]
	f=$?
	umount small
	return "$f"
}

not_allowed() {
	mkdir -p file && : >file/dir && gives 1 -o file/dir/x one/web.rules &&
		grep -q 'cannot be written' errors &&
		mkdir -p one/sub.bpf.o && rules 1 >one/sub.rules &&
		gives 1 one/sub.rules && [ -d one/sub.bpf.o ]
}

# Killed at any time, with and without older objects there.
killed() {
	local i f pid

	for i in 02 05 1 15 2 25 3; do
		"$xtbpf" convert -q -o "$PWD/killed" many 2>/dev/null &
		pid=$!
		sleep "0.$i"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		for f in killed/*.bpf.o; do
			[ ! -e "$f" ] || cmp "$f" "many/${f##*/}" || return
		done
	done
	sleep 1			# its processes notice
	! pgrep -f "convert -q -o $PWD/killed" && gives 1 -o killed many &&
		[ "$(find killed -type f | wc -l)" = \
		  "$(find many -name '*.bpf.o' | wc -l)" ]
}

# A process that dies of one file, and the others.
one_dies() {
	local pid w

	mkfifo fifo.rules && { "$xtbpf" convert -J2 -o dies fifo.rules \
		many/0.rules many/1.rules many/2.rules >said 2>errors & } &&
		pid=$! && sleep 1 && exec 3<>fifo.rules &&
		for w in $(pgrep -P "$pid"); do
			[ "$(readlink "/proc/$w/fd/"* | grep -c fifo)" = 0 ] ||
				kill -9 "$w"
		done
	exec 3>&-
	wait "$pid"
	[ $? = 1 ] && grep -q 'fifo.rules: the process that read it died' errors &&
		grep -q '^4 files: 3 converted' said
}

# --- loaded by others, with packets ---

traffic_rules() {
	cat <<-'EOF'
	*filter
	:INPUT DROP [0:0]
	:FORWARD ACCEPT [0:0]
	:OUTPUT ACCEPT [0:0]
	:ports - [0:0]
	-A INPUT -i lo -j ACCEPT
	-A INPUT -i v0 -p icmp -m icmp --icmp-type 8 -j ACCEPT
	-A INPUT -i w+ -j ACCEPT
	-A INPUT -p udp -j ports
	-A INPUT -s 10.9.0.0/24 -p udp -m udp --dport 53 -j DROP
	-A OUTPUT -o v0 -p icmp -m icmp --icmp-type 0 -j ACCEPT
	-A OUTPUT -o v1
	-A OUTPUT -p icmp -j ACCEPT
	-A ports -p udp -m udp --dport 1000:1999 -j ACCEPT
	-A ports -p udp -m udp --sport 9
	COMMIT
	EOF
}

# A peer, whose packets come by v0.
make_net() {
	ip netns add peer && ip link add v0 type veth peer name v1 netns peer &&
		ip addr add 10.9.0.1/24 dev v0 && ip link set lo up &&
		echo 1 >/proc/sys/net/ipv6/conf/v0/disable_ipv6 &&
		ip link set v0 up &&
		ip -n peer addr add 10.9.0.2/24 dev v1 &&
		ip -n peer link set v1 up &&
		echo 0 >/proc/sys/net/ipv4/icmp_ratelimit &&
		echo 10000 >/proc/sys/net/ipv4/icmp_msgs_per_sec &&
		ip netns exec peer ping -c 1 -W 5 10.9.0.1 >/dev/null
}

# shellcheck disable=SC2016
send() {
	ip netns exec peer bash -c '
		ping -c 3 -i 0.1 -W 1 10.9.0.1 >/dev/null
		for p in 53 1000 1500 1999 2000; do
			echo hello >/dev/udp/10.9.0.1/$p
		done
		ping -c 1 -p 00 -s 1000 -W 1 10.9.0.1 >/dev/null'
	sleep 0.5
}

# What each rule, and then each policy, of the chains counted.
legacy_counts() {
	iptables-legacy-save -c -t filter | awk '
		/^:/ {
			chain[n++] = substr($1, 2)
			policy[substr($1, 2)] = $2 == "-" ? "" : $3
		}
		/^\[/ { rule[$3] = rule[$3] $1 "\n" }
		END {
			for (i = 0; i < n; i++) {
				c = chain[i]
				printf "%s", rule[c]
				if (policy[c] != "")
					print policy[c]
			}
		}'
}

# map_counts MAP...: as bpftool names one; the sum of them.
map_counts() {
	local m

	for m; do
		# shellcheck disable=SC2086
		bpftool map dump $m || return
	done | tr -d ',' | awk '
		$1 == "\"key\":" { key = $2; if (key > max) max = key }
		$1 == "\"packets\":" { packets[key] += $2 }
		$1 == "\"bytes\":" { bytes[key] += $2 }
		END {
			for (i = 0; i <= max; i++)
				printf "[%d:%d]\n", packets[i], bytes[i]
		}'
}

# The counters of the program with a number.
map_of() {
	local id

	for id in $(bpftool prog show id "$1" | sed -n 's/.*map_ids //p' |
		    tr ',' ' '); do
		! bpftool map show id "$id" | grep -q xtbpf_count ||
			echo "id $id"
	done
}

want() {
	traffic_rules >traffic.rules && iptables-legacy-restore traffic.rules &&
		send && legacy_counts >want
	iptables-legacy -F
	iptables-legacy -P INPUT ACCEPT
	grep -q '^\[4:' want && [ "$(wc -l <want)" = 13 ]
}

# ping sees what is dropped, and the counters who did it.
same() {
	diff want have
}

at_netfilter() {
	gives 0 -o nf traffic.rules || return
	mkdir -p /run/fs && mount -t bpf none /run/fs &&
		"$attach" nf/traffic.bpf.o ipv4 -5 /run/fs && send &&
		map_counts "pinned /run/fs/counters" >have && same
}

# counts_nothing FROM TO: an object for FROM drops all, but on the hooks of TO.
# Packets pass there, and none is counted.
counts_nothing() {
	local -A lo=([ipv4]=127.0.0.1 [ipv6]=::1)
	local -a args=()

	[ "$1" = ipv4 ] || args=(-6)
	printf '%s\n' '*filter' ':INPUT DROP [0:0]' ':FORWARD DROP [0:0]' \
		':OUTPUT DROP [0:0]' '-A INPUT -i lo' COMMIT >all.rules
	mkdir -p /run/fs && mount -t bpf none /run/fs && ip link set lo up &&
		gives 0 "${args[@]}" -o all all.rules &&
		"$attach" all/all.bpf.o "$2" -5 /run/fs &&
		ping -c 1 -W 5 "${lo[$2]}" &&
		map_counts "pinned /run/fs/counters" | sort -u >have &&
		echo '[0:0]' | diff - have || return
	rm /run/fs/input /run/fs/forward /run/fs/output /run/fs/counters &&
		sleep 0.2 &&
		"$attach" all/all.bpf.o "$1" -5 /run/fs &&
		! ping -c 1 -W 0.2 "${lo[$1]}"
}

# Where one of the hooks is taken, it is on none.
taken() {
	mkdir /run/fs/again && rm /run/fs/input /run/fs/output && sleep 0.2 &&
		! "$attach" nf/traffic.bpf.o ipv4 -5 /run/fs/again 2>err &&
		grep -q '^attach-netfilter: forward: ' err &&
		[ -z "$(ls /run/fs/again)" ]
}

detach_netfilter() {
	rm -f /run/fs/input /run/fs/forward /run/fs/output /run/fs/counters
	umount /run/fs
	sleep 0.2
}

prog_id() {
	grep -o 'id [0-9]*' | sed -n '1s/id //p'
}

at_xdp() {
	local id

	gives 0 --hook xdp -o xdp traffic.rules || return
	mkdir -p /run/fs && mount -t bpf none /run/fs &&
		ip link set dev v0 xdpgeneric obj xdp/traffic.bpf.o sec xdp &&
		"$attach" xdp/traffic.bpf.o ipv4 -5 /run/fs && send
	id=$(ip link show v0 | grep 'prog/xdp' | prog_id)
	map_counts "$(map_of "$id")" "pinned /run/fs/counters" >have && same
}

at_tc() {
	local in out

	gives 0 --hook tc -o tc traffic.rules || return
	tc qdisc add dev v0 clsact &&
		tc filter add dev v0 ingress bpf da obj tc/traffic.bpf.o sec tc &&
		tc filter add dev v0 egress bpf da obj tc/traffic.bpf.o sec tc &&
		send
	in=$(tc filter show dev v0 ingress | prog_id)
	out=$(tc filter show dev v0 egress | prog_id)
	map_counts "$(map_of "$in")" "$(map_of "$out")" >have && same
}

by_bpftool() {
	mkdir -p /run/fs && mount -t bpf none /run/fs &&
		bpftool prog loadall tc/traffic.bpf.o /run/fs/tc &&
		bpftool prog show pinned /run/fs/tc/xtbpf_tc | grep -q gpl &&
		rm -r /run/fs/tc && umount /run/fs
}

ok 'objects beside their rulesets' beside
ok 'objects elsewhere, placed as the rulesets are' elsewhere
ok 'the same ruleset, the same object' again
ok 'two rulesets for one object' clash
ok 'a refused ruleset' refusal
ok 'a file that is no ruleset' unreadable
ok 'a ruleset without the table filter' no_filter
ok 'the object of a ruleset that is refused now' old_removed
ok 'the object of a ruleset that is gone' old_kept
ok 'a dry run' dry
ok 'quiet' quiet
ok 'JSON' json
ok 'wrong options' usage
ok 'hooks' hooks
ok 'verified' verify
ok 'as anybody' as_anybody
ok 'nothing attached' nothing_attached
ok 'what an object says of itself' note
ok "a batch of $files" batch
ok 'up to the first that fails' fail_fast
ok 'a full disk' full
ok 'where nothing can be written' not_allowed
ok 'killed' killed
ok 'one process dies' one_dies

for p in bpftool tc iptables-legacy ping "$attach"; do
	command -v "$p" >/dev/null || {
		echo "SKIP packets: needs $p"
		exit $failed
	}
done
ok 'packets with iptables-legacy' eval 'make_net && want'
ok 'the same packets at netfilter' at_netfilter
ok 'a hook that is taken' taken
detach_netfilter
ok 'IPv4 rules on the hooks of IPv6' counts_nothing ipv4 ipv6
detach_netfilter
ok 'IPv6 rules on the hooks of IPv4' counts_nothing ipv6 ipv4
detach_netfilter
ok 'the same packets at xdp' at_xdp
ip link set dev v0 xdpgeneric off
detach_netfilter
ok 'the same packets at tc' at_tc
ok 'loaded by bpftool' by_bpftool
exit $failed
