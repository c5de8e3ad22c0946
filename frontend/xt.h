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

#include <stdint.h>
#include <stdio.h>

#include "frontend/family.h"
#include "ir/diag.h"

/* The version of iptables whose behaviour and messages are ours. */
#define FE_IPTABLES_VERSION	"1.8.11"
#define FE_PROGRAM_VERSION	FE_IPTABLES_VERSION " (bpf)"

/*
 * Starts libxtables for @family (AF_INET or AF_INET6) under @prog
 * ("iptables-restore"), which its messages name.  0 or -errno.
 *
 * Called again it switches to that family and name.  After that a few targets
 * that were loaded for the other family are no longer found (DNAT, MASQUERADE:
 * libxtables forgets them), so that a process that parses or prints tables of
 * all kinds has to keep to one family.
 */
int fe_xt_init(int family, const char *prog);

/* That of fe_xt_init(). */
const struct fe_family *fe_xt_family(void);

/* The name in messages from here on, borrowed; and back. */
void fe_xt_set_program(const char *prog);
const char *fe_xt_program(void);

/* The input line that messages name; -1: none. */
void fe_xt_set_line(int line);

/*
 * Calls @fn, and catches xtables_error() in it.  Returns what @fn returned, or
 * the exit status (enum fe_exit, not 0) after the message has gone to stderr.
 * What @fn owned at that moment must be reachable through @arg.  May be nested.
 */
int fe_xt_run(int (*fn)(void *arg), void *arg);

/*
 * The way out of fe_xt_run() for a message already printed: adds where it was
 * and "Try ... for more information", as iptables does for a wrong parameter.
 */
void fe_xt_leave_tryhelp(void) __attribute__((noreturn));

/*
 * Calls @fn with stdout going to @out, which is where libxtables prints.  As
 * fe_xt_run() otherwise.
 */
int fe_xt_print(FILE *out, int (*fn)(void *arg), void *arg);

/* Ends the options that the rule just parsed has merged in. */
void fe_xt_forget_options(void);

/* "tcp" for the protocols iptables has a name for; NULL for the others. */
const char *fe_xt_proto_name(uint8_t proto);

#endif
