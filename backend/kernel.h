/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/kernel.h - what programs that look into the kernel's own structures
 * need to know of this kernel, from its BTF
 */
#ifndef BACKEND_KERNEL_H
#define BACKEND_KERNEL_H

#include <stdint.h>

#include "ir/diag.h"

/* Members of structures, */
enum be_member {
	BE_SKB_LEN,
	BE_SKB_DATA_LEN,
	BE_SKB_DATA,
	BE_SKB_HEAD,
	BE_SKB_NETWORK_HEADER,
	BE_SKB_NFCT,
	BE_STATE_HOOK,
	BE_STATE_IN,
	BE_STATE_OUT,
	BE_DEV_NAME,
	BE_NMEMBERS
};

/* and functions that a program may call. */
enum be_kfunc {
	BE_RDONLY_CAST,
	BE_CAST_TO_KERN_CTX,
	BE_DYNPTR_FROM_SKB,
	BE_NKFUNCS
};

struct be_kernel {
	int	member[BE_NMEMBERS];	/* offsets; -1: there is none here */
	int	kfunc[BE_NKFUNCS];	/* BTF ids; < 0: not there */
};

/* 0, or -errno told in @diag.  Asks the kernel once in a boot
 * (facts.h). */
int be_kernel_read(struct be_kernel *k, struct diag *diag);

#endif
