/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/program.h - from classifier to a loaded BPF program
 *
 * The table and the counters are maps; a program reads the table by direct
 * value.  Nothing here attaches anything.
 */
#ifndef BACKEND_PROGRAM_H
#define BACKEND_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/attach.h"
#include "ir/diag.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

/*
 * For tests, BPF_PROG_TEST_RUN: the value of the one-entry array map given as
 * test_fd.  A program built with it takes the hook, the interfaces and the
 * state from there instead of asking the kernel, and does no route lookup.
 */
struct be_test_input {
	uint32_t	hook;		/* enum ir_hook */
	uint32_t	iif;		/* tr_iface_class() */
	uint32_t	oif;
	uint32_t	ctstate;
};

/*
 * What the stub on a tc hook puts into __sk_buff->cb[0] before it jumps to a
 * program (anything else: the program was not called by a stub).
 */
enum {
	BE_TC_CB_EGRESS		= 1,
	BE_TC_CB_INGRESS	= 2,
};

/* Whether a program has a flow memo (flow.h). */
enum be_flows {
	BE_FLOWS_AUTO,		/* where one is worth it */
	BE_FLOWS_EAGER,		/* for tests: and each flow is put in at once */
	BE_FLOWS_ALWAYS,	/* for tests: that with any ruleset */
	BE_FLOWS_NEVER,
};

/* Whether a program has a route memo (routes.h). */
enum be_routes_mode {
	BE_ROUTES_AUTO,		/* where one can help */
	BE_ROUTES_NEVER,
};

/* The maps that they are. */
#define BE_FLOWS_NAME	"xtbpf_flows"
#define BE_ROUTES_NAME	"xtbpf_routes"

struct be_program_opts {
	enum be_hook_type type;
	/* Which hooks this program judges; others are accepted uncounted. */
	uint32_t	hooks;		/* bit set of enum ir_hook */
	int		table_fd;
	int		counter_fd;	/* per-CPU array of struct ir_counter */
	/*
	 * xdp, tc: the class of each interface by its number, be_ifaces_create();
	 * -1 when no rule names one.
	 */
	int		ifindex_fd;
	uint32_t	nifindexes;	/* what is in there, if an array; else 0 */
	/*
	 * xdp, tc: the numbers of the devices that it judges at, ascending; what
	 * comes by any other is accepted uncounted.  NULL: all that it meets.
	 */
	const uint32_t	*dev;
	uint32_t	ndevs;
	int		test_fd;	/* -1: none */
	enum be_flows	flows;
	enum be_routes_mode routes;
	/*
	 * It stands alone: there is no stub before it, it is told no numbers of
	 * interfaces, and which kernel will load it is not known.
	 */
	bool		alone;
	uint32_t	cpus;		/* with a flow memo; 0: all of this machine */
};

/* Maps for a classifier.  A new fd, or -errno told in @diag. */
int be_table_create(const struct tr_classifier *c, struct diag *diag);
int be_counter_create(uint32_t ncounters, struct diag *diag);

/* An interface and its class, tr_iface_class(). */
struct be_iface {
	uint32_t	ifindex;
	uint32_t	class;
};

/*
 * A map of the @n at @iface.  Where no number is too large, *array is set to how many
 * words an array has room for that holds 1 + class by number, and 0 for a number that
 * no interface has; otherwise to 0, and it is a hash of ifindex -> class.  A new fd or
 * -errno.
 */
int be_ifaces_create(const struct be_iface *iface, uint32_t n, uint32_t *array);

/*
 * Emits, loads and returns the fd of a program, or -errno told in @diag.
 * *ninsns, when not NULL, is set to its size in instructions.
 */
int be_program_load(const struct tr_classifier *c,
		    const struct be_program_opts *opts, uint32_t *ninsns,
		    struct diag *diag);

/*
 * How many instructions the program for those of @hooks that @type can judge
 * would have; nothing is loaded and no privilege needed.  Or -errno told in @diag.
 */
int be_program_size(const struct tr_classifier *c, enum be_hook_type type,
		    uint32_t hooks, struct diag *diag);

/* A loaded program that accepts everything, for a hook with nothing to do. */
int be_program_load_pass(enum be_hook_type type, struct diag *diag);

/* Whether this kernel can load programs of this type and attach them. */
bool be_type_supported(enum be_hook_type type);

/*
 * Sums the per-CPU counters of @fd into count[0..n-1] (set, not added).
 * 0 or -errno.
 */
int be_counter_read(int fd, struct ir_counter *count, uint32_t n);

/* The same for one of them. */
int be_counter_read_one(int fd, uint32_t index, struct ir_counter *count);

#endif
