/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/help.c - what "-h" says
 *
 * Each extension in use adds its own part, as with iptables.
 */
#include <stdio.h>
#include <xtables.h>

#include "frontend/command.h"
#include "frontend/xt.h"

static const char *const usage[] = {
	"-[ACD] chain rule-specification [options]",
	"-I chain [rulenum] rule-specification [options]",
	"-R chain rulenum rule-specification [options]",
	"-D chain rulenum [options]",
	"-[LS] [chain [rulenum]] [options]",
	"-[FZ] [chain] [options]",
	"-[NX] chain",
	"-E old-chain-name new-chain-name",
	"-P chain target [options]",
	"-h (print this help information)",
};

static const char options[] =
	"Commands:\n"
	"  -A, --append CHAIN RULE            add at the end\n"
	"  -I, --insert CHAIN [NUMBER] RULE   add before rule NUMBER (1)\n"
	"  -R, --replace CHAIN NUMBER RULE\n"
	"  -D, --delete CHAIN RULE|NUMBER\n"
	"  -C, --check CHAIN RULE             does the rule exist?\n"
	"  -S, --list-rules [CHAIN [NUMBER]]  as commands that make them\n"
	"  -L, --list [CHAIN [NUMBER]]\n"
	"  -F, --flush [CHAIN]                delete the rules\n"
	"  -Z, --zero [CHAIN [NUMBER]]        set counters to 0\n"
	"  -N, --new-chain CHAIN\n"
	"  -X, --delete-chain [CHAIN]\n"
	"  -E, --rename-chain OLD NEW\n"
	"  -P, --policy CHAIN TARGET\n"
	"Rules ('!' before an option turns it around):\n"
	"  -4, --ipv4                         nothing\n"
	"  -6, --ipv6                         the line is ignored\n"
	"  -p, --protocol PROTOCOL            number or name\n"
	"  -s, --source ADDRESS[/MASK][,...]\n"
	"  -d, --destination ADDRESS[/MASK][,...]\n"
	"  -i, --in-interface NAME[+]\n"
	"  -o, --out-interface NAME[+]\n"
	"  -f, --fragments                    second and further fragments\n"
	"  -m, --match MATCH\n"
	"  -j, --jump TARGET\n"
	"  -g, --goto CHAIN                   jump, but do not come back\n"
	"  -c, --set-counters PACKETS BYTES\n"
	"Other options:\n"
	"  -t, --table TABLE                  (filter)\n"
	"  -n, --numeric\n"
	"  -v, --verbose\n"
	"  -x, --exact                        do not round numbers\n"
	"      --line-numbers\n"
	"  -V, --version\n";

static void extension(const char *name, void (*help)(void))
{
	putchar('\n');
	if (help)
		help();
	else
		printf("%s does not take any options\n", name);
}

void fe_command_help(struct fe_command *c)
{
	const struct xtables_rule_match *r;
	const struct xtables_target *t;
	size_t i;

	if (!c->matches && c->protocol)
		xtables_find_match(c->protocol, XTF_TRY_LOAD, &c->matches);
	printf("%s v%s\n\n", fe_xt_program(), FE_PROGRAM_VERSION);
	for (i = 0; i < sizeof(usage) / sizeof(*usage); i++)
		printf("%s %s %s\n", i ? "      " : "Usage:", fe_xt_program(),
		       usage[i]);
	printf("\n%s", options);
	for (t = xtables_targets; t; t = t->next)
		if (t->used)
			extension(t->name, t->help);
	for (r = c->matches; r; r = r->next)
		extension(r->match->name, r->match->help);
}
