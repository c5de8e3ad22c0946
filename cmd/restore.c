/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/restore.c - iptables-bpf-restore, ip6tables-bpf-restore
 *
 * Options, messages and exit codes are those of iptables-restore 1.8.11, except
 * --verify, --store-only (XTBPF_STORE_ONLY=1) and --attach
 * (XTBPF_ATTACH): scripts call iptables-restore without options of ours.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/cmd.h"
#include "cmd/session.h"
#include "frontend/restore.h"
#include "frontend/xt.h"

enum { OPT_ATTACH = 256, OPT_VERIFY, OPT_STORE_ONLY };

static const struct option options[] = {
	{ "counters",		no_argument,		NULL, 'c' },
	{ "verbose",		no_argument,		NULL, 'v' },
	{ "version",		no_argument,		NULL, 'V' },
	{ "test",		no_argument,		NULL, 't' },
	{ "help",		no_argument,		NULL, 'h' },
	{ "noflush",		no_argument,		NULL, 'n' },
	{ "modprobe",		required_argument,	NULL, 'M' },
	{ "table",		required_argument,	NULL, 'T' },
	{ "wait",		optional_argument,	NULL, 'w' },
	{ "wait-interval",	optional_argument,	NULL, 'W' },
	{ "attach",		required_argument,	NULL, OPT_ATTACH },
	{ "verify",		no_argument,		NULL, OPT_VERIFY },
	{ "store-only",		no_argument,		NULL, OPT_STORE_ONLY },
	{ NULL, 0, NULL, 0 }
};

struct args {
	struct fe_restore_opts	restore;
	struct cmd_session	session;
	const char	*attach;
	const char	*file;		/* NULL: standard input */
	bool		interval;	/* -W given */
	bool		done;		/* -h, -V: nothing more to do */
};

static void usage(const char *prog)
{
	fprintf(stderr, "Usage: %s [-c] [-v] [-V] [-t] [-h] [-n] [-w secs] [-W usecs] [-T table] [-M command] [file]\n"
	      "\t   [ --counters ]\n"
	      "\t   [ --verbose ]\n"
	      "\t   [ --version]\n"
	      "\t   [ --test ]\n"
	      "\t   [ --help ]\n"
	      "\t   [ --noflush ]\n"
	      "\t   [ --wait=<seconds>\n"
	      "\t   [ --table=<TABLE> ]\n"
	      "\t   [ --modprobe=<command> ]\n"
	      "\t   [ --attach=<HOOK[:DEV,...]> ]\n"
	      "\t   [ --verify ]\n"
	      "\t   [ --store-only ]\n", prog);
}

/* In the layout of xtables_error() before the first line is read. */
static int parameter_problem(const struct args *a, const char *msg)
{
	const char *prog = a->restore.prog;

	fprintf(stderr, "%s v%s: %s\n"
		"Error occurred at line: 0\n"
		"Try `%s -h' or '%s --help' for more information.\n",
		prog, FE_PROGRAM_VERSION, msg, prog, prog);
	return FE_PARAMETER_PROBLEM;
}

/* The argument of -w and -W may also be the next word, unless an option. */
static const char *optional_word(int argc, char **argv)
{
	if (optarg)
		return optarg;
	if (optind < argc && argv[optind][0] != '-' && argv[optind][0] != '!')
		return argv[optind++];
	return NULL;
}

static int parse_wait(struct args *a, const char *word)
{
	a->session.wait = -1;
	if (word && sscanf(word, "%i", &a->session.wait) != 1)
		return parameter_problem(a, "wait seconds not numeric");
	return 0;
}

static int parse_interval(struct args *a, const char *word)
{
	char msg[64];
	unsigned int usec;

	if (!word)
		return parameter_problem(a, "wait interval value required");
	if (sscanf(word, "%u", &usec) != 1)
		return parameter_problem(a, "wait interval not numeric");
	if (usec > 999999) {
		snprintf(msg, sizeof(msg), "too long usec wait %u > 999999 usec",
			 usec);
		return parameter_problem(a, msg);
	}
	fputs("Ignoring deprecated --wait-interval option.\n", stderr);
	a->interval = true;
	return 0;
}

/* 0, or the exit status. */
static int parse_option(struct args *a, int c, int argc, char **argv)
{
	switch (c) {
	case 'b':
		fputs("-b/--binary option is not implemented\n", stderr);
		return 0;
	case 'c':
		a->restore.counters = true;
		return 0;
	case 'v':
		a->restore.verbose++;
		return 0;
	case 't':
		a->restore.test = true;
		return 0;
	case 'n':
		a->restore.noflush = true;
		return 0;
	case 'M':		/* there is no module to load */
		return 0;
	case 'T':
		a->restore.table = optarg;
		return 0;
	case 'w':
		return parse_wait(a, optional_word(argc, argv));
	case 'W':
		return parse_interval(a, optional_word(argc, argv));
	case OPT_ATTACH:
		a->attach = optarg;
		return 0;
	case OPT_VERIFY:
		a->session.verify = true;
		return 0;
	case OPT_STORE_ONLY:
		a->session.store_only = true;
		return 0;
	case 'V':
		printf("%s v%s\n", a->restore.prog, FE_PROGRAM_VERSION);
		a->done = true;
		return 0;
	case 'h':
		usage(a->restore.prog);
		a->done = true;
		return 0;
	default:
		fprintf(stderr, "Try `%s -h' for more information.\n",
			a->restore.prog);
		return FE_OTHER_PROBLEM;
	}
}

static int parse_args(struct args *a, int argc, char **argv)
{
	int c, rc;

	while ((c = getopt_long(argc, argv, "bcvVthnwWM:T:", options,
				NULL)) != -1) {
		rc = parse_option(a, c, argc, argv);
		if (rc || a->done)
			return rc;
	}
	if (optind == argc - 1) {
		a->file = argv[optind];
	} else if (optind < argc) {
		fputs("Unknown arguments found on commandline\n", stderr);
		return FE_OTHER_PROBLEM;
	}
	return 0;
}

/* What iptables checks once it has the file. */
static int check_args(struct args *a)
{
	struct diag diag;
	int rc = 0;

	if (a->interval && !a->session.wait) {
		fputs("Option --wait-interval requires option --wait\n", stderr);
		return FE_OTHER_PROBLEM;
	}
	diag_init(&diag);
	if (cmd_session_attach(&a->session, a->attach, &diag)) {
		diag_print(&diag, stderr, a->restore.prog);
		rc = FE_PARAMETER_PROBLEM;
	}
	diag_clear(&diag);
	return rc;
}

/* The front end stops before the commit, where --verify has its place. */
static void move_test(struct args *a)
{
	if (!a->session.verify)
		return;
	a->session.test = a->restore.test;
	a->restore.test = false;
}

static int restore(struct args *a, FILE *in)
{
	static const struct fe_restore_ops ops = {
		.begin	= cmd_session_begin,
		.commit	= cmd_session_commit,
		.abort	= cmd_session_abort,
	};
	int err = fe_xt_init(a->session.family, a->restore.prog);

	if (err) {
		fprintf(stderr, "%s: libxtables: %s\n", a->restore.prog,
			strerror(-err));
		return FE_OTHER_PROBLEM;
	}
	return fe_restore(in, &a->restore, &ops, &a->session);
}

static int run(int family, const char *prog, int argc, char **argv)
{
	struct args a = { .restore.prog = prog };
	FILE *in = stdin;
	int rc;

	cmd_session_init(&a.session);
	a.session.family = family;
	rc = parse_args(&a, argc, argv);
	if (rc || a.done)
		return rc;
	if (a.file) {
		in = fopen(a.file, "re");
		if (!in) {
			fprintf(stderr, "Can't open %s: %s\n", a.file,
				strerror(errno));
			return FE_OTHER_PROBLEM;
		}
	}
	rc = check_args(&a);
	move_test(&a);
	a.restore.refused = a.session.store_only;
	if (!rc)
		rc = restore(&a, in);
	if (in != stdin)
		fclose(in);
	return rc;
}

int cmd_restore(int argc, char **argv)
{
	return run(AF_INET, CMD_RESTORE, argc, argv);
}

int cmd_restore6(int argc, char **argv)
{
	return run(AF_INET6, CMD_RESTORE6, argc, argv);
}
