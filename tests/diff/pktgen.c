/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/pktgen.c - aiming: which fields a packet has, and why
 *
 * A packet starts with fields from the pool of all values the rules compare
 * with (and their neighbours).  Then the rules on one way from a base chain to
 * the rule aimed at set the fields they test, the last rule last, so that it
 * wins where they disagree.  pktbuild.c makes bytes of it.
 */
#include "tests/diff/pktgen.h"

#include <linux/netfilter/xt_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "ir/rng.h"
#include "tests/diff/pktbuild.h"

#define MAX_WAY		64

struct aim {
	const struct ir_chain	*chain;
	const struct ir_rule	*rule;	/* NULL: the policy */
};

struct aims {
	struct aim	*v;
	uint32_t	n;
	uint32_t	size;
};

struct pool {
	uint32_t	*v;
	uint32_t	n;
	uint32_t	size;
};

struct pktgen {
	const struct ir_table	*t;
	struct pg_opts		opts;
	uint32_t		*reach;		/* per chain: hooks */
	struct aims		*callers;	/* per chain: what goes there */
	struct aims		aims[IR_NHOOKS];
	struct pool		pool[IR_NFIELDS];
	char			(*iface)[IR_IFNAMSIZ];
	uint32_t		nifaces;
	bool			failed;		/* out of memory, seen late */
};

static const uint32_t states[] = {
	XT_CONNTRACK_STATE_INVALID,
	XT_CONNTRACK_STATE_BIT(IP_CT_NEW),
	XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED),
	XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
	XT_CONNTRACK_STATE_UNTRACKED,
};

static const uint8_t protos[] = { 6, 6, 6, 17, 17, 17, 1, 1, 132, 136, 33, 47,
				  50, 2, 4, 0, 255 };

/* Those of extension headers are there as well: nothing behind them. */
static const uint8_t protos6[] = { 6, 6, 6, 17, 17, 17, 58, 58, 132, 136, 33,
				   47, 50, 59, 135, 60, 255 };

_Static_assert(sizeof(protos) == sizeof(protos6), "drawn from alike");

/* Addresses that hosts treat in their own way; 2001:db8:fa::1 is the host's. */
static const uint32_t special6[][4] = {
	{ 0, 0, 0, 0 }, { 0, 0, 0, 1 }, { 0xfe800000, 0, 0, 1 },
	{ 0xfe800000, 0, 0xffff, 0x100 }, { 0xff020000, 0, 0, 1 },
	{ 0xff020000, 0, 0, 2 }, { 0xff050000, 0, 0, 2 },
	{ 0xff020000, 0, 1, 0xff000001 }, { 0xff020000, 0, 0, 0xfb },
	{ 0xff010000, 0, 0, 1 }, { 0xff000000, 0, 0, 1 },
	{ 0xff0e0000, 0, 0, 0x101 }, { 0x20010db8, 0x00fa0000, 0, 1 },
	{ 0x20010db8, 0x00fa0000, 0, 2 }, { 0, 0, 0xffff, 0x0a000001 },
	{ 0, 0, 0, 0x0a000001 }, { 0xfec00000, 0, 0, 1 },
};

static void pool_add(struct pktgen *g, enum ir_field f, uint32_t value)
{
	struct pool *p = &g->pool[f];
	uint32_t *v;

	if (value > ir_field_max(f))
		return;
	if (p->n == p->size) {
		v = realloc(p->v, (p->size * 2 + 64) * sizeof(*v));
		if (!v) {
			g->failed = true;
			return;
		}
		p->v = v;
		p->size = p->size * 2 + 64;
	}
	p->v[p->n++] = value;
}

static void aim_add(struct pktgen *g, struct aims *a,
		    const struct ir_chain *chain, const struct ir_rule *rule)
{
	struct aim *v;

	if (a->n == a->size) {
		v = realloc(a->v, (a->size * 2 + 16) * sizeof(*v));
		if (!v) {
			g->failed = true;
			return;
		}
		a->v = v;
		a->size = a->size * 2 + 16;
	}
	a->v[a->n++] = (struct aim){ chain, rule };
}

static void pool_terms(struct pktgen *g, const struct ir_pred *pred)
{
	const struct ir_term *t;
	uint32_t i;

	for (i = 0; i < pred->nterms; i++) {
		t = &pred->term[i];
		pool_add(g, t->field, t->lo - 1);
		pool_add(g, t->field, t->lo);
		pool_add(g, t->field, t->hi);
		pool_add(g, t->field, t->hi + 1);
		pool_add(g, t->field, t->lo | (~t->mask &
					       ir_field_max(t->field)));
		pool_add(g, t->field, t->lo ^ (t->mask & -t->mask));
	}
}

static void collect_rule(struct pktgen *g, const struct ir_chain *chain,
			 const struct ir_rule *r)
{
	uint32_t m, p;

	if (r->to)
		aim_add(g, &g->callers[r->to->number], chain, r);
	for (m = 0; m < r->nmatches; m++)
		for (p = 0; p < r->match[m].npreds; p++)
			if (r->match[m].pred[p].kind == IR_PRED_TERMS)
				pool_terms(g, &r->match[m].pred[p]);
}

static void reach_from(struct pktgen *g, const struct ir_chain *chain,
		       uint32_t hooks)
{
	uint32_t i;

	if ((g->reach[chain->number] | hooks) == g->reach[chain->number])
		return;
	g->reach[chain->number] |= hooks;
	for (i = 0; i < chain->nrules; i++)
		if (chain->rule[i]->to)
			reach_from(g, chain->rule[i]->to, hooks);
}

static void collect(struct pktgen *g)
{
	uint32_t i, k, h, n = ir_table_nchains(g->t);
	const struct ir_chain *c;

	for (i = 0; i < n; i++) {
		c = ir_table_chain(g->t, i);
		for (k = 0; k < c->nrules; k++)
			collect_rule(g, c, c->rule[k]);
		if (c->hook != IR_HOOK_NONE)
			reach_from(g, c, 1u << c->hook);
	}
	for (i = 0; i < n; i++) {
		c = ir_table_chain(g->t, i);
		for (h = 0; h < IR_NHOOKS; h++) {
			if (!(g->reach[c->number] >> h & 1))
				continue;
			for (k = 0; k < c->nrules; k++)
				aim_add(g, &g->aims[h], c, c->rule[k]);
			if (c->hook != IR_HOOK_NONE)
				aim_add(g, &g->aims[h], c, NULL);
		}
	}
}

struct pktgen *pg_new(const struct ir_table *t, const struct pg_opts *opts)
{
	uint32_t n = ir_table_nchains(t);
	struct pktgen *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->t = t;
	g->opts = *opts;
	if (!g->opts.max_len)
		g->opts.max_len = 1500;
	g->reach = calloc(n, sizeof(*g->reach));
	g->callers = calloc(n, sizeof(*g->callers));
	g->iface = calloc(PG_MAX_IFACES, sizeof(*g->iface));
	if (!g->reach || !g->callers || !g->iface) {
		pg_free(g);
		return NULL;
	}
	g->nifaces = pg_ifaces(t, g->iface, PG_MAX_IFACES);
	collect(g);
	if (g->failed) {
		pg_free(g);
		return NULL;
	}
	return g;
}

void pg_free(struct pktgen *g)
{
	uint32_t i;

	if (!g)
		return;
	for (i = 0; g->callers && i < ir_table_nchains(g->t); i++)
		free(g->callers[i].v);
	for (i = 0; i < IR_NHOOKS; i++)
		free(g->aims[i].v);
	for (i = 0; i < IR_NFIELDS; i++)
		free(g->pool[i].v);
	free(g->callers);
	free(g->reach);
	free(g->iface);
	free(g);
}

static void add_iface(char (*name)[IR_IFNAMSIZ], uint32_t *n, uint32_t max,
		      const struct ir_iface *pattern)
{
	char s[IR_IFNAMSIZ] = "";
	uint32_t i;

	memcpy(s, pattern->name, IR_IFNAMSIZ - 1);
	if (pattern->len < IR_IFNAMSIZ && (!pattern->len ||
					   pattern->name[pattern->len - 1])) {
		memset(s + pattern->len, 0, sizeof(s) - pattern->len);
		if (pattern->len < IR_IFNAMSIZ - 1)
			s[pattern->len] = '0';
	}
	for (i = 0; i < *n; i++)
		if (!strcmp(name[i], s))
			return;
	if (*n < max && s[0] && strcmp(s, "0"))
		memcpy(name[(*n)++], s, IR_IFNAMSIZ);
}

uint32_t pg_ifaces(const struct ir_table *t, char (*name)[IR_IFNAMSIZ],
		   uint32_t max)
{
	const struct ir_chain *c;
	const struct ir_match *m;
	uint32_t i, k, j, p, n = 0;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++)
			for (j = 0; j < c->rule[k]->nmatches; j++) {
				m = &c->rule[k]->match[j];
				for (p = 0; p < m->npreds; p++)
					if (m->pred[p].kind == IR_PRED_IFACE)
						add_iface(name, &n, max,
							  &m->pred[p].iface);
			}
	}
	return n;
}

static void random_iface(const struct pktgen *g, struct rng *r, char *name)
{
	const struct pg_opts *o = &g->opts;

	memset(name, 0, IR_IFNAMSIZ);
	if (o->nifaces)
		strncpy(name, o->iface[rng_below(r, o->nifaces)],
			IR_IFNAMSIZ - 1);
	else if (g->nifaces && !rng_one_in(r, 6))
		memcpy(name, g->iface[rng_below(r, g->nifaces)], IR_IFNAMSIZ);
	else
		strcpy(name, rng_one_in(r, 2) ? "lo" : "veth12345678901");
	if (o->nifaces || !rng_one_in(r, 4))
		return;
	/* A name a little longer, shorter or different. */
	switch (rng_below(r, 3)) {
	case 0:
		if (strlen(name) < IR_IFNAMSIZ - 1)
			name[strlen(name)] = '7';
		break;
	case 1:
		if (strlen(name) > 1)
			name[strlen(name) - 1] = '\0';
		break;
	case 2:
		name[rng_below(r, strlen(name))] ^= 1;
		break;
	}
}

static uint32_t random_field(const struct pktgen *g, struct rng *r,
			     enum ir_field f)
{
	const struct pool *p = &g->pool[f];

	if (p->n && f != IR_CTSTATE && !rng_one_in(r, 4))
		return p->v[rng_below(r, p->n)];
	switch (f) {
	case IR_PROTO:
		return (g->opts.ipv6 ? protos6 : protos)
		       [rng_below(r, sizeof(protos))];
	case IR_CTSTATE:
		return states[rng_below(r, 5)];
	case IR_TTL:
		return rng_one_in(r, 4) ? rng_below(r, 256) : 64;
	case IR_TCPFLAGS:
		return rng_one_in(r, 2) ? rng_below(r, 256) : 2;
	case IR_TOS:
		return rng_one_in(r, 2) ? rng_below(r, 256) : 0;
	case IR_ICMP:
		return rng_below(r, 20) << 8 | rng_below(r, 4);
	case IR_LEN:
		return (g->opts.ipv6 ? 40 : 20) + rng_below(r, rng_one_in(r, 4) ? 1480 : 100);
	default:
		return rng_u32(r) & ir_field_max(f);
	}
}

static bool terms_hold(const struct ir_pred *pred, const struct pg_spec *s)
{
	const struct ir_term *t;
	uint32_t i, v;

	for (i = 0; i < pred->nterms; i++) {
		t = &pred->term[i];
		v = s->field[t->field] & t->mask;
		if (v >= t->lo && v <= t->hi)
			return !pred->negate;
	}
	return pred->negate;
}

/* A value in the term, or just outside it. */
static uint32_t near_term(struct rng *r, const struct ir_term *t)
{
	uint32_t max = ir_field_max(t->field), v = 0;

	switch (rng_below(r, 8)) {
	case 0:
	case 1:
		v = t->lo;
		break;
	case 2:
	case 3:
		v = t->hi;
		break;
	case 4:
		v = t->lo - 1;
		break;
	case 5:
		v = t->hi + 1;
		break;
	case 6:
		v = t->lo ^ 1u << rng_below(r, 32);
		break;
	case 7:
		v = rng_range(r, t->lo, t->hi < t->lo ? t->lo : t->hi);
		break;
	}
	if (!(v & ~t->mask))
		v |= rng_u32(r) & ~t->mask;
	return v & max;
}

/* A field with few values: all of them are tried. */
static void want_bit(struct rng *r, const struct ir_pred *pred, enum ir_field f,
		     struct pg_spec *s, bool holds)
{
	uint32_t i, k = rng_below(r, IR_NKINDS);

	for (i = 0; i < IR_NKINDS; i++, k++) {
		if (f == IR_KIND)
			s->field[f] = 1u << k % IR_NKINDS;
		else
			s->field[f] = states[k % 5];
		s->kind_set |= f == IR_KIND;
		if (terms_hold(pred, s) == holds)
			return;
	}
}

static void want_terms(struct rng *r, const struct ir_pred *pred,
		       struct pg_spec *s, bool holds)
{
	const struct ir_term *t;
	uint32_t i, old;

	if (!pred->nterms)
		return;
	t = &pred->term[0];
	if (t->field == IR_KIND || t->field == IR_CTSTATE) {
		want_bit(r, pred, t->field, s, holds);
		return;
	}
	for (i = 0; i < 24; i++) {
		t = &pred->term[rng_below(r, pred->nterms)];
		old = s->field[t->field];
		s->field[t->field] = near_term(r, t);
		if (t->field == IR_LEN)
			s->len_set = true;
		if (t->field >= IR_EXT && t->field != IR_ESPSPI)
			s->exts_set = true;
		if (terms_hold(pred, s) == holds)
			return;
		if (i < 23)
			s->field[t->field] = old;
	}
}

static void want_iface(const struct pktgen *g, struct rng *r,
		       const struct ir_pred *pred, struct pg_spec *s,
		       bool holds)
{
	char *name = pred->iface.field == IR_IIF ? s->iif : s->oif;
	uint32_t i;

	for (i = 0; i < 12; i++) {
		if (!memcmp(name, pred->iface.name, pred->iface.len) ==
		    (holds != pred->negate))
			return;
		random_iface(g, r, name);
	}
}

static void want_option(struct rng *r, const struct ir_pred *pred,
			struct pg_spec *s, bool holds)
{
	if (holds == pred->negate || s->nopts == PG_MAX_TCPOPTS)
		return;
	s->opt[s->nopts++] = pred->tcpopt;
	s->opt_shape = rng_below(r, 4);
}

static void want(const struct pktgen *g, struct rng *r,
		 const struct ir_pred *pred, struct pg_spec *s, bool holds)
{
	switch (pred->kind) {
	case IR_PRED_TERMS:
		want_terms(r, pred, s, holds);
		break;
	case IR_PRED_IFACE:
		want_iface(g, r, pred, s, holds);
		break;
	case IR_PRED_TCPOPT:
		want_option(r, pred, s, holds);
		break;
	}
}

static void apply_rule(const struct pktgen *g, struct rng *r,
		       const struct ir_rule *rule, struct pg_spec *s, bool miss)
{
	uint32_t m, p, n = 0, at = 0;

	for (m = 0; m < rule->nmatches; m++)
		n += rule->match[m].npreds;
	n = miss ? rng_below(r, n) : UINT32_MAX;
	for (m = 0; m < rule->nmatches; m++)
		for (p = 0; p < rule->match[m].npreds; p++)
			want(g, r, &rule->match[m].pred[p], s, at++ != n);
}

/* One way from the base chain to @aim, the last step first. */
static uint32_t find_way(const struct pktgen *g, struct rng *r,
			 enum ir_hook hook, struct aim aim,
			 const struct ir_rule **way)
{
	const struct aims *callers;
	uint32_t n = 0, i, k;

	if (aim.rule)
		way[n++] = aim.rule;
	while (n < MAX_WAY && aim.chain->hook != hook) {
		callers = &g->callers[aim.chain->number];
		k = rng_below(r, callers->n);
		for (i = 0; i < callers->n; i++, k++) {
			aim = callers->v[k % callers->n];
			if (g->reach[aim.chain->number] >> hook & 1)
				break;
		}
		if (i == callers->n)
			break;
		way[n++] = aim.rule;
	}
	return n;
}

static void aim_at(const struct pktgen *g, struct rng *r, enum ir_hook hook,
		   struct pg_spec *s)
{
	const struct aims *a = &g->aims[hook];
	const struct ir_rule *way[MAX_WAY];
	uint32_t n, i, miss = UINT32_MAX;

	if (!a->n)
		return;
	n = find_way(g, r, hook, a->v[rng_below(r, a->n)], way);
	if (n && rng_one_in(r, 3))
		miss = rng_one_in(r, 4) ? rng_below(r, n) : 0;
	for (i = n; i-- > 0; )
		apply_rule(g, r, way[i], s, i == miss);
}

static enum ir_hook pick_hook(const struct pktgen *g, struct rng *r,
			      uint32_t hooks)
{
	enum ir_hook h = rng_below(r, IR_NHOOKS);
	uint32_t i;

	for (i = 0; i < IR_NHOOKS; i++, h = (h + 1) % IR_NHOOKS)
		if (hooks >> h & 1 && g->aims[h].n)
			return h;
	return IR_HOOK_FORWARD;
}

static void special_address(struct rng *r, enum ir_field first,
			    enum ir_field rest, struct pg_spec *s)
{
	const uint32_t *a = special6[rng_below(r, sizeof(special6) /
					       sizeof(*special6))];

	if (!rng_one_in(r, 16))
		return;
	s->field[first] = a[0];
	memcpy(&s->field[rest], a + 1, 3 * sizeof(*a));
}

void pg_make(const struct pktgen *g, uint64_t number, uint32_t hooks,
	     struct pg_packet *out)
{
	struct rng r = rng_at(g->opts.seed, number);
	struct pg_spec s = { 0 };
	enum ir_field f;

	for (f = 0; f < (g->opts.ipv6 ? IR_NFIELDS : IR_NFIELDS4); f++)
		s.field[f] = random_field(g, &r, f);
	if (g->opts.ipv6) {
		special_address(&r, IR_SADDR, IR_SADDR1, &s);
		special_address(&r, IR_DADDR, IR_DADDR1, &s);
	}
	s.field[IR_KIND] = 1u << IR_KIND_WHOLE;
	random_iface(g, &r, s.iif);
	random_iface(g, &r, s.oif);
	out->hook = pick_hook(g, &r, hooks);
	aim_at(g, &r, out->hook, &s);
	memset(out->iif, 0, sizeof(out->iif));
	memset(out->oif, 0, sizeof(out->oif));
	if (out->hook != IR_HOOK_OUTPUT && out->hook != IR_HOOK_POSTROUTING)
		memcpy(out->iif, s.iif, sizeof(s.iif));
	if (out->hook != IR_HOOK_INPUT && out->hook != IR_HOOK_PREROUTING)
		memcpy(out->oif, s.oif, sizeof(s.oif));
	out->ctstate = s.field[IR_CTSTATE];
	pg_build(&s, &g->opts, &r, out);
}
