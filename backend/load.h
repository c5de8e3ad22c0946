/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/load.h - a program into the kernel, with the verifier's word */
#ifndef BACKEND_LOAD_H
#define BACKEND_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>

#include "backend/asm.h"
#include "ir/diag.h"

/*
 * Loads @n instructions under @name (at most 15 characters).  A new fd, or
 * -errno told in @diag with what the verifier said last.
 */
int be_load(int prog_type, int attach_type, const char *name,
	    const struct bpf_insn *insns, uint32_t n, struct diag *diag);

/* The same for all parts of what be_finish() made. */
int be_load_parts(int prog_type, int attach_type, const char *name,
		  const struct be_asm *a, struct diag *diag);

/* Whether programs of this type can loop here (may_goto, Linux 6.9), */
bool be_load_loops(int prog_type, int attach_type);

/* or call bpf_loop() (Linux 5.17). */
bool be_load_calls(int prog_type);

#endif
