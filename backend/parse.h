/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/parse.h - what the parsers of both families share
 *
 * parse.c has IPv4 and the transport headers, parse6.c IPv6 with its extension
 * headers.
 */
#ifndef BACKEND_PARSE_H
#define BACKEND_PARSE_H

#include <stdint.h>

#include "backend/gen.h"

/* Fields that need the transport header, or at least need to know of it. */
extern const uint32_t be_transport_fields;

/* Where a packet's kind is known. */
struct be_kinds {
	be_label	label[IR_NKINDS];
	be_label	chain;		/* IPv6: R1 is an extension header */
};

void be_parse_start(struct be_gen *g, struct be_kinds *k);

/* Sets IR_KIND and frame.variant at each label, and goes on to the walk. */
void be_parse_end(struct be_gen *g, const struct be_kinds *k);

/* Instead of all that: every packet is of one variant. */
void be_parse_no_transport(struct be_gen *g);

/* @reg into field @f; nothing where it is not used, here and below. */
void be_parse_store(struct be_gen *g, enum ir_field f, int reg);

/* The byte @off behind BE_R_IP into field @f.  Clobbers R1. */
void be_parse_byte(struct be_gen *g, enum ir_field f, int off);

/* All fields of the transport header become 0. */
void be_parse_clear(struct be_gen *g);

/*
 * The transport header where it is: behind an IPv4 header of BE_R_IHL bytes, or
 * right behind the IPv6 header, unless that says an extension header is there
 * (k->chain).  In: BE_R_AVAIL.  Ends at one of the kinds' labels.
 */
void be_parse_in_place(struct be_gen *g, const struct be_kinds *k);

/*
 * The same for one that cannot be read where it is, BE_R_IHL bytes behind
 * BE_R_IP, up to 20 bytes of it.  IPv6: R1 is the protocol.
 */
void be_parse_copy(struct be_gen *g, const struct be_kinds *k);

/* Jumps to @to where @reg is the number of an extension header. */
void be_parse_extension(struct be_gen *g, int reg, be_label to);

void be_parse6(struct be_gen *g);

#endif
