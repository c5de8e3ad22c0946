/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/recipe6.c - the extension headers of packets that are drawn
 *
 * Those of a few kinds that most hosts let pass, so that whoever walks a chain
 * of them is tested; and the fragment header of packets that have no transport
 * header.
 */
#include <netinet/in.h>

#include "ir/recipe.h"

#define MAX_CHAIN	3

struct ext {
	uint8_t		kind;
	uint8_t		size;
};

/* A fragment header here is that of a packet in one piece. */
static const struct ext chain[IR_RECIPE_EXTS][MAX_CHAIN] = {
	{ { 0, 0 } },
	{ { IPPROTO_DSTOPTS, 8 } },
	{ { IPPROTO_HOPOPTS, 8 }, { IPPROTO_ROUTING, 24 } },
	{ { IPPROTO_FRAGMENT, 8 } },
	{ { IPPROTO_AH, 12 }, { IPPROTO_DSTOPTS, 16 } },
	{ { IPPROTO_ROUTING, 8 }, { IPPROTO_FRAGMENT, 8 },
	  { IPPROTO_AH, 24 } },
};

uint32_t ir_recipe_exts_size(uint32_t exts)
{
	uint32_t i, n = 0;

	for (i = 0; i < MAX_CHAIN; i++)
		n += chain[exts][i].size;
	return n;
}

/* What a later fragment has. */
static void put_later(struct ir_recipe *c)
{
	const uint32_t offset = (1 + c->build.noise % 180) << 3;
	uint8_t *h = ir_build_ext(&c->build, IPPROTO_FRAGMENT, 8);

	if (!h)
		return;
	h[2] = (uint8_t)(offset >> 8);
	h[3] = (uint8_t)offset;
}

uint32_t ir_recipe_put_exts(struct ir_recipe *c, uint32_t least)
{
	struct ir_build *b = &c->build;
	uint32_t i;

	if (b->total < 40 + ir_recipe_exts_size(c->exts) + least)
		c->exts = 0;
	b->nexts = 0;
	for (i = 0; i < MAX_CHAIN; i++)
		if (chain[c->exts][i].size)
			ir_build_ext(b, chain[c->exts][i].kind,
				     chain[c->exts][i].size);
	if (c->kind == IR_KIND_FRAG || c->kind == IR_KIND_NOPROTO)
		put_later(c);
	return ir_recipe_exts_size(c->exts);
}
