/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/ruleset.c - a ruleset to be measured
 *
 * Read as iptables-bpf-restore reads it; what other engines load is the table
 * printed again, so that all of them get the same.
 */
#include "cmd/bench/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/bench/stat.h"
#include "cmd/cmd.h"
#include "cmd/session.h"
#include "frontend/image.h"
#include "frontend/restore.h"
#include "frontend/save.h"

static int begin(void *ctx, const char *table, struct ir_table **out,
		 struct diag *diag)
{
	(void)ctx;
	*out = ir_table_new(AF_INET, table);
	if (*out)
		return 0;
	diag_error(diag, NULL, "unable to initialize table '%s'", table);
	return -errno;
}

/* The table stays the front end's: ours is a copy. */
static int commit(void *ctx, struct ir_table *t, struct diag *diag)
{
	struct bench_ruleset *rs = ctx;
	void *image;
	size_t size;
	int err;

	err = cmd_table_check(t, NULL, diag);
	if (err || !cmd_table_run(t))
		return err;
	err = fe_image_write(t, false, &image, &size);
	if (err)
		return err;
	ir_table_free(rs->table);
	rs->table = NULL;
	err = fe_image_read(image, size, &rs->table, diag);
	free(image);
	return err;
}

static void abort_table(void *ctx)
{
	(void)ctx;
}

static int read_table(struct bench_ruleset *rs, FILE *in, struct diag *diag)
{
	static const struct fe_restore_ops ops = {
		.begin	= begin,
		.commit	= commit,
		.abort	= abort_table,
	};
	const struct fe_restore_opts opts = { .prog = CMD_RESTORE };
	uint32_t depth;

	rs->parse_ms = bench_clock_wall();
	if (fe_restore(in, &opts, &ops, rs) != FE_OK)
		return -EINVAL;
	rs->parse_ms = bench_clock_wall() - rs->parse_ms;
	if (!rs->table) {
		diag_error(diag, NULL, "there is no table 'filter' in it");
		return -ENOENT;
	}
	rs->ncounters = ir_table_number(rs->table);
	rs->nrules = cmd_table_nrules(rs->table);
	rs->stateful = cmd_table_stateful(rs->table) != NULL;
	return ir_table_check(rs->table, &depth, diag);
}

static int translate(struct bench_ruleset *rs, struct diag *diag)
{
	rs->translate_ms = bench_clock_wall();
	rs->classifier = tr_translate(rs->table, NULL, diag);
	rs->translate_ms = bench_clock_wall() - rs->translate_ms;
	return rs->classifier ? 0 : -errno;
}

static int print_text(struct bench_ruleset *rs)
{
	FILE *f = open_memstream(&rs->text, &rs->len);
	int err;

	if (!f)
		return -errno;
	err = fe_save_table(f, rs->table, false);
	return fclose(f) ? -ENOMEM : err;
}

static void reach(const struct ir_chain *chain, bool *seen)
{
	uint32_t i;

	if (seen[chain->number])
		return;
	seen[chain->number] = true;
	for (i = 0; i < chain->nrules; i++)
		if (chain->rule[i]->to)
			reach(chain->rule[i]->to, seen);
}

bool *bench_ruleset_reach(const struct ir_table *t,
			  const struct ir_chain *chain)
{
	bool *seen = calloc(ir_table_nchains(t), sizeof(*seen));

	if (seen)
		reach(chain, seen);
	return seen;
}

/* How many rules a packet at @hook can come to. */
static int count_rules(const struct ir_table *t, enum ir_hook hook,
		       uint32_t *n)
{
	const struct ir_chain *chain = ir_table_base(t, hook);
	bool *seen = bench_ruleset_reach(t, chain);
	uint32_t i;

	if (!seen)
		return -ENOMEM;
	*n = 0;
	for (i = 0; i < ir_table_nchains(t); i++)
		if (seen[i])
			*n += ir_table_chain(t, i)->nrules;
	free(seen);
	return 0;
}

static int choose_chain(struct bench_ruleset *rs)
{
	uint32_t input = 0, forward = 0;
	int err;

	err = count_rules(rs->table, IR_HOOK_INPUT, &input);
	if (!err)
		err = count_rules(rs->table, IR_HOOK_FORWARD, &forward);
	rs->hook = input > forward ? IR_HOOK_INPUT : IR_HOOK_FORWARD;
	rs->chain = ir_table_base(rs->table, rs->hook);
	return err;
}

/* A name that the pattern matches and that an interface of ours can have. */
static bool iface_name(const struct ir_iface *pattern, char *name)
{
	size_t len = strnlen(pattern->name, pattern->len);

	memset(name, 0, IR_IFNAMSIZ);
	if (!len || len >= IR_IFNAMSIZ - 1)
		return false;
	memcpy(name, pattern->name, len);
	if (len == pattern->len)
		name[len] = '0';
	return strcmp(name, "lo") && !strpbrk(name, "/: \t");
}

/* Boyer and Moore's vote: the name that most rules ask for, if most do. */
struct vote {
	char		name[IR_IFNAMSIZ];
	uint32_t	lead;
};

static void cast(struct vote *v, const char *name)
{
	if (!v->lead)
		memcpy(v->name, name, IR_IFNAMSIZ);
	if (strcmp(v->name, name))
		v->lead--;
	else
		v->lead++;
}

static void vote_rule(const struct ir_rule *r, struct vote vote[2])
{
	char name[IR_IFNAMSIZ];
	const struct ir_pred *p;
	uint32_t m, i;

	for (m = 0; m < r->nmatches; m++) {
		for (i = 0; i < r->match[m].npreds; i++) {
			p = &r->match[m].pred[i];
			if (p->kind == IR_PRED_IFACE && !p->negate &&
			    iface_name(&p->iface, name))
				cast(&vote[p->iface.field == IR_OIF], name);
		}
	}
}

static int choose_ifaces(struct bench_ruleset *rs)
{
	struct vote vote[2] = { { "in0", 0 }, { "out0", 0 } };
	bool *seen = bench_ruleset_reach(rs->table, rs->chain);
	const struct ir_chain *c;
	uint32_t i, k;

	if (!seen)
		return -ENOMEM;
	for (i = 0; i < ir_table_nchains(rs->table); i++) {
		c = ir_table_chain(rs->table, i);
		for (k = 0; seen[i] && k < c->nrules; k++)
			vote_rule(c->rule[k], vote);
	}
	free(seen);
	memcpy(rs->iif, vote[0].name, sizeof(rs->iif));
	memcpy(rs->oif, vote[1].name, sizeof(rs->oif));
	if (!strcmp(rs->iif, rs->oif))
		strcpy(rs->oif, strcmp(rs->iif, "out0") ? "out0" : "out1");
	if (rs->hook == IR_HOOK_INPUT)
		rs->oif[0] = '\0';
	return 0;
}

int bench_ruleset_read(struct bench_ruleset *rs, const char *name, FILE *in,
		       struct diag *diag)
{
	int err;

	memset(rs, 0, sizeof(*rs));
	snprintf(rs->name, sizeof(rs->name), "%s", name);
	err = read_table(rs, in, diag);
	if (!err)
		err = translate(rs, diag);
	if (!err)
		err = print_text(rs);
	if (!err)
		err = choose_chain(rs);
	if (!err)
		err = choose_ifaces(rs);
	if (err && !diag->set && err != -EINVAL)
		diag_error(diag, NULL, "%s", strerror(-err));
	return err;
}

void bench_ruleset_free(struct bench_ruleset *rs)
{
	tr_classifier_free(rs->classifier);
	ir_table_free(rs->table);
	free(rs->text);
	memset(rs, 0, sizeof(*rs));
}
