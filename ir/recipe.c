/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/recipe.c - drawing a packet from a space
 *
 * First the protocol and the kind, which say what fields the packet has in its
 * transport header (the others read as 0) and how long it can be; then the rest,
 * each field for itself.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "ir/space.h"

#define MAX_LENGTH	65535
#define USUAL_LENGTH	1500	/* not exceeded without need */
#define NPROTOS		7

/* The protocols with a header that matches read; any other is like all others. */
static const uint8_t protos[NPROTOS - 1] = {
	IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_UDPLITE,
	IPPROTO_DCCP,
};

struct pair {
	uint32_t	proto;
	enum ir_kind	kind;
};

static bool known(uint32_t proto)
{
	return memchr(protos, (int)proto, sizeof(protos)) != NULL;
}

static bool kind_exists(uint32_t proto, enum ir_kind kind)
{
	switch (kind) {
	case IR_KIND_BADOPT:
		return proto == IPPROTO_TCP;
	case IR_KIND_SHORT:
		return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
	case IR_KIND_NONE:
		return known(proto);
	case IR_KIND_NOPROTO:
		return false;		/* not in IPv4 */
	default:
		return true;
	}
}

bool ir_recipe_has(enum ir_field field, uint32_t proto, enum ir_kind kind)
{
	bool whole = kind == IR_KIND_WHOLE;

	if (field >= IR_NFIELDS4)
		return false;
	switch (field) {
	case IR_SPORT:
	case IR_DPORT:
		return known(proto) && proto != IPPROTO_ICMP &&
		       (whole || kind == IR_KIND_SHORT ||
			kind == IR_KIND_BADOPT);
	case IR_TCPFLAGS:
		return proto == IPPROTO_TCP &&
		       (whole || kind == IR_KIND_BADOPT);
	case IR_TCPOPT:
		return proto == IPPROTO_TCP && whole;
	case IR_ICMP:
		return proto == IPPROTO_ICMP && whole;
	default:
		return true;
	}
}

/* The bytes behind the IPv4 header that @kind allows. */
static struct ir_range transport_length(uint32_t proto, enum ir_kind kind,
					uint32_t noptions)
{
	const uint32_t max = MAX_LENGTH - 20;

	switch (kind) {
	case IR_KIND_WHOLE:
		if (proto == IPPROTO_TCP)
			return (struct ir_range){ 20 + noptions, max };
		if (proto == IPPROTO_UDP || proto == IPPROTO_ICMP)
			return (struct ir_range){ 8, max };
		return (struct ir_range){ known(proto) ? 4 : 0, max };
	case IR_KIND_BADOPT:
		return (struct ir_range){ 20, max };
	case IR_KIND_SHORT:
		return (struct ir_range){ 4, proto == IPPROTO_TCP ? 19 : 7 };
	case IR_KIND_NONE:
		return (struct ir_range){ 0, proto == IPPROTO_ICMP ? 7 : 3 };
	default:
		return (struct ir_range){ 0, max };
	}
}

/* The lengths of packets in @s; false where there are none. */
static bool lengths(const struct ir_space *s, struct pair p, uint32_t noptions,
		    struct ir_set *out)
{
	struct ir_range r = transport_length(p.proto, p.kind, noptions);

	*out = s->field[IR_LEN];
	ir_set_cut_range(out, 20 + r.lo, 20 + r.hi);
	return out->n;
}

/* Two bytes each, and four for those that have no length: 0, 1 or both. */
bool ir_recipe_options(struct ir_build *b, const uint8_t opts[32])
{
	uint32_t n = 0, i, last = 0;

	memset(b->tcpopt, 0, sizeof(b->tcpopt));
	for (i = 2; i < 256; i++) {
		if (!(opts[i / 8] >> i % 8 & 1))
			continue;
		if (n + 2 > sizeof(b->tcpopt))
			return false;
		b->tcpopt[n] = (uint8_t)i;
		b->tcpopt[n + 1] = 2;
		last = n + 1;
		n += 2;
	}
	if (n % 4) {
		b->tcpopt[last] = 4;
		n += 2;
	}
	if (opts[0] & 3) {
		if (n + 4 > sizeof(b->tcpopt))
			return false;
		memset(b->tcpopt + n, opts[0] & 2 ? 1 : 0, 4);
		if ((opts[0] & 3) == 3)
			memset(b->tcpopt + n + 2, 0, 2);
		n += 4;
	}
	b->ntcpopts = n;
	return true;
}

static bool iface_holds(const struct ir_space *s, enum ir_field f,
			const char *name)
{
	const struct ir_iface *p;
	uint32_t i;

	for (i = 0; i < s->nifaces; i++) {
		p = s->iface[i].pattern;
		if (p->field == f &&
		    !memcmp(name, p->name, p->len) != s->iface[i].holds)
			return false;
	}
	return true;
}

/* The longest pattern that has to match; NULL: none. */
static const struct ir_iface *longest(const struct ir_space *s,
				      enum ir_field f)
{
	const struct ir_iface *best = NULL, *p;
	uint32_t i;

	for (i = 0; i < s->nifaces; i++) {
		p = s->iface[i].pattern;
		if (p->field == f && s->iface[i].holds &&
		    (!best || p->len > best->len))
			best = p;
	}
	return best;
}

static bool has_iface(enum ir_hook hook, enum ir_field f)
{
	if (f == IR_IIF)
		return hook != IR_HOOK_OUTPUT && hook != IR_HOOK_POSTROUTING;
	return hook != IR_HOOK_INPUT && hook != IR_HOOK_PREROUTING;
}

/* Whether @p leaves no choice: a whole name, its NUL included. */
static bool whole_name(const struct ir_iface *p)
{
	return p->len == IR_IFNAMSIZ || (p->len && !p->name[p->len - 1]);
}

/* A name that begins as @p says, or (NULL) any, the @n-th try. */
static void any_name(const struct ir_iface *p, uint32_t n, struct rng *r,
		     char *name)
{
	static const char *const usual[] = { "eth0", "eth1", "lo", "wlan0" };
	char text[48];
	int len = p ? p->len : 0;

	memset(name, 0, IR_IFNAMSIZ);
	if (!len && n < 4)
		snprintf(text, sizeof(text), "%s", usual[(n + rng_below(r, 4)) % 4]);
	else if (!n || (p && whole_name(p)))
		snprintf(text, sizeof(text), "%.*s", len, p ? p->name : "");
	else
		snprintf(text, sizeof(text), "%.*s%c%u", len, p ? p->name : "x",
			 "0123456789.abcxyz"[rng_below(r, 17)],
			 n % 2 ? 0 : rng_below(r, 100000));
	memcpy(name, text, strnlen(text, IR_IFNAMSIZ - 1));
}

/* False where no name was found; *sure where there is none. */
static bool draw_iface(const struct ir_space *s, enum ir_field f,
		       struct rng *r, char *name, bool *sure)
{
	const struct ir_iface *p = longest(s, f);
	uint32_t n;

	*sure = true;
	memset(name, 0, IR_IFNAMSIZ);
	if (!has_iface(s->hook, f))
		return iface_holds(s, f, name);
	if (p && whole_name(p)) {
		memcpy(name, p->name, p->len);
		return name[0] && !name[IR_IFNAMSIZ - 1] &&
		       iface_holds(s, f, name);
	}
	*sure = false;
	for (n = 0; n < 32; n++) {
		any_name(p, n, r, name);
		if (name[0] && iface_holds(s, f, name))
			return true;
	}
	return false;
}

static bool any_option(const uint8_t opts[32])
{
	static const uint8_t none[32];

	return memcmp(opts, none, sizeof(none)) != 0;
}

/* Whether packets of this protocol and kind can be in @s. */
static bool pair_fits(const struct ir_space *s, struct pair p)
{
	static const enum ir_field of_transport[] = {
		IR_SPORT, IR_DPORT, IR_TCPFLAGS, IR_ICMP,
	};
	struct ir_build b;
	struct ir_set len;
	uint32_t i;

	if (!kind_exists(p.proto, p.kind))
		return false;
	for (i = 0; i < 4; i++)
		if (!ir_recipe_has(of_transport[i], p.proto, p.kind) &&
		    !ir_set_has(&s->field[of_transport[i]], 0))
			return false;
	if (any_option(s->opt_yes) &&
	    (!ir_recipe_has(IR_TCPOPT, p.proto, p.kind) ||
	     !ir_recipe_options(&b, s->opt_yes)))
		return false;
	return lengths(s, p, any_option(s->opt_yes) ? b.ntcpopts : 0, &len);
}

/* A protocol that is none of protos[]; false where there is none. */
static bool other_proto(const struct ir_space *s, struct rng *r,
			uint32_t *proto)
{
	const struct ir_set *set = &s->field[IR_PROTO];
	uint32_t i, v;

	for (i = 0; r && i < 4; i++) {
		*proto = ir_set_draw(set, r);
		if (!known(*proto))
			return true;
	}
	for (i = 0; i < set->n; i++)
		for (v = set->r[i].lo; v <= set->r[i].hi; v++)
			if (!known(v)) {
				*proto = v;
				return true;
			}
	return false;
}

/* All that fit, the plainest first; how many. */
static uint32_t pairs(const struct ir_space *s, struct rng *r,
		      struct pair out[NPROTOS * IR_NKINDS])
{
	uint32_t i, n = 0, list[NPROTOS], nprotos = 0;
	struct pair p;

	for (i = 0; i < NPROTOS - 1; i++)
		if (ir_set_has(&s->field[IR_PROTO], protos[i]))
			list[nprotos++] = protos[i];
	if (s->field[IR_PROTO].n && other_proto(s, r, &list[nprotos]))
		nprotos++;
	for (p.kind = 0; p.kind < IR_NKINDS; p.kind++) {
		if (!ir_set_has(&s->field[IR_KIND], 1u << p.kind))
			continue;
		for (i = 0; i < nprotos; i++) {
			p.proto = list[i];
			if (pair_fits(s, p))
				out[n++] = p;
		}
	}
	return n;
}

static bool no_iface(const struct ir_space *s)
{
	struct rng r = { 1 };
	char name[IR_IFNAMSIZ];
	bool sure;

	return (!draw_iface(s, IR_IIF, &r, name, &sure) && sure) ||
	       (!draw_iface(s, IR_OIF, &r, name, &sure) && sure);
}

bool ir_space_is_empty(const struct ir_space *s)
{
	struct pair all[NPROTOS * IR_NKINDS];
	enum ir_field f;

	if (s->empty)
		return true;
	for (f = 0; f < IR_NFIELDS; f++)
		if (!s->field[f].n)
			return true;
	return !pairs(s, NULL, all) || no_iface(s);
}

/* Fields at random unless rules limit them. */
static uint32_t draw_field(const struct ir_space *s, enum ir_field f,
			   enum ir_draw how, struct rng *r)
{
	const struct ir_set *set = &s->field[f];
	uint32_t v;

	if (how == IR_DRAW_ANY || ir_set_has(set, 0)) {
		if (f == IR_TTL && set->n == 1 && !set->r[0].lo &&
		    set->r[0].hi == 255)
			return 64;
		v = ir_set_draw(set, r);
	} else {
		v = how == IR_DRAW_LOW ? set->r[0].lo : set->r[set->n - 1].hi;
	}
	if (f == IR_SADDR || f == IR_DADDR)
		v = (v & ~s->fix_mask[f == IR_DADDR]) |
		    s->fix_value[f == IR_DADDR];
	return v;
}

static uint32_t draw_length(const struct ir_space *s, struct pair p,
			    uint32_t noptions, enum ir_draw how, struct rng *r)
{
	struct ir_set set, usual;
	struct ir_range *x;

	if (!lengths(s, p, noptions, &set))
		return 20;
	usual = set;
	ir_set_cut_range(&usual, 0, USUAL_LENGTH);
	if (usual.n)
		set = usual;
	x = &set.r[how == IR_DRAW_HIGH ? set.n - 1 : 0];
	if (how == IR_DRAW_ANY)
		x = &set.r[rng_below(r, set.n)];
	/* Lengths differ, so that sums of bytes tell packets apart. */
	if (x->hi - x->lo > 300)
		return s->field[IR_LEN].r[0].hi == MAX_LENGTH ||
		       how == IR_DRAW_ANY ? x->lo + rng_below(r, 300) :
		       how == IR_DRAW_LOW ? x->lo : x->hi;
	return how == IR_DRAW_LOW ? x->lo : how == IR_DRAW_HIGH ? x->hi :
	       rng_range(r, x->lo, x->hi);
}

bool ir_space_draw(const struct ir_space *s, enum ir_draw how, struct rng *r,
		   struct ir_recipe *out)
{
	struct pair all[NPROTOS * IR_NKINDS], p;
	struct ir_build *b = &out->build;
	enum ir_field f;
	uint32_t n;
	bool sure;

	memset(out, 0, sizeof(*out));
	n = pairs(s, r, all);
	if (!n)
		return false;
	p = all[how == IR_DRAW_ANY && rng_one_in(r, 2) ? rng_below(r, n) : 0];
	for (f = 0; f < IR_NFIELDS; f++)
		if (ir_recipe_has(f, p.proto, p.kind))
			b->field[f] = draw_field(s, f, how, r);
	b->field[IR_PROTO] = p.proto;
	out->kind = p.kind;
	out->ctstate = b->field[IR_CTSTATE];
	if (any_option(s->opt_yes))
		ir_recipe_options(b, s->opt_yes);
	b->total = draw_length(s, p, b->ntcpopts, how, r);
	b->id = rng_u32(r);
	b->noise = rng_u32(r);
	ir_recipe_finish(out);
	return draw_iface(s, IR_IIF, r, out->iif, &sure) &&
	       draw_iface(s, IR_OIF, r, out->oif, &sure);
}

void ir_recipe_finish(struct ir_recipe *c)
{
	struct ir_build *b = &c->build;
	struct ir_range r;

	if (!ir_recipe_has(IR_TCPOPT, b->field[IR_PROTO], c->kind))
		b->ntcpopts = 0;
	r = transport_length(b->field[IR_PROTO], c->kind, b->ntcpopts);
	if (b->total < 20 + r.lo)
		b->total = 20 + r.lo;
	if (b->total > 20 + r.hi)
		b->total = 20 + r.hi;
	b->doff = c->kind == IR_KIND_BADOPT ? b->noise % 5 :
		  5 + b->ntcpopts / 4;
	b->udp_len = b->total - 20;
	b->frag = c->kind == IR_KIND_FRAG1 ? 1 :
		  c->kind == IR_KIND_FRAG ? 2 + b->noise % 180 : 0;
}

void ir_recipe_packet(const struct ir_recipe *c, uint8_t *data,
		      struct ir_packet *p)
{
	ir_build_packet(&c->build, data);
	ir_packet_parse(p, data, c->build.total);
	memcpy(p->iif, c->iif, sizeof(p->iif));
	memcpy(p->oif, c->oif, sizeof(p->oif));
	p->field[IR_CTSTATE] = c->ctstate;
}
