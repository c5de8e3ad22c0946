/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend.c - the front end's tests, and images that are not ours
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/image.h"
#include "tests/unit/frontend_run.h"

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

#define HEADER	56	/* bytes of the image's header */
#define SUM_AT	20	/* where in it the checksum is */

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

static TCase *image_tests(void)
{
	TCase *tc = tcase_create("image");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_damaged);
	tcase_add_test(tc, test_forged);
	return tc;
}

int main(void)
{
	Suite *s = suite_create("frontend");
	SRunner *sr;
	int failed;

	suite_add_tcase(s, rule_tests());
	suite_add_tcase(s, rule6_tests());
	suite_add_tcase(s, error_tests());
	suite_add_tcase(s, edit_tests());
	suite_add_tcase(s, list_tests());
	suite_add_tcase(s, image_tests());
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
