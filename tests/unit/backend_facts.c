/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_facts.c - what is known of the kernel outlives a process
 *
 * As root; exit 77 otherwise.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/bpffs.h"
#include "backend/facts.h"
#include "backend/program.h"
#include "backend/sys.h"
#include "tests/unit/nslab.h"

#define PIN	BE_RUNDIR "/kernel"

/* Where things are in the box. */
enum { LAYOUT = 4, SUM = 8, BOOT = 16, RELEASE = 56 };

static struct be_kernel learnt;

static void learn(void)
{
	unlink(PIN);
	be_facts_forget();
	ck_assert_int_eq(be_kernel_read(&learnt, &diag), 0);
	ck_assert(be_type_supported(BE_XDP));
}

/* Whether a process that starts now finds all that was learnt. */
static bool kept(void)
{
	const struct be_facts *f;

	be_facts_forget();
	f = be_facts_get();
	if (!f->btf) {
		ck_assert_uint_eq(f->types, 0);
		return false;
	}
	ck_assert_mem_eq(&f->kernel, &learnt, sizeof(learnt));
	return f->types & 1u << BE_XDP;
}

/* Such a process learns again, the same, and keeps it. */
static void expect_learns(void)
{
	struct be_kernel k;

	ck_assert(!kept());
	ck_assert_int_eq(be_kernel_read(&k, &diag), 0);
	ck_assert_mem_eq(&k, &learnt, sizeof(k));
	ck_assert(be_type_supported(BE_XDP));
	ck_assert(kept());
}

static uint8_t *read_pin(size_t *size)
{
	int fd = be_sys_get(PIN);
	void *v;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(be_box_read(fd, &v, size), 0);
	close(fd);
	return v;
}

static void write_pin(const void *v, size_t size)
{
	int fd = be_box_create("test", v, size);

	ck_assert_int_ge(fd, 0);
	unlink(PIN);
	ck_assert_int_eq(be_sys_pin(fd, PIN), 0);
	close(fd);
}

static void put_sum(uint8_t *v, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325ull;
	size_t i;

	for (i = BOOT; i < size; i++)
		sum = (sum ^ v[i]) * 0x100000001b3ull;
	memcpy(v + SUM, &sum, sizeof(sum));
}

START_TEST(outlive_the_process)
{
	learn();
	ck_assert(kept());
	ck_assert(access(PIN "-new", F_OK));
	/* Not a namespace's. */
	commit(&stop);
	ck_assert(kept());
	expect(&stop);
	detach();
	ck_assert(kept());
}
END_TEST

START_TEST(damaged)
{
	size_t size, i;
	uint8_t *v;

	learn();
	v = read_pin(&size);
	for (i = 0; i < size; i += i < SUM ? 1 : 3) {
		v[i] ^= 0x10;
		write_pin(v, size);
		ck_assert(!kept());
		v[i] ^= 0x10;
	}
	write_pin(v, size);
	ck_assert(kept());
	write_pin(v, size - 8);
	ck_assert(!kept());
	v[RELEASE + 70] = 1;
	write_pin(v, size);
	expect_learns();
	free(v);
}
END_TEST

/* Whole, but of another boot, another kernel, or another version or build of us. */
START_TEST(stale)
{
	static const size_t at[] = { BOOT, RELEASE, 0, LAYOUT };
	size_t size, i;
	uint8_t *v;

	learn();
	v = read_pin(&size);
	put_sum(v, size);
	write_pin(v, size);
	ck_assert(kept());
	for (i = 0; i < sizeof(at) / sizeof(*at); i++) {
		v[at[i]] ^= 1;
		put_sum(v, size);
		write_pin(v, size);
		expect_learns();
		v[at[i]] ^= 1;
	}
	free(v);
}
END_TEST

/* Somebody else's, or open to somebody else, or no box at all. */
START_TEST(foreign)
{
	int fd;

	learn();
	ck_assert_int_eq(chmod(PIN, 0620), 0);
	expect_learns();
	ck_assert_int_eq(chown(PIN, 1, 0), 0);
	expect_learns();
	fd = be_sys_map_create(BPF_MAP_TYPE_HASH, "test", 4, 64, 8);
	ck_assert_int_ge(fd, 0);
	unlink(PIN);
	ck_assert_int_eq(be_sys_pin(fd, PIN), 0);
	close(fd);
	expect_learns();
	unlink(PIN);
	ck_assert_int_eq(mkdir(PIN, 0700), 0);
	ck_assert(!kept());
	commit(&stop);
	expect(&stop);
	detach();
	rmdir(PIN);
}
END_TEST

/* What cannot be kept is learnt by every process, and nothing else fails. */
START_TEST(not_kept)
{
	unsigned int n;

	for (n = 1; n < 6; n++) {
		unlink(PIN);
		be_facts_forget();
		be_fault_set(n, BE_FAULT_FAIL);
		ck_assert_int_eq(be_kernel_read(&learnt, &diag), 0);
		be_fault_set(0, BE_FAULT_FAIL);
		ck_assert_int_ge(learnt.member[BE_SKB_DATA], 0);
	}
	learn();
	ck_assert(kept());
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, outlive_the_process);
	tcase_add_test(tc, damaged);
	tcase_add_test(tc, stale);
	tcase_add_test(tc, foreign);
	tcase_add_test(tc, not_kept);
}

int main(void)
{
	return nslab_run("backend facts", 120, add_tests);
}
