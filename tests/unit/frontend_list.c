/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend_list.c - what -L prints
 *
 * The columns are those of iptables 1.8.11; names are not looked up, so that the
 * machine has no say in it.
 */
#include "tests/unit/frontend_run.h"

#define RULES	"*filter\n:INPUT DROP [1234567:9876543210]\n:web - [0:0]\n" \
		"[100000:12345678] -A INPUT -i lo -j ACCEPT\n" \
		"[5:300] -A INPUT -s 10.0.0.0/8 ! -d 192.168.1.1 -p tcp " \
		"--dport 22 -m comment --comment \"x y\" -j web\n" \
		"-A INPUT -p icmp -f -j REJECT\n" \
		"-A INPUT -s 10.0.2.0/255.0.255.0 -p tcp -g web\n" \
		"-A INPUT ! -p 47 ! -i eth+\n"

/* Each: the command, what it prints behind RULES. */
static const struct {
	const char	*command;
	const char	*out;
} lists[] = {
	{ "-nL INPUT", "Chain INPUT (policy DROP)\n"
	  "target     prot opt source               destination         \n"
	  "ACCEPT     all  --  0.0.0.0/0            0.0.0.0/0           \n"
	  "web        tcp  --  10.0.0.0/8          !192.168.1.1         "
	  " tcp dpt:22 /* x y */\n"
	  "REJECT     icmp -f  0.0.0.0/0            0.0.0.0/0           "
	  " reject-with icmp-port-unreachable\n"
	  "web        tcp  --  10.0.2.0/255.0.255.0  0.0.0.0/0           "
	  "[goto] \n"
	  "          !47   --  0.0.0.0/0            0.0.0.0/0           \n" },
	{ "-nvL INPUT", "Chain INPUT (policy DROP 1235K packets, 9877M bytes)\n"
	  " pkts bytes target     prot opt in     out     "
	  "source               destination         \n"
	  " 100K   12M ACCEPT     all  --  lo     *       "
	  "0.0.0.0/0            0.0.0.0/0           \n"
	  "    5   300 web        tcp  --  *      *       "
	  "10.0.0.0/8          !192.168.1.1          tcp dpt:22 /* x y */\n"
	  "    0     0 REJECT     icmp -f  *      *       "
	  "0.0.0.0/0            0.0.0.0/0            "
	  "reject-with icmp-port-unreachable\n"
	  "    0     0 web        tcp  --  *      *       "
	  "10.0.2.0/255.0.255.0  0.0.0.0/0           [goto] \n"
	  "    0     0           !47   --  !eth+  *       "
	  "0.0.0.0/0            0.0.0.0/0           \n" },
	{ "-nvxL INPUT 2 --line-numbers",
	  "2           5      300 web        tcp  --  *      *       "
	  "10.0.0.0/8          !192.168.1.1          tcp dpt:22 /* x y */\n" },
	{ "-nvx --line-numbers -L FORWARD",
	  "Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)\n"
	  "num      pkts      bytes target     prot opt in     out     "
	  "source               destination         \n" },
	{ "-L web --line-numbers", "Chain web (2 references)\n"
	  "num  target     prot opt source               destination"
	  "         \n" },
	{ "-n -L INPUT 77", "" },
	{ "-v -L -Z web", "Chain web (2 references)\n"
	  " pkts bytes target     prot opt in     out     "
	  "source               destination         \n"
	  "Zeroing chain `web'\n" },
};

START_TEST(test_list)
{
	struct run r = { .opts = { .counters = true, .refused = true } };
	char in[2048];

	snprintf(in, sizeof(in), RULES "%s\nCOMMIT\n", lists[_i].command);
	run(&r, in);
	ck_assert_msg(r.rc == FE_OK, "%s fails: %s", lists[_i].command, r.err);
	ck_assert_str_eq(r.out, lists[_i].out);
	run_free(&r);
}
END_TEST

TCase *list_tests(void)
{
	TCase *tc = tcase_create("list");

	tcase_add_loop_test(tc, test_list, 0,
			    sizeof(lists) / sizeof(lists[0]));
	return tc;
}
