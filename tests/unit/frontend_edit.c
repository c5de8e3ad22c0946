/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend_edit.c - commands, and what is kept of the table in force
 */
#include "tests/unit/frontend_run.h"

#include <string.h>

#define BEFORE	"*filter\n:INPUT DROP [11:22]\n:FORWARD DROP [1:2]\n" \
		":U - [0:0]\n:W - [0:0]\n" \
		"[3:4] -A INPUT -s 1.1.1.1 -j U\n" \
		"[5:6] -A INPUT -j ACCEPT\n[7:8] -A U -p tcp --dport 1\n" \
		"COMMIT\n"

/* Each: options, input, the table after it. */
static const struct {
	const char	*opts;
	const char	*in;
	const char	*saved;
} edits[] = {
	/* what a full restore leaves of it: policies not mentioned */
	{ "c", "*filter\n:OUTPUT DROP [9:9]\n[1:1] -A INPUT -j DROP\nCOMMIT\n",
	  "*filter\n:INPUT DROP [11:22]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT DROP [9:9]\n[1:1] -A INPUT -j DROP\nCOMMIT\n" },
	{ "", "*filter\n:INPUT DROP [5:5]\n:FORWARD - [5:5]\n"
	      "[1:1] -A INPUT -j DROP\nCOMMIT\n",
	  "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT ACCEPT [0:0]\n[0:0] -A INPUT -j DROP\nCOMMIT\n" },

	/* -n: everything but what a ':' line names */
	{ "n", "*filter\n:U - [0:0]\n:N - [0:0]\n:OUTPUT DROP\n"
	       "-A U -j DROP\n-A W -j N\nCOMMIT\n",
	  "*filter\n:INPUT DROP [11:22]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT DROP [0:0]\n:N - [0:0]\n:U - [0:0]\n:W - [0:0]\n"
	  "[3:4] -A INPUT -s 1.1.1.1/32 -j U\n[5:6] -A INPUT -j ACCEPT\n"
	  "[0:0] -A U -j DROP\n[0:0] -A W -j N\nCOMMIT\n" },

	/* commands */
	{ "n", "*filter\n-I INPUT 2 -p udp\n-D INPUT -s 1.1.1.1 -j U\n"
	       "-R INPUT 2 -p tcp,\nCOMMIT\n", NULL },
	{ "n", "*filter\n-I INPUT 2 -p udp\n-D INPUT -s 1.1.1.1 -j U\n"
	       "-R INPUT 2 -s 5.5.5.5,6.6.6.6\n-D U 1\n-X U\n-E W V\n"
	       "-P FORWARD ACCEPT -c 3 4\n-N M\n-A V -j M\nCOMMIT\n",
	  "*filter\n:INPUT DROP [11:22]\n:FORWARD ACCEPT [3:4]\n"
	  ":OUTPUT ACCEPT [0:0]\n:M - [0:0]\n:V - [0:0]\n"
	  "[0:0] -A INPUT -p udp\n[0:0] -A INPUT -s 5.5.5.5/32\n"
	  "[0:0] -A V -j M\nCOMMIT\n" },
	{ "n", "*filter\n-F\n-X\nCOMMIT\n",
	  "*filter\n:INPUT DROP [11:22]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT ACCEPT [0:0]\nCOMMIT\n" },
	{ "n", "*filter\n-F INPUT\n-C U -p tcp --dport 1\n"
	       "-D U -p tcp -m tcp --dport 1\nCOMMIT\n",
	  "*filter\n:INPUT DROP [11:22]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT ACCEPT [0:0]\n:U - [0:0]\n:W - [0:0]\nCOMMIT\n" },
	{ "n", "*filter\n-E U X\nCOMMIT\n",
	  "*filter\n:INPUT DROP [11:22]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT ACCEPT [0:0]\n:W - [0:0]\n:X - [0:0]\n"
	  "[3:4] -A INPUT -s 1.1.1.1/32 -j X\n[5:6] -A INPUT -j ACCEPT\n"
	  "[7:8] -A X -p tcp -m tcp --dport 1\nCOMMIT\n" },

	/* -Z: what was counted, but not what was set in the same go */
	{ "n", "*filter\n-A INPUT -c 9 9\n-Z INPUT\nCOMMIT\n",
	  "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT ACCEPT [0:0]\n:U - [0:0]\n:W - [0:0]\n"
	  "[0:0] -A INPUT -s 1.1.1.1/32 -j U\n[0:0] -A INPUT -j ACCEPT\n"
	  "[9:9] -A INPUT\n[7:8] -A U -p tcp -m tcp --dport 1\nCOMMIT\n" },
	{ "n", "*filter\n-Z INPUT 2\nCOMMIT\n",
	  "*filter\n:INPUT DROP [11:22]\n:FORWARD DROP [1:2]\n"
	  ":OUTPUT ACCEPT [0:0]\n:U - [0:0]\n:W - [0:0]\n"
	  "[3:4] -A INPUT -s 1.1.1.1/32 -j U\n[0:0] -A INPUT -j ACCEPT\n"
	  "[7:8] -A U -p tcp -m tcp --dport 1\nCOMMIT\n" },
};

static void set_opts(struct run *r, const char *opts)
{
	r->opts.counters = strchr(opts, 'c');
	r->opts.noflush = strchr(opts, 'n');
	r->opts.verbose = strchr(opts, 'v') != NULL;
}

START_TEST(test_edit)
{
	struct run r = { .before = BEFORE };

	set_opts(&r, edits[_i].opts);
	run(&r, edits[_i].in);
	if (edits[_i].saved) {
		ck_assert_msg(r.rc == FE_OK, "%s\nfails: %s", edits[_i].in,
			      r.err);
		ck_assert_str_eq(r.saved, edits[_i].saved);
	} else {
		ck_assert_int_eq(r.rc, FE_PARAMETER_PROBLEM);
	}
	run_free(&r);
}
END_TEST

static void look_index(struct run *r, struct ir_table *t)
{
	struct ir_chain *in = ir_table_base(t, IR_HOOK_INPUT);
	struct ir_chain *fwd = ir_table_base(t, IR_HOOK_FORWARD);

	(void)r;
	/* INPUT: 2 rules (0, 1), policy (2); FORWARD's policy is 3 */
	ck_assert_uint_eq(in->nrules, 3);
	ck_assert_uint_eq(in->rule[0]->old_index, UINT32_MAX);
	ck_assert_uint_eq(in->rule[1]->old_index, 1);
	ck_assert_uint_eq(in->rule[1]->counter.packets, 0);
	ck_assert_uint_eq(in->rule[2]->old_index, UINT32_MAX);
	ck_assert_uint_eq(in->old_index, UINT32_MAX);
	ck_assert_uint_eq(fwd->old_index, 3);
	ck_assert_uint_eq(fwd->counter.packets, 1);
}

/* Which counters go on: those of rules and policies that were not replaced. */
START_TEST(test_old_index)
{
	struct run r = {
		.before		= BEFORE,
		.opts.noflush	= true,
		.look		= look_index,
	};

	run(&r, "*filter\n:INPUT DROP\n-R INPUT 1 -p udp\n-Z INPUT 2\n"
		"-A INPUT -p tcp\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_uint_eq(r.commits, 1);
	run_free(&r);
}
END_TEST

/* Only what user space fills in is compared. */
START_TEST(test_delete_extension)
{
	struct run r = { .opts.refused = true };

	run(&r, "*filter\n-A INPUT -m limit --limit 1/s -j LOG --log-level 3\n"
		"-A INPUT -m limit --limit 2/s -j LOG --log-level 3\n"
		"-A INPUT -m limit --limit 1/s -j LOG --log-level 4\n"
		"-D INPUT -m limit --limit 2/s -j LOG --log-level 3\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_str_eq(r.saved, "*filter\n" EMPTY
		"[0:0] -A INPUT -m limit --limit 1/sec -j LOG --log-level 3\n"
		"[0:0] -A INPUT -m limit --limit 1/sec -j LOG\nCOMMIT\n");
	run_free(&r);
}
END_TEST

START_TEST(test_list)
{
	struct run r = { .before = BEFORE, .opts.noflush = true };

	run(&r, "*filter\n-S\n-S U\n-S INPUT 2\n-S INPUT 9\n-v -S U\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_str_eq(r.out, "-P INPUT DROP\n-P FORWARD DROP\n"
			 "-P OUTPUT ACCEPT\n-N U\n-N W\n"
			 "-A INPUT -s 1.1.1.1/32 -j U\n-A INPUT -j ACCEPT\n"
			 "-A U -p tcp -m tcp --dport 1\n"
			 "-N U\n-A U -p tcp -m tcp --dport 1\n"
			 "-A INPUT -j ACCEPT\n"
			 "-N U\n-A U -p tcp -m tcp --dport 1 -c 7 8\n");
	run_free(&r);
}
END_TEST

START_TEST(test_verbose)
{
	struct run r = { .before = BEFORE, .opts.verbose = 1 };

	run(&r, "# hello\n*filter\n-A INPUT -s 1.2.3.4 -p tcp --dport 80 "
		"-j ACCEPT\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_str_eq(r.out, "# hello\nFlushing chain `INPUT'\n"
			 "Flushing chain `FORWARD'\nFlushing chain `OUTPUT'\n"
			 "Flushing chain `U'\nFlushing chain `W'\n"
			 "Deleting chain `U'\nDeleting chain `W'\n"
			 "ACCEPT  tcp opt -- in * out *  1.2.3.4  -> 0.0.0.0/0"
			 "   tcp dpt:80\n");
	run_free(&r);
}
END_TEST

/* -T: the lines of other tables are not even parsed. */
START_TEST(test_only_table)
{
	struct run r = { .opts.table = "filter" };

	run(&r, "*nat\n-A NOPE --frob\nCOMMIT\n*filter\n-A INPUT\nCOMMIT\n"
		"*raw\n:x\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_uint_eq(r.begun, 1);
	ck_assert_uint_eq(r.commits, 1);
	run_free(&r);
}
END_TEST

/* -h and -V answer and end it there, with exit code 0. */
START_TEST(test_answers)
{
	struct run r = { 0 }, s = { 0 };

	run(&r, "*filter\n-V\n--frob\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_str_eq(r.out, PROG " v1.8.11 (bpf)\n");
	ck_assert_uint_eq(r.aborts, 1);
	run(&s, "*filter\n-p tcp -h\n--frob\n");
	ck_assert_int_eq(s.rc, FE_OK);
	ck_assert_ptr_nonnull(strstr(s.out, "\nUsage: " PROG " -[ACD] chain "));
	ck_assert_ptr_nonnull(strstr(s.out, "--tcp-flags"));
	run_free(&r);
	run_free(&s);
}
END_TEST

TCase *edit_tests(void)
{
	TCase *tc = tcase_create("edit");

	tcase_add_loop_test(tc, test_edit, 0,
			    sizeof(edits) / sizeof(*edits));
	tcase_add_test(tc, test_old_index);
	tcase_add_test(tc, test_delete_extension);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_verbose);
	tcase_add_test(tc, test_only_table);
	tcase_add_test(tc, test_answers);
	return tc;
}
