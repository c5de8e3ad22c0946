/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/status.c - what is in force and where, as the kernel has it
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "backend/generation.h"
#include "backend/link.h"
#include "backend/ns.h"
#include "backend/program.h"
#include "backend/state.h"
#include "backend/sys.h"

static int add_link(struct be_status *st, struct be_link_status **out)
{
	struct be_link_status *p;

	if (!(st->nlinks & (st->nlinks - 1))) {
		p = realloc(st->link, (st->nlinks ? 2ul * st->nlinks : 1) *
				      sizeof(*p));
		if (!p)
			return -ENOMEM;
		st->link = p;
	}
	p = &st->link[st->nlinks++];
	memset(p, 0, sizeof(*p));
	*out = p;
	return 0;
}

/* Only in its own namespace has the index a name. */
static void name_dev(const struct be_ns *ns, uint32_t ifindex, char *name,
		     size_t size)
{
	char dev[IF_NAMESIZE];

	if (ns->here && if_indextoname(ifindex, dev))
		snprintf(name, size, "%s", dev);
	else
		snprintf(name, size, "interface %u", ifindex);
}

static void say_where(const struct be_ns *ns, const struct be_pinned *p,
		      const struct be_link_fact *fact, char *where, size_t size)
{
	const char *how;
	char dev[32];

	if (p->link.type == BE_NETFILTER) {
		snprintf(where, size, "%s priority %d",
			 ir_hook_name((enum ir_hook)p->link.where),
			 fact->priority);
		return;
	}
	if (p->link.type == BE_XDP)
		how = p->generic ? "generic" : "native";
	else
		how = p->link.where == BE_EGRESS ? "egress" : "ingress";
	name_dev(ns, p->link.ifindex, dev, sizeof(dev));
	snprintf(where, size, "%s %s%s", dev, how,
		 !fact->alive ? ", gone" : !fact->prog_id ? ", came later" : "");
}

/* Only one that this family wants. */
static int read_link(const struct be_ns *ns, const char *name,
		     const struct be_links *want, struct be_status *st)
{
	struct be_link_status *l;
	struct be_link_fact fact;
	struct be_pinned p;
	int err;

	if (!be_pinned_parse(name, &p) ||
	    !be_links_have(want, &p.link))
		return 0;
	err = be_pinned_fact(ns, name, &p, &fact);
	if (!err)
		err = add_link(st, &l);
	if (err)
		return err;
	l->type = (enum be_hook_type)p.link.type;
	l->prog_id = fact.alive ? fact.prog_id : 0;
	say_where(ns, &p, &fact, l->where, sizeof(l->where));
	return 0;
}

static int read_links(const struct be_ns *ns, const struct be_links *want,
		      struct be_status *st)
{
	struct be_names names;
	uint32_t i;
	int err;

	err = be_names_read(ns->dir, &names);
	for (i = 0; !err && i < names.n; i++)
		err = read_link(ns, names.name[i], want, st);
	be_names_free(&names);
	return err;
}

/* Interfaces that the spec would cover now and the commit could not. */
static int read_newcomers(const struct be_ns *ns, const struct be_meta *meta,
			  const struct be_links *have, struct be_status *st)
{
	struct be_links want;
	struct be_link_status *l;
	struct be_pinned p;
	const struct be_link_fact fact = { .alive = true };
	uint32_t i;
	int err;

	if (!ns->here || meta->attach.ndevs)
		return 0;
	err = be_links_want(st->family, &meta->attach, &meta->plan, &want,
			    NULL);
	for (i = 0; !err && i < want.n; i++) {
		if (be_links_have(have, &want.link[i]))
			continue;
		err = add_link(st, &l);
		if (err)
			break;
		p = (struct be_pinned){ .link = want.link[i] };
		l->type = (enum be_hook_type)p.link.type;
		say_where(ns, &p, &fact, l->where, sizeof(l->where));
	}
	be_links_free(&want);
	return err;
}

static int read_places(const struct be_ns *ns, const struct be_meta *meta,
		       uint32_t gen, struct be_status *st)
{
	struct be_links have = { NULL, 0 };
	int err;

	err = be_generation_links(ns, gen, &have);
	if (!err)
		err = read_links(ns, &have, st);
	if (!err)
		err = read_newcomers(ns, meta, &have, st);
	be_links_free(&have);
	return err;
}

/* The bytes of the map called @name of a program; 0: it has none. */
static uint32_t map_bytes(int prog, const char *name)
{
	struct bpf_map_info map;
	struct bpf_prog_info info;
	uint32_t ids[8], len = sizeof(info), i, bytes = 0;
	int fd;

	memset(&info, 0, sizeof(info));
	info.nr_map_ids = sizeof(ids) / sizeof(*ids);
	info.map_ids = (uintptr_t)ids;
	if (bpf_obj_get_info_by_fd(prog, &info, &len))
		return 0;
	for (i = 0; i < info.nr_map_ids && i < sizeof(ids) / sizeof(*ids); i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		if (fd < 0)
			continue;
		len = sizeof(map);
		memset(&map, 0, len);
		if (!bpf_obj_get_info_by_fd(fd, &map, &len) &&
		    !strcmp(map.name, name))
			bytes = map.value_size;
		close(fd);
	}
	return bytes;
}

static int read_prog(const struct be_ns *ns, uint32_t gen, int type,
		     struct be_status *st)
{
	struct bpf_prog_info info;
	uint32_t len = sizeof(info);
	int fd, err = 0;

	fd = be_sys_get(be_ns_path(ns, "gen%u/prog-%s", gen,
				   be_hook_type_name((enum be_hook_type)type))
				.s);
	if (fd < 0)
		return fd;
	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err = -errno;
	st->prog[type].flows = map_bytes(fd, BE_FLOWS_NAME);
	st->prog[type].routes = map_bytes(fd, BE_ROUTES_NAME);
	close(fd);
	st->prog[type].used = true;
	st->prog[type].prog_id = info.id;
	st->prog[type].insns = info.xlated_prog_len / sizeof(struct bpf_insn);
	st->prog[type].jited = info.jited_prog_len;
	return err;
}

static int read_generation(const struct be_ns *ns, uint32_t gen,
			   struct be_status *st)
{
	struct be_meta meta;
	int type, err;

	err = be_generation_meta(ns, gen, &meta);
	if (err)
		return err;
	st->loaded = true;
	st->generation = gen;
	st->judges = meta.ncounters;
	st->type = meta.plan.type;
	st->automatic = meta.attach.automatic;
	st->conntrack = meta.conntrack;
	st->table_bytes = meta.table_bytes;
	st->image_bytes = meta.image_bytes;
	st->ncounters = meta.ncounters;
	for (type = 0; !err && type < BE_NTYPES; type++) {
		st->prog[type].hooks = meta.plan.hooks[type];
		if (meta.plan.hooks[type])
			err = read_prog(ns, gen, type, st);
	}
	return err ? err : read_places(ns, &meta, gen, st);
}

static int read_status(const struct be_ns *ns, uint32_t active,
		       struct be_status *st)
{
	if (active == BE_NONE)
		return 0;
	return read_generation(ns, active, st);
}

int be_ns_status(struct be_ns *ns, int family, struct be_status *st,
		 struct diag *diag)
{
	uint32_t active = BE_NONE;
	int err, i;

	for (i = 0; i < BE_RETRIES; i++) {
		memset(st, 0, sizeof(*st));
		st->cookie = ns->cookie;
		st->here = ns->here;
		st->family = family;
		err = be_active_read(ns, family, &active);
		if (!err)
			err = read_status(ns, active, st);
		if (!err)
			return 0;
		be_status_free(st);
		if (!be_overtaken(ns, family, active, err))
			break;
	}
	diag_error(diag, NULL, "cannot read what is loaded: %s",
		   err == -EPROTO ? "it was loaded by another version" :
				    strerror(-err));
	return err;
}

void be_status_free(struct be_status *st)
{
	free(st->link);
	memset(st, 0, sizeof(*st));
}
