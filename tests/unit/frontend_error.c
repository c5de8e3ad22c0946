/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend_error.c - what is refused, with which words and exit code
 *
 * The words are those of iptables-restore 1.8.11, except for the lines that say
 * why "line N failed".
 */
#include "tests/unit/frontend_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* frontend/decode.h */
#define NOT_ENFORCED(t) \
	"table '" t "' cannot be enforced, only 'filter' can: " \
	"--store-only keeps it nevertheless\n"

#define TRY	"Try `" PROG " -h' or '" PROG " --help' for more information.\n"
#define F	"*filter\n"
#define C	"COMMIT\n"
#define X10	"xxxxxxxxxx"
#define X100	X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define P10	"1,2,3,4,5,6,7,8,9,10"
#define NAT_DROP \
	"\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n"
#define BAD_MASK	"invalid mask `33' specified"
#define LONG_IFACE \
	"interface name `abcdefghijklmnop' must be shorter than 16 characters"
#define LONG_NAME	"abcdefghijklmnopqrstuvwxyz123"

enum how {
	PARAMETER,	/* xtables_error(PARAMETER_PROBLEM, text), exit 2 */
	BAD,		/* the same without program and version */
	PLAIN,		/* text and nothing else, exit 1 */
	FAILED,		/* reason, then "line N failed", exit 1 */
	OTHER,		/* xtables_error(OTHER_PROBLEM, text), exit 1 */
	FINE,		/* exit 0; text is what the table is saved as */
};

static const struct {
	const char	*in;
	enum how	how;
	unsigned int	line;
	const char	*text;
	const char	*opts;		/* c, n, t: as in the command line; l */
} errors[] = {
	/* the frame */
	{ "", FINE, 0, "", NULL },
	{ "# only a comment", FINE, 0, "", NULL },
	{ "*foobar\n", PARAMETER, 1,
	  PROG ": unable to initialize table 'foobar'", NULL },
	{ "*\n", PARAMETER, 1, PROG ": line 1 table name invalid", NULL },
	{ "* filter\n-A INPUT\n" C, FINE, 0, F EMPTY "[0:0] -A INPUT\n" C,
	  NULL },
	{ "*filter junk\n-A INPUT\n" C, FINE, 0, F EMPTY "[0:0] -A INPUT\n" C,
	  NULL },
	{ "-A INPUT -j DROP\n", FAILED, 1,
	  "line 1: no table has been named with '*' before\n"
	  "-A INPUT -j DROP\n", NULL },
	{ C, FAILED, 1, "line 1: no table has been named with '*' before\n"
			C, NULL },
	{ F "-A INPUT\n", PLAIN, 0, PROG ": COMMIT expected at line 3\n",
	  NULL },
	{ F "-A INPUT\nCOMMIT", BAD, 3, "Bad argument `COMMIT'", NULL },
	{ F "-A INPUT\nCOMMIT \n", BAD, 3, "Bad argument `COMMIT'", NULL },
	{ "*filter\r\n" C, PARAMETER, 1,
	  PROG ": unable to initialize table 'filter\r'", NULL },
	{ F "-A INPUT\ncommit\n", BAD, 3, "Bad argument `commit'", NULL },
	{ F "-A INPUT\n*nat\n", BAD, 3, "Bad argument `*nat'", NULL },
	{ F " # x\n", BAD, 2, "Bad argument `#'", NULL },
	{ F "  \n", PARAMETER, 2, "no command specified", NULL },
	{ F "-A INPUT -j DROP # x\n", BAD, 2, "Bad argument `#'", NULL },
	{ F "-j ACCEPT\n", PARAMETER, 2, "no command specified", NULL },
	{ F "-A INPUT\n-t nat -A INPUT\n", PARAMETER, 3,
	  "The -t option cannot be used in " PROG ".\n", NULL },
	{ F "-w -A INPUT\n", PARAMETER, 2, 
	  "You cannot use `-w' from iptables-restore", NULL },
	{ F "-6 -A INPUT -s ::1 --frob\n-A INPUT\n" C, FINE, 0,
	  F EMPTY "[0:0] -A INPUT\n" C, NULL },

	/* chains */
	{ F ":A -\n:A -\n", PARAMETER, 3,
	  "error creating chain 'A':File exists", NULL },
	{ F ":ACCEPT -\n", PARAMETER, 2,
	  "error creating chain 'ACCEPT':File exists", NULL },
	{ F ":" LONG_NAME " -\n", PARAMETER, 2,
	  "Invalid chain name `" LONG_NAME "' (28 chars max)", NULL },
	{ F ":A\n", PARAMETER, 2, PROG ": line 2 policy invalid", NULL },
	{ F ": \n", PARAMETER, 2, PROG ": line 2 chain name invalid", NULL },
	{ F ":A DROP\n", OTHER, 2,
	  "Can't set policy `DROP' on `A' line 2: Bad built-in chain name",
	  NULL },
	{ F ":INPUT REJECT\n", OTHER, 2,
	  "Can't set policy `REJECT' on `INPUT' line 2: Bad policy name",
	  NULL },
	{ F ":INPUT DROP\n", PARAMETER, 2,
	  "invalid policy counters for chain 'INPUT'", "c" },
	{ F ":INPUT DROP [x]\n", PARAMETER, 2,
	  "invalid policy counters for chain 'INPUT'", NULL },
	{ F ":INPUT DROP [5:6]\n" C, FINE, 0,
	  F ":INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
	  C, NULL },
	{ F ":INPUT DROP [-1:-1]\n" C, FINE, 0,
	  F ":INPUT DROP [18446744073709551615:18446744073709551615]\n"
	  ":FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" C, "c" },
	{ F ":-foo - [0:0]\n:LOG - [0:0]\n-A INPUT -j LOG\n" C, FINE, 0,
	  F EMPTY ":-foo - [0:0]\n:LOG - [0:0]\n[0:0] -A INPUT -j LOG\n" C,
	  NULL },
	{ F "-N " LONG_NAME "\n", PARAMETER, 2, "chain name `" LONG_NAME
	  "' too long (must be under 29 chars)", NULL },
	{ F "-A " LONG_NAME "\n", PARAMETER, 2, "chain name `" LONG_NAME
	  "' too long (must be under 29 chars)", NULL },
	{ F "-N LOG\n", PARAMETER, 2,
	  "chain name may not clash with target name", NULL },
	{ F "-N -x\n", PARAMETER, 2,
	  "chain name not allowed to start with `-'", NULL },
	{ F "-N \"a b\"\n", PARAMETER, 2, "Invalid chain name `a b'", NULL },
	{ F "-P INPUT\n", PARAMETER, 2, "-P requires a chain and a policy",
	  NULL },
	{ F "-E A\n", PARAMETER, 2,
	  "-E requires old-chain-name and new-chain-name", NULL },

	/* targets */
	{ F "-A INPUT -j NOPE\n", PARAMETER, 2,
	  "Couldn't load target `NOPE':No such file or directory\n", NULL },
	{ F "-A INPUT -g NOPE\n", PARAMETER, 2, "goto 'NOPE' is not a chain",
	  NULL },
	{ F "-A INPUT -g ACCEPT\n", PARAMETER, 2,
	  "goto 'ACCEPT' is not a chain", NULL },
	{ F "-A INPUT -j \"\"\n", PARAMETER, 2,
	  "Invalid target name (too short)", NULL },
	{ F "-A INPUT -j LOG --log-prefix\n", PARAMETER, 2,
	  "option \"--log-prefix\" requires an argument", NULL },
	{ "*nat\n-A PREROUTING -j DROP\n", PARAMETER, 2, NAT_DROP, NULL },

	/* matches and options */
	{ F "-A INPUT -m foobar\n", PARAMETER, 2,
	  "Couldn't load match `foobar':No such file or directory\n", NULL },
	{ F "-A INPUT --frob\n", PARAMETER, 2, "unknown option \"--frob\"",
	  NULL },
	{ F "-A INPUT -p tcp -m tcp --frob 1\n", PARAMETER, 2,
	  "unknown option \"--frob\"", NULL },
	{ F "-A INPUT -Q\n", PARAMETER, 2, "unknown option \"-Q\"", NULL },
	{ F "-A INPUT -s\n", PARAMETER, 2,
	  "option \"-s\" requires an argument", NULL },
	{ F "-A\n", PARAMETER, 2, "option \"-A\" requires an argument", NULL },
	{ F "-A INPUT -s 1.2.3.999\n", PARAMETER, 2,
	  "host/network `1.2.3.999' not found", NULL },
	{ F "-A INPUT -s 1.2.3.4/33\n", PARAMETER, 2, BAD_MASK, NULL },
	{ F "-A INPUT -p tcp --dport 70000\n", PARAMETER, 2,
	  "invalid port/service `70000' specified", "l" },
	{ F "-A INPUT -p tcp --dport foobar\n", PARAMETER, 2,
	  "invalid port/service `foobar' specified", "l" },
	{ F "-A INPUT -p tcp --dport 20:10\n", PARAMETER, 2,
	  "invalid portrange (min > max)", "l" },
	{ F "-A INPUT --dport 22\n", PARAMETER, 2,
	  "unknown option \"--dport\"", NULL },
	{ F "-A INPUT -p foo\n", PARAMETER, 2,
	  "unknown protocol \"foo\" specified", NULL },
	{ F "-A INPUT ! -p all\n", PARAMETER, 2,
	  "rule would never match protocol", NULL },
	{ F "-A INPUT -i abcdefghijklmnop\n", PARAMETER, 2, LONG_IFACE, NULL },
	{ F "-A INPUT -o eth0\n", PARAMETER, 2,
	  "Can't use --out-interface with INPUT", NULL },
	{ F "-A OUTPUT -i eth0\n", PARAMETER, 2,
	  "Can't use --in-interface with OUTPUT", NULL },
	{ F "-A INPUT -i \"\"\n", PARAMETER, 2,
	  "Empty interface is likely to be undesired", NULL },
	{ F "-A INPUT -A OUTPUT\n", PARAMETER, 2, "Cannot use -A with -A",
	  NULL },
	{ F "-A INPUT -j DROP -j DROP\n", PARAMETER, 2,
	  "multiple --jump options not allowed", NULL },
	{ F "-A INPUT -s 1.1.1.1 -s 1.1.1.1\n", PARAMETER, 2,
	  "multiple --source options not allowed", NULL },
	{ F "-A INPUT ! -s 1.1.1.1,2.2.2.2\n", PARAMETER, 2,
	  "! not allowed with multiple source or destination IP addresses",
	  NULL },
	{ F "-A INPUT !\n", PARAMETER, 2, "nothing appropriate following !",
	  NULL },
	{ F "-A INPUT ! -j DROP\n", PARAMETER, 2, "cannot have ! before --jump",
	  NULL },
	{ F "-A INPUT ! -m tcp\n", PARAMETER, 2,
	  "unexpected ! flag before --match", NULL },
	{ F "! -A INPUT\n", PARAMETER, 2, "unexpected '!' flag", NULL },
	{ F "-A INPUT -s ! 1.2.3.4\n", BAD, 2, "Bad argument `1.2.3.4'", NULL },
	{ F "-A INPUT -p tcp --dport ! 1\n", PARAMETER, 2,
	  "invalid port/service `!' specified", "l" },
	{ F "-A INPUT ! ! -s 1.2.3.4\n", PARAMETER, 2,
	  "multiple consecutive ! not allowed", NULL },
	{ F "-A INPUT foo\n", BAD, 2, "Bad argument `foo'", NULL },
	{ F "-A INPUT -- foo\n", PARAMETER, 2,
	  "unknown arguments found on commandline", NULL },
	{ F "-A INPUT -n\n", PARAMETER, 2,
	  "Illegal option `--numeric' with this command", NULL },
	{ F "-F INPUT -j DROP\n", PARAMETER, 2,
	  "Illegal option `--jump' with this command", NULL },
	{ F "-A INPUT -p tcp -m multiport --dports " P10 ",1,2,3,4,5,6\n",
	  PARAMETER, 2, "too many ports specified", "l" },
	{ F "-A INPUT -p tcp -m multiport --dports " P10 ",1,2,3,4,5:6\n",
	  PARAMETER, 2, "too many ports specified", "l" },
	{ F "-A INPUT -m multiport --dports 1\n", PARAMETER, 2,
	  "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'",
	  NULL },
	{ F "-A INPUT -m conntrack\n", PARAMETER, 2,
	  "conntrack: At least one option is required", NULL },
	{ F "-A INPUT -m conntrack --ctstate FOO\n", PARAMETER, 2,
	  "Bad ctstate \"FOO\"", NULL },
	{ F "-A INPUT -s ::1\n", PARAMETER, 2, "host/network `::1' not found",
	  NULL },
	{ F "-I INPUT 0 -j DROP\n", PARAMETER, 2, "Invalid rule number `0'",
	  NULL },
	{ F "-D INPUT x\n", PARAMETER, 2, "Invalid rule number `x'", NULL },
	{ F "-R INPUT -j DROP\n", PARAMETER, 2, "-R requires a rule number",
	  NULL },
	{ F "-A INPUT -m comment --comment " X100 X100 X100 X100 X100 X100
	  X100 X100 X100 X100 X10 X10 "xxxx\n", PARAMETER, 2,
	  "Parameter too long!", NULL },

	/* counters of a rule */
	{ F "[-5:-6] -A INPUT\n", PARAMETER, 2,
	  "--set-counters requires packet and byte counter", "c" },
	{ F "[-5:-6] -A INPUT\n" C, FINE, 0, F EMPTY "[0:0] -A INPUT\n" C,
	  NULL },
	{ F "[x:y] -A INPUT\n", PARAMETER, 2,
	  "--set-counters packet counter not numeric", "c" },
	{ F "[1:y] -A INPUT\n", PARAMETER, 2,
	  "--set-counters byte counter not numeric", "c" },
	{ F "[5 -A INPUT\n", PARAMETER, 2, "Bad line 2: need ]", "c" },
	{ F "[5] -A INPUT\n", PARAMETER, 2, "Bad line 2: need ]", NULL },
	{ F "[5:6]-A INPUT\n" C, FINE, 0, F EMPTY "[5:6] -A INPUT\n" C, "c" },
	{ F "[1:2] -D INPUT -j DROP\n", PARAMETER, 2,
	  "Illegal option `--set-counters' with this command", "c" },
	{ F "-A INPUT -c 7 8\n-A INPUT -c 9,10\n" C, FINE, 0,
	  F EMPTY "[7:8] -A INPUT\n[9:10] -A INPUT\n" C, NULL },
	{ F "-A INPUT -c 7\n", PARAMETER, 2,
	  "--set-counters requires packet and byte counter", NULL },

	/* what iptables has no words for */
	{ F "-A NOPE\n", FAILED, 2, "line 2: no chain 'NOPE'\n-A NOPE\n"
				    "   ^~~~\n", NULL },
	{ F "-A INPUT -j FORWARD\n", FAILED, 2,
	  "line 2: cannot jump to built-in chain 'FORWARD'\n"
	  "-A INPUT -j FORWARD\n            ^~~~~~~\n", NULL },
	{ F "-D INPUT -j DROP\n", FAILED, 2,
	  "line 2: no such rule in chain 'INPUT'\n-D INPUT -j DROP\n", NULL },
	{ F "-C INPUT -j DROP\n", FAILED, 2,
	  "line 2: no such rule in chain 'INPUT'\n-C INPUT -j DROP\n", NULL },
	{ F "-D INPUT 1\n", FAILED, 2,
	  "line 2: index of deletion is too big\n-D INPUT 1\n         ^\n",
	  NULL },
	{ F "-I INPUT 5\n", FAILED, 2,
	  "line 2: index of insertion is too big\n-I INPUT 5\n         ^\n",
	  NULL },
	{ F "-R INPUT 1\n", FAILED, 2,
	  "line 2: index of replacement is too big\n-R INPUT 1\n"
	  "         ^\n", NULL },
	{ F ":A -\n-A A\n-X A\n", FAILED, 4,
	  "line 4: chain 'A' is not empty\n-X A\n   ^\n", NULL },
	{ F ":A -\n-A INPUT -j A\n-X A\n", FAILED, 4,
	  "line 4: chain 'A' is still referred to\n-X A\n   ^\n", NULL },
	{ F "-X INPUT\n", FAILED, 2,
	  "line 2: cannot delete built-in chain 'INPUT'\n-X INPUT\n"
	  "   ^~~~~\n", NULL },
	{ F ":A -\n:B -\n-E A B\n", FAILED, 4,
	  "line 4: chain 'B' already exists\n-E A B\n     ^\n", NULL },
	{ F ":A -\n-N A\n", FAILED, 3,
	  "line 3: chain 'A' already exists\n-N A\n   ^\n", NULL },
	{ F ":A -\n-P A DROP\n", FAILED, 3,
	  "line 3: no built-in chain 'A'\n-P A DROP\n   ^\n", NULL },
	{ F "-P INPUT REJECT\n", FAILED, 2,
	  "line 2: bad policy 'REJECT'\n-P INPUT REJECT\n"
	  "         ^~~~~~\n", NULL },
	{ F "-Z INPUT 1\n", FAILED, 2,
	  "line 2: chain 'INPUT' has no rule of this number\n-Z INPUT 1\n"
	  "         ^\n", NULL },
	{ F "-L U\n", FAILED, 2, "line 2: no chain 'U'\n-L U\n"
				 "   ^\n", NULL },

	/* what the kernel would say, at COMMIT but not with -t */
	{ F "-A INPUT -m tcp --dport 1\n" C, FAILED, 3,
	  "line 2: match 'tcp' needs '-p tcp'\n-A INPUT -m tcp --dport 1\n"
	  "            ^~~\n", NULL },
	{ F "-A INPUT -p udp -m icmp --icmp-type 8\n" C, FAILED, 3,
	  "line 2: match 'icmp' needs '-p icmp'\n"
	  "-A INPUT -p udp -m icmp --icmp-type 8\n"
	  "                   ^~~~\n", NULL },
	{ F "-A INPUT ! -p udp -m udp --dport 8\n" C, FAILED, 3,
	  "line 2: match 'udp' needs '-p udp'\n"
	  "-A INPUT ! -p udp -m udp --dport 8\n"
	  "                     ^~~\n", NULL },
	{ F "-A INPUT -m owner --uid-owner 1\n" C, FAILED, 3,
	  "line 2: match 'owner' is not for INPUT, which leads to this rule\n"
	  "-A INPUT -m owner --uid-owner 1\n            ^~~~~\n", NULL },
	{ F ":A -\n-A FORWARD -j A\n-A A -m owner --uid-owner 1\n" C, FAILED,
	  5, "line 4: match 'owner' is not for FORWARD, which leads to this rule\n"
	  "-A A -m owner --uid-owner 1\n        ^~~~~\n", NULL },
	{ F ":A -\n-A OUTPUT -j A\n-A A -m owner --uid-owner 1\n" C, PLAIN, 0,
	  PROG ": line 4: match 'owner' cannot be compiled yet\n"
	  "-A A -m owner --uid-owner 1\n        ^~~~~\n", NULL },
	/* not reached */
	{ F "-A INPUT -j DROP\n-A INPUT -m owner --uid-owner 1\n" C, PLAIN, 0,
	  PROG ": line 3: match 'owner' cannot be compiled yet\n"
	  "-A INPUT -m owner --uid-owner 1\n            ^~~~~\n", NULL },
	{ "*nat\n-A OUTPUT -j REJECT\n" C, FAILED, 3,
	  "line 2: target 'REJECT' is for table filter, not 'nat'\n"
	  "-A OUTPUT -j REJECT\n             ^~~~~~\n", NULL },
	{ F "-A OUTPUT -j REJECT --reject-with tcp-reset\n" C, FAILED, 3,
	  "line 2: target 'REJECT': tcp-reset needs -p tcp\n"
	  "-A OUTPUT -j REJECT --reject-with tcp-reset\n"
	  "             ^~~~~~\n", NULL },
	{ F "-A INPUT -m tcp --dport 1\n" C, FINE, 0, "", "t" },
	{ F ":A -\n-A INPUT -j A\n-A A -j A\n" C, FINE, 0, "", "t" },
	{ F ":A -\n:B -\n-A A -j B\n-A B -j A\n" C, FINE, 0, F EMPTY
	  ":A - [0:0]\n:B - [0:0]\n[0:0] -A A -j B\n[0:0] -A B -j A\n" C,
	  NULL },

	/* what cannot be compiled */
	{ F "-A INPUT\n-A INPUT -p tcp -m limit --limit 1/s\n" C, PLAIN, 0,
	  PROG ": line 3: match 'limit' cannot be compiled yet\n"
	  "-A INPUT -p tcp -m limit --limit 1/s\n"
	  "                   ^~~~~\n", NULL },
	{ F "-A INPUT -j REJECT\n" C, PLAIN, 0,
	  PROG ": line 2: target 'REJECT' cannot be compiled yet\n"
	  "-A INPUT -j REJECT\n            ^~~~~~\n", "t" },
	{ "*nat\n:PREROUTING ACCEPT\n" C F "-A INPUT\n" C, FINE, 0,
	  F EMPTY "[0:0] -A INPUT\n" C, NULL },
	{ "*nat\n-A OUTPUT -j ACCEPT\n" C, PLAIN, 0,
	  PROG ": line 2: " NOT_ENFORCED("nat")
	  "-A OUTPUT -j ACCEPT\n^~~~~~~~~~~~~~~~~~~\n", NULL },
	{ "*mangle\n:INPUT DROP [0:0]\n" C, PLAIN, 0,
	  PROG ": line 2: " NOT_ENFORCED("mangle")
	  ":INPUT DROP [0:0]\n       ^~~~\n", NULL },
	{ "*raw\n-P OUTPUT DROP\n" C, PLAIN, 0,
	  PROG ": line 2: " NOT_ENFORCED("raw")
	  "-P OUTPUT DROP\n          ^~~~\n", NULL },
};

/*
 * Those marked 'l': extensions lose some bytes when an error leads out of them,
 * as in iptables, which exits there.
 */
static bool lost_under_valgrind(const char *opts)
{
	const char *preload = getenv("LD_PRELOAD");

	return strchr(opts, 'l') && preload && strstr(preload, "vgpreload");
}

static void expect(char *want, size_t size, int i)
{
	const char *text = errors[i].text;
	unsigned int line = errors[i].line;

	*want = '\0';
	switch (errors[i].how) {
	case PARAMETER:
	case BAD:
		snprintf(want, size, "%s%s\nError occurred at line: %u\n" TRY,
			 errors[i].how == BAD ? "" : V, text, line);
		break;
	case PLAIN:
		snprintf(want, size, "%s", text);
		break;
	case OTHER:
		snprintf(want, size, V "%s\n", text);
		break;
	case FAILED:
		snprintf(want, size, PROG ": %s" PROG ": line %u failed\n",
			 text, line);
		break;
	case FINE:
		break;
	}
}

START_TEST(test_error)
{
	static const enum fe_exit codes[] = {
		[PARAMETER] = FE_PARAMETER_PROBLEM, [BAD] = FE_PARAMETER_PROBLEM,
		[PLAIN] = FE_OTHER_PROBLEM, [FAILED] = FE_OTHER_PROBLEM,
		[OTHER] = FE_OTHER_PROBLEM, [FINE] = FE_OK,
	};
	const char *opts = errors[_i].opts ? errors[_i].opts : "";
	struct run r = {
		.opts.counters	= strchr(opts, 'c'),
		.opts.noflush	= strchr(opts, 'n'),
		.opts.test	= strchr(opts, 't'),
	};
	char want[4096];

	if (lost_under_valgrind(opts))
		return;
	run(&r, errors[_i].in);
	expect(want, sizeof(want), _i);
	ck_assert_msg(!strcmp(r.err, want), "%s\nsays\n%s\nnot\n%s",
		      errors[_i].in, r.err, want);
	ck_assert_msg(r.rc == codes[errors[_i].how], "%s\nexits with %d",
		      errors[_i].in, r.rc);
	if (errors[_i].how == FINE)
		ck_assert_str_eq(r.saved, errors[_i].text);
	else
		ck_assert_uint_eq(r.commits, 0);
	ck_assert_uint_eq(r.begun, r.commits + r.aborts);
	run_free(&r);
}
END_TEST

/* 254 arguments with the three that are put before: 251 on a line. */
START_TEST(test_arguments)
{
	const struct { int n; enum fe_exit rc; } cases[] = {
		{ 251, FE_OK }, { 252, FE_PARAMETER_PROBLEM },
	};
	char in[4096];
	size_t i;
	int k;

	for (i = 0; i < 2; i++) {
		struct run r = { 0 };
		char *p = in + sprintf(in, "*filter\n-A INPUT");

		for (k = 2; k < cases[i].n; k++)
			p += sprintf(p, " -4");
		strcpy(p, "\nCOMMIT\n");
		run(&r, in);
		ck_assert_int_eq(r.rc, cases[i].rc);
		if (r.rc)
			ck_assert_ptr_nonnull(strstr(r.err, V
				"Parser cannot handle more arguments\n"));
		run_free(&r);
	}
}
END_TEST

/* A longer line than iptables reads at once is two lines. */
START_TEST(test_long_line)
{
	size_t len = 10239 + 5;
	struct run r = { 0 };
	char *in = malloc(len + 64), *p;

	p = in + sprintf(in, "*filter\n");
	p += sprintf(p, "-A INPUT");
	memset(p, ' ', 10239 - 8);
	p += 10239 - 8;
	strcpy(p, "  \nCOMMIT\n");
	run(&r, in);
	ck_assert_int_eq(r.rc, FE_PARAMETER_PROBLEM);
	ck_assert_str_eq(r.err, V "no command specified\n"
			 "Error occurred at line: 3\n" TRY);
	run_free(&r);
	free(in);
}
END_TEST

/* The rule that closes the loop is shown. */
START_TEST(test_loop)
{
	struct run r = { 0 };

	run(&r, "*filter\n:A -\n-A INPUT -j A\n-A A -p tcp -j A\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OTHER_PROBLEM);
	ck_assert_uint_eq(r.commits, 0);
	ck_assert_uint_eq(r.aborts, 1);
	ck_assert_ptr_nonnull(strstr(r.err, "line 4: "));
	ck_assert_ptr_nonnull(strstr(r.err, "\n-A A -p tcp -j A\n^~"));
	ck_assert_ptr_nonnull(strstr(r.err, PROG ": line 5 failed\n"));
	run_free(&r);
}
END_TEST

/* A table committed stays committed when a later one fails. */
START_TEST(test_second_table)
{
	struct run r = { 0 };

	run(&r, "*filter\n-A INPUT\nCOMMIT\n*filter\n-A INPUT -m nope\n");
	ck_assert_int_eq(r.rc, FE_PARAMETER_PROBLEM);
	ck_assert_uint_eq(r.commits, 1);
	ck_assert_uint_eq(r.aborts, 1);
	ck_assert_ptr_nonnull(strstr(r.err, "Error occurred at line: 5\n"));
	run_free(&r);
}
END_TEST

START_TEST(test_commit_fails)
{
	struct run r = { .commit_err = -EIO };

	run(&r, "*filter\nCOMMIT\n*filter\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OTHER_PROBLEM);
	ck_assert_uint_eq(r.commits, 1);
	ck_assert_uint_eq(r.aborts, 0);
	ck_assert_str_eq(r.err, PROG ": the kernel is away\n"
			 PROG ": line 2 failed\n");
	run_free(&r);
}
END_TEST

TCase *error_tests(void)
{
	TCase *tc = tcase_create("error");

	tcase_add_loop_test(tc, test_error, 0,
			    sizeof(errors) / sizeof(*errors));
	tcase_add_test(tc, test_arguments);
	tcase_add_test(tc, test_long_line);
	tcase_add_test(tc, test_loop);
	tcase_add_test(tc, test_second_table);
	tcase_add_test(tc, test_commit_fails);
	return tc;
}
