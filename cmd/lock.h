/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/lock.h - the lock that iptables' own tools take
 *
 * One file, /run/xtables.lock or $XTABLES_LOCKFILE, for all namespaces: whoever
 * changes a ruleset waits for iptables and iptables for us.
 */
#ifndef CMD_LOCK_H
#define CMD_LOCK_H

/*
 * Takes the lock.  @wait: seconds to wait for it, 0: do not, -1: for ever.
 * A file descriptor to close, or -EBUSY when it is not to be had, said on stderr
 * in iptables' words.
 */
int cmd_lock_take(int wait);

#endif
