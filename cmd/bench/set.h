/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/set.h - rulesets that are one set, in other words */
#ifndef CMD_BENCH_SET_H
#define CMD_BENCH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cmd/bench/ruleset.h"

/* What rules of a set may ask for: a range of values of each. */
enum bench_column {
	BENCH_COLUMN_SADDR,
	BENCH_COLUMN_DADDR,
	BENCH_COLUMN_SPORT,
	BENCH_COLUMN_DPORT,
	BENCH_NCOLUMNS,
	BENCH_COLUMN_PROTO = BENCH_NCOLUMNS	/* the same in all rules */
};

struct bench_set_row {
	bool		there[BENCH_NCOLUMNS + 1];
	uint32_t	lo[BENCH_NCOLUMNS + 1];
	uint32_t	hi[BENCH_NCOLUMNS + 1];
};

struct bench_set {
	const struct bench_ruleset *rs;	/* borrowed */
	struct bench_set_row first;
	uint32_t	differs;	/* bit set: columns that are the set's */
	uint32_t	wide;		/* of these, where some rule has a range */
};

/*
 * Whether @rs is one: all its rules are in one chain, do the same, and ask for
 * addresses and ports in the same columns.  0 or -EOPNOTSUPP.
 */
int bench_set_read(const struct bench_ruleset *rs, struct bench_set *out);

/* What its rule number @i asks for. */
void bench_set_row(const struct bench_set *s, uint32_t i,
		   struct bench_set_row *row);

/* "tcp" or "udp" where all rules ask for it; NULL: another, or none. */
const char *bench_set_proto(const struct bench_set *s);

/* Whether a range of addresses is one network. */
bool bench_set_is_net(uint32_t lo, uint32_t hi);

/* By column, what no flow has all of. */
extern const uint32_t bench_set_no_flow[BENCH_NCOLUMNS];

/* A value of a column: "10.0.0.0/8", "10.0.0.1-10.0.0.9", "80", "80-90". */
void bench_set_value(FILE *f, enum bench_column c,
		     const struct bench_set_row *row);

/*
 * The set as an nft set "bench" and one rule.  0 (*text is the caller's) or
 * -ENOMEM.
 */
int bench_set_write_nft(const struct bench_set *s, char **text, size_t *len);

/*
 * The set for `ipset -exist restore`, in the place of the one before, and the
 * rule that asks it, for iptables-restore.  0 (both texts are the caller's),
 * -EOPNOTSUPP: ipset has no type for these columns, or -ENOMEM.
 */
int bench_set_write_ipset(const struct bench_set *s, char **set, char **rule);

/* The element bench_set_no_flow: "203.0.113.77 . 4242".  0 or -ENOMEM. */
int bench_set_element_nft(const struct bench_set *s, char *buf, size_t len);

/* The same as "203.0.113.77,tcp:4242". */
int bench_set_element_ipset(const struct bench_set *s, char *buf, size_t len);

#endif
