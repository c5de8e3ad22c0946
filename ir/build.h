/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/build.h - from fields to bytes: ir_packet_parse() and its IPv6 brother
 * turned round
 *
 * What is made can be wrong on purpose: lengths, offsets and options are taken
 * as they are given.
 */
#ifndef IR_BUILD_H
#define IR_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/field.h"

/* Room for extension headers. */
#define IR_BUILD_EXT	160

/* All that ir_build_packet() writes to: an IPv6 header, TCP and its options. */
#define IR_BUILD_MAX	(40 + IR_BUILD_EXT + 60)

struct ir_build {
	bool		ipv6;
	uint32_t	field[IR_NFIELDS];	/* those that are in headers */
	uint32_t	total;		/* from the IP header to the end */
	uint32_t	id;		/* of the IPv4 header; the flow label */
	uint32_t	frag;		/* IPv4: the fragment word: flags and offset */
	uint32_t	noise;		/* where nothing looks: numbers, reserved bits */
	uint32_t	nipopts;	/* bytes of options, multiple of 4, up to 40 */
	uint32_t	nexts;		/* bytes of extension headers */
	uint32_t	last;		/* where in ext[] the last of them begins */
	uint8_t		first;		/* what the first of them is */
	uint32_t	ntcpopts;
	uint32_t	doff;		/* of the TCP header, in words */
	uint32_t	udp_len;	/* as the UDP header says */
	uint8_t		ipopt[40];
	uint8_t		ext[IR_BUILD_EXT];
	uint8_t		tcpopt[40];
};

/*
 * Appends an IPv6 extension header of @size bytes, what its kind allows: 8 for a
 * fragment, a multiple of 4 for AH, of 8 for the others.  Its length is set, the
 * rest is zeros.  NULL where there is no room.
 */
uint8_t *ir_build_ext(struct ir_build *b, uint8_t kind, uint32_t size);

/*
 * Puts in the place of all extension headers those that field[IR_EXT] says, with
 * the values of the other fields; those there is no room for are left out.
 * Returns where the packet has to end for one that is cut off (IR_EXT_BAD);
 * UINT32_MAX: nowhere.
 */
uint32_t ir_build_exts(struct ir_build *b);

/* The bytes of one of them. */
uint32_t ir_build_ext_size(const uint32_t field[IR_NFIELDS], enum ir_ext ext);

/* The bytes of the IP header with its options or extension headers. */
uint32_t ir_build_ihl(const struct ir_build *b);

/* The bytes of a whole transport header, options included. */
uint32_t ir_build_need(const struct ir_build *b);

/*
 * Writes the headers, cut at b->total, to @data, which has room for
 * IR_BUILD_MAX bytes; what follows them is the caller's.
 */
void ir_build_packet(const struct ir_build *b, uint8_t *data);

/* Sets the header checksum, as it must be for a host to look further. */
void ir_build_checksum(uint8_t *ip);

#endif
