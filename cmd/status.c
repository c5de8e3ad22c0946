/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/status.c - xtbpf status: what runs where, and what it is made of
 *
 * Everything shown is asked of the kernel; nothing else remembers it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/ns.h"
#include "cmd/cmd.h"
#include "cmd/json.h"
#include "cmd/session.h"
#include "frontend/xt.h"

/* What a hook is good for, which is why a ruleset may be there. */
static const char *const nature[BE_NTYPES] = {
	[BE_NETFILTER]	= "sees what iptables sees, connection state included",
	[BE_XDP]	= "before the network stack, no connection state",
	[BE_TC]		= "at the edge of the network stack, no connection state",
};

/* One family of one namespace. */
struct view {
	struct be_status status;
	struct be_image	image;		/* no ruleset: nothing in force */
};

static void view_free(struct view *v)
{
	be_status_free(&v->status);
	be_image_free(&v->image);
}

static int view_read(struct be_ns *ns, int family, struct view *v,
		     struct diag *diag)
{
	int err;

	err = be_ns_status(ns, family, &v->status, diag);
	if (!err)
		err = be_ns_read(ns, family, &v->image, diag);
	return err;
}

static const char *family_name(const struct view *v)
{
	return v->status.family == AF_INET6 ? "IPv6" : "IPv4";
}

/* What becomes of a table. */
static const char *fate(const struct ir_table *t, bool judged)
{
	return judged ? "judged" : cmd_table_idle(t) ? "empty" : "stored";
}

static void print_hooks(uint32_t hooks)
{
	int h;

	for (h = 0; h < IR_NHOOKS; h++)
		if (hooks & 1u << h)
			printf(" %s", ir_hook_name(h));
}

static void print_progs(const struct be_status *st)
{
	const struct be_link_status *l;
	int type;
	uint32_t i;

	for (type = 0; type < BE_NTYPES; type++) {
		if (!st->prog[type].used)
			continue;
		printf("  %s: judges", be_hook_type_name(type));
		print_hooks(st->prog[type].hooks);
		printf(" (%s)\n", nature[type]);
		printf("    program %u: %u instructions, %u bytes of machine code",
		       st->prog[type].prog_id, st->prog[type].insns,
		       st->prog[type].jited);
		if (st->prog[type].flows)
			printf(", %u of flow memo", st->prog[type].flows);
		if (st->prog[type].routes)
			printf(", %u of route memo", st->prog[type].routes);
		putchar('\n');
		for (i = 0; i < st->nlinks; i++) {
			l = &st->link[i];
			if ((int)l->type != type)
				continue;
			if (l->prog_id)
				printf("    attached to %s, program %u\n",
				       l->where, l->prog_id);
			else
				printf("    not attached: %s\n", l->where);
		}
	}
}

static void print_table_line(const struct view *v, const struct ir_table *t,
			     bool judged)
{
	const struct be_status *st = &v->status;

	printf("  %s: %u rules in %u chains", ir_table_name(t),
	       cmd_table_nrules(t), ir_table_nchains(t));
	if (judged)
		printf(", %u bytes of tables, %u counters, %u bytes of ruleset\n",
		       st->table_bytes, st->ncounters, st->image_bytes);
	else if (cmd_table_idle(t))
		puts(", empty");
	else
		puts(", kept only: NOT ENFORCED");
}

static int print_table(void *ctx, struct ir_table *t, bool judged)
{
	const struct ir_chain *c;
	uint32_t i;

	print_table_line(ctx, t, judged);
	for (i = 0; judged && i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		if (c->hook == IR_HOOK_NONE)
			continue;
		printf("    %-11s %4u rules, policy %s (%" PRIu64 " packets, %"
		       PRIu64 " bytes)\n", c->name, c->nrules,
		       ir_target_name(c->policy), c->counter.packets,
		       c->counter.bytes);
	}
	return 0;
}

static int print_view(struct view *v, struct diag *diag)
{
	const struct be_status *st = &v->status;
	int err;

	printf("namespace %" PRIu64 "%s: %s, generation %u\n", st->cookie,
	       st->here ? " (here)" : "", family_name(v), st->generation);
	err = cmd_image_each(&v->image, print_table, v, diag);
	if (err)
		return err;
	if (!st->judges) {
		puts("  no hook: nothing is judged");
		return 0;
	}
	printf("  hook %s, %s; connection tracking %s\n",
	       be_hook_type_name(st->type),
	       st->automatic ? "chosen by auto" : "as asked for",
	       st->conntrack ? "switched on for this ruleset" : "not needed");
	print_progs(st);
	return 0;
}

static struct json_object *json_chains(const struct ir_table *t)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct ir_chain *c;
	uint32_t i;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		o = json_object_new_object();
		cmd_json_string(o, "name", c->name);
		cmd_json_number(o, "rules", c->nrules);
		if (c->hook != IR_HOOK_NONE) {
			cmd_json_string(o, "policy", ir_target_name(c->policy));
			cmd_json_number(o, "packets", c->counter.packets);
			cmd_json_number(o, "bytes", c->counter.bytes);
		}
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_prog(const struct be_status *st, int type)
{
	struct json_object *o = json_object_new_object();
	struct json_object *hooks = json_object_new_array();
	struct json_object *links = json_object_new_array(), *l;
	uint32_t i;
	int h;

	for (h = 0; h < IR_NHOOKS; h++)
		if (st->prog[type].hooks & 1u << h)
			json_object_array_add(hooks, json_object_new_string(
					      ir_hook_name(h)));
	for (i = 0; i < st->nlinks; i++) {
		if ((int)st->link[i].type != type)
			continue;
		l = json_object_new_object();
		cmd_json_string(l, "where", st->link[i].where);
		cmd_json_number(l, "prog_id", st->link[i].prog_id);
		json_object_array_add(links, l);
	}
	cmd_json_string(o, "hook", be_hook_type_name(type));
	json_object_object_add(o, "judges", hooks);
	cmd_json_number(o, "prog_id", st->prog[type].prog_id);
	cmd_json_number(o, "instructions", st->prog[type].insns);
	cmd_json_number(o, "jited_bytes", st->prog[type].jited);
	cmd_json_number(o, "flow_bytes", st->prog[type].flows);
	cmd_json_number(o, "route_bytes", st->prog[type].routes);
	json_object_object_add(o, "attached", links);
	return o;
}

static int json_table(void *ctx, struct ir_table *t, bool judged)
{
	struct json_object *o = json_object_new_object();

	cmd_json_string(o, "name", ir_table_name(t));
	cmd_json_string(o, "state", fate(t, judged));
	cmd_json_bool(o, "enforced", judged);
	cmd_json_number(o, "rules", cmd_table_nrules(t));
	json_object_object_add(o, "chains", json_chains(t));
	json_object_array_add(ctx, o);
	return 0;
}

static void json_loaded(const struct be_status *st, struct json_object *o)
{
	cmd_json_number(o, "generation", st->generation);
	cmd_json_number(o, "image_bytes", st->image_bytes);
	if (!st->judges)
		return;
	cmd_json_string(o, "hook", be_hook_type_name(st->type));
	cmd_json_bool(o, "automatic", st->automatic);
	cmd_json_bool(o, "conntrack", st->conntrack);
	cmd_json_number(o, "table_bytes", st->table_bytes);
	cmd_json_number(o, "counters", st->ncounters);
}

static int json_view(struct view *v, struct json_object *list,
		     struct diag *diag)
{
	struct json_object *o = json_object_new_object();
	struct json_object *progs = json_object_new_array();
	struct json_object *tables = json_object_new_array();
	int type;

	cmd_json_number(o, "netns_cookie", v->status.cookie);
	cmd_json_bool(o, "here", v->status.here);
	cmd_json_string(o, "family", family_name(v));
	json_loaded(&v->status, o);
	json_object_object_add(o, "tables", tables);
	for (type = 0; type < BE_NTYPES; type++)
		if (v->status.prog[type].used)
			json_object_array_add(progs,
					      json_prog(&v->status, type));
	json_object_object_add(o, "programs", progs);
	json_object_array_add(list, o);
	return cmd_image_each(&v->image, json_table, tables, diag);
}

/* Shows what one namespace has: appended to @list where that is not NULL. */
static int show(struct be_ns *ns, struct json_object *list, struct diag *diag)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct view v;
	uint64_t cookie = 0;
	bool shown = false;
	int i, err = 0;

	for (i = 0; !err && i < 2; i++) {
		memset(&v, 0, sizeof(v));
		err = view_read(ns, families[i], &v, diag);
		cookie = v.status.cookie;
		if (!err && v.image.ruleset) {
			shown = true;
			err = list ? json_view(&v, list, diag) :
				     print_view(&v, diag);
		}
		view_free(&v);
	}
	if (!err && !shown && !list)
		printf("namespace %" PRIu64 ": nothing in force\n", cookie);
	return err;
}

static int show_here(struct json_object *list, struct diag *diag)
{
	struct be_ns *ns = NULL;
	int err = be_ns_open(&ns, false, diag);

	if (!err && ns)
		err = show(ns, list, diag);
	else if (!err && !list)
		puts("nothing is loaded in this network namespace");
	be_ns_close(ns);
	return err;
}

static int show_all(struct json_object *list, struct diag *diag)
{
	uint64_t *cookie = NULL;
	struct be_ns *ns;
	size_t n = 0, i;
	int err;

	err = be_ns_list(&cookie, &n, diag);
	for (i = 0; !err && i < n; i++) {
		ns = NULL;
		err = be_ns_open_cookie(&ns, cookie[i], diag);
		if (!err && ns)
			err = show(ns, list, diag);
		be_ns_close(ns);
	}
	if (!err && !n && !list)
		puts("nothing is loaded in any network namespace");
	free(cookie);
	return err;
}

static int status(bool all, bool json)
{
	struct json_object *list = json ? json_object_new_array() : NULL;
	struct diag diag;
	int err;

	diag_init(&diag);
	err = fe_xt_init(AF_INET, CMD_SAVE);
	if (!err)
		err = all ? show_all(list, &diag) : show_here(list, &diag);
	if (!err && list)
		puts(json_object_to_json_string_ext(list,
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
	if (err)
		diag_error(&diag, NULL, "%s", strerror(-err));
	diag_print(&diag, stderr, "xtbpf status");
	diag_clear(&diag);
	return err ? 1 : 0;
}

static void usage(FILE *out)
{
	fputs("Usage: xtbpf status [--all] [--json]\n"
	      "\n"
	      "Shows what is loaded in this network namespace, or with --all in every one.\n",
	      out);
}

int cmd_status(int argc, char **argv, bool json)
{
	static const struct option options[] = {
		{ "all",	no_argument,	NULL, 'a' },
		{ "json",	no_argument,	NULL, 'j' },
		{ "help",	no_argument,	NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	bool all = false;
	int c;

	while ((c = getopt_long(argc, argv, "ajh", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			all = true;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	return status(all, json);
}
