/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/link.h - the stubs' places in the kernel, each pinned by name */
#ifndef BACKEND_LINK_H
#define BACKEND_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/attach.h"
#include "backend/state.h"
#include "ir/diag.h"

enum be_direction {
	BE_INGRESS,
	BE_EGRESS,
};

struct be_link {
	uint32_t	type;		/* enum be_hook_type */
	uint32_t	ifindex;	/* xdp, tc */
	uint32_t	family;		/* netfilter; else 0: both */
	uint32_t	where;		/* netfilter: enum ir_hook; tc: direction */
};

struct be_links {
	struct be_link	*link;
	uint32_t	n;
};

/* Appends those of @link[0..n-1] that are not in @out.  0 or -ENOMEM. */
int be_links_add(struct be_links *out, const struct be_link *link, uint32_t n);

bool be_links_have(const struct be_links *links, const struct be_link *link);

/* A pinned one, as its name tells. */
struct be_pinned {
	struct be_link	link;
	bool		filter;		/* a clsact filter: the pin is its stub */
	bool		generic;	/* xdp */
	uint32_t	priority;	/* filter */
};

/* False: not the name of a link. */
bool be_pinned_parse(const char *name, struct be_pinned *out);

/* What the kernel says about one. */
struct be_link_fact {
	bool		alive;		/* false: its interface is gone */
	uint32_t	prog_id;
	int32_t		priority;	/* netfilter */
};

int be_pinned_fact(const struct be_ns *ns, const char *name,
		   const struct be_pinned *p, struct be_link_fact *fact);

/*
 * The links that @plan needs for @family on the interfaces of @a.  0 or -errno told in
 * @diag (-ENODEV: a named interface is not there; -EOPNOTSUPP: it has no Ethernet
 * header, which xdp needs).
 */
int be_links_want(int family, const struct be_attach *a, const struct be_plan *plan,
		  struct be_links *out, struct diag *diag);
void be_links_free(struct be_links *links);

/*
 * Attaches and pins those of @want that are not there.  @active: fds by family
 * number, @slots: by enum be_hook_type.  0 or -errno told in @diag; some may
 * have been made.
 */
int be_links_make(const struct be_ns *ns, const struct be_links *want,
		  const int *active, const int *slots, struct diag *diag);

/* Takes off the dead ones and all that are not in @want. */
int be_links_prune(const struct be_ns *ns, const struct be_links *want,
		   struct diag *diag);

/* For tests: use clsact filters even where there is tcx. */
void be_links_force_clsact(bool on);

#endif
