#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/cmd/tour.sh - the README's minute, word by word
#
# Every command of that section is run, and has to say what the README shows, but
# for numbers that differ from one machine or version to the next.
set -u
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
bin=$(cd "${top_builddir:-.}" && pwd)
readme=$(cd "${top_srcdir:-.}" && pwd)/README.md

needs root "$bin/xtables-bpf-multi" ip
alone "$@"
make_tmp
cd "$tmp" || exit 1
export PATH=$bin:$PATH

# The blocks between ``` of the section.
awk '/^## / { on = /One minute/ } on && /^```/ { code = !code; next }
     on && code' "$readme" >tour

# What is a number of this kernel, this day or this version.
plain() {
	sed -E -e 's/[ \t]+$//' -e '/^# (Generated|Completed)/s/ on .*//' \
		-e '/^(namespace|  filter:|    program|    attached)/s/[0-9]+/N/g'
}

file=
: >want
: >got
while IFS= read -r line; do
	case $line in
	'# Generated'* | '# Completed'*)
		echo "$line" >>want ;;
	'# cat '*)
		file=${line#\# cat } ;;
	'# '*)
		# A limit match is added as a last rule, says the README.
		[ ! -e rules.v4 ] || sed 's/^COMMIT/-A web -m limit --limit 10\/s -j ACCEPT\n&/' \
			rules.v4 >more.v4
		file=
		echo "$line" | tee -a want >>got
		bash -c "${line#\# }" >>got 2>&1 </dev/null ;;
	*)
		echo "$line" >>"${file:-want}" ;;
	esac
done <tour
plain <want >want.plain
plain <got >got.plain
if [ "$(wc -l <want)" -gt 40 ] &&
   diff -u --label README --label ours want.plain got.plain; then
	echo "PASS the README's minute is as it says"
else
	echo "FAIL the README's minute is not as it says"
	failed=1
fi
exit $failed
