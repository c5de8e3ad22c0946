/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/map.h - the maps that a program refers to, and how they are made
 *
 * A definition says all there is to say of a map, so that it can be created here
 * or written down for somebody else to create.
 */
#ifndef BACKEND_MAP_H
#define BACKEND_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/diag.h"
#include "translator/classifier.h"

enum be_map_id {
	BE_MAP_TABLE,		/* the classifier's block */
	BE_MAP_COUNTERS,	/* per CPU: struct ir_counter by id */
	BE_MAP_IFACES,		/* xdp, tc: be_ifaces_create() */
	BE_MAP_FLOWS,		/* the flow memo (flow.h) */
	BE_MAP_ROUTES,		/* the route memo (routes.h) */
	BE_MAP_STACK,		/* deep jump stacks (stack.c) */
	BE_MAP_TEST,		/* struct be_test_input */
	BE_NMAPS
};

/* Whether the programs of one ruleset have the map in common. */
static inline bool be_map_is_shared(enum be_map_id id)
{
	return id != BE_MAP_FLOWS && id != BE_MAP_ROUTES &&
	       id != BE_MAP_STACK;
}

struct be_map_def {
	const char	*name;
	uint32_t	type;		/* enum bpf_map_type */
	uint32_t	key;		/* bytes */
	uint32_t	value;
	uint32_t	entries;
	uint32_t	flags;		/* BPF_F_* */
	const void	*data;		/* borrowed: what the first value begins */
	uint32_t	data_size;	/* with; the rest is zeros */
};

/* A new fd, or -errno. */
int be_map_create(const struct be_map_def *d);

/*
 * The table of @c, whose data is @c's.  0, or -E2BIG told in @diag where a program
 * cannot reach all of it.
 */
int be_table_def(const struct tr_classifier *c, struct be_map_def *d,
		 struct diag *diag);
struct be_map_def be_counter_def(uint32_t ncounters);

#endif
