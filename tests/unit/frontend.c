/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend.c - the front end's tests, and images that are not ours
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "frontend/tables.h"
#include "tests/unit/frontend_run.h"
#include "tests/unit/run.h"

struct image {
	unsigned char	*data;
	size_t		size;
};

static struct image image;

static void make_image(struct run *r, struct ir_table *t)
{
	void *data;

	(void)r;
	ck_assert_int_eq(fe_image_write(t, false, &data, &image.size), 0);
	image.data = data;
}

static void setup(void)
{
	struct run r = { .look = make_image };

	run(&r, "*filter\n:a -\n:b -\n-A INPUT -p tcp --dport 1:2 -j a\n"
		"-A a -i eth0 -m comment --comment hello -g b\n"
		"-A b -m multiport -p udp --ports 1,2 -j DROP\nCOMMIT\n");
	ck_assert_ptr_nonnull(image.data);
	run_free(&r);
}

static void teardown(void)
{
	free(image.data);
	image.data = NULL;
}

static int read_image(const unsigned char *data, size_t size)
{
	struct ir_table *t = NULL;
	struct diag diag;
	int err;

	diag_init(&diag);
	err = fe_image_read(data, size, &t, &diag);
	ck_assert(err ? diag.set : t != NULL);
	diag_clear(&diag);
	ir_table_free(t);
	return err;
}

START_TEST(test_truncated)
{
	unsigned char *copy;
	size_t n;

	for (n = 0; n < image.size; n++) {
		copy = malloc(n ? n : 1);
		memcpy(copy, image.data, n);
		ck_assert_int_eq(read_image(copy, n), -EINVAL);
		free(copy);
	}
	ck_assert_int_eq(read_image(image.data, image.size), 0);
}
END_TEST

START_TEST(test_damaged)
{
	size_t i;

	for (i = 0; i < image.size; i++) {
		image.data[i] ^= 0x41;
		ck_assert_int_eq(read_image(image.data, image.size), -EINVAL);
		image.data[i] ^= 0x41;
	}
}
END_TEST

#define HEADER	64	/* bytes of the image's header */
#define SUM_AT	20	/* where in it the checksum is */
#define FAMILY_AT 28	/* and the family */

/* FNV-1a of the image with the checksum 0; puts it in. */
static void sum_up(unsigned char *p, size_t n)
{
	uint32_t sum = 2166136261u;
	size_t i;

	memset(p + SUM_AT, 0, sizeof(sum));
	for (i = 0; i < n; i++)
		sum = (sum ^ p[i]) * 16777619u;
	memcpy(p + SUM_AT, &sum, sizeof(sum));
}

/* With a right checksum, too: no byte may lead out of the image. */
START_TEST(test_forged)
{
	unsigned char *copy = malloc(image.size);
	uint32_t seed = 1;
	size_t i, k;

	memcpy(copy, image.data, image.size);
	sum_up(copy, image.size);
	ck_assert_mem_eq(copy, image.data, image.size);
	for (i = 0; i < 20 * image.size; i++) {
		memcpy(copy, image.data, image.size);
		for (k = 0; k <= i % 3; k++) {
			seed = seed * 1103515245 + 12345;
			copy[HEADER + (seed >> 8) % (image.size - HEADER)] ^=
				1 << (seed >> 4) % 8;
		}
		sum_up(copy, image.size);
		read_image(copy, image.size);
	}
	free(copy);
}
END_TEST

/* Tables one behind the other, as they are committed. */
struct tables {
	void		*data;
	size_t		size;
};

static void put(struct tables *all, const char *name, const char *chain,
		bool counters)
{
	struct ir_table *t = ir_table_new(AF_INET, name);
	struct ir_chain *c;
	void *data;
	size_t size;

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(ir_chain_add(t, chain, NULL), 0);
	c = ir_table_base(t, IR_HOOK_OUTPUT);
	c->counter.packets = 7;
	c->counter.bytes = 1ull << 40;
	ck_assert_int_eq(fe_tables_put(all->data, all->size, t, counters, &data,
				       &size, NULL), 0);
	free(all->data);
	all->data = data;
	all->size = size;
	ir_table_free(t);
}

/* That is what the table of this name has. */
static void expect_part(const struct tables *all, const char *name,
			const char *chain, uint64_t packets)
{
	struct fe_part part;
	struct ir_table *t;

	ck_assert_int_eq(fe_tables_find(all->data, all->size, name, &part,
					NULL), 1);
	ck_assert_int_eq(part.info.counters, packets != 0);
	ck_assert_int_eq(fe_image_read(part.data, part.info.size, &t, NULL), 0);
	ck_assert_str_eq(ir_table_name(t), name);
	ck_assert_ptr_nonnull(ir_table_find(t, chain));
	ck_assert_uint_eq(ir_table_base(t, IR_HOOK_OUTPUT)->counter.packets,
			  packets);
	ir_table_free(t);
}

START_TEST(test_tables)
{
	static const char *const order[] = { "nat", "filter", "raw" };
	struct tables all = { NULL, 0 };
	struct fe_part part;
	size_t at = 0, i;

	ck_assert_int_eq(fe_tables_find(NULL, 0, "nat", &part, NULL), 0);
	put(&all, "nat", "one", true);
	put(&all, "filter", "two", false);
	put(&all, "raw", "three", true);
	put(&all, "nat", "a-much-longer-name", true);
	put(&all, "filter", "5", true);
	put(&all, "filter", "six", false);
	expect_part(&all, "nat", "a-much-longer-name", 7);
	expect_part(&all, "filter", "six", 0);
	expect_part(&all, "raw", "three", 7);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(fe_tables_next(all.data, all.size, &at, &part,
						NULL), 1);
		ck_assert_str_eq(part.info.table, order[i]);
	}
	ck_assert_int_eq(fe_tables_next(all.data, all.size, &at, &part, NULL),
			 0);
	ck_assert_int_eq(fe_tables_find(all.data, all.size, "mangle", &part,
					NULL), 0);
	free(all.data);
}
END_TEST

/* What is missing or damaged is no table, and nothing is put beside it. */
START_TEST(test_damaged_tables)
{
	struct tables all = { NULL, 0 };
	struct ir_table *t = ir_table_new(AF_INET, "raw");
	struct fe_part part;
	size_t first, n, at;
	void *out;

	put(&all, "nat", "one", true);
	first = all.size;
	put(&all, "filter", "two", false);
	for (n = first + 1; n < all.size; n++) {
		at = 0;
		ck_assert_int_eq(fe_tables_next(all.data, n, &at, &part, NULL),
				 1);
		ck_assert_int_eq(fe_tables_next(all.data, n, &at, &part, NULL),
				 -EINVAL);
		ck_assert_int_eq(fe_tables_put(all.data, n, t, false, &out, &at,
					       NULL), -EINVAL);
	}
	ir_table_free(t);
	free(all.data);
}
END_TEST

/* Entries of one family are none of the other. */
START_TEST(test_other_family)
{
	static const uint32_t families[] = { AF_INET6, AF_UNSPEC, 77 };
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(*families); i++) {
		memcpy(image.data + FAMILY_AT, &families[i],
		       sizeof(families[i]));
		sum_up(image.data, image.size);
		ck_assert_int_eq(read_image(image.data, image.size), -EINVAL);
	}
}
END_TEST

static TCase *image_tests(void)
{
	TCase *tc = tcase_create("image");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_damaged);
	tcase_add_test(tc, test_forged);
	tcase_add_test(tc, test_tables);
	tcase_add_test(tc, test_damaged_tables);
	tcase_add_test(tc, test_other_family);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("frontend");

	suite_add_tcase(s, rule_tests());
	suite_add_tcase(s, rule6_tests());
	suite_add_tcase(s, error_tests());
	suite_add_tcase(s, edit_tests());
	suite_add_tcase(s, list_tests());
	suite_add_tcase(s, image_tests());
	return test_run(s, true);
}
