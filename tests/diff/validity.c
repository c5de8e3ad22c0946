/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/validity.c - where iptables' kernel takes a rule, and where we do
 *
 * validity 4|6 [-l] FILE: each rule of FILE for that family is put into chains
 * of every table, alone, once through our front end and once through
 * iptables-legacy-restore, in the network namespace where this runs.  Both must
 * take it or both refuse it.  Without -l only one chain that takes it and one
 * that does not are tried in each table.  One line of PASS or FAIL for a rule.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontend/restore.h"
#include "frontend/xt.h"

#define RULE_MAX	512

/* "user" is a chain that no hook leads to. */
static const struct {
	const char	*name;
	const char	*chain[7];
} tables[] = {
	{ "filter", { "INPUT", "FORWARD", "OUTPUT", "user" } },
	{ "nat", { "PREROUTING", "INPUT", "OUTPUT", "POSTROUTING", "user" } },
	{ "mangle", { "PREROUTING", "INPUT", "FORWARD", "OUTPUT",
		      "POSTROUTING", "user" } },
	{ "raw", { "PREROUTING", "OUTPUT", "user" } },
	{ "security", { "INPUT", "FORWARD", "OUTPUT", "user" } },
};

#define NTABLES	(sizeof(tables) / sizeof(tables[0]))

struct run {
	int		family;
	const char	*legacy;	/* program */
	bool		all;
	int		failed;
};

static int begin(void *ctx, const char *table, struct ir_table **out,
		 struct diag *diag)
{
	const struct run *r = ctx;

	(void)diag;
	*out = ir_table_new(r->family, table);
	return *out ? 0 : -1;
}

static int commit(void *ctx, struct ir_table *t, struct diag *diag)
{
	(void)ctx;
	(void)t;
	(void)diag;
	return 0;
}

/* The exit status of ours; what it says goes nowhere. */
static int ours(struct run *r, const char *text)
{
	static const struct fe_restore_ops ops = {
		.begin = begin, .commit = commit,
	};
	const struct fe_restore_opts opts = {
		.prog = "iptables-restore", .refused = true,
	};
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	FILE *old = stderr;
	int status;

	if (!in)
		exit(2);
	stderr = fopen("/dev/null", "w");
	status = fe_restore(in, &opts, &ops, r);
	fclose(stderr);
	stderr = old;
	fclose(in);
	return status;
}

static int legacy(const struct run *r, const char *text)
{
	char command[128];
	FILE *to;
	int status;

	snprintf(command, sizeof(command), "%s >/dev/null 2>&1", r->legacy);
	to = popen(command, "w");
	if (!to)
		exit(2);
	fputs(text, to);
	status = pclose(to);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void make_text(char *text, size_t size, const char *table,
		      const char *chain, const char *rule)
{
	snprintf(text, size, "*%s\n%s-A %s %s\nCOMMIT\n", table,
		 strcmp(chain, "user") ? "" : ":user -\n", chain, rule);
}

/* One rule in the chains of one table.  How many differ. */
static int try_table(struct run *r, size_t i, const char *rule)
{
	bool tried[2] = { false, false };
	char text[RULE_MAX + 64];
	int bad = 0, a, b, c;

	for (c = 0; tables[i].chain[c]; c++) {
		make_text(text, sizeof(text), tables[i].name,
			  tables[i].chain[c], rule);
		a = ours(r, text);
		if (tried[!a] && !r->all)
			continue;
		tried[!a] = true;
		b = legacy(r, text);
		if (!a == !b)
			continue;
		printf("%s %s: ours exits with %d, iptables with %d\n",
		       tables[i].name, tables[i].chain[c], a, b);
		bad++;
	}
	return bad;
}

static void try_rule(struct run *r, const char *rule)
{
	int bad = 0;
	size_t i;

	for (i = 0; i < NTABLES; i++)
		bad += try_table(r, i, rule);
	printf("%s valid%s: %s\n", bad ? "FAIL" : "PASS",
	       r->family == AF_INET ? "" : " (IPv6)", rule);
	fflush(stdout);
	r->failed += bad > 0;
}

/* "46 RULE", with 4 or 6 or both. */
static void try_file(struct run *r, FILE *in)
{
	const char mine = r->family == AF_INET ? '4' : '6';
	char line[RULE_MAX], *rule;

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		rule = strchr(line, ' ');
		if (*line == '#' || !rule)
			continue;
		*rule++ = '\0';
		if (strchr(line, mine))
			try_rule(r, rule);
	}
}

int main(int argc, char **argv)
{
	struct run r = { .family = AF_INET };
	FILE *in;

	if (argc < 3) {
		fputs("usage: validity 4|6 [-l] FILE\n", stderr);
		return 2;
	}
	r.family = *argv[1] == '6' ? AF_INET6 : AF_INET;
	r.legacy = r.family == AF_INET6 ? "ip6tables-legacy-restore" :
					  "iptables-legacy-restore";
	r.all = !strcmp(argv[2], "-l");
	in = fopen(argv[argc - 1], "r");
	if (!in || fe_xt_init(r.family, "iptables-restore")) {
		perror(argv[argc - 1]);
		return 2;
	}
	try_file(&r, in);
	fclose(in);
	return r.failed ? 1 : 0;
}
