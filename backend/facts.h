/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/facts.h - what was learnt about this kernel, for later processes too
 *
 * Reading the kernel's types takes longer than changing a large ruleset, and
 * nothing of it changes before the next boot.  So it is kept in a box in the
 * tool's bpffs, RUNDIR/kernel, with the boot it is good for.  Whatever is wrong
 * with that box, or with keeping one, costs only the time to learn it again.
 */
#ifndef BACKEND_FACTS_H
#define BACKEND_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/kernel.h"

struct be_facts {
	uint32_t	btf;		/* 1: the kernel's types were read */
	struct be_kernel kernel;
	/* Bit sets of enum be_hook_type.  A bit that is not set says nothing. */
	uint32_t	types;		/* programs load, and may loop */
	uint32_t	calls;		/* but only by bpf_loop() */
};

/* What is known, to be added to.  Never NULL; read from the box only once. */
struct be_facts *be_facts_get(void);

/* To be called after adding: for later processes.  Does what it can. */
void be_facts_keep(void);

/* For tests: this process knows nothing any more and reads the box again. */
void be_facts_forget(void);

#endif
