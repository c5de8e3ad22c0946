/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_refused.c - what a program does without where a kernel refuses
 * it
 *
 * In the place of loading it (by the linker) is a kernel that is as narrow as each
 * test wants it, in front of the real one.  As root; exit 77 otherwise.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/asm.h"
#include "backend/gen.h"
#include "backend/load.h"
#include "backend/program.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"

#define BIT(n)	(1u << (n))

/* What a program has that may be refused. */
enum { PLAIN = 1, PEEKS = 2, NO_CALLS = 4, ANYTHING = 8 };

static int refused;		/* bit set of these */
static int with;		/* what -E2BIG, not -EACCES, is said of */
static int last;		/* what the program that was tried last has */
static int tries;

int __wrap_be_load_parts(int prog_type, int attach_type, const char *name,
			 const struct be_asm *a, struct diag *diag);
int __real_be_load_parts(int prog_type, int attach_type, const char *name,
			 const struct be_asm *a, struct diag *diag);

static int features(const struct be_asm *a)
{
	int has = ANYTHING | (a->nfuncs ? 0 : NO_CALLS);
	uint32_t i;

	for (i = 0; i < a->nrefs; i++) {
		if (a->refs[i].kind == BE_REF_KFUNC &&
		    a->refs[i].what == BE_RDONLY_CAST)
			has |= PLAIN;
		if (a->refs[i].kind == BE_REF_MEMBER &&
		    (a->refs[i].what == BE_DEV_IP ||
		     a->refs[i].what == BE_DEV_IP6))
			has |= PEEKS;
	}
	return has;
}

int __wrap_be_load_parts(int prog_type, int attach_type, const char *name,
			 const struct be_asm *a, struct diag *diag)
{
	last = features(a);
	tries++;
	if (last & refused) {
		diag_error(diag, NULL, "the narrow kernel refuses it");
		return last & refused & with ? -E2BIG : -EACCES;
	}
	return __real_be_load_parts(prog_type, attach_type, name, a, diag);
}

/* A program of a table of @family at @type: an fd or -errno. */
static int load_at(int family, enum be_hook_type type, struct diag *diag)
{
	struct ir_table *t = ir_table_new(family, "filter");
	struct tr_classifier *c;
	struct be_program_opts o = {
		.type = type, .ifindex_fd = -1, .test_fd = -1,
		.hooks = BIT(IR_HOOK_INPUT) | BIT(IR_HOOK_FORWARD),
	};
	int fd;

	add_rule(t, ir_table_base(t, IR_HOOK_INPUT), IR_DROP, NULL);
	add_rule(t, ir_table_base(t, IR_HOOK_FORWARD), IR_DROP, NULL);
	ir_table_number(t);
	c = tr_translate(t, NULL, diag);
	ck_assert_ptr_nonnull(c);
	o.table_fd = be_table_create(c, diag);
	o.counter_fd = be_counter_create(c->ncounters, diag);
	ck_assert(o.table_fd >= 0 && o.counter_fd >= 0);
	tries = 0;
	fd = be_program_load(c, &o, NULL, diag);
	close(o.table_fd);
	close(o.counter_fd);
	tr_classifier_free(c);
	ir_table_free(t);
	return fd;
}

/* The same, while nothing may be said. */
static int load_quietly(int family, enum be_hook_type type, struct diag *diag)
{
	const int said = memfd_create("stderr", 0), old = dup(2);
	int fd;

	ck_assert(said >= 0 && old >= 0 && dup2(said, 2) == 2);
	fd = load_at(family, type, diag);
	ck_assert_int_eq(dup2(old, 2), 2);
	ck_assert_int_eq(lseek(said, 0, SEEK_END), 0);
	close(said);
	close(old);
	return fd;
}

static const int families[] = { AF_INET, AF_INET6 };

/* What the real kernel is narrow about is refused by the tests, too. */
static int real;

static void setup(void)
{
	struct diag diag;
	int fd;

	diag_init(&diag);
	refused = with = 0;
	fd = load_at(AF_INET, BE_TC, &diag);
	ck_assert_msg(fd >= 0, "%s", diag.msg);
	close(fd);
	real = ~last & (PLAIN | PEEKS | NO_CALLS);
}

/* No more is given up than what is refused. */
START_TEST(gives_up_only_that)
{
	static const int cases[] = { 0, PLAIN, PEEKS, PLAIN | PEEKS };
	const int all = PLAIN | PEEKS;
	struct diag diag;
	int fd;

	diag_init(&diag);
	refused = cases[_i / 2];
	fd = load_quietly(families[_i % 2], BE_TC, &diag);
	ck_assert_msg(fd >= 0, "%s", diag.msg);
	ck_assert_int_eq(last & all, all & ~refused & ~real);
	ck_assert(!diag.set);
	close(fd);
}
END_TEST

/* Where there were too many ways to follow, the loops are changed first. */
START_TEST(too_large)
{
	struct diag diag;
	int fd;

	if (real & NO_CALLS || !be_load_calls(be_hook_tc.prog_type))
		return;
	diag_init(&diag);
	refused = with = NO_CALLS;
	fd = load_quietly(families[_i], BE_TC, &diag);
	ck_assert_msg(fd >= 0, "%s", diag.msg);
	ck_assert_int_eq(last & (PLAIN | PEEKS), (PLAIN | PEEKS) & ~real);
	close(fd);
}
END_TEST

/* The last reason is told, and the end is reached. */
START_TEST(all_refused)
{
	const enum be_hook_type type = _i % 2 ? BE_TC : BE_XDP;
	struct diag diag;

	diag_init(&diag);
	refused = ANYTHING;
	with = _i / 2 ? ANYTHING : 0;
	ck_assert_int_eq(load_quietly(AF_INET, type, &diag),
			 _i / 2 ? -E2BIG : -EACCES);
	ck_assert_str_eq(diag.msg, "the narrow kernel refuses it");
	ck_assert_int_le(tries, 6);
	ck_assert_int_eq(last & (PLAIN | PEEKS), 0);
	diag_clear(&diag);
}
END_TEST

int main(void)
{
	const bool root = test_privileged() && be_type_supported(BE_TC);
	Suite *s = suite_create("refused programs");
	TCase *tc = tcase_create("refused");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	if (root) {
		tcase_add_loop_test(tc, gives_up_only_that, 0, 8);
		tcase_add_loop_test(tc, too_large, 0, 2);
		tcase_add_loop_test(tc, all_refused, 0, 4);
	}
	suite_add_tcase(s, tc);
	return test_run(s, root);
}
