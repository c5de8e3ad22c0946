/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/legacy.h - the kernel's own iptables: the definition
 *
 * A handle belongs to the network namespace it was opened in, whatever the
 * thread's namespace is later.
 */
#ifndef TESTS_DIFF_LEGACY_H
#define TESTS_DIFF_LEGACY_H

#include <stdbool.h>

#include "ir/ruleset.h"

struct legacy;

/*
 * Loads @text with iptables-legacy-restore, or ip6tables', in the current
 * namespace.  0, or -1 with the reason on stderr.
 */
int legacy_load(const char *text, bool ipv6);

/* What iptables-legacy-save says here; the caller's to free().  NULL: error. */
char *legacy_save(bool ipv6);

/*
 * Opens the filter table as loaded here.  Its rules must be those of @t, which
 * is borrowed.  NULL on error, told on stderr.
 */
struct legacy *legacy_open(const struct ir_table *t);
void legacy_close(struct legacy *l);

/* All counters, in the order of ir_table_number().  0 or -1, told on stderr. */
int legacy_read(struct legacy *l, struct ir_counter *count);

#endif
