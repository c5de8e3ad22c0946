/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/xt.h - libxtables, set up and fenced in
 *
 * libxtables has global state and leaves errors through a callback that must
 * not return; both end in here.  Extensions are asked for their newest revision
 * (compat_rev always says yes), so parsing needs no kernel and no privilege.
 */
#ifndef FRONTEND_XT_H
#define FRONTEND_XT_H

#include <setjmp.h>

#include "ir/diag.h"

/* The version of iptables whose behaviour and messages are ours. */
#define FE_IPTABLES_VERSION	"1.8.11"

/*
 * Starts libxtables for IPv4 under @prog ("iptables-restore"), which its
 * messages name.  Call once per process.  0 or -errno.
 */
int fe_xt_init(const char *prog);

#endif
