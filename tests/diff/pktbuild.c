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

#define HEADROOM	256	/* all that a build may write to */

/* The transport header being made. */
struct l4 {
	uint8_t		b[80];
	uint32_t	need;		/* bytes of a whole header */
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

void pg_checksum(uint8_t *ip)
{
	uint32_t i, n = (ip[0] & 15) * 4, sum = 0;

	ip[10] = ip[11] = 0;
	for (i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	put16(ip + 10, ~sum);
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

static void build_tcp(struct pg_spec *s, struct rng *r, bool badopt,
		      struct l4 *h)
{
	uint32_t opts = 0, doff;

	if (s->nopts || rng_one_in(r, 6))
		opts = tcp_options(s, r, h->b + 20);
	doff = 5 + opts / 4;
	if (badopt)
		doff = rng_one_in(r, 2) ? rng_below(r, 5) : 15;
	put32(h->b + 4, rng_u32(r));
	h->b[12] = doff << 4 | rng_below(r, 16);
	h->b[13] = s->field[IR_TCPFLAGS];
	put16(h->b + 14, 1024);
	h->need = 20 + opts;
}

static void build_l4(struct pg_spec *s, struct rng *r, bool badopt,
		     struct l4 *h)
{
	memset(h, 0, sizeof(*h));
	put16(h->b, s->field[IR_SPORT]);
	put16(h->b + 2, s->field[IR_DPORT]);
	switch (s->field[IR_PROTO]) {
	case IPPROTO_ICMP:
		put16(h->b, s->field[IR_ICMP]);
		put32(h->b + 4, rng_u32(r));
		h->need = 8;
		break;
	case IPPROTO_TCP:
		build_tcp(s, r, badopt, h);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		h->need = 8;
		break;
	default:
		h->need = 12;
		break;
	}
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

static enum ir_kind pick_kind(const struct pg_spec *s,
			      const struct pg_opts *opts, struct rng *r)
{
	enum ir_kind k;

	if (s->kind_set || !opts->mutate || !rng_one_in(r, 8)) {
		for (k = 0; k < IR_NKINDS - 1; k++)
			if (s->field[IR_KIND] == 1u << k)
				break;
		return k;
	}
	return rng_below(r, IR_NKINDS);
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

/* How many bytes follow the IP header. */
static uint32_t l4_len(const struct pg_spec *s, enum ir_kind kind,
		       const struct l4 *h, uint32_t ihl, bool mutate,
		       struct rng *r)
{
	uint32_t want = s->field[IR_LEN] > ihl ? s->field[IR_LEN] - ihl : 0;
	bool tcp = s->field[IR_PROTO] == IPPROTO_TCP;

	if (kind == IR_KIND_NONE)
		return rng_below(r, s->field[IR_PROTO] == IPPROTO_ICMP ? 8 : 4);
	if (kind == IR_KIND_SHORT)
		return rng_range(r, 4, tcp ? 19 : 7);
	if (kind == IR_KIND_FRAG || kind == IR_KIND_FRAG1)
		return rng_one_in(r, 2) ? rng_below(r, 24) : want;
	if (s->len_set)
		return want;
	if (mutate && rng_one_in(r, 16))
		return h->need + rng_below(r, 3) - 1;	/* cut by one, or not */
	if (mutate && rng_one_in(r, 32))
		return rng_below(r, h->need + 1);
	return want < h->need ? h->need + rng_below(r, 60) : want;
}

/* What ip_rcv() throws away: such a packet must meet no chain. */
static void malform(struct pg_packet *out, struct rng *r)
{
	uint8_t *ip = out->data;

	out->malformed = true;
	switch (rng_below(r, 5)) {
	case 0:
		ip[0] = (ip[0] & 15) | (rng_one_in(r, 2) ? 0x50 : 0x60);
		pg_checksum(ip);
		return;
	case 1:
		ip[0] = 0x40 | rng_below(r, 5);
		pg_checksum(ip);
		return;
	case 2:
		put16(ip + 2, out->len + 1 + rng_below(r, 100));
		pg_checksum(ip);
		return;
	case 3:
		put16(ip + 2, rng_below(r, 20));
		pg_checksum(ip);
		return;
	default:
		ip[10] ^= 0x10;
		return;
	}
}

void pg_build(struct pg_spec *s, const struct pg_opts *opts, struct rng *r,
	      struct pg_packet *out)
{
	enum ir_kind kind = pick_kind(s, opts, r);
	uint8_t *ip = out->data;
	uint32_t ihl = 20, total, n;
	struct l4 h;

	out->malformed = false;
	out->tags = opts->tags && rng_one_in(r, 64) ? 1 + rng_below(r, 2) : 0;
	out->vid = out->tags && rng_one_in(r, 3) ? 5 : 0;
	memset(ip, 0, HEADROOM);
	if (opts->mutate && rng_one_in(r, 8))
		ihl += ip_options(r, ip + 20);
	build_l4(s, r, kind == IR_KIND_BADOPT, &h);
	total = ihl + l4_len(s, kind, &h, ihl, opts->mutate, r);
	/* More than a page: the kernel keeps headers and data apart. */
	if (opts->max_len >= 8000 && !s->len_set && rng_one_in(r, 40))
		total = 4100 + rng_below(r, opts->max_len - 4100);
	if (total > opts->max_len)
		total = opts->max_len;
	n = total - ihl < sizeof(h.b) ? total - ihl : sizeof(h.b);
	memcpy(ip + ihl, h.b, n);
	if (s->field[IR_PROTO] == IPPROTO_UDP && n >= 8)
		put16(ip + ihl + 4, opts->mutate && rng_one_in(r, 8) ?
		      rng_u32(r) : total - ihl);
	ip[0] = 0x40 | ihl / 4;
	ip[1] = s->field[IR_TOS];
	put16(ip + 2, total);
	put16(ip + 4, rng_u32(r));
	put16(ip + 6, frag_off(kind, opts->mutate, r));
	ip[8] = s->field[IR_TTL];
	ip[9] = s->field[IR_PROTO];
	put32(ip + 12, s->field[IR_SADDR]);
	put32(ip + 16, s->field[IR_DADDR]);
	pg_checksum(ip);
	out->len = total;
	if (opts->trailers && rng_one_in(r, 8)) {
		memset(ip + total, 0x5a, 64);
		out->len += 1 + rng_below(r, 60);
	}
	if (opts->malformed && rng_one_in(r, 128))
		malform(out, r);
}

static void print_header(FILE *out, const struct pg_packet *p)
{
	const uint8_t *ip = p->data;
	uint32_t ihl = (ip[0] & 15) * 4, off = (ip[6] & 0x1f) << 8 | ip[7];

	fprintf(out, "%s iif=%.16s oif=%.16s state=%#x%s, ",
		ir_hook_name(p->hook), p->iif[0] ? p->iif : "-",
		p->oif[0] ? p->oif : "-", p->ctstate,
		p->malformed ? " malformed" : "");
	if (p->tags)
		fprintf(out, "%u VLAN tags %u, ", p->tags, p->vid);
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

	print_header(out, p);
	for (i = 0; i < n; i++)
		fprintf(out, "%02x%s", p->data[i],
			i % 32 == 31 && i + 1 < n ? "\n" : "");
	fprintf(out, "%s\n", n < p->len ? "..." : "");
}
