/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/object.h - a classifier's programs as an object that stands alone
 *
 * A relocatable ELF file such as a compiler makes of BPF programs in C, which
 * libbpf, and so bpftool, ip and tc, load as it is:
 *
 *	netfilter, xdp, tc	the programs; which of them there are says the plan
 *	.data.table		the classifier's block
 *	.maps			counters, and the stacks of deep jumps
 *	.bss			the flow memo of each program
 *	.BTF, .BTF.ext		types, and what is to be adapted to the kernel
 *	license			"GPL"
 *	.xtbpf			a note: see be_object_finish()
 *
 * Nothing in it is of the kernel or the interfaces of the host that made it.  What
 * a program reads of the kernel's structures is adapted by the loader (CO-RE).
 * Interfaces are known by name: see be_attach_check_alone().
 *
 * The table is writable to the programs, unlike in programs that are loaded here:
 * in a section for constants the verifier would take what it reads for constants,
 * and follow each ruleset's own ways.  The programs do not write to it.
 */
#ifndef BACKEND_OBJECT_H
#define BACKEND_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/attach.h"
#include "backend/program.h"
#include "ir/diag.h"
#include "translator/classifier.h"

/* How many CPUs a flow memo is for where nothing else is said. */
#define BE_OBJECT_CPUS		64
#define BE_OBJECT_CPUS_MAX	4096

/* The maps' names that users need. */
#define BE_OBJECT_COUNTERS	"xtbpf_count"
#define BE_OBJECT_TEST		".data.test"

struct be_object_opts {
	/*
	 * The flow memo has an area for so many CPUs; packets on others are walked.
	 * 0: BE_OBJECT_CPUS.
	 */
	uint32_t	cpus;
	enum be_flows	flows;
	bool		test;		/* with struct be_test_input in a map */
};

struct be_object_program {
	enum be_hook_type type;
	const char	*section;
	const char	*name;
	uint32_t	hooks;		/* bit set of enum ir_hook that it judges */
	uint32_t	ninsns;
};

struct be_object;

/*
 * The programs of @plan, as be_attach_check_alone() has it for the rules, for their
 * classifier @c, which is borrowed.  NULL with errno, told in @diag.
 */
struct be_object *be_object_new(const struct tr_classifier *c,
				const struct be_plan *plan,
				const struct be_object_opts *opts,
				struct diag *diag);
void be_object_free(struct be_object *o);

/* They are @o's; *n is set to how many there are. */
const struct be_object_program *be_object_programs(const struct be_object *o,
						   uint32_t *n);

/*
 * The file's bytes, the caller's to free().  @note: a text for whoever looks into
 * it, which no loader reads.  The same arguments make the same bytes.  0 or -errno
 * told in @diag.
 */
int be_object_finish(struct be_object *o, const char *note, void **image,
		     size_t *size, struct diag *diag);

/*
 * Loads the program for @type of an object as any loader does, with libbpf.  It
 * counts in the map @counters; @test is its struct be_test_input where it was made
 * with one, else -1.  A new fd, or -errno told in @diag.
 */
int be_object_load(const void *image, size_t size, enum be_hook_type type,
		   int counters, int test, struct diag *diag);

#endif
