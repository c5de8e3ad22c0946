/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/verify.c - --verify of restore and check: what backend/ found, in words */
#include "cmd/verify.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/verify.h"
#include "cmd/json.h"

/* The rules that no packet reaches, both ways, and what is shown meanwhile. */
struct idle {
	FILE		*text;
	struct json_object *list;
	bool		shown;
};

/* In one line of a terminal, for rulesets that take a while. */
static void progress(void *ctx, uint32_t done, uint32_t all)
{
	struct idle *idle = ctx;

	if (!done || !isatty(fileno(stderr)))
		return;
	fprintf(stderr, "\rverifying: %u %%",
		(uint32_t)((uint64_t)done * 100 / all));
	idle->shown = true;
}

static void clear_progress(const struct idle *idle)
{
	if (idle->shown)
		fputs("\r\033[K", stderr);
}

static const char *reason(enum ir_witness_result why)
{
	switch (why) {
	case IR_WITNESS_UNREACHABLE:
		return "its chain is never reached";
	case IR_WITNESS_NEVER:
		return "it is never true";
	case IR_WITNESS_SHADOWED:
		return "shadowed by rules before it";
	default:
		return "no packet was found that reaches it";
	}
}

static void without(void *ctx, const struct ir_chain *chain,
		    const struct ir_rule *rule, enum ir_witness_result why,
		    const struct ir_rule *by)
{
	struct idle *idle = ctx;
	struct json_object *o;

	fprintf(idle->text, "      line %u, chain '%s': %s", rule->loc.line,
		chain->name, by ? "shadowed by" : reason(why));
	if (by)
		fprintf(idle->text, " line %u", by->loc.line);
	fputc('\n', idle->text);
	o = json_object_new_object();
	cmd_json_number(o, "line", rule->loc.line);
	cmd_json_string(o, "chain", chain->name);
	cmd_json_string(o, "reason", reason(why));
	if (by)
		cmd_json_number(o, "by", by->loc.line);
	json_object_array_add(idle->list, o);
}

static struct json_object *json_verified(const struct be_verified *v,
					 struct json_object *list)
{
	struct json_object *o = json_object_new_object();

	cmd_json_number(o, "rules", v->rules);
	cmd_json_number(o, "witnessed", v->result[IR_WITNESS_FOUND]);
	cmd_json_number(o, "shadowed", v->result[IR_WITNESS_SHADOWED]);
	cmd_json_number(o, "never", v->result[IR_WITNESS_NEVER]);
	cmd_json_number(o, "unreachable", v->result[IR_WITNESS_UNREACHABLE]);
	cmd_json_number(o, "unknown", v->result[IR_WITNESS_UNKNOWN]);
	cmd_json_number(o, "packets", v->packets);
	cmd_json_number(o, "plain", v->plain);
	cmd_json_number(o, "walked", v->walked);
	cmd_json_number(o, "differences", v->differences);
	cmd_json_bool(o, "programs", v->programs);
	json_object_object_add(o, "without_witness", list);
	return o;
}

int cmd_verify(const struct ir_table *t, const struct tr_classifier *cl,
	       const struct be_attach *attach, bool optional,
	       bool alone, struct cmd_verified *out, struct diag *diag)
{
	struct idle idle = { .list = json_object_new_array() };
	const struct be_verify v = {
		.table = t, .classifier = cl, .attach = attach,
		.optional = optional, .alone = alone, .without = without,
		.progress = progress, .ctx = &idle,
	};
	struct be_verified done;
	size_t size;
	int err = -ENOMEM;

	idle.text = open_memstream(&out->idle, &size);
	if (idle.text) {
		err = be_verify(&v, &done, diag);
		clear_progress(&idle);
		fclose(idle.text);
	}
	if (err) {
		json_object_put(idle.list);
		return err;
	}
	be_verified_print(&done, out->summary, sizeof(out->summary));
	out->json = json_verified(&done, idle.list);
	return 0;
}

void cmd_verified_free(struct cmd_verified *v)
{
	free(v->idle);
	json_object_put(v->json);
}
