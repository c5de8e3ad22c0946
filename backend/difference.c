/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/difference.c - a rule, a packet, and who is wrong about them
 */
#include "backend/difference.h"

#include <stdio.h>

#include "ir/packet.h"

static struct ir_loc place(const struct ir_rule *r)
{
	return r ? r->loc : (struct ir_loc){ 0 };
}

static uint32_t position(const struct ir_chain *c, const struct ir_rule *r)
{
	uint32_t i;

	for (i = 0; i < c->nrules; i++)
		if (c->rule[i] == r)
			break;
	return i;
}

static void name_rule(const struct ir_chain *c, const struct ir_rule *r,
		      char *buf, size_t size)
{
	if (r)
		snprintf(buf, size, "rule %u of chain '%s'",
			 position(c, r) + 1, c->name);
	else
		snprintf(buf, size, "the policy of chain '%s'", c->name);
}

/* The headers in hex: what is behind them is zeros. */
static void print_packet(const struct ir_probe *p, char *buf, size_t size)
{
	const uint32_t n = p->len < 80 ? p->len : 80;
	uint32_t i;
	int at;

	at = snprintf(buf, size, "%s packet iif '%.15s' oif '%.15s' state %#x, %u bytes: ",
		      ir_hook_name(p->hook), p->packet.iif, p->packet.oif,
		      p->packet.field[IR_CTSTATE], p->len);
	for (i = 0; i < n && at + 4 < (int)size; i++)
		at += snprintf(buf + at, size - (size_t)at, "%02x", p->data[i]);
}

void be_difference_say(struct diag *diag, const struct be_judge *j,
		       const struct ir_probe *p, const char *what)
{
	const struct ir_loc loc = place(p->rule);
	char rule[96], packet[384];

	if (diag && diag->set)
		return;
	name_rule(p->chain, p->rule, rule, sizeof(rule));
	print_packet(p, packet, sizeof(packet));
	diag_error(diag, loc.line ? &loc : NULL, "%s: %s%s %s: %s", rule,
		   j->type >= BE_NTYPES ? "" : "the program at ",
		   be_judge_name(j), what, packet);
}

/* The chain and rule (NULL: policy) that a counter belongs to. */
static const struct ir_chain *counted(const struct ir_table *t, uint32_t index,
				      const struct ir_rule **rule)
{
	const struct ir_chain *c;
	uint32_t i;

	*rule = NULL;
	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		if (c->nrules && index >= c->rule[0]->index &&
		    index < c->rule[0]->index + c->nrules) {
			*rule = c->rule[index - c->rule[0]->index];
			return c;
		}
		if (c->hook != IR_HOOK_NONE && c->index == index)
			return c;
	}
	return NULL;
}

void be_difference_say_count(struct diag *diag, const struct be_judge *j,
			     const struct ir_table *t, uint32_t index,
			     struct ir_counter have, struct ir_counter want)
{
	const struct ir_rule *r;
	const struct ir_chain *c = counted(t, index, &r);
	const struct ir_loc loc = place(r);
	char rule[96];

	if (!c)
		return;
	name_rule(c, r, rule, sizeof(rule));
	diag_error(diag, loc.line ? &loc : NULL,
		   "%s: %s counts %llu packets of %llu bytes, not %llu of %llu",
		   rule, be_judge_name(j), (unsigned long long)have.packets,
		   (unsigned long long)have.bytes,
		   (unsigned long long)want.packets,
		   (unsigned long long)want.bytes);
}
