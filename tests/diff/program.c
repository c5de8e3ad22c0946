/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/program.c - our programs by test runs, and the model beside them
 *
 * A test run has no interfaces, no routes and no connections, so a program is
 * built to read from a map what it would ask the kernel (struct be_test_input).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <linux/pkt_cls.h>

#include "backend/program.h"
#include "ir/eval.h"
#include "tests/diff/judge.h"
#include "tests/diff/table.h"
#include "translator/classifier.h"

#define HOOKS	(1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD | \
		 1u << IR_HOOK_OUTPUT)
#define WALK	BE_NTYPES	/* no program: tr_walk() */

struct program {
	const struct ir_table	*t;
	struct tr_classifier	*c;		/* NULL: the model */
	int			type;
	int			table, counters, test, prog;
	struct ir_counter	*count;		/* of tr_walk() and the model */
	uint32_t		n;
	struct lab_through	through;
};

static int evaluate(struct program *pr, const struct pg_packet *p)
{
	struct ir_packet pkt;

	pg_parse(p, &pkt);
	ir_packet_set_iif(&pkt, p->iif);
	ir_packet_set_oif(&pkt, p->oif);
	pkt.field[IR_CTSTATE] = p->ctstate;
	if (pr->c)
		return tr_walk(pr->c, p->hook, &pkt, pr->count) == IR_ACCEPT;
	return ir_eval(pr->t, p->hook, &pkt, pr->count) == IR_ACCEPT;
}

/* What the program returned: 1 accept, 0 drop, -1 neither. */
static int verdict(int type, uint32_t retval)
{
	switch (type) {
	case BE_NETFILTER:
		return retval == 0 || retval == 1 ? (int)retval : -1;
	case BE_XDP:
		return retval == XDP_PASS ? 1 : retval == XDP_DROP ? 0 : -1;
	default:
		return retval == TC_ACT_OK || retval == UINT32_MAX ||
		       retval == TC_ACT_PIPE ? 1 :
		       retval == TC_ACT_SHOT ? 0 : -1;
	}
}

static int test_run(struct program *pr, const struct pg_packet *p)
{
	static uint8_t frame[14 + PG_MAX] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0,
					      2 };
	struct be_test_input in = {
		.hook = p->hook, .iif = tr_iface_class(pr->c, p->iif),
		.oif = tr_iface_class(pr->c, p->oif), .ctstate = p->ctstate,
	};
	/* At INPUT the kernel says where the IPv6 header is, and takes a frame. */
	static const uint8_t state6[48] = { IR_HOOK_INPUT, NFPROTO_IPV6 };
	/* The host cuts the frame before all hooks but the first. */
	bool whole = pr->type == BE_XDP ||
		     (pr->type == BE_TC && p->hook == IR_HOOK_INPUT);
	uint32_t len = whole ? p->len : pg_total(p), zero = 0;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = 14 + len, .repeat = 1);

	frame[12] = p->ipv6 ? 0x86 : 8;
	frame[13] = p->ipv6 ? 0xdd : 0;
	memcpy(frame + 14, p->data, len);
	if (pr->type == BE_NETFILTER && p->ipv6) {
		o.ctx_in = state6;
		o.ctx_size_in = sizeof(state6);
	} else if (pr->type == BE_NETFILTER) {
		o.data_in = p->data;
		o.data_size_in = len;
	}
	if (bpf_map_update_elem(pr->test, &zero, &in, BPF_ANY) ||
	    bpf_prog_test_run_opts(pr->prog, &o)) {
		fprintf(stderr, "test run of %u bytes: %s\n", len,
			strerror(errno));
		return -1;
	}
	return verdict(pr->type, o.retval);
}

/* By the table, then from the flow memo: the same, or -1. */
static int test_twice(struct program *pr, const struct pg_packet *p)
{
	int first = test_run(pr, p), second = test_run(pr, p);

	if (first == second)
		return first;
	fprintf(stderr, "the same packet: verdict %d, then %d\n", first,
		second);
	return -1;
}

static int run_one(void *ctx, const struct pg_packet *p)
{
	struct program *pr = ctx;
	int ok;

	ok = pr->prog < 0 ? evaluate(pr, p) : test_twice(pr, p);
	if (ok < 0)
		return -1;
	pr->through.sent.packets += ok;
	pr->through.sent.bytes += ok ? pg_total(p) : 0;
	return 0;
}

/* Of each packet once. */
static int read_halves(struct program *pr, struct ir_counter *count)
{
	uint32_t i;
	int err = be_counter_read(pr->counters, count, pr->n);

	for (i = 0; !err && i < pr->n; i++) {
		if (count[i].packets % 2 || count[i].bytes % 2) {
			fprintf(stderr, "counter %u: odd, with each packet twice\n",
				i);
			err = -1;
		}
		count[i].packets /= 2;
		count[i].bytes /= 2;
	}
	return err;
}

static int read_counters(void *ctx, struct ir_counter *count)
{
	struct program *pr = ctx;

	if (pr->prog >= 0)
		return read_halves(pr, count);
	memcpy(count, pr->count, pr->n * sizeof(*count));
	return 0;
}

static int through(void *ctx, struct lab_through *out)
{
	*out = ((struct program *)ctx)->through;
	return 0;
}

static void end(void *ctx)
{
	struct program *pr = ctx;
	int *fd[] = { &pr->table, &pr->counters, &pr->test, &pr->prog };
	uint32_t i;

	for (i = 0; i < 4; i++)
		if (*fd[i] >= 0)
			close(*fd[i]);
	tr_classifier_free(pr->c);
	free(pr->count);
	free(pr);
}

static int load(struct program *pr, struct diag *diag)
{
	struct be_program_opts o = {
		.type = pr->type, .hooks = HOOKS, .ifindex_fd = -1,
		.flows = BE_FLOWS_ALWAYS,
	};

	pr->test = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_input", 4,
				  sizeof(struct be_test_input), 1, NULL);
	if (pr->test < 0)
		return -errno;
	pr->table = be_table_create(pr->c, diag);
	if (pr->table < 0)
		return pr->table;
	pr->counters = be_counter_create(pr->n, diag);
	if (pr->counters < 0)
		return pr->counters;
	o.table_fd = pr->table;
	o.counter_fd = pr->counters;
	o.test_fd = pr->test;
	pr->prog = be_program_load(pr->c, &o, NULL, diag);
	return pr->prog < 0 ? pr->prog : 0;
}

static struct program *new_program(struct judge *j, const char *name,
				   const struct ir_table *t)
{
	struct program *pr = calloc(1, sizeof(*pr));

	*j = (struct judge){ name, pr, UINT32_MAX, NULL, run_one,
			     read_counters, through, end };
	if (!pr)
		return NULL;
	pr->t = t;
	pr->table = pr->counters = pr->test = pr->prog = -1;
	pr->n = table_ncounters(t);
	pr->count = calloc(pr->n, sizeof(*pr->count));
	return pr->count ? pr : NULL;
}

int judge_direct(struct judge *j, const struct ir_table *t)
{
	return new_program(j, "the model", t) ? 0 : -1;
}

int judge_program(struct judge *j, const struct ir_table *t, const char *type)
{
	struct program *pr = new_program(j, type, t);
	struct diag diag;
	int err = 0;

	if (!pr)
		return -1;
	diag_init(&diag);
	for (pr->type = 0; pr->type < BE_NTYPES; pr->type++)
		if (!strcmp(type, be_hook_type_name(pr->type)))
			break;
	pr->c = tr_translate(t, NULL, &diag);
	if (!pr->c)
		err = -1;
	else if (pr->type != WALK)
		err = load(pr, &diag);
	if (err)
		diag_print(&diag, stderr, "oracle");
	diag_clear(&diag);
	return err ? -1 : 0;
}
