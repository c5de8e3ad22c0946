/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/list.c - a table as iptables -L prints it
 *
 * Scripts cut these columns up: widths, blanks at the end of a line and the
 * rounding of counters are those of iptables.
 */
#include "frontend/list.h"

#include <errno.h>
#include <string.h>
#include <xtables.h>

#include "frontend/command.h"
#include "frontend/print.h"
#include "frontend/xt.h"

/* What is to be printed, for fe_xt_print(). */
struct job {
	const struct ir_table	*table;
	const char		*only;		/* name of a chain, or NULL: all */
	uint32_t		rulenum;
	unsigned int		format;		/* FMT_* */
};

static void print_policy(const struct ir_chain *c, unsigned int format)
{
	printf(" (policy %s", ir_target_name(c->policy));
	if (!(format & FMT_NOCOUNTS)) {
		putchar(' ');
		xtables_print_num(c->counter.packets, format | FMT_NOTABLE);
		fputs("packets, ", stdout);
		xtables_print_num(c->counter.bytes, format | FMT_NOTABLE);
		fputs("bytes", stdout);
	}
	puts(")");
}

static void print_header(const struct ir_chain *c, unsigned int format)
{
	printf("Chain %s", c->name);
	if (c->hook == IR_HOOK_NONE)
		printf(" (%u references)\n", c->refs);
	else
		print_policy(c, format);
	if (format & FMT_LINENUMBERS)
		printf("%-4s ", "num");
	if (!(format & FMT_NOCOUNTS)) {
		if (format & FMT_KILOMEGAGIGA)
			printf("%5s %5s ", "pkts", "bytes");
		else
			printf("%8s %10s ", "pkts", "bytes");
	}
	printf("%-9s  prot opt", "target");
	if (format & FMT_VIA)
		printf(" %-6s %-6s ", "in", "out");
	printf(" %-19s  %-19s \n", "source", "destination");
}

static void print_chain(const struct job *j, const struct ir_chain *c)
{
	uint32_t i;

	if (!j->rulenum)
		print_header(c, j->format);
	for (i = 0; i < c->nrules; i++)
		if (!j->rulenum || j->rulenum == i + 1)
			fe_print_format(c->rule[i], i + 1, j->format);
}

static int print_table(void *arg)
{
	const struct job *j = arg;
	const struct ir_chain *c;
	bool found = false;
	uint32_t i;

	for (i = 0; i < ir_table_nchains(j->table); i++) {
		c = ir_table_chain(j->table, i);
		if (j->only && strcmp(j->only, c->name))
			continue;
		if (found)
			putchar('\n');
		print_chain(j, c);
		found = true;
	}
	return 0;
}

static unsigned int layout(unsigned int options)
{
	unsigned int format = FMT_OPTIONS;

	format |= options & FE_OPT_VERBOSE ? FMT_VIA : FMT_NOCOUNTS;
	if (options & FE_OPT_NUMERIC)
		format |= FMT_NUMERIC;
	if (!(options & FE_OPT_EXPANDED))
		format |= FMT_KILOMEGAGIGA;
	if (options & FE_OPT_LINENUMBERS)
		format |= FMT_LINENUMBERS;
	return format;
}

int fe_list_table(FILE *out, const struct ir_table *t, const char *chain,
		  uint32_t rulenum, unsigned int options)
{
	struct job j = {
		.table		= t,
		.only		= chain,
		.rulenum	= rulenum,
		.format		= layout(options),
	};

	if (chain && !ir_table_find(t, chain))
		return -ENOENT;
	return fe_xt_print(out, print_table, &j) ? -EINVAL : 0;
}
