/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/conntrack.h - connection tracking on and off
 *
 * The kernel tracks a family's connections in a network namespace once any rule
 * there asks for the state.  Ours is one nft rule in a chain of no hook, so that
 * no packet ever runs it: table ip (or ip6) iptables-bpf.
 */
#ifndef BACKEND_CONNTRACK_H
#define BACKEND_CONNTRACK_H

#include "ir/diag.h"

/* In the calling thread's namespace; when it is on already, again. */
int be_conntrack_on(int family, struct diag *diag);

/* Removing what is not there is no error. */
int be_conntrack_off(int family, struct diag *diag);

#endif
