/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/objects.h - programs of objects, for the tests of programs
 *
 * What is in an object is what a loader adapts to its kernel; where a test needs
 * it adapted to another one, a name is changed in the object.
 */
#ifndef TESTS_UNIT_OBJECTS_H
#define TESTS_UNIT_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/object.h"
#include "translator/classifier.h"

struct object {
	const struct tr_classifier *c;
	enum be_hook_type type;
	uint32_t	hooks;
	bool		test;		/* with struct be_test_input */
	bool		copies;		/* as on a kernel before Linux 6.17 */
	enum be_flows	flows;
};

/* The bytes of one, the caller's to free().  Aborts the test where there are none. */
void *object_make(const struct object *o, size_t *size);

/* Its program, loaded: a new fd. */
int object_load(const struct object *o, int counters, int test);

/* Another name, no longer, for all that are named @from. */
void object_rename(void *image, size_t size, const char *from, const char *to);

#endif
