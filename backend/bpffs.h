/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/bpffs.h - our own bpffs, seen from every mount namespace */
#ifndef BACKEND_BPFFS_H
#define BACKEND_BPFFS_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/diag.h"

#define BE_RUNDIR	"/run/iptables-bpf"

/* What iptables says to those who may not look. */
#define BE_NOT_ROOT	"Permission denied (you must be root)"

/*
 * The path by which this process reaches it; with @create it is mounted when it
 * is not.  NULL with errno: ENOENT, not told, when it is not there and @create
 * is false; else told in @diag, EACCES where the caller may not know whether it
 * is there.  The string is static.
 */
const char *be_bpffs_path(bool create, struct diag *diag);

/* The network namespace of the calling thread.  0 or -errno. */
int be_netns_cookie(uint64_t *cookie);

/*
 * Puts the calling thread into the network namespace @cookie, found through
 * /run/netns and /proc.  An fd to go back with (be_netns_leave()), or -ENOENT.
 */
int be_netns_enter(uint64_t cookie);
void be_netns_leave(int back);

#endif
