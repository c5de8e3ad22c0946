/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/entry.h - a rule as iptables hands it to the kernel
 *
 * A struct ipt_entry or ip6t_entry with its matches and its target behind it,
 * except that a standard target keeps its name ("ACCEPT", a chain) in place of a
 * verdict, and that counters are kept in struct ir_rule.
 */
#ifndef FRONTEND_ENTRY_H
#define FRONTEND_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frontend/command.h"
#include "frontend/family.h"
#include "ir/ruleset.h"

/*
 * The entry of the rule that @c asks for, whose target has been settled
 * (c->target), with the first addresses.  The caller frees *out.  0, -ENOMEM
 * or -E2BIG: a rule cannot be that long.
 */
int fe_entry_build(const struct fe_command *c, void **out);

/* The bytes of an entry. */
uint16_t fe_entry_size(const struct fe_family *f, const void *entry);

/* Sets the addresses to numbers @s and @d of those given. */
void fe_entry_set_addrs(void *entry, const struct fe_command *c, unsigned int s,
			unsigned int d);

/*
 * Whether rule @r is the one that @c asks for, with the addresses in @e: what
 * iptables -D and -C compare.  @like is a rule made of @e.
 */
bool fe_entry_same(const struct ir_rule *r, const struct ir_rule *like,
		   const struct fe_command *c);

/* Whether @size bytes are an entry that can be walked safely. */
bool fe_entry_valid(const struct fe_family *f, const void *entry, size_t size);

/* The matches, one by one: NULL for the first, NULL after the last. */
const struct xt_entry_match *
fe_entry_next_match(const struct fe_family *f, const void *entry,
		    const struct xt_entry_match *m);

const struct xt_entry_target *fe_entry_target(const struct fe_family *f,
					      const void *entry);

#endif
