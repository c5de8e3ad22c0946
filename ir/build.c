/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/build.c - headers made of fields, for witnesses and tests */
#include "ir/build.h"

#include <netinet/in.h>
#include <string.h>

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

void ir_build_checksum(uint8_t *ip)
{
	uint32_t i, n = (ip[0] & 15) * 4u, sum = 0;

	ip[10] = ip[11] = 0;
	for (i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	put16(ip + 10, ~sum);
}

uint8_t *ir_build_ext(struct ir_build *b, uint8_t kind, uint32_t size)
{
	uint8_t *h = b->ext + b->nexts;

	if (b->nexts + size > IR_BUILD_EXT)
		return NULL;
	if (b->nexts)
		b->ext[b->last] = kind;
	else
		b->first = kind;
	b->last = b->nexts;
	b->nexts += size;
	memset(h, 0, size);
	if (kind == IPPROTO_AH)
		h[1] = (uint8_t)(size / 4 - 2);
	else if (kind != IPPROTO_FRAGMENT)
		h[1] = (uint8_t)(size / 8 - 1);
	return h;
}

uint32_t ir_build_ihl(const struct ir_build *b)
{
	return b->ipv6 ? 40 + b->nexts : 20 + b->nipopts;
}

static uint32_t icmp(const struct ir_build *b)
{
	return b->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

uint32_t ir_build_need(const struct ir_build *b)
{
	if (b->field[IR_PROTO] == icmp(b))
		return 8;
	switch (b->field[IR_PROTO]) {
	case IPPROTO_TCP:
		return 20 + b->ntcpopts;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return 8;
	default:
		return 12;
	}
}

static void put_tcp(const struct ir_build *b, uint8_t *th)
{
	put32(th + 4, b->noise);
	th[12] = (uint8_t)(b->doff << 4 | (b->noise & 15));
	th[13] = (uint8_t)b->field[IR_TCPFLAGS];
	put16(th + 14, 1024);
	memcpy(th + 20, b->tcpopt, b->ntcpopts);
}

/* Of those that only IPv6 rules ask something of; false: another one. */
static bool put_other6(const struct ir_build *b, uint8_t *th)
{
	switch (b->field[IR_PROTO]) {
	case IPPROTO_ESP:
		put32(th, b->field[IR_ESPSPI]);
		put32(th + 4, b->noise);
		return true;
	case IPPROTO_MH:
		th[0] = (uint8_t)b->field[IR_ICMP];
		th[2] = (uint8_t)(b->field[IR_ICMP] >> 8);
		return true;
	default:
		return false;
	}
}

/* A whole transport header into @th, 60 bytes of zeros. */
static void put_transport(const struct ir_build *b, uint8_t *th)
{
	if (b->field[IR_PROTO] == icmp(b)) {
		put16(th, b->field[IR_ICMP]);
		put32(th + 4, b->noise);
		return;
	}
	if (b->ipv6 && put_other6(b, th))
		return;
	put16(th, b->field[IR_SPORT]);
	put16(th + 2, b->field[IR_DPORT]);
	switch (b->field[IR_PROTO]) {
	case IPPROTO_TCP:
		put_tcp(b, th);
		break;
	case IPPROTO_UDP:
		put16(th + 4, b->udp_len);
		break;
	}
}

static void put_ip(const struct ir_build *b, uint8_t *ip)
{
	ip[0] = (uint8_t)(0x40 | ir_build_ihl(b) / 4);
	ip[1] = (uint8_t)b->field[IR_TOS];
	put16(ip + 2, b->total);
	put16(ip + 4, b->id);
	put16(ip + 6, b->frag);
	ip[8] = (uint8_t)b->field[IR_TTL];
	ip[9] = (uint8_t)b->field[IR_PROTO];
	put32(ip + 12, b->field[IR_SADDR]);
	put32(ip + 16, b->field[IR_DADDR]);
	memcpy(ip + 20, b->ipopt, b->nipopts);
	ir_build_checksum(ip);
}

static void put_ip6(const struct ir_build *b, uint8_t *ip)
{
	uint8_t proto = (uint8_t)b->field[IR_PROTO];
	uint32_t i;

	put32(ip, 6u << 28 | b->field[IR_TOS] << 20 | (b->id & 0xfffff));
	put16(ip + 4, b->total - 40);
	ip[6] = b->nexts ? b->first : proto;
	ip[7] = (uint8_t)b->field[IR_TTL];
	put32(ip + 8, b->field[IR_SADDR]);
	put32(ip + 24, b->field[IR_DADDR]);
	for (i = 0; i < 3; i++) {
		put32(ip + 12 + 4 * i, b->field[IR_SADDR1 + i]);
		put32(ip + 28 + 4 * i, b->field[IR_DADDR1 + i]);
	}
	memcpy(ip + 40, b->ext, b->nexts);
	if (b->nexts)
		ip[40 + b->last] = proto;
}

void ir_build_packet(const struct ir_build *b, uint8_t *data)
{
	uint32_t ihl = ir_build_ihl(b), least = b->ipv6 ? 40 : ihl;
	uint32_t n = b->total < least ? least : b->total;
	uint8_t buf[IR_BUILD_MAX] = { 0 };

	put_transport(b, buf + ihl);
	if (b->ipv6)
		put_ip6(b, buf);
	else
		put_ip(b, buf);
	memset(data, 0, IR_BUILD_MAX);
	memcpy(data, buf, n < IR_BUILD_MAX ? n : IR_BUILD_MAX);
}
