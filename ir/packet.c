/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/packet.c - IPv4 headers into fields, as the kernel's matches read them
 *
 * Sources: RFC 791, 792, 768, 9293; ipt_do_table() for what a fragment is,
 * skb_header_pointer() for what "is there" means, tcp_find_option() in
 * xt_tcpudp.c for how options are walked.
 */
#include "ir/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define IP_OFFSET	0x1fff		/* fragment offset, in 8 bytes */

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

/* Whether the options were all there; marks those met. */
static bool tcp_options(struct ir_packet *p, const uint8_t *th, size_t len)
{
	size_t hlen = (size_t)(th[12] >> 4) * 4, i;

	if (hlen < 20 || hlen > len)
		return false;
	for (i = 20; i < hlen; ) {
		p->tcpopt[th[i] / 8] |= (uint8_t)(1u << th[i] % 8);
		if (th[i] < 2 || i + 1 >= hlen)
			i++;
		else
			i += th[i + 1] ? th[i + 1] : 1;
	}
	return true;
}

static enum ir_kind parse_tcp(struct ir_packet *p, const uint8_t *th,
			      size_t len)
{
	if (len < 20)
		return len < 4 ? IR_KIND_NONE : IR_KIND_SHORT;
	p->field[IR_TCPFLAGS] = th[13];
	return tcp_options(p, th, len) ? IR_KIND_WHOLE : IR_KIND_BADOPT;
}

enum ir_kind ir_packet_transport(struct ir_packet *p, uint8_t icmp,
				 const uint8_t *th, size_t len)
{
	uint32_t proto = p->field[IR_PROTO];

	if (proto == icmp) {
		if (len < 8)
			return IR_KIND_NONE;
		p->field[IR_ICMP] = be16(th);
		return IR_KIND_WHOLE;
	}
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		break;
	default:
		return IR_KIND_WHOLE;
	}
	if (len < 4)
		return IR_KIND_NONE;
	p->field[IR_SPORT] = be16(th);
	p->field[IR_DPORT] = be16(th + 2);
	if (proto == IPPROTO_TCP)
		return parse_tcp(p, th, len);
	if (proto == IPPROTO_UDP && len < 8)
		return IR_KIND_SHORT;
	return IR_KIND_WHOLE;
}

/* BIG TCP carries 0 and the length only in the skb (skb_ip_totlen()). */
static uint32_t total_length(const uint8_t *ip, size_t len)
{
	uint32_t tot = be16(ip + 2);

	return tot || len <= 0xffff ? tot : (uint32_t)len;
}

int ir_packet_parse(struct ir_packet *p, const void *data, size_t len)
{
	const uint8_t *ip = data;
	size_t thoff;
	uint32_t frag;

	memset(p, 0, sizeof(*p));
	if (len < 20)
		return -EINVAL;
	thoff = (size_t)(ip[0] & 0x0f) * 4;
	frag = be16(ip + 6) & IP_OFFSET;
	p->bytes = (uint32_t)len;
	p->field[IR_SADDR] = be32(ip + 12);
	p->field[IR_DADDR] = be32(ip + 16);
	p->field[IR_PROTO] = ip[9];
	p->field[IR_LEN] = total_length(ip, len);
	p->field[IR_TTL] = ip[8];
	p->field[IR_TOS] = ip[1];
	p->field[IR_CTSTATE] = 1;	/* XT_CONNTRACK_STATE_INVALID */
	if (frag)
		p->kind = frag == 1 ? IR_KIND_FRAG1 : IR_KIND_FRAG;
	else
		p->kind = ir_packet_transport(p, IPPROTO_ICMP, ip + thoff,
					      len > thoff ? len - thoff : 0);
	p->field[IR_KIND] = 1u << p->kind;
	return 0;
}

static void set_name(char dst[IR_IFNAMSIZ], const char *name)
{
	memset(dst, 0, IR_IFNAMSIZ);
	if (name)
		memcpy(dst, name, strnlen(name, IR_IFNAMSIZ - 1));
}

void ir_packet_set_iif(struct ir_packet *p, const char *name)
{
	set_name(p->iif, name);
}

void ir_packet_set_oif(struct ir_packet *p, const char *name)
{
	set_name(p->oif, name);
}
