/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/loops.h - the same tests in kernels that have less */
#ifndef TESTS_UNIT_LOOPS_H
#define TESTS_UNIT_LOOPS_H

#include <stdbool.h>
#include <stdlib.h>

#include "backend/gen.h"
#include "backend/load.h"

/* TESTS_LOOPS_AS_CALLS in the environment: loops as old kernels have them. */
static inline void test_loops(void)
{
	be_program_force_calls(getenv("TESTS_LOOPS_AS_CALLS"));
}

/* The first hook type that this kernel has: netfilter is not in old ones. */
static inline int test_first_type(void)
{
	_Static_assert(BE_NETFILTER == 0, "the first");
	return be_type_supported(BE_NETFILTER) ? BE_NETFILTER : BE_NETFILTER + 1;
}

/* Whether objects can be loaded: their loops are never calls. */
static inline bool test_objects(void)
{
	return !getenv("TESTS_LOOPS_AS_CALLS") &&
	       be_load_loops(BPF_PROG_TYPE_XDP, 0);
}

#endif
