/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/compare.c - batches, and bisection of one that differs */
#include "tests/diff/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/diff/table.h"

/* One look at a judge. */
struct look {
	struct ir_counter	*count;
	struct lab_through	through;
};

/* What a judge counted in a batch: after - before. */
struct delta {
	struct look	before;
	struct look	after;
};

struct run {
	struct compare		*c;
	struct delta		a;
	struct delta		b;
	struct pg_packet	packet;
	bool			*hit;
};

static int look(struct compare *c, struct judge *j, struct look *l)
{
	if (j->read(j->ctx, l->count))
		return -1;
	if (j->lost < c->ncounters)
		memset(&l->count[j->lost], 0, sizeof(*l->count));
	return j->through ? j->through(j->ctx, &l->through) : 0;
}

static struct ir_counter minus(struct ir_counter x, struct ir_counter y)
{
	return (struct ir_counter){ x.packets - y.packets, x.bytes - y.bytes };
}

static bool same(struct ir_counter x, struct ir_counter y)
{
	return x.packets == y.packets && x.bytes == y.bytes;
}

static struct ir_counter counted(const struct delta *d, uint32_t i)
{
	return minus(d->after.count[i], d->before.count[i]);
}

static struct ir_counter local(const struct delta *d)
{
	return minus(d->after.through.local, d->before.through.local);
}

static struct ir_counter sent(const struct delta *d)
{
	return minus(d->after.through.sent, d->before.through.sent);
}

static bool equal(const struct run *r)
{
	uint32_t i;

	for (i = 0; i < r->c->ncounters; i++)
		if (!same(counted(&r->a, i), counted(&r->b, i)))
			return false;
	if (!r->c->a->through || !r->c->b->through)
		return true;
	return same(local(&r->a), local(&r->b)) &&
	       same(sent(&r->a), sent(&r->b));
}

static int inject(struct run *r, uint64_t lo, uint64_t hi)
{
	struct compare *c = r->c;

	for (; lo < hi; lo++) {
		pg_make(c->gen, lo, c->hooks, &r->packet);
		if (c->admit && !c->admit(c->lab, &r->packet))
			continue;
		c->packets++;
		if (c->a->inject(c->a->ctx, &r->packet) ||
		    c->b->inject(c->b->ctx, &r->packet))
			return -1;
	}
	return 0;
}

/* 0: equal, 1: not, -1: error. */
static int check(struct run *r, uint64_t lo, uint64_t hi)
{
	struct compare *c = r->c;
	int tries;

	if (look(c, c->a, &r->a.before) || look(c, c->b, &r->b.before) ||
	    inject(r, lo, hi))
		return -1;
	for (tries = 0; tries < 3; tries++) {
		if (look(c, c->a, &r->a.after) || look(c, c->b, &r->b.after))
			return -1;
		if (equal(r))
			return 0;
		if (c->quiet)
			return 1;
		usleep(20000);	/* the loopback may be a softirq behind */
	}
	return 1;
}

static void note_hits(struct run *r)
{
	struct ir_counter n;
	uint32_t i;

	for (i = 0; i < r->c->ncounters; i++) {
		n = counted(&r->a, i);
		r->c->hits += n.packets;
		r->c->hit += n.packets && !r->hit[i];
		r->hit[i] |= n.packets > 0;
	}
}

static void print_line(const struct run *r, const char *what,
		       struct ir_counter a, struct ir_counter b)
{
	if (same(a, b))
		return;
	printf("    %s:\n      %-16s %" PRIu64 " packets %" PRIu64 " bytes\n"
	       "      %-16s %" PRIu64 " packets %" PRIu64 " bytes\n", what,
	       r->c->a->name, a.packets, a.bytes, r->c->b->name, b.packets,
	       b.bytes);
}

static void print_difference(const struct run *r)
{
	uint32_t i, shown = 0;

	for (i = 0; i < r->c->ncounters && shown < 12; i++) {
		if (same(counted(&r->a, i), counted(&r->b, i)))
			continue;
		printf("  ");
		table_print_place(stdout, r->c->t, i);
		print_line(r, "\n    counted", counted(&r->a, i),
			   counted(&r->b, i));
		shown++;
	}
	if (!r->c->a->through || !r->c->b->through)
		return;
	print_line(r, "delivered", local(&r->a), local(&r->b));
	print_line(r, "sent", sent(&r->a), sent(&r->b));
}

static void print_sights(const struct run *r)
{
	struct lab_sight s[2];
	uint32_t i, n;

	if (!r->c->lab)
		return;
	n = lab_predict(r->c->lab, &r->packet, s);
	printf("  chains it meets:%s", n ? "" : " none");
	for (i = 0; i < n; i++)
		printf(" %s(in %s out %s)", ir_hook_name(s[i].hook),
		       s[i].iif ? s[i].iif : "-", s[i].oif ? s[i].oif : "-");
	printf("\n");
}

/* One packet of lo..hi-1 that is enough for a difference. */
static int bisect(struct run *r, uint64_t lo, uint64_t hi)
{
	uint64_t mid;
	int err;

	printf("  packets %" PRIu64 " to %" PRIu64 " differ\n", lo, hi - 1);
	print_difference(r);
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		err = check(r, lo, mid);
		if (err < 0)
			return -1;
		if (err)
			hi = mid;
		else
			lo = mid;
	}
	err = check(r, lo, hi);
	if (err < 0)
		return -1;
	if (!err) {
		printf("  injected alone, no packet differs\n");
		return 1;
	}
	printf("  packet %" PRIu64 ":\n", lo);
	pg_print(stdout, &r->packet);
	print_sights(r);
	print_difference(r);
	return 1;
}

/* Half of the batches see every address as local. */
static int set_phase(struct compare *c, uint64_t batch)
{
	uint32_t forward = lab_nphases(c->lab) - 1, phase = 0;

	if (batch % 2)
		phase = 1 + (uint32_t)(batch / 2) % forward;
	if (c->a->phase(c->a->ctx, phase))
		return -1;
	return c->b->phase(c->b->ctx, phase);
}

static int all_batches(struct run *r, uint64_t n)
{
	struct compare *c = r->c;
	uint64_t lo, hi, k = 0;
	int err;

	for (lo = 0; lo < n; lo = hi, k++) {
		hi = lo + c->batch < n ? lo + c->batch : n;
		if (c->lab && set_phase(c, k))
			return -1;
		err = check(r, lo, hi);
		if (err > 0)
			return c->quiet ? 1 : bisect(r, lo, hi);
		if (err < 0)
			return -1;
		note_hits(r);
	}
	return 0;
}

int compare_run(struct compare *c, uint64_t n)
{
	struct run *r = calloc(1, sizeof(*r));
	struct look *l[4];
	int err = -1;
	uint32_t i;

	if (!r)
		return -1;
	r->c = c;
	r->hit = calloc(c->ncounters, sizeof(*r->hit));
	l[0] = &r->a.before;
	l[1] = &r->a.after;
	l[2] = &r->b.before;
	l[3] = &r->b.after;
	for (i = 0; i < 4; i++)
		l[i]->count = calloc(c->ncounters, sizeof(*l[i]->count));
	if (r->hit && l[0]->count && l[1]->count && l[2]->count && l[3]->count)
		err = all_batches(r, n);
	for (i = 0; i < 4; i++)
		free(l[i]->count);
	free(r->hit);
	free(r);
	return err;
}
