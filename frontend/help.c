/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/help.c - what "-h" says
 *
 * Word for word what iptables says: there are scripts that look for an option
 * in it.  Each extension in use adds its own part.
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

static const char commands[] =
	"Commands:\n"
	"Either long or short options are allowed.\n"
	"  --append  -A chain\t\tAppend to chain\n"
	"  --check   -C chain\t\tCheck for the existence of a rule\n"
	"  --delete  -D chain\t\tDelete matching rule from chain\n"
	"  --delete  -D chain rulenum\n"
	"\t\t\t\tDelete rule rulenum (1 = first) from chain\n"
	"  --insert  -I chain [rulenum]\n"
	"\t\t\t\tInsert in chain as rulenum (default 1=first)\n"
	"  --replace -R chain rulenum\n"
	"\t\t\t\tReplace rule rulenum (1 = first) in chain\n"
	"  --list    -L [chain [rulenum]]\n"
	"\t\t\t\tList the rules in a chain or all chains\n"
	"  --list-rules -S [chain [rulenum]]\n"
	"\t\t\t\tPrint the rules in a chain or all chains\n"
	"  --flush   -F [chain]\t\tDelete all rules in  chain or all chains\n"
	"  --zero    -Z [chain [rulenum]]\n"
	"\t\t\t\tZero counters in chain or all chains\n"
	"  --new     -N chain\t\tCreate a new user-defined chain\n"
	"  --delete-chain\n"
	"            -X [chain]\t\tDelete a user-defined chain\n"
	"  --policy  -P chain target\n"
	"\t\t\t\tChange policy on chain to target\n"
	"  --rename-chain\n"
	"            -E old-chain new-chain\n"
	"\t\t\t\tChange chain name, (moving any references)\n"
	"\n"
	"Options:\n";

static const char options[] =
	"[!] --protocol\t-p proto\tprotocol: by number or name, eg. `tcp'\n"
	"[!] --source\t-s address[/mask][...]\n"
	"\t\t\t\tsource specification\n"
	"[!] --destination -d address[/mask][...]\n"
	"\t\t\t\tdestination specification\n"
	"[!] --in-interface -i input name[+]\n"
	"\t\t\t\tnetwork interface name ([+] for wildcard)\n"
	" --jump\t-j target\n"
	"\t\t\t\ttarget for rule (may load target extension)\n"
	"  --goto      -g chain\n"
	"\t\t\t       jump to chain with no return\n"
	"  --match\t-m match\n"
	"\t\t\t\textended match (may load extension)\n"
	"  --numeric\t-n\t\tnumeric output of addresses and ports\n"
	"[!] --out-interface -o output name[+]\n"
	"\t\t\t\tnetwork interface name ([+] for wildcard)\n"
	"  --table\t-t table\ttable to manipulate (default: `filter')\n"
	"  --verbose\t-v\t\tverbose mode\n"
	"  --wait\t-w [seconds]\tmaximum wait to acquire xtables lock before give up\n"
	"  --line-numbers\t\tprint line numbers when listing\n"
	"  --exact\t-x\t\texpand numbers (display exact values)\n";

static const char fragment[] =
	"[!] --fragment\t-f\t\tmatch second or further fragments only\n";

static const char last[] =
	"  --modprobe=<command>\t\ttry to insert modules using this command\n"
	"  --set-counters -c PKTS BYTES\tset the counter during insert/append\n"
	"[!] --version\t-V\t\tprint package version.\n";

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
	const bool ipv4 = c->family->af == AF_INET;
	size_t i;

	if (!c->matches && c->protocol)
		xtables_find_match(c->protocol, XTF_TRY_LOAD, &c->matches);
	printf("%s v%s\n\n", fe_xt_program(), FE_PROGRAM_VERSION);
	for (i = 0; i < sizeof(usage) / sizeof(*usage); i++)
		printf("%s %s %s\n", i ? "      " : "Usage:", fe_xt_program(),
		       usage[i]);
	printf("\n%s", commands);
	printf("    --ipv4\t-4\t\t%s (line is ignored by ip6tables-restore)\n",
	       ipv4 ? "Nothing" : "Error");
	printf("    --ipv6\t-6\t\t%s (line is ignored by iptables-restore)\n",
	       ipv4 ? "Error" : "Nothing");
	printf("%s%s%s", options, ipv4 ? fragment : "", last);
	for (t = xtables_targets; t; t = t->next)
		if (t->used)
			extension(t->name, t->help);
	for (r = c->matches; r; r = r->next)
		extension(r->match->name, r->match->help);
}
