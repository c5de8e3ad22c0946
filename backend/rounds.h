/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/rounds.h - the packets that --verify tries, in rounds over all rules
 */
#ifndef BACKEND_ROUNDS_H
#define BACKEND_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "backend/verify.h"
#include "ir/witness.h"

struct be_rounds {
	const struct be_verify *in;
	struct be_verified *out;
	uint8_t		*idle;		/* by counter: it has no witness */
	uint32_t	n;		/* counters */
	uint32_t	rounds;		/* 0: not known before the first time */
	uint64_t	number;		/* of the packet, from the first round on */
	uint64_t	hurry;		/* from which packet on there is no time */
	clock_t		start;
	ir_probe_fn	*probe;		/* is given them */
	void		*ctx;
};

/*
 * @in and @out are borrowed; the rules, and what became of each, are counted in
 * @out, and those without a witness told to @in.  0 or -ENOMEM.  Ends with
 * be_rounds_end(), after an error too.
 */
int be_rounds_init(struct be_rounds *r, const struct be_verify *in,
		   struct be_verified *out);
void be_rounds_end(struct be_rounds *r);

/*
 * Gives all packets to @probe, with r->number set to that of the packet, from 1 on.
 * They are the same each time.  0, -errno, or what @probe said if not 0.
 */
int be_rounds_run(struct be_rounds *r, ir_probe_fn *probe, void *ctx);

/*
 * Whether packet r->number is one for ir_eval(): one in so many, at random, but the
 * same ones each time.
 */
bool be_rounds_sampled(const struct be_rounds *r);

#endif
