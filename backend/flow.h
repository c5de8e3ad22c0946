/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/flow.h - the flow memo: what became of a packet just like this one
 *
 * Most packets are like one that came before.  All that the walk reads of a
 * packet is its fields and the segment where it starts, so what it does is a
 * function of these: which counters it adds to, in which order, and the verdict.
 * The memo keeps that for some flows, and their packets are not walked.
 *
 * An entry is a head, the key, and the trace: word 0 of each record that was
 * counted, the last with the verdict.  It is used only if all of the key is the
 * same, so a hash that others collide with, by chance or on purpose, costs no more
 * than the walk does.  Only every BE_FLOW_EVERYth miss of an entry is put in its
 * place: many flows that take turns cost little more than without a memo.  What
 * has a trace too long for an entry is walked always.
 *
 * The memo is a map that belongs to one program alone, with an area for each
 * CPU: a new ruleset begins with an empty one, and two CPUs never share an entry.
 * A program may be interrupted by itself, though (a packet sent by a process,
 * one received meanwhile; under PREEMPT_RT at any hook).  So one that writes an
 * entry takes it with an atomic operation and leaves it alone if it was taken;
 * and one that reads looks at the head before and after, which is never the same
 * again once the entry was written: it has a number that grows.
 *
 * A match that asks for more than the fields (a limit, a set that changes) could
 * not be told by a memo: rulesets with such rules would have to go without.
 */
#ifndef BACKEND_FLOW_H
#define BACKEND_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/map.h"
#include "ir/field.h"

struct be_gen;

/* Of the misses of an entry one in so many takes it over: a power of two. */
#define BE_FLOW_EVERY	16

/* Words of 64 bits in a key. */
#define BE_FLOW_WORDS	8

/* Something in the frame that is part of the key. */
struct be_flow_part {
	int16_t		at;		/* from R10 */
	uint8_t		bits;		/* 64: a double word, else a word */
	uint8_t		word;		/* its place in the key */
	uint8_t		shift;
};

struct be_flow {
	bool		used;
	uint32_t	every;		/* BE_FLOW_EVERY, or 1 for tests */
	uint32_t	nparts;
	struct be_flow_part part[IR_NFIELDS + 1];
	uint32_t	nwords;		/* in a key */
	uint32_t	ntrace;		/* words in a trace */
	uint32_t	log_size;	/* of an entry in bytes, */
	uint32_t	log_area;	/* and of all of a CPU's */
	uint32_t	log_map;	/* and of all CPUs' */
};

/* Whether the program at hand has a memo, and how it looks. */
void be_flow_plan(struct be_gen *g);

/* Its map. */
struct be_map_def be_flow_def(const struct be_flow *f);

/*
 * All of these emit nothing where there is no memo.
 *
 * Answers a packet of a flow in the memo: counts it and jumps to g->judged.  Falls
 * through with others; frame.flow is then the place for a trace, or 0.  In: the
 * fields, frame.segment, frame.variant.  Clobbers R0 to R9.
 */
void be_gen_flow_recall(struct be_gen *g);

/* Notes in frame.flow's trace that BE_R_WORD was counted.  Clobbers R0 to R3. */
void be_gen_flow_note(struct be_gen *g);

/*
 * The walk has ended: with the verdict of BE_R_WORD (@judged), or early.
 * Clobbers R0 to R3.
 */
void be_gen_flow_end(struct be_gen *g, bool judged);

#endif
