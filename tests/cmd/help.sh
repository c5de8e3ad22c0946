#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/cmd/help.sh - what every command says of itself when asked
#
# Changes nothing and needs no privilege.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=${top_builddir:-.}
families=(iptables ip6tables)

needs "$bin/xtables-bpf-multi"
make_tmp

result() {
	if [ "$1" = 0 ]; then
		echo "PASS $2"
	else
		echo "FAIL $2"
		failed=1
	fi
}

# ends STATUS COMMAND [ARGUMENT...]: with this status; what it says is in $tmp/out
# and $tmp/err.
ends() {
	local want=$1 status

	"$bin/$2" "${@:3}" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	[ "$status" = "$want" ] && return
	echo "$*: exit status $status"
	cat "$tmp/err"
	return 1
}

# describes NAME COMMAND [ARGUMENT...] --help: a usage line for NAME, on the
# standard output alone where the command is ours, nothing wider than a page.
describes() {
	local name=$1

	shift
	ends 0 "$@" && cat "$tmp/out" "$tmp/err" >"$tmp/all" || return
	grep -q "^Usage: $name\>" "$tmp/all" || {
		echo "no usage of '$name'"
		return 1
	}
	[[ $1 != xtbpf ]] || [ ! -s "$tmp/err" ] || {
		echo "'$*' says it on stderr"
		return 1
	}
	[ -z "$(tail -c 1 "$tmp/all")" ] && ! grep -E '.{120}|[[:space:]]$' \
		"$tmp/all"
}

# The same as that.
same() {
	ends 0 xtbpf help "$1" && cp "$tmp/out" "$tmp/a" &&
		ends 0 xtbpf "$1" --help && diff "$tmp/a" "$tmp/out"
}

commands=$("$bin/xtbpf" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
for c in $commands; do
	describes "xtbpf" xtbpf "$c" --help
	result $? "xtbpf $c --help"
	same "$c"
	result $? "xtbpf help $c"
	ends 2 xtbpf "$c" --no-such-option
	result $? "xtbpf $c --no-such-option"
done
[ "$(wc -w <<<"$commands")" -ge 5 ]
result $? "xtbpf --help has the commands"
for f in "${families[@]}"; do
	for c in '' -restore -save; do
		# iptables names itself as iptables does
		describes "$f\(-bpf\)\?$c" "$f-bpf$c" --help
		result $? "$f-bpf$c --help"
	done
done
describes xtbpf xtbpf --help
result $? "xtbpf --help"
cp "$tmp/out" "$tmp/usage"
ends 2 xtbpf && diff "$tmp/usage" "$tmp/err" && [ ! -s "$tmp/out" ]
result $? "xtbpf without arguments"
ends 0 xtbpf help && diff "$tmp/usage" "$tmp/out"
result $? "xtbpf help"
ends 2 xtbpf help frob && grep -q "unknown command 'frob'" "$tmp/err"
result $? "xtbpf help frob"
ends 2 xtbpf frob && grep -q "unknown command 'frob'" "$tmp/err"
result $? "xtbpf frob"
ends 0 xtbpf --version && grep -q -x 'xtbpf v.*, as iptables v1\.8\.11' "$tmp/out"
result $? "xtbpf --version"
exit $failed
