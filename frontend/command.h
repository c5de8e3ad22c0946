/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/command.h - one iptables command: arguments in, meaning out
 *
 * What "iptables -A INPUT ..." says, whether it came from a command line or
 * from a line of the save format.  Nothing is changed yet: frontend/edit.h does
 * that.  The extensions of the rule live in libxtables until
 * fe_command_clear().
 */
#ifndef FRONTEND_COMMAND_H
#define FRONTEND_COMMAND_H

#include <getopt.h>
#include <stdbool.h>

#include "frontend/family.h"
#include "frontend/token.h"
#include "ir/ruleset.h"

/* One bit each; -L and -S may come with -Z.  In the order iptables has them. */
enum {
	FE_CMD_INSERT		= 1 << 0,
	FE_CMD_DELETE		= 1 << 1,
	FE_CMD_DELETE_NUM	= 1 << 2,
	FE_CMD_REPLACE		= 1 << 3,
	FE_CMD_APPEND		= 1 << 4,
	FE_CMD_LIST		= 1 << 5,
	FE_CMD_FLUSH		= 1 << 6,
	FE_CMD_ZERO		= 1 << 7,
	FE_CMD_NEW_CHAIN	= 1 << 8,
	FE_CMD_DELETE_CHAIN	= 1 << 9,
	FE_CMD_SET_POLICY	= 1 << 10,
	FE_CMD_RENAME_CHAIN	= 1 << 11,
	FE_CMD_LIST_RULES	= 1 << 12,
	FE_CMD_ZERO_NUM		= 1 << 13,
	FE_CMD_CHECK		= 1 << 14,
	/* the commands that take a rule */
	FE_CMD_RULE		= FE_CMD_INSERT | FE_CMD_DELETE |
				  FE_CMD_REPLACE | FE_CMD_APPEND | FE_CMD_CHECK,
};

/* The options that are not an extension's. */
enum {
	FE_OPT_NUMERIC		= 1 << 0,
	FE_OPT_SOURCE		= 1 << 1,
	FE_OPT_DESTINATION	= 1 << 2,
	FE_OPT_PROTOCOL		= 1 << 3,
	FE_OPT_JUMP		= 1 << 4,
	FE_OPT_VERBOSE		= 1 << 5,
	FE_OPT_EXPANDED		= 1 << 6,
	FE_OPT_IN		= 1 << 7,
	FE_OPT_OUT		= 1 << 8,
	FE_OPT_LINENUMBERS	= 1 << 9,
	FE_OPT_COUNTERS		= 1 << 10,
	FE_OPT_FRAGMENT		= 1 << 11,
};

struct xtables_rule_match;
struct xtables_target;

/* As libxtables makes them for the family. */
union fe_addr_array {
	void		*any;
	struct in_addr	*ip4;
	struct in6_addr	*ip6;
};

/* Addresses of -s or -d: one rule is made for each. */
struct fe_addrs {
	const char	*arg;
	union fe_addr_array addr;
	union fe_addr_array mask;
	unsigned int	n;
};

struct fe_command {
	int		argc;
	char		**argv;		/* borrowed; parsing writes to it */
	const struct fe_tokens *tokens;	/* where it comes from, of a line */
	bool		restore;	/* a line of the save format */
	const struct fe_family *family;

	unsigned int	command;	/* FE_CMD_* */
	unsigned int	options;	/* FE_OPT_* */
	const char	*table;
	const char	*chain;		/* NULL: all */
	const char	*newname;
	const char	*policy;
	unsigned int	rulenum;	/* from 1; 0: none given */
	int		verbose;
	bool		quit;		/* -h or -V was answered */
	bool		ignore;		/* the line is for the other family */
	int		wait;		/* -w: seconds; 0: do not, -1: for ever */
	bool		interval;	/* -W was given */

	struct fe_addrs	src;
	struct fe_addrs	dst;
	const char	*protocol;
	bool		proto_used;	/* its match has been loaded on demand */
	struct xtables_rule_match *matches;
	struct xtables_target *target;
	const char	*jumpto;	/* "" without -j and -g */

	/* Where in the line it says so: argument numbers, 0 for none. */
	int		at_chain;
	int		at_word;	/* rule number, new name or policy */
	int		at_target;
	int		at_match[FE_ARGS_MAX];
	unsigned int	nmatches;

	bool		invert;		/* a '!' waits for its option */

	struct fe_ip	ip;		/* addresses aside */
	struct ir_counter counter;
};

/* For struct xtables_globals; libxtables adds the extensions' to a copy. */
extern struct option fe_command_options[];

/*
 * Of a line of the save format: the first argument is the program's name, the
 * next two are "-t TABLE", as iptables-restore passes them.  Commands are of the
 * family that libxtables is set up for.
 */
void fe_command_init(struct fe_command *c, const struct fe_tokens *tokens);

/* Of a command line, as main() gets it. */
void fe_command_init_args(struct fe_command *c, int argc, char **argv);

/*
 * Parses the arguments.  Every error leaves through xtables_error(), so it is to
 * be called inside fe_xt_run().  The strings in *c point into the arguments.
 */
void fe_command_parse(struct fe_command *c);

/* Forgets the target, so that another can take its place. */
void fe_command_drop_target(struct fe_command *c);

/* Ends what libxtables holds for the rule.  Always to be called. */
void fe_command_clear(struct fe_command *c);

/*
 * Options of the rule itself (rule.c), given as getopt_long() returns them.
 * fe_rule_option() is false for an option that is not one of these.
 * fe_rule_extension() is true when the option must be read again, now that the
 * match of the protocol is loaded.
 */
bool fe_rule_option(struct fe_command *c, int opt);
bool fe_rule_extension(struct fe_command *c, int opt);
/* The extensions' last checks; then the addresses are looked up. */
void fe_rule_finish(struct fe_command *c);
void fe_rule_addresses(struct fe_command *c);

/* Notes an option given, which may be given only once and perhaps inverted. */
void fe_command_set(struct fe_command *c, unsigned int option);
const char *fe_command_option_name(unsigned int option);

/* Whether the next argument is a value, not an option. */
bool fe_command_has_arg(const struct fe_command *c);

/* Prints what -h says, with the help of the extensions in use. */
void fe_command_help(struct fe_command *c);

#endif
