/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/packet6.c - IPv6 headers into fields
 *
 * The chain of extension headers is walked as ipv6_find_hdr() does for
 * ip6_packet_match() (net/ipv6/exthdrs_core.c, Linux 6.18): however long it is,
 * and whether or not its last header is there as a whole, as long as the bytes
 * are that are read of it.  A header that ends behind the packet is followed by
 * a transport header of which nothing is there (IR_KIND_NONE).
 *
 * Source of the layouts: RFC 8200, 4302.
 */
#include "ir/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define HEADER		40

/* Where the walk is. */
struct walk {
	const uint8_t	*data;
	size_t		len;
	size_t		at;
	uint8_t		next;		/* what the header at @at is */
	bool		fragment;	/* a later one: no header in it */
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

/* NEXTHDR_NONE is one, too, but nothing follows it. */
static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH ||
	       next == IPPROTO_DSTOPTS;
}

/* The bytes that must be there to go on: those that are read. */
static size_t least(uint8_t next)
{
	return next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ? 4 : 2;
}

static size_t length(uint8_t next, const uint8_t *h)
{
	if (next == IPPROTO_FRAGMENT)
		return 8;
	if (next == IPPROTO_AH)
		return ((size_t)h[1] + 2) * 4;
	return ((size_t)h[1] + 1) * 8;
}

/* How much of the packet is left: a header may say that it ends behind it. */
static size_t left(const struct walk *w)
{
	return w->at < w->len ? w->len - w->at : 0;
}

/* Over one extension header; false where the chain breaks off. */
static bool step(struct walk *w)
{
	uint8_t here = w->next;
	const uint8_t *h;

	if (left(w) < least(here))
		return false;
	h = w->data + w->at;
	w->next = h[0];
	if (here == IPPROTO_FRAGMENT && be16(h + 2) & 0xfff8) {
		w->fragment = true;
		return !is_extension(w->next);
	}
	w->at += length(here, h);
	return true;
}

/* The transport header; false where there is none to be found. */
static bool walk(struct walk *w)
{
	while (!w->fragment && is_extension(w->next))
		if (!step(w))
			return false;
	return true;
}

static enum ir_kind parse_chain(struct ir_packet *p, const uint8_t *ip,
				size_t len)
{
	struct walk w = {
		.data = ip, .len = len, .at = HEADER, .next = ip[6],
	};

	if (!walk(&w))
		return IR_KIND_NOPROTO;
	p->field[IR_PROTO] = w.next;
	if (w.fragment)
		return IR_KIND_FRAG;
	return ir_packet_transport(p, IPPROTO_ICMPV6, ip + w.at, left(&w));
}

int ir_packet_parse6(struct ir_packet *p, const void *data, size_t len)
{
	const uint8_t *ip = data;
	uint32_t i;

	memset(p, 0, sizeof(*p));
	if (len < HEADER)
		return -EINVAL;
	p->bytes = (uint32_t)len;
	p->field[IR_SADDR] = be32(ip + 8);
	p->field[IR_DADDR] = be32(ip + 24);
	for (i = 0; i < 3; i++) {
		p->field[IR_SADDR1 + i] = be32(ip + 12 + 4 * i);
		p->field[IR_DADDR1 + i] = be32(ip + 28 + 4 * i);
	}
	p->field[IR_LEN] = (uint32_t)len;	/* length_mt6() */
	p->field[IR_TTL] = ip[7];
	p->field[IR_TOS] = be16(ip) >> 4 & 0xff;
	p->field[IR_CTSTATE] = 1;	/* XT_CONNTRACK_STATE_INVALID */
	p->kind = parse_chain(p, ip, len);
	p->field[IR_KIND] = 1u << p->kind;
	return 0;
}
