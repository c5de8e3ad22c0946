/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/commit.c - one ruleset for another, at one instant
 *
 * Everything of the new generation is made and pinned beside the old: maps,
 * programs, slots, links.  A hook type that only one of the two generations
 * uses has the pass program in the other's slot, so that its stubs do nothing
 * before, or after; so has one that only the other family uses, for as long.
 * Then the one store, then the old is cleared away.
 *
 * The store is bpf_map_update_elem() on a 32-bit value of which only one byte
 * ever differs (0 to 4): however the kernel copies it, no stub sees a mixture.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/bpffs.h"
#include "backend/conntrack.h"
#include "backend/generation.h"
#include "backend/link.h"
#include "backend/ns.h"
#include "backend/program.h"
#include "backend/state.h"
#include "backend/sys.h"

struct work {
	struct be_ns	*ns;
	const struct be_commit *c;
	struct be_plan	plan;
	struct be_links	links;
	uint32_t	old;		/* BE_NONE: nothing in force */
	uint32_t	new;
	struct be_meta	meta;		/* of old */
	uint32_t	other;		/* the other family's, or BE_NONE */
	struct be_meta	other_meta;
	int		active_fd[BE_NFAMILIES];
	int		slots_fd[BE_NTYPES];
	int		prog_fd[BE_NTYPES];
};

static int refuse(struct diag *diag, int err, const char *why)
{
	diag_error(diag, NULL, "%s", why);
	return err;
}

static int check_commit(const struct work *w, struct diag *diag)
{
	const struct be_commit *c = w->c;
	uint64_t cookie;

	if (be_family_number(c->family) < 0)
		return refuse(diag, -EINVAL, "there is no such family");
	if (c->classifier && (!c->classifier->ncounters || !c->start))
		return refuse(diag, -EINVAL, "there are no counters");
	if (!c->ruleset || !c->size || c->size > UINT32_MAX)
		return refuse(diag, -EINVAL, "there is no image of the ruleset");
	if (!w->ns->here || be_netns_cookie(&cookie) ||
	    cookie != w->ns->cookie)
		return refuse(diag, -EINVAL,
			      "this is another network namespace");
	return 0;
}

static int make_plan(struct work *w, struct diag *diag)
{
	const struct tr_classifier *cl = w->c->classifier;
	uint32_t hooks = 0;
	int i, err;

	if (!cl)
		return 0;
	for (i = 0; i < IR_NHOOKS; i++)
		if (cl->hook[i].present)
			hooks |= 1u << i;
	if (!hooks)
		return refuse(diag, -EINVAL, "the table has no hook");
	err = be_attach_plan(w->c->attach, hooks, &w->plan, diag);
	if (err)
		return err;
	for (i = 0; i < BE_NTYPES; i++) {
		if (!w->plan.hooks[i] ||
		    be_type_supported((enum be_hook_type)i))
			continue;
		diag_error(diag, NULL, "this kernel has no hook '%s'",
			   be_hook_type_name((enum be_hook_type)i));
		return -EOPNOTSUPP;
	}
	return be_links_want(w->c->family, w->c->attach, &w->plan, &w->links, diag);
}

static int read_active(const struct be_ns *ns, int family, uint32_t *active,
		       struct be_meta *meta)
{
	int err = be_active_read(ns, family, active);

	if (!err && *active != BE_NONE)
		err = be_generation_meta(ns, *active, meta);
	return err;
}

/* What is in force, after clearing up what a killed run may have left. */
static int find_old(struct work *w, struct diag *diag)
{
	const struct be_image *before = w->c->before;
	const int family = w->c->family;
	const uint32_t first = 2 * (uint32_t)be_family_number(family);
	int err;

	err = be_ns_tidy(w->ns, family, diag);
	if (err)
		return err;
	err = read_active(w->ns, family, &w->old, &w->meta);
	if (!err)
		err = read_active(w->ns, be_family_of(first ^ 2), &w->other,
				  &w->other_meta);
	if (err) {
		diag_error(diag, NULL, "cannot read what is loaded: %s",
			   strerror(-err));
		return err;
	}
	w->new = w->old == first ? first + 1 : first;
	if (before && before->ruleset && before->serial != w->meta.serial)
		return refuse(diag, -EAGAIN,
			      "the loaded ruleset was changed meanwhile");
	return 0;
}

/* Opens a family's "active", or makes it with nothing in force. */
static int open_active(struct work *w, int i)
{
	const struct be_path p = be_ns_path(w->ns, "active-%s",
			be_family_name(be_family_of(2 * (uint32_t)i)));
	const uint32_t none = BE_NONE;
	int fd;

	fd = be_sys_get(p.s);
	if (fd == -ENOENT) {
		fd = be_box_create("xtb_active", &none, sizeof(none));
		w->active_fd[i] = fd;
		return fd < 0 ? fd : be_sys_pin(fd, p.s);
	}
	w->active_fd[i] = fd;
	return fd < 0 ? fd : 0;
}

static int open_actives(struct work *w)
{
	int i, err;

	err = be_sys_mkdir(w->ns->dir);
	for (i = 0; !err && i < BE_NFAMILIES; i++)
		err = open_active(w, i);
	return err;
}

/* The one of the family that is changed. */
static int active_fd(const struct work *w)
{
	return w->active_fd[be_family_number(w->c->family)];
}

static int put_slot(int slots, uint32_t slot, int prog)
{
	return be_sys_map_put(slots, &slot, &prog);
}

static bool old_uses(const struct work *w, int type)
{
	return w->old != BE_NONE && w->meta.plan.hooks[type];
}

static bool other_uses(const struct work *w, int type)
{
	return w->other != BE_NONE && w->other_meta.plan.hooks[type];
}

/* A new program array that passes everything so far. */
static int make_slots(struct work *w, int type, int pass, const char *path)
{
	int fd, err = 0;

	fd = be_sys_map_create(BPF_MAP_TYPE_PROG_ARRAY, "xtb_slots",
			       sizeof(uint32_t), sizeof(uint32_t), BE_NGENS);
	if (fd < 0)
		return fd;
	w->slots_fd[type] = fd;
	if (w->old != BE_NONE)
		err = put_slot(fd, w->old, pass);
	if (!err && w->other != BE_NONE)
		err = put_slot(fd, w->other, pass);
	return err ? err : be_sys_pin(fd, path);
}

static int fill_slots(struct work *w, int type, struct diag *diag)
{
	const enum be_hook_type t = (enum be_hook_type)type;
	const struct be_path p = be_ns_path(w->ns, "slots-%s",
					    be_hook_type_name(t));
	const bool there = old_uses(w, type) || other_uses(w, type);
	int pass, err = 0;

	if (!w->plan.hooks[type] && !there)
		return 0;
	pass = be_fault_gate();
	if (!pass)
		pass = be_program_load_pass(t, diag);
	if (pass < 0)
		return pass;
	if (there) {
		w->slots_fd[type] = be_sys_get(p.s);
		if (w->slots_fd[type] < 0)
			err = w->slots_fd[type];
	} else {
		err = make_slots(w, type, pass, p.s);
	}
	if (!err)
		err = put_slot(w->slots_fd[type], w->new,
			       w->plan.hooks[type] ? w->prog_fd[type] : pass);
	close(pass);
	return err;
}

static int conntrack_on(struct work *w, struct diag *diag)
{
	const struct be_path p = be_ns_path(w->ns, "conntrack-%s",
					    be_family_name(w->c->family));
	int err = 0;

	if (!w->c->conntrack)
		return 0;
	/* First the sign that there may be something to take away. */
	if (access(p.s, F_OK))
		err = be_sys_pin(active_fd(w), p.s);
	return err ? err : be_conntrack_on(w->c->family, diag);
}

/* All up to the store.  What an error leaves, be_ns_tidy() clears away. */
static int prepare(struct work *w, struct diag *diag)
{
	int type, err;

	err = open_actives(w);
	if (!err)
		err = be_generation_build(w->ns, w->new, w->c, &w->plan,
					  &w->links, w->prog_fd, diag);
	for (type = 0; !err && type < BE_NTYPES; type++)
		err = fill_slots(w, type, diag);
	if (!err)
		err = be_links_make(w->ns, &w->links, w->active_fd,
				    w->slots_fd, diag);
	if (!err)
		err = conntrack_on(w, diag);
	return err;
}

static void work_init(struct work *w, struct be_ns *ns,
		      const struct be_commit *c)
{
	int i;

	memset(w, 0, sizeof(*w));
	w->ns = ns;
	w->c = c;
	for (i = 0; i < BE_NFAMILIES; i++)
		w->active_fd[i] = -1;
	for (i = 0; i < BE_NTYPES; i++)
		w->slots_fd[i] = w->prog_fd[i] = -1;
}

static void work_end(struct work *w)
{
	int i;

	be_links_free(&w->links);
	for (i = 0; i < BE_NFAMILIES; i++)
		if (w->active_fd[i] >= 0)
			close(w->active_fd[i]);
	for (i = 0; i < BE_NTYPES; i++) {
		if (w->slots_fd[i] >= 0)
			close(w->slots_fd[i]);
		if (w->prog_fd[i] >= 0)
			close(w->prog_fd[i]);
	}
}

int be_ns_commit(struct be_ns *ns, const struct be_commit *c, struct diag *diag)
{
	bool touched = false;
	struct work w;
	int err;

	work_init(&w, ns, c);
	err = check_commit(&w, diag);
	if (!err)
		err = make_plan(&w, diag);
	if (!err)
		err = find_old(&w, diag);
	if (!err) {
		touched = true;
		err = prepare(&w, diag);
	}
	if (!err)
		err = be_box_put(active_fd(&w), &w.new);
	if (err)
		diag_error(diag, NULL, "cannot load the ruleset: %s",
			   strerror(-err));
	work_end(&w);
	/*
	 * The ruleset asked for is in force, or the one before.  What cannot be
	 * cleared away now harms nobody, and the next commit tries again.
	 */
	if (touched)
		be_ns_tidy(ns, c->family, NULL);
	return err;
}
