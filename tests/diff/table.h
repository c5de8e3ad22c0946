/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/table.h - a filter table from text, as the tool reads it */
#ifndef TESTS_DIFF_TABLE_H
#define TESTS_DIFF_TABLE_H

#include "ir/ruleset.h"

/* Once per process, which reads tables of this family.  0 or -1, told on stderr. */
int table_init(int family);

/*
 * Reads iptables-save text (or ip6tables', with AF_INET6) and gives the filter
 * table, numbered and checked, after a way through its stored form
 * (frontend/image.h).  NULL: told on stderr.
 */
struct ir_table *table_read(const char *text, int family);

/* The table as our save prints it; the caller's to free(). */
char *table_save(const struct ir_table *t);

/* A file as a string, the caller's to free().  NULL: told on stderr. */
char *table_file(const char *path);

/* How many counters its numbering gave. */
uint32_t table_ncounters(const struct ir_table *t);

/* Whether any rule tests the connection state. */
bool table_stateful(const struct ir_table *t);

/* "FORWARD rule 3: -A FORWARD ..." or "INPUT policy", for counter @index. */
void table_print_place(FILE *out, const struct ir_table *t, uint32_t index);

#endif
