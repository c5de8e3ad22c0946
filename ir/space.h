/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/space.h - the packets for which some predicates hold
 *
 * A space is narrowed predicate by predicate; what is left says that no packet
 * can be in it, or draws one.
 */
#ifndef IR_SPACE_H
#define IR_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/build.h"
#include "ir/packet.h"
#include "ir/rng.h"
#include "ir/ruleset.h"
#include "ir/set.h"

#define IR_SPACE_IFACES	24

struct ir_space {
	bool		ipv6;
	enum ir_hook	hook;		/* which interfaces a packet has */
	bool		exact;		/* false: wider than the predicates are */
	bool		empty;		/* proved, even if not exact */
	uint32_t	fix_mask[IR_NFIELDS];	/* bits of addresses that ranges */
	uint32_t	fix_value[IR_NFIELDS];	/* cannot say */
	uint8_t		opt_yes[32];	/* TCP options: to be there, or not */
	uint8_t		opt_no[32];
	struct {
		const struct ir_iface *pattern;
		bool	holds;
	} iface[IR_SPACE_IFACES];
	uint32_t	nifaces;
	struct ir_set	field[IR_NFIELDS];	/* most of the memory, hardly used */
};

/* How a packet is drawn. */
enum ir_draw {
	IR_DRAW_LOW,		/* the lowest values, where they are limited */
	IR_DRAW_HIGH,
	IR_DRAW_ANY,		/* ends of ranges and what is between */
};

/* What a packet is made of. */
struct ir_recipe {
	struct ir_build	build;
	enum ir_kind	kind;
	uint32_t	ctstate;
	char		iif[IR_IFNAMSIZ];
	char		oif[IR_IFNAMSIZ];
};

/* All packets, IPv6 or IPv4, that @hook can see. */
void ir_space_init(struct ir_space *s, bool ipv6, enum ir_hook hook);

void ir_space_copy(struct ir_space *to, const struct ir_space *from);

/*
 * Only those for which @pred holds, or does not.  @term says which of its terms
 * is to hold, where one of several fields has to; others have no say.  The
 * predicate is borrowed.
 */
void ir_space_narrow(struct ir_space *s, const struct ir_pred *pred, bool holds,
		     uint32_t term);

/* How many choices of @term there are: 1 where they have no say. */
uint32_t ir_space_choices(const struct ir_pred *pred, bool holds);

/* Only packets of these kinds (bits 1 << enum ir_kind). */
void ir_space_kinds(struct ir_space *s, uint32_t kinds);

/* Only packets of kinds with one of these outcomes (bits of enum ir_outcome). */
void ir_space_need(struct ir_space *s, enum ir_need need, uint32_t outcomes);

/* Whether it is sure that no packet is left. */
bool ir_space_is_empty(const struct ir_space *s);

/* False where none was found. */
bool ir_space_draw(const struct ir_space *s, enum ir_draw how, struct rng *r,
		   struct ir_recipe *out);

/* Whether a packet like @c has such a field: some kinds and protocols do not. */
bool ir_recipe_has(const struct ir_recipe *c, enum ir_field field);

/* Lays out the TCP options in the bit set @opts.  False: too many. */
bool ir_recipe_options(struct ir_build *b, const uint8_t opts[32]);

/*
 * Gives lengths, offsets and what else follows from fields and kind, as near as
 * can be to build.total.
 */
void ir_recipe_finish(struct ir_recipe *c);

/*
 * Makes the packet: headers into @data (IR_BUILD_MAX bytes, and behind them as
 * many as the packet is long, which are not touched), *p as it will be parsed.
 */
void ir_recipe_packet(const struct ir_recipe *c, uint8_t *data,
		      struct ir_packet *p);

#endif
