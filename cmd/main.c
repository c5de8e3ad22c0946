/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/main.c - the multi-call binary
 *
 * Which command runs is the name the binary was called by, or its first
 * argument: "xtables-bpf-multi iptables-bpf-restore".  Under the plain names of
 * iptables it takes the place of iptables itself.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

static const struct applet {
	const char	*name;
	int		(*run)(int argc, char **argv);
} applets[] = {
	{ "iptables-bpf",		cmd_iptables },
	{ "iptables",			cmd_iptables },
	{ "main4",			cmd_iptables },
	{ "ip6tables-bpf",		cmd_ip6tables },
	{ "ip6tables",			cmd_ip6tables },
	{ "main6",			cmd_ip6tables },
	{ "iptables-bpf-restore",	cmd_restore },
	{ "iptables-restore",		cmd_restore },
	{ "restore4",			cmd_restore },
	{ "iptables-bpf-save",		cmd_save },
	{ "iptables-save",		cmd_save },
	{ "save4",			cmd_save },
	{ "ip6tables-bpf-restore",	cmd_restore6 },
	{ "ip6tables-restore",		cmd_restore6 },
	{ "restore6",			cmd_restore6 },
	{ "ip6tables-bpf-save",		cmd_save6 },
	{ "ip6tables-save",		cmd_save6 },
	{ "save6",			cmd_save6 },
	{ "xtbpf",			cmd_xtbpf },
};

#define NAPPLETS	(sizeof(applets) / sizeof(applets[0]))

static const struct applet *find(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t i;

	for (i = 0; i < NAPPLETS; i++)
		if (!strcmp(applets[i].name, name))
			return &applets[i];
	return NULL;
}

static void usage(const char *prog)
{
	size_t i;

	fprintf(stderr, "Usage: %s COMMAND [ARGUMENTS]\n\nCommands:\n", prog);
	for (i = 0; i < NAPPLETS; i++)
		fprintf(stderr, "  %s\n", applets[i].name);
}

int main(int argc, char **argv)
{
	const struct applet *a;

	a = argc > 0 ? find(argv[0]) : NULL;
	if (!a && argc > 1) {
		a = find(argv[1]);
		argc--;
		argv++;
	}
	if (!a) {
		usage("xtables-bpf-multi");
		return 1;
	}
	return a->run(argc, argv);
}
