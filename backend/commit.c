/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/commit.c - one ruleset for another, at one instant
 *
 * Everything of the new generation is made and pinned beside the old: maps,
 * programs, slots, links.  A hook type that only one of the two generations
 * uses has the pass program in the other's slot, so that its stubs do nothing
 * before, or after.  Then the one store, then the old is cleared away.
 *
 * The store is bpf_map_update_elem() on a 32-bit value of which only one byte
 * ever differs (0, 1, 2): however the kernel copies it, no stub sees a mixture.
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
	int		active_fd;
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

	if (!c->classifier || !c->classifier->ncounters || !c->start)
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
	return be_links_want(w->c->attach, &w->plan, &w->links, diag);
}

/* What is in force, after clearing up what a killed run may have left. */
static int find_old(struct work *w, struct diag *diag)
{
	const struct be_image *before = w->c->before;
	int err;

	err = be_ns_tidy(w->ns, diag);
	if (err)
		return err;
	err = be_active_read(w->ns, &w->old);
	if (!err && w->old != BE_NONE)
		err = be_generation_meta(w->ns, w->old, &w->meta);
	if (err) {
		diag_error(diag, NULL, "cannot read what is loaded: %s",
			   strerror(-err));
		return err;
	}
	w->new = w->old == 0 ? 1 : 0;
	if (before && before->ruleset && before->serial != w->meta.serial)
		return refuse(diag, -EAGAIN,
			      "the loaded ruleset was changed meanwhile");
	return 0;
}

/* Opens "active", or makes it with nothing in force.  0 or -errno. */
static int open_active(struct work *w)
{
	const struct be_path p = be_ns_path(w->ns, "active");
	const uint32_t none = BE_NONE;
	int err;

	w->active_fd = be_sys_get(p.s);
	if (w->active_fd != -ENOENT)
		return w->active_fd < 0 ? w->active_fd : 0;
	w->active_fd = be_box_create("xtb_active", &none, sizeof(none));
	if (w->active_fd < 0)
		return w->active_fd;
	err = be_sys_mkdir(w->ns->dir);
	return err ? err : be_sys_pin(w->active_fd, p.s);
}

static int put_slot(int slots, uint32_t slot, int prog)
{
	return be_sys_map_put(slots, &slot, &prog);
}

static bool old_uses(const struct work *w, int type)
{
	return w->old != BE_NONE && w->meta.plan.hooks[type];
}

/* A new program array that passes everything so far. */
static int make_slots(struct work *w, int type, int pass, const char *path)
{
	int fd, err = 0;

	fd = be_sys_map_create(BPF_MAP_TYPE_PROG_ARRAY, "xtb_slots",
			       sizeof(uint32_t), sizeof(uint32_t), 2);
	if (fd < 0)
		return fd;
	w->slots_fd[type] = fd;
	if (w->old != BE_NONE)
		err = put_slot(fd, w->old, pass);
	return err ? err : be_sys_pin(fd, path);
}

static int fill_slots(struct work *w, int type, struct diag *diag)
{
	const enum be_hook_type t = (enum be_hook_type)type;
	const struct be_path p = be_ns_path(w->ns, "slots-%s",
					    be_hook_type_name(t));
	int pass, err = 0;

	if (!w->plan.hooks[type] && !old_uses(w, type))
		return 0;
	pass = be_fault_gate();
	if (!pass)
		pass = be_program_load_pass(t, diag);
	if (pass < 0)
		return pass;
	if (old_uses(w, type)) {
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
	const struct be_path p = be_ns_path(w->ns, "conntrack");
	int err = 0;

	if (!w->c->conntrack)
		return 0;
	/* First the sign that there may be something to take away. */
	if (access(p.s, F_OK))
		err = be_sys_pin(w->active_fd, p.s);
	return err ? err : be_conntrack_on(diag);
}

/* All up to the store.  What an error leaves, be_ns_tidy() clears away. */
static int prepare(struct work *w, struct diag *diag)
{
	int type, err;

	err = open_active(w);
	if (!err)
		err = be_generation_build(w->ns, w->new, w->c, &w->plan,
					  &w->links, w->prog_fd, diag);
	for (type = 0; !err && type < BE_NTYPES; type++)
		err = fill_slots(w, type, diag);
	if (!err)
		err = be_links_make(w->ns, &w->links, w->active_fd, w->slots_fd,
				    diag);
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
	w->active_fd = -1;
	for (i = 0; i < BE_NTYPES; i++)
		w->slots_fd[i] = w->prog_fd[i] = -1;
}

static void work_end(struct work *w)
{
	int i;

	be_links_free(&w->links);
	if (w->active_fd >= 0)
		close(w->active_fd);
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
		err = be_box_put(w.active_fd, &w.new);
	if (err)
		diag_error(diag, NULL, "cannot load the ruleset: %s",
			   strerror(-err));
	work_end(&w);
	/*
	 * The ruleset asked for is in force, or the one before.  What cannot be
	 * cleared away now harms nobody, and the next commit tries again.
	 */
	if (touched)
		be_ns_tidy(ns, NULL);
	return err;
}
