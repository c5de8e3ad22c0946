/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/rulegen.h - rulesets of any size, made up
 *
 *	grid		sources x destinations x source ports x ports, accepted
 *	linear		a packet passes all and meets the last, which drops it
 *	blocklist	addresses that are dropped: one set, in other words
 *	acl, fw, ipc	as ClassBench has them: clustered, nested prefixes and
 *			port ranges; access lists (long prefixes), firewalls
 *			(many wild fields) and IP chains (between the two)
 *	wild, prefixes, ranges	made to be hard: wild sources against wild
 *			destinations, prefixes of every length in both, and
 *			ranges in five fields
 *
 * The same kind, size and seed give the same rules.
 */
#ifndef CMD_BENCH_RULEGEN_H
#define CMD_BENCH_RULEGEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The kinds' names; NULL at the end. */
extern const char *const bench_rulegen_kinds[];

#define BENCH_RULES_MAX	1000000

/*
 * Writes a filter table with exactly @n rules in FORWARD.  0, -EINVAL: no such
 * kind, -ENOMEM, or -EIO where @out fails.
 */
int bench_rulegen_write(FILE *out, const char *kind, uint32_t n,
			uint64_t seed);

#endif
