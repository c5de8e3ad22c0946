/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/build.h - from fields to bytes: ir_packet_parse() turned round
 *
 * What is made can be wrong on purpose: lengths, offsets and options are taken
 * as they are given.
 */
#ifndef IR_BUILD_H
#define IR_BUILD_H

#include <stdint.h>

#include "ir/field.h"

/* All that ir_build_packet() writes to. */
#define IR_BUILD_MAX	120

struct ir_build {
	uint32_t	field[IR_NFIELDS];	/* those that are in headers */
	uint32_t	total;		/* from the IPv4 header to the end */
	uint32_t	id;		/* of the IPv4 header */
	uint32_t	frag;		/* its fragment word: flags and offset */
	uint32_t	noise;		/* where nothing looks: numbers, reserved bits */
	uint32_t	nipopts;	/* bytes of options, multiple of 4, up to 40 */
	uint32_t	ntcpopts;
	uint32_t	doff;		/* of the TCP header, in words */
	uint32_t	udp_len;	/* as the UDP header says */
	uint8_t		ipopt[40];
	uint8_t		tcpopt[40];
};

/* The bytes of the IPv4 header with its options. */
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
