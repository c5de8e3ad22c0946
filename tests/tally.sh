# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/tally.sh - running tests and counting what they say: for tests/run and
# tests/vm/guest, which set logs to a directory and have read tests/lib.sh

passed=0 failed=0 skipped=0
skips=()
fails=()

pass() { passed=$((passed + ${1:-1})); }

fail() {
	failed=$((failed + 1))
	fails+=("$*")
	printf 'FAIL %s\n' "$*"
}

skip() {
	skipped=$((skipped + 1))
	skips+=("$*")
	printf 'SKIP %s\n' "$*"
}

# count_unit NAME LOG STATUS: one test for each of libcheck's; a program without
# libcheck is one test.
count_unit() {
	local name=$1 log=$2 status=$3 line sum n=0 bad=0

	if [ "$status" = 77 ]; then
		skip "$name: $(tail -n 1 "$log")"
		return
	fi
	sum='^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+)$'
	while read -r line; do
		[[ $line =~ $sum ]] || continue
		n=$((n + BASH_REMATCH[1]))
		bad=$((bad + BASH_REMATCH[2] + BASH_REMATCH[3]))
	done <"$log"
	if [ "$n" = 0 ]; then
		n=1
		[ "$status" = 0 ] || bad=1
	fi
	pass $((n - bad))
	if [ "$status" = 0 ] && [ "$bad" = 0 ]; then
		printf 'PASS %s: %d checks\n' "$name" "$n"
		return
	fi
	cat "$log"
	fail "$name: $bad of $n checks failed, exit status $status"
	[ "$bad" -lt 2 ] || failed=$((failed + bad - 1))
}

# count_lines NAME LOG STATUS: one test for each line of PASS, FAIL or SKIP.
count_lines() {
	local name=$1 log=$2 status=$3 line n=0 bad=0 left=0

	while read -r line; do
		case $line in
		PASS*) pass ;;
		FAIL*) fail "$name: ${line#FAIL }"; bad=$((bad + 1)) ;;
		SKIP*) skip "$name: ${line#SKIP }"; left=$((left + 1)) ;;
		*) continue ;;
		esac
		n=$((n + 1))
	done <"$log"
	if [ "$status" = 77 ] && [ "$n" = 0 ]; then
		skip "$name: $(tail -n 1 "$log")"
	elif [ "$status" = 77 ] && [ "$n" != "$left" ]; then
		fail "$name: ended early, after $n tests"
	elif [ "$status" != 0 ] && [ "$status" != 77 ] && [ "$bad" = 0 ]; then
		tail -n 30 "$log"
		fail "$name: exit status $status"
	elif [ "$n" = 0 ]; then
		fail "$name: does not say what it tested"
	fi
}

# What as_user needs.
make_userdir() {
	userdir=$(mktemp -d) || exit 1
	mkdir -p "$userdir/src" "$userdir/build" "$userdir/tmp"
	chmod 755 "$userdir"
	chown 65534:65534 "$userdir/tmp"
}

# as_user COMMAND...: as nobody, who may not be able to enter the directories
# above the tree: the tree is mounted where he can, for this command alone.
as_user() {
	# shellcheck disable=SC2016
	unshare -m sh -c '
		user=$1 top=$2 build=$3
		shift 3
		mount --bind "$top" "$user/src" &&
		mount --bind "$build" "$user/build" && cd "$user/tmp" || exit 1
		export TMPDIR=$user/tmp HOME=$user/tmp
		export srcdir=$user/src top_srcdir=$user/src
		export top_builddir=$user/build
		exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	' sh "$userdir" "$top" "$@"
}

# What `make check` runs.
unit_programs() { make -s -C "$1" list-tests; }

needs_root=' '

# unit_tests BUILD PROGRAM...: what a plain user cannot run is run as root, in a
# namespace of its own.
unit_tests() {
	local dir=$1 p log status who

	shift
	for p in "$@"; do
		log=$logs/unit-${p##*/}.log
		who='plain user'
		as_user "$dir" timeout 900 "$userdir/build/$p" \
			>"$log" 2>&1
		status=$?
		if [ "$status" = 77 ]; then
			who=root
			needs_root+="$p "
			(cd "$dir" && srcdir=$top top_srcdir=$top \
				top_builddir=$dir isolated timeout 900 \
				"$p") >"$log" 2>&1
			status=$?
		fi
		count_unit "$p ($who)" "$log" "$status"
	done
}

# script_tests BUILD SCRIPT...: each prints PASS, FAIL and SKIP lines.
script_tests() {
	local dir=$1 s name log status

	shift
	for s in "$@"; do
		[ -x "$s" ] || continue
		name=${s#"$top"/tests/}
		log=$logs/${name//\//-}.log
		say "$name"
		(cd "$dir" && srcdir=$top top_srcdir=$top top_builddir=$dir \
			isolated timeout 900 "$s") 2>&1 | tee "$log"
		status=${PIPESTATUS[0]}
		count_lines "$name" "$log" "$status" >/dev/null
	done
}

sum_up() {
	local x

	for x in "${skips[@]}"; do printf 'skipped: %s\n' "$x"; done
	for x in "${fails[@]}"; do printf 'failed: %s\n' "$x"; done
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" \
		"$skipped"
}
