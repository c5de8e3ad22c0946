/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/sight.c - what IPv4 packets meet
 *
 * Sources: net/ipv4/ip_input.c, route.c, ip_forward.c, raw.c (Linux 6.18).
 */
#include "tests/diff/sight.h"

#include <string.h>

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static bool own_address(const struct sight_host *h, uint32_t a)
{
	return a >> 24 == 127 || (a > SIGHT_OWN4 && a <= SIGHT_OWN4 + h->n);
}

/* Whether the route lookup finds this address to be the host. */
static bool local(const struct sight_host *h, uint32_t daddr)
{
	return !h->out || own_address(h, daddr);
}

static bool is_fragment(const uint8_t *ip)
{
	return (ip[6] & 0x3f) || ip[7];
}

static bool multicast(uint32_t a)
{
	return a >> 28 == 14;
}

static uint32_t predict_sent(const struct sight_host *h, const uint8_t *ip,
			     struct lab_sight sight[2])
{
	uint32_t saddr = be32(ip + 12), daddr = be32(ip + 16);

	/* Not injected: the socket would choose or refuse an address. */
	if (!saddr || !daddr || multicast(daddr) || daddr == UINT32_MAX)
		return 0;
	sight[0].hook = IR_HOOK_OUTPUT;
	sight[0].iif = NULL;
	if (!local(h, daddr)) {
		sight[0].oif = h->out;
		return 1;
	}
	sight[0].oif = "lo";
	if (is_fragment(ip))
		return 1;
	sight[1] = (struct lab_sight){ IR_HOOK_INPUT, "lo", NULL };
	return 2;
}

uint32_t sight_predict4(const struct sight_host *h, const struct pg_packet *p,
			struct lab_sight sight[2])
{
	const uint8_t *ip = p->data;
	uint32_t saddr = be32(ip + 12), daddr = be32(ip + 16);

	if (p->malformed)
		return 0;
	if (p->hook == IR_HOOK_OUTPUT)
		return predict_sent(h, ip, sight);
	if (p->tags && p->vid)		/* of a VLAN there is not */
		return 0;
	sight[0] = (struct lab_sight){ IR_HOOK_INPUT, p->iif, NULL };
	if (multicast(saddr) || saddr == UINT32_MAX)
		return 0;
	if (daddr == UINT32_MAX || (!saddr && !daddr))
		return !is_fragment(ip);
	if (!saddr || !daddr)
		return 0;
	if (multicast(daddr))		/* only "all hosts" is joined */
		return daddr == 0xe0000001 && !is_fragment(ip);
	if (local(h, daddr))
		return !is_fragment(ip);
	if (ip[8] <= 1)
		return 0;
	sight[0].hook = IR_HOOK_FORWARD;
	sight[0].oif = h->out;
	return 1;
}
