/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/flowip.h - the IP layer of connections, of both families
 *
 * Packets start as plain headers without options; what they are is said by the
 * version in their first byte.
 */
#ifndef TESTS_DIFF_FLOWIP_H
#define TESTS_DIFF_FLOWIP_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/diff/lab.h"

struct flow_ip {
	bool		ipv6;
	uint8_t		tos;
	uint8_t		ttl;
	uint8_t		proto;
	uint16_t	id;		/* or flow label */
	struct lab_addr	from;
	struct lab_addr	to;
};

/* Writes 20 or 40 bytes; the length is still to be set. */
void flow_ip_put(const struct flow_ip *h, uint8_t *ip);

/* @len: from the header to the end.  Also IPv4's checksum. */
void flow_ip_set_length(uint8_t *ip, uint32_t len);

/* The checksum of the @len bytes behind the header, at @at of them. */
void flow_ip_checksum(uint8_t *ip, uint32_t len, uint32_t at);

/*
 * The @len bytes of @ip from @at as a fragment into @out, @more to come.  Its
 * length, header included.
 */
uint32_t flow_ip_cut(const uint8_t *ip, uint32_t at, uint32_t len, bool more,
		     uint32_t id, uint8_t *out);

/* Puts destination options behind an IPv6 header.  The new length. */
uint32_t flow_ip_extend(uint8_t *ip, uint32_t len);

#endif
