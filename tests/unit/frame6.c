/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/frame6.c - made-up IPv6 packets */
#include "tests/unit/frame6.h"

#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/unit/rules.h"

#define HEADER		40

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static void put_address(uint8_t *at, const struct ir_packet *p,
			enum ir_field f)
{
	int i;

	for (i = 0; i < 4; i++)
		put32(at + 4 * i, p->field[addr_word(f, i)]);
}

uint32_t frame6_finish(uint8_t *frame, struct ir_packet *p, uint8_t next,
		       uint32_t len)
{
	uint8_t *ip = frame + FRAME_ETH;
	struct ir_packet from = *p;

	memset(frame + FRAME_ETH + len, 0, FRAME_MAX - FRAME_ETH - len);
	put16(frame + 12, 0x86dd);
	put32(ip, 6u << 28 | p->field[IR_TOS] << 20 | rnd(1 << 20));
	put16(ip + 4, len - HEADER);
	ip[6] = next;
	ip[7] = (uint8_t)p->field[IR_TTL];
	put_address(ip + 8, p, IR_SADDR);
	put_address(ip + 24, p, IR_DADDR);
	ck_assert_int_eq(ir_packet_parse6(p, ip, len), 0);
	memcpy(p->iif, from.iif, sizeof(p->iif));
	memcpy(p->oif, from.oif, sizeof(p->oif));
	p->field[IR_CTSTATE] = from.field[IR_CTSTATE];
	return len;
}

/* A header of 80 bytes with options at random, more or less. */
static void put_transport(uint8_t *th, const struct ir_packet *p)
{
	uint32_t i;

	for (i = 0; i < 80; i++)
		th[i] = (uint8_t)(rnd(3) ? rnd(6) : rnd(256));
	if (p->field[IR_PROTO] == IPPROTO_ICMPV6) {
		put16(th, p->field[IR_ICMP]);
		return;
	}
	put16(th, p->field[IR_SPORT]);
	put16(th + 2, p->field[IR_DPORT]);
	th[12] = (uint8_t)((rnd(4) ? 5 + rnd(11) : rnd(16)) << 4);
	th[13] = (uint8_t)p->field[IR_TCPFLAGS];
}

static uint32_t cut(enum ir_kind kind)
{
	switch (kind) {
	case IR_KIND_NONE:
		return rnd(8);
	case IR_KIND_SHORT:
		return rnd(20);
	case IR_KIND_BADOPT:
		return 20 + rnd(8);
	default:
		return 8 + rnd(100);
	}
}

static uint32_t extension_length(uint8_t type, const uint8_t *h)
{
	if (type == IPPROTO_FRAGMENT)
		return 8;
	return type == IPPROTO_AH ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
}

/* An extension header of @type at @h; returns its length. */
static uint32_t put_extension(uint8_t *h, uint8_t type, uint8_t next,
			      enum ir_kind kind)
{
	uint32_t i;

	for (i = 0; i < 48; i++)
		h[i] = (uint8_t)rnd(256);
	h[0] = next;
	h[1] = (uint8_t)rnd(type == IPPROTO_AH ? 8 : 4);
	if (type == IPPROTO_FRAGMENT)
		put16(h + 2, (kind == IR_KIND_FRAG ||
			      (kind == IR_KIND_NOPROTO && rnd(2)) ?
			      1 + rnd(0x1fff) : 0) << 3 | rnd(8));
	return extension_length(type, h);
}

static uint8_t any_extension(enum ir_kind kind)
{
	static const uint8_t types[] = {
		IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH,
		IPPROTO_DSTOPTS, IPPROTO_FRAGMENT,
	};

	if (kind == IR_KIND_FRAG && rnd(2))
		return IPPROTO_FRAGMENT;
	return types[rnd(6)];
}

uint32_t frame6_build(uint8_t *frame, struct ir_packet *p)
{
	uint32_t n = rnd(3) ? 0 : 1 + rnd(6), at = HEADER, last = HEADER, i;
	uint8_t *ip = frame + FRAME_ETH, type[8];

	if (!n && (p->kind == IR_KIND_FRAG || p->kind == IR_KIND_NOPROTO))
		n = 1 + rnd(3);
	for (i = 0; i < n; i++)
		type[i] = any_extension(p->kind);
	type[n] = (uint8_t)p->field[IR_PROTO];
	if (!rnd(8))
		type[n] = (uint8_t[]){ 33, 132, 136, 17, 59 }[rnd(5)];
	for (i = 0; i < n; i++) {
		last = at;
		at += put_extension(ip + at, type[i], type[i + 1], p->kind);
	}
	put_transport(ip + at, p);
	if (p->kind == IR_KIND_NOPROTO)
		at = last + rnd(at - last);
	else
		at += cut(p->kind);
	/* No payload and hop-by-hop options: a jumbogram, as long as its frame. */
	if (type[0] == IPPROTO_HOPOPTS && at == HEADER)
		at++;
	return frame6_finish(frame, p, type[0], at);
}
