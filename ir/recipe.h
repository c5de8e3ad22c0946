/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/recipe.h - what ir/recipe.c and ir/recipe6.c share */
#ifndef IR_RECIPE_H
#define IR_RECIPE_H

#include <stdint.h>

#include "ir/space.h"

/* The bits of IR_FRAG that only a later fragment has. */
#define IR_RECIPE_OFFSET	0xfff8u

/* Chooses extension headers, which may make the packet longer. */
void ir_recipe_draw_exts(const struct ir_space *s, struct rng *r,
			 struct ir_recipe *c);

/*
 * Lays them out as the fields and the kind say.  Returns the bytes before the
 * transport header, or before the fragment header of a later fragment; *most is
 * lowered to where the packet ends if one of them is to be cut off.
 */
uint32_t ir_recipe_put_exts(struct ir_recipe *c, uint32_t *most);

#endif
