# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/diff/oracle.bash - what the run-*.sh share
#
# From the environment, for longer runs:
#	DIFF_RULESETS	random rulesets of each kind
#	DIFF_PACKETS	packets for each of them
#	DIFF_LONG	packets for each ruleset of examples/
#	DIFF_SEED	where the random ones start

oracle=${top_builddir:-.}/tests/diff/oracle
examples=${top_srcdir:-${srcdir:-.}}/examples
# shellcheck disable=SC2034
here=$(dirname "$0")
rulesets=${DIFF_RULESETS:-20}
packets=${DIFF_PACKETS:-20000}
# shellcheck disable=SC2034
long=${DIFF_LONG:-100000}
seed=${DIFF_SEED:-1}
result=0

if [ "$(id -u)" != 0 ]; then
	echo "SKIP ${0##*/}: needs root"
	exit 77
fi
if [ ! -x "$oracle" ]; then
	echo "FAIL ${0##*/}: $oracle is not built"
	exit 1
fi

# compare ARGUMENT...: what the oracle says, PASS lines too.
compare() {
	local status

	"$oracle" --verbose "$@"
	status=$?
	[ $status = 0 ] || [ $status = 77 ] || result=1
}

# Random rulesets.
compare_random() {
	compare --rulesets "$rulesets" --packets "$packets" --seed "$seed" "$@"
}

# compare_large KIND ARGUMENT...: ten thousand rules of `xtbpf bench --gen KIND`.
compare_large() {
	local kind=$1 file
	shift

	file=$(mktemp "${TMPDIR:-/tmp}/$kind.XXXXXX") || exit 1
	if "${top_builddir:-.}/xtbpf" bench --gen "$kind" --rules 10000 \
		--seed "$seed" --print >"$file"; then
		compare --packets 5000 "$@" "$file"
	else
		echo "FAIL cannot make rules of the kind '$kind' up"
		result=1
	fi
	rm -f "$file"
}

# must_differ FAULT ARGUMENT...: our side made wrong; the oracle must see it.
must_differ() {
	local fault=$1 out status
	shift

	out=$("$oracle" --plant "$fault" "$@" 2>&1)
	status=$?
	if [ $status = 1 ]; then
		echo "PASS fault '$fault' is found: $*"
		return
	fi
	echo "$out" | tail -n 5
	echo "FAIL fault '$fault' is not found: $*"
	result=1
}
