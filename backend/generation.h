/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/generation.h - all that belongs to one ruleset: RUNDIR/COOKIE/genN/
 *
 * Which N are whose is said in state.h.  A ruleset of which nothing is judged
 * has only meta, base, ruleset.
 *
 *	meta		box: struct be_meta
 *	table		the classifier's block
 *	memo		box: the rest of the classifier, tr_classifier_pack()
 *	counters	per-CPU array: what was counted by this generation
 *	base		box: struct be_base, then where each counter started
 *	carry		box: which counters of the generation before go on in which
 *			of these, and how much of them base has already
 *	ruleset		box: frontend/'s bytes
 *	links		box: array of struct be_link, those this ruleset needs
 *	prog-TYPE	the program
 *
 * A counter's value is base + counters.  After a switch the old generation
 * counts on until the last packet has left it; only then is what it counted
 * since base was made added to base ("settled"), by renaming a new box over the
 * old, and the old generation removed.  Until then a reader adds it up itself,
 * so that no count is ever missing or there twice, whenever the tool is killed.
 */
#ifndef BACKEND_GENERATION_H
#define BACKEND_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/attach.h"
#include "backend/link.h"
#include "backend/ns.h"
#include "backend/state.h"
#include "ir/diag.h"

struct be_meta {
	uint32_t	magic;
	uint32_t	ncounters;
	uint64_t	serial;		/* never the same twice */
	uint32_t	table_bytes;
	uint32_t	image_bytes;
	uint32_t	conntrack;
	uint32_t	nlinks;
	struct be_plan	plan;
	struct be_attach attach;
};

/*
 * Makes and pins everything for @c, in an empty genN/.  @prog is filled with the
 * programs' fds by enum be_hook_type (-1: not used).  0 or -errno told in @diag;
 * what was pinned stays, be_generation_remove() ends it.
 */
int be_generation_build(const struct be_ns *ns, uint32_t gen,
		 const struct be_commit *c, const struct be_plan *plan,
		 const struct be_links *links, int *prog, struct diag *diag);

/* -ENOENT: no such generation.  -EPROTO: made by another version. */
int be_generation_meta(const struct be_ns *ns, uint32_t gen, struct be_meta *meta);

/* Adds to *out. */
int be_generation_links(const struct be_ns *ns, uint32_t gen, struct be_links *out);

/* The bytes; *image is the caller's. */
int be_generation_image(const struct be_ns *ns, uint32_t gen, void **image,
		 size_t *size);

/* The classifier it was made from.  NULL where it cannot be had. */
struct tr_classifier *be_generation_classifier(const struct be_ns *ns,
		 uint32_t gen);

/*
 * The values of its @n counters now.  -EAGAIN: it was settled meanwhile, ask
 * again.
 */
int be_generation_count(const struct be_ns *ns, uint32_t gen, uint32_t n,
		 struct ir_counter *count);

/* Nothing runs in the other generation any more: takes over its counts. */
int be_generation_settle(const struct be_ns *ns, uint32_t gen);

/* Nothing of it is left; it need not be there. */
int be_generation_remove(const struct be_ns *ns, uint32_t gen);
bool be_generation_exists(const struct be_ns *ns, uint32_t gen);

#endif
