/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/packet.h - a packet as the matches see it
 *
 * The reference for every parser the backends emit.
 */
#ifndef IR_PACKET_H
#define IR_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "ir/field.h"
#include "ir/ruleset.h"

struct ir_packet {
	uint32_t	field[IR_NFIELDS];	/* IIF, OIF, TCPOPT: unused here */
	enum ir_kind	kind;
	char		iif[IR_IFNAMSIZ];	/* NUL padded; all 0: none */
	char		oif[IR_IFNAMSIZ];
	uint8_t		tcpopt[32];		/* bit set: option n is present */
	uint32_t	bytes;			/* what a counter adds: skb->len */
};

/*
 * Fills *p from the @len bytes at @data, which start with the IPv4 header and
 * end where the skb ends.  Interfaces are set to none and the state to
 * INVALID; the caller puts in what it knows.  -EINVAL for less than 20 bytes:
 * such a packet meets no chain.  Values of a header that is not there are 0.
 */
int ir_packet_parse(struct ir_packet *p, const void *data, size_t len);

/*
 * The same for an IPv6 header and 40 bytes.  IR_PROTO is 0 where no transport
 * header is found (IR_KIND_NOPROTO).
 */
int ir_packet_parse6(struct ir_packet *p, const void *data, size_t len);

/*
 * The part of both that is about the transport header, of which @len bytes are
 * at @th: sets its fields, returns the kind.  The protocol must be set; @icmp
 * is the one that is ICMP here.
 */
enum ir_kind ir_packet_transport(struct ir_packet *p, uint8_t icmp,
				 const uint8_t *th, size_t len);

/* Copies a name of at most 15 bytes, padded.  "" or NULL: none. */
void ir_packet_set_iif(struct ir_packet *p, const char *name);
void ir_packet_set_oif(struct ir_packet *p, const char *name);

#endif
