/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/flow.c - traffic with connections */
#include "tests/diff/flow.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ir/build.h"
#include "ir/rng.h"
#include "tests/diff/lab.h"

#define SLOTS		192	/* connections at a time */
#define TUPLES		6000	/* conntrack's table is finite */
#define MAX_FRAGS	3
#define LOOPBACK	0x7f000001
#define HOOKS	(1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD | \
		 1u << IR_HOOK_OUTPUT)

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct flow {
	enum ir_hook	hook;		/* where the first packet goes */
	uint32_t	iif;		/* 0 .. nifaces-1 */
	uint32_t	addr[2];	/* source of each direction */
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
	struct rng	r;
	struct flow	flow[SLOTS];
	struct frags	frags;
	struct pg_packet scratch;
	uint16_t	id;
	uint32_t	pairing;
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

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static uint32_t sum16(const uint8_t *p, uint32_t n)
{
	uint32_t sum = 0;

	for (; n > 1; n -= 2, p += 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return n ? sum + ((uint32_t)p[0] << 8) : sum;
}

/* The transport checksum of a packet with a 20-byte IP header. */
static void checksum(uint8_t *ip, uint32_t len, uint32_t at)
{
	uint32_t sum = sum16(ip + 20, len - 20);

	if (ip[9] != IPPROTO_ICMP)
		sum += sum16(ip + 12, 8) + ip[9] + len - 20;
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	put16(ip + at, ~sum);
}

static bool usable(uint32_t a)
{
	return a >> 24 && a >> 28 < 14 && a >> 24 != 127;
}

static uint32_t some_local(struct flowgen *g)
{
	return g->o.local[rng_below(&g->r, g->o.nlocal)];
}

static bool is_local(const struct flowgen *g, uint32_t a)
{
	uint32_t i;

	for (i = 0; i < g->o.nlocal; i++)
		if (g->o.local[i] == a)
			return true;
	return false;
}

/* The ends of a connection of a hook: which are the host's own. */
static void settle_ends(struct flowgen *g, struct flow *f)
{
	uint32_t i;

	if (f->hook == IR_HOOK_OUTPUT && rng_one_in(&g->r, 6)) {
		f->addr[0] = rng_one_in(&g->r, 2) ? LOOPBACK : some_local(g);
		f->addr[1] = f->addr[0];	/* to itself, by lo */
		return;
	}
	for (i = 0; i < 2; i++)
		if (!usable(f->addr[i]))
			f->addr[i] = 0x0a090000 | rng_below(&g->r, 0x1000);
	if (f->hook == IR_HOOK_INPUT && !is_local(g, f->addr[1]))
		f->addr[1] = some_local(g);
	if (f->hook == IR_HOOK_OUTPUT && !is_local(g, f->addr[0]) &&
	    !rng_one_in(&g->r, 4))
		f->addr[0] = some_local(g);
}

static void open_flow(struct flowgen *g, struct flow *f)
{
	struct pg_packet *p = &g->scratch;
	const uint8_t *ip = p->data;
	uint32_t ihl;

	do {
		pg_make(g->o.aim, rng_below(&g->r, TUPLES), HOOKS, p);
	} while (p->malformed);
	ihl = (ip[0] & 15) * 4;
	memset(f, 0, sizeof(*f));
	f->hook = p->hook;
	f->proto = ip[9];
	f->ttl = ip[8] > 1 ? ip[8] : 64;
	f->tos = ip[1];
	f->addr[0] = be32(ip + 12);
	f->addr[1] = be32(ip + 16);
	f->port[0] = 1024 + rng_below(&g->r, 4);
	f->port[1] = 80;
	if (ihl + 4 <= p->len) {
		f->port[0] = ip[ihl] << 8 | ip[ihl + 1];
		f->port[1] = ip[ihl + 2] << 8 | ip[ihl + 3];
	}
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

/* An IP header; the transport part follows. */
static void start(struct flowgen *g, const struct flow *f, uint32_t dir,
		  struct pg_packet *out)
{
	uint8_t *ip = out->data;

	memset(ip, 0, 64);
	set_way(g, f, dir, out);
	ip[0] = 0x45;
	ip[1] = f->tos;
	put16(ip + 4, ++g->id ? g->id : ++g->id);
	ip[8] = f->ttl;
	ip[9] = f->proto;
	put32(ip + 12, f->addr[dir]);
	put32(ip + 16, f->addr[!dir]);
	out->len = 20;
}

static void finish(struct pg_packet *out, uint32_t len)
{
	out->len = len;
	put16(out->data + 2, len);
	ir_build_checksum(out->data);
}

static uint32_t payload(struct flowgen *g)
{
	return rng_one_in(&g->r, 3) ? 0 : rng_below(&g->r, 700);
}

static void tcp_packet(struct flowgen *g, struct flow *f, uint32_t dir,
		       uint32_t flags, uint32_t data, struct pg_packet *out)
{
	uint8_t *ip = out->data, *th = ip + 20;
	uint32_t seq = f->seq[dir];

	start(g, f, dir, out);
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
	finish(out, 40 + data);
	checksum(ip, 40 + data, 36);
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
	uint8_t *ip = out->data, *uh = ip + 20;

	start(g, f, dir, out);
	memset(uh + 8, 0, data);
	put16(uh, f->port[dir]);
	put16(uh + 2, f->port[!dir]);
	put16(uh + 4, 8 + data);
	finish(out, 28 + data);
	if (f->proto == IPPROTO_UDP && rng_one_in(&g->r, 2)) {
		checksum(ip, 28 + data, 26);
		if (rng_one_in(&g->r, 24))
			uh[6] ^= 0x5a;
	}
	f->stage = 1;
}

static void echo_next(struct flowgen *g, struct flow *f, struct pg_packet *out)
{
	static const uint8_t pair[][2] = { { 8, 0 }, { 8, 0 }, { 13, 14 },
					   { 17, 18 }, { 15, 16 } };
	uint32_t dir = f->stage ? rng_below(&g->r, 2) : 0, data = payload(g);
	uint8_t *ip = out->data, *ih = ip + 20;

	start(g, f, dir, out);
	memset(ih + 8, 0, data);
	ih[0] = pair[f->port[0] % 5][dir];
	if (rng_one_in(&g->r, 16))
		ih[0] = rng_below(&g->r, 20);
	put16(ih + 4, f->port[1]);
	put16(ih + 6, f->left);
	finish(out, 28 + data);
	checksum(ip, 28 + data, 22);
	if (rng_one_in(&g->r, 24))
		ih[2] ^= 0x5a;
	f->stage = 1;
}

static void other_next(struct flowgen *g, struct flow *f,
		       struct pg_packet *out)
{
	uint32_t dir = f->stage ? rng_below(&g->r, 2) : 0;
	uint32_t data = 12 + payload(g);

	start(g, f, dir, out);
	memset(out->data + 20, 0, data);
	put16(out->data + 20, f->port[dir]);
	put16(out->data + 22, f->port[!dir]);
	finish(out, 20 + data);
	f->stage = 1;
}

/* An error about a packet of the flow, sent back by its receiver. */
static void icmp_error(struct flowgen *g, struct flow *f,
		       struct pg_packet *out)
{
	static const uint8_t type[] = { 3, 3, 3, 11, 12, 4, 5 };
	struct flow error = *f;
	uint32_t about = rng_below(&g->r, 2);
	uint8_t *ih = out->data + 20, *inner = ih + 8;

	error.proto = IPPROTO_ICMP;
	start(g, &error, !about, out);
	if (rng_one_in(&g->r, 3) && f->hook == IR_HOOK_FORWARD)
		put32(out->data + 12, 0x0a420001);	/* a router between */
	memset(ih, 0, 64);
	ih[0] = type[rng_below(&g->r, sizeof(type))];
	ih[1] = rng_below(&g->r, 4);
	inner[0] = 0x45;
	put16(inner + 2, 60);
	inner[8] = 60;
	inner[9] = f->proto;
	put32(inner + 12, f->addr[about]);
	put32(inner + 16, f->addr[!about]);
	ir_build_checksum(inner);
	put16(inner + 20, f->port[about]);
	put16(inner + 22, f->port[!about]);
	if (f->proto == IPPROTO_ICMP) {
		inner[20] = 8;
		inner[21] = 0;
		put16(inner + 22, 0);
		put16(inner + 24, f->port[1]);
	}
	if (rng_one_in(&g->r, 6))
		put16(inner + 20, rng_u32(&g->r));	/* about nothing */
	finish(out, 56 + rng_below(&g->r, 8));
	checksum(out->data, out->len, 22);
}

/* Cuts @p up into g->frags, in random order. */
static void cut(struct flowgen *g, const struct pg_packet *p)
{
	uint32_t parts = 2 + rng_below(&g->r, 2), at = 20, len, i;
	struct pg_packet *f, t;

	g->frags.n = 0;
	for (i = 0; i < parts && at < p->len; i++) {
		len = ((p->len - 20) / parts + 7) & ~7u;
		if (i == parts - 1 || at + len > p->len)
			len = p->len - at;
		f = &g->frags.p[g->frags.n++];
		*f = *p;
		memcpy(f->data + 20, p->data + at, len);
		put16(f->data + 6, (at - 20) / 8 |
		      (at + len < p->len ? 0x2000 : 0));
		finish(f, 20 + len);
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
	switch (f->proto) {
	case IPPROTO_TCP:
		tcp_next(g, f, out);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		udp_next(g, f, out);
		break;
	case IPPROTO_ICMP:
		echo_next(g, f, out);
		break;
	default:
		other_next(g, f, out);
		break;
	}
}

/* A packet that belongs to nothing, as the stateless tests have them. */
static void stray(struct flowgen *g, struct pg_packet *out)
{
	do {
		pg_make(g->o.aim, rng_below(&g->r, 2 * TUPLES), HOOKS, out);
	} while (out->hook == IR_HOOK_OUTPUT &&
		 (out->malformed || !usable(be32(out->data + 16)) ||
		  !be32(out->data + 12)));
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
	if (out->len < 60 || !rng_one_in(&g->r, 16))
		return;
	cut(g, out);
	if (g->frags.n)
		*out = g->frags.p[--g->frags.n];
}
