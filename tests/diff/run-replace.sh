#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/diff/run-replace.sh - two million frames at each hook while rulesets
# replace each other (replace.c)
status=77
for hook in netfilter xdp tc; do
	"${top_builddir:-.}/tests/diff/replace" "$hook"
	case $? in
	0) [ $status = 1 ] || status=0 ;;
	77) echo "SKIP replace $hook" ;;
	1) status=1 ;;
	*) status=1; echo "FAIL replace $hook" ;;
	esac
done
exit $status
