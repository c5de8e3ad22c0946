/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/compare.h - the same packets to two judges, all counters compared
 *
 * Counters are compared after each batch; lengths are random, so that the
 * byte counters are a checksum.  A batch that differs is injected again, in
 * halves, until one packet is found.
 */
#ifndef TESTS_DIFF_COMPARE_H
#define TESTS_DIFF_COMPARE_H

#include <stdint.h>

#include "tests/diff/judge.h"
#include "tests/diff/pktgen.h"

struct compare {
	const struct ir_table	*t;
	uint32_t		ncounters;
	struct lab		*lab;	/* of one of them; NULL: no hosts */
	struct judge		*a;	/* right by definition */
	struct judge		*b;
	struct pktgen		*gen;
	uint32_t		batch;
	uint32_t		hooks;	/* bit set of enum ir_hook to aim at */
	bool			quiet;	/* nothing printed, nothing bisected */
	/* Whether a packet is comparable at all; NULL: each is. */
	bool (*admit)(const struct lab *lab, const struct pg_packet *p);

	/* Results. */
	uint64_t		packets;	/* injected */
	uint64_t		hits;		/* rules and policies, by a */
	uint32_t		hit;		/* how many different ones */
};

/*
 * Injects @n packets.  0: no difference; 1: a difference, printed on stdout;
 * -1: could not be done, told on stderr.
 */
int compare_run(struct compare *c, uint64_t n);

#endif
