/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/dump.c - the IR as text */
#include "ir/dump.h"

#include <sys/socket.h>

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

/* The text of a table of one family. */
struct text {
	FILE	*out;
	bool	ipv6;
};

static bool in_hex(enum ir_field field)
{
	static const uint32_t fields =
		1u << IR_CTSTATE | 1u << IR_KIND | 1u << IR_TCPFLAGS |
		1u << IR_TOS | 1u << IR_ICMP;

	return field >= IR_NFIELDS4 || fields >> field & 1;
}

static void dump_address(const struct text *t, uint32_t v)
{
	if (t->ipv6)
		fprintf(t->out, "0x%x", v);
	else
		fprintf(t->out, "%u.%u.%u.%u", v >> 24, v >> 16 & 255,
			v >> 8 & 255, v & 255);
}

static void dump_value(const struct text *t, enum ir_field field, uint32_t v)
{
	if (field == IR_SADDR || field == IR_DADDR)
		dump_address(t, v);
	else
		fprintf(t->out, in_hex(field) ? "0x%x" : "%u", v);
}

static void dump_term(const struct text *t, const struct ir_term *term)
{
	uint32_t max = ir_field_max(term->field);

	fprintf(t->out, "%s", ir_field_name(term->field));
	if ((term->mask & max) != max) {
		fprintf(t->out, "&");
		dump_value(t, term->field, term->mask);
	}
	fprintf(t->out, "=");
	dump_value(t, term->field, term->lo);
	if (term->hi == term->lo)
		return;
	fprintf(t->out, "-");
	if (term->hi == UINT32_MAX && max != UINT32_MAX)
		fprintf(t->out, "max");
	else
		dump_value(t, term->field, term->hi);
}

static void dump_pred(const struct text *t, const struct ir_pred *p)
{
	uint32_t i;

	fprintf(t->out, p->negate ? " !" : " ");
	switch (p->kind) {
	case IR_PRED_TERMS:
		if (!p->nterms)
			fprintf(t->out, "never");
		for (i = 0; i < p->nterms; i++) {
			fprintf(t->out, "%s", i ? "|" : "");
			dump_term(t, &p->term[i]);
		}
		break;
	case IR_PRED_IFACE:
		fprintf(t->out, "%s=\"%.*s%s\"", ir_field_name(p->iface.field),
			p->iface.len, p->iface.name,
			p->iface.len && !p->iface.name[p->iface.len - 1] ?
			"" : "+");
		break;
	case IR_PRED_TCPOPT:
		fprintf(t->out, "tcpopt=%u", p->tcpopt);
		break;
	}
}

static void dump_rule(const struct text *t, const struct ir_rule *rule)
{
	uint32_t i, j;

	for (i = 0; i < rule->nmatches; i++) {
		const struct ir_match *m = &rule->match[i];

		fprintf(t->out, "%s%s(", i ? " " : "", needs[m->need]);
		for (j = 0; j < m->npreds; j++)
			dump_pred(t, &m->pred[j]);
		fprintf(t->out, "%s)", m->npreds ? " " : "");
	}
	fprintf(t->out, " -> %s", ir_target_name(rule->target));
	if (rule->to)
		fprintf(t->out, " %s", rule->to->name);
	if (rule->refusal)
		fprintf(t->out, " REFUSED: %s", rule->refusal);
	fputc('\n', t->out);
}

void ir_dump_table(FILE *out, const struct ir_table *t)
{
	const struct text text = { out, ir_table_family(t) == AF_INET6 };
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
			dump_rule(&text, c->rule[j]);
		}
	}
}
