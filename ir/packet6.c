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
 * The extension headers that are met are noted on the way, as the matches that
 * ask ipv6_find_hdr() for one of them find it.
 *
 * Source of the layouts: RFC 8200, 4302, 4303, 6275.
 */
#include "ir/packet.h"

#include <errno.h>
#include <linux/netfilter_ipv6/ip6t_ipv6header.h>
#include <netinet/in.h>
#include <string.h>

#define HEADER		40

/* Where the walk is. */
struct walk {
	struct ir_packet *p;
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

/* Which of the extension headers; IR_NEXTS: none. */
static enum ir_ext extension(uint8_t next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
		return IR_EXT_HOP;
	case IPPROTO_DSTOPTS:
		return IR_EXT_DST;
	case IPPROTO_ROUTING:
		return IR_EXT_RT;
	case IPPROTO_FRAGMENT:
		return IR_EXT_FRAG;
	case IPPROTO_AH:
		return IR_EXT_AH;
	default:
		return IR_NEXTS;
	}
}

/* NEXTHDR_NONE is one, too, but nothing follows it. */
static bool is_extension(uint8_t next)
{
	return extension(next) != IR_NEXTS;
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

/* The values that rules can ask of the header at @h, which is all there. */
static void read_values(uint32_t *field, enum ir_ext ext, const uint8_t *h)
{
	switch (ext) {
	case IR_EXT_HOP:
		field[IR_OPTLEN] |= (uint32_t)h[1] << 8;
		break;
	case IR_EXT_DST:
		field[IR_OPTLEN] |= h[1];
		break;
	case IR_EXT_RT:
		field[IR_RT] = (uint32_t)h[1] << 16 | be16(h + 2);
		break;
	case IR_EXT_FRAG:
		field[IR_FRAG] = (uint32_t)h[1] << 16 | be16(h + 2);
		field[IR_FRAGID] = be32(h + 4);
		break;
	default:
		field[IR_AH] = (uint32_t)h[1] << 16 | be16(h + 2);
		field[IR_AHSPI] = be32(h + 4);
		break;
	}
}

/* Notes the extension header at hand, if it is the first of its kind. */
static void note(const struct walk *w)
{
	enum ir_ext ext = extension(w->next);
	const uint8_t *h = w->data + w->at;
	uint32_t bit = 1u << ext, *field = w->p->field;
	size_t need = length(w->next, h);

	if (field[IR_EXT] & (bit | bit * IR_EXT_BAD))
		return;
	if (ext == IR_EXT_AH && need < 12)
		need = 12;
	if (left(w) < need) {
		field[IR_EXT] |= bit * IR_EXT_BAD;
		return;
	}
	field[IR_EXT] |= bit;
	read_values(field, ext, h);
}

/* The chain is cut off: who asks for a header not met so far is answered so. */
static void note_cut(const struct walk *w)
{
	uint32_t *ext = &w->p->field[IR_EXT];
	uint32_t met = (*ext | *ext / IR_EXT_BAD) & IR_EXT_ALL;

	*ext |= (IR_EXT_ALL & ~met) * IR_EXT_BAD;
}

/* Over one extension header; false where the chain breaks off. */
static bool step(struct walk *w)
{
	uint8_t here = w->next;
	const uint8_t *h;

	if (left(w) < least(here)) {
		note_cut(w);
		return false;
	}
	note(w);
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

/* Those of ipv6header: one by one, whatever a fragment header says. */
static uint32_t header_set(const uint8_t *ip, size_t len)
{
	static const uint8_t bits[IR_NEXTS] = {
		[IR_EXT_HOP] = MASK_HOPOPTS, [IR_EXT_DST] = MASK_DSTOPTS,
		[IR_EXT_RT] = MASK_ROUTING, [IR_EXT_FRAG] = MASK_FRAGMENT,
		[IR_EXT_AH] = MASK_AH,
	};
	struct walk w = {
		.data = ip, .len = len, .at = HEADER, .next = ip[6],
	};
	uint32_t set = 0;
	const uint8_t *h;

	while (is_extension(w.next) && w.at <= len) {
		if (left(&w) < 2)
			return IR_HEADERS_FAIL;
		h = w.data + w.at;
		set |= bits[extension(w.next)];
		w.at += length(w.next, h);
		w.next = h[0];
	}
	if (w.next != IPPROTO_NONE && w.next != IPPROTO_ESP)
		return set | MASK_PROTO;
	if (w.at > len)
		return set;
	if (w.next == IPPROTO_NONE)
		return set | MASK_NONE;
	return left(&w) < 2 ? IR_HEADERS_FAIL : set | MASK_ESP;
}

/* Those of the transport headers that only IPv6 rules ask something of. */
static enum ir_kind parse_transport(struct ir_packet *p, const uint8_t *th,
				    size_t len)
{
	switch (p->field[IR_PROTO]) {
	case IPPROTO_ESP:
		if (len < 8)
			return IR_KIND_NONE;
		p->field[IR_ESPSPI] = be32(th);
		return IR_KIND_WHOLE;
	case IPPROTO_MH:
		if (len < 6)
			return IR_KIND_NONE;
		p->field[IR_ICMP] = (uint32_t)th[2] << 8 | th[0];
		return IR_KIND_WHOLE;
	default:
		return ir_packet_transport(p, IPPROTO_ICMPV6, th, len);
	}
}

static enum ir_kind parse_chain(struct ir_packet *p, const uint8_t *ip,
				size_t len)
{
	struct walk w = {
		.p = p, .data = ip, .len = len, .at = HEADER, .next = ip[6],
	};

	if (!walk(&w))
		return IR_KIND_NOPROTO;
	p->field[IR_PROTO] = w.next;
	if (w.fragment)
		return IR_KIND_FRAG;
	return parse_transport(p, ip + w.at, left(&w));
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
	p->field[IR_HEADERS] = header_set(ip, len);
	p->kind = parse_chain(p, ip, len);
	p->field[IR_KIND] = 1u << p->kind;
	return 0;
}
