/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/flow.h - the flow memo: what became of a packet just like this one
 *
 * Most packets are like one that came before.  All that the walk reads of a
 * packet is its fields and the segment where it starts, so what it does is a
 * function of these: which counters it adds to, in which order, and the verdict.
 * The memo keeps that for some flows, and their packets are not walked.
 *
 * An entry is a head, the trace and the key.  The trace is word 0 of each record that
 * was counted, the last with the verdict.  An entry is used only if all of the key is
 * the same, so a hash that others collide with, by chance or on purpose, costs no more
 * than the walk does.  What has a trace too long for an entry is walked always.
 *
 * Where the key is short, and rules do not let a packet be counted often, an entry has 32
 * bytes, and two are a set in one cache line: a flow may be in either.  With the memo
 * half full, nine flows of ten then have a place of their own.  Other entries are a
 * line or two, and each is a set by itself.
 *
 * A packet that was not found is put in at once where there is an entry that is not good
 * yet (and no trace can be too long).  Else only one in BE_FLOW_EVERY of them is: flows
 * that are too many for the memo seldom write to it, and one that comes often is in it
 * soon.  It takes the place of each way in turn.  These misses are counted for each CPU, in
 * a line of its own behind all entries.
 *
 * Where more than half of BE_FLOW_WINDOW packets were such misses, the memo is left alone
 * for BE_FLOW_PAUSE times as many: there are far more flows than it has room for, and what
 * it takes of the caches is better left to the table.
 *
 * The memo is a map that belongs to one program alone, with an area for each
 * CPU: a new ruleset begins with an empty one, and two CPUs never share an entry.
 * A program may be interrupted by itself, though (a packet sent by a process,
 * one received meanwhile; under PREEMPT_RT at any hook).  So one that writes an
 * entry takes it with an atomic operation and leaves it alone if it was taken;
 * and one that reads looks at the head before and after, which is never the same
 * again once the entry was written: it has a number that grows (30 bits: what was
 * interrupted would have to wait for 2^30 writes to one entry).
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

/* Of the misses of a CPU one in so many is put in: a power of two. */
#define BE_FLOW_EVERY	16

/* So many packets of a CPU are looked at together: a power of two. */
#define BE_FLOW_WINDOW	4096
#define BE_FLOW_PAUSE	15

/* Words of 64 bits in a key. */
#define BE_FLOW_WORDS	8

/* Something in the frame that is part of the key. */
struct be_flow_part {
	int16_t		at;		/* from R10 */
	uint8_t		bits;		/* 64: a double word, else a word */
	uint8_t		word;		/* its place in the key */
	uint8_t		shift;
	uint8_t		from;		/* frame.start: the lowest bit of these */
};

struct be_flow {
	bool		used;
	uint32_t	every;		/* BE_FLOW_EVERY, or 1 for tests, */
	bool		pauses;		/* which have no pauses */
	uint32_t	nparts;
	struct be_flow_part part[IR_NFIELDS + 1];
	uint32_t	nwords;		/* in a key */
	uint32_t	ntrace;		/* words in a trace, */
	bool		fits;		/* which is enough for every packet */
	uint32_t	log_size;	/* of an entry in bytes, */
	uint32_t	log_set;	/* of one or two, */
	uint32_t	log_area;	/* of all of a CPU's */
	uint32_t	log_map;	/* and of all CPUs' */
};

/* Where the counts of CPU number @cpu are: struct be_flow_cpu. */
static inline uint32_t be_flow_counts(const struct be_flow *f, uint32_t cpu)
{
	return (1u << f->log_map) + 64 * cpu;
}

struct be_flow_cpu {
	uint32_t	misses;		/* where nothing could be put in for nothing */
	uint32_t	packets;	/* all of them */
	uint32_t	pause;		/* windows to come without the memo */
	uint32_t	before;		/* misses before this window */
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
