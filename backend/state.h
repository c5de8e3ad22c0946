/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/state.h - what the files of the state side share: paths and tidying
 *
 * In RUNDIR/COOKIE/ (ns.h says what for):
 *
 *	active			box: u32
 *	slots-TYPE		program array: generation 0, generation 1
 *	link-TYPE-IFINDEX-WHERE	a link; netfilter links have ifindex 0
 *	filter-tc-IFINDEX-WHERE-PRIORITY
 *				the stub of a clsact filter (no tcx here)
 *	conntrack		there while the nft table may be there
 *	genN/			see generation.h
 *
 * A box is a one-entry array map: read and written whole, in one call.
 */
#ifndef BACKEND_STATE_H
#define BACKEND_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/diag.h"

/* The value of "active" while nothing is in force. */
#define BE_NONE		2

struct be_ns {
	char		dir[64];
	uint64_t	cookie;
	bool		here;	/* it is the calling thread's namespace */
};

struct be_path {
	char		s[192];
};

/* DIR/ and what follows. */
struct be_path be_ns_path(const struct be_ns *ns, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The names in a directory, sorted; none where it is not there. */
struct be_names {
	char		(*name)[64];
	uint32_t	n;
};

int be_names_read(const char *dir, struct be_names *out);
void be_names_free(struct be_names *names);

/* Opens, reads and closes a box, which must have @size bytes (-EINVAL). */
int be_pin_read(const struct be_path *path, void *value, size_t size);

/* The generation in force, or BE_NONE. */
int be_active_read(const struct be_ns *ns, uint32_t *active);

/* Waits until no program sees what was out of reach before the call. */
void be_grace(void);

/*
 * Removes all that does not belong to what is in force: the leftovers of a run
 * that failed or was killed, and the old generation after a switch, whose last
 * counts go to the new.  With nothing in force that is everything.  Can itself
 * be killed and called again.
 */
int be_ns_tidy(const struct be_ns *ns, struct diag *diag);

#endif
