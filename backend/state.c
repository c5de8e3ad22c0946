/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/state.c - paths, and putting the directory in order
 *
 * There is one function that clears up, be_ns_tidy(), and it looks only at what
 * is pinned: at the start of a commit it ends what a killed run left, after an
 * error it undoes this run, after the switch it ends the old generation.
 */
#include "backend/state.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/membarrier.h>

#include "backend/bpffs.h"
#include "backend/conntrack.h"
#include "backend/generation.h"
#include "backend/link.h"
#include "backend/sys.h"

struct be_path be_ns_path(const struct be_ns *ns, const char *fmt, ...)
{
	struct be_path p;
	va_list ap;
	int n;

	n = snprintf(p.s, sizeof(p.s), "%s/", ns->dir);
	va_start(ap, fmt);
	vsnprintf(p.s + n, sizeof(p.s) - (size_t)n, fmt, ap);
	va_end(ap);
	return p;
}

static int names_add(struct be_names *out, const char *name)
{
	const size_t size = sizeof(out->name[0]);
	void *p;

	if (strlen(name) >= size)
		return 0;	/* not one of ours */
	if (!(out->n & (out->n - 1))) {
		p = realloc(out->name, (out->n ? 2ul * out->n : 1) * size);
		if (!p)
			return -ENOMEM;
		out->name = p;
	}
	strcpy(out->name[out->n++], name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int be_names_read(const char *dir, struct be_names *out)
{
	struct dirent *e;
	int err = 0;
	DIR *d;

	memset(out, 0, sizeof(*out));
	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (e = readdir(d)))
		if (e->d_name[0] != '.')
			err = names_add(out, e->d_name);
	closedir(d);
	if (out->n)
		qsort(out->name, out->n, sizeof(out->name[0]), by_name);
	return err;
}

void be_names_free(struct be_names *names)
{
	free(names->name);
	memset(names, 0, sizeof(*names));
}

int be_pin_read(const struct be_path *path, void *value, size_t size)
{
	size_t have;
	void *v;
	int fd, err;

	fd = be_sys_get(path->s);
	if (fd < 0)
		return fd;
	err = be_box_read(fd, &v, &have);
	close(fd);
	if (err)
		return err;
	if (have == size)
		memcpy(value, v, size);
	else
		err = -EINVAL;
	free(v);
	return err;
}

int be_active_read(const struct be_ns *ns, int family, uint32_t *active)
{
	struct be_path p = be_ns_path(ns, "active-%s", be_family_name(family));
	int err;

	err = be_pin_read(&p, active, sizeof(*active));
	if (err == -ENOENT || (!err && be_family_of(*active) != family)) {
		*active = BE_NONE;
		err = 0;
	}
	return err;
}

bool be_overtaken(const struct be_ns *ns, int family, uint32_t gen, int err)
{
	uint32_t active;

	if (err == -EAGAIN)
		return true;
	return !be_active_read(ns, family, &active) && active != gen;
}

void be_grace(void)
{
	/*
	 * Waits for an RCU grace period, and programs run within RCU.  A kernel
	 * with nohz_full has no such call: there a second must do.
	 */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		sleep(1);
}

/* What is in force, of both families. */
struct loaded {
	uint32_t	active[BE_NFAMILIES];
	struct be_meta	meta[BE_NFAMILIES];	/* unless BE_NONE */
};

static int read_loaded(const struct be_ns *ns, struct loaded *l)
{
	int i, err = 0;

	memset(l, 0, sizeof(*l));
	for (i = 0; !err && i < BE_NFAMILIES; i++) {
		err = be_active_read(ns, be_family_of(2 * i), &l->active[i]);
		if (!err && l->active[i] != BE_NONE)
			err = be_generation_meta(ns, l->active[i], &l->meta[i]);
	}
	return err;
}

static bool used(const struct loaded *l, int type)
{
	int i;

	for (i = 0; i < BE_NFAMILIES; i++)
		if (l->active[i] != BE_NONE && l->meta[i].plan.hooks[type])
			return true;
	return false;
}

/* The slots of @family but for the active one. */
static int clear_slots(const struct loaded *l, int family, int fd)
{
	const uint32_t first = 2 * (uint32_t)be_family_number(family);
	uint32_t gen;
	int err = 0;

	for (gen = first; !err && gen < first + 2; gen++)
		if (gen != l->active[first / 2])
			err = be_sys_map_delete(fd, &gen);
	return err;
}

/* Program arrays lose old slots, or themselves where nobody uses them. */
static int tidy_slots(const struct be_ns *ns, const struct loaded *l,
		      int family)
{
	struct be_path p;
	int type, fd, err = 0;

	for (type = 0; !err && type < BE_NTYPES; type++) {
		p = be_ns_path(ns, "slots-%s",
			       be_hook_type_name((enum be_hook_type)type));
		if (!used(l, type)) {
			err = be_sys_unlink(p.s);
			continue;
		}
		fd = be_sys_get(p.s);
		if (fd < 0)
			return fd;
		err = clear_slots(l, family, fd);
		close(fd);
	}
	return err;
}

/* The pin "conntrack" was there before the nft table and goes after it. */
static int conntrack_off(const struct be_ns *ns, int family, struct diag *diag)
{
	struct be_path p = be_ns_path(ns, "conntrack-%s",
				      be_family_name(family));
	int back = -1, err = 0;

	if (access(p.s, F_OK))
		return 0;
	if (!ns->here)
		back = be_netns_enter(ns->cookie);
	if (ns->here || back >= 0)
		err = be_conntrack_off(family, diag);
	be_netns_leave(back);
	return err ? err : be_sys_unlink(p.s);
}

/* An interface's link stays while any family needs it. */
static int tidy_links(const struct be_ns *ns, const struct loaded *l,
		      struct diag *diag)
{
	struct be_links want = { NULL, 0 };
	int i, err = 0;

	for (i = 0; !err && i < BE_NFAMILIES; i++)
		if (l->active[i] != BE_NONE)
			err = be_generation_links(ns, l->active[i], &want);
	if (!err)
		err = be_links_prune(ns, &want, diag);
	be_links_free(&want);
	return err;
}

/* Generations that are not in force. */
static int remove_old(const struct be_ns *ns, const struct loaded *l,
		      int family)
{
	const uint32_t first = 2 * (uint32_t)be_family_number(family);
	uint32_t gen;
	int err = 0;

	for (gen = first; !err && gen < first + 2; gen++)
		if (gen != l->active[first / 2])
			err = be_generation_remove(ns, gen);
	return err;
}

/* Until the last packet has left the old generation. */
static void wait_for_old(const struct be_ns *ns, const struct loaded *l,
			 int family)
{
	const uint32_t first = 2 * (uint32_t)be_family_number(family);
	uint32_t gen;

	for (gen = first; gen < first + 2; gen++) {
		if (gen == l->active[first / 2] ||
		    !be_generation_exists(ns, gen))
			continue;
		be_grace();
		return;
	}
}

static int tidy_loaded(const struct be_ns *ns, const struct loaded *l,
		       int family, struct diag *diag)
{
	const int i = be_family_number(family);
	const bool none = l->active[i] == BE_NONE;
	int err;

	err = tidy_links(ns, l, diag);
	if (!err)
		wait_for_old(ns, l, family);
	if (!err && !none)
		err = be_generation_settle(ns, l->active[i]);
	if (!err)
		err = tidy_slots(ns, l, family);
	if (!err)
		err = remove_old(ns, l, family);
	if (!err && (none || !l->meta[i].conntrack))
		err = conntrack_off(ns, family, diag);
	return err;
}

/* What still has a name goes, "active" last: while it is there, so are we. */
static int remove_names(const struct be_ns *ns)
{
	struct be_names names;
	uint32_t i;
	int err;

	err = be_names_read(ns->dir, &names);
	for (i = 0; !err && i < names.n; i++)
		if (strncmp(names.name[i], "active-", 7))
			err = be_sys_unlink(be_ns_path(ns, "%s",
						       names.name[i]).s);
	be_names_free(&names);
	if (!err)
		err = be_sys_unlink(be_ns_path(ns, "active-ip").s);
	if (!err)
		err = be_sys_unlink(be_ns_path(ns, "active-ip6").s);
	if (!err)
		err = be_sys_rmdir(ns->dir);
	return err;
}

static int remove_all(const struct be_ns *ns, struct diag *diag)
{
	const struct be_links none = { NULL, 0 };
	uint32_t gen;
	int err;

	err = be_links_prune(ns, &none, diag);
	/* A stub that is still running may be about to jump. */
	if (!err)
		be_grace();
	if (!err)
		err = conntrack_off(ns, AF_INET, diag);
	if (!err)
		err = conntrack_off(ns, AF_INET6, diag);
	for (gen = 0; !err && gen < BE_NGENS; gen++)
		err = be_generation_remove(ns, gen);
	if (!err)
		err = remove_names(ns);
	return err;
}

static bool nothing(const struct loaded *l)
{
	return l->active[0] == BE_NONE && l->active[1] == BE_NONE;
}

int be_ns_tidy(const struct be_ns *ns, int family, struct diag *diag)
{
	struct loaded l;
	int err;

	err = read_loaded(ns, &l);
	if (!err && nothing(&l))
		err = remove_all(ns, diag);
	else if (!err)
		err = tidy_loaded(ns, &l, family, diag);
	if (err == -EPROTO)
		diag_error(diag, NULL,
			   "what is loaded was loaded by another version: detach it first");
	else if (err)
		diag_error(diag, NULL, "cannot tidy '%s': %s", ns->dir,
			   strerror(-err));
	return err;
}
