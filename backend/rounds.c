/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/rounds.c - how many packets for which rules, and in what order
 *
 * One round makes a witness for each rule and neighbours of it (ir/witness.h); in
 * small rulesets further rounds follow, with other packets for those that have one.
 */
#include "backend/rounds.h"

#include <errno.h>
#include <stdlib.h>

#include "ir/rng.h"

#define SEED		1

/*
 * How many packets there are: so many for each rule of a large ruleset, more for
 * those of a small one, and of these further rounds with other packets until
 * there are enough.
 */
#define ENOUGH		60000
#define MANY		200000
#define MIN_NEIGHBOURS	8
#define MAX_NEIGHBOURS	64
#define MAX_ROUNDS	32

/* Seconds of CPU time, then the rules that are left get a witness and one more. */
#define SECONDS		30

/*
 * What they should come to is said by ir_boxes_eval(), which passes over rules
 * that cannot hold.  It is itself held against ir_eval(), for as many packets
 * as can be compared with so many rules.
 */
#define PLAIN		3000000ull

/* Rules between two reports. */
#define REPORT		8192

int be_rounds_init(struct be_rounds *r, const struct be_verify *in,
		   struct be_verified *out)
{
	*r = (struct be_rounds){
		.in = in, .out = out, .n = in->classifier->ncounters,
		.hurry = UINT64_MAX, .start = clock(),
	};
	r->idle = calloc((size_t)r->n + 1, 1);
	return r->idle ? 0 : -ENOMEM;
}

void be_rounds_end(struct be_rounds *r)
{
	free(r->idle);
}

static uint32_t neighbours(const struct be_rounds *r)
{
	const uint32_t each = MANY / (r->n + 1);

	return each < MIN_NEIGHBOURS ? MIN_NEIGHBOURS :
	       each > MAX_NEIGHBOURS ? MAX_NEIGHBOURS : each;
}

bool be_rounds_sampled(const struct be_rounds *r)
{
	const uint64_t n = r->n, all = n * (neighbours(r) + 1);
	const uint64_t looks = (all < ENOUGH ? ENOUGH : all) * n / 2;
	struct rng rng = rng_at(SEED, r->number);

	return rng_one_in(&rng, (uint32_t)(1 + looks / PLAIN));
}

/* In the place of @probe. */
static int count_packet(void *ctx, const struct ir_probe *p)
{
	struct be_rounds *r = ctx;

	r->number++;
	return r->probe(r->ctx, p);
}

static void count_rule(struct be_rounds *r, const struct ir_chain *c,
		       uint32_t at, enum ir_witness_result res,
		       const struct ir_rule *by)
{
	if (at == c->nrules) {
		r->idle[c->index] = res != IR_WITNESS_FOUND;
		return;
	}
	r->out->rules++;
	r->out->result[res]++;
	if (res == IR_WITNESS_FOUND)
		return;
	r->idle[c->rule[at]->index] = true;
	if (r->in->without)
		r->in->without(r->in->ctx, c, c->rule[at], res, by);
}

static void report(const struct be_rounds *r)
{
	if (r->in->progress && r->out->rules % REPORT == 0)
		r->in->progress(r->in->ctx, r->out->rules, r->n);
}

/* The same each time that the packets are made. */
static uint32_t neighbours_now(struct be_rounds *r)
{
	if (!r->rounds && r->number < r->hurry &&
	    clock() - r->start > (clock_t)SECONDS * CLOCKS_PER_SEC)
		r->hurry = r->number;
	return r->number < r->hurry ? neighbours(r) : 1;
}

/* Each rule once more, with other packets. */
static int round_chain(struct be_rounds *r, struct ir_witness *w,
		       const struct ir_chain *c, bool first)
{
	uint32_t i, n = c->nrules + (c->hook != IR_HOOK_NONE);
	const struct ir_rule *by;
	int res;

	for (i = 0; i < n; i++) {
		if (first)
			report(r);
		if (!first && r->idle[i < c->nrules ? c->rule[i]->index :
				      c->index])
			continue;
		res = ir_witness_find(w, c, i, neighbours_now(r),
				      count_packet, r, &by);
		if (res < 0)
			return res;
		if (first)
			count_rule(r, c, i, (enum ir_witness_result)res, by);
	}
	return 0;
}

/* Every other round with packets whose transport header is not whole. */
static int round_table(struct be_rounds *r, uint32_t number, bool first)
{
	struct ir_witness *w = ir_witness_new(r->in->table, SEED + number / 2);
	uint32_t i;
	int err = w ? 0 : -ENOMEM;

	if (w && number % 2)
		ir_witness_kinds(w, IR_KINDS_ALL & ~(1u << IR_KIND_WHOLE));
	for (i = 0; !err && i < ir_table_nchains(r->in->table); i++)
		err = round_chain(r, w, ir_table_chain(r->in->table, i),
				  first);
	ir_witness_free(w);
	return err;
}

/* The first time this sets r->rounds; later there are as many. */
int be_rounds_run(struct be_rounds *r, ir_probe_fn *probe, void *ctx)
{
	uint32_t i = 0, max = r->rounds ? r->rounds : MAX_ROUNDS;
	bool first = !r->rounds;
	int err;

	r->probe = probe;
	r->ctx = ctx;
	r->number = 0;
	do {
		err = round_table(r, i, first && !i);
		i++;
		if (first && (r->number >= ENOUGH ||
			      r->number >= r->hurry))
			max = i;
	} while (!err && i < max);
	r->rounds = i;
	return err;
}
