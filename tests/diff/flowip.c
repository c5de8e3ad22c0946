/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/flowip.c - headers, lengths, checksums and fragments */
#include "tests/diff/flowip.h"

#include <netinet/in.h>
#include <string.h>

#include "ir/build.h"

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

static bool is_ipv6(const uint8_t *ip)
{
	return ip[0] >> 4 == 6;
}

void flow_ip_put(const struct flow_ip *h, uint8_t *ip)
{
	uint32_t i;

	if (h->ipv6) {
		put32(ip, 6u << 28 | (uint32_t)h->tos << 20 | h->id);
		ip[6] = h->proto;
		ip[7] = h->ttl;
		for (i = 0; i < 4; i++) {
			put32(ip + 8 + 4 * i, h->from.w[i]);
			put32(ip + 24 + 4 * i, h->to.w[i]);
		}
		return;
	}
	ip[0] = 0x45;
	ip[1] = h->tos;
	put16(ip + 4, h->id);
	ip[8] = h->ttl;
	ip[9] = h->proto;
	put32(ip + 12, h->from.w[0]);
	put32(ip + 16, h->to.w[0]);
}

void flow_ip_set_length(uint8_t *ip, uint32_t len)
{
	if (is_ipv6(ip)) {
		put16(ip + 4, len - 40);
		return;
	}
	put16(ip + 2, len);
	ir_build_checksum(ip);
}

static uint32_t sum16(const uint8_t *p, uint32_t n)
{
	uint32_t sum = 0;

	for (; n > 1; n -= 2, p += 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return n ? sum + ((uint32_t)p[0] << 8) : sum;
}

void flow_ip_checksum(uint8_t *ip, uint32_t len, uint32_t at)
{
	uint8_t *th = ip + (is_ipv6(ip) ? 40 : 20);
	uint32_t sum = sum16(th, len);

	if (is_ipv6(ip))
		sum += sum16(ip + 8, 32) + ip[6] + len;
	else if (ip[9] != IPPROTO_ICMP)
		sum += sum16(ip + 12, 8) + ip[9] + len;
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	put16(th + at, ~sum);
}

uint32_t flow_ip_cut(const uint8_t *ip, uint32_t at, uint32_t len, bool more,
		     uint32_t id, uint8_t *out)
{
	uint32_t hdr = is_ipv6(ip) ? 40 : 20;
	uint32_t size = is_ipv6(ip) ? hdr + 8 : hdr, off = at - hdr;

	memcpy(out, ip, hdr);
	memcpy(out + size, ip + at, len);
	if (is_ipv6(ip)) {
		out[6] = IPPROTO_FRAGMENT;
		out[40] = ip[6];
		out[41] = 0;
		put16(out + 42, off | more);
		put32(out + 44, id);
	} else {
		put16(out + 6, off / 8 | (more ? 0x2000 : 0));
	}
	flow_ip_set_length(out, size + len);
	return size + len;
}

uint32_t flow_ip_extend(uint8_t *ip, uint32_t len)
{
	memmove(ip + 48, ip + 40, len - 40);
	memset(ip + 40, 0, 8);
	ip[40] = ip[6];
	ip[6] = IPPROTO_DSTOPTS;
	ip[42] = 1;
	ip[43] = 4;
	flow_ip_set_length(ip, len + 8);
	return len + 8;
}
