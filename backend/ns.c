/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/ns.c - opening, reading and ending the state in the kernel
 */
#include "backend/ns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "backend/bpffs.h"
#include "backend/generation.h"
#include "backend/state.h"
#include "backend/sys.h"

/* That it cannot be seen is not that there is none. */
static int find_dir(const char *dir, bool *found, struct diag *diag)
{
	int err;

	*found = !access(dir, F_OK);
	if (*found || errno == ENOENT || errno == ENOTDIR)
		return 0;
	err = -errno;
	if (err == -EACCES || err == -EPERM)
		diag_error(diag, NULL, BE_NOT_ROOT);
	else
		diag_error(diag, NULL, "cannot look for '%s': %s", dir,
			   strerror(-err));
	return err;
}

static int open_dir(struct be_ns **out, const char *run, uint64_t cookie,
		    bool here, bool create, struct diag *diag)
{
	struct be_ns *ns = calloc(1, sizeof(*ns));
	bool found = true;
	int err = 0;

	if (!ns) {
		diag_error(diag, NULL, "out of memory");
		return -ENOMEM;
	}
	ns->cookie = cookie;
	ns->here = here;
	snprintf(ns->dir, sizeof(ns->dir), "%s/%" PRIu64, run, cookie);
	if (!create)
		err = find_dir(ns->dir, &found, diag);
	if (err || !found) {
		free(ns);
		return err;
	}
	/* Every error is told through diag; libbpf would print its own. */
	libbpf_set_print(NULL);
	*out = ns;
	return 0;
}

static int own_cookie(uint64_t *cookie, struct diag *diag)
{
	int err = be_netns_cookie(cookie);

	if (err)
		diag_error(diag, NULL, "cannot tell the network namespace: %s",
			   strerror(-err));
	return err;
}

int be_ns_open(struct be_ns **out, bool create, struct diag *diag)
{
	uint64_t cookie;
	const char *run;
	int err;

	*out = NULL;
	err = own_cookie(&cookie, diag);
	if (err)
		return err;
	run = be_bpffs_path(create, diag);
	if (!run)
		return errno == ENOENT && !create ? 0 : -errno;
	return open_dir(out, run, cookie, true, create, diag);
}

int be_ns_open_cookie(struct be_ns **out, uint64_t cookie, struct diag *diag)
{
	const char *run;
	uint64_t own;
	int err;

	*out = NULL;
	err = own_cookie(&own, diag);
	if (err)
		return err;
	run = be_bpffs_path(false, diag);
	if (!run)
		return errno == ENOENT ? 0 : -errno;
	return open_dir(out, run, cookie, own == cookie, false, diag);
}

void be_ns_close(struct be_ns *ns)
{
	free(ns);
}

int be_ns_list(uint64_t **cookie, size_t *n, struct diag *diag)
{
	struct be_names names;
	const char *run;
	uint32_t i;
	char *end;
	int err;

	*cookie = NULL;
	*n = 0;
	run = be_bpffs_path(false, diag);
	if (!run)
		return errno == ENOENT ? 0 : -errno;
	err = be_names_read(run, &names);
	if (!err && names.n) {
		*cookie = calloc(names.n, sizeof(**cookie));
		if (!*cookie)
			err = -ENOMEM;
	}
	for (i = 0; !err && i < names.n; i++) {
		(*cookie)[*n] = strtoull(names.name[i], &end, 10);
		if (!*end)
			++*n;
	}
	be_names_free(&names);
	if (err)
		diag_error(diag, NULL, "cannot read '%s': %s", run,
			   strerror(-err));
	return err;
}

static int read_generation(const struct be_ns *ns, uint32_t gen,
			   struct be_image *image)
{
	struct be_meta meta, again;
	uint32_t active;
	int err;

	err = be_generation_meta(ns, gen, &meta);
	if (err)
		return err;
	image->serial = meta.serial;
	image->conntrack = meta.conntrack;
	image->attach = meta.attach;
	image->ncounters = meta.ncounters;
	image->counter = calloc(meta.ncounters + 1ul, sizeof(*image->counter));
	if (!image->counter)
		return -ENOMEM;
	err = be_generation_image(ns, gen, &image->ruleset, &image->size);
	if (!err)
		err = be_generation_count(ns, gen, meta.ncounters,
					  image->counter);
	if (!err)
		err = be_active_read(ns, be_family_of(gen), &active);
	if (!err)
		err = active == gen ? be_generation_meta(ns, gen, &again) :
				      -EAGAIN;
	if (!err && again.serial != meta.serial)
		err = -EAGAIN;
	return err;
}

int be_ns_read(struct be_ns *ns, int family, struct be_image *image,
	       struct diag *diag)
{
	uint32_t active = BE_NONE;
	int err, i;

	memset(image, 0, sizeof(*image));
	for (i = 0; i < BE_RETRIES; i++) {
		image->family = family;
		err = be_active_read(ns, family, &active);
		if (!err && active == BE_NONE)
			return 0;
		if (!err)
			err = read_generation(ns, active, image);
		if (!err)
			return 0;
		be_image_free(image);
		if (!be_overtaken(ns, family, active, err))
			break;
	}
	if (err == -EPROTO)
		diag_error(diag, NULL,
			   "what is loaded was loaded by another version");
	else
		diag_error(diag, NULL, "cannot read what is loaded: %s",
			   strerror(-err));
	return err;
}

/* Whether the generation @gen is that of @image. */
static bool is_of(const struct be_ns *ns, uint32_t gen,
		  const struct be_image *image)
{
	struct be_meta meta;

	return !be_generation_meta(ns, gen, &meta) &&
	       meta.serial == image->serial;
}

struct tr_classifier *be_ns_classifier(const struct be_ns *ns,
				       const struct be_image *image)
{
	struct tr_classifier *c;
	uint32_t gen;

	if (!image->ncounters ||
	    be_active_read(ns, image->family, &gen) || gen == BE_NONE ||
	    !is_of(ns, gen, image))
		return NULL;
	c = be_generation_classifier(ns, gen);
	if (is_of(ns, gen, image))
		return c;
	tr_classifier_free(c);
	return NULL;
}

void be_image_free(struct be_image *image)
{
	free(image->ruleset);
	free(image->counter);
	memset(image, 0, sizeof(*image));
}

static int switch_off(struct be_ns *ns, int family, struct diag *diag)
{
	const uint32_t none = BE_NONE;
	int fd, err;

	fd = be_sys_get(be_ns_path(ns, "active-%s", be_family_name(family)).s);
	err = fd < 0 ? fd : be_box_put(fd, &none);
	if (fd >= 0)
		close(fd);
	if (!err || err == -ENOENT)
		return 0;
	diag_error(diag, NULL, "cannot switch off: %s", strerror(-err));
	return err;
}

/* As much as can be: the first error is told, and what is off is tidied. */
static int detach_both(struct be_ns *ns, struct diag *diag)
{
	const int four = switch_off(ns, AF_INET, diag);
	const int six = switch_off(ns, AF_INET6, diag);
	int err = 0;

	if (!four || !six)
		err = be_ns_tidy(ns, four ? AF_INET6 : AF_INET, diag);
	if (four)
		return four;
	return six ? six : err;
}

int be_ns_detach(struct be_ns *ns, int family, struct diag *diag)
{
	int err;

	if (family == AF_UNSPEC)
		return detach_both(ns, diag);
	err = switch_off(ns, family, diag);
	return err ? err : be_ns_tidy(ns, family, diag);
}
