#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/callers.sh - programs that call iptables, on iptables-legacy and ours
#
# The commands of well-known callers, under the plain names, in a namespace for
# each side: what they say, how they exit and what they leave must be the same.
# Tables and targets that we only keep are asked for with --store-only.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)/xtables-bpf-multi
self=$0
export ASAN_OPTIONS=detect_leaks=0 XTBPF_STORE_ONLY=${KEEP:-}

needs root iptables-legacy "$bin"
[ -n "${SIDE:-}" ] || alone "$@"

# run COMMAND...: what it says and how it exits.
run() {
	echo "\$ $*"
	"$@" 2>&1
	echo "exit status $?"
}

# A jail of fail2ban, which reads the list to see whether its chain is there.
fail2ban() {
	local ip

	run iptables -w -N f2b-sshd
	run iptables -w -A f2b-sshd -j RETURN
	run iptables -w -I INPUT -p tcp -m multiport --dports ssh -j f2b-sshd
	for ip in 192.0.2.1 192.0.2.2 192.0.2.77; do
		iptables -w -n -L INPUT | grep -q "f2b-sshd[ \\t]" || echo gone
		run iptables -w -I f2b-sshd 1 -s "$ip" -j DROP
	done
	run iptables -w -C f2b-sshd -s 192.0.2.2 -j DROP
	run iptables -w -D f2b-sshd -s 192.0.2.2 -j DROP
	run iptables -w -C f2b-sshd -s 192.0.2.2 -j DROP
	run iptables -w -nL f2b-sshd
	run iptables -w -D INPUT -p tcp -m multiport --dports ssh -j f2b-sshd
	run iptables -w -X f2b-sshd
	run iptables -w -F f2b-sshd
	run iptables -w -X f2b-sshd
	# of newer versions
	iptables -w -C f2b-sshd -j RETURN >/dev/null 2>&1 ||
		{ iptables -w -N f2b-sshd || true
		  run iptables -w -A f2b-sshd -j RETURN; }
	iptables -w -C INPUT -p tcp -m multiport --dports 22 -j f2b-sshd \
		>/dev/null 2>&1 || run iptables -w -I INPUT -p tcp \
			-m multiport --dports 22 -j f2b-sshd
	run iptables -w -S
}

# ufw makes its chains with restore -n and looks each of them up with -L.
ufw() {
	local c

	run iptables -L INPUT -n
	for c in ufw-before-input ufw-user-input ufw-track-input; do
		run iptables -L "$c" -n
		iptables -L "$c" -n >/dev/null 2>&1 || run iptables -N "$c"
		run iptables -I INPUT -j "$c"
	done
	run iptables-restore -n <<-'END'
	*filter
	:ufw-user-input - [0:0]
	:ufw-before-input - [0:0]
	-A ufw-before-input -i lo -j ACCEPT
	-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	-A ufw-before-input -p udp --sport 67 --dport 68 -j ACCEPT
	-A ufw-before-input -j ufw-user-input
	-A ufw-user-input -p tcp --dport 22 -j ACCEPT -m comment --comment 'dapp_OpenSSH'
	COMMIT
	END
	run iptables -P INPUT DROP
	run iptables -A ufw-user-input -p tcp --dport 443 -j ACCEPT
	run iptables -D ufw-user-input -p tcp --dport 22 -j ACCEPT
	run iptables -L ufw-user-input -n -v
	run iptables -Z
	run iptables -F ufw-user-input
	run iptables -D INPUT -j ufw-track-input
	run iptables -X ufw-track-input
	run iptables-save -t filter
}

# A container engine: -C before each -A or -I, in two tables.
docker() {
	local t

	for t in nat filter; do
		run iptables --wait -t "$t" -n -L DOCKER
		run iptables --wait -t "$t" -N DOCKER
	done
	run iptables --wait -t filter -n -L DOCKER
	iptables --wait -t nat -C PREROUTING -m addrtype --dst-type LOCAL \
		-j DOCKER 2>/dev/null ||
		run iptables --wait -t nat -A PREROUTING -m addrtype \
			--dst-type LOCAL -j DOCKER
	run iptables --wait -t nat -C PREROUTING -m addrtype --dst-type LOCAL \
		-j DOCKER
	run iptables --wait -t nat -I POSTROUTING -s 172.17.0.0/16 ! -o docker0 \
		-j MASQUERADE
	run iptables --wait -t nat -A DOCKER ! -i docker0 -p tcp -d 0/0 \
		--dport 8080 -j DNAT --to-destination 172.17.0.2:80
	run iptables --wait -t filter -A DOCKER -d 172.17.0.2 ! -i docker0 \
		-o docker0 -p tcp --dport 80 -j ACCEPT
	run iptables --wait -I FORWARD -o docker0 -j DOCKER
	run iptables --wait -P FORWARD DROP
	run iptables --wait -D FORWARD -o docker0 -j nosuch
	run iptables --wait -t nat -S
	run iptables --wait -t nat -nvL DOCKER
	run iptables -t nat -F DOCKER
	run iptables -t nat -X DOCKER
	run iptables --wait -S FORWARD 1
}

# kube-proxy writes whole chains with restore, and reads save.
kubernetes() {
	run iptables -w 5 -W 100000 -N KUBE-SERVICES -t filter
	run iptables -w 5 -W 100000 -C INPUT -t filter -m conntrack \
		--ctstate NEW -j KUBE-SERVICES
	run iptables -w 5 -W 100000 -I INPUT -t filter -m conntrack \
		--ctstate NEW -m comment --comment 'kubernetes service portals' \
		-j KUBE-SERVICES
	run iptables-restore -w 5 --noflush --counters <<-'END'
	*filter
	:KUBE-SERVICES - [0:0]
	:KUBE-NODEPORTS - [0:0]
	-A KUBE-NODEPORTS -m comment --comment "default/health" -p tcp -m tcp --dport 30000 -j ACCEPT
	-A KUBE-SERVICES -d 10.0.0.1/32 -p tcp --dport 443 -j DROP
	COMMIT
	END
	run iptables -w 5 -S KUBE-SERVICES
	run iptables-save -t filter
	run iptables-save -c -t filter
	iptables --version | sed -n 's/.*v\([0-9]*\)\..*/major version \1/p'
}

# A script that sets everything up anew, as people write them.
admin() {
	local t=iptables

	run $t -F
	run $t -X
	run $t -Z
	run $t -P INPUT DROP
	run $t -P FORWARD DROP
	run $t -P OUTPUT ACCEPT
	run $t -N LOGDROP
	run $t -A LOGDROP -j DROP
	run $t -A INPUT -i lo -j ACCEPT
	run $t -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT
	run $t -A INPUT -p tcp --syn -m multiport --dports 22,80,443 -j ACCEPT
	run $t -A INPUT -p icmp --icmp-type echo-request -j ACCEPT
	run $t -A INPUT -s 10.0.0.0/8,192.168.0.0/16 -p udp --dport domain -j ACCEPT
	run $t -A INPUT -j LOGDROP
	run $t -L -n --line-numbers
	run $t -D INPUT 5
	run $t -I INPUT 5 -s 10.1.2.3 -j LOGDROP
	run $t -R INPUT 5 -s 10.1.2.4 -j LOGDROP
	run $t -nvL INPUT
	run $t -E LOGDROP REFUSE
	run $t -S
}

callers=(fail2ban ufw docker kubernetes admin)

# The namespaces are made by calling this script again, with a caller's name.
if [ $# = 1 ]; then
	"$1"
	[ "${SIDE:-}" = legacy ] || "$bin" xtbpf detach >/dev/null
	exit
fi

make_tmp
mkdir "$tmp/legacy" "$tmp/ours"
for x in '' -save -restore; do
	ln -s "$(command -v "iptables-legacy$x")" "$tmp/legacy/iptables$x"
	ln -s "$bin" "$tmp/ours/iptables$x"
done

# One version, and the names that ours has for itself; 1.8.9 prints numbers for
# protocols with -n.
plain() {
	sed -e 's/^# \(Generated\|Completed\).*/# \1/' \
	    -e '/: WARNING: table /d' -e "/: table 'nat' cannot be enforced/d" \
	    -e 's/v[0-9.]* (\(bpf\|legacy\))/vX/' \
	    -e 's/\([ !]\)0    \([-!][-f]\) /\1all  \2 /' \
	    -e 's/\([ !]\)1    \([-!][-f]\) /\1icmp \2 /' \
	    -e 's/\([ !]\)6    \([-!][-f]\) /\1tcp  \2 /' \
	    -e 's/\([ !]\)17   \([-!][-f]\) /\1udp  \2 /'
}

for c in "${callers[@]}"; do
	for side in legacy ours; do
		XTABLES_LOCKFILE=$tmp/lock SIDE=$side PATH=$tmp/$side:$PATH \
			KEEP=$([ "$c" = docker ] && echo 1) \
			unshare -n "$self" "$c" 2>&1 | plain >"$tmp/$side.out"
	done
	if ! grep -q '^exit status 0$' "$tmp/legacy.out"; then
		cat "$tmp/legacy.out"
		echo "FAIL caller $c: does nothing"
		failed=1
	elif diff -u "$tmp/legacy.out" "$tmp/ours.out"; then
		echo "PASS caller $c"
	else
		echo "FAIL caller $c"
		failed=1
	fi
done
exit $failed
