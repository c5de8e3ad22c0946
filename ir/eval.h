/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/eval.h - the model: a sequential walk, simple enough to be right
 *
 * What iptables-legacy does with one packet (ipt_do_table() in
 * net/ipv4/netfilter/ip_tables.c), rule by rule.  Everything else is tested
 * against this, and this against the kernel.
 */
#ifndef IR_EVAL_H
#define IR_EVAL_H

#include <stdbool.h>

#include "ir/packet.h"
#include "ir/ruleset.h"

/* Whether one match holds; *hotdrop is set where it drops the packet. */
bool ir_eval_match(const struct ir_match *m, const struct ir_packet *p,
		   bool *hotdrop);

/* Whether all matches of @r hold; *hotdrop is set where one drops the packet. */
bool ir_eval_rule(const struct ir_rule *r, const struct ir_packet *p,
		  bool *hotdrop);

/*
 * The verdict on @p at @hook, IR_ACCEPT or IR_DROP.  @t must have been numbered
 * and checked, and have no refused rule.  @count, when not NULL, has as many
 * elements as ir_table_number() said; each rule and policy that the packet hits
 * is counted there.
 */
enum ir_target ir_eval(const struct ir_table *t, enum ir_hook hook,
		       const struct ir_packet *p, struct ir_counter *count);

/*
 * The first rule of @c at @at (which is at most c->nrules) or behind it that is to
 * be looked at; c->nrules: none is left.
 */
typedef uint32_t ir_next_fn(void *ctx, const struct ir_chain *c, uint32_t at);

/* The same walk, but only over the rules that @next gives. */
enum ir_target ir_eval_some(const struct ir_table *t, enum ir_hook hook,
			    const struct ir_packet *p, struct ir_counter *count,
			    ir_next_fn *next, void *ctx);

#endif
