/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/sight6.c - what IPv6 packets meet
 *
 * Other than with IPv4, hop-by-hop options are looked at before all chains, and
 * INPUT sees fragments one by one.  Link-local destinations are the host's own
 * in every lab.  Sources: net/ipv6/ip6_input.c, exthdrs.c, route.c,
 * ip6_output.c, raw.c (Linux 6.18).
 */
#include <arpa/inet.h>
#include <string.h>

#include "tests/diff/sight.h"

#define MAX_OPTIONS	8	/* net.ipv6.max_hbh_opts_number */

static const uint8_t loopback[16] = { [15] = 1 };

static bool is_multicast(const uint8_t *a)
{
	return a[0] == 0xff;
}

static bool is_link_local(const uint8_t *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

static bool is_loopback(const uint8_t *a)
{
	return !memcmp(a, loopback, 16);
}

static bool is_any(const uint8_t *a)
{
	static const uint8_t any[16];

	return !memcmp(a, any, 16);
}

/* Which of the host's own addresses this is, from 1; 0: none. */
static uint32_t own(const struct sight_host *h, const uint8_t *a)
{
	uint8_t mine[16];

	inet_pton(AF_INET6, SIGHT_OWN6, mine);
	return !memcmp(a, mine, 15) && a[15] <= h->n ? a[15] : 0;
}

/* All nodes and all routers; where there is no ARP nothing solicited. */
static bool is_joined(const uint8_t *a)
{
	static const uint8_t zeros[13];

	return !memcmp(a + 2, zeros, 13) &&
	       ((a[1] == 2 && (a[15] == 1 || a[15] == 2)) ||
		(a[1] == 5 && a[15] == 2));
}

/* An option that is passed over while IOAM is off, where it is aligned. */
#define IOAM	49
/* From the start of the packet to the first option. */
#define OPTIONS	42

/* ip6_parse_tlv() of the @len bytes of options at @o. */
static bool options_pass(const uint8_t *o, uint32_t len)
{
	uint32_t i = 0, n, k, pad = 0, count = 0;

	for (; i < len; i += n) {
		n = 1;
		if (o[i] > 0) {
			if (len - i < 2 || o[i + 1] + 2u > len - i)
				return false;
			n = o[i + 1] + 2u;
		}
		if (o[i] > 1) {
			pad = 0;
			if (++count > MAX_OPTIONS || o[i] & 0xc0 ||
			    (o[i] == 5 && n != 4) || o[i] == 7 ||
			    (o[i] == IOAM && (i + OPTIONS) % 4))
				return false;
			continue;
		}
		pad += n;
		for (k = 2; k < n; k++)
			if (o[i + k])
				return false;
		if (pad > 7)
			return false;
	}
	return true;
}

/* ipv6_parse_hopopts(), of the @len bytes that are left after the trim. */
static bool hopopts_pass(const uint8_t *ip, uint32_t len)
{
	uint32_t n;

	if (ip[6])
		return true;
	if (len < 48)
		return false;
	n = (ip[41] + 1u) * 8;
	return len >= 40 + n && options_pass(ip + 42, n - 2);
}

/* ip6_rcv_core() */
static bool received(const struct pg_packet *p, bool lo)
{
	const uint8_t *saddr = p->data + 8, *daddr = p->data + 24;

	if (!lo && (is_loopback(saddr) || is_loopback(daddr)))
		return false;
	if (is_multicast(daddr) && (!(daddr[1] & 15) ||
				    (!lo && (daddr[1] & 15) == 1)))
		return false;
	if (is_multicast(saddr))
		return false;
	return hopopts_pass(p->data, pg_total(p));
}

static bool local(const struct sight_host *h, const uint8_t *daddr)
{
	return !h->out || own(h, daddr) || is_loopback(daddr);
}

static uint32_t predict_sent(const struct sight_host *h,
			     const struct pg_packet *p,
			     struct lab_sight sight[2])
{
	const uint8_t *daddr = p->data + 24;
	uint8_t to[16];

	if (!sight_send6(h, p, to))
		return 0;
	sight[0] = (struct lab_sight){ IR_HOOK_OUTPUT, NULL, h->out };
	if (!local(h, daddr) || is_multicast(daddr) || is_link_local(daddr))
		return 1;
	sight[0].oif = "lo";
	sight[1] = (struct lab_sight){ IR_HOOK_INPUT, "lo", NULL };
	return received(p, true) ? 2 : 1;
}

/* ip6_forward(): nothing is asked of what goes back where it came from. */
static bool forwarded(const struct pg_packet *p, const char *oif)
{
	const uint8_t *saddr = p->data + 8;

	if (p->data[7] <= 1)
		return false;
	return !strncmp(p->iif, oif, IR_IFNAMSIZ) ||
	       (!is_any(saddr) && !is_link_local(saddr));
}

uint32_t sight_predict6(const struct sight_host *h, const struct pg_packet *p,
			struct lab_sight sight[2])
{
	const uint8_t *daddr = p->data + 24;

	if (p->malformed)
		return 0;
	if (p->hook == IR_HOOK_OUTPUT)
		return predict_sent(h, p, sight);
	if ((p->tags && p->vid) || !received(p, false))
		return 0;
	sight[0] = (struct lab_sight){ IR_HOOK_INPUT, p->iif, NULL };
	if (is_multicast(daddr))
		return is_joined(daddr);
	if (is_link_local(daddr) || local(h, daddr))
		return 1;
	sight[0] = (struct lab_sight){ IR_HOOK_FORWARD, p->iif, h->out };
	return forwarded(p, h->out);
}

bool sight_send6(const struct sight_host *h, const struct pg_packet *p,
		 uint8_t to[16])
{
	const uint8_t *daddr = p->data + 24;

	memcpy(to, daddr, 16);
	if (is_any(daddr))
		return false;
	if (!is_multicast(daddr) && !is_link_local(daddr))
		return true;
	inet_pton(AF_INET6, "2001:db8:ff::1", to);
	return h->out;
}
