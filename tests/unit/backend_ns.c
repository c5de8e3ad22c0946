/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_ns.c - the state in the kernel, in namespaces of its own
 *
 * As root; exit 77 otherwise.  Everything happens in a mount namespace with a
 * bpffs of its own, which ends with the process and takes all pins along.
 *
 * Two rulesets take turns: "pass" accepts, "stop" drops what comes in.  Which
 * one is in force is asked with a datagram over lo, and from the image.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "backend/attach.h"
#include "backend/bpffs.h"
#include "backend/link.h"
#include "backend/ns.h"
#include "backend/state.h"
#include "backend/sys.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

#define SKIPPED	77

/* The kinds of attachment that every test goes through. */
static const struct kind {
	const char	*spec;
	bool		clsact;
} kinds[] = {
	{ "netfilter", false },
	{ "xdp", false },
	{ "tc", false },
	{ "tc:lo", true },
};

#define NKINDS	((int)(sizeof(kinds) / sizeof(kinds[0])))

struct rules {
	struct ir_table	*t;
	struct tr_classifier *c;
	struct ir_counter *start;
	uint32_t	*continues;
	uint32_t	policy;		/* counter of INPUT's */
	const char	*image;
};

static struct rules pass, stop;
static struct be_attach attach;
static struct diag diag;

/* @extra rules that never match, so that the two differ in their counters. */
static void make_rules(struct rules *r, enum ir_target policy, uint32_t extra,
		       const char *image)
{
	struct ir_chain *in;
	uint32_t i, depth;

	r->t = ir_table_new("filter");
	ck_assert_ptr_nonnull(r->t);
	in = ir_table_base(r->t, IR_HOOK_INPUT);
	in->policy = policy;
	for (i = 0; i < extra; i++) {
		struct ir_rule *rule = ir_rule_new(r->t);

		ir_rule_add_masked(r->t, rule, IR_SADDR, UINT32_MAX,
				   0xc6336400 + i, false);
		rule->target = IR_ACCEPT;
		ir_chain_insert(r->t, in, i, rule);
	}
	ir_table_number(r->t);
	ck_assert_int_eq(ir_table_check(r->t, &depth, &diag), 0);
	r->c = tr_translate(r->t, NULL, &diag);
	ck_assert_msg(r->c, "%s", diag.msg);
	r->policy = in->index;
	r->image = image;
	r->start = calloc(r->c->ncounters, sizeof(*r->start));
	r->continues = malloc(r->c->ncounters * sizeof(*r->continues));
	memset(r->continues, 0xff, r->c->ncounters * sizeof(*r->continues));
}

static void free_rules(struct rules *r)
{
	ir_table_free(r->t);
	tr_classifier_free(r->c);
	free(r->start);
	free(r->continues);
}

static void lo_up(void)
{
	struct ifreq req = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ioctl(fd, SIOCGIFFLAGS, &req);
	req.ifr_flags |= IFF_UP;
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &req), 0);
	close(fd);
}

static void new_ns(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	lo_up();
}

static void use(const struct kind *k)
{
	be_links_force_clsact(k->clsact);
	ck_assert_int_eq(be_attach_parse(k->spec, &attach, &diag), 0);
}

static void setup(void)
{
	new_ns();
	use(&kinds[0]);
	make_rules(&pass, IR_ACCEPT, 0, "pass");
	make_rules(&stop, IR_DROP, 5, "stop it");
}

static void teardown(void)
{
	free_rules(&pass);
	free_rules(&stop);
	diag_clear(&diag);
}

static struct be_ns *open_ns(void)
{
	struct be_ns *ns;

	ck_assert_msg(!be_ns_open(&ns, true, &diag), "%s", diag.msg);
	return ns;
}

static int commit_from(const struct rules *r, const struct be_image *before,
		       bool conntrack)
{
	const struct be_commit c = {
		.classifier	= r->c,
		.ruleset	= r->image,
		.size		= strlen(r->image) + 1,
		.start		= r->start,
		.continues	= r->continues,
		.before		= before,
		.attach		= &attach,
		.conntrack	= conntrack,
	};
	struct be_ns *ns = open_ns();
	int err;

	diag_clear(&diag);
	err = be_ns_commit(ns, &c, &diag);
	be_ns_close(ns);
	return err;
}

static void commit(const struct rules *r)
{
	int err = commit_from(r, NULL, false);

	ck_assert_msg(!err, "%s: %s", strerror(-err), diag.msg);
}

static void detach(void)
{
	struct be_ns *ns = open_ns();
	int err = be_ns_detach(ns, &diag);

	ck_assert_msg(!err, "%s: %s", strerror(-err), diag.msg);
	be_ns_close(ns);
}

/* Sends a datagram over lo: whether it arrives. */
static bool arrives(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int in = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd p = { .fd = in, .events = POLLIN };
	socklen_t len = sizeof(a);
	bool there;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(in, (struct sockaddr *)&a, sizeof(a)), 0);
	getsockname(in, (struct sockaddr *)&a, &len);
	ck_assert_int_eq(sendto(in, "x", 1, 0, (struct sockaddr *)&a, len), 1);
	/* A frame over lo is delivered before sendto() returns, mostly. */
	there = poll(&p, 1, 5) == 1;
	close(in);
	return there;
}

/* What is in force, by its image; NULL: nothing. */
static const struct rules *in_force(struct be_image *image)
{
	const struct rules *r = NULL;
	struct be_ns *ns = open_ns();
	int err;

	diag_clear(&diag);
	err = be_ns_read(ns, image, &diag);
	ck_assert_msg(!err, "%s: %s", strerror(-err), diag.msg);
	be_ns_close(ns);
	if (!image->ruleset)
		return NULL;
	if (!strcmp(image->ruleset, pass.image))
		r = &pass;
	else if (!strcmp(image->ruleset, stop.image))
		r = &stop;
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(image->size, strlen(r->image) + 1);
	ck_assert_uint_eq(image->ncounters, r->c->ncounters);
	return r;
}

/* Asserts that @r, whole, is what judges; NULL: nothing is loaded. */
static void expect(const struct rules *r)
{
	struct be_image image;
	const struct rules *have = in_force(&image);

	ck_assert_msg(have == r, "%s instead of %s",
		      have ? have->image : "nothing", r ? r->image : "nothing");
	be_image_free(&image);
	ck_assert_int_eq(arrives(), r != &stop);
}

static uint64_t policy_packets(void)
{
	struct be_image image;
	const struct rules *r = in_force(&image);
	uint64_t n = image.counter[r->policy].packets;

	be_image_free(&image);
	return n;
}

/* The names in a directory below that of this namespace, as one string. */
static void list(const char *sub, char *out, size_t size)
{
	struct be_ns *ns = open_ns();
	struct be_path dir = be_ns_path(ns, "%s", sub);
	struct be_names names;
	size_t n = 0;
	uint32_t i;

	be_ns_close(ns);
	ck_assert_int_eq(be_names_read(dir.s, &names), 0);
	*out = '\0';
	for (i = 0; i < names.n; i++)
		n += (size_t)snprintf(out + n, size - n, "%s ", names.name[i]);
	be_names_free(&names);
}

static bool dir_exists(void)
{
	struct be_ns *ns;
	bool there;

	ck_assert_int_eq(be_ns_open(&ns, false, &diag), 0);
	there = ns;
	be_ns_close(ns);
	return there;
}

/* Exactly one generation, the slots and links that it needs, no more. */
static void expect_tidy(void)
{
	char names[4096], gen[1024];
	struct be_status st;
	struct be_ns *ns = open_ns();
	uint32_t i, nslots = 0, seen = 0;
	const char *p;

	ck_assert_msg(!be_ns_status(ns, &st, &diag), "%s", diag.msg);
	be_ns_close(ns);
	ck_assert(st.loaded);
	list("", names, sizeof(names));
	snprintf(gen, sizeof(gen), "gen%u ", st.generation);
	ck_assert_msg(strstr(names, gen) && strstr(names, "active "), "%s",
		      names);
	snprintf(gen, sizeof(gen), "gen%u ", 1 - st.generation);
	ck_assert_msg(!strstr(names, gen), "%s", names);
	for (i = 0; i < BE_NTYPES; i++)
		nslots += st.prog[i].used;
	for (p = names; (p = strstr(p, "slots-")); p++)
		seen++;
	ck_assert_msg(seen == nslots, "%s", names);
	for (i = 0; i < st.nlinks; i++)
		ck_assert_msg(st.link[i].prog_id, "%s", st.link[i].where);
	list(st.generation ? "gen1" : "gen0", gen, sizeof(gen));
	ck_assert_msg(!strncmp(gen, "base counters links meta prog-", 30), "%s",
		      gen);
	be_status_free(&st);
}

/* Programs end some time after their last user. */
static bool prog_ends(uint32_t id)
{
	int fd, i;

	for (i = 0; i < 200; i++) {
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
	struct be_ns *ns;
	uint32_t i;

	use(&kinds[_i]);
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
	ck_assert_int_eq(be_ns_status(ns, &st, &diag), 0);
	be_ns_close(ns);
	ck_assert(st.nlinks >= 2);
	detach();
	ck_assert(!dir_exists());
	expect(NULL);
	for (i = 0; i < st.nlinks; i++)
		ck_assert_msg(prog_ends(st.link[i].prog_id), "%s",
			      st.link[i].where);
	be_status_free(&st);
}
END_TEST

START_TEST(counters_go_on)
{
	struct be_image before, other;
	int i;

	use(&kinds[_i]);
	commit(&stop);
	for (i = 0; i < 5; i++)
		ck_assert(!arrives());
	ck_assert_ptr_eq(in_force(&before), &stop);
	ck_assert_uint_eq(before.counter[stop.policy].packets, 5);
	/* These are counted after the reading and must not be lost. */
	for (i = 0; i < 3; i++)
		ck_assert(!arrives());
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

/* Killed after the switch, before the old counts were taken over. */
START_TEST(counters_survive_kill)
{
	struct be_image before;
	unsigned int n;
	int i, status;
	pid_t pid;

	pass.continues[pass.policy] = stop.policy;
	stop.continues[stop.policy] = pass.policy;
	for (n = 1;; n++) {
		stop.start[stop.policy].packets = 0;
		commit_from(&stop, NULL, false);
		ck_assert_uint_eq(policy_packets(), 0);
		for (i = 0; i < 2; i++)
			arrives();
		ck_assert_ptr_eq(in_force(&before), &stop);
		arrives();
		pass.start[pass.policy] = before.counter[stop.policy];
		pid = fork();
		if (!pid) {
			be_fault_set(n, BE_FAULT_KILL);
			_exit(commit_from(&pass, &before, false) ? 1 : 0);
		}
		waitpid(pid, &status, 0);
		be_image_free(&before);
		ck_assert_uint_eq(policy_packets(), 3);
		if (WIFEXITED(status))
			break;
		/* And the next one takes them over, by what it reads. */
		in_force(&before);
		stop.start[stop.policy].packets = 3;
		pass.start[pass.policy].packets = 3;
		ck_assert_msg(!commit_from(&pass, NULL, false), "%s", diag.msg);
		ck_assert_uint_eq(policy_packets(), 3);
		be_image_free(&before);
	}
	ck_assert_uint_gt(n, 40);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(fails_at_every_step)
{
	unsigned int n, met = 0;
	int err;

	use(&kinds[_i]);
	for (n = 1;; n++) {
		commit(&stop);
		be_fault_set(n, BE_FAULT_FAIL);
		err = commit_from(&pass, NULL, false);
		met = be_fault_calls();
		be_fault_set(0, BE_FAULT_FAIL);
		expect(err ? &stop : &pass);
		if (err)
			expect_tidy();
		if (met < n)
			break;
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_gt(n, 40);
	commit(&stop);
	expect_tidy();
}
END_TEST

START_TEST(first_fails_at_every_step)
{
	unsigned int n, met = 0;
	int err;

	use(&kinds[_i]);
	for (n = 1;; n++) {
		be_fault_set(n, BE_FAULT_FAIL);
		err = commit_from(&stop, NULL, true);
		met = be_fault_calls();
		be_fault_set(0, BE_FAULT_FAIL);
		expect(err ? NULL : &stop);
		ck_assert_int_eq(dir_exists(), !err);
		if (met < n)
			break;
		if (!err)
			detach();
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_gt(n, 30);
}
END_TEST

/* Runs @what in a child that is killed at gate @n: whether it was. */
static bool killed_at(unsigned int n, const struct rules *r)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		be_fault_set(n, BE_FAULT_KILL);
		if (r)
			commit(r);
		else
			detach();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

START_TEST(killed_at_every_step)
{
	const struct rules *r;
	struct be_image image;
	unsigned int n;
	bool killed;

	use(&kinds[_i]);
	for (n = 1;; n++) {
		commit(&stop);
		killed = killed_at(n, &pass);
		r = in_force(&image);
		be_image_free(&image);
		expect(killed ? r : &pass);
		if (!killed)
			break;
		commit(r == &pass ? &stop : &pass);
		expect(r == &pass ? &stop : &pass);
		expect_tidy();
	}
	ck_assert_uint_gt(n, 40);
}
END_TEST

/* The same from one hook type to the next: each lets pass what is not its. */
START_TEST(move_killed_at_every_step)
{
	const struct rules *from = _i % 2 ? &pass : &stop, *r;
	const struct rules *to = _i % 2 ? &stop : &pass;
	struct be_image image;
	unsigned int n;
	bool killed;

	for (n = 1;; n++) {
		use(&kinds[_i]);
		commit(from);
		use(&kinds[(_i + 1) % NKINDS]);
		killed = killed_at(n, to);
		r = in_force(&image);
		be_image_free(&image);
		expect(killed ? r : to);
		if (!killed)
			break;
	}
	expect_tidy();
	ck_assert_uint_gt(n, 40);
}
END_TEST

START_TEST(first_killed_at_every_step)
{
	const struct rules *r;
	struct be_image image;
	unsigned int n;
	bool killed;

	use(&kinds[_i]);
	for (n = 1;; n++) {
		killed = killed_at(n, &stop);
		r = in_force(&image);
		be_image_free(&image);
		expect(r);
		if (!killed)
			break;
		if (n % 2) {
			commit(&stop);
			expect_tidy();
		}
		detach();
		ck_assert(!dir_exists());
	}
	ck_assert_ptr_eq(r, &stop);
	ck_assert_uint_gt(n, 30);
}
END_TEST

START_TEST(detach_killed_at_every_step)
{
	unsigned int n;

	use(&kinds[_i]);
	for (n = 1;; n++) {
		commit(&stop);
		if (!killed_at(n, NULL))
			break;
		ck_assert(dir_exists() || arrives());
		detach();
		expect(NULL);
		ck_assert(!dir_exists());
	}
	expect(NULL);
	ck_assert(!dir_exists());
	ck_assert_uint_gt(n, 20);
}
END_TEST

static void flip_for_ever(void)
{
	for (;;) {
		commit(&pass);
		commit(&stop);
	}
}

/* How long two commits take here and now, in microseconds. */
static int two_commits(void)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	commit(&pass);
	commit(&stop);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (int)((b.tv_sec - a.tv_sec) * 1000000 +
		     (b.tv_nsec - a.tv_nsec) / 1000);
}

START_TEST(killed_at_random)
{
	const int span = two_commits();
	struct be_image image;
	const struct rules *r;
	int i, status;
	pid_t pid;

	srand(1);
	for (i = 0; i < 200; i++) {
		use(&kinds[i % 3]);
		pid = fork();
		if (!pid)
			flip_for_ever();
		usleep((useconds_t)(rand() % span));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		ck_assert(WIFSIGNALED(status));
		r = in_force(&image);
		be_image_free(&image);
		ck_assert_ptr_nonnull(r);
		expect(r);
		if (i % 10 == 0) {
			commit(&stop);
			expect(&stop);
			expect_tidy();
		}
	}
	detach();
	ck_assert(!dir_exists());
}
END_TEST

/* A reader without a lock sees one ruleset or the other, whole. */
START_TEST(read_while_written)
{
	struct be_image image;
	const struct rules *r;
	int i, npass = 0;
	pid_t pid;

	stop.start[stop.policy].packets = 7;
	pass.start[pass.policy].packets = 70;
	commit(&pass);
	pid = fork();
	if (!pid)
		flip_for_ever();
	for (i = 0; i < 2000; i++) {
		r = in_force(&image);
		ck_assert_uint_eq(image.counter[r->policy].packets,
				  r == &pass ? 70 : 7);
		be_image_free(&image);
		npass += r == &pass;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_gt(npass, 0);
	ck_assert_int_lt(npass, 2000);
}
END_TEST

START_TEST(other_hook_type)
{
	int i;

	use(&kinds[_i]);
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
	ck_assert_int_eq(be_ns_status(ns, &st, &diag), 0);
	ck_assert(st.loaded && !st.here && st.cookie == cookie);
	be_status_free(&st);
	ck_assert_msg(!be_ns_detach(ns, &diag), "%s", diag.msg);
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
	ck_assert_msg(!be_ns_detach(ns, &diag), "%s", diag.msg);
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

	ck_assert_msg(!be_ns_status(ns, &st, &diag), "%s", diag.msg);
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
	ck_assert_int_eq(system("ip link del d2 && ip link add d3 index 77 type veth peer name e3"), 0);
	commit(&pass);
	ck_assert(!status_says(" gone") && !status_says("d3 "));
	expect_tidy();
	be_attach_parse("tc:d1,nowhere", &attach, &diag);
	ck_assert_int_eq(commit_from(&stop, NULL, false), -ENODEV);
	ck_assert(strstr(diag.msg, "'nowhere'"));
	expect(&pass);
}
END_TEST

/* The filter table and others sit at priorities a link would like. */
START_TEST(priority_taken)
{
	struct be_status st;
	struct be_ns *ns;

	ck_assert_int_eq(system("nft 'add table ip x; add chain ip x y { type filter hook input priority -1; }'"), 0);
	commit(&stop);
	expect(&stop);
	ns = open_ns();
	ck_assert_int_eq(be_ns_status(ns, &st, &diag), 0);
	be_ns_close(ns);
	ck_assert_str_eq(st.link[0].where, "FORWARD priority -1");
	ck_assert_str_eq(st.link[1].where, "INPUT priority -2");
	be_status_free(&st);
}
END_TEST

START_TEST(refused)
{
	struct be_ns *ns = open_ns();
	struct be_commit c = {
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

/* A mount namespace and a bpffs of our own. */
static bool fence_in(void)
{
	return !unshare(CLONE_NEWNS) &&
	       !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", "/run", "tmpfs", 0, NULL) &&
	       !mkdir(BE_RUNDIR, 0700) &&
	       !mount("bpffs", BE_RUNDIR, "bpf", 0, NULL);
}

int main(void)
{
	Suite *s = suite_create("backend ns");
	TCase *tc = tcase_create("ns");
	SRunner *sr;
	int failed;

	if (geteuid() || !fence_in()) {
		fprintf(stderr, "needs root: skipped\n");
		return SKIPPED;
	}
	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, round_trip, 0, NKINDS);
	tcase_add_loop_test(tc, counters_go_on, 0, NKINDS);
	tcase_add_test(tc, counters_survive_kill);
	tcase_add_loop_test(tc, fails_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, first_fails_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, killed_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, move_killed_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, first_killed_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, detach_killed_at_every_step, 0, NKINDS);
	tcase_add_test(tc, killed_at_random);
	tcase_add_test(tc, read_while_written);
	tcase_add_loop_test(tc, other_hook_type, 0, NKINDS);
	tcase_add_test(tc, conntrack);
	tcase_add_loop_test(tc, namespaces, 0, NKINDS);
	tcase_add_loop_test(tc, namespace_from_afar, 0, NKINDS);
	tcase_add_loop_test(tc, interfaces_come_and_go, 0, NKINDS);
	tcase_add_test(tc, priority_taken);
	tcase_add_test(tc, refused);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
