/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/ns.h - the state in the kernel, one per network namespace
 *
 * There is no daemon and no file: everything is pinned in a bpffs of our own,
 * RUNDIR/COOKIE/, where COOKIE is the namespace's (SO_NETNS_COOKIE).  It holds
 *
 *	active-FAMILY	one-entry array: which generation is in force, or none
 *	slots-TYPE	program array with one program per generation
 *	link-...	a stub on every hook and interface: reads active, jumps
 *	gen0/ ... gen3/	table, counters, base counters, ruleset image
 *
 * IPv4 and IPv6 are two rulesets, each with two generations that take turns,
 * and a commit is of one family; what they share is where they are attached.
 * The one store to active is the commit: before it everything of the new
 * generation is in place, after it the old one is out of use.  Killed at any
 * instant, the tool leaves the old ruleset or the new, and the next commit or
 * detach clears up.  Whoever changes anything holds the xtables lock; reading
 * needs no lock.  Every @family is AF_INET or AF_INET6.
 *
 * Limits.  An interface that comes after the commit is not judged at xdp or tc
 * until the next commit.  A commit that moves a chain from one hook type to
 * another switches all packets at one instant too, but those on their way from
 * the one hook to the other meet both rulesets or neither.
 */
#ifndef BACKEND_NS_H
#define BACKEND_NS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "backend/attach.h"
#include "ir/diag.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

struct be_ns;

/*
 * Opens the state of the calling thread's network namespace.  With @create the
 * bpffs is mounted when it is missing; without, *out is NULL and 0 is returned
 * when nothing is loaded here.  -errno told in @diag, -EACCES where the caller
 * may not know.
 */
int be_ns_open(struct be_ns **out, bool create, struct diag *diag);

/*
 * Opens the state of any namespace, for all but be_ns_commit().  *out is NULL
 * where it has none.
 */
int be_ns_open_cookie(struct be_ns **out, uint64_t cookie, struct diag *diag);
void be_ns_close(struct be_ns *ns);

/* The namespaces that have state, by cookie; *cookie is the caller's. */
int be_ns_list(uint64_t **cookie, size_t *n, struct diag *diag);

/* What is in force of one family, read in one consistent piece. */
struct be_image {
	int		family;
	void		*ruleset;	/* frontend/'s bytes; owned; NULL: none */
	size_t		size;
	struct ir_counter *counter;	/* base + live; owned */
	uint32_t	ncounters;	/* 0: nothing is judged */
	uint64_t	serial;		/* of the commit it came with */
	bool		conntrack;	/* as it was asked for */
	struct be_attach attach;
};

/* 0 (image->ruleset NULL when nothing is in force) or -errno told in @diag. */
int be_ns_read(struct be_ns *ns, int family, struct be_image *image,
	       struct diag *diag);
void be_image_free(struct be_image *image);

/*
 * The classifier of @image, for tr_change(); the caller's.  NULL where it
 * cannot be had, for whatever reason.
 */
struct tr_classifier *be_ns_classifier(const struct be_ns *ns,
				       const struct be_image *image);

struct be_commit {
	int		family;
	/* Of the same family.  NULL: the ruleset is kept, and nothing judged. */
	const struct tr_classifier *classifier;
	const void	*ruleset;	/* stored for be_ns_read() */
	size_t		size;
	/*
	 * Per counter: where it starts, and the counter of the ruleset in force
	 * it continues (UINT32_MAX: none): what was counted there since
	 * @before was read is added after the switch.
	 */
	const struct ir_counter *start;
	const uint32_t	*continues;
	const struct be_image *before;	/* NULL: nothing continues */
	const struct be_attach *attach;
	bool		conntrack;	/* rules test the state: switch it on */
};

/*
 * Puts a ruleset in force, whole, on all hooks and interfaces at one instant;
 * on error the old one stays.  0 or -errno told in @diag; -EAGAIN where @before
 * is not what is in force any more.  Whether the hooks of @attach can judge the
 * rules is for the caller to ask first: be_attach_check().
 */
int be_ns_commit(struct be_ns *ns, const struct be_commit *c,
		 struct diag *diag);

/*
 * Takes a family off and removes its state, with AF_UNSPEC both, one also where
 * the other cannot be.  0 or the first -errno, told in @diag.
 */
int be_ns_detach(struct be_ns *ns, int family, struct diag *diag);

struct be_link_status {
	enum be_hook_type type;
	char		where[64];	/* "INPUT priority -1", "eth0 native", ... */
	uint32_t	prog_id;	/* of the stub; 0: nothing judges here: the
					 * interface came later or is gone (said in
					 * where) */
};

/* Of one family. */
struct be_status {
	int		family;
	bool		loaded;
	bool		judges;		/* false: kept only, or not loaded */
	enum be_hook_type type;		/* where INPUT is judged */
	bool		automatic;	/* by --attach auto */
	bool		conntrack;	/* switched on for this ruleset */
	uint32_t	generation;
	uint32_t	table_bytes;
	uint32_t	image_bytes;
	uint32_t	ncounters;
	struct {
		bool	used;
		uint32_t prog_id;
		uint32_t insns;		/* after verification, xlated */
		uint32_t jited;		/* bytes */
		uint32_t flows;		/* bytes of its flow memo, of all CPUs, */
		uint32_t routes;	/* and of its route memo; 0: none */
		uint32_t hooks;		/* bit set of enum ir_hook it judges */
	} prog[BE_NTYPES];
	/* Where packets of this family come by a stub. */
	struct be_link_status *link;	/* owned */
	uint32_t	nlinks;
	uint64_t	cookie;
	bool		here;		/* it is the caller's namespace */
};

int be_ns_status(struct be_ns *ns, int family, struct be_status *st,
		 struct diag *diag);
void be_status_free(struct be_status *st);

#endif
