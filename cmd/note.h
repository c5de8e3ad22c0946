/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/note.h - what an object says of itself: its section ".xtbpf", in JSON
 */
#ifndef CMD_NOTE_H
#define CMD_NOTE_H

#include "backend/object.h"
#include "ir/ruleset.h"

struct json_object;

/*
 * The text, the caller's to free(); NULL: out of memory.
 *
 *	ruleset		the file's name, without folders
 *	family, table
 *	conntrack	whether rules test the state of connections
 *	programs	for each: section, name, chains, instructions
 *	counters	for each: index in the map of counters, chain, and of a rule
 *			number, line and text, of a policy its verdict
 */
char *cmd_note(const struct ir_table *t, const struct be_object *obj,
	       const char *file);

/* The array "programs", the caller's. */
struct json_object *cmd_note_programs(const struct be_object *obj);

#endif
