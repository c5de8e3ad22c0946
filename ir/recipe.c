/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/recipe.c - drawing a packet from a space
 *
 * First the protocol and the kind, which say what fields the packet has in its
 * transport header (the others read as 0) and how long it can be; then the rest,
 * each field for itself.  IPv6 packets get extension headers, where rules want
 * them or now and then (recipe6.c).
 */
#include "ir/recipe.h"

#include <linux/netfilter_ipv6/ip6t_ipv6header.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define MAX_LENGTH	65535
#define USUAL_LENGTH	1500	/* not exceeded without need */
#define NPROTOS4	6
#define NPROTOS6	9
#define NPAIRS		((NPROTOS6 + 2) * IR_NKINDS)

/* The protocols with a header that matches read; any other is like all others. */
static const uint8_t protos4[NPROTOS4] = {
	IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_UDPLITE,
	IPPROTO_DCCP,
};

static const uint8_t protos6[NPROTOS6] = {
	IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6, IPPROTO_SCTP, IPPROTO_UDPLITE,
	IPPROTO_DCCP, IPPROTO_ESP, IPPROTO_MH, IPPROTO_NONE,
};

struct pair {
	bool		ipv6;
	uint32_t	proto;
	enum ir_kind	kind;
};

static const uint8_t *protos(bool ipv6)
{
	return ipv6 ? protos6 : protos4;
}

static uint32_t nprotos(bool ipv6)
{
	return ipv6 ? NPROTOS6 : NPROTOS4;
}

static bool known(struct pair p)
{
	return memchr(protos(p.ipv6), (int)p.proto, nprotos(p.ipv6)) != NULL;
}

/* The first are the same of both families. */
static bool has_ports(struct pair p)
{
	return p.proto != IPPROTO_ICMP && p.proto != IPPROTO_ICMPV6 &&
	       memchr(protos(p.ipv6), (int)p.proto, NPROTOS4) != NULL;
}

static bool is_icmp(struct pair p)
{
	return p.proto == (p.ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/* Of IPv6 protocols whose header rules ask something else of: its bytes. */
static uint32_t least_of(struct pair p)
{
	if (!p.ipv6)
		return 0;
	return p.proto == IPPROTO_ESP ? 8 : p.proto == IPPROTO_MH ? 6 : 0;
}

static bool kind_exists(struct pair p)
{
	/* With IPv6, 0 is the protocol of those that have none. */
	if (p.ipv6 && (p.kind == IR_KIND_NOPROTO) != !p.proto)
		return false;
	switch (p.kind) {
	case IR_KIND_BADOPT:
		return p.proto == IPPROTO_TCP;
	case IR_KIND_SHORT:
		return p.proto == IPPROTO_TCP || p.proto == IPPROTO_UDP;
	case IR_KIND_NONE:
		return has_ports(p) || is_icmp(p) || least_of(p);
	case IR_KIND_FRAG1:
		return !p.ipv6;
	case IR_KIND_NOPROTO:
		return p.ipv6;
	default:
		return true;
	}
}

static bool pair_has(struct pair p, enum ir_field field)
{
	bool whole = p.kind == IR_KIND_WHOLE;

	if (field == IR_ESPSPI)
		return p.ipv6 && p.proto == IPPROTO_ESP && whole;
	if (field >= IR_EXT)
		return false;		/* recipe6.c */
	if (field >= IR_NFIELDS4)
		return p.ipv6;
	switch (field) {
	case IR_SPORT:
	case IR_DPORT:
		return has_ports(p) && (whole || p.kind == IR_KIND_SHORT ||
					p.kind == IR_KIND_BADOPT);
	case IR_TCPFLAGS:
		return p.proto == IPPROTO_TCP &&
		       (whole || p.kind == IR_KIND_BADOPT);
	case IR_TCPOPT:
		return p.proto == IPPROTO_TCP && whole;
	case IR_ICMP:
		return (is_icmp(p) || (p.ipv6 && p.proto == IPPROTO_MH)) &&
		       whole;
	default:
		return true;
	}
}

static struct pair pair_of(const struct ir_recipe *c)
{
	return (struct pair){ c->build.ipv6, c->build.field[IR_PROTO],
			      c->kind };
}

bool ir_recipe_has(const struct ir_recipe *c, enum ir_field field)
{
	return pair_has(pair_of(c), field);
}

static uint32_t header(bool ipv6)
{
	return ipv6 ? 40 : 20;
}

/* The bytes behind the IP header that a packet has, without extensions. */
static struct ir_range transport_length(struct pair p, uint32_t noptions)
{
	const uint32_t max = MAX_LENGTH - header(p.ipv6);

	switch (p.kind) {
	case IR_KIND_WHOLE:
		if (p.proto == IPPROTO_TCP)
			return (struct ir_range){ 20 + noptions, max };
		if (p.proto == IPPROTO_UDP || is_icmp(p))
			return (struct ir_range){ 8, max };
		return (struct ir_range){ has_ports(p) ? 4 : least_of(p),
					   max };
	case IR_KIND_BADOPT:
		return (struct ir_range){ 20, max };
	case IR_KIND_SHORT:
		return (struct ir_range){ 4, p.proto == IPPROTO_TCP ? 19 : 7 };
	case IR_KIND_NONE:
		if (least_of(p))
			return (struct ir_range){ 0, least_of(p) - 1 };
		return (struct ir_range){ 0, is_icmp(p) ? 7 : 3 };
	case IR_KIND_FRAG:
		/* Of an IPv6 fragment header as much as is read. */
		return (struct ir_range){ p.ipv6 ? 4 : 0, max };
	default:
		return (struct ir_range){ 0, max };
	}
}

/*
 * The lengths of packets in @s; false where there are none.  With @all also of
 * those that are never drawn: extension headers can make any IPv6 packet longer.
 */
static bool lengths(const struct ir_space *s, struct pair p, uint32_t noptions,
		    bool all, struct ir_set *out)
{
	struct ir_range r = transport_length(p, noptions);

	ir_set_copy(out, &s->field[IR_LEN]);
	if (p.ipv6 && all)
		r.hi = MAX_LENGTH;
	ir_set_cut_range(out, header(p.ipv6) + r.lo, header(p.ipv6) + r.hi);
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

/* What rules want of the headers before or of the next one is otherwise. */
static bool wrong_header(const struct ir_space *s, struct pair p)
{
	const uint32_t bit = p.proto == IPPROTO_ESP ? MASK_ESP :
			     p.proto == IPPROTO_NONE ? MASK_NONE : MASK_PROTO;
	const uint32_t mask = s->fix_mask[IR_HEADERS] &
			      (MASK_ESP | MASK_NONE | MASK_PROTO);
	const bool later = p.kind == IR_KIND_FRAG || p.kind == IR_KIND_NOPROTO;

	/* A later fragment has an offset, and nothing else has. */
	if (later ? !(~s->fix_mask[IR_FRAG] & IR_RECIPE_OFFSET) &&
		    !(s->fix_value[IR_FRAG] & IR_RECIPE_OFFSET) :
		    s->fix_value[IR_FRAG] & IR_RECIPE_OFFSET)
		return true;
	return (bit & mask) != (s->fix_value[IR_HEADERS] & mask);
}

/* Whether packets of this protocol and kind can be in @s; @all as above. */
static bool pair_fits(const struct ir_space *s, struct pair p, bool all)
{
	static const enum ir_field of_transport[] = {
		IR_SPORT, IR_DPORT, IR_TCPFLAGS, IR_ICMP, IR_ESPSPI,
	};
	struct ir_build b;
	struct ir_set len;
	uint32_t i;

	if (!kind_exists(p) || (!all && wrong_header(s, p)))
		return false;
	for (i = 0; i < sizeof(of_transport) / sizeof(*of_transport); i++)
		if (!pair_has(p, of_transport[i]) &&
		    !ir_set_has(&s->field[of_transport[i]], 0))
			return false;
	if (any_option(s->opt_yes) && (!pair_has(p, IR_TCPOPT) ||
				       !ir_recipe_options(&b, s->opt_yes)))
		return false;
	return lengths(s, p, any_option(s->opt_yes) ? b.ntcpopts : 0, all,
		       &len);
}

/* A protocol that is none of protos(); false where there is none. */
static bool other_proto(const struct ir_space *s, struct rng *r,
			struct pair *p)
{
	const struct ir_set *set = &s->field[IR_PROTO];
	uint32_t i, v;

	for (i = 0; r && i < 4; i++) {
		p->proto = ir_set_draw(set, r);
		if (!known(*p) && (p->proto || !p->ipv6))
			return true;
	}
	for (i = 0; i < set->n; i++)
		for (v = set->r[i].lo; v <= set->r[i].hi; v++) {
			p->proto = v;
			if (!known(*p) && (v || !p->ipv6))
				return true;
		}
	return false;
}

/* The protocols of @s, one for all those that are not known. */
static uint32_t list_protos(const struct ir_space *s, struct rng *r,
			    uint32_t list[NPROTOS6 + 2])
{
	struct pair other = { .ipv6 = s->ipv6 };
	uint32_t i, n = 0;

	for (i = 0; i < nprotos(s->ipv6); i++)
		if (ir_set_has(&s->field[IR_PROTO], protos(s->ipv6)[i]))
			list[n++] = protos(s->ipv6)[i];
	if (s->field[IR_PROTO].n && other_proto(s, r, &other))
		list[n++] = other.proto;
	if (s->ipv6 && ir_set_has(&s->field[IR_PROTO], 0))
		list[n++] = 0;
	return n;
}

/* All that fit, the plainest first; how many. */
static uint32_t pairs(const struct ir_space *s, struct rng *r, bool all,
		      struct pair out[NPAIRS])
{
	uint32_t i, n = 0, list[NPROTOS6 + 2], m = list_protos(s, r, list);
	struct pair p = { .ipv6 = s->ipv6 };

	for (p.kind = 0; p.kind < IR_NKINDS; p.kind++) {
		if (!ir_set_has(&s->field[IR_KIND], 1u << p.kind))
			continue;
		for (i = 0; i < m; i++) {
			p.proto = list[i];
			if (pair_fits(s, p, all))
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
	struct pair all[NPAIRS];
	enum ir_field f;

	if (s->empty)
		return true;
	for (f = 0; f < IR_NFIELDS; f++)
		if (!s->field[f].n)
			return true;
	return !pairs(s, NULL, true, all) || no_iface(s);
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
	return (v & ~s->fix_mask[f]) | s->fix_value[f];
}

static uint32_t draw_length(const struct ir_space *s, struct pair p,
			    uint32_t noptions, enum ir_draw how, struct rng *r)
{
	struct ir_set set, usual;
	struct ir_range *x;

	if (!lengths(s, p, noptions, false, &set))
		return header(p.ipv6);
	ir_set_copy(&usual, &set);
	ir_set_cut_range(&usual, 0, USUAL_LENGTH);
	if (usual.n)
		ir_set_copy(&set, &usual);
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
	struct pair all[NPAIRS], p;
	struct ir_build *b = &out->build;
	enum ir_field f;
	uint32_t n;
	bool sure;

	memset(out, 0, sizeof(*out));
	n = pairs(s, r, false, all);
	if (!n)
		return false;
	p = all[how == IR_DRAW_ANY && rng_one_in(r, 2) ? rng_below(r, n) : 0];
	b->ipv6 = p.ipv6;
	for (f = 0; f < IR_NFIELDS; f++)
		if (pair_has(p, f))
			b->field[f] = draw_field(s, f, how, r);
	b->field[IR_PROTO] = p.proto;
	out->kind = p.kind;
	out->ctstate = b->field[IR_CTSTATE];
	if (any_option(s->opt_yes))
		ir_recipe_options(b, s->opt_yes);
	b->total = draw_length(s, p, b->ntcpopts, how, r);
	b->id = rng_u32(r);
	b->noise = rng_u32(r);
	if (s->ipv6)
		ir_recipe_draw_exts(s, r, out);
	ir_recipe_finish(out);
	return draw_iface(s, IR_IIF, r, out->iif, &sure) &&
	       draw_iface(s, IR_OIF, r, out->oif, &sure);
}

void ir_recipe_finish(struct ir_recipe *c)
{
	const struct pair p = pair_of(c);
	struct ir_build *b = &c->build;
	uint32_t least = header(p.ipv6), most = MAX_LENGTH;
	struct ir_range r;

	if (!pair_has(p, IR_TCPOPT))
		b->ntcpopts = 0;
	r = transport_length(p, b->ntcpopts);
	if (p.ipv6)
		least += ir_recipe_put_exts(c, &most);
	if (least + r.hi < most)
		most = least + r.hi;
	if (b->total < least + r.lo)
		b->total = least + r.lo;
	if (b->total > most)
		b->total = most;
	b->doff = c->kind == IR_KIND_BADOPT ? b->noise % 5 :
		  5 + b->ntcpopts / 4;
	b->udp_len = b->total - least;
	b->frag = c->kind == IR_KIND_FRAG1 ? 1 :
		  c->kind == IR_KIND_FRAG ? 2 + b->noise % 180 : 0;
}

void ir_recipe_packet(const struct ir_recipe *c, uint8_t *data,
		      struct ir_packet *p)
{
	ir_build_packet(&c->build, data);
	if (c->build.ipv6)
		ir_packet_parse6(p, data, c->build.total);
	else
		ir_packet_parse(p, data, c->build.total);
	memcpy(p->iif, c->iif, sizeof(p->iif));
	memcpy(p->oif, c->oif, sizeof(p->oif));
	p->field[IR_CTSTATE] = c->ctstate;
}
