/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/attach.h - where the user wants a table judged
 *
 *	HOOK[:DEV,...]	with HOOK one of auto, netfilter, xdp, tc
 *
 * from --attach or the environment variable XTBPF_ATTACH.
 *
 *	netfilter	INPUT, FORWARD and OUTPUT where iptables has them; all
 *			interfaces, so it takes no DEV
 *	xdp		INPUT and FORWARD as packets come in; OUTPUT at the
 *			netfilter hook, or tc where the kernel has none
 *	tc		INPUT as packets come in, FORWARD and OUTPUT as they go
 *	auto		netfilter where the kernel has it, else tc
 *
 * xdp and tc judge the interfaces that are there at the commit; one that comes
 * later passes everything until the next commit.
 */
#ifndef BACKEND_ATTACH_H
#define BACKEND_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/diag.h"
#include "ir/ruleset.h"

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

/* The type that is meant, auto being made out for this kernel. */
enum be_hook_type be_attach_resolve(const struct be_attach *a);

/* Which hooks (bit sets of enum ir_hook) a program of each type judges. */
struct be_plan {
	enum be_hook_type type;		/* be_attach_resolve() */
	uint32_t	hooks[BE_NTYPES]; /* 0: not used */
};

/*
 * Spreads @hooks, those at which there are base chains, over the types.
 * -EOPNOTSUPP told in @diag for a hook that none of them covers.
 */
int be_attach_plan(const struct be_attach *a, uint32_t hooks,
		   struct be_plan *plan, struct diag *diag);

/*
 * Whether @t (numbered) can be judged exactly where @a says: xdp and tc do not
 * know the connection state, so no rule that a packet can reach there may test
 * it; and in IPv6 they cannot tell what is forwarded where the settings of this
 * host and of an interface disagree.  0 or -EOPNOTSUPP, told in @diag with the
 * rule.
 */
int be_attach_check(const struct ir_table *t, const struct be_attach *a,
		    struct diag *diag);

/*
 * The same for programs that stand alone (object.h), with the plan: auto is
 * netfilter, as is OUTPUT with xdp, and nothing is asked of this host.  What is
 * forwarded where settings of IPv6 disagree is for who attaches them to know.
 * Besides, no rule may ask for an interface that such a program knows no name of:
 * at xdp what FORWARD leaves by, at tc what it came in by.
 */
int be_attach_check_alone(const struct ir_table *t, const struct be_attach *a,
			  struct be_plan *plan, struct diag *diag);

/* "netfilter", "xdp", "tc" */
const char *be_hook_type_name(enum be_hook_type type);

#endif
