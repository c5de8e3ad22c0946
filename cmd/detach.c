/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/detach.c - xtbpf detach: takes everything off and forgets it
 *
 * A pinned link keeps its network namespace alive, so a namespace that was
 * deleted with rules in it is reached by its cookie (xtbpf status --all).
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/ns.h"
#include "cmd/cmd.h"
#include "cmd/lock.h"

struct args {
	int		family;		/* AF_UNSPEC: both */
	bool		all;
	bool		here;		/* neither --all nor --netns-cookie */
	uint64_t	cookie;
};

static int detach_here(int family, struct diag *diag)
{
	struct be_ns *ns = NULL;
	int err = be_ns_open(&ns, false, diag);

	if (!err && ns)
		err = be_ns_detach(ns, family, diag);
	be_ns_close(ns);
	return err;
}

static int detach_cookie(uint64_t cookie, int family, struct diag *diag)
{
	struct be_ns *ns = NULL;
	int err = be_ns_open_cookie(&ns, cookie, diag);

	if (!err && !ns) {
		diag_error(diag, NULL, "nothing is loaded in namespace %" PRIu64,
			   cookie);
		err = -ENOENT;
	}
	if (!err)
		err = be_ns_detach(ns, family, diag);
	be_ns_close(ns);
	return err;
}

/* As many as can be: an error ends none but its own; the first is told. */
static int detach_all(int family, struct diag *diag)
{
	uint64_t *cookie = NULL;
	size_t n = 0, i;
	int err, one;

	err = be_ns_list(&cookie, &n, diag);
	for (i = 0; i < n; i++) {
		one = detach_cookie(cookie[i], family, diag);
		if (!err)
			err = one;
	}
	free(cookie);
	return err;
}

static int detach(const struct args *a)
{
	struct diag diag;
	int lock, err;

	lock = cmd_lock_take(-1);
	if (lock < 0)
		return 4;
	diag_init(&diag);
	if (a->all)
		err = detach_all(a->family, &diag);
	else if (a->here)
		err = detach_here(a->family, &diag);
	else
		err = detach_cookie(a->cookie, a->family, &diag);
	if (err)
		diag_error(&diag, NULL, "%s", strerror(-err));
	diag_print(&diag, stderr, "xtbpf detach");
	diag_clear(&diag);
	close(lock);
	return err ? 1 : 0;
}

static int parse_cookie(struct args *a, const char *word)
{
	char *end;

	errno = 0;
	a->cookie = strtoull(word, &end, 0);
	a->here = false;
	if (!errno && *word && !*end)
		return 0;
	fprintf(stderr, "xtbpf detach: '%s' is not a cookie\n", word);
	return -EINVAL;
}

static void usage(FILE *out)
{
	fputs("Usage: xtbpf detach [-4] [-6] [--all | --netns-cookie N] [--json]\n"
	      "\n"
	      "Takes what is loaded in this network namespace off every hook: packets pass.\n"
	      "With --all in every namespace, with --netns-cookie in the one that\n"
	      "'xtbpf status --all' shows with this number.  With -4 or -6 only the rules of\n"
	      "iptables or of ip6tables.  Prints nothing, also with --json.\n", out);
}

int cmd_detach(int argc, char **argv, bool json)
{
	static const struct option options[] = {
		{ "ipv4",		no_argument,		NULL, '4' },
		{ "ipv6",		no_argument,		NULL, '6' },
		{ "all",		no_argument,		NULL, 'a' },
		{ "netns-cookie",	required_argument,	NULL, 'n' },
		{ "json",		no_argument,		NULL, 'j' },
		{ "help",		no_argument,		NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct args a = { .family = AF_UNSPEC, .here = true };
	bool four = false, six = false;
	int c, err = 0;

	(void)json;		/* nothing is printed */
	while (!err && (c = getopt_long(argc, argv, "46an:jh", options,
					NULL)) != -1) {
		if (c == 'a') {
			a.all = true;
		} else if (c == '4' || c == '6') {
			four |= c == '4';
			six |= c == '6';
		} else if (c == 'n') {
			err = parse_cookie(&a, optarg);
		} else if (c == 'h') {
			usage(stdout);
			return 0;
		} else if (c != 'j') {
			err = -EINVAL;
		}
	}
	if (four != six)
		a.family = four ? AF_INET : AF_INET6;
	if (!err && (optind < argc || (a.all && !a.here))) {
		usage(stderr);
		err = -EINVAL;
	}
	return err ? 2 : detach(&a);
}
