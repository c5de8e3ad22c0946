# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/lib.sh - what the scripts share: packages, the build, namespaces, checks

# What the user may have set is not what is tested.
unset XTBPF_ATTACH XTBPF_STORE_ONLY

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian 12's names; bpf and json libraries are linked, the rest is run.
# shellcheck disable=SC2034
packages=(build-essential autoconf automake pkgconf libxtables-dev libbpf-dev
	libelf-dev libnftnl-dev libmnl-dev libjson-c-dev check iptables iproute2
	bpftool ipset iputils-ping nftables procps util-linux)

say() { printf '== %s\n' "$*" >&2; }

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "must be run as root: it makes network namespaces"
}

# need_packages PACKAGE...: installs those that are not there.
need_packages() {
	local p
	local -a missing=()

	if ! command -v dpkg-query >/dev/null; then
		say "not a Debian system, these must be there already: $*"
		return 0
	fi
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
			grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update >&2 || say "apt-get update failed, going on"
	apt-get -qq -y --no-install-recommends install "${missing[@]}" >&2 ||
		die "cannot install ${missing[*]}"
}

# build DIR CONFIGURE-OPTION... -- TARGET...: out of tree, one target after the
# other, quiet unless it fails.
build() {
	local dir=$1 log=$1/build.log
	local -a opts=()

	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	mkdir -p "$dir" || die "cannot make $dir"
	if [ ! -x "$top/configure" ]; then
		(cd "$top" && ./autogen.sh) >"$log" 2>&1 || build_failed "$log"
	fi
	(cd "$dir" || exit 1
	 [ -e Makefile ] || "$top/configure" -q "${opts[@]}" || exit 1
	 for t in "$@"; do
		make -s -j"$(nproc)" "$t" TESTS= || exit 1
	 done) >>"$log" 2>&1 || build_failed "$log"
}

build_failed() {
	tail -n 40 "$1" >&2
	die "the build failed, all of it is in $1"
}

# isolated COMMAND...: in namespaces of its own, network and mount, with an empty
# /run.  What the command makes there, namespaces and BPF programs too, ends
# with it, however it ends.
isolated() { (exec_isolated "$@"); }

# The same instead of this shell.
exec_isolated() {
	# shellcheck disable=SC2016
	exec unshare -n -m --propagation private sh -c '
		mount -t tmpfs none /run && mkdir /run/netns /run/iptables-bpf &&
		mount -t bpf bpffs /run/iptables-bpf || exit 1
		ISOLATED=$(readlink /proc/self/ns/net) && export ISOLATED &&
		exec "$@"' sh "$@"
}

# Whether that is where we are.  What PID 1 has is no answer: it need not be
# allowed to look.
is_isolated() {
	[ -n "${ISOLATED:-}" ] &&
		[ "$ISOLATED" = "$(readlink /proc/self/ns/net)" ]
}

# needs THING...: "root", or programs, built or of the system.  Where one is not
# there, the script is skipped.
needs() {
	local thing

	for thing in "$@"; do
		if [ "$thing" = root ]; then
			[ "$(id -u)" != 0 ] || continue
		elif command -v "$thing" >/dev/null; then
			continue
		fi
		echo "needs $thing"
		exit 77
	done
}

# alone ARGUMENT...: the script again from the start, isolated, unless it is.
alone() { is_isolated || exec_isolated "$0" "$@"; }

# make_tmp: $tmp, a directory that ends with the script.
make_tmp() {
	tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$tmp"' EXIT
}

# What scripts that try one thing after the other share; they have a directory
# $tmp and end with the status $failed.
# shellcheck disable=SC2034
failed=0

# ok NAME COMMAND...: passes when the command does, and says so by its status too.
# shellcheck disable=SC2034,SC2154
ok() {
	local name=$1

	shift
	if "$@" >"$tmp/out" 2>&1; then
		echo "PASS $name"
	else
		tail -n 40 "$tmp/out"
		echo "FAIL $name"
		failed=1
		return 1
	fi
}

# exits STATUS PATTERN COMMAND...: with that status and a line like that.
# shellcheck disable=SC2154
exits() {
	local want=$1 pattern=$2 status

	shift 2
	"$@" >"$tmp/said" 2>&1
	status=$?
	[ "$status" = "$want" ] && grep -q -e "$pattern" "$tmp/said" && return
	echo "exit status $status, not $want, or no line like '$pattern':"
	cat "$tmp/said"
	return 1
}
