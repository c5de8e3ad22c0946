/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/pktbuild6.c - IPv6 packets, and what may be wrong with them
 *
 * One packet in three has extension headers, of all sorts and in any order,
 * twice too, with lengths that lie; the chain is cut anywhere.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/diff/pktbuild.h"

#define MAX_EXTS	4

static const uint8_t exts[] = {
	IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_AH, IPPROTO_FRAGMENT,
	IPPROTO_DSTOPTS, IPPROTO_HOPOPTS,
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* Hop-by-hop options that hosts take, mostly, in the @n bytes at @o. */
static void options(struct rng *r, uint8_t *o, uint32_t n)
{
	static const uint8_t types[] = { 0x1e, 0x3e, 0x05, 0x5e, 0xc2, 0x9e };
	uint32_t at = 0, size;

	while (n - at > 3 && !rng_one_in(r, 4)) {
		size = 2 + rng_below(r, n - at - 2);
		o[at] = types[rng_below(r, rng_one_in(r, 8) ? 6 : 2)];
		if (o[at] == 0x05)
			size = 4;
		o[at + 1] = size - 2;
		at += size;
	}
	if (n - at > 1 && n - at < 8 && rng_one_in(r, 2)) {
		o[at] = 1;
		o[at + 1] = n - at - 2;
	}
}

/* One more, if there is room; what is wrong with it is chosen by @mutate. */
static void put_ext(struct ir_build *b, uint8_t kind, bool mutate,
		    struct rng *r)
{
	uint32_t size = kind == IPPROTO_FRAGMENT ? 8 :
			kind == IPPROTO_AH ? 12 + 4 * rng_below(r, 4) :
			8 + 8 * rng_below(r, 3), i;
	uint8_t *h = ir_build_ext(b, kind, size);

	if (!h)
		return;
	if (kind == IPPROTO_HOPOPTS || kind == IPPROTO_DSTOPTS)
		options(r, h + 2, size - 2);
	if (kind == IPPROTO_ROUTING) {
		h[2] = rng_below(r, 5);
		h[3] = rng_below(r, 3);
	}
	if (kind == IPPROTO_FRAGMENT) {
		h[1] = rng_one_in(r, 4) ? rng_u32(r) : 0;
		h[3] = rng_below(r, 8);
	}
	for (i = kind == IPPROTO_AH || kind == IPPROTO_FRAGMENT ? 4 : size;
	     i < size; i++)
		h[i] = rng_below(r, 3);
	if (mutate && rng_one_in(r, 12))
		h[1] = rng_one_in(r, 2) ? rng_below(r, 8) : rng_u32(r);
}

static void put_exts(struct ir_build *b, bool mutate, struct rng *r)
{
	uint32_t n = 1 + rng_below(r, MAX_EXTS);

	if (rng_one_in(r, 3))
		put_ext(b, IPPROTO_HOPOPTS, mutate, r);
	while (n--)
		put_ext(b, exts[rng_below(r, rng_one_in(r, 6) ? 6 : 4)],
			mutate, r);
}

/* A later fragment. */
static void put_later(struct ir_build *b, struct rng *r)
{
	uint8_t *h = ir_build_ext(b, IPPROTO_FRAGMENT, 8);

	if (!h)
		return;
	put16(h + 2, rng_range(r, 1, rng_one_in(r, 2) ? 3 : 180) << 3 |
	      rng_below(r, 8));
	h[7] = rng_below(r, 4);
}

/* Not so long that there is no room for others. */
static void shorten(uint32_t *field)
{
	if (field[IR_OPTLEN] >> 8 > 4)
		field[IR_OPTLEN] &= 0x03ff;
	if ((field[IR_OPTLEN] & 0xff) > 4)
		field[IR_OPTLEN] &= 0xff03;
	if (field[IR_RT] >> 16 > 4)
		field[IR_RT] &= 0x03ffff;
	if (field[IR_AH] >> 16 > 5)
		field[IR_AH] &= 0x03ffff;
}

/* Those that a rule asks for; where the packet ends for one that is cut off. */
static uint32_t put_wanted(struct ir_build *b, struct rng *r)
{
	shorten(b->field);
	if (!rng_one_in(r, 8))
		b->field[IR_EXT] &= IR_EXT_ALL;
	if (rng_one_in(r, 2))
		b->field[IR_FRAG] &= 0xff0007;
	return ir_build_exts(b);
}

static void choose(const struct pg_spec *s, const struct pg_opts *opts,
		   struct rng *r, struct ir_build *b)
{
	enum ir_kind kind = pg_pick_kind(s, opts, IR_NKINDS, r);
	uint32_t most = UINT32_MAX;

	b->ipv6 = true;
	memcpy(b->field, s->field, sizeof(b->field));
	if (s->exts_set && !rng_one_in(r, 8))
		most = put_wanted(b, r);
	else if (opts->mutate && rng_one_in(r, 3))
		put_exts(b, true, r);
	if (kind == IR_KIND_FRAG || kind == IR_KIND_FRAG1 ||
	    kind == IR_KIND_NOPROTO)
		put_later(b, r);
	if (kind == IR_KIND_NOPROTO)
		b->field[IR_PROTO] = exts[rng_below(r, sizeof(exts))];
	if (s->field[IR_PROTO] == IPPROTO_TCP)
		pg_choose_tcp(s, r, kind == IR_KIND_BADOPT, b);
	b->total = ir_build_ihl(b) + pg_transport_len(s, kind, b, opts->mutate,
						      r);
	if (opts->mutate && rng_one_in(r, b->nexts ? 10 : 60))
		b->total = 40 + rng_below(r, b->total - 39);
	if (b->total > most)
		b->total = most;
	if (b->total > opts->max_len)
		b->total = opts->max_len;
	b->udp_len = opts->mutate && rng_one_in(r, 8) ? rng_u32(r) :
		     b->total - 40;
	b->id = rng_u32(r);
	b->noise = rng_u32(r);
}

/* What ip6_rcv_core() throws away: such a packet must meet no chain. */
static void malform(struct pg_packet *out, struct rng *r)
{
	uint8_t *ip = out->data;

	out->malformed = true;
	if (rng_one_in(r, 2))
		ip[0] = (ip[0] & 15) | (rng_one_in(r, 2) ? 0x40 : 0x70);
	else
		put16(ip + 4, out->len - 40 + 1 + rng_below(r, 100));
}

void pg_build6(const struct pg_spec *s, const struct pg_opts *opts,
	       struct rng *r, struct pg_packet *out)
{
	struct ir_build b = { 0 };
	uint8_t *ip = out->data;

	choose(s, opts, r, &b);
	ir_build_packet(&b, ip);
	out->len = b.total;
	if (opts->trailers && rng_one_in(r, 8)) {
		memset(ip + b.total, 0x5a, 64);
		out->len += 1 + rng_below(r, 60);
	} else if (opts->mutate && rng_one_in(r, 40)) {
		/* Without hop-by-hop options: a packet of a header alone. */
		put16(ip + 4, 0);
	}
	if (opts->malformed && rng_one_in(r, 128))
		malform(out, r);
}

void pg_print6(FILE *out, const struct pg_packet *p)
{
	const uint8_t *ip = p->data;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, ip + 8, from, sizeof(from));
	inet_ntop(AF_INET6, ip + 24, to, sizeof(to));
	fprintf(out, "%s -> %s next %u payload %u of %u hop limit %u class %#x\n",
		from, to, ip[6], ip[4] << 8 | ip[5], p->len - 40, ip[7],
		(ip[0] & 15) << 4 | ip[1] >> 4);
}
