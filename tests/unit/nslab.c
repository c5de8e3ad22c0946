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
#include "tests/unit/run.h"

const struct kind kinds[NKINDS] = {
	{ "netfilter", false },
	{ "xdp", false },
	{ "tc", false },
	{ "tc:lo", true },
};

int af = AF_INET;
struct rules pass, stop;
struct be_attach attach;
struct diag diag;

/* The ruleset beside, or a name of NULL: there is none. */
static struct rules aside;
static uint64_t dropped;		/* by it */

static int other(void)
{
	return af == AF_INET ? AF_INET6 : AF_INET;
}

/* @extra rules that never match, so that the two differ in their counters. */
static void make_rules(struct rules *r, int of, enum ir_target policy,
		       uint32_t extra, const char *image)
{
	struct ir_chain *in;
	uint32_t i, depth;

	r->t = ir_table_new(of, "filter");
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
	af = AF_INET;
	make_rules(&pass, af, IR_ACCEPT, 0, "pass");
	make_rules(&stop, af, IR_DROP, 5, "stop it");
}

static void teardown(void)
{
	free_rules(&pass);
	free_rules(&stop);
	if (aside.image)
		free_rules(&aside);
	memset(&aside, 0, sizeof(aside));
	diag_clear(&diag);
}

void beside_there(int i)
{
	teardown();
	af = i % 2 ? AF_INET : AF_INET6;
	make_rules(&aside, af, IR_DROP, 3, "beside");
	commit(&aside);
	dropped = 0;
	af = other();
	make_rules(&pass, af, IR_ACCEPT, 0, "pass");
	make_rules(&stop, af, IR_DROP, 5, "stop it");
}

/* Even kinds are IPv4's; the hook beside is the same for the later two. */
void beside(int i)
{
	const int where[NKINDS] = { 1, 0, 2, 3 };

	use(&kinds[where[i % NKINDS]]);
	beside_there(i);
	use(&kinds[i % NKINDS]);
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
		.family		= af,
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
	int err = be_ns_detach(ns, aside.image ? af : AF_UNSPEC,
			       &diag);

	ck_assert_msg(!err, "%s: %s", strerror(-err), diag.msg);
	be_ns_close(ns);
}

/*
 * A frame over lo is delivered before sendto() returns, mostly: one that should
 * arrive may take its time, for one that should not there is no end to wait for.
 */
#define COMES	2000	/* milliseconds */
#define STAYS	5

static bool arrives_by(int of, int wait)
{
	union {
		struct sockaddr		any;
		struct sockaddr_in	ipv4;
		struct sockaddr_in6	ipv6;
	} a = { .any.sa_family = (sa_family_t)of };
	int in = socket(of, SOCK_DGRAM, 0);
	struct pollfd p = { .fd = in, .events = POLLIN };
	socklen_t len = of == AF_INET ? sizeof(a.ipv4) : sizeof(a.ipv6);
	bool there;

	if (of == AF_INET)
		a.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.ipv6.sin6_addr = in6addr_loopback;
	ck_assert_int_eq(bind(in, &a.any, len), 0);
	getsockname(in, &a.any, &len);
	ck_assert_int_eq(sendto(in, "x", 1, 0, &a.any, len), 1);
	there = poll(&p, 1, wait) == 1;
	close(in);
	return there;
}

bool arrives(void)
{
	return arrives_by(af, COMES);
}

bool is_stopped(void)
{
	return !arrives_by(af, STAYS);
}

bool arrives_beside(void)
{
	return arrives_by(other(), COMES);
}

/* The other family has its ruleset, which drops and counts. */
static void expect_beside(void)
{
	struct be_image image;
	struct be_ns *ns;
	int err;

	if (!aside.image)
		return;
	ck_assert(!arrives_by(other(), STAYS));
	dropped++;
	ns = open_ns();
	err = be_ns_read(ns, other(), &image, &diag);
	be_ns_close(ns);
	ck_assert_msg(!err, "%s: %s", strerror(-err), diag.msg);
	ck_assert_ptr_nonnull(image.ruleset);
	ck_assert_str_eq(image.ruleset, aside.image);
	ck_assert_uint_eq(image.counter[aside.policy].packets, dropped);
	be_image_free(&image);
}

const struct rules *in_force(struct be_image *image)
{
	const struct rules *r = NULL;
	struct be_ns *ns = open_ns();
	int err;

	diag_clear(&diag);
	err = be_ns_read(ns, af, image, &diag);
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
	ck_assert(r == &stop ? is_stopped() : arrives());
	expect_beside();
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

/* Whether a name in the directory is this family's alone. */
static bool is_own(const char *name)
{
	const char *const own[] = {
		af == AF_INET ? "gen0" : "gen2",
		af == AF_INET ? "gen1" : "gen3",
		af == AF_INET ? "conntrack-ip" : "conntrack-ip6",
	};
	const char *netfilter = af == AF_INET ? "link-netfilter-4-" :
						    "link-netfilter-6-";
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(name, own[i]))
			return true;
	return !strncmp(name, netfilter, strlen(netfilter));
}

bool dir_exists(void)
{
	struct be_names names;
	struct be_ns *ns;
	bool there;
	uint32_t i;

	ck_assert_int_eq(be_ns_open(&ns, false, &diag), 0);
	there = ns;
	if (ns && aside.image) {
		there = false;
		ck_assert_int_eq(be_names_read(be_ns_path(ns, "%s", "").s,
					       &names), 0);
		for (i = 0; i < names.n; i++)
			there |= is_own(names.name[i]);
		be_names_free(&names);
	}
	be_ns_close(ns);
	return there;
}

static void read_status(int of, struct be_status *st)
{
	struct be_ns *ns = open_ns();

	ck_assert_msg(!be_ns_status(ns, of, st, &diag), "%s", diag.msg);
	be_ns_close(ns);
}

bool is_shared(uint32_t prog_id)
{
	struct be_status st;
	bool shared = false;
	uint32_t i;

	if (!aside.image)
		return false;
	read_status(other(), &st);
	for (i = 0; i < st.nlinks; i++)
		shared |= st.link[i].prog_id == prog_id;
	be_status_free(&st);
	return shared;
}

/* Each link once, and one for everything that judges. */
static void expect_links(const struct be_status *st,
			 const struct be_status *beside, const char *names)
{
	uint32_t i, want = st->nlinks + beside->nlinks, seen = 0;
	const char *p;

	for (i = 0; i < st->nlinks; i++) {
		ck_assert_msg(st->link[i].prog_id, "%s", st->link[i].where);
		want -= is_shared(st->link[i].prog_id);
	}
	for (p = names; (p = strstr(p, "link-")); p++)
		seen++;
	for (p = names; (p = strstr(p, "filter-tc")); p++)
		seen++;
	ck_assert_msg(seen == want, "%s", names);
}

void expect_tidy(void)
{
	char names[4096], gen[1024];
	struct be_status st, beside;
	uint32_t i, nslots = 0, seen = 0;
	const char *p;

	read_status(af, &st);
	read_status(other(), &beside);
	ck_assert(st.loaded && beside.loaded == (aside.image != NULL));
	list("", names, sizeof(names));
	snprintf(gen, sizeof(gen), "gen%u ", st.generation);
	ck_assert_msg(strstr(names, gen) && strstr(names, "active-ip ") &&
		      strstr(names, "active-ip6 "), "%s", names);
	snprintf(gen, sizeof(gen), "gen%u ", st.generation ^ 1);
	ck_assert_msg(!strstr(names, gen), "%s", names);
	for (i = 0; i < BE_NTYPES; i++)
		nslots += st.prog[i].used || beside.prog[i].used;
	for (p = names; (p = strstr(p, "slots-")); p++)
		seen++;
	ck_assert_msg(seen == nslots, "%s", names);
	expect_links(&st, &beside, names);
	snprintf(gen, sizeof(gen), "gen%u", st.generation);
	list(gen, gen, sizeof(gen));
	ck_assert_msg(!strncmp(gen, "base counters links memo meta prog-", 35), "%s",
		      gen);
	be_status_free(&st);
	be_status_free(&beside);
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
	Suite *s;

	if (!leave()) {
		fprintf(stderr, "needs root: skipped\n");
		return TEST_SKIPPED;
	}
	s = suite_create(name);
	tc = tcase_create("namespace");
	tcase_set_timeout(tc, timeout);
	tcase_add_checked_fixture(tc, setup, teardown);
	add(tc);
	suite_add_tcase(s, tc);
	return test_run(s, true);
}
