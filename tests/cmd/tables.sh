#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/tables.sh - the five tables of both families, kept and printed
#
# What restore takes, save must print byte for byte as iptables-legacy does after
# the same; tables that are not judged are refused unless asked to be kept, and
# one family does not see the other.
# shellcheck disable=SC2317,SC2119,SC2120
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=${top_builddir:-.}
src=${top_srcdir:-.}
export XTABLES_LOCKFILE=/dev/null
# Extensions lose some bytes when an error leads out of them, as in iptables.
export ASAN_OPTIONS=detect_leaks=0

needs root "$bin/xtables-bpf-multi"
alone "$@"
make_tmp

# ours APPLET ARGUMENT...: "restore", "save6" and so on.
ours() {
	local name=$1 ip=ip

	shift
	[[ $name != *6 ]] || ip=ip6
	"$bin/xtables-bpf-multi" "${ip}tables-bpf-${name%6}" "$@"
}
restore() { ours restore "$@"; }
restore6() { ours restore6 "$@"; }
save() { ours save "$@"; }
save6() { ours save6 "$@"; }
xtbpf() { "$bin/xtables-bpf-multi" xtbpf "$@"; }

rules() { grep -v '^#'; }

# same FAMILY [-c] FILE: restored and saved by both, with the same text.  Protocols
# that iptables 1.8.9 still looks up by name are not in these files.
same() {
	local family=$1 legacy=iptables-legacy x6='' c=''

	shift
	[ "$family" = 4 ] || { legacy=ip6tables-legacy; x6=6; }
	[ "$1" != -c ] || c=-c
	unshare -n sh -c "$legacy-restore \$*; $legacy-save $c" sh "$@" \
		>"$tmp/a.raw" 2>/dev/null
	"restore$x6" --store-only "$@" 2>"$tmp/err" || cat "$tmp/err"
	"save$x6" ${c:+"$c"} >"$tmp/b.raw"
	xtbpf detach
	rules <"$tmp/a.raw" >"$tmp/a"
	rules <"$tmp/b.raw" >"$tmp/b"
	[ -s "$tmp/a" ] && diff -u "$tmp/a" "$tmp/b"
}

examples() {
	local f=$src/tests/cmd/tables.rules e

	ok "all extensions" same 4 "${f}4"
	ok "all extensions, with counters" same 4 -c "${f}4"
	ok "all extensions, IPv6" same 6 "${f}6"
	ok "all extensions, IPv6, with counters" same 6 -c "${f}6"
	for e in "$src"/examples/*.rules; do
		ok "${e##*/}" same 4 "$e"
		ok "${e##*/}, with counters" same 4 -c "$e"
	done
	for e in "$src"/examples/*.rules6; do
		[ -e "$e" ] || continue
		ok "${e##*/}" same 6 "$e"
		ok "${e##*/}, with counters" same 6 -c "$e"
	done
}

sets() {
	if ! command -v ipset >/dev/null; then
		echo "SKIP tables: sets: needs ipset"
		return
	fi
	cat >"$tmp/in" <<-'X'
		*mangle
		-A FORWARD -j SET --map-set known src --map-mark
		COMMIT
		*filter
		-A INPUT -m set ! --match-set known src -j DROP
		-A INPUT -j SET --add-set known src --exist --timeout 9
		COMMIT
	X
	ipset create known hash:ip timeout 5 skbinfo 2>/dev/null || {
		echo "SKIP tables: sets: no such sets here"
		return
	}
	# where the sets are
	iptables-legacy-restore "$tmp/in"
	iptables-legacy-save | rules >"$tmp/a"
	iptables-legacy -F
	iptables-legacy -t mangle -F
	ok "sets are taken" restore --store-only "$tmp/in"
	save | rules >"$tmp/b"
	ok "and printed" diff -u "$tmp/a" "$tmp/b"
	xtbpf detach
	ipset destroy known
}

order() {
	local t

	for t in nat filter raw; do
		printf '*%s\n:OUTPUT ACCEPT [5:6]\nCOMMIT\n' "$t" | restore
	done
	save | grep '^\*' | tr '\n' ' ' >"$tmp/is"
	ok "the newest table first" grep -qx '\*raw \*filter \*nat ' "$tmp/is"
	printf '*nat\n-A OUTPUT -d 192.0.2.1 -j DNAT --to 192.0.2.2\nCOMMIT\n' |
		restore --store-only 2>"$tmp/said"
	ok "a warning, loud" grep -q "'nat' is kept but NOT ENFORCED" \
		"$tmp/said"
	ok "with the reason" grep -q "^iptables-bpf-restore: line 2: " \
		"$tmp/said"
	save | grep '^\*' | tr '\n' ' ' >"$tmp/is"
	ok "a table keeps its place" grep -qx '\*raw \*filter \*nat ' "$tmp/is"
	ok "save of one" exits 0 '--to-destination 192.0.2.2' save -t nat
	ok "and of that alone" test "$(save -t nat | grep -c '^\*')" = 1
	ok "one that never was is empty" exits 0 '^:FORWARD ACCEPT \[0:0\]' \
		save -t mangle
	ok "status says so" exits 0 'nat: .*kept only: NOT ENFORCED' \
		xtbpf status
	ok "and of the other what it does" exits 0 'raw: .*empty' xtbpf status
	ok "in JSON, too" test "$(xtbpf status --json | jq -r \
		'.[].tables[] | .name + "=" + .state' | sort | tr '\n' ' ')" = \
		'filter=judged nat=stored raw=empty '
	xtbpf detach
}

# A filter table that is judged and others that are not do not disturb each
# other.
mixture() {
	local c o

	ip link set lo up
	printf '*filter\n-A OUTPUT -d 127.0.0.9 -j DROP\nCOMMIT\n' |
		restore --attach tc
	(echo x >/dev/udp/127.0.0.9/9) 2>/dev/null
	printf '*nat\n[7:8] -A OUTPUT -j ACCEPT\nCOMMIT\n' >"$tmp/nat"
	ok "nat with rules is refused" exits 1 "line 2: table 'nat'" \
		restore -c "$tmp/nat"
	for c in iptables-restore iptables xtbpf; do
		case $c in
		xtbpf) o=(check "$tmp/nat") ;;
		iptables) o=(-t nat -A OUTPUT -j ACCEPT) ;;
		*) o=("$tmp/nat") ;;
		esac
		ok "by $c in the same words" exits 1 \
			"table 'nat' cannot be enforced, only .* --store-only" \
			"$bin/xtables-bpf-multi" "$c" "${o[@]}"
	done
	ok "and nothing kept" test "$(save | grep -c '^\*')" = 1
	printf '*mangle\n:INPUT DROP [0:0]\nCOMMIT\n' >"$tmp/in"
	ok "so is a policy" exits 1 "line 2: table 'mangle'" restore "$tmp/in"
	ok "nat is kept when asked" restore -c --store-only "$tmp/nat"
	ok "the filter counts on" exits 0 '^\[1:.*-d 127.0.0.9' save -c
	(echo x >/dev/udp/127.0.0.9/9) 2>/dev/null
	ok "and judges" exits 0 '^\[2:.*-d 127.0.0.9' save -c
	ok "where it was" exits 0 'hook tc, as asked for' xtbpf status
	printf '*filter\n-A OUTPUT -d 127.0.0.8 -j DROP\nCOMMIT\n' |
		restore -n
	ok "a change of the filter keeps nat" exits 0 '^\[7:8\] -A OUTPUT' \
		save -c
	ok "and where it is judged" exits 0 'hook tc, as asked for' \
		xtbpf status
	printf '*nat\n-Z\nCOMMIT\n' | restore -n --store-only 2>/dev/null
	ok "-Z of a kept table" exits 0 '^\[0:0\] -A OUTPUT -j ACCEPT' save -c
	printf '*filter\n-A OUTPUT -m limit --limit 1/s -j DROP\nCOMMIT\n' \
		>"$tmp/in"
	ok "a filter that cannot be judged" restore -n --store-only "$tmp/in"
	ok "is not judged at all" exits 0 'no hook: nothing is judged' \
		xtbpf status
	(echo x >/dev/udp/127.0.0.9/9) 2>/dev/null
	ok "and does not count" exits 0 '^\[2:.*-d 127.0.0.9' save -c
	printf '*filter\n-A OUTPUT -d 192.0.2.1\nCOMMIT\n' >"$tmp/in"
	ok "nor changes without being asked" exits 1 "match 'limit'" \
		restore -n "$tmp/in"
	printf '*filter\n-D OUTPUT -m limit --limit 1/s -j DROP\nCOMMIT\n' |
		restore -n
	(echo x >/dev/udp/127.0.0.9/9) 2>/dev/null
	ok "it is judged as soon as it can be" exits 0 \
		'^\[3:.*-d 127.0.0.9' save -c
	xtbpf detach
}

options() {
	cat >"$tmp/in" <<-'X'
		*nat
		this is not a rule
		COMMIT
		*filter
		:INPUT ACCEPT [0:0]
		-A INPUT -s 192.0.2.1
		COMMIT
	X
	ok "-T does not look at other tables" restore -T filter "$tmp/in"
	ok "and restores its own" exits 0 '192.0.2.1' save
	ok "without -T they are read" exits 2 'line: 2' restore "$tmp/in"
	XTBPF_STORE_ONLY=1 ok "asked by the environment" exits 0 \
		'NOT ENFORCED' restore "$src/tests/cmd/tables.rules4"
	ok "-t with --store-only" restore -t --store-only "$src/tests/cmd/tables.rules4"
	printf '*security\n-A INPUT -j REJECT\nCOMMIT\n' >"$tmp/in"
	ok "what the kernel refuses is not kept either" exits 1 \
		'line 3 failed' restore --store-only "$tmp/in"
	ok "save -f" save -f "$tmp/file"
	ok "has all tables" test "$(grep -c '^\*' "$tmp/file")" = 5
	xtbpf detach
}

families() {
	printf '*filter\n:INPUT DROP [1:2]\n-A INPUT -s 192.0.2.1\nCOMMIT\n' \
		>"$tmp/four"
	printf '*filter\n-A INPUT -s 2001:db8::1 -m limit --limit 1/s\nCOMMIT\n' \
		>"$tmp/six"
	ok "IPv6 is refused by itself" exits 1 \
		"ip6tables-bpf-restore: line 2: match 'limit'" \
		restore6 "$tmp/six"
	ok "IPv4" restore -c "$tmp/four"
	ok "has no IPv6" test -z "$(save6)"
	ok "IPv6 beside it" restore6 --store-only "$tmp/six"
	ok "IPv4 still drops" exits 0 '^:INPUT DROP \[1:2\]' save
	ok "IPv6 has its rule" exits 0 '2001:db8::1/128' save6
	ok "status tells both" exits 0 'IPv6, generation 2' xtbpf status
	ok "IPv6 is detached alone" xtbpf detach -6
	ok "and gone" test -z "$(save6)"
	ok "without IPv4" exits 0 '^:INPUT DROP \[1:2\]' save
	restore6 --store-only "$tmp/six" 2>/dev/null
	ok "one tool detaches both" xtbpf detach
	ok "for good" test -z "$(save)$(save6)"
}

examples
sets
order
mixture
options
families
exit $failed
