/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/recipe.h - what ir/recipe.c and ir/recipe6.c share */
#ifndef IR_RECIPE_H
#define IR_RECIPE_H

#include <stdint.h>

#include "ir/space.h"

/* Chains of IPv6 extension headers that ir_recipe.exts says; 0: none. */
#define IR_RECIPE_EXTS	6

/* The bytes of such a chain. */
uint32_t ir_recipe_exts_size(uint32_t exts);

/*
 * Lays out the headers between the IPv6 header and @least bytes that must follow;
 * leaves those away for which there is no room.  The bytes before them.
 */
uint32_t ir_recipe_put_exts(struct ir_recipe *c, uint32_t least);

#endif
