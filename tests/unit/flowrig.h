/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/flowrig.h - a program with a flow memo, held against the model
 *
 * Tests change the memo behind the program's back.  What fails ends the test.
 */
#ifndef TESTS_UNIT_FLOWRIG_H
#define TESTS_UNIT_FLOWRIG_H

#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/gen.h"
#include "backend/program.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

#define ALL		(1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD | \
			 1u << IR_HOOK_OUTPUT)

/* In the head of an entry. */
#define VALID		1u
#define BUSY		2u

/* One program with its table, and what it should have counted. */
struct rig {
	struct ir_table	*t;
	struct tr_classifier *c;
	enum be_hook_type type;
	struct ir_counter *want, *have;
	uint32_t	n;
	int		table, test, counters, prog;
	struct be_flow	flow;		/* what the memo looks like */
	int		memo;		/* its map; -1: none */
	uint32_t	*value;		/* of the map */
};

/* Reads and writes all of it. */
void read_memo(struct rig *r);
void write_memo(struct rig *r);

/* An entry is words: the head, the trace, the key. */
uint32_t entry_words(const struct rig *r);
uint32_t set_words(const struct rig *r);
uint32_t ways(const struct rig *r);
bool is_good(const uint32_t *entry);

/* How many entries are good; *entry is the last of them. */
uint32_t entries(struct rig *r, uint32_t **entry);

/* The words of its trace. */
uint32_t *trace(uint32_t *entry);

/* What its key has of a field. */
uint32_t key_field(const struct rig *r, const uint32_t *entry,
		   enum ir_field f);

/* How many CPUs the next memo is for; 0: those there are. */
extern uint32_t memo_cpus;

/* Takes @t over; at the end all counters must be the model's. */
void rig_open(struct rig *r, struct ir_table *t, int type,
	      enum be_flows flows);
void rig_close(struct rig *r);

/* What is sent, and by which way. */
struct sample {
	enum ir_hook	hook;
	const char	*iif, *oif;
	uint32_t	ctstate;
	uint32_t	len;
	uint8_t		ip[120];
};

/* TCP, with a maximum segment size. */
struct sample tcp(uint32_t saddr, uint32_t daddr, uint32_t ports);

/* That of warm(), but for its source. */
struct sample from(uint32_t saddr);

/* The program's verdict alone, on the last of @n. */
int run_many(struct rig *r, const struct sample *s, uint32_t n);
int run(struct rig *r, const struct sample *s);

/* The model's, which counts the packet. */
int model(struct rig *r, const struct sample *s);

/* Both, which must be the same. */
void judge(struct rig *r, const struct sample *s);

struct ir_table *table(void);
struct ir_chain *input(struct ir_table *t);
void add_value(struct ir_table *t, struct ir_rule *r, enum ir_field f,
	       uint32_t v);

/*
 * One flow in the memo: its packets are dropped.  @i / 2 is the hook's type; an odd @i
 * is for entries that are a line, since rules would allow for longer traces.
 */
uint32_t *warm(struct rig *r, struct sample *s, int i);

/* The other verdict, in its entry. */
void poison(uint32_t *entry);

/* The entry goes to way @way of its set, and the other is empty. */
uint32_t *move(struct rig *r, uint32_t *entry, uint32_t way);

/* Each CPU has a memo of its own. */
void stay_here(void);

#endif
