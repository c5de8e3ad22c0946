/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/judge.c - the kernel's iptables and the model as judges */
#include "tests/diff/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ir/eval.h"
#include "tests/diff/legacy.h"
#include "tests/diff/table.h"

struct kernel {
	struct lab	*lab;
	struct legacy	*legacy;
};

struct model {
	struct lab		*lab;
	const struct ir_table	*t;
	struct ir_counter	*count;
	uint32_t		n;
	struct lab_through	through;
};

static int kernel_phase(void *ctx, uint32_t phase)
{
	return lab_phase(((struct kernel *)ctx)->lab, phase);
}

static int kernel_inject(void *ctx, const struct pg_packet *p)
{
	return lab_inject(((struct kernel *)ctx)->lab, p);
}

static int kernel_read(void *ctx, struct ir_counter *count)
{
	return legacy_read(((struct kernel *)ctx)->legacy, count);
}

static int kernel_through(void *ctx, struct lab_through *out)
{
	return lab_through(((struct kernel *)ctx)->lab, out);
}

static void kernel_close(void *ctx)
{
	legacy_close(((struct kernel *)ctx)->legacy);
	free(ctx);
}

int judge_kernel(struct judge *j, struct lab *lab, const struct ir_table *t,
		 const char *text)
{
	struct kernel *k = calloc(1, sizeof(*k));

	*j = (struct judge){ "iptables-legacy", k, UINT32_MAX, kernel_phase,
			     kernel_inject, kernel_read, kernel_through,
			     kernel_close };
	if (!k || lab_enter(lab))
		return -1;
	k->lab = lab;
	if (!legacy_load(text, ir_table_family(t) == AF_INET6))
		k->legacy = legacy_open(t);
	return lab_leave(lab) || !k->legacy ? -1 : 0;
}

static int model_phase(void *ctx, uint32_t phase)
{
	return lab_phase(((struct model *)ctx)->lab, phase);
}

static int model_inject(void *ctx, const struct pg_packet *p)
{
	uint32_t len = pg_total(p), i, n;
	enum ir_target verdict = IR_ACCEPT;
	struct model *m = ctx;
	struct lab_sight sight[2];
	struct ir_packet pkt;

	n = lab_predict(m->lab, p, sight);
	for (i = 0; i < n && verdict == IR_ACCEPT; i++) {
		pg_parse(p, &pkt);
		/* ip_forward() has taken one off by then. */
		pkt.field[IR_TTL] -= sight[i].hook == IR_HOOK_FORWARD;
		ir_packet_set_iif(&pkt, sight[i].iif);
		ir_packet_set_oif(&pkt, sight[i].oif);
		verdict = ir_eval(m->t, sight[i].hook, &pkt, m->count);
	}
	if (!n || verdict != IR_ACCEPT)
		return 0;
	if (sight[n - 1].hook == IR_HOOK_INPUT) {
		m->through.local.packets++;
		m->through.local.bytes += len;
	} else if (strcmp(sight[n - 1].oif, "lo")) {
		m->through.sent.packets++;
		m->through.sent.bytes += len;
	}
	return 0;
}

static int model_read(void *ctx, struct ir_counter *count)
{
	struct model *m = ctx;

	memcpy(count, m->count, m->n * sizeof(*count));
	return 0;
}

static int model_through(void *ctx, struct lab_through *out)
{
	*out = ((struct model *)ctx)->through;
	return 0;
}

static void model_close(void *ctx)
{
	struct model *m = ctx;

	free(m->count);
	free(m);
}

int judge_model(struct judge *j, struct lab *lab, const struct ir_table *t)
{
	struct model *m = calloc(1, sizeof(*m));

	*j = (struct judge){ "the model", m, UINT32_MAX, model_phase,
			     model_inject, model_read, model_through,
			     model_close };
	if (!m)
		return -1;
	m->lab = lab;
	m->t = t;
	m->n = table_ncounters(t);
	m->count = calloc(m->n, sizeof(*m->count));
	return m->count ? 0 : -1;
}

void judge_close(struct judge *j)
{
	if (j->ctx)
		j->close(j->ctx);
	memset(j, 0, sizeof(*j));
}
