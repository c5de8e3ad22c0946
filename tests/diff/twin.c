/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/twin.c - connection states: the same traffic in two hosts
 *
 * What a packet means depends on those before it, so a difference cannot be
 * injected again; it is found by living the whole life again in new hosts, and
 * looking after every packet of the batch that differed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/diff/flow.h"
#include "tests/diff/judge.h"
#include "tests/diff/oracle.h"
#include "tests/diff/table.h"

#define MAX_LOCAL	24

struct twin {
	struct subject	*s;
	struct judge	kernel;
	struct judge	ours;
	struct pktgen	*aim;
	struct flowgen	*flow;
	bool		ipv6;
	struct lab_addr	local[MAX_LOCAL + PG_MAX_IFACES];
	uint32_t	nlocal;
	char		name[PG_MAX_IFACES][IR_IFNAMSIZ];
	const char	*iface[PG_MAX_IFACES];
	struct pg_packet packet;
	uint64_t	sent;
	struct ir_counter *a;
	struct ir_counter *b;
};

/* The address that an INPUT packet goes to, or an OUTPUT one comes from. */
static struct lab_addr its_own(const struct pg_packet *p)
{
	bool to = p->hook == IR_HOOK_INPUT;
	struct lab_addr a = { 0 };
	struct ir_packet ip;

	if (pg_parse(p, &ip))
		return a;
	a.w[0] = ip.field[to ? IR_DADDR : IR_SADDR];
	memcpy(a.w + 1, &ip.field[to ? IR_DADDR1 : IR_SADDR1],
	       3 * sizeof(a.w[0]));
	return a;
}

/* Addresses that INPUT and OUTPUT rules take for the host's. */
static void find_local(struct twin *t, uint32_t nifaces)
{
	struct lab_addr a;
	uint32_t i, k;

	for (i = 0; i < nifaces; i++)
		t->local[t->nlocal++] = lab_address(t->ipv6, i);
	for (i = 0; i < 400 && t->nlocal < nifaces + MAX_LOCAL; i++) {
		pg_make(t->aim, i, i % 2 ? 1u << IR_HOOK_INPUT :
			1u << IR_HOOK_OUTPUT, &t->packet);
		a = its_own(&t->packet);
		if (t->packet.malformed || !flow_usable(t->ipv6, &a))
			continue;
		for (k = 0; k < t->nlocal; k++)
			if (!memcmp(&t->local[k], &a, sizeof(a)))
				break;
		if (k == t->nlocal)
			t->local[t->nlocal++] = a;
	}
}

static int prepare(struct twin *t)
{
	struct subject *s = t->s;
	struct pg_opts o = { .seed = s->seed ^ s->conf->seed << 20,
			     .mutate = true, .trailers = true,
			     .malformed = true, .max_len = 8900 };
	struct flow_opts f = { .seed = o.seed };
	uint32_t i;

	t->ipv6 = f.ipv6 = o.ipv6 = ir_table_family(s->t) == AF_INET6;
	o.nifaces = lab_ifaces(s->lab[0], t->name);
	for (i = 0; i < o.nifaces; i++)
		t->iface[i] = o.iface[i] = t->name[i];
	t->aim = pg_new(s->t, &o);
	if (!t->aim)
		return -1;
	find_local(t, o.nifaces);
	f.aim = t->aim;
	f.local = t->local;
	f.nlocal = t->nlocal;
	f.iface = t->iface;
	f.nifaces = o.nifaces;
	t->flow = flow_new(&f);
	t->a = calloc(s->ncounters, sizeof(*t->a));
	t->b = calloc(s->ncounters, sizeof(*t->b));
	return t->flow && t->a && t->b ? 0 : -1;
}

static int begin(struct twin *t)
{
	struct subject *s = t->s;
	uint32_t i;

	if (prepare(t))
		return -1;
	if (judge_kernel(&t->kernel, s->lab[0], s->t, s->text) ||
	    judge_ours(&t->ours, s->lab[1], s->ours, s->conf->hook))
		return -1;
	t->ours.lost = s->lost;
	for (i = 0; i < 2; i++)
		if (lab_own(s->lab[i], t->local, t->nlocal) ||
		    lab_long_timeouts(s->lab[i]))
			return -1;
	return 0;
}

static void end(struct twin *t)
{
	judge_close(&t->kernel);
	judge_close(&t->ours);
	flow_free(t->flow);
	pg_free(t->aim);
	free(t->a);
	free(t->b);
}

/* Routes change with every batch, so that rules see all pairs of interfaces. */
static int new_routes(struct twin *t, uint32_t m)
{
	flow_set_pairing(t->flow, m);
	return lab_route_pairs(t->s->lab[0], m) |
	       lab_route_pairs(t->s->lab[1], m);
}

static int inject(struct twin *t, uint64_t n)
{
	uint32_t batch = t->s->conf->batch;

	for (; n--; t->sent++) {
		if (!(t->sent % batch) &&
		    new_routes(t, (uint32_t)(t->sent / batch)))
			return -1;
		flow_next(t->flow, &t->packet);
		if (t->kernel.inject(t->kernel.ctx, &t->packet) ||
		    t->ours.inject(t->ours.ctx, &t->packet))
			return -1;
	}
	return 0;
}

/* 0: the counters are equal, 1: not, -1: error. */
static int look(struct twin *t)
{
	uint32_t n = t->s->ncounters;
	int tries;

	for (tries = 0; tries < 3; tries++) {
		if (t->kernel.read(t->kernel.ctx, t->a) ||
		    t->ours.read(t->ours.ctx, t->b))
			return -1;
		if (t->ours.lost < n)
			memset(&t->b[t->ours.lost], 0, sizeof(*t->b));
		if (!memcmp(t->a, t->b, n * sizeof(*t->a)))
			return 0;
		usleep(20000);
	}
	return 1;
}

static void print_difference(const struct twin *t)
{
	uint32_t i, shown = 0;

	for (i = 0; i < t->s->ncounters && shown < 12; i++) {
		if (!memcmp(&t->a[i], &t->b[i], sizeof(*t->a)))
			continue;
		shown++;
		printf("  ");
		table_print_place(stdout, t->s->t, i);
		printf("\n    iptables-legacy %" PRIu64 " packets %" PRIu64
		       " bytes, ours %" PRIu64 " packets %" PRIu64 " bytes\n",
		       t->a[i].packets, t->a[i].bytes, t->b[i].packets,
		       t->b[i].bytes);
	}
}

/* New hosts, the same life; each packet from @lo to @hi on its own. */
static void find_packet(struct subject *s, uint64_t lo, uint64_t hi)
{
	struct twin t = { .s = s };
	uint64_t i;
	int err;

	if (oracle_new_labs(s) || begin(&t) || inject(&t, lo)) {
		printf("  the life could not be lived again\n");
		end(&t);
		return;
	}
	for (i = lo; i < hi; i++) {
		err = inject(&t, 1) ? -1 : look(&t);
		if (!err)
			continue;
		printf("  packet %" PRIu64 ":\n", i);
		pg_print(stdout, &t.packet);
		print_difference(&t);
		break;
	}
	if (i == hi)
		printf("  the second time, no packet differs\n");
	end(&t);
}

static void note(struct twin *t, uint64_t n)
{
	uint64_t hits = 0;
	uint32_t i, hit = 0;

	for (i = 0; i < t->s->ncounters; i++) {
		hits += t->a[i].packets;
		hit += t->a[i].packets > 0;
	}
	snprintf(t->s->note, sizeof(t->s->note), "%" PRIu64 " packets, %"
		 PRIu64 " hits on %u of %u counters", n, hits, hit,
		 t->s->ncounters);
}

enum outcome twin_test(struct subject *s)
{
	struct twin t = { .s = s };
	enum outcome out = BROKEN;
	uint64_t lo = 0, hi = 0;
	int err;

	if (begin(&t))
		goto out;
	for (err = 0; hi < s->conf->packets && !err; ) {
		lo = hi;
		hi = lo + s->conf->batch;
		err = inject(&t, hi - lo) ? -1 : look(&t);
	}
	if (err < 0)
		goto out;
	note(&t, hi);
	out = err ? DIFFERENT : SAME;
	if (err) {
		printf("  packets %" PRIu64 " to %" PRIu64 " differ\n", lo,
		       hi - 1);
		print_difference(&t);
	}
out:
	end(&t);
	if (out == DIFFERENT && s->conf->plant == FAULT_NONE)
		find_packet(s, lo, hi);
	return out;
}
