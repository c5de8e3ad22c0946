#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/packaging/completion.sh - what bash offers for the commands' words
#
# The completion file is the one that is installed; the commands it asks are those
# that were built, and for the chains in force one that stands in for them.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)
needs "$bin/xtables-bpf-multi"
# shellcheck disable=SC1091
. "$bin/packaging/iptables-bpf" || exit 1
make_tmp
families=(iptables ip6tables)

# Says what is in force without asking the kernel, the rest is the real one's.
for name in iptables-bpf ip6tables-bpf; do
	cat >"$tmp/$name" <<-X
		#!/bin/sh
		[ "\$3" = -S ] || exec $bin/$name "\$@"
		printf '%s\n' '-P INPUT DROP' '-N web' '-N \$(id)' "-N \$2-only" \
			'-A INPUT -j web'
	X
	chmod +x "$tmp/$name"
done

# offers LINE: sets COMPREPLY as bash does when tab is hit behind LINE, whose first
# word is a command of ours.
offers() {
	local line=$1 command=${1%% *} function

	function=$(complete -p "$command") || return
	[[ $function =~ -F\ ([^ ]*) ]] || return
	function=${BASH_REMATCH[1]}
	line=${line#"$command"}
	line=${line//=/ = }
	line=${line//:/ : }
	read -r -a COMP_WORDS <<<"$command $line"
	[[ $line != *' ' || $1 == *[=:] ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	[ -x "$tmp/$command" ] && command=$tmp/$command ||
		command=$bin/$command
	COMPREPLY=()
	"$function" "$command" "${COMP_WORDS[COMP_CWORD]}" \
		"${COMP_WORDS[COMP_CWORD - 1]}"
}

# is LINE WORD...: these are offered and nothing else.
is() {
	local line=$1

	shift
	offers "$line"
	if [ "$(printf '%s\n' "${COMPREPLY[@]}" | sort -u)" = \
	     "$(printf '%s\n' "$@" | sort -u)" ]; then
		echo "PASS '$line'"
	else
		echo "FAIL '$line' offers '${COMPREPLY[*]}', not '$*'"
		failed=1
	fi
}

# has LINE WORD...: these are among them.
has() {
	local line=$1 w

	shift
	offers "$line"
	for w in "$@"; do
		[[ " ${COMPREPLY[*]} " != *" $w "* ]] || continue
		echo "FAIL '$line' offers '${COMPREPLY[*]}', not '$w'"
		failed=1
		return
	done
	echo "PASS '$line'"
}

# hasnt LINE WORD: is not.
hasnt() {
	offers "$1"
	if [[ " ${COMPREPLY[*]} " == *" $2 "* ]]; then
		echo "FAIL '$1' offers '$2'"
		failed=1
	else
		echo "PASS '$1', not $2"
	fi
}

# every OPTION of COMMAND [ARGUMENT]... --help is offered.
every() {
	local option

	for option in $("$bin/$1" "${@:2}" --help 2>&1 |
			grep -oE -- '(^|[ [])--[a-z0-9-]+' | tr -d ' ['); do
		has "$* --" "$option"
	done
}

rules() {
	local c

	for c in "${families[@]/%/-bpf}"; do
		is "$c -t na" nat
		is "$c --table=" filter mangle nat raw security
		is "$c --table=ma" mangle
		is "$c -t mangle -A P" PREROUTING POSTROUTING
		is "$c -t raw -L " PREROUTING OUTPUT web '\$\(id\)' raw-only
		is "$c -A I" INPUT
		is "$c -D " INPUT FORWARD OUTPUT web '\$\(id\)' filter-only
		is "$c -X w" web
		is "$c -X I" ''
		is "$c -P INPUT " ACCEPT DROP
		is "$c -t nat -A PREROUTING -g n" nat-only
		is "$c -A INPUT -j REJ" REJECT
		has "$c -A INPUT -j " ACCEPT DROP RETURN LOG web
		has "$c -A INPUT -m " conntrack multiport
		hasnt "$c -A INPUT -m " LOG
		hasnt "$c -A INPUT -j " conntrack
		has "$c -A INPUT -p t" tcp
		is "$c -A INPUT -i l" lo
		is "$c -A INPUT -m conntrack --ctstate NEW,EST" NEW,ESTABLISHED
		is "$c -A INPUT -s " ''
		is "$c -N " ''
		hasnt "$c -A INPUT --d" --dport
		is "$c --att" --attach
		is "$c -A INPUT --att" ''
		every "$c"
	done
	has "iptables-bpf -A INPUT -m " ttl icmp
	hasnt "iptables-bpf -A INPUT -m " hl
	has "ip6tables-bpf -A INPUT -m " hl icmp6
	hasnt "ip6tables-bpf -A INPUT -m " ttl
	has "iptables-bpf -A INPUT -p udp --dest" --destination-port
	has "iptables-bpf -A INPUT -m multiport --" --dports --source
	has "iptables-bpf -A INPUT -j REJECT --re" --reject-with
	has "iptables-bpf -p tcp -A INPUT --d" --dport --destination
}

files() {
	local c

	touch "$tmp/rules.v4" "$tmp/rules.v6"
	for c in "${families[@]/%/-bpf}"; do
		is "$c-restore $tmp/rules.v" "$tmp/rules.v4" "$tmp/rules.v6"
		is "$c-restore -T sec" security
		is "$c-restore -t $tmp/rules.v4" "$tmp/rules.v4"
		is "$c-restore --att" --attach
		is "$c-restore --attach " auto netfilter tc xdp
		is "$c-restore --attach xdp:l" lo
		is "$c-restore --attach=xdp:l" lo
		is "$c-restore --attach=n" netfilter
		is "$c-restore --attach tc:lo,l" lo,lo
		every "$c-restore"
		is "$c-save -t fil" filter
		is "$c-save -f $tmp/rules.v4" "$tmp/rules.v4"
		every "$c-save"
	done
}

toolbox() {
	local sub

	has "xtbpf " check convert bench status detach --json --help
	is "xtbpf det" detach
	is "xtbpf check --dump " ir classifier
	is "xtbpf --json check --dump c" classifier
	is "xtbpf check --attach xdp:l" lo
	is "xtbpf check $tmp/" "$tmp/iptables-bpf" "$tmp/ip6tables-bpf" \
		"$tmp/rules.v4" "$tmp/rules.v6"
	has "xtbpf convert --hook " netfilter xdp tc
	is "xtbpf convert --output $tmp/iptables-b" "$tmp/iptables-bpf"
	is "xtbpf bench --hit " any last
	has "xtbpf bench --gen " grid linear blocklist acl fw ipc
	has "xtbpf bench --measure frames," frames,program frames,load
	has "xtbpf bench --engine ipt" iptables-legacy iptables-nft
	has "xtbpf bench --engine n" nft-set no-rules
	has "xtbpf bench --traffic " uniform zipf hot none
	offers "xtbpf "
	for sub in "${COMPREPLY[@]}"; do
		[[ $sub != -* ]] || continue
		[ "$sub" = help ] || every xtbpf "$sub"
	done
}

rules
files
toolbox
exit $failed
