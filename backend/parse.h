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

/*
 * R2 = the length of the extension header whose first bytes are in frame.buf and
 * whose number is in frame.key.  Clobbers R1.
 */
void be_parse_measure(struct be_gen *g);

/*
 * At the head of a loop over extension headers: what the verifier knows of R1,
 * BE_R_IHL, BE_R_AVAIL and the field @f (if used) it would follow, header by
 * header.  R3 is a number that it cannot know is 0.  Clobbers R4, R5.
 */
void be_parse_forget(struct be_gen *g, enum ir_field f);

void be_parse6(struct be_gen *g);

/* Whether rules ask for what is noted of extension headers (ext6.c). */
bool be_ext_used(const struct be_gen *g);

/* No header yet. */
void be_ext_clear(struct be_gen *g);

/* As be_parse_forget(), of what is noted.  In: R3. */
void be_ext_forget(struct be_gen *g);

/*
 * Notes the header at hand, of which 8 bytes or all there are are in frame.buf.
 * In: R2 its length, frame.key its number.  Clobbers R1, R3 to R5.
 */
void be_ext_note(struct be_gen *g);

/* The chain is cut off: so is every header not met yet.  Clobbers R3, R4. */
void be_ext_cut(struct be_gen *g);

/* IR_HEADERS, where it is used.  Clobbers R0 to R5. */
void be_ext_headers(struct be_gen *g);

#endif
