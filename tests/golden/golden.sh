#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/golden/golden.sh - what iptables 1.8.11 says, and whether ours says it
#
# restore.cases and commands.cases were taken down from iptables-legacy 1.8.11.
# Rules that only are kept, not judged, are among them: --store-only.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${top_builddir:-.}" && pwd)

needs root "$bin/xtables-bpf-multi"
alone "$@"
make_tmp
# Extensions lose some bytes when an error leads out of them, as in iptables.
export ASAN_OPTIONS=detect_leaks=0 XTBPF_STORE_ONLY=1
export XTABLES_LOCKFILE=$tmp/lock

# check NAME: $tmp/want against $tmp/got.
check() {
	if diff -u --label iptables --label ours "$tmp/want" "$tmp/got"; then
		echo "PASS $1"
	else
		echo "FAIL $1"
		failed=1
	fi
}

# Without what only ours says: before a warning why a table is only kept, and why
# the kernel would refuse it.
plain() {
	awk '/^Try / || /^# verified/ { next }
	     /: WARNING: table / { n = 0; next }
	     / line [0-9]+ failed$/ || /^iptables: Invalid argument/ {
		while (n && line[n] !~ /^RESTORE: line/) n--
		if (/failed$/) n = 0
	     }
	     { line[++n] = $0 }
	     END { for (i = 1; i <= n; i++) print line[i] }'
}

# What is in force but for what is always there.
rules() {
	"$bin/iptables-bpf-save" -c | awk '
		/^#/ || /^COMMIT$/ || /^:[A-Z]* ACCEPT \[0:0\]$/ { next }
		/^\*/ { table = $0; next }
		table != "" { print table; table = "" }
		{ print }'
}

# restore_case NAME OPTIONS: $tmp/in
restore_case() {
	# shellcheck disable=SC2086
	"$bin/iptables-bpf-restore" $2 <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	echo "--- exit status $?" >"$tmp/got"
	sed -e 's|[^ ]*iptables-bpf-restore|RESTORE|g' -e 's/\r//' \
	    -e 's/v1.8.11 (bpf)/vX/g' "$tmp/out" "$tmp/err" |
		plain >>"$tmp/got"
	rules >"$tmp/rules"
	[ ! -s "$tmp/rules" ] ||
		{ echo "--- rules"; cat "$tmp/rules"; } >>"$tmp/got"
	"$bin/xtbpf" detach >/dev/null 2>&1
	# both without empty lines: a message that ends in one is as good
	sed -i '/^$/d' "$tmp/got" "$tmp/want"
	check "golden restore: $1"
}

restore_cases() {
	local line name='' options='' to=/dev/null

	while IFS= read -r line; do
		case $line in
		'=== '*)
			[ -z "$name" ] || restore_case "$name" "$options"
			name=${line#=== }
			options=
			[[ $name != *' | '* ]] || options=${name##* | }
			name=${name%% | *}
			to=$tmp/in
			: >"$tmp/in"
			: >"$tmp/want"
			;;
		'--- '*)
			to=$tmp/want
			echo "$line" >>"$to"
			;;
		*)
			if [ "$to" = "$tmp/in" ]; then
				printf '%b' "${line//\\"/\\\\"}\n" >>"$to"
			else
				printf '%s\n' "$line" >>"$to"
			fi
			;;
		esac
	done <"$here/restore.cases"
	restore_case "$name" "$options"
}

# one "COMMAND": run as it stands in the file.
one() {
	local -a words

	eval "words=($1)"
	PATH=$bin:$PATH "$bin/xtables-bpf-multi" "${words[@]}" \
		>"$tmp/out" 2>"$tmp/err"
	echo "[rc=$?]" >"$tmp/status"
	plain <"$tmp/err" | cat - "$tmp/out" "$tmp/status" >"$tmp/got"
	check "golden command: $1"
}

commands() {
	local line command=''

	"$bin/iptables-bpf-restore" -c "$here/before.rules" 2>"$tmp/err" ||
		{ cat "$tmp/err"; echo "FAIL golden commands"; exit 1; }
	while IFS= read -r line; do
		case $line in
		'$ '*)
			command=${line#'$ '}
			: >"$tmp/want"
			;;
		'[rc='*)
			echo "$line" >>"$tmp/want"
			one "$command"
			command=
			;;
		*) [ -z "$command" ] || printf '%s\n' "$line" >>"$tmp/want" ;;
		esac
	done <"$here/commands.cases"
	"$bin/xtbpf" detach >/dev/null
}

# The names that the cases ask for; nobody else sees this file.
printf '%s\n' '127.0.0.1 localhost' '10.9.0.1 many' '10.9.0.2 many' \
	'10.9.0.3 many' '10.9.1.1 one' >"$tmp/hosts"
mount --bind "$tmp/hosts" /etc/hosts || exit 1
restore_cases
commands
umount /etc/hosts
exit $failed
