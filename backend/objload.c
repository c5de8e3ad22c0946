/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/objload.c - an object into the kernel, as any loader does it
 *
 * With libbpf, by what is in the file alone.  Only the maps that the caller looks
 * into are its own.
 */
#include "backend/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "backend/gen.h"

/* What libbpf said first; it has one place for it in a process. */
static char word[256];

static int keep_word(enum libbpf_print_level level, const char *fmt,
		     va_list args)
{
	size_t n;

	if (level != LIBBPF_WARN || *word)
		return 0;
	vsnprintf(word, sizeof(word), fmt, args);
	n = strlen(word);
	while (n && word[n - 1] == '\n')
		word[--n] = '\0';
	return 0;
}

/* Only the program for @ops is loaded, as what it is for: libbpf 1.1 knows no
 * netfilter. */
static int choose(struct bpf_object *obj, const struct be_hook_ops *ops)
{
	struct bpf_program *p;
	int err = -ENOENT;

	bpf_object__for_each_program(p, obj) {
		if (strcmp(bpf_program__section_name(p), ops->name)) {
			bpf_program__set_autoload(p, false);
			continue;
		}
		err = bpf_program__set_type(p,
					    (enum bpf_prog_type)ops->prog_type);
		if (!err)
			err = bpf_program__set_expected_attach_type(p,
				(enum bpf_attach_type)ops->attach_type);
	}
	return err;
}

static int use(struct bpf_object *obj, const char *name, int fd)
{
	struct bpf_map *m;

	if (fd < 0)
		return 0;
	m = bpf_object__find_map_by_name(obj, name);
	return m ? bpf_map__reuse_fd(m, fd) : -ENOENT;
}

static int take(struct bpf_object *obj, const struct be_hook_ops *ops)
{
	struct bpf_program *p;
	int fd;

	bpf_object__for_each_program(p, obj) {
		if (strcmp(bpf_program__section_name(p), ops->name))
			continue;
		fd = fcntl(bpf_program__fd(p), F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : fd;
	}
	return -ENOENT;
}

int be_object_load(const void *image, size_t size, enum be_hook_type type,
		   int counters, int test, struct diag *diag)
{
	static const struct be_hook_ops *const types[BE_NTYPES] = {
		[BE_NETFILTER]	= &be_hook_netfilter,
		[BE_XDP]	= &be_hook_xdp,
		[BE_TC]		= &be_hook_tc,
	};
	LIBBPF_OPTS(bpf_object_open_opts, o, .object_name = "xtbpf");
	libbpf_print_fn_t old = libbpf_set_print(keep_word);
	struct bpf_object *obj;
	int err;

	*word = '\0';
	obj = bpf_object__open_mem(image, size, &o);
	err = obj ? choose(obj, types[type]) : -errno;
	if (!err)
		err = use(obj, BE_OBJECT_COUNTERS, counters);
	if (!err)
		err = use(obj, BE_OBJECT_TEST, test);
	if (!err)
		err = bpf_object__load(obj);
	if (!err)
		err = take(obj, types[type]);
	bpf_object__close(obj);
	libbpf_set_print(old);
	if (err < 0)
		diag_error(diag, NULL, "cannot load the object for hook '%s': %s%s%s",
			   types[type]->name, strerror(-err),
			   *word ? ": " : "", word);
	return err;
}
