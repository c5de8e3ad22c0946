/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/types.h - the types of an object (BTF), and what they are needed for
 *
 * They say how maps look, which functions of the kernel are called, and of which
 * structures of the kernel which members are read, so that a loader can put in
 * their offsets in the kernel at hand (CO-RE).
 *
 * Adding never fails: the first error sticks, and be_types_finish() returns it.
 */
#ifndef BACKEND_TYPES_H
#define BACKEND_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "backend/asm.h"
#include "backend/attach.h"
#include "backend/kernel.h"
#include "backend/map.h"

struct be_types;

/* NULL: out of memory. */
struct be_types *be_types_new(void);
void be_types_free(struct be_types *t);

/* How many bytes a map's description takes in the section ".maps". */
uint32_t be_types_map_size(void);

/* Map @d as the variable @name at @offset of ".maps". */
void be_types_add_map(struct be_types *t, enum be_map_id id, const char *name,
		      const struct be_map_def *d, uint32_t offset);

/* The only value of @d as the variable @name at @offset of @section. */
void be_types_add_value(struct be_types *t, enum be_map_id id, const char *name,
			const char *section, const struct be_map_def *d,
			uint32_t offset);

/* A function of the kernel that is called. */
void be_types_add_kfunc(struct be_types *t, enum be_kfunc f);

/*
 * The program @name, all that is in @section, whose context is a pointer to struct
 * @ctx; it is to be adapted at those of @a's references that are about the kernel.
 */
void be_types_add_program(struct be_types *t, const char *name,
			  const char *section, const char *ctx,
			  const struct be_asm *a);

/*
 * What the sections ".BTF" and ".BTF.ext" hold; good until be_types_free().  0 or
 * -errno.
 */
struct be_types_section {
	const void	*data;
	size_t		size;
};

int be_types_finish(struct be_types *t, struct be_types_section *btf,
		    struct be_types_section *ext);

#endif
