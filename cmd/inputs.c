/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/inputs.c - the rulesets that a batch is about, and what each becomes
 *
 * NAME becomes NAME.bpf.o, without an ending that says no more than that it is a
 * ruleset.
 */
#include "config.h"

#include "cmd/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OBJECT	".bpf.o"

/* Deeper ones are taken for a loop. */
#define MAX_DEPTH 64

static char *at_fault;

static bool ends_in(const char *s, const char *end)
{
	const size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

static size_t bare_length(const char *name)
{
	static const char *const endings[] = {
		".rules", ".iptables", ".ip6tables", ".save",
	};
	size_t i;

	for (i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (ends_in(name, endings[i]))
			return strlen(name) - strlen(endings[i]);
	return strlen(name);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The object of @path, of which @below is the part that is kept under @dir. */
static char *object_of(const char *path, const char *below, const char *dir)
{
	const char *from = dir ? below : path;
	const char *name = base_name(from);
	char *s;

	if (asprintf(&s, "%s%s%.*s" OBJECT, dir ? dir : "", dir ? "/" : "",
		     (int)((size_t)(name - from) + bare_length(name)),
		     from) < 0)
		return NULL;
	return s;
}

static int fail(const char *path, int err)
{
	free(at_fault);
	at_fault = strdup(path);
	return err;
}

/* Takes @path over. */
static int add(struct cmd_inputs *in, char *path, const char *below,
	       const char *dir)
{
	struct cmd_input *p = in->input;

	if (in->n == in->size) {
		in->size = in->size ? in->size * 2 : 64;
		p = realloc(p, in->size * sizeof(*p));
		if (!p) {
			free(path);
			return -ENOMEM;
		}
		in->input = p;
	}
	p += in->n++;
	p->path = path;
	p->output = object_of(path, below, dir);
	return p->output ? 0 : -ENOMEM;
}

static int is_wanted(const struct dirent *e)
{
	return *e->d_name != '.' && !ends_in(e->d_name, "~") &&
	       !ends_in(e->d_name, ".o");
}

static int add_folder(struct cmd_inputs *in, const char *path, size_t above,
		      const char *dir, int depth);

/* Something in a folder; of it what is behind @above is kept. */
static int add_found(struct cmd_inputs *in, char *path, size_t above,
		     const char *dir, int depth)
{
	struct stat st;
	int err = 0;

	if (stat(path, &st)) {
		err = fail(path, -errno);
	} else if (S_ISREG(st.st_mode)) {
		return add(in, path, path + above, dir);
	} else if (S_ISDIR(st.st_mode)) {
		err = depth == MAX_DEPTH ? fail(path, -ELOOP) :
		      add_folder(in, path, above, dir, depth + 1);
	}
	free(path);
	return err;
}

static int add_folder(struct cmd_inputs *in, const char *path, size_t above,
		      const char *dir, int depth)
{
	struct dirent **list;
	char *inner;
	int n, i, err = 0;

	n = scandir(path, &list, is_wanted, alphasort);
	if (n < 0)
		return fail(path, -errno);
	for (i = 0; i < n; i++) {
		if (!err && asprintf(&inner, "%s%s%s", path,
				     ends_in(path, "/") ? "" : "/",
				     list[i]->d_name) < 0)
			err = -ENOMEM;
		else if (!err)
			err = add_found(in, inner, above, dir, depth);
		free(list[i]);
	}
	free(list);
	return err;
}

int cmd_inputs_add(struct cmd_inputs *in, const char *path, const char *dir,
		   const char **at)
{
	struct stat st;
	char *copy;
	size_t above;
	int err;

	fail("", 0);
	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		above = strlen(path) + !ends_in(path, "/");
		err = add_folder(in, path, above, dir, 0);
	} else {
		/* One that is not there is the work's to say, with the rest. */
		copy = strdup(path);
		err = copy ? add(in, copy, base_name(path), dir) : -ENOMEM;
	}
	*at = at_fault && *at_fault ? at_fault : path;
	return err;
}

static int by_output(const void *a, const void *b)
{
	const struct cmd_input *const *x = a, *const *y = b;

	return strcmp((*x)->output, (*y)->output);
}

int cmd_inputs_clash(const struct cmd_inputs *in, const struct cmd_input **a,
		     const struct cmd_input **b)
{
	const struct cmd_input **list = calloc(in->n + 1, sizeof(*list));
	uint32_t i;
	int err = 0;

	if (!list)
		return -ENOMEM;
	for (i = 0; i < in->n; i++)
		list[i] = &in->input[i];
	qsort(list, in->n, sizeof(*list), by_output);
	for (i = 0; !err && i + 1 < in->n; i++) {
		err = by_output(&list[i], &list[i + 1]) ? 0 : -EEXIST;
		*a = list[i];
		*b = list[i + 1];
	}
	free(list);
	return err;
}

void cmd_inputs_free(struct cmd_inputs *in)
{
	uint32_t i;

	for (i = 0; i < in->n; i++) {
		free(in->input[i].path);
		free(in->input[i].output);
	}
	free(in->input);
	free(at_fault);
	at_fault = NULL;
}
