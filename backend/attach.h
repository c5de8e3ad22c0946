/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/attach.h - where the user wants a table judged
 *
 *	HOOK[:DEV,...]	with HOOK one of auto, netfilter, xdp, tc
 *
 * from --attach or the environment variable XTBPF_ATTACH.
 */
#ifndef BACKEND_ATTACH_H
#define BACKEND_ATTACH_H

#include <stdbool.h>

#include "ir/diag.h"

enum be_hook_type {
	BE_NETFILTER,
	BE_XDP,
	BE_TC,
	BE_NTYPES
};

#define BE_MAX_DEVS	64

struct be_attach {
	bool		automatic;
	enum be_hook_type type;		/* unless automatic */
	int		ndevs;		/* 0: every interface of the namespace */
	char		dev[BE_MAX_DEVS][16];
};

/* @spec NULL or "": auto.  0, or -EINVAL told in @diag. */
int be_attach_parse(const char *spec, struct be_attach *out, struct diag *diag);

/* "netfilter", "xdp", "tc" */
const char *be_hook_type_name(enum be_hook_type type);

#endif
