/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/note.c - what an object says of itself */
#include "cmd/note.h"

#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/json.h"
#include "cmd/session.h"

static struct json_object *program(const struct be_object_program *p)
{
	struct json_object *o = json_object_new_object();
	struct json_object *chains = json_object_new_array();
	int i;

	cmd_json_string(o, "section", p->section);
	cmd_json_string(o, "name", p->name);
	for (i = 0; i < IR_NHOOKS; i++)
		if (p->hooks >> i & 1)
			json_object_array_add(chains, json_object_new_string(
				ir_hook_name((enum ir_hook)i)));
	json_object_object_add(o, "chains", chains);
	cmd_json_number(o, "instructions", p->ninsns);
	return o;
}

struct json_object *cmd_note_programs(const struct be_object *obj)
{
	struct json_object *list = json_object_new_array();
	const struct be_object_program *p;
	uint32_t n, i;

	p = be_object_programs(obj, &n);
	for (i = 0; i < n; i++)
		json_object_array_add(list, program(&p[i]));
	return list;
}

static struct json_object *counter(uint32_t index, const struct ir_chain *c)
{
	struct json_object *o = json_object_new_object();

	cmd_json_number(o, "index", index);
	cmd_json_string(o, "chain", c->name);
	return o;
}

/* The order is that of the counters. */
static void add_chain(struct json_object *list, const struct ir_chain *c)
{
	const struct ir_rule *r;
	struct json_object *o;
	uint32_t i;

	for (i = 0; i < c->nrules; i++) {
		r = c->rule[i];
		o = counter(r->index, c);
		cmd_json_number(o, "rule", i + 1);
		cmd_json_number(o, "line", r->loc.line);
		cmd_json_string(o, "text", r->loc.text ? r->loc.text : "");
		json_object_array_add(list, o);
	}
	if (c->hook == IR_HOOK_NONE)
		return;
	o = counter(c->index, c);
	cmd_json_string(o, "policy", ir_target_name(c->policy));
	json_object_array_add(list, o);
}

char *cmd_note(const struct ir_table *t, const struct be_object *obj,
	       const char *file)
{
	const char *slash = strrchr(file, '/');
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	char *text;
	uint32_t i;

	cmd_json_string(o, "ruleset", slash ? slash + 1 : file);
	cmd_json_string(o, "family",
			ir_table_family(t) == AF_INET6 ? "ipv6" : "ipv4");
	cmd_json_string(o, "table", ir_table_name(t));
	cmd_json_bool(o, "conntrack", cmd_table_stateful(t) != NULL);
	json_object_object_add(o, "programs", cmd_note_programs(obj));
	for (i = 0; i < ir_table_nchains(t); i++)
		add_chain(list, ir_table_chain(t, i));
	json_object_object_add(o, "counters", list);
	text = strdup(json_object_to_json_string_ext(o,
			JSON_C_TO_STRING_SPACED |
			JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return text;
}
