/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/pktbuild.c - from fields to bytes, and what may be wrong with them
 *
 * The payload is zeros: only headers are looked at, and lengths are random so
 * that byte counters tell packets apart.
 */
#include "tests/diff/pktbuild.h"

#include <netinet/in.h>
#include <string.h>

#include "ir/build.h"

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* TCP options: those wanted, in one of several shapes. */
static uint32_t tcp_options(const struct pg_spec *s, struct rng *r, uint8_t *o)
{
	uint32_t i, n = 0, len;

	if (s->opt_shape == 1)
		o[n++] = 1;
	if (s->opt_shape == 2) {
		o[n++] = 3;
		o[n++] = 3;
		o[n++] = 7;
	}
	for (i = 0; i < s->nopts && n < 30; i++) {
		o[n++] = s->opt[i];
		if (s->opt[i] < 2)
			continue;
		len = 2 + rng_below(r, 4);
		o[n] = s->opt_shape == 3 ? rng_below(r, 3) : len;
		n += len - 1;
	}
	if (rng_one_in(r, 8))		/* an option number alone, last */
		o[n++] = rng_below(r, 9);
	while (n % 4)
		o[n++] = rng_one_in(r, 4) ? rng_below(r, 9) : 1;
	return n > 40 ? 40 : n;
}

void pg_choose_tcp(const struct pg_spec *s, struct rng *r, bool badopt,
		   struct ir_build *b)
{
	uint8_t opts[48] = { 0 };

	if (s->nopts || rng_one_in(r, 6))
		b->ntcpopts = tcp_options(s, r, opts);
	memcpy(b->tcpopt, opts, sizeof(b->tcpopt));
	b->doff = 5 + b->ntcpopts / 4;
	if (badopt)
		b->doff = rng_one_in(r, 2) ? rng_below(r, 5) : 15;
}

/* Options every host takes: no-ops, record route with room, router alert. */
static uint32_t ip_options(struct rng *r, uint8_t *o)
{
	uint32_t n = 0, words;

	switch (rng_below(r, 4)) {
	case 0:
		words = 1 + rng_below(r, 10);
		memset(o, 1, words * 4);
		return words * 4;
	case 1:
		o[n++] = 7;
		o[n++] = 7;
		o[n++] = 4;
		return 8;
	case 2:
		o[n++] = 0x94;
		o[n++] = 4;
		return 4;
	default:
		words = 1 + rng_below(r, 10);
		memset(o, 1, words * 4);
		o[rng_below(r, words * 4)] = 0;
		return words * 4;
	}
}

enum ir_kind pg_pick_kind(const struct pg_spec *s, const struct pg_opts *opts,
			  enum ir_kind n, struct rng *r)
{
	enum ir_kind k;

	if (s->kind_set || !opts->mutate || !rng_one_in(r, 8)) {
		for (k = 0; k < n - 1; k++)
			if (s->field[IR_KIND] == 1u << k)
				break;
		return k;
	}
	return rng_below(r, n);
}

static uint32_t frag_off(enum ir_kind kind, bool mutate, struct rng *r)
{
	uint32_t more = rng_one_in(r, 2) ? 0x2000 : 0;

	switch (kind) {
	case IR_KIND_FRAG1:
		return 1 | more;
	case IR_KIND_FRAG:
		return rng_range(r, 2, rng_one_in(r, 2) ? 10 : 180) | more;
	default:
		break;
	}
	if (mutate && rng_one_in(r, 24))
		return 0x2000;		/* the first of more to come */
	return rng_one_in(r, 2) ? 0x4000 : 0;
}

uint32_t pg_transport_len(const struct pg_spec *s, enum ir_kind kind,
			  const struct ir_build *b, bool mutate, struct rng *r)
{
	uint32_t need = ir_build_need(b), ihl = ir_build_ihl(b);
	uint32_t want = s->field[IR_LEN] > ihl ? s->field[IR_LEN] - ihl : 0;
	uint32_t icmp = b->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	if (kind == IR_KIND_NONE)
		return rng_below(r, s->field[IR_PROTO] == icmp ? 8 : 4);
	if (kind == IR_KIND_SHORT)
		return rng_range(r, 4, s->field[IR_PROTO] == IPPROTO_TCP ? 19 :
				 7);
	if (kind >= IR_KIND_FRAG1)
		return rng_one_in(r, 2) ? rng_below(r, 24) : want;
	if (s->len_set)
		return want;
	if (mutate && rng_one_in(r, 16))
		return need + rng_below(r, 3) - 1;	/* cut by one, or not */
	if (mutate && rng_one_in(r, 32))
		return rng_below(r, need + 1);
	return want < need ? need + rng_below(r, 60) : want;
}

/* What ip_rcv() throws away: such a packet must meet no chain. */
static void malform(struct pg_packet *out, struct rng *r)
{
	uint8_t *ip = out->data;

	out->malformed = true;
	switch (rng_below(r, 5)) {
	case 0:
		ip[0] = (ip[0] & 15) | (rng_one_in(r, 2) ? 0x50 : 0x60);
		ir_build_checksum(ip);
		return;
	case 1:
		ip[0] = 0x40 | rng_below(r, 5);
		ir_build_checksum(ip);
		return;
	case 2:
		put16(ip + 2, out->len + 1 + rng_below(r, 100));
		ir_build_checksum(ip);
		return;
	case 3:
		put16(ip + 2, rng_below(r, 20));
		ir_build_checksum(ip);
		return;
	default:
		ip[10] ^= 0x10;
		return;
	}
}

static void choose(const struct pg_spec *s, const struct pg_opts *opts, struct rng *r,
		   struct ir_build *b)
{
	enum ir_kind kind = pg_pick_kind(s, opts, IR_NKINDS4, r);

	memcpy(b->field, s->field, sizeof(b->field));
	if (opts->mutate && rng_one_in(r, 8))
		b->nipopts = ip_options(r, b->ipopt);
	if (s->field[IR_PROTO] == IPPROTO_TCP)
		pg_choose_tcp(s, r, kind == IR_KIND_BADOPT, b);
	b->total = ir_build_ihl(b) + pg_transport_len(s, kind, b, opts->mutate,
						      r);
	if (b->total > opts->max_len)
		b->total = opts->max_len;
	b->udp_len = opts->mutate && rng_one_in(r, 8) ? rng_u32(r) :
		     b->total - ir_build_ihl(b);
	b->id = rng_u32(r);
	b->noise = rng_u32(r);
	b->frag = frag_off(kind, opts->mutate, r);
}

static void build4(const struct pg_spec *s, const struct pg_opts *opts,
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
	}
	if (opts->malformed && rng_one_in(r, 128))
		malform(out, r);
}

void pg_build(const struct pg_spec *s, const struct pg_opts *opts,
	      struct rng *r, struct pg_packet *out)
{
	out->malformed = false;
	out->ipv6 = opts->ipv6;
	memset(out->data, 0, PG_HEADROOM);
	if (opts->ipv6)
		pg_build6(s, opts, r, out);
	else
		build4(s, opts, r, out);
}

uint32_t pg_total(const struct pg_packet *p)
{
	uint32_t payload = (uint32_t)p->data[4] << 8 | p->data[5];

	if (!p->ipv6)
		return (uint32_t)p->data[2] << 8 | p->data[3];
	return payload || p->data[6] ? 40 + payload : p->len;
}

int pg_parse(const struct pg_packet *p, struct ir_packet *out)
{
	return p->ipv6 ? ir_packet_parse6(out, p->data, pg_total(p)) :
	       ir_packet_parse(out, p->data, pg_total(p));
}

static void print_header(FILE *out, const struct pg_packet *p)
{
	const uint8_t *ip = p->data;
	uint32_t ihl = (ip[0] & 15) * 4, off = (ip[6] & 0x1f) << 8 | ip[7];

	fprintf(out, "%u.%u.%u.%u -> %u.%u.%u.%u proto %u ", ip[12], ip[13],
		ip[14], ip[15], ip[16], ip[17], ip[18], ip[19], ip[9]);
	if (ihl + 4 <= p->len && !off)
		fprintf(out, "ports %u %u (type %u code %u) ",
			ip[ihl] << 8 | ip[ihl + 1],
			ip[ihl + 2] << 8 | ip[ihl + 3], ip[ihl], ip[ihl + 1]);
	if (ip[9] == IPPROTO_TCP && ihl + 14 <= p->len && !off)
		fprintf(out, "doff %u flags %#x ", ip[ihl + 12] >> 4,
			ip[ihl + 13]);
	fprintf(out, "ihl %u length %u of %u ttl %u tos %#x fragment %u%s%s\n",
		ihl, ip[2] << 8 | ip[3], p->len, ip[8], ip[1], off,
		ip[6] & 0x20 ? " more" : "", ip[6] & 0x40 ? " DF" : "");
}

void pg_print(FILE *out, const struct pg_packet *p)
{
	uint32_t i, n = p->len < 96 ? p->len : 96;

	fprintf(out, "%s iif=%.16s oif=%.16s state=%#x%s, ",
		ir_hook_name(p->hook), p->iif[0] ? p->iif : "-",
		p->oif[0] ? p->oif : "-", p->ctstate,
		p->malformed ? " malformed" : "");
	if (p->tags)
		fprintf(out, "%u VLAN tags %u, ", p->tags, p->vid);
	if (p->ipv6)
		pg_print6(out, p);
	else
		print_header(out, p);
	for (i = 0; i < n; i++)
		fprintf(out, "%02x%s", p->data[i],
			i % 32 == 31 && i + 1 < n ? "\n" : "");
	fprintf(out, "%s\n", n < p->len ? "..." : "");
}
