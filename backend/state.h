/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/state.h - what the files of the state side share: paths and tidying
 *
 * In RUNDIR/COOKIE/ (ns.h says what for):
 *
 *	active-ip, active-ip6	boxes: u32, always both
 *	slots-TYPE		program array: one program for each generation
 *	link-TYPE-N-WHERE	a link; N is the ifindex, for netfilter 4 or 6
 *	filter-tc-IFINDEX-WHERE-PRIORITY
 *				the stub of a clsact filter (no tcx here)
 *	conntrack-ip, -ip6	there while the nft table may be there
 *	genN/			see generation.h
 *
 * A box is a one-entry array map: read and written whole, in one call.
 *
 * Generations are numbered through: IPv4 has 0 and 1, IPv6 has 2 and 3, and
 * that is also their slot.  A stub that stands where packets of both come by
 * may find the other family in force: every slots-TYPE has a program for each
 * active generation, one that accepts where it judges nothing there.
 */
#ifndef BACKEND_STATE_H
#define BACKEND_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ir/diag.h"

/* The families, by the number of their state. */
#define BE_NFAMILIES	2
#define BE_NGENS	(2 * BE_NFAMILIES)

/* The value of "active" while nothing is in force. */
#define BE_NONE		BE_NGENS

/* AF_INET is 0, AF_INET6 is 1; any other is -1. */
static inline int be_family_number(int family)
{
	return family == AF_INET ? 0 : family == AF_INET6 ? 1 : -1;
}

static inline int be_family_of(uint32_t gen)
{
	return gen < 2 ? AF_INET : AF_INET6;
}

/* "ip", "ip6" */
static inline const char *be_family_name(int family)
{
	return family == AF_INET ? "ip" : "ip6";
}

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

/* The generation of @family in force, or BE_NONE. */
int be_active_read(const struct be_ns *ns, int family, uint32_t *active);

/* How often a reader starts again when commits overtake it. */
#define BE_RETRIES	100

/*
 * Whether what went wrong while generation @gen (or BE_NONE) of @family was read
 * went wrong because of a commit meanwhile.
 */
bool be_overtaken(const struct be_ns *ns, int family, uint32_t gen, int err);

/* Waits until no program sees what was out of reach before the call. */
void be_grace(void);

/*
 * Removes all of @family that does not belong to what is in force, and what the
 * families share and neither needs: the leftovers of a run that failed or was
 * killed, and the old generation after a switch, whose last counts go to the
 * new.  With nothing in force of both that is everything.  Can itself be killed
 * and called again.
 */
int be_ns_tidy(const struct be_ns *ns, int family, struct diag *diag);

#endif
