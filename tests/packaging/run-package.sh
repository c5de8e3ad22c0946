#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/packaging/run-package.sh - the Debian package, from tarball to removal
#
# Made from what a tarball holds, checked by lintian, and installed in a copy of
# this machine's root file system, of which nothing is kept.  It changes mounts, so
# it never runs in the machine's own namespaces.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=${top_builddir:-.}

needs root dpkg-buildpackage dh
[ -e "$bin/Makefile" ] || { echo "not built"; exit 77; }
alone "$@"
tmp=$(mktemp -d) || exit 1
trap 'umount -lR "$tmp"; rmdir "$tmp"' EXIT
mount -t tmpfs none "$tmp" || exit 1
families=(iptables ip6tables)

make_package() {
	make -s -C "$bin" distdir "distdir=$tmp/iptables-bpf" &&
		(cd "$tmp/iptables-bpf" &&
		 DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" \
			dpkg-buildpackage -us -uc -b)
}

# The machine's root with a layer above it that takes all writes.
make_root() {
	mkdir "$tmp/upper" "$tmp/work" "$tmp/root" &&
		mount -t overlay -o \
			"lowerdir=/,upperdir=$tmp/upper,workdir=$tmp/work" \
			none "$tmp/root" &&
		mount -t proc none "$tmp/root/proc" &&
		mount -t sysfs none "$tmp/root/sys" &&
		mount --rbind /dev "$tmp/root/dev" &&
		mount -t tmpfs none "$tmp/root/run" &&
		mount -t tmpfs none "$tmp/root/tmp"
}

inside() { chroot "$tmp/root" env LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }

alternatives() {
	inside update-alternatives --query iptables
	inside update-alternatives --query ip6tables
}

# says PATTERN COMMAND...: works, with a line like that.
says() {
	local pattern=$1

	shift
	inside "$@" >"$tmp/said" 2>&1 && grep -q -e "$pattern" "$tmp/said" &&
		return
	cat "$tmp/said"
	return 1
}

# What an administrator switches is all three names, of both families.
switch() {
	local f

	for f in "${families[@]}"; do
		ok "set $f" inside update-alternatives --set "$f" \
			"/usr/sbin/$f-bpf"
		ok "$f -V" says "^$f v.* (bpf)" "$f" -V
		ok "$f-restore -V" says '-restore v.* (bpf)' "$f-restore" -V
		ok "$f-save -V" says '-save v.* (bpf)' "$f-save" -V
	done
}

names() {
	local a
	local -a names=(xtbpf)

	for a in "${families[@]}"; do
		names+=("$a-bpf" "$a-bpf-restore" "$a-bpf-save")
	done
	for a in "${names[@]}"; do
		ok "$a --version" says '^.* v[0-9]' "$a" --version
		ok "$a has a man page" grep -q " \./usr/share/man/man8/$a.8" \
			"$tmp/contents"
		ok "$a is completed" grep -q "/completions/$a\( \|$\)" \
			"$tmp/contents"
	done
}

# Left after purge: what dpkg itself writes down.
leftovers() {
	! find "$tmp/upper" -name '*tables-bpf*' -type f | grep .
}

units() {
	local u

	for u in iptables-bpf ip6tables-bpf; do
		ok "$u.service" inside systemd-analyze --man=no verify \
			/lib/systemd/system/$u.service
		ok "$u.service is not enabled" inside test ! -e \
			/etc/systemd/system/multi-user.target.wants/$u.service
	done
}

# What a unit does at boot, and at reload.
boot() {
	local c f u command

	inside mkdir -p /etc/iptables
	for f in "${families[@]}"; do
		u=/lib/systemd/system/$f-bpf.service
		printf '*filter\n-A INPUT -p tcp -m tcp --dport 22 -j DROP\nCOMMIT\n' |
			inside tee /etc/iptables/rules.v4 \
			/etc/iptables/rules.v6 >/dev/null
		for c in ExecStart ExecReload; do
			command=$(inside sed -n "s/^$c=//p" "$u")
			# shellcheck disable=SC2086
			ok "$c of $f-bpf.service" inside $command
			ok "puts the file in force" says 'dport 22 -j DROP' \
				"$f-bpf" -S INPUT
		done
	done
	ok "detach" inside xtbpf detach
	ok "what the package itself tests" inside /tmp/restore-save
	inside rm -r /etc/iptables
}

ok "package" make_package || exit 1
set -- "$tmp"/iptables-bpf_*.deb
deb=$1
dpkg-deb --contents "$deb" >"$tmp/contents"
if command -v lintian >/dev/null; then
	ok "lintian" lintian --allow-root --fail-on error,warning \
		--suppress-tags bad-distribution-in-changes-file \
		"$tmp"/iptables-bpf_*.changes
else
	echo "SKIP lintian: not installed"
fi
make_root || { echo "SKIP no overlay file system"; exit $failed; }
cp "$deb" "$tmp/root/tmp/p.deb"
cp "$top/debian/tests/restore-save" "$tmp/root/tmp"
alternatives >"$tmp/before"
ok "install" inside dpkg --install /tmp/p.deb || exit 1
alternatives | grep '^Value' >"$tmp/value"
version=$(dpkg-deb --field "$deb" Version)
ok "has the version of the commands" says "^xtbpf v$version," xtbpf --version
ok "and of NEWS" grep -q -x "iptables-bpf $version" "$top/NEWS"
ok "takes nobody's place" diff <(grep '^Value' "$tmp/before") "$tmp/value"
names
units
boot
switch
ok "upgrade" inside dpkg --install /tmp/p.deb
ok "leaves the choice" says '(bpf)' iptables -V
ok "remove" inside dpkg --remove iptables-bpf
alternatives >"$tmp/after"
ok "gives the place back" diff "$tmp/before" "$tmp/after"
ok "purge" inside dpkg --purge iptables-bpf
ok "leaves nothing" leftovers
exit $failed
