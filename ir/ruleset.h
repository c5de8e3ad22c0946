/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/ruleset.h - what the rules mean, free of where they came from
 *
 * frontend/ builds a table, translator/ and the evaluator only read it.
 * Nothing in here knows how a rule was written or how it will run; the original
 * entry bytes are carried along, unread, for frontend/ to print.
 *
 * A table owns every chain and rule in it, and the strings they point to: all
 * of them end with ir_table_free().  Pointers handed out are borrowed.
 */
#ifndef IR_RULESET_H
#define IR_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/diag.h"
#include "ir/field.h"

#define IR_IFNAMSIZ	16
#define IR_CHAIN_NAME_MAX 29		/* with the NUL: XT_EXTENSION_MAXNAMELEN */

/* The netfilter hooks, numbered as NF_INET_* (linux/netfilter.h). */
enum ir_hook {
	IR_HOOK_PREROUTING,
	IR_HOOK_INPUT,
	IR_HOOK_FORWARD,
	IR_HOOK_OUTPUT,
	IR_HOOK_POSTROUTING,
	IR_NHOOKS,
	IR_HOOK_NONE = IR_NHOOKS
};

/* Holds when lo <= (field & mask) <= hi. */
struct ir_term {
	enum ir_field	field;
	uint32_t	mask;
	uint32_t	lo;
	uint32_t	hi;
};

enum ir_pred_kind {
	IR_PRED_TERMS,		/* any of the terms holds; no terms: never */
	IR_PRED_IFACE,		/* the interface name matches the pattern */
	IR_PRED_TCPOPT,		/* the TCP option is present */
};

/*
 * An interface pattern: the first @len bytes of the name (padded with NUL to
 * 16) are those of @name.  "eth0" has len 5, its NUL included; "eth+" has
 * len 3; "+" has len 0.
 */
struct ir_iface {
	enum ir_field	field;		/* IR_IIF or IR_OIF */
	uint8_t		len;		/* 0..16 */
	char		name[IR_IFNAMSIZ];
};

struct ir_pred {
	enum ir_pred_kind kind;
	bool		negate;
	union {
		struct {
			struct ir_term	*term;	/* owned by the table */
			uint32_t	nterms;
		};
		struct ir_iface	iface;
		uint8_t		tcpopt;
	};
};

/*
 * One match of a rule: all its predicates hold.  The order of the matches is
 * part of the meaning: a match that drops on the spot does so only where those
 * before it held.  The first match of a rule is its IP part (-s -d -i -o -p);
 * in IPv6 "-p" is a match of its own behind it (IR_NEED_PROTO).
 */
struct ir_match {
	enum ir_need	need;
	struct ir_pred	*pred;		/* owned by the table */
	uint32_t	npreds;
};

enum ir_target {
	IR_CONTINUE,		/* no target: count and go on */
	IR_ACCEPT,
	IR_DROP,
	IR_RETURN,
	IR_JUMP,
	IR_GOTO,
	IR_EXTENSION,		/* a target not understood: see refusal */
};

struct ir_counter {
	uint64_t	packets;
	uint64_t	bytes;
};

struct ir_chain;

struct ir_rule {
	struct ir_match	*match;		/* nmatches >= 1 */
	uint32_t	nmatches;
	enum ir_target	target;
	struct ir_chain	*to;		/* IR_JUMP and IR_GOTO */
	struct ir_counter counter;	/* as loaded or last read */
	uint32_t	index;		/* counter index: ir_table_number() */
	/*
	 * It has no match at all, not even one that always holds: what the kernel
	 * calls unconditional, and looks no further behind.
	 */
	bool		always;

	/* Why the rule cannot be compiled, and where; NULL: it can. */
	const char	*refusal;
	struct ir_loc	loc;		/* the rule; loc.text owned by the table */
	struct ir_loc	refusal_loc;

	/* frontend/'s own: the ipt_entry or ip6t_entry with all behind it. */
	void		*entry;		/* owned by the table */
	uint32_t	entry_size;
	/*
	 * The counter index this rule had in the table as it was read from the
	 * kernel; UINT32_MAX for a new rule or one whose counters were set.
	 * What was counted meanwhile is added by it at the commit.
	 */
	uint32_t	old_index;
};

struct ir_chain {
	char		name[IR_CHAIN_NAME_MAX];
	enum ir_hook	hook;		/* IR_HOOK_NONE: user-defined */
	enum ir_target	policy;		/* IR_ACCEPT or IR_DROP; base chains only */
	struct ir_counter counter;	/* of the policy */
	uint32_t	index;		/* counter index of the policy */
	uint32_t	old_index;	/* as in struct ir_rule */
	struct ir_rule	**rule;
	uint32_t	nrules;
	uint32_t	number;		/* position in the table: ir_table_number() */
	uint32_t	refs;		/* rules that jump or go here */
};

struct ir_table;

/*
 * A table of @family (AF_INET or AF_INET6) with the built-in chains iptables
 * gives it ("filter": INPUT, FORWARD, OUTPUT; and nat, mangle, raw, security),
 * policy ACCEPT, counters 0.  NULL when out of memory (errno ENOMEM) or no such
 * table exists (ENOENT).
 */
struct ir_table *ir_table_new(int family, const char *name);
void ir_table_free(struct ir_table *t);

const char *ir_table_name(const struct ir_table *t);
int ir_table_family(const struct ir_table *t);

/* Built-in chains in hook order, then user chains sorted by name (strcmp). */
uint32_t ir_table_nchains(const struct ir_table *t);
struct ir_chain *ir_table_chain(const struct ir_table *t, uint32_t i);

/* NULL where there is none. */
struct ir_chain *ir_table_find(const struct ir_table *t, const char *name);
struct ir_chain *ir_table_base(const struct ir_table *t, enum ir_hook hook);

/*
 * Adds an empty user chain.  0, -EEXIST, -ENAMETOOLONG or -ENOMEM.  @out may
 * be NULL.
 */
int ir_chain_add(struct ir_table *t, const char *name, struct ir_chain **out);

/* -EBUSY while rules refer to it, -ENOTEMPTY with rules, -EINVAL: built-in. */
int ir_chain_delete(struct ir_table *t, struct ir_chain *chain);

/* -EEXIST, -ENAMETOOLONG, -EINVAL: built-in. */
int ir_chain_rename(struct ir_table *t, struct ir_chain *chain, const char *name);

void ir_chain_flush(struct ir_table *t, struct ir_chain *chain);

/*
 * Puts a rule of this table (ir_rule_new()) before position @at; nrules or more
 * appends.  The reference count of rule->to is kept.  0 or -ENOMEM.
 */
int ir_chain_insert(struct ir_table *t, struct ir_chain *chain, uint32_t at,
		    struct ir_rule *rule);

/* @at < nrules.  The rule stays allocated until the table ends. */
void ir_chain_remove(struct ir_table *t, struct ir_chain *chain, uint32_t at);

/*
 * An empty rule owned by @t, not in any chain yet; target IR_CONTINUE, one
 * match without predicates, old_index UINT32_MAX.  NULL: out of memory.
 */
struct ir_rule *ir_rule_new(struct ir_table *t);

/* Appends a match; the pointer is good until the next append.  NULL: memory. */
struct ir_match *ir_rule_add_match(struct ir_table *t, struct ir_rule *rule,
				   enum ir_need need);

/*
 * Appends a predicate to the last match of @rule.  Copies *pred and its terms.
 * 0 or -ENOMEM.
 */
int ir_rule_add_pred(struct ir_table *t, struct ir_rule *rule,
		     const struct ir_pred *pred);

/* A predicate with one term: lo <= (field & mask) <= hi, or its contrary. */
int ir_rule_add_range(struct ir_table *t, struct ir_rule *rule,
		      enum ir_field field, uint32_t lo, uint32_t hi, bool negate);
int ir_rule_add_masked(struct ir_table *t, struct ir_rule *rule,
		       enum ir_field field, uint32_t mask, uint32_t value,
		       bool negate);

/* Whether a predicate of the rule is about @field. */
bool ir_rule_tests(const struct ir_rule *rule, enum ir_field field);

/* Only the first refusal is kept.  Copies the text.  @loc may be NULL. */
int ir_rule_refuse(struct ir_table *t, struct ir_rule *rule,
		   const struct ir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Memory that lives as long as the table, zeroed.  NULL: out of memory. */
void *ir_table_alloc(struct ir_table *t, size_t size);
char *ir_table_strdup(struct ir_table *t, const char *s);

/*
 * Numbers chains and counters: for each chain in order, its rules in order,
 * then (base chains) its policy.  Returns how many counters there are.  Must be
 * called after the last change and before evaluation or translation.
 */
uint32_t ir_table_number(struct ir_table *t);

/*
 * What iptables leaves to the kernel: a loop reachable from a hook is -ELOOP
 * (the rule that closes it is said in @diag).  0 otherwise, and *depth is set
 * to the deepest nesting of jumps (0: none).
 */
int ir_table_check(struct ir_table *t, uint32_t *depth, struct diag *diag);

/* How far a packet can get in a table. */
struct ir_extent {
	uint32_t	depth;		/* the deepest nesting of jumps */
	/* Counters, that of a policy among them, that it adds to: not more than
	 * this, or IR_COUNTS_MANY and more. */
	uint32_t	counts;
};

#define IR_COUNTS_MANY	1000

/* As ir_table_check(), with all of *e set. */
int ir_table_measure(struct ir_table *t, struct ir_extent *e,
		     struct diag *diag);

/*
 * The first rule that cannot be compiled, in file order; NULL: none.  *chain,
 * when not NULL, is set to its chain.
 */
const struct ir_rule *ir_table_refused(const struct ir_table *t,
				       const struct ir_chain **chain);

/* "INPUT" ...; NULL for IR_HOOK_NONE. */
const char *ir_hook_name(enum ir_hook hook);

/* "ACCEPT", "DROP", "RETURN", "jump" ... */
const char *ir_target_name(enum ir_target target);

#endif
