#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/packaging/man.sh - the man pages say what the commands take, and are clean
#
# What --help names is in the page, and what is in the page the command takes.
# Commands are only asked for help, but root could change something here: never in
# the machine's own namespace.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)
doc=$(cd "${top_srcdir:-.}" && pwd)/doc

needs "$bin/xtables-bpf-multi"
[ "$(id -u)" != 0 ] || alone "$@"
families=(iptables ip6tables)
make_tmp

fail() {
	echo "FAIL $*"
	failed=1
}

# documented PAGE SECTION...: the options in the tags of these sections.
documented() {
	local page=$1

	shift
	sed -e 's/\\-/-/g' -e 's/\\f[A-Z]/ /g' "$doc/$page" |
		awk -v list="$(printf '|%s' "$@")|" '
		/^\.S[HS] / { on = index(list, "|" substr($0, 5) "|") }
		tag && on {
			gsub(/[][",|]/, " ")
			for (i = 1; i <= NF; i++)
				if ($i ~ /^--?[A-Za-z0-9]/)
					print $i
		}
		{ tag = /^\.T[PQ]/ }' | sort -u
}

# helped COMMAND [ARGUMENT...]: the options that --help names.  Usage lines put
# single letters into brackets.
helped() {
	"$bin/$1" "${@:2}" --help 2>&1 </dev/null | awk '
		{
			gsub(/[][(){}|,=!`\047]/, " ")
			for (i = 1; i <= NF; i++)
				if ($i ~ /^(--[a-z][-a-z0-9]+|-[A-Za-z0-9])$/)
					print $i
		}' | sort -u
}

# taken OPTION COMMAND [ARGUMENT...]: the command does not say that it knows no
# such option.  Some take --help for their argument, and save for a file.
taken() {
	! (cd "$tmp" && "$bin/$2" "${@:3}" "$1" --help 2>&1 </dev/null) |
		grep -q -i -e 'unknown option' -e 'unrecognized option' \
			-e 'invalid option'
}

# agree PAGE SECTIONS COMMAND [ARGUMENT...]: SECTIONS have '|' between them;
# with a '+' before it, one has options that not each command takes.
agree() {
	local page=$1 name="${*:3}" o n=0
	local -a own all

	IFS='|' read -r -a own <<<"${2%+*}"
	IFS='|' read -r -a all <<<"${2/+/|}"
	shift 2
	if taken --no-such-option "$@"; then
		fail "$name takes any option"
		return
	fi
	for o in $(comm -13 <(documented "$page" "${all[@]}") \
			    <(helped "$@")); do
		fail "$name --help names $o, the page does not"
		n=1
	done
	for o in $(documented "$page" "${own[@]}"); do
		taken "$o" "$@" && continue
		fail "$page has $o, which $name does not take"
		n=1
	done
	if [ -z "$(helped "$@")" ] ||
	   [ -z "$(documented "$page" "${own[@]}")" ]; then
		fail "$page or $name --help has no options"
		n=1
	fi
	[ $n = 1 ] || echo "PASS $name as in $page"
}

options() {
	local f

	for f in "${families[@]}"; do
		agree iptables-bpf.8 \
			'COMMANDS|RULES|OTHER OPTIONS|OWN OPTIONS' "$f-bpf"
		agree iptables-bpf-restore.8 'OPTIONS OF IPTABLES-BPF-RESTORE' \
			"$f-bpf-restore"
		agree iptables-bpf-restore.8 'OPTIONS OF IPTABLES-BPF-SAVE' \
			"$f-bpf-save"
	done
	agree xtbpf.8 check+OPTIONS xtbpf check
	agree xtbpf.8 convert+OPTIONS xtbpf convert
	agree xtbpf.8 status+OPTIONS xtbpf status
	agree xtbpf.8 detach+OPTIONS xtbpf detach
	agree xtbpf.8 bench+OPTIONS xtbpf bench
	agree xtbpf.8 OPTIONS xtbpf
}

# Every command has a page, and a page for another is where it says.
pages() {
	local a p dot name

	for a in xtables-bpf-multi xtbpf \
		{iptables,ip6tables}-bpf{,-restore,-save}; do
		p=$doc/$a.8
		[ ! -e "$p" ] || read -r dot name <"$p"
		if [ "$dot" = .so ]; then
			p=$doc/${name#man8/}
		fi
		if sed -n '/^.SH NAME/,/^.SH SYNOPSIS/p' "$p" |
		   grep -q -e "\<$a\>"; then
			echo "PASS page of $a"
		else
			fail "page of $a: $p does not name it"
		fi
	done
}

# What can be translated is what the page says: every match there is a file for.
translated() {
	local m

	while read -r m; do
		if sed -n '/^.SH TABLES/,/^.SH HOOKS/p' "$doc/iptables-bpf.8" |
		   grep -q -w -e "$m"; then
			echo "PASS match $m is in the page"
		else
			fail "match $m is not in iptables-bpf.8"
		fi
	done < <(sed -n 's/^\t\.name[^"]*"\(.*\)",$/\1/p' \
			"$doc"/../frontend/match/*.c)
}

# keys NAME COMMAND...: what it prints is JSON, with keys that the page names.
keys() {
	local name=$1 key n=0

	shift
	"$@" >"$tmp/json" 2>"$tmp/err"
	sed -n '/^.SH JSON/,/^.SH EXIT/p' "$doc/xtbpf.8" >"$tmp/section"
	for key in $(jq -r '[paths[] | strings] | unique[]' "$tmp/json"); do
		n=$((n + 1))
		grep -q -w -e "$key" "$tmp/section" && continue
		fail "$name: the page does not name the key $key"
		n=-100
	done
	if [ $n = 0 ]; then
		cat "$tmp/err"
		fail "$name: no JSON with keys"
	fi
	[ $n -lt 1 ] || echo "PASS the keys of $name are in the page"
}

json() {
	local rules=$doc/../examples/office-gateway.rules bad=$tmp/bad.rules

	if ! command -v jq >/dev/null; then
		echo "SKIP keys of JSON: needs jq"
		return
	fi
	printf '%s\n' '*filter' '-A INPUT -s 192.0.2.0/24 -j DROP' \
		'-A INPUT -s 192.0.2.1 -j DROP' COMMIT >"$tmp/shadow.rules"
	printf '%s\n' '*filter' '-A INPUT -m limit -j DROP' COMMIT >"$bad"
	keys check "$bin/xtbpf" --json check --verify "$tmp/shadow.rules" \
		"$bad" "$tmp"
	keys convert "$bin/xtbpf" --json convert -o "$tmp/objects" "$rules" \
		"$bad"
	[ "$(id -u)" = 0 ] || return
	"$bin/iptables-bpf-restore" "$rules"
	keys status "$bin/xtbpf" --json status
	"$bin/xtbpf" detach
}

# lint PROGRAM COMMAND...: which says nothing about a page.
lint() {
	local program=$1 p said

	shift
	if ! command -v "$program" >/dev/null; then
		echo "SKIP lint by $program: not installed"
		return
	fi
	for p in "$doc"/*.8; do
		grep -q '^\.so ' "$p" && continue
		said=$("$@" "$p" 2>&1)
		if [ -z "$said" ]; then
			echo "PASS $program ${p##*/}"
		else
			fail "$program ${p##*/}: $said"
		fi
	done
}

options
pages
translated
json
lint mandoc mandoc -T lint -W warning
lint groff groff -ww -man -z -T utf8
exit $failed
