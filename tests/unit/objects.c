/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/objects.c - programs of objects, for the tests of programs */
#include "config.h"

#include "tests/unit/objects.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Names are between two NULs. */
void object_rename(void *image, size_t size, const char *from, const char *to)
{
	const size_t n = strlen(from);
	char *p = image, *end = p + size;
	int found = 0;

	ck_assert_uint_le(strlen(to), n);
	while ((p = memmem(p, (size_t)(end - p), from, n))) {
		if (!p[-1] && !p[n]) {
			strcpy(p, to);
			found++;
		}
		p += n;
	}
	ck_assert_int_gt(found, 0);
}

void *object_make(const struct object *o, size_t *size)
{
	const struct be_object_opts opts = {
		.test = o->test, .flows = o->flows,
	};
	struct be_plan plan = { .type = o->type };
	struct be_object *obj;
	struct diag diag;
	void *image = NULL;

	diag_init(&diag);
	plan.hooks[o->type] = o->hooks;
	obj = be_object_new(o->c, &plan, &opts, &diag);
	ck_assert_msg(obj != NULL, "%s", diag.msg);
	ck_assert_msg(!be_object_finish(obj, NULL, &image, size, &diag), "%s",
		      diag.msg);
	be_object_free(obj);
	if (o->copies)
		object_rename(image, *size, "bpf_stream", "bpf_strean");
	return image;
}

int object_load(const struct object *o, int counters, int test)
{
	struct diag diag;
	size_t size;
	void *image = object_make(o, &size);
	int fd;

	diag_init(&diag);
	fd = be_object_load(image, size, o->type, counters, test, &diag);
	ck_assert_msg(fd >= 0, "%s", diag.msg);
	free(image);
	return fd;
}
