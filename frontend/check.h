/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/check.h - what iptables leaves to the kernel to refuse
 *
 * An extension may be bound to tables, to hooks from which its rule can be
 * reached, and to protocols, and some look at their own data.  Objects that only
 * the kernel knows (accounting objects, helpers) are taken to be there.
 */
#ifndef FRONTEND_CHECK_H
#define FRONTEND_CHECK_H

#include "ir/diag.h"
#include "ir/ruleset.h"

/*
 * The first rule in the order of the kernel's table that it would refuse: its
 * -errno, mostly -EINVAL, told in @diag.  0: none.  @t must be numbered.
 */
int fe_check_table(const struct ir_table *t, struct diag *diag);

#endif
