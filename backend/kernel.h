/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/kernel.h - what programs that look into the kernel's own structures
 * need to know of this kernel, from its BTF
 */
#ifndef BACKEND_KERNEL_H
#define BACKEND_KERNEL_H

#include <stdint.h>

#include "ir/diag.h"

struct be_kernel {
	/* Offsets; -1: this kernel has no such member. */
	int	skb_len;
	int	skb_data_len;
	int	skb_data;
	int	skb_head;
	int	skb_network_header;
	int	skb_nfct;
	int	state_hook;
	int	state_in;
	int	state_out;
	int	dev_name;
	/* BTF ids of functions a program may call; < 0: not there. */
	int	rdonly_cast;
	int	cast_to_kern_ctx;
	int	dynptr_from_skb;
};

/* 0, or -errno told in @diag.  Asks the kernel once in a boot
 * (facts.h). */
int be_kernel_read(struct be_kernel *k, struct diag *diag);

#endif
