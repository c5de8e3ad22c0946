/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/flows.c - packets drawn from a ruleset's own rules
 *
 * A draw picks a rule that packets of the chain can come to, and a way to it.
 * The predicates on this way set the fields of the packet, each to a random
 * value that it allows; then the packet is made, and the matches on the way are
 * asked again, by the model, whether they hold: a draw that failed is another
 * draw.  A rule before them may still take the packet: so it is with real
 * traffic.
 */
#include "cmd/bench/flows.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter/xt_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "ir/build.h"
#include "ir/eval.h"
#include "ir/rng.h"

#define WAY_MAX		32	/* jumps to a rule; deeper ones are left out */
#define TRIES		24	/* of a value or of a draw */
#define EMPTY		UINT32_MAX

struct aim {
	const struct ir_chain	*chain;
	const struct ir_rule	*rule;
};

struct draw {
	const struct bench_ruleset *rs;
	struct bench_flows_opts	opts;
	struct rng		random;
	struct aim		*aim;	/* rules that can be come to */
	uint32_t		naims;
	struct aim		*caller; /* one rule that goes to each chain */
	uint32_t		*index;	/* hash of flows, to see whether new */
	uint32_t		mask;
	struct ir_counter	*count;
	uint32_t		floor;	/* counter of what matches nothing */
	struct bench_flows	*out;
};

struct spec {
	uint32_t	field[IR_NFIELDS];
	uint32_t	set;		/* bit set: a rule has asked for it */
};

/* A rule's wishes --------------------------------------------------------- */

static bool holds(const struct ir_pred *pred, const struct spec *s)
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

static uint32_t any_value(struct rng *r, enum ir_field f)
{
	if (f == IR_LEN)
		return rng_range(r, 40, BENCH_LEN_MAX);
	if (f == IR_TTL)
		return rng_range(r, 2, 254);
	return rng_u32(r) & ir_field_max(f);
}

/* Of a range of lengths those that packets have here, where there are such. */
static void narrow_length(uint32_t *lo, uint32_t *hi)
{
	if (*lo > BENCH_LEN_MAX || *hi < BENCH_HEADERS)
		return;
	if (*lo < BENCH_HEADERS)
		*lo = BENCH_HEADERS;
	if (*hi > BENCH_LEN_MAX)
		*hi = BENCH_LEN_MAX;
}

/* A value inside the term, the bits it does not ask for at random. */
static void want_term(struct rng *r, const struct ir_term *t,
		      struct spec *s)
{
	uint32_t lo = t->lo, hi = t->hi, v;

	if (lo > hi)
		return;
	if (t->field == IR_LEN)
		narrow_length(&lo, &hi);
	v = rng_range(r, lo, hi) & t->mask;
	if (v < t->lo)
		v = t->lo;
	s->field[t->field] = v | (any_value(r, t->field) & ~t->mask);
	s->set |= 1u << t->field;
}

static void want_terms(struct rng *r, const struct ir_pred *pred,
		       struct spec *s)
{
	enum ir_field f;
	uint32_t i;

	if (!pred->nterms)
		return;
	f = pred->term[0].field;
	if (f == IR_KIND || f == IR_CTSTATE)
		return;
	if (holds(pred, s) && (pred->negate || s->set >> f & 1))
		return;
	for (i = 0; i < TRIES; i++) {
		if (pred->negate)
			s->field[f] = any_value(r, f);
		else
			want_term(r, &pred->term[rng_below(r,
							pred->nterms)], s);
		if (holds(pred, s))
			return;
	}
}

static void want_rule(struct rng *r, const struct ir_rule *rule,
		      struct spec *s)
{
	uint32_t m, p;

	for (m = 0; m < rule->nmatches; m++)
		for (p = 0; p < rule->match[m].npreds; p++)
			if (rule->match[m].pred[p].kind == IR_PRED_TERMS)
				want_terms(r, &rule->match[m].pred[p], s);
}

/* The packet -------------------------------------------------------------- */

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t s)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static uint32_t fold(uint32_t s)
{
	s = (s >> 16) + (s & 0xffff);
	s += s >> 16;
	return ~s & 0xffff;
}

/* What is behind the headers is 0, so that the length alone adds to a sum. */
static void make_checksum(uint8_t *ip, uint32_t proto, uint32_t len)
{
	uint8_t *th = ip + 20;

	if (proto == IPPROTO_TCP)
		put16(th + 16, fold(sum(ip + 12, 8 + 20, proto + len)));
	else if (proto == IPPROTO_ICMP)
		put16(th + 2, fold(sum(th, 20, 0)));
}

static void make_header(const struct spec *s, uint8_t *ip)
{
	struct ir_build b = {
		.total = s->field[IR_LEN], .doff = 5,
		.udp_len = s->field[IR_LEN] - 20,
		.noise = s->field[IR_SPORT] << 16,	/* an ICMP's number */
	};
	uint8_t buf[IR_BUILD_MAX];

	memcpy(b.field, s->field, sizeof(b.field));
	ir_build_packet(&b, buf);
	memcpy(ip, buf, BENCH_HEADERS);
	make_checksum(ip, b.field[IR_PROTO], b.udp_len);
}

void bench_flow_packet(const struct bench_ruleset *rs,
		       const struct bench_flow *f, struct ir_packet *p)
{
	uint8_t data[BENCH_LEN_MAX] = { 0 };

	memcpy(data, f->header, BENCH_HEADERS);
	ir_packet_parse(p, data, (uint32_t)data[2] << 8 | data[3]);
	ir_packet_set_iif(p, rs->iif);
	ir_packet_set_oif(p, rs->oif);
	p->field[IR_CTSTATE] = XT_CONNTRACK_STATE_BIT(IP_CT_NEW);
}

/* Addresses that are routed, as a source or as a destination. */
static bool routed(uint32_t addr)
{
	return addr >> 24 != 0 && addr >> 24 != 127 && addr >> 24 < 224;
}

static uint32_t unicast(struct rng *r)
{
	uint32_t addr;

	do {
		addr = rng_u32(r);
	} while (!routed(addr));
	return addr;
}

/* Whether a host of ours will take it to the chain. */
static bool possible(const struct spec *s)
{
	uint32_t len = s->field[IR_LEN], ttl = s->field[IR_TTL];

	return len >= BENCH_HEADERS && len <= BENCH_LEN_MAX && ttl >= 1 &&
	       ttl <= 254;
}

/*
 * Whether connection tracking takes it for the first of a connection, however
 * often it comes: a SYN, a request, or what has no such thing.
 */
static bool is_new(const struct spec *s)
{
	switch (s->field[IR_PROTO]) {
	case IPPROTO_TCP:
		return s->field[IR_TCPFLAGS] == 2;
	case IPPROTO_ICMP:
		return s->field[IR_ICMP] == 8 << 8 ||
		       s->field[IR_ICMP] == 13 << 8;
	case IPPROTO_UDP:
		return true;
	default:
		return false;
	}
}

/* Draws ------------------------------------------------------------------- */

/* The rules from the base chain to @aim, the last first; 0: too deep. */
static uint32_t find_way(const struct draw *d, struct aim aim,
			 const struct ir_rule **way)
{
	uint32_t n = 0;

	way[n++] = aim.rule;
	while (aim.chain != d->rs->chain) {
		aim = d->caller[aim.chain->number];
		if (!aim.rule || n == WAY_MAX)
			return 0;
		way[n++] = aim.rule;
	}
	return n;
}

static void start_spec(struct rng *r, struct spec *s)
{
	s->set = 0;
	s->field[IR_SADDR] = unicast(r);
	s->field[IR_DADDR] = unicast(r);
	s->field[IR_PROTO] = !rng_one_in(r, 3) ? IPPROTO_TCP :
							   IPPROTO_UDP;
	s->field[IR_SPORT] = rng_range(r, 1024, 65535);
	s->field[IR_DPORT] = rng_range(r, 1, 65535);
	s->field[IR_TCPFLAGS] = 2;		/* SYN */
	s->field[IR_ICMP] = 8 << 8;		/* echo request */
	s->field[IR_LEN] = BENCH_HEADERS;
	s->field[IR_TTL] = 64;
	s->field[IR_TOS] = 0;
	s->field[IR_KIND] = 1u << IR_KIND_WHOLE;
	s->field[IR_CTSTATE] = XT_CONNTRACK_STATE_BIT(IP_CT_NEW);
	s->field[IR_IIF] = s->field[IR_OIF] = s->field[IR_TCPOPT] = 0;
}

static bool rule_holds(const struct ir_rule *r, const struct ir_packet *p)
{
	bool hotdrop = false;
	uint32_t i;

	for (i = 0; i < r->nmatches; i++)
		if (!ir_eval_match(&r->match[i], p, &hotdrop) || hotdrop)
			return false;
	return true;
}

static bool way_holds(const struct draw *d, const struct bench_flow *f,
		      const struct ir_rule **way, uint32_t n)
{
	struct ir_packet p;

	bench_flow_packet(d->rs, f, &p);
	while (n-- > 0)
		if (!rule_holds(way[n], &p))
			return false;
	return true;
}

/* Makes a flow of @s, unless that is not possible here. */
static bool finish(struct draw *d, const struct spec *s, struct bench_flow *f)
{
	if (!possible(s) || (d->rs->stateful && !is_new(s))) {
		d->out->impossible++;
		return false;
	}
	if (!routed(s->field[IR_SADDR]) || !routed(s->field[IR_DADDR])) {
		d->out->martians++;
		return false;
	}
	make_header(s, f->header);
	return true;
}

static bool draw_rule(struct draw *d, struct aim aim, struct bench_flow *f)
{
	const struct ir_rule *way[WAY_MAX];
	uint32_t n = find_way(d, aim, way), i;
	struct spec s;

	start_spec(&d->random, &s);
	for (i = n; i-- > 0; )
		want_rule(&d->random, way[i], &s);
	if (!n || !finish(d, &s, f))
		return false;
	if (way_holds(d, f, way, n))
		return true;
	d->out->impossible++;
	return false;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* A flow that a rule wants, but for one field. */
static bool draw_near(struct draw *d, struct bench_flow *f)
{
	struct rng *r = &d->random;
	struct aim aim = { d->rs->chain, NULL };
	struct spec s;

	start_spec(r, &s);
	if (d->naims) {
		aim = d->aim[rng_below(r, d->naims)];
		want_rule(r, aim.rule, &s);
	}
	switch (rng_below(r, 4)) {
	case 0:
		s.field[IR_SADDR] = unicast(r);
		break;
	case 1:
		s.field[IR_DADDR] = unicast(r);
		break;
	case 2:
		s.field[IR_SADDR] = unicast(r);
		s.field[IR_DADDR] = unicast(r);
		break;
	default:
		s.field[IR_DPORT] = rng_below(r, 65536);
	}
	return finish(d, &s, f);
}

static bool judge(struct draw *d, struct bench_flow *f,
		  const struct ir_counter *watch)
{
	uint64_t before = watch ? watch->packets : 0;
	struct ir_packet p;

	bench_flow_packet(d->rs, f, &p);
	f->accept = tr_walk(d->rs->classifier, d->rs->hook, &p, d->count) ==
		    IR_ACCEPT;
	return !watch || watch->packets > before;
}

static bool draw_one(struct draw *d, struct bench_flow *f)
{
	const struct ir_chain *chain = d->rs->chain;
	struct aim aim;

	switch (d->opts.hit) {
	case BENCH_HIT_NONE:
		return draw_near(d, f) &&
		       judge(d, f, &d->count[d->floor]);
	case BENCH_HIT_LAST:
		if (!chain->nrules)
			return false;
		aim.chain = chain;
		aim.rule = chain->rule[chain->nrules - 1];
		return draw_rule(d, aim, f) &&
		       judge(d, f, &d->count[aim.rule->index]);
	default:
		if (!d->naims)
			return draw_near(d, f) && judge(d, f, NULL);
		aim = d->aim[rng_below(&d->random, d->naims)];
		return draw_rule(d, aim, f) && judge(d, f, NULL);
	}
}

/* All of them -------------------------------------------------------------- */

static bool same(const uint8_t *a, const uint8_t *b)
{
	return a[9] == b[9] && !memcmp(a + 12, b + 12, 12);
}

static uint32_t hash(const uint8_t *ip)
{
	uint64_t h = ((uint64_t)get32(ip + 12) << 32 | get32(ip + 16)) *
		     0x9e3779b97f4a7c15ull;

	h = (h ^ get32(ip + 20) ^ (uint64_t)ip[9] << 32) *
	    0xbf58476d1ce4e5b9ull;
	return (uint32_t)(h >> 32);
}

/* Adds it unless there is one like it. */
static void add(struct draw *d, const struct bench_flow *f)
{
	struct bench_flows *out = d->out;
	uint32_t i = hash(f->header) & d->mask;

	for (; d->index[i] != EMPTY; i = (i + 1) & d->mask)
		if (same(out->v[d->index[i]].header, f->header))
			return;
	d->index[i] = out->n;
	out->v[out->n++] = *f;
}

static bool always_holds(const struct ir_rule *r)
{
	uint32_t i;

	for (i = 0; i < r->nmatches; i++)
		if (r->match[i].npreds || r->match[i].need)
			return false;
	return true;
}

/* The policy, or the rule that takes every packet before it does. */
static uint32_t find_floor(const struct ir_chain *chain)
{
	const struct ir_rule *r;
	uint32_t i;

	for (i = 0; i < chain->nrules; i++) {
		r = chain->rule[i];
		if ((r->target == IR_ACCEPT || r->target == IR_DROP) &&
		    always_holds(r))
			return r->index;
	}
	return chain->index;
}

/* Rules that packets of the chain can come to, and a way to each chain. */
static int collect(struct draw *d)
{
	const struct ir_table *t = d->rs->table;
	bool *seen = bench_ruleset_reach(t, d->rs->chain);
	struct ir_chain *c;
	uint32_t i, k;

	if (!seen)
		return -ENOMEM;
	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; seen[i] && k < c->nrules; k++) {
			d->aim[d->naims++] = (struct aim){ c, c->rule[k] };
			if (c->rule[k]->to)
				d->caller[c->rule[k]->to->number] =
					(struct aim){ c, c->rule[k] };
		}
	}
	free(seen);
	d->floor = find_floor(d->rs->chain);
	return 0;
}

static int prepare(struct draw *d)
{
	const struct bench_ruleset *rs = d->rs;
	uint32_t size = 64;

	while (size < d->opts.n * 2)
		size *= 2;
	d->mask = size - 1;
	d->aim = calloc(rs->nrules + 1, sizeof(*d->aim));
	d->caller = calloc(ir_table_nchains(rs->table), sizeof(*d->caller));
	d->index = malloc(size * sizeof(*d->index));
	d->count = calloc(rs->ncounters + 1, sizeof(*d->count));
	d->out->v = calloc(d->opts.n + 1, sizeof(*d->out->v));
	if (!d->aim || !d->caller || !d->index || !d->count || !d->out->v)
		return -ENOMEM;
	memset(d->index, 0xff, size * sizeof(*d->index));
	return collect(d);
}

int bench_flows_draw(const struct bench_ruleset *rs,
		     const struct bench_flows_opts *opts,
		     struct bench_flows *out)
{
	struct draw d = {
		.rs = rs, .opts = *opts, .random.state = opts->seed, .out = out,
	};
	struct bench_flow f = { .accept = false };
	uint64_t i;
	int err;

	memset(out, 0, sizeof(*out));
	err = prepare(&d);
	for (i = 0; !err && i < (uint64_t)TRIES * opts->n &&
	     out->n < opts->n; i++)
		if (draw_one(&d, &f))
			add(&d, &f);
	free(d.count);
	free(d.index);
	free(d.caller);
	free(d.aim);
	return err;
}

void bench_flows_free(struct bench_flows *f)
{
	free(f->v);
	memset(f, 0, sizeof(*f));
}
