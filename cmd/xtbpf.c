/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/xtbpf.c - the toolbox: finds the subcommand */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "frontend/xt.h"

static int cmd_help(int argc, char **argv, bool json);

static const struct command {
	const char	*name;
	int		(*run)(int argc, char **argv, bool json);
	const char	*help;
} commands[] = {
	{ "check", cmd_check, "can these rulesets be run, and what would they become" },
	{ "convert", cmd_convert, "write them as objects that bpftool, ip, tc and libbpf load" },
	{ "bench", cmd_bench, "what packets cost with these rulesets, and elsewhere" },
	{ "status", cmd_status, "what runs in this network namespace, and where" },
	{ "detach", cmd_detach, "take it off every hook and forget it" },
	{ "help", cmd_help, "more about one of these" },
};

#define NCOMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	size_t i;

	fputs("Usage: xtbpf [--json] COMMAND [OPTIONS]\n"
	      "       xtbpf { --help | --version }\n\n", out);
	for (i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\n'xtbpf COMMAND --help' says more as well.\n", out);
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	fprintf(stderr, "xtbpf: unknown command '%s'\n"
		"Try 'xtbpf --help' for more information.\n", name);
	return 2;
}

/* "help COMMAND" is "COMMAND --help". */
static int cmd_help(int argc, char **argv, bool json)
{
	char option[] = "--help", *args[] = { NULL, option, NULL };
	const struct command *cmd;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return 0;
	}
	cmd = find(argv[1]);
	if (!cmd)
		return unknown(argv[1]);
	args[0] = argv[1];
	return cmd->run(2, args, json);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json",	no_argument,	NULL, 'j' },
		{ "help",	no_argument,	NULL, 'h' },
		{ "version",	no_argument,	NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	const struct command *cmd;
	static char name[32];
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "+jhV", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			printf("xtbpf v%s, as iptables v%s\n", PACKAGE_VERSION,
			       FE_IPTABLES_VERSION);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	cmd = find(argv[optind]);
	if (!cmd)
		return unknown(argv[optind]);
	argc -= optind;
	argv += optind;
	snprintf(name, sizeof(name), "xtbpf %s", cmd->name);
	argv[0] = name;		/* getopt says it */
	optind = 0;		/* glibc: start again */
	return cmd->run(argc, argv, json);
}

int cmd_xtbpf(int argc, char **argv)
{
	return cmd_flush(CMD_XTBPF, run(argc, argv));
}
