#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/fuzz/replay.sh - the corpus again, one test for each file
set -u
cd "$(dirname "$0")" || exit 1
program=${top_builddir:-../..}/tests/fuzz/restore
failed=0

[ -x "$program" ] || { echo "$program is not built"; exit 77; }
for f in corpus/*; do
	if timeout 60 "$program" "$f"; then
		echo "PASS fuzz: ${f##*/}"
	else
		echo "FAIL fuzz: ${f##*/}"
		failed=1
	fi
done
exit $failed
