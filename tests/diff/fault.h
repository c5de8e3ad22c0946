/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/fault.h - faults put into our side on purpose
 *
 * An oracle that finds nothing has to show that it would have.
 */
#ifndef TESTS_DIFF_FAULT_H
#define TESTS_DIFF_FAULT_H

#include <stdint.h>

#include <stdbool.h>

#include "ir/ruleset.h"

#define FAULT_NONE	(-1)

/* The number of a fault by its name, or FAULT_NONE. */
int fault_find(const char *name);

/* NULL behind the last. */
const char *fault_name(int fault);

/* Whether only IPv6 rules can have it. */
bool fault_is_ipv6(int fault);

/*
 * Plants fault number @fault at the first rule from number *nth on (in table
 * order) that it fits, and numbers the table anew.  1 where it was planted, and
 * *nth is that rule; 0 where none fits.  *lost is set to a counter to be read
 * as 0, or UINT32_MAX.
 */
int fault_plant(struct ir_table *t, int fault, uint32_t *nth, uint32_t *lost);

#endif
