/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/privilege.h - whether a test may do what only root can
 *
 * Where a package is built, root may have no more rights than anybody and should
 * not use them: TESTS_AS_USER in the environment says so.
 */
#ifndef TESTS_UNIT_PRIVILEGE_H
#define TESTS_UNIT_PRIVILEGE_H

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static inline bool test_privileged(void)
{
	return !geteuid() && !getenv("TESTS_AS_USER");
}

#endif
