/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/kernel.h - what programs that look into the kernel's own structures
 * need to know of this kernel, from its BTF
 */
#ifndef BACKEND_KERNEL_H
#define BACKEND_KERNEL_H

#include <stdbool.h>
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
	BE_SKB_DEV,
	BE_SKB_AT_INGRESS,	/* a single bit */
	BE_STATE_HOOK,
	BE_STATE_PF,
	BE_STATE_IN,
	BE_STATE_OUT,
	BE_XDP_RXQ,
	BE_RXQ_DEV,
	BE_DEV_NAME,
	BE_DEV_IP,
	BE_DEV_IP6,
	BE_DEV_NET,
	BE_IN_DEV_CONF,
	BE_INET6_FORWARDING,
	BE_NET_COOKIE,
	BE_NET_RULES,
	BE_NET_NEXTHOPS,
	BE_NET_ROUTES,
	BE_NMEMBERS
};

enum be_member_kind {
	BE_UNSIGNED,
	BE_POINTER,
	BE_CHARS,
	BE_BIT,
	BE_NESTED,
};

struct be_member_info {
	const char	*type;
	const char	*name;		/* BE_NESTED: a path, outer.inner */
	enum be_member_kind kind;
	uint8_t		size;
};

extern const struct be_member_info be_members[BE_NMEMBERS];

/* and functions that a program may call. */
enum be_kfunc {
	BE_RDONLY_CAST,
	BE_CAST_TO_KERN_CTX,
	BE_DYNPTR_FROM_SKB,
	BE_NKFUNCS
};

extern const char *const be_kfuncs[BE_NKFUNCS];

struct be_kernel {
	int	member[BE_NMEMBERS];	/* offsets; -1: there is none here */
	int	kfunc[BE_NKFUNCS];	/* BTF ids; < 0: not there */
};

/* 0, or -errno told in @diag.  Asks the kernel once in a boot
 * (facts.h). */
int be_kernel_read(struct be_kernel *k, struct diag *diag);

/*
 * A kernel of our own, for programs that are adapted to the real one where they
 * are loaded: each structure has the members of be_members alone, one behind the
 * other, and none that are nested.  Functions have no ids.
 */
void be_kernel_invent(struct be_kernel *k);

/* Whether @m is a member of the structure named @type there. */
bool be_member_is_of(enum be_member m, const char *type);

/* Where a structure of that kernel ends. */
uint32_t be_kernel_invented_size(const char *type);

#endif
