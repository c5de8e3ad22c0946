/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_ns.c - the state in the kernel: kept, read and taken away
 *
 * As root; exit 77 otherwise.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "backend/bpffs.h"
#include "backend/state.h"
#include "backend/sys.h"
#include "tests/unit/nslab.h"

/* Programs end some time after their last user. */
static bool prog_ends(uint32_t id)
{
	int fd, i;

	for (i = 0; i < 1000; i++) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			return errno == ENOENT;
		close(fd);
		usleep(10000);
	}
	return false;
}

START_TEST(round_trip)
{
	struct be_status st;
	bool shared[64];
	struct be_ns *ns;
	uint32_t i;

	beside(_i);
	ck_assert(!dir_exists());
	expect(NULL);
	ck_assert(!dir_exists());
	commit(&stop);
	expect(&stop);
	expect_tidy();
	commit(&pass);
	expect(&pass);
	expect_tidy();
	commit(&stop);
	expect(&stop);
	ns = open_ns();
	ck_assert_int_eq(be_ns_status(ns, af, &st, &diag), 0);
	be_ns_close(ns);
	ck_assert(st.nlinks >= 2 && st.nlinks < 64);
	for (i = 0; i < st.nlinks; i++)
		shared[i] = is_shared(st.link[i].prog_id);
	detach();
	ck_assert(!dir_exists());
	expect(NULL);
	for (i = 0; i < st.nlinks; i++)
		ck_assert_msg(shared[i] || prog_ends(st.link[i].prog_id), "%s",
			      st.link[i].where);
	be_status_free(&st);
}
END_TEST

START_TEST(counters_go_on)
{
	struct be_image before, other;
	int i;

	beside(_i);
	commit(&stop);
	for (i = 0; i < 5; i++)
		ck_assert(is_stopped());
	ck_assert_ptr_eq(in_force(&before), &stop);
	ck_assert_uint_eq(before.counter[stop.policy].packets, 5);
	/* These are counted after the reading and must not be lost. */
	for (i = 0; i < 3; i++)
		ck_assert(is_stopped());
	pass.start[pass.policy].packets = 5 + 100;
	pass.start[pass.policy].bytes = 1;
	pass.continues[pass.policy] = stop.policy;
	ck_assert_msg(!commit_from(&pass, &before, false), "%s", diag.msg);
	ck_assert_uint_eq(policy_packets(), 108);
	expect_tidy();
	ck_assert(arrives());
	ck_assert_uint_eq(policy_packets(), 109);
	/* One that is not what is loaded any more. */
	ck_assert_int_eq(commit_from(&stop, &before, false), -EAGAIN);
	ck_assert_ptr_eq(in_force(&other), &pass);
	be_image_free(&other);
	/* Nothing goes on: back to where it starts. */
	commit(&stop);
	ck_assert_uint_eq(policy_packets(), 0);
	be_image_free(&before);
}
END_TEST

START_TEST(other_hook_type)
{
	int i;

	beside(_i);
	for (i = 0; i < NKINDS; i++) {
		use(&kinds[_i]);
		commit(&stop);
		expect(&stop);
		use(&kinds[i]);
		commit(i % 2 ? &pass : &stop);
		expect(i % 2 ? &pass : &stop);
		expect_tidy();
	}
}
END_TEST

static long tracked(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	long n = -1;

	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = -1;
		fclose(f);
	}
	return n;
}

START_TEST(conntrack)
{
	long n;

	if (_i)
		beside(_i);
	commit(&pass);
	ck_assert(arrives());
	n = tracked();
	ck_assert_int_le(n, 0);
	ck_assert_msg(!commit_from(&pass, NULL, true), "%s", diag.msg);
	ck_assert(arrives());
	ck_assert_int_eq(tracked(), 1);
	/* Again, and it stays on. */
	ck_assert_msg(!commit_from(&stop, NULL, true), "%s", diag.msg);
	ck_assert_msg(!commit_from(&pass, NULL, true), "%s", diag.msg);
	ck_assert(arrives());
	ck_assert_int_eq(tracked(), 2);
	commit(&pass);
	ck_assert(arrives());
	ck_assert_int_eq(tracked(), 2);
	ck_assert_int_eq(system("test -z \"$(nft list ruleset)\""), 0);
	ck_assert_msg(!commit_from(&pass, NULL, true), "%s", diag.msg);
	ck_assert_int_eq(system("nft flush ruleset"), 0);
	ck_assert_msg(!commit_from(&pass, NULL, true), "%s", diag.msg);
	ck_assert(arrives());
	ck_assert_int_eq(tracked(), 3);
	detach();
	ck_assert(arrives());
	ck_assert_int_eq(tracked(), 3);
	ck_assert_int_eq(system("test -z \"$(nft list ruleset)\""), 0);
}
END_TEST

START_TEST(namespaces)
{
	int first = open("/proc/self/ns/net", O_RDONLY);
	uint64_t cookie, *all;
	struct be_status st;
	struct be_ns *ns;
	size_t i, n;
	int second;

	use(&kinds[_i]);
	commit_from(&stop, NULL, true);
	ck_assert_int_eq(be_netns_cookie(&cookie), 0);
	new_ns();
	second = open("/proc/self/ns/net", O_RDONLY);
	expect(NULL);
	commit(&pass);
	expect(&pass);
	ck_assert_int_eq(be_ns_list(&all, &n, &diag), 0);
	ck_assert_uint_ge(n, 2);
	for (i = 0; i < n && all[i] != cookie; i++)
		;
	ck_assert_uint_lt(i, n);
	free(all);
	setns(first, CLONE_NEWNET);
	expect(&stop);
	setns(second, CLONE_NEWNET);

	/* The first one from the second; a process keeps it to be found. */
	ck_assert_int_eq(be_ns_open_cookie(&ns, cookie, &diag), 0);
	ck_assert_ptr_nonnull(ns);
	ck_assert_int_eq(be_ns_status(ns, AF_INET, &st, &diag), 0);
	ck_assert(st.loaded && !st.here && st.cookie == cookie);
	be_status_free(&st);
	ck_assert_msg(!be_ns_detach(ns, AF_UNSPEC, &diag), "%s", diag.msg);
	be_ns_close(ns);
	expect(&pass);
	setns(first, CLONE_NEWNET);
	expect(NULL);
	ck_assert(!dir_exists());
	close(first);
	close(second);
}
END_TEST

/* Another namespace that a process is in: its nft table and filters go too. */
START_TEST(namespace_from_afar)
{
	uint64_t cookie;
	struct be_ns *ns;
	int fd[2], status;
	pid_t pid;
	char c;

	use(&kinds[_i]);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(commit_from(&stop, NULL, true), 0);
	ck_assert_int_eq(be_netns_cookie(&cookie), 0);
	pid = fork();
	if (!pid) {
		close(fd[1]);
		if (read(fd[0], &c, 1) < 0)
			_exit(2);
		_exit(arrives() &&
		      !system("test -z \"$(nft list ruleset)\"") ? 0 : 1);
	}
	new_ns();
	ck_assert_int_eq(be_ns_open_cookie(&ns, cookie, &diag), 0);
	ck_assert_msg(!be_ns_detach(ns, AF_UNSPEC, &diag), "%s", diag.msg);
	be_ns_close(ns);
	close(fd[0]);
	close(fd[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static bool status_says(const char *where)
{
	struct be_status st;
	struct be_ns *ns = open_ns();
	bool found = false;
	uint32_t i;

	ck_assert_msg(!be_ns_status(ns, AF_INET, &st, &diag), "%s", diag.msg);
	be_ns_close(ns);
	for (i = 0; i < st.nlinks; i++)
		if (strstr(st.link[i].where, where) && !st.link[i].prog_id)
			found = true;
	be_status_free(&st);
	return found;
}

START_TEST(interfaces_come_and_go)
{
	use(&kinds[_i]);
	if (attach.ndevs)
		return;
	ck_assert_int_eq(system("ip link add d0 type veth peer name e0"), 0);
	commit(&stop);
	ck_assert_int_eq(system("ip link add d1 type veth peer name e1"), 0);
	ck_assert(attach.type == BE_NETFILTER || status_says("d1 "));
	ck_assert_int_eq(system("ip link del d0"), 0);
	ck_assert(attach.type == BE_NETFILTER || status_says(" gone"));
	expect(&stop);
	commit(&pass);
	ck_assert(!status_says(" gone") && !status_says("d1 "));
	expect_tidy();
	expect(&pass);
	/* Another one with the index of one that is gone. */
	ck_assert_int_eq(system("ip link add d2 index 77 type veth peer name e2"), 0);
	commit(&stop);
	ck_assert_int_eq(system("ip link del d2 && "
		"ip link add d3 index 77 type veth peer name e3"), 0);
	commit(&pass);
	ck_assert(!status_says(" gone") && !status_says("d3 "));
	expect_tidy();
	be_attach_parse("tc:d1,nowhere", &attach, &diag);
	ck_assert_int_eq(commit_from(&stop, NULL, false), -ENODEV);
	ck_assert(strstr(diag.msg, "'nowhere'"));
	expect(&pass);
}
END_TEST

/* What one family has on a device is no business of the other's ruleset. */
START_TEST(devices_of_the_other)
{
	const char *const theirs[] = { "xdp:d0", "tc:d0" };
	const char *const ours[] = { "xdp:lo", "tc:lo" };

	ck_assert_int_eq(system("ip link add d0 type veth peer name e0"), 0);
	be_attach_parse(theirs[_i / 2], &attach, &diag);
	beside_there(_i);
	ck_assert(arrives_beside());
	be_attach_parse(ours[_i / 2], &attach, &diag);
	commit(&stop);
	ck_assert(is_stopped());
	ck_assert(arrives_beside());
}
END_TEST

/* A tun device has no Ethernet header: xdp would judge nothing of it. */
START_TEST(framing)
{
	commit(&stop);
	ck_assert_int_eq(system("ip tuntap add dev tun0 mode tun"), 0);
	be_attach_parse("xdp", &attach, &diag);
	ck_assert_int_eq(commit_from(&pass, NULL, false), -EOPNOTSUPP);
	ck_assert(strstr(diag.msg, "'tun0'"));
	expect(&stop);
	be_attach_parse("xdp:lo", &attach, &diag);
	diag_clear(&diag);
	commit(&pass);
	expect(&pass);
}
END_TEST

/* The filter table and others sit at priorities a link would like. */
START_TEST(priority_taken)
{
	struct be_status st;
	struct be_ns *ns;

	ck_assert_int_eq(system("nft 'add table ip x; "
		"add chain ip x y { type filter hook input priority -1; }'"),
			 0);
	commit(&stop);
	expect(&stop);
	ns = open_ns();
	ck_assert_int_eq(be_ns_status(ns, AF_INET, &st, &diag), 0);
	be_ns_close(ns);
	ck_assert_str_eq(st.link[0].where, "FORWARD priority -1");
	ck_assert_str_eq(st.link[1].where, "INPUT priority -2");
	be_status_free(&st);
}
END_TEST

/* As it is when it was read: every rule goes on from itself. */
static void load_rules(struct ir_table *t)
{
	struct ir_chain *chain;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		chain = ir_table_chain(t, i);
		for (k = 0; k < chain->nrules; k++)
			chain->rule[k]->old_index = chain->rule[k]->index;
	}
}

/* What was committed comes back as it was, as long as it is in force. */
START_TEST(classifier_again)
{
	struct tr_classifier *c;
	struct be_image image;
	struct be_ns *ns = open_ns();

	commit(&stop);
	ck_assert_ptr_eq(in_force(&image), &stop);
	c = be_ns_classifier(ns, &image);
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->size, stop.c->size);
	ck_assert_mem_eq(c->word, stop.c->word, c->size);
	load_rules(stop.t);
	ck_assert(tr_change(c, stop.t, &(struct tr_options){ .late = 9 }));
	tr_classifier_free(c);
	commit(&pass);
	ck_assert_ptr_null(be_ns_classifier(ns, &image));
	be_image_free(&image);
	ck_assert_ptr_eq(in_force(&image), &pass);
	unlink(be_ns_path(ns, "gen1/memo").s);
	ck_assert_ptr_null(be_ns_classifier(ns, &image));
	detach();
	ck_assert_ptr_null(be_ns_classifier(ns, &image));
	be_image_free(&image);
	be_ns_close(ns);
}
END_TEST

START_TEST(refused)
{
	struct be_ns *ns = open_ns();
	struct be_commit c = {
		.family = AF_INET,
		.classifier = pass.c, .ruleset = "x", .size = 1,
		.start = pass.start, .attach = &attach,
	};

	new_ns();
	ck_assert_int_eq(be_ns_commit(ns, &c, &diag), -EINVAL);
	ck_assert(strstr(diag.msg, "another network namespace"));
	be_ns_close(ns);
	ns = open_ns();
	c.size = 0;
	ck_assert_int_eq(be_ns_commit(ns, &c, &diag), -EINVAL);
	c.size = 1;
	pass.c->hook[IR_HOOK_PREROUTING].present = true;
	ck_assert_int_eq(be_ns_commit(ns, &c, &diag), -EOPNOTSUPP);
	be_ns_close(ns);
	ck_assert(!dir_exists());
}
END_TEST

/* A family that cannot be switched off does not keep the other in force. */
START_TEST(detach_what_can_be)
{
	const bool six = _i / 2;	/* whose switch fails */
	struct be_ns *ns = open_ns();

	beside_there(six ? 0 : 1);
	commit(&stop);
	be_fault_set((unsigned int)_i + 1, BE_FAULT_FAIL);
	ck_assert_int_eq(be_ns_detach(ns, AF_UNSPEC, &diag), -EIO);
	be_fault_set(0, BE_FAULT_FAIL);
	ck_assert_msg(!strcmp(diag.msg,
			      "cannot switch off: Input/output error"), "%s",
		      diag.msg);
	expect(NULL);
	ck_assert(!dir_exists());
	ck_assert_int_eq(be_ns_detach(ns, AF_UNSPEC, &diag), 0);
	ck_assert(arrives_beside());
	be_ns_close(ns);
	ck_assert_int_eq(be_ns_open(&ns, false, &diag), 0);
	ck_assert_ptr_null(ns);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, round_trip, 0, NKINDS);
	tcase_add_loop_test(tc, counters_go_on, 0, NKINDS);
	tcase_add_loop_test(tc, other_hook_type, 0, NKINDS);
	tcase_add_loop_test(tc, conntrack, 0, 2);
	tcase_add_loop_test(tc, namespaces, 0, NKINDS);
	tcase_add_loop_test(tc, namespace_from_afar, 0, NKINDS);
	tcase_add_loop_test(tc, interfaces_come_and_go, 0, NKINDS);
	tcase_add_loop_test(tc, devices_of_the_other, 0, 4);
	tcase_add_test(tc, framing);
	tcase_add_test(tc, priority_taken);
	tcase_add_test(tc, classifier_again);
	tcase_add_test(tc, refused);
	tcase_add_loop_test(tc, detach_what_can_be, 0, 4);
}

int main(void)
{
	return nslab_run("backend ns", 300, add_tests);
}
