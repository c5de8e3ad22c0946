/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/recipe6.c - the extension headers of packets that are drawn
 *
 * Which there are is a set of bits, of which rules fix some; now and then others
 * are added, so that whoever walks a chain of them is tested.  Lengths are small
 * unless a rule wants another.
 */
#include "ir/recipe.h"

#include <linux/netfilter_ipv6/ip6t_ipv6header.h>

#define USUAL_LENGTH	1500

static const uint8_t header_bit[IR_NEXTS] = {
	[IR_EXT_HOP] = MASK_HOPOPTS, [IR_EXT_DST] = MASK_DSTOPTS,
	[IR_EXT_RT] = MASK_ROUTING, [IR_EXT_FRAG] = MASK_FRAGMENT,
	[IR_EXT_AH] = MASK_AH,
};

/* What of which field a header has. */
static const struct {
	enum ir_field	field;
	uint32_t	mask;
	enum ir_ext	ext;
} values[] = {
	{ IR_FRAG, UINT32_MAX, IR_EXT_FRAG },
	{ IR_FRAGID, UINT32_MAX, IR_EXT_FRAG },
	{ IR_RT, UINT32_MAX, IR_EXT_RT },
	{ IR_OPTLEN, 0xff00, IR_EXT_HOP },
	{ IR_OPTLEN, 0x00ff, IR_EXT_DST },
	{ IR_AH, UINT32_MAX, IR_EXT_AH },
	{ IR_AHSPI, UINT32_MAX, IR_EXT_AH },
};

#define NVALUES		(sizeof(values) / sizeof(*values))

static bool later_fragment(const struct ir_recipe *c)
{
	return c->kind == IR_KIND_FRAG || c->kind == IR_KIND_NOPROTO;
}

/* Those of which a value is wanted that a missing header does not have. */
static uint32_t with_values(const struct ir_space *s)
{
	uint32_t i, bits = 0;

	for (i = 0; i < NVALUES; i++)
		if (s->fix_value[values[i].field] & values[i].mask ||
		    !ir_set_has(&s->field[values[i].field], 0))
			bits |= 1u << values[i].ext;
	return bits;
}

/* Those that must be there, and (with @value false) that must not. */
static uint32_t fixed(const struct ir_space *s, bool value)
{
	uint32_t i, bits = 0;

	for (i = 0; i < IR_NEXTS; i++) {
		if (s->fix_mask[IR_EXT] >> i & 1 &&
		    (s->fix_value[IR_EXT] >> i & 1) == value)
			bits |= 1u << i;
		if (s->fix_mask[IR_HEADERS] & header_bit[i] &&
		    !!(s->fix_value[IR_HEADERS] & header_bit[i]) == value)
			bits |= 1u << i;
	}
	return bits;
}

/* As rules limit it, or @usual. */
static uint32_t draw_value(const struct ir_space *s, enum ir_field f,
			   uint32_t usual, struct rng *r)
{
	const struct ir_set *set = &s->field[f];
	uint32_t v = usual;

	if (set->n != 1 || set->r[0].lo || set->r[0].hi != ir_field_max(f))
		v = ir_set_draw(set, r);
	return (v & ~s->fix_mask[f]) | s->fix_value[f];
}

static uint32_t size_of_all(const struct ir_recipe *c)
{
	uint32_t i, n = 0;

	for (i = 0; i < IR_NEXTS; i++)
		if (c->build.field[IR_EXT] >> i & 1)
			n += ir_build_ext_size(c->build.field, i);
	return n;
}

/* The packet becomes longer by what its kind does not count. */
static void lengthen(const struct ir_space *s, struct ir_recipe *c)
{
	const struct ir_set *set = &s->field[IR_LEN];
	uint32_t len = c->build.total + size_of_all(c), i;

	for (i = 0; i < set->n; i++)
		if (len <= set->r[i].hi) {
			c->build.total = len < set->r[i].lo ? set->r[i].lo :
					 len;
			return;
		}
}

void ir_recipe_draw_exts(const struct ir_space *s, struct rng *r,
			 struct ir_recipe *c)
{
	uint32_t must = fixed(s, true) | with_values(s);
	uint32_t may = IR_EXT_ALL & ~must & ~fixed(s, false);
	uint32_t *field = c->build.field, size;

	field[IR_FRAG] = draw_value(s, IR_FRAG, 0, r);
	field[IR_FRAGID] = draw_value(s, IR_FRAGID, rng_u32(r), r);
	field[IR_RT] = draw_value(s, IR_RT, rng_below(r, 3) << 8, r);
	field[IR_OPTLEN] = draw_value(s, IR_OPTLEN, 0, r);
	field[IR_AH] = draw_value(s, IR_AH, 0x10000, r);
	field[IR_AHSPI] = draw_value(s, IR_AHSPI, rng_u32(r), r);
	field[IR_EXT] = must;
	lengthen(s, c);
	if (!rng_one_in(r, 4))
		return;
	size = size_of_all(c);
	field[IR_EXT] |= rng_u32(r) & may;
	size = c->build.total + size_of_all(c) - size;
	if (size <= USUAL_LENGTH && ir_set_has(&s->field[IR_LEN], size))
		c->build.total = size;
	else
		field[IR_EXT] = must;
}

uint32_t ir_recipe_put_exts(struct ir_recipe *c, uint32_t *most)
{
	struct ir_build *b = &c->build;
	uint32_t broken;

	if (!later_fragment(c)) {
		b->field[IR_FRAG] &= ~IR_RECIPE_OFFSET;
	} else {
		b->field[IR_EXT] |= 1u << IR_EXT_FRAG;
		if (!(b->field[IR_FRAG] & IR_RECIPE_OFFSET))
			b->field[IR_FRAG] |= (1 + b->noise % 180) << 3;
	}
	broken = ir_build_exts(b);
	if (broken < *most)
		*most = broken;
	return later_fragment(c) ? b->last : b->nexts;
}
