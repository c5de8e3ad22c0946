/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/command.c - the commands and general options of iptables
 *
 * getopt_long() goes over the arguments with a table that grows as matches and
 * targets are named.  Which combinations are refused, in which order and with
 * what words, is that of iptables 1.8.11.
 */
#include "frontend/command.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "frontend/xt.h"

#define OPTSTRING	"-:A:C:D:E:F::I:L::M:N:P:R:S::VW::X::Z::" \
			"46bc:d:fg:h::i:j:m:no:p:s:t:vw::x"

struct option fe_command_options[] = {
	{ "append",		1, NULL, 'A' },
	{ "check",		1, NULL, 'C' },
	{ "delete",		1, NULL, 'D' },
	{ "delete-chain",	2, NULL, 'X' },
	{ "destination",	1, NULL, 'd' },
	{ "dst",		1, NULL, 'd' },
	{ "exact",		0, NULL, 'x' },
	{ "flush",		2, NULL, 'F' },
	{ "fragments",		0, NULL, 'f' },
	{ "goto",		1, NULL, 'g' },
	{ "help",		2, NULL, 'h' },
	{ "in-interface",	1, NULL, 'i' },
	{ "insert",		1, NULL, 'I' },
	{ "ipv4",		0, NULL, '4' },
	{ "ipv6",		0, NULL, '6' },
	{ "jump",		1, NULL, 'j' },
	{ "line-numbers",	0, NULL, '0' },
	{ "list",		2, NULL, 'L' },
	{ "list-rules",		2, NULL, 'S' },
	{ "match",		1, NULL, 'm' },
	{ "modprobe",		1, NULL, 'M' },
	{ "new-chain",		1, NULL, 'N' },
	{ "numeric",		0, NULL, 'n' },
	{ "out-interface",	1, NULL, 'o' },
	{ "policy",		1, NULL, 'P' },
	{ "protocol",		1, NULL, 'p' },
	{ "rename-chain",	1, NULL, 'E' },
	{ "replace",		1, NULL, 'R' },
	{ "set-counters",	1, NULL, 'c' },
	{ "source",		1, NULL, 's' },
	{ "src",		1, NULL, 's' },
	{ "table",		1, NULL, 't' },
	{ "verbose",		0, NULL, 'v' },
	{ "version",		0, NULL, 'V' },
	{ "wait",		2, NULL, 'w' },
	{ "wait-interval",	2, NULL, 'W' },
	{ "zero",		2, NULL, 'Z' },
	{ NULL, 0, NULL, 0 }
};

/* Each general option: its name, and the commands it goes with. */
static const struct {
	unsigned int	option;
	const char	*name;
	unsigned int	commands;
} rules[] = {
	{ FE_OPT_NUMERIC, "--numeric", FE_CMD_LIST },
	{ FE_OPT_SOURCE, "--source", FE_CMD_RULE },
	{ FE_OPT_DESTINATION, "--destination", FE_CMD_RULE },
	{ FE_OPT_PROTOCOL, "--protocol", FE_CMD_RULE },
	{ FE_OPT_JUMP, "--jump", FE_CMD_RULE },
	{ FE_OPT_VERBOSE, "--verbose", UINT_MAX },
	{ FE_OPT_EXPANDED, "--exact", FE_CMD_LIST },
	{ FE_OPT_IN, "--in-interface", FE_CMD_RULE },
	{ FE_OPT_OUT, "--out-interface", FE_CMD_RULE },
	{ FE_OPT_LINENUMBERS, "--line-numbers", FE_CMD_LIST },
	{ FE_OPT_COUNTERS, "--set-counters", FE_CMD_INSERT | FE_CMD_REPLACE |
					     FE_CMD_APPEND | FE_CMD_SET_POLICY },
	{ FE_OPT_FRAGMENT, "--fragments", FE_CMD_RULE },
};

#define NRULES	(sizeof(rules) / sizeof(*rules))

const char *fe_command_option_name(unsigned int option)
{
	size_t i;

	for (i = 0; i < NRULES; i++)
		if (rules[i].option == option)
			return rules[i].name;
	return "unknown option";
}

/* The IPT_INV_* flag that '!' before an option sets; 0 where it must not be. */
static uint8_t inverse(unsigned int option)
{
	switch (option) {
	case FE_OPT_SOURCE:
		return IPT_INV_SRCIP;
	case FE_OPT_DESTINATION:
		return IPT_INV_DSTIP;
	case FE_OPT_PROTOCOL:
		return XT_INV_PROTO;
	case FE_OPT_IN:
		return IPT_INV_VIA_IN;
	case FE_OPT_OUT:
		return IPT_INV_VIA_OUT;
	case FE_OPT_FRAGMENT:
		return IPT_INV_FRAG;
	default:
		return 0;
	}
}

void fe_command_set(struct fe_command *c, unsigned int option)
{
	if (c->options & option)
		xtables_error(PARAMETER_PROBLEM,
			      "multiple %s options not allowed",
			      fe_command_option_name(option));
	c->options |= option;
	if (!c->invert)
		return;
	if (!inverse(option))
		xtables_error(PARAMETER_PROBLEM, "cannot have ! before %s",
			      fe_command_option_name(option));
	c->ip.invflags |= inverse(option);
}

bool fe_command_has_arg(const struct fe_command *c)
{
	return optind < c->argc && c->argv[optind][0] != '-' &&
	       c->argv[optind][0] != '!';
}

/* The next argument, which fe_command_has_arg() has seen. */
static char *next_arg(struct fe_command *c)
{
	return c->argv[optind++];
}

/* The letter of the highest bit. */
static char letter(unsigned int command)
{
	static const char letters[] = "IDDRALFZNXPESZC";
	unsigned int i = 0;

	while (command > 1) {
		command >>= 1;
		i++;
	}
	return letters[i];
}

static void add_command(struct fe_command *c, unsigned int command,
			unsigned int along)
{
	unsigned int other = c->command & ~along;

	if (c->invert)
		xtables_error(PARAMETER_PROBLEM, "unexpected '!' flag");
	if (other)
		xtables_error(PARAMETER_PROBLEM, "Cannot use -%c with -%c",
			      letter(command), letter(other));
	c->command |= command;
}

static void set_chain(struct fe_command *c, const char *name)
{
	c->chain = name;
	c->at_chain = optind - 1;
}

/* A chain that may be left out: "-F web", "-Fweb" or "-F". */
static void optional_chain(struct fe_command *c)
{
	if (optarg)
		set_chain(c, optarg);
	else if (fe_command_has_arg(c))
		set_chain(c, next_arg(c));
}

static void rule_number(struct fe_command *c)
{
	const char *arg = next_arg(c);

	if (!xtables_strtoui(arg, NULL, &c->rulenum, 1, INT_MAX))
		xtables_error(PARAMETER_PROBLEM, "Invalid rule number `%s'",
			      arg);
	c->at_word = optind - 1;
}

/* -D CHAIN NUMBER: this one is read by other rules than the numbers above. */
static void delete_number(struct fe_command *c)
{
	char *arg = next_arg(c), *end;
	long n;

	if (strchr(arg, ':'))
		xtables_error(PARAMETER_PROBLEM,
			      "Rule ranges are not supported");
	n = strtol(arg, &end, 10);
	if (*end || n < 1 || n > INT_MAX)
		xtables_error(PARAMETER_PROBLEM, "Invalid rule number `%s'",
			      arg);
	c->rulenum = n;
	c->at_word = optind - 1;
	c->command = FE_CMD_DELETE_NUM;
}

static void check_chain_name(const char *name)
{
	const char *p;

	if (strlen(name) >= XT_EXTENSION_MAXNAMELEN)
		xtables_error(PARAMETER_PROBLEM,
			      "chain name `%s' too long (must be under %u chars)",
			      name, XT_EXTENSION_MAXNAMELEN);
	if (*name == '-' || *name == '!')
		xtables_error(PARAMETER_PROBLEM,
			      "chain name not allowed to start with `%c'",
			      *name);
	if (xtables_find_target(name, XTF_TRY_LOAD))
		xtables_error(PARAMETER_PROBLEM,
			      "chain name may not clash with target name");
	for (p = name; *p; p++)
		if (isspace((unsigned char)*p))
			xtables_error(PARAMETER_PROBLEM,
				      "Invalid chain name `%s'", name);
}

static void cmd_insert(struct fe_command *c)
{
	add_command(c, FE_CMD_INSERT, 0);
	set_chain(c, optarg);
	c->rulenum = 1;
	if (fe_command_has_arg(c))
		rule_number(c);
}

static void cmd_replace(struct fe_command *c)
{
	add_command(c, FE_CMD_REPLACE, 0);
	set_chain(c, optarg);
	if (!fe_command_has_arg(c))
		xtables_error(PARAMETER_PROBLEM, "-%c requires a rule number",
			      'R');
	rule_number(c);
}

static void cmd_delete(struct fe_command *c)
{
	add_command(c, FE_CMD_DELETE, 0);
	set_chain(c, optarg);
	if (fe_command_has_arg(c))
		delete_number(c);
}

static void cmd_list(struct fe_command *c, unsigned int command)
{
	add_command(c, command, FE_CMD_ZERO | FE_CMD_ZERO_NUM);
	optional_chain(c);
	if (fe_command_has_arg(c))
		rule_number(c);
}

static void cmd_zero(struct fe_command *c)
{
	add_command(c, FE_CMD_ZERO, FE_CMD_LIST | FE_CMD_LIST_RULES);
	optional_chain(c);
	if (fe_command_has_arg(c)) {
		rule_number(c);
		c->command = FE_CMD_ZERO_NUM;
	}
}

static void cmd_rename(struct fe_command *c)
{
	add_command(c, FE_CMD_RENAME_CHAIN, 0);
	set_chain(c, optarg);
	if (!fe_command_has_arg(c))
		xtables_error(PARAMETER_PROBLEM,
			      "-%c requires old-chain-name and new-chain-name",
			      'E');
	c->newname = next_arg(c);
	c->at_word = optind - 1;
	check_chain_name(c->newname);
}

static void cmd_policy(struct fe_command *c)
{
	add_command(c, FE_CMD_SET_POLICY, 0);
	set_chain(c, optarg);
	if (!fe_command_has_arg(c))
		xtables_error(PARAMETER_PROBLEM,
			      "-%c requires a chain and a policy", 'P');
	c->policy = next_arg(c);
	c->at_word = optind - 1;
}

static void cmd_new(struct fe_command *c)
{
	check_chain_name(optarg);
	add_command(c, FE_CMD_NEW_CHAIN, 0);
	set_chain(c, optarg);
}

static void cmd_optional(struct fe_command *c, unsigned int command)
{
	add_command(c, command, 0);
	optional_chain(c);
}

static void cmd_chain(struct fe_command *c, unsigned int command)
{
	add_command(c, command, 0);
	set_chain(c, optarg);
}

/* False when @opt is not a command. */
static bool command(struct fe_command *c, int opt)
{
	switch (opt) {
	case 'A':
		cmd_chain(c, FE_CMD_APPEND);
		return true;
	case 'C':
		cmd_chain(c, FE_CMD_CHECK);
		return true;
	case 'D':
		cmd_delete(c);
		return true;
	case 'E':
		cmd_rename(c);
		return true;
	case 'F':
		cmd_optional(c, FE_CMD_FLUSH);
		return true;
	case 'I':
		cmd_insert(c);
		return true;
	case 'L':
		cmd_list(c, FE_CMD_LIST);
		return true;
	case 'N':
		cmd_new(c);
		return true;
	case 'P':
		cmd_policy(c);
		return true;
	case 'R':
		cmd_replace(c);
		return true;
	case 'S':
		cmd_list(c, FE_CMD_LIST_RULES);
		return true;
	case 'X':
		cmd_optional(c, FE_CMD_DELETE_CHAIN);
		return true;
	case 'Z':
		cmd_zero(c);
		return true;
	default:
		return false;
	}
}

static void opt_table(struct fe_command *c)
{
	if (c->invert)
		xtables_error(PARAMETER_PROBLEM,
			      "unexpected ! flag before --table");
	if (c->restore && c->table)
		xtables_error(PARAMETER_PROBLEM,
			      "The -t option cannot be used in %s.\n",
			      fe_xt_program());
	c->table = optarg;
}

static void opt_wait(struct fe_command *c)
{
	const char *arg = optarg;

	if (!arg && fe_command_has_arg(c))
		arg = next_arg(c);
	c->wait = -1;
	if (arg && sscanf(arg, "%i", &c->wait) != 1)
		xtables_error(PARAMETER_PROBLEM, "wait seconds not numeric");
}

static void opt_interval(struct fe_command *c)
{
	const char *arg = optarg;
	unsigned int usec;

	if (!arg && fe_command_has_arg(c))
		arg = next_arg(c);
	if (!arg)
		xtables_error(PARAMETER_PROBLEM,
			      "wait interval value required");
	if (sscanf(arg, "%u", &usec) != 1)
		xtables_error(PARAMETER_PROBLEM, "wait interval not numeric");
	if (usec > 999999)
		xtables_error(PARAMETER_PROBLEM,
			      "too long usec wait %u > 999999 usec", usec);
	fputs("Ignoring deprecated --wait-interval option.\n", stderr);
	c->interval = true;
}

/* The lock is the program's business, which a line of the file has no say in. */
static void opt_lock(struct fe_command *c, int opt)
{
	if (c->restore)
		xtables_error(PARAMETER_PROBLEM,	/* of both families */
			      "You cannot use `-%c' from iptables-restore",
			      opt);
	if (opt == 'w')
		opt_wait(c);
	else
		opt_interval(c);
}

/* The other family's option: a line may be for the other program. */
static void opt_family(struct fe_command *c, int opt)
{
	if (opt != c->family->other)
		return;
	if (!c->restore)
		fe_xt_leave_tryhelp();
	c->ignore = true;
}

static void opt_version(struct fe_command *c)
{
	if (c->invert)
		printf("Not %s ;-)\n", FE_PROGRAM_VERSION);
	else
		printf("%s v%s\n", fe_xt_program(), FE_PROGRAM_VERSION);
	c->quit = true;
}

static void opt_verbose(struct fe_command *c)
{
	if (!c->verbose)
		fe_command_set(c, FE_OPT_VERBOSE);
	c->verbose++;
}

/* Of the general options those that are not about the rule; or false. */
static bool general(struct fe_command *c, int opt)
{
	switch (opt) {
	case '0':
		fe_command_set(c, FE_OPT_LINENUMBERS);
		return true;
	case '4':
	case '6':
		opt_family(c, opt);
		return true;
	case 'M':		/* there is no module to load */
		return true;
	case 'V':
		opt_version(c);
		return true;
	case 'W':
	case 'w':
		opt_lock(c, opt);
		return true;
	case 'h':
		fe_command_help(c);
		c->quit = true;
		return true;
	case 'n':
		fe_command_set(c, FE_OPT_NUMERIC);
		return true;
	case 't':
		opt_table(c);
		return true;
	case 'v':
		opt_verbose(c);
		return true;
	case 'x':
		fe_command_set(c, FE_OPT_EXPANDED);
		return true;
	default:
		return false;
	}
}

/* An argument that is no option: a '!' for the option after it, or wrong. */
static void plain(struct fe_command *c)
{
	if (strcmp(optarg, "!")) {
		fprintf(stderr, "Bad argument `%s'\n", optarg);
		fe_xt_leave_tryhelp();
	}
	if (c->invert)
		xtables_error(PARAMETER_PROBLEM,
			      "multiple consecutive ! not allowed");
	c->invert = true;
	optarg[0] = '\0';
}

/* Each option must go with every command given: -L -Z -n is refused. */
static void check_options(const struct fe_command *c)
{
	size_t i;

	for (i = 0; i < NRULES; i++)
		if (c->options & rules[i].option &&
		    (rules[i].commands & c->command) != c->command)
			xtables_error(PARAMETER_PROBLEM,
				      "Illegal option `%s' with this command",
				      rules[i].name);
}

static void check_interface(const struct fe_command *c, const char *one,
			    const char *other, unsigned int option)
{
	if (c->options & option &&
	    (!strcmp(c->chain, one) || !strcmp(c->chain, other)))
		xtables_error(PARAMETER_PROBLEM, "Can't use %s with %s",
			      fe_command_option_name(option), c->chain);
}

static void check(const struct fe_command *c)
{
	check_options(c);
	if (c->chain && strlen(c->chain) >= XT_EXTENSION_MAXNAMELEN)
		xtables_error(PARAMETER_PROBLEM,
			      "chain name `%s' too long (must be under %u chars)",
			      c->chain, XT_EXTENSION_MAXNAMELEN);
	if (!(c->command & FE_CMD_RULE))
		return;
	check_interface(c, "PREROUTING", "INPUT", FE_OPT_OUT);
	check_interface(c, "POSTROUTING", "OUTPUT", FE_OPT_IN);
}

static void finish(struct fe_command *c)
{
	bool drops = (c->policy && !strcmp(c->policy, "DROP")) ||
		     !strcmp(c->jumpto, "DROP");

	if (drops && c->table && !strcmp(c->table, "nat"))
		xtables_error(PARAMETER_PROBLEM,
			      "\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n");
	if (c->interval && !c->wait)
		xtables_error(PARAMETER_PROBLEM,
			      "--wait-interval only makes sense with --wait\n");
	fe_rule_finish(c);
	if (optind < c->argc)
		xtables_error(PARAMETER_PROBLEM,
			      "unknown arguments found on commandline");
	if (!c->command)
		xtables_error(PARAMETER_PROBLEM, "no command specified");
	if (c->invert)
		xtables_error(PARAMETER_PROBLEM,
			      "nothing appropriate following !");
}

void fe_command_init(struct fe_command *c, const struct fe_tokens *tokens)
{
	memset(c, 0, sizeof(*c));
	c->tokens = tokens;
	c->restore = true;
	c->family = fe_xt_family();
	c->jumpto = "";
}

void fe_command_init_args(struct fe_command *c, int argc, char **argv)
{
	fe_command_init(c, NULL);
	c->argc = argc;
	c->argv = argv;
	c->restore = false;
	c->table = "filter";
}

/* What an earlier command left behind in libxtables. */
static void reset(void)
{
	struct xtables_match *m;
	struct xtables_target *t;

	optind = 0;
	opterr = 0;
	for (m = xtables_matches; m; m = m->next)
		m->mflags = 0;
	for (t = xtables_targets; t; t = t->next) {
		t->tflags = 0;
		t->used = 0;
	}
}

static int next_option(const struct fe_command *c)
{
	const struct option *options = xt_params->opts;

	return getopt_long(c->argc, c->argv, OPTSTRING,
			   options ? options : xt_params->orig_opts, NULL);
}

void fe_command_parse(struct fe_command *c)
{
	int opt;

	if (c->tokens) {
		c->argc = c->tokens->argc;
		c->argv = (char **)c->tokens->argv;
	}
	reset();
	while ((opt = next_option(c)) != -1) {
		if (opt == 1) {
			plain(c);
			continue;
		}
		if (!command(c, opt) && !general(c, opt) &&
		    !fe_rule_option(c, opt) && fe_rule_extension(c, opt))
			continue;
		if (c->quit || c->ignore)
			return;
		c->invert = false;
	}
	finish(c);
	fe_rule_addresses(c);
	check(c);
}
