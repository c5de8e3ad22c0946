/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/flow.c - traffic with connections */
#include "tests/diff/flow.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ir/build.h"
#include "ir/rng.h"
#include "tests/diff/flowip.h"

#define SLOTS		192	/* connections at a time */
#define TUPLES		6000	/* conntrack's table is finite */
#define MAX_FRAGS	3
#define HOOKS	(1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD | \
		 1u << IR_HOOK_OUTPUT)

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct flow {
	enum ir_hook	hook;		/* where the first packet goes */
	uint32_t	iif;		/* 0 .. nifaces-1 */
	struct lab_addr	addr[2];	/* source of each direction */
	uint32_t	port[2];
	uint8_t		proto;
	uint8_t		ttl;
	uint8_t		tos;
	uint8_t		stage;		/* TCP: how far it got */
	uint32_t	seq[2];		/* next of each direction */
	uint32_t	left;		/* packets until it is forgotten */
};

/* A packet cut up, still to be sent. */
struct frags {
	struct pg_packet p[MAX_FRAGS];
	uint32_t	n;
};

struct flowgen {
	struct flow_opts o;
	uint32_t	hdr;		/* bytes of an IP header */
	struct rng	r;
	struct flow	flow[SLOTS];
	struct frags	frags;
	struct pg_packet scratch;
	uint16_t	id;
	uint32_t	pairing;
};

static const uint8_t icmp_pairs4[][2] = {
	{ 8, 0 }, { 8, 0 }, { 13, 14 }, { 17, 18 }, { 15, 16 },
};

/* Who is asked who the neighbours are is not tracked. */
static const uint8_t icmp_pairs6[][2] = {
	{ 128, 129 }, { 128, 129 }, { 128, 129 }, { 139, 140 }, { 135, 136 },
};

static const uint8_t icmp_errors4[] = { 3, 3, 3, 11, 12, 4, 5 };
static const uint8_t icmp_errors6[] = { 1, 1, 1, 3, 4, 2, 1 };

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

bool flow_usable(bool ipv6, const struct lab_addr *a)
{
	uint32_t first = a->w[0];

	if (ipv6)
		return (first || a->w[1]) && first >> 24 != 0xff &&
		       first >> 22 != 0xfe80 >> 6;
	return first >> 24 && first >> 28 < 14 && first >> 24 != 127;
}

static struct lab_addr some_local(struct flowgen *g)
{
	return g->o.local[rng_below(&g->r, g->o.nlocal)];
}

static bool is_local(const struct flowgen *g, const struct lab_addr *a)
{
	uint32_t i;

	for (i = 0; i < g->o.nlocal; i++)
		if (!memcmp(&g->o.local[i], a, sizeof(*a)))
			return true;
	return false;
}

static struct lab_addr loopback(const struct flowgen *g)
{
	return g->o.ipv6 ? (struct lab_addr){ { 0, 0, 0, 1 } } :
	       (struct lab_addr){ { 0x7f000001 } };
}

/* An address that rules know, mostly. */
static struct lab_addr somewhere(struct flowgen *g)
{
	uint32_t n = rng_below(&g->r, 0x1000);

	return g->o.ipv6 ? (struct lab_addr){ { 0x20010db8, 0x90008, 0, n } } :
	       (struct lab_addr){ { 0x0a090000 | n } };
}

/* The ends of a connection of a hook: which are the host's own. */
static void settle_ends(struct flowgen *g, struct flow *f)
{
	uint32_t i;

	if (f->hook == IR_HOOK_OUTPUT && rng_one_in(&g->r, 6)) {
		f->addr[0] = rng_one_in(&g->r, 2) ? loopback(g) :
			     some_local(g);
		f->addr[1] = f->addr[0];	/* to itself, by lo */
		return;
	}
	for (i = 0; i < 2; i++)
		if (!flow_usable(g->o.ipv6, &f->addr[i]))
			f->addr[i] = somewhere(g);
	if (f->hook == IR_HOOK_INPUT && !is_local(g, &f->addr[1]))
		f->addr[1] = some_local(g);
	if (f->hook == IR_HOOK_OUTPUT && !is_local(g, &f->addr[0]) &&
	    !rng_one_in(&g->r, 4))
		f->addr[0] = some_local(g);
}

/* What the rule that @p was made for wants of a connection. */
static void take_tuple(struct flow *f, const struct pg_packet *p)
{
	struct ir_packet ip;
	uint32_t i;

	pg_parse(p, &ip);
	f->proto = ip.field[IR_PROTO];
	f->ttl = ip.field[IR_TTL] > 1 ? ip.field[IR_TTL] : 64;
	f->tos = ip.field[IR_TOS];
	f->addr[0].w[0] = ip.field[IR_SADDR];
	f->addr[1].w[0] = ip.field[IR_DADDR];
	for (i = 0; i < 3; i++) {
		f->addr[0].w[1 + i] = ip.field[IR_SADDR1 + i];
		f->addr[1].w[1 + i] = ip.field[IR_DADDR1 + i];
	}
	if (ip.kind != IR_KIND_WHOLE)
		return;
	f->port[0] = ip.field[IR_SPORT] | ip.field[IR_ICMP];
	f->port[1] = ip.field[IR_DPORT];
}

static void open_flow(struct flowgen *g, struct flow *f)
{
	struct pg_packet *p = &g->scratch;

	do {
		pg_make(g->o.aim, rng_below(&g->r, TUPLES), HOOKS, p);
	} while (p->malformed);
	memset(f, 0, sizeof(*f));
	f->hook = p->hook;
	f->port[0] = 1024 + rng_below(&g->r, 4);
	f->port[1] = 80;
	take_tuple(f, p);
	settle_ends(g, f);
	while (f->iif < g->o.nifaces &&
	       strncmp(g->o.iface[f->iif], p->iif, IR_IFNAMSIZ))
		f->iif++;
	if (f->iif == g->o.nifaces)
		f->iif = rng_below(&g->r, g->o.nifaces);
	f->seq[0] = rng_u32(&g->r);
	f->seq[1] = rng_u32(&g->r);
	f->left = 2 + rng_below(&g->r, 16);
}

/* Which way a packet of direction @dir comes in. */
static void set_way(const struct flowgen *g, const struct flow *f, uint32_t dir,
		    struct pg_packet *out)
{
	uint32_t i = f->iif;

	memset(out->iif, 0, sizeof(out->iif));
	memset(out->oif, 0, sizeof(out->oif));
	out->malformed = false;
	out->tags = 0;
	out->ctstate = 0;
	out->hook = IR_HOOK_FORWARD;
	if (f->hook == IR_HOOK_FORWARD && dir)
		i = lab_pair(i, g->o.nifaces, g->pairing);
	if (f->hook == IR_HOOK_OUTPUT && dir)
		i = g->pairing % g->o.nifaces;
	if ((f->hook == IR_HOOK_INPUT && dir) ||
	    (f->hook == IR_HOOK_OUTPUT && !dir))
		out->hook = IR_HOOK_OUTPUT;
	else
		strncpy(out->iif, g->o.iface[i], IR_IFNAMSIZ - 1);
}

/* An IP header; the transport part follows, at the pointer returned. */
static uint8_t *start(struct flowgen *g, const struct flow *f, uint32_t dir,
		      struct pg_packet *out)
{
	const struct flow_ip h = {
		.ipv6 = g->o.ipv6, .tos = f->tos, .ttl = f->ttl,
		.proto = f->proto, .id = ++g->id ? g->id : ++g->id,
		.from = f->addr[dir], .to = f->addr[!dir],
	};

	out->ipv6 = g->o.ipv6;
	memset(out->data, 0, 104);
	set_way(g, f, dir, out);
	flow_ip_put(&h, out->data);
	return out->data + g->hdr;
}

/* With @len bytes behind its header; the checksum at @at of them, if any. */
static void finish(const struct flowgen *g, struct pg_packet *out, uint32_t len,
		   uint32_t at)
{
	out->len = g->hdr + len;
	flow_ip_set_length(out->data, out->len);
	if (at)
		flow_ip_checksum(out->data, len, at);
}

static uint32_t payload(struct flowgen *g)
{
	return rng_one_in(&g->r, 3) ? 0 : rng_below(&g->r, 700);
}

static void tcp_packet(struct flowgen *g, struct flow *f, uint32_t dir,
		       uint32_t flags, uint32_t data, struct pg_packet *out)
{
	uint8_t *th = start(g, f, dir, out);
	uint32_t seq = f->seq[dir];

	memset(th + 20, 0, data);
	if (rng_one_in(&g->r, 16))
		seq += rng_u32(&g->r);		/* out of window, mostly */
	put16(th, f->port[dir]);
	put16(th + 2, f->port[!dir]);
	put32(th + 4, seq);
	put32(th + 8, flags & ACK ? f->seq[!dir] : 0);
	th[12] = 5 << 4;
	th[13] = flags;
	put16(th + 14, 8192);
	finish(g, out, 20 + data, 16);
	if (rng_one_in(&g->r, 24))
		th[16] ^= 0x5a;
	f->seq[dir] += data + !!(flags & (SYN | FIN));
}

/* What comes next in a well-behaved connection, or something else. */
static void tcp_next(struct flowgen *g, struct flow *f, struct pg_packet *out)
{
	uint32_t dir = rng_below(&g->r, 2);

	if (rng_one_in(&g->r, 12)) {
		tcp_packet(g, f, dir, rng_below(&g->r, 256), 0, out);
		return;
	}
	switch (f->stage++) {
	case 0:
		tcp_packet(g, f, 0, SYN, 0, out);
		return;
	case 1:
		tcp_packet(g, f, 1, SYN | ACK, 0, out);
		return;
	case 2:
		tcp_packet(g, f, 0, ACK, 0, out);
		return;
	default:
		break;
	}
	if (f->left <= 2)
		tcp_packet(g, f, f->left == 2, FIN | ACK, 0, out);
	else if (rng_one_in(&g->r, 20))
		tcp_packet(g, f, dir, RST | ACK, 0, out);
	else
		tcp_packet(g, f, dir, ACK | PSH, payload(g), out);
}

static void udp_next(struct flowgen *g, struct flow *f, struct pg_packet *out)
{
	uint32_t dir = f->stage ? rng_below(&g->r, 2) : 0, data = payload(g);
	uint8_t *uh = start(g, f, dir, out);
	bool sum = f->proto == IPPROTO_UDP && !rng_one_in(&g->r, 2);

	memset(uh + 8, 0, data);
	put16(uh, f->port[dir]);
	put16(uh + 2, f->port[!dir]);
	put16(uh + 4, 8 + data);
	finish(g, out, 8 + data, sum ? 6 : 0);
	if (sum && rng_one_in(&g->r, 24))
		uh[6] ^= 0x5a;
	f->stage = 1;
}

static void echo_next(struct flowgen *g, struct flow *f, struct pg_packet *out)
{
	uint32_t dir = f->stage ? rng_below(&g->r, 2) : 0, data = payload(g);
	uint8_t *ih = start(g, f, dir, out);

	memset(ih + 8, 0, data);
	ih[0] = (g->o.ipv6 ? icmp_pairs6 : icmp_pairs4)[f->port[0] % 5][dir];
	if (rng_one_in(&g->r, 16))
		ih[0] = (g->o.ipv6 ? 126 : 0) + rng_below(&g->r, 20);
	put16(ih + 4, f->port[1]);
	put16(ih + 6, f->left);
	finish(g, out, 8 + data, 2);
	if (rng_one_in(&g->r, 24))
		ih[2] ^= 0x5a;
	f->stage = 1;
}

static void other_next(struct flowgen *g, struct flow *f,
		       struct pg_packet *out)
{
	uint32_t dir = f->stage ? rng_below(&g->r, 2) : 0;
	uint32_t data = 12 + payload(g);
	uint8_t *th = start(g, f, dir, out);

	memset(th, 0, data);
	put16(th, f->port[dir]);
	put16(th + 2, f->port[!dir]);
	finish(g, out, data, 0);
	f->stage = 1;
}

static uint8_t icmp_proto(const struct flowgen *g)
{
	return g->o.ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

/* Of a packet of the flow in direction @dir, what errors about it quote. */
static void put_quoted(const struct flowgen *g, const struct flow *f,
		       uint32_t dir, uint8_t *ip)
{
	const struct flow_ip h = {
		.ipv6 = g->o.ipv6, .ttl = 60, .proto = f->proto,
		.from = f->addr[dir], .to = f->addr[!dir],
	};
	uint8_t *th = ip + g->hdr;

	flow_ip_put(&h, ip);
	flow_ip_set_length(ip, g->hdr + 40);
	put16(th, f->port[dir]);
	put16(th + 2, f->port[!dir]);
	if (f->proto != icmp_proto(g))
		return;
	put16(th, (g->o.ipv6 ? 128 : 8) << 8);
	put16(th + 2, 0);
	put16(th + 4, f->port[1]);
}

/* An error about a packet of the flow, sent back by its receiver. */
static void icmp_error(struct flowgen *g, struct flow *f,
		       struct pg_packet *out)
{
	struct flow error = *f;
	uint32_t about = rng_below(&g->r, 2);
	uint8_t *ih;

	error.proto = icmp_proto(g);
	if (rng_one_in(&g->r, 3) && f->hook == IR_HOOK_FORWARD)
		error.addr[!about] = g->o.ipv6 ?	/* a router between */
			(struct lab_addr){ { 0x20010db8, 0x420000, 0, 1 } } :
			(struct lab_addr){ { 0x0a420001 } };
	ih = start(g, &error, !about, out);
	ih[0] = (g->o.ipv6 ? icmp_errors6 : icmp_errors4)[rng_below(&g->r, 7)];
	ih[1] = rng_below(&g->r, 4);
	put_quoted(g, f, about, ih + 8);
	if (rng_one_in(&g->r, 6))
		put16(ih + 8 + g->hdr, rng_u32(&g->r));	/* about nothing */
	finish(g, out, 16 + g->hdr + rng_below(&g->r, 8), 2);
}

/* Cuts @p up into g->frags, in random order. */
static void cut(struct flowgen *g, const struct pg_packet *p)
{
	uint32_t parts = 2 + rng_below(&g->r, 2), at = g->hdr, len, i;
	struct pg_packet *f, t;

	g->frags.n = 0;
	for (i = 0; i < parts && at < p->len; i++) {
		len = ((p->len - g->hdr) / parts + 7) & ~7u;
		if (i == parts - 1 || at + len > p->len)
			len = p->len - at;
		f = &g->frags.p[g->frags.n++];
		*f = *p;
		f->len = flow_ip_cut(p->data, at, len, at + len < p->len,
				     g->id, f->data);
		at += len;
	}
	for (i = g->frags.n; i > 1; i--) {
		at = rng_below(&g->r, i);
		t = g->frags.p[at];
		g->frags.p[at] = g->frags.p[i - 1];
		g->frags.p[i - 1] = t;
	}
	if (rng_one_in(&g->r, 50))
		g->frags.n--;			/* one never comes */
}

struct flowgen *flow_new(const struct flow_opts *opts)
{
	struct flowgen *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->o = *opts;
	g->hdr = opts->ipv6 ? 40 : 20;
	g->r = rng_at(opts->seed, 4711);
	return g;
}

void flow_free(struct flowgen *g)
{
	free(g);
}

void flow_set_pairing(struct flowgen *g, uint32_t m)
{
	g->pairing = m;
}

static void flow_packet(struct flowgen *g, struct flow *f,
			struct pg_packet *out)
{
	if (f->stage && rng_one_in(&g->r, 16)) {
		icmp_error(g, f, out);
		return;
	}
	if (f->proto == icmp_proto(g)) {
		echo_next(g, f, out);
		return;
	}
	switch (f->proto) {
	case IPPROTO_TCP:
		tcp_next(g, f, out);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		udp_next(g, f, out);
		break;
	default:
		other_next(g, f, out);
		break;
	}
}

/* Whether a socket sends it as it is. */
static bool sendable(const struct flowgen *g, const struct pg_packet *p)
{
	struct lab_addr to = { 0 };
	struct ir_packet ip;

	if (p->malformed || pg_parse(p, &ip))
		return false;
	to.w[0] = ip.field[IR_DADDR];
	memcpy(to.w + 1, &ip.field[IR_DADDR1], 3 * sizeof(to.w[0]));
	return flow_usable(g->o.ipv6, &to) &&
	       (g->o.ipv6 || ip.field[IR_SADDR]);
}

/* A packet that belongs to nothing, as the stateless tests have them. */
static void stray(struct flowgen *g, struct pg_packet *out)
{
	do {
		pg_make(g->o.aim, rng_below(&g->r, 2 * TUPLES), HOOKS, out);
	} while (out->hook == IR_HOOK_OUTPUT && !sendable(g, out));
}

void flow_next(struct flowgen *g, struct pg_packet *out)
{
	struct flow *f = &g->flow[rng_below(&g->r, SLOTS)];

	if (g->frags.n) {
		*out = g->frags.p[--g->frags.n];
		return;
	}
	if (rng_one_in(&g->r, 12)) {
		stray(g, out);
		return;
	}
	if (!f->left)
		open_flow(g, f);
	flow_packet(g, f, out);
	f->left--;
	if (g->o.ipv6 && rng_one_in(&g->r, 12))
		out->len = flow_ip_extend(out->data, out->len);
	if (out->len < g->hdr + 40 || !rng_one_in(&g->r, 16))
		return;
	cut(g, out);
	if (g->frags.n)
		*out = g->frags.p[--g->frags.n];
}
