/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/run.h - what every test program's main() does
 *
 * Where a package is built, root may have no more rights than anybody and should
 * not use them: TESTS_AS_USER in the environment says so.
 */
#ifndef TESTS_UNIT_RUN_H
#define TESTS_UNIT_RUN_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* The exit status of a program that left out tests. */
#define TEST_SKIPPED	77

/* Whether a test may do what only root can. */
static inline bool test_privileged(void)
{
	return !geteuid() && !getenv("TESTS_AS_USER");
}

/*
 * Runs and frees @s, and returns the exit status; that is TEST_SKIPPED where
 * nothing failed and @s is not @whole.
 */
static inline int test_run(Suite *s, bool whole)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	if (failed)
		return EXIT_FAILURE;
	return whole ? EXIT_SUCCESS : TEST_SKIPPED;
}

#endif
