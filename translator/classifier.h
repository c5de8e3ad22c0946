/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/classifier.h - the classifier: what one pass over a packet reads
 *
 * A classifier is a block of 32-bit words (host order) and a small description
 * of how to read it.  The block holds everything that grows with the ruleset;
 * a backend's program depends only on the description: which fields there are
 * and how a record is laid out.  All offsets are in bytes from its start.
 *
 * Segments.  A chain is one or more segments in order.  A segment answers "the
 * first rule with id >= k whose tests hold"; where none does, its end record
 * says what comes: the policy, the return of a user chain (not counted), or the
 * next segment (a goto, not counted).
 *
 * Groups.  A segment's rules are spread over groups so that memory stays
 * bounded; the answer is the lowest id over all groups.  They are sorted by
 * min0 and end with a group whose min0 is UINT32_MAX.  A group is an array of
 * slots chosen by a hash of the masked addresses, 64 bits of them at a time
 * (enum tr_half).  All numbers have 64 bits:
 *
 *	key = (half[a] & mask[0]) + (half[b] & mask[1]) * TR_KEY_MUL
 *	hash = key * mul >> shift
 *	slot = hash >> TR_TAG_BITS, tag = hash & TR_TAG_MASK
 *
 * mul 0 is one slot: a plain tree.  In IPv4 a is TR_HALF_PAIR and there is no
 * second part.  Keys that share a slot share the tree below it; the slot has a
 * set of their tags, so that most keys that only happen to come to it are known
 * for what they are before anything below it is read.
 *
 * Trees.  A reference is an offset (multiple of 16) with its type in the low
 * two bits.  A node is the number of a field, 3 (or 7) ascending thresholds and
 * 4 (or 8) references: the child taken is the number of thresholds that the
 * field's value exceeds.  A leaf is a row of records in ascending id; the last
 * has TR_LAST set.
 *
 * Records.  Word 0 is id << 8 | flags | action; the rest is placed as
 * struct tr_layout says.  A record holds everything the rule tests (except
 * what struct tr_layout leaves out because no rule tests it), so that a tree
 * may be as coarse as it likes and still be exact.  A rule that holds for
 * several ranges of a field may be several records with the same id; they do
 * the same.
 *
 * Variants.  A packet whose transport header is not whole meets hotdrops and
 * other rare things, so such packets have segments of their own: each segment
 * is a pair of struct tr_segment in a row, the first for IR_KIND_WHOLE and the
 * second for every other kind.  Segments are named by the offset of the pair.
 */
#ifndef TRANSLATOR_CLASSIFIER_H
#define TRANSLATOR_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/field.h"
#include "ir/packet.h"
#include "ir/ruleset.h"

/* Another number for every other way to read a block. */
#define TR_FORMAT	4

/* The type bits of a reference; 0 is the empty tree. */
enum tr_ref {
	TR_EMPTY,
	TR_LEAF,
	TR_NODE8,
	TR_NODE4,
	TR_REF_MASK = 3
};

enum tr_action {
	TR_CONTINUE,
	TR_ACCEPT,
	TR_DROP,
	TR_RETURN,
	TR_JUMP,		/* to the pair at the offset in the target word */
	TR_GOTO,
	TR_ACTION_MASK = 7
};

enum {
	TR_UNCOUNTED	= 0x40,	/* no counter is touched */
	TR_LAST		= 0x80,	/* last record of its leaf */
	TR_ID_SHIFT	= 8,
	TR_ID_MAX	= (1 << 24) - 2,
};

/*
 * Bounds for all rulesets: records in a leaf, nodes above a leaf, groups in a
 * segment without the sentinel.
 */
#define TR_LEAF_MAX	64
#define TR_DEPTH_MAX	24
#define TR_GROUPS_MAX	16

/*
 * Addresses as 64-bit numbers: that of both IPv4 addresses (source first), and
 * the halves of the IPv6 addresses.
 */
enum tr_half {
	TR_HALF_PAIR,
	TR_HALF_SRC,
	TR_HALF_SRC_LOW,
	TR_HALF_DST,
	TR_HALF_DST_LOW,
	TR_NHALVES
};

/* The field in the upper 32 bits of a half, and that in the lower. */
static inline enum ir_field tr_half_high(enum tr_half half)
{
	static const uint8_t of[] = {
		IR_SADDR, IR_SADDR, IR_SADDR2, IR_DADDR, IR_DADDR2,
	};

	return (enum ir_field)of[half];
}

static inline enum ir_field tr_half_low(enum tr_half half)
{
	static const uint8_t of[] = {
		IR_DADDR, IR_SADDR1, IR_SADDR3, IR_DADDR1, IR_DADDR3,
	};

	return (enum ir_field)of[half];
}

/* The half that is tested by a TR_TEST_MASKED64 of @field; @pair: in IPv4. */
static inline enum tr_half tr_half_of(enum ir_field field, bool pair)
{
	if (pair)
		return TR_HALF_PAIR;
	switch (field) {
	case IR_SADDR:
		return TR_HALF_SRC;
	case IR_SADDR2:
		return TR_HALF_SRC_LOW;
	case IR_DADDR:
		return TR_HALF_DST;
	default:
		return TR_HALF_DST_LOW;
	}
}

static inline uint64_t tr_half(const uint32_t *field, enum tr_half half)
{
	return (uint64_t)field[tr_half_high(half)] << 32 |
	       field[tr_half_low(half)];
}

#define TR_KEY_MUL	0x9e3779b97f4a7c15ull

struct tr_segment {
	uint32_t	groups;		/* offset of the first struct tr_group */
	uint32_t	end;		/* offset of the end record */
	uint32_t	single;		/* 1: exactly one group */
	uint32_t	pad;
};

/* The low bits of a hash say which bit of a slot's low byte must be set. */
#define TR_TAG_BITS	3
#define TR_TAG_MASK	7

struct tr_group {
	uint32_t	min0;		/* word 0 of its first record, low byte 0 */
	uint32_t	max0;		/* of its last record, low byte 0xff */
	uint32_t	slots;		/* offset of the struct tr_slot array */
	uint32_t	shift;
	uint64_t	mask[2];
	uint64_t	mul;
	uint32_t	half[2];	/* enum tr_half; IPv4: 0 */
};

struct tr_slot {
	uint32_t	ref;
	uint32_t	min0;		/* as in the group, its low byte the tags;
					 * UINT32_MAX when empty */
};

/* How many slots a group has. */
static inline uint64_t tr_group_slots(const struct tr_group *g)
{
	return g->mul ? UINT64_C(1) << ((64 - TR_TAG_BITS - g->shift) & 63) : 1;
}

struct tr_node8 {
	uint32_t	field;		/* enum ir_field */
	uint32_t	threshold[7];
	uint32_t	child[8];
};

struct tr_node4 {
	uint32_t	field;
	uint32_t	threshold[3];
	uint32_t	child[4];
};

/*
 * One term of a record's extra predicates: lo <= (field & mask) <= hi, so a
 * term with lo > hi never holds.  Terms of one predicate follow each other up
 * to TR_TERM_LAST, predicates up to TR_TERM_END.  A predicate holds when any of
 * its terms does, or none with TR_TERM_NEGATE (set on all of its terms).
 */
struct tr_term {
	uint32_t	op;		/* enum ir_field | flags */
	uint32_t	mask;
	uint32_t	lo;
	uint32_t	hi;
};

enum {
	TR_TERM_FIELD	= 0x1f,
	TR_TERM_NEGATE	= 0x100,
	TR_TERM_LAST	= 0x200,	/* last term of its predicate */
	TR_TERM_END	= 0x400,	/* last predicate of the record */
};

_Static_assert(IR_NFIELDS <= TR_TERM_FIELD + 1, "a field has five bits");

/* How a record tests a field. */
enum tr_test_kind {
	TR_TEST_MASKED32,	/* words value, mask: (f & mask) == value */
	TR_TEST_MASKED64,	/* the same with 64 bits each, of the half whose
				 * upper part is the field (tr_half_of()) */
	TR_TEST_RANGE16,	/* 16 bits lo, 16 bits hi - lo (in that order in
				 * memory) */
	TR_TEST_MASKED8,	/* 8 bits value, 8 bits mask */
	TR_TEST_KIND16,		/* the same with 16 bits each, of the field with
				 * IR_KIND << 8 added */
	TR_TEST_BITS16,		/* 16 bits set: (f & set) != 0.  Of IR_CTSTATE only:
				 * exactly one bit of it must be set, always */
};

struct tr_test {
	enum tr_test_kind kind;
	enum ir_field	field;
	uint8_t		offset;		/* in the record, bytes */
};

#define TR_MAX_TESTS	10

struct tr_layout {
	bool		pair;		/* IPv4 */
	uint32_t	size;		/* of a record, multiple of 8 */
	uint8_t		target;		/* offset of the target word; 0: absent */
	uint8_t		extra;		/* offset of the word that has the offset
					 * of the extra terms (0: none); 0: absent */
	uint8_t		ntests;
	struct tr_test	test[TR_MAX_TESTS];
};

struct tr_hook {
	bool		present;	/* the table has a chain at this hook */
	uint32_t	segment;	/* offset of the pair where a packet starts */
	uint32_t	policy;		/* offset of a pair that is just the policy:
					 * the bottom of the jump stack */
	bool		state;		/* a rule that can be reached from here tests
					 * IR_CTSTATE; if none does, any one bit may
					 * be set */
};

struct tr_stats {
	uint32_t	rules;		/* as in the table */
	uint32_t	records;	/* in leaves, copies included */
	uint32_t	nodes;
	uint32_t	leaves;
	uint32_t	groups;
	uint32_t	segments;
	uint32_t	max_depth;	/* of a tree, in nodes */
	uint32_t	max_leaf;	/* records in the longest leaf */
};

struct tr_classifier {
	int		family;		/* AF_INET or AF_INET6 */
	uint32_t	*word;
	uint32_t	size;		/* bytes, multiple of 64 */
	uint32_t	fields;		/* bit set of the fields a program must fill */
	bool		variants;	/* false: one variant serves every kind, and
					 * IR_KIND need not be known (unless it is in
					 * fields); both tr_segments are still there */
	struct tr_layout layout;
	struct tr_hook	hook[IR_NHOOKS];
	uint32_t	ncounters;	/* ir_table_number() */
	uint32_t	depth;		/* deepest nesting of jumps, and how many */
	uint32_t	counts;		/* counters a packet adds to, both at most:
					 * struct ir_extent */

	/*
	 * Interfaces: a class is the number of boundaries <= the name, both as
	 * 16-byte big-endian numbers (bytes after the first NUL count as 0).
	 * Each boundary is two 64-bit words, high first, host order.
	 */
	uint32_t	ifaces;		/* offset of the boundaries */
	uint32_t	nifaces;

	uint8_t		tcpopt[32];	/* bit i of IR_TCPOPT: option tcpopt[i] */
	uint32_t	ntcpopts;

	struct tr_stats	stats;
	struct tr_memo	*memo;		/* for tr_change(); owned */
};

/*
 * How the rules of a long chain are spread over groups.  All are exact; those but
 * the first are there to be compared with it.
 */
enum tr_grouping {
	TR_GROUPING_BEST,	/* what reads least: doc/classifier.md */
	TR_GROUPING_TREE,	/* a tree; more only where the budget ends */
	TR_GROUPING_WIDE,	/* as that, for each of four kinds of rules: by
				 * which of the addresses are wider than a /8 */
};

struct tr_options {
	enum tr_grouping grouping;
	uint32_t	leaf;		/* records a leaf may have before it is cut,
					 * at most TR_LEAF_MAX; 0: the default */
	uint32_t	budget;		/* bytes for the trees of one segment before
					 * it is split; 0: the default */
	/*
	 * The classifier of nearly the same table, to which the old_index of the
	 * rules refers: what was found out about its chains is taken over.  It may
	 * be one that tr_change() has spoilt.  NULL: none.
	 */
	const struct tr_classifier *like;
	uint32_t	late;		/* rules that tr_change() may put beside the
					 * others; 0: by the number of rules */
};

/*
 * Translates a numbered and checked table.  @opt may be NULL.  NULL on error,
 * told in @diag with errno set: EOPNOTSUPP for a refused rule (with its place),
 * E2BIG for a limit of the format (said which), ENOMEM.  The classifier is the
 * caller's and refers to nothing of the table.
 */
struct tr_classifier *tr_translate(const struct ir_table *t,
				   const struct tr_options *opt,
				   struct diag *diag);
void tr_classifier_free(struct tr_classifier *c);

/*
 * Makes the classifier of one table into that of another, in much less time
 * than tr_translate() takes.  In @t (numbered) the old_index of a rule is the
 * counter index of the same rule in the table that @c is of, UINT32_MAX for any
 * other rule.  False when the change is not a small one, or needs what @c has
 * no place for (a field, an interface), or is better done by tr_translate();
 * @c is good for nothing but tr_classifier_free() and tr_options.like then.
 */
bool tr_change(struct tr_classifier *c, const struct ir_table *t,
	       const struct tr_options *opt);

/*
 * All of a classifier but its block, as bytes (*bytes is the caller's) to keep
 * beside it and make the classifier from again in another process.  0 or
 * -ENOMEM.
 */
int tr_classifier_pack(const struct tr_classifier *c, void **bytes,
		       size_t *size);

/*
 * Takes over @word, from malloc(), of which there are @bytes bytes; frees it on
 * error too.  NULL: out of memory, or these are not the bytes of one.
 */
struct tr_classifier *tr_classifier_unpack(const void *packed, size_t size,
					   uint32_t *word, size_t bytes);

/* The class of an interface name (NULL or "": no interface). */
uint32_t tr_iface_class(const struct tr_classifier *c, const char *name);

/*
 * The classifier walked in C, as the specification of the backends' programs:
 * same arguments and result as ir_eval().
 */
enum ir_target tr_walk(const struct tr_classifier *c, enum ir_hook hook,
		       const struct ir_packet *p, struct ir_counter *count);

#endif
