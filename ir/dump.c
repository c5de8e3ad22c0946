/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/dump.c - the IR as text */
#include "ir/dump.h"

static const char *const needs[] = {
	[IR_NEED_NOTHING] = "ip",
	[IR_NEED_PROTO] = "proto",
	[IR_NEED_PORTS] = "ports",
	[IR_NEED_UDP] = "udp",
	[IR_NEED_ICMP] = "icmp",
	[IR_NEED_TCP] = "tcp",
	[IR_NEED_TCPOPT] = "tcpopt",
	[IR_NEED_ESP] = "esp",
	[IR_NEED_MH] = "mh",
	[IR_NEED_GUARD] = "drop-if",
};

static void dump_value(FILE *out, enum ir_field field, uint32_t v)
{
	if (field == IR_SADDR || field == IR_DADDR)
		fprintf(out, "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255,
			v & 255);
	else if (field == IR_CTSTATE || field == IR_KIND ||
		 field == IR_TCPFLAGS || field == IR_TOS || field == IR_ICMP)
		fprintf(out, "0x%x", v);
	else
		fprintf(out, "%u", v);
}

static void dump_term(FILE *out, const struct ir_term *t)
{
	fprintf(out, "%s", ir_field_name(t->field));
	if ((t->mask & ir_field_max(t->field)) != ir_field_max(t->field)) {
		fprintf(out, "&");
		dump_value(out, t->field, t->mask);
	}
	fprintf(out, "=");
	dump_value(out, t->field, t->lo);
	if (t->hi == t->lo)
		return;
	fprintf(out, "-");
	if (t->hi == UINT32_MAX && ir_field_max(t->field) != UINT32_MAX)
		fprintf(out, "max");
	else
		dump_value(out, t->field, t->hi);
}

static void dump_pred(FILE *out, const struct ir_pred *p)
{
	uint32_t i;

	fprintf(out, p->negate ? " !" : " ");
	switch (p->kind) {
	case IR_PRED_TERMS:
		if (!p->nterms)
			fprintf(out, "never");
		for (i = 0; i < p->nterms; i++) {
			fprintf(out, "%s", i ? "|" : "");
			dump_term(out, &p->term[i]);
		}
		break;
	case IR_PRED_IFACE:
		fprintf(out, "%s=\"%.*s%s\"", ir_field_name(p->iface.field),
			p->iface.len, p->iface.name,
			p->iface.len && !p->iface.name[p->iface.len - 1] ?
			"" : "+");
		break;
	case IR_PRED_TCPOPT:
		fprintf(out, "tcpopt=%u", p->tcpopt);
		break;
	}
}

void ir_dump_rule(FILE *out, const struct ir_rule *rule)
{
	uint32_t i, j;

	for (i = 0; i < rule->nmatches; i++) {
		const struct ir_match *m = &rule->match[i];

		fprintf(out, "%s%s(", i ? " " : "", needs[m->need]);
		for (j = 0; j < m->npreds; j++)
			dump_pred(out, &m->pred[j]);
		fprintf(out, "%s)", m->npreds ? " " : "");
	}
	fprintf(out, " -> %s", ir_target_name(rule->target));
	if (rule->to)
		fprintf(out, " %s", rule->to->name);
	if (rule->refusal)
		fprintf(out, " REFUSED: %s", rule->refusal);
	fputc('\n', out);
}

void ir_dump_table(FILE *out, const struct ir_table *t)
{
	uint32_t i, j;

	fprintf(out, "table %s\n", ir_table_name(t));
	for (i = 0; i < ir_table_nchains(t); i++) {
		const struct ir_chain *c = ir_table_chain(t, i);

		fprintf(out, "chain %s", c->name);
		if (c->hook != IR_HOOK_NONE)
			fprintf(out, " policy %s", ir_target_name(c->policy));
		fprintf(out, " (%u rules, %u references)\n", c->nrules, c->refs);
		for (j = 0; j < c->nrules; j++) {
			fprintf(out, "  %u: ", j + 1);
			ir_dump_rule(out, c->rule[j]);
		}
	}
}
