/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/nslab.c - two rulesets in a network namespace of its own */
#include "config.h"

#include "tests/unit/nslab.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "backend/bpffs.h"
#include "backend/link.h"
#include "backend/state.h"
#include "tests/unit/privilege.h"

#define SKIPPED	77

const struct kind kinds[NKINDS] = {
	{ "netfilter", false },
	{ "xdp", false },
	{ "tc", false },
	{ "tc:lo", true },
};

struct rules pass, stop;
struct be_attach attach;
struct diag diag;

/* @extra rules that never match, so that the two differ in their counters. */
static void make_rules(struct rules *r, enum ir_target policy, uint32_t extra,
		       const char *image)
{
	struct ir_chain *in;
	uint32_t i, depth;

	r->t = ir_table_new(AF_INET, "filter");
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

void new_ns(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	lo_up();
}

void use(const struct kind *k)
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

struct be_ns *open_ns(void)
{
	struct be_ns *ns;

	ck_assert_msg(!be_ns_open(&ns, true, &diag), "%s", diag.msg);
	return ns;
}

int commit_from(const struct rules *r, const struct be_image *before,
		bool conntrack)
{
	const struct be_commit c = {
		.family		= AF_INET,
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

void commit(const struct rules *r)
{
	int err = commit_from(r, NULL, false);

	ck_assert_msg(!err, "%s: %s", strerror(-err), diag.msg);
}

void detach(void)
{
	struct be_ns *ns = open_ns();
	int err = be_ns_detach(ns, AF_UNSPEC, &diag);

	ck_assert_msg(!err, "%s: %s", strerror(-err), diag.msg);
	be_ns_close(ns);
}

bool arrives(void)
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

const struct rules *in_force(struct be_image *image)
{
	const struct rules *r = NULL;
	struct be_ns *ns = open_ns();
	int err;

	diag_clear(&diag);
	err = be_ns_read(ns, AF_INET, image, &diag);
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

void expect(const struct rules *r)
{
	struct be_image image;
	const struct rules *have = in_force(&image);

	ck_assert_msg(have == r, "%s instead of %s",
		      have ? have->image : "nothing", r ? r->image : "nothing");
	be_image_free(&image);
	ck_assert_int_eq(arrives(), r != &stop);
}

uint64_t policy_packets(void)
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

bool dir_exists(void)
{
	struct be_ns *ns;
	bool there;

	ck_assert_int_eq(be_ns_open(&ns, false, &diag), 0);
	there = ns;
	be_ns_close(ns);
	return there;
}

void expect_tidy(void)
{
	char names[4096], gen[1024];
	struct be_status st;
	struct be_ns *ns = open_ns();
	uint32_t i, nslots = 0, seen = 0;
	const char *p;

	ck_assert_msg(!be_ns_status(ns, AF_INET, &st, &diag), "%s", diag.msg);
	be_ns_close(ns);
	ck_assert(st.loaded);
	list("", names, sizeof(names));
	snprintf(gen, sizeof(gen), "gen%u ", st.generation);
	ck_assert_msg(strstr(names, gen) && strstr(names, "active-ip "), "%s",
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
	ck_assert_msg(!strncmp(gen, "base counters links memo meta prog-", 35), "%s",
		      gen);
	be_status_free(&st);
}

/* A mount namespace and a bpffs of our own. */
static bool leave(void)
{
	return test_privileged() && !unshare(CLONE_NEWNS) &&
	       !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", "/run", "tmpfs", 0, NULL) &&
	       !mkdir(BE_RUNDIR, 0700) &&
	       !mount("bpffs", BE_RUNDIR, "bpf", 0, NULL);
}

int nslab_run(const char *name, double timeout, void (*add)(TCase *tc))
{
	TCase *tc;
	SRunner *sr;
	Suite *s;
	int failed;

	if (!leave()) {
		fprintf(stderr, "needs root: skipped\n");
		return SKIPPED;
	}
	s = suite_create(name);
	tc = tcase_create("namespace");
	tcase_set_timeout(tc, timeout);
	tcase_add_checked_fixture(tc, setup, teardown);
	add(tc);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
