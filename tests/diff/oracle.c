/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/oracle.c - ours against the kernel's iptables, packet by packet
 *
 * Loads the same ruleset in two hosts, injects the same packets in both, and
 * compares the counters of all rules and policies.  Rulesets are files or
 * random ones; a seed names everything random.
 */
#include "config.h"

#include "tests/diff/oracle.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/diff/compare.h"
#include "tests/diff/legacy.h"
#include "tests/diff/rulegen.h"
#include "tests/diff/table.h"

#define MAX_PLANTS	400	/* rules tried until a fault can be seen */
#define MAX_TWINS	12	/* the same, where trying takes long */

/* Interfaces of every lab, besides those the rules name. */
static const char *const usual_ifaces[] = { "eth0", "eth1", "eth2", "ppp0",
					    "wlan0" };
#define NUSUAL	(sizeof(usual_ifaces) / sizeof(*usual_ifaces))

static struct conf conf = {
	.family = AF_INET, .seed = 1, .rulesets = 1, .packets = 20000, .batch = 2000,
	.plant = FAULT_NONE,
};

static void usage(FILE *out)
{
	fputs("usage: oracle [options] [FILE...]\n"
	      "Compares all counters with those of the kernel's iptables.\n"
	      "  -6, --ipv6      ip6tables and IPv6 packets\n"
	      "  --hook model|netfilter|xdp|tc|save\n"
	      "                  who is compared (model: the evaluator)\n"
	      "  --quick[=TYPE]  our programs by test runs against the model; or\n"
	      "                  one of walk (in C), netfilter, xdp, tc\n"
	      "  --stateful      rules and traffic with connection states\n"
	      "  --seed N        of the first random ruleset, and of packets\n"
	      "  --rulesets N    how many random rulesets, without FILE\n"
	      "  --rules N       about so many rules in each\n"
	      "  --packets N     per ruleset\n"
	      "  --batch N       packets between two looks at the counters\n"
	      "  --plant FAULT   make our side wrong: this must fail\n"
	      "  --list-faults\n"
	      "  --verbose       a line for each ruleset, not for failures alone\n",
	      out);
}

/* Names for the lab: those of the rules, then usual ones. */
static struct lab *make_lab(const struct subject *s, unsigned int flags)
{
	static char named[PG_MAX_IFACES][IR_IFNAMSIZ];
	const char *name[PG_MAX_IFACES];
	uint32_t i, k, n = 0, nnamed;

	nnamed = pg_ifaces(s->t, named, PG_MAX_IFACES);
	for (i = 0; i < nnamed && n < 10; i++)
		if (strcmp(named[i], "lo") && !strpbrk(named[i], "/: %"))
			name[n++] = named[i];
	for (i = 0; i < NUSUAL && n < 5; i++) {
		for (k = 0; k < n; k++)
			if (!strcmp(name[k], usual_ifaces[i]))
				break;
		if (k == n)
			name[n++] = usual_ifaces[i];
	}
	return lab_new(name, n, flags);
}

static struct pktgen *make_pktgen(const struct subject *s)
{
	struct pg_opts o = {
		.seed = s->seed ^ s->conf->seed << 20, .mutate = true,
		.ipv6 = s->conf->family == AF_INET6,
		.trailers = true, .malformed = s->lab[0],
		.tags = s->lab[0], .max_len = s->lab[0] ? 8900 : 1500,
	};
	static char named[PG_MAX_IFACES][IR_IFNAMSIZ];
	uint32_t i;

	if (s->lab[0])
		o.nifaces = lab_ifaces(s->lab[0], named);
	for (i = 0; i < o.nifaces; i++)
		o.iface[i] = named[i];
	return pg_new(s->t, &o);
}

/*
 * xdp and tc see packets that no chain sees, and count them (hook_xdp.c and
 * rcv6.c say which); and of IPv4 fragments one by one, where INPUT has the whole
 * packet.  By the loopback these come as well.
 */
static bool admit_early(const struct lab *lab, const struct pg_packet *p)
{
	struct lab_sight sight[2];
	uint32_t n = lab_predict(lab, p, sight);
	bool lo = n && sight[0].oif && !strcmp(sight[0].oif, "lo");

	if (!n || (lo && n == 1))
		return false;
	return p->ipv6 || (!(p->data[6] & 0x3f) && !p->data[7]) ||
	       sight[0].hook == IR_HOOK_FORWARD || (sight[0].oif && !lo);
}

/*
 * tc drops what has two priority tags (hook_tc.c), and does not see what is not
 * sent: multicast for this host alone.
 */
static bool admit_tc(const struct lab *lab, const struct pg_packet *p)
{
	if (p->ipv6 && p->hook == IR_HOOK_OUTPUT && p->data[24] == 0xff &&
	    (p->data[25] & 15) <= 1)
		return false;
	return p->tags < 2 && admit_early(lab, p);
}

static void set_hooks(struct compare *c)
{
	c->hooks = 1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD |
		   1u << IR_HOOK_OUTPUT;
	if (conf.mode == MODE_LIVE && !strcmp(conf.hook, "xdp"))
		c->admit = admit_early;
	if (conf.mode == MODE_LIVE && !strcmp(conf.hook, "tc"))
		c->admit = admit_tc;
}

static enum outcome compare(struct subject *s, struct judge *a,
			    struct judge *b, bool quiet)
{
	struct compare c = {
		.t = s->t, .ncounters = s->ncounters, .lab = s->lab[0], .a = a,
		.b = b, .batch = s->conf->batch, .quiet = quiet,
	};
	int err;

	set_hooks(&c);
	c.gen = make_pktgen(s);
	if (!c.gen)
		return BROKEN;
	err = compare_run(&c, s->conf->packets);
	snprintf(s->note, sizeof(s->note), "%" PRIu64 " packets, %" PRIu64
		 " hits on %u of %u counters", c.packets, c.hits, c.hit,
		 c.ncounters);
	pg_free(c.gen);
	return err < 0 ? BROKEN : err ? DIFFERENT : SAME;
}

static enum outcome live_test(struct subject *s)
{
	struct judge kernel = { 0 }, other = { 0 };
	enum outcome out = BROKEN;
	int err;

	err = judge_kernel(&kernel, s->lab[0], s->t, s->text);
	if (!err && s->conf->mode == MODE_MODEL)
		err = judge_model(&other, s->lab[0], s->ours);
	else if (!err)
		err = judge_ours(&other, s->lab[1], s->ours, s->conf->hook);
	other.lost = s->lost;
	if (!err)
		out = compare(s, &kernel, &other, false);
	judge_close(&other);
	judge_close(&kernel);
	return out;
}

/* Our programs by test runs: each type against the model. */
static enum outcome quick_test(struct subject *s)
{
	static const char *const type[] = { "walk", "netfilter", "xdp", "tc" };
	enum outcome out = SAME;
	struct judge model, program;
	uint32_t i;
	int err;

	for (i = 0; i < 4 && out == SAME; i++) {
		if (s->conf->type && strcmp(s->conf->type, type[i]))
			continue;
		memset(&program, 0, sizeof(program));
		err = judge_direct(&model, s->t);
		if (!err)
			err = judge_program(&program, s->ours, type[i]);
		program.lost = s->lost;
		out = err ? BROKEN : compare(s, &model, &program, false);
		judge_close(&program);
		judge_close(&model);
	}
	return out;
}

/* Whether the model sees the fault with the packets that will be injected. */
static bool visible(struct subject *s)
{
	struct judge good = { 0 }, bad = { 0 };
	enum outcome out = BROKEN;

	int err;

	if (s->lab[0])
		err = judge_model(&good, s->lab[0], s->t) |
		      judge_model(&bad, s->lab[0], s->ours);
	else
		err = judge_direct(&good, s->t) | judge_direct(&bad, s->ours);
	if (!err) {
		bad.lost = s->lost;
		out = compare(s, &good, &bad, true);
	}
	judge_close(&bad);
	judge_close(&good);
	return out == DIFFERENT;
}

/* The @nth rule's fault, or the next one's.  0, or -1: there is none. */
static int plant_at(struct subject *s, uint32_t *nth)
{
	if (s->ours != s->t)
		ir_table_free(s->ours);
	s->ours = table_read(s->text, s->conf->family);
	if (s->ours && fault_plant(s->ours, s->conf->plant, nth, &s->lost))
		return 0;
	ir_table_free(s->ours);
	s->ours = s->t;
	return -1;
}

/* Makes our side wrong where the packets will show it. */
static enum outcome plant(struct subject *s)
{
	uint32_t nth, tries;

	for (nth = tries = 0; tries < MAX_PLANTS; nth++, tries++) {
		if (plant_at(s, &nth))
			break;
		if (visible(s))
			return SAME;
	}
	snprintf(s->note, sizeof(s->note), "no rule shows this fault");
	return SKIPPED;
}

/* With connection states nobody can tell before: tries one after the other. */
static enum outcome plant_twin(struct subject *s)
{
	enum outcome out = SKIPPED;
	uint32_t nth, tries;

	for (nth = tries = 0; tries < MAX_TWINS; nth++, tries++) {
		if (plant_at(s, &nth))
			break;
		if (oracle_new_labs(s))
			return BROKEN;
		out = twin_test(s);
		if (out != SAME)
			return out;
	}
	return out;
}

/* Drops comment lines and counters of chains. */
static char *plain(const char *text)
{
	char *out = calloc(1, strlen(text) + 1), *p = out;
	const char *end, *cut;

	for (; out && *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		if (*text == '#')
			continue;
		cut = *text == ':' ? memchr(text, '[', end - text) : NULL;
		if (!cut)
			cut = end;
		memcpy(p, text, cut - text);
		p += cut - text;
		*p++ = '\n';
	}
	return out;
}

static void print_first_difference(const char *a, const char *b)
{
	const char *x = a, *y = b;

	for (; *a && *a == *b; a++, b++) {
		if (*a != '\n')
			continue;
		x = a + 1;
		y = b + 1;
	}
	printf("  iptables-legacy-save: %.*s\n  ours:                 %.*s\n",
	       (int)strcspn(x, "\n"), x, (int)strcspn(y, "\n"), y);
}

static enum outcome save_test(struct subject *s)
{
	char *theirs = NULL, *ours = NULL, *a = NULL, *b = NULL;
	const bool ipv6 = s->conf->family == AF_INET6;
	enum outcome out = BROKEN;

	if (!lab_enter(s->lab[0])) {
		if (!legacy_load(s->text, ipv6))
			theirs = legacy_save(ipv6);
		if (lab_leave(s->lab[0]))
			goto out;
	}
	ours = table_save(s->t);
	if (!theirs || !ours)
		goto out;
	a = plain(theirs);
	b = plain(ours);
	if (!a || !b)
		goto out;
	out = strcmp(a, b) ? DIFFERENT : SAME;
	if (out == DIFFERENT)
		print_first_difference(a, b);
	snprintf(s->note, sizeof(s->note), "%zu bytes", strlen(a));
out:
	free(theirs);
	free(ours);
	free(a);
	free(b);
	return out;
}

static enum outcome test(struct subject *s)
{
	enum outcome out;

	if (s->conf->plant != FAULT_NONE) {
		if (s->conf->stateful && s->conf->mode == MODE_LIVE)
			return plant_twin(s);
		out = plant(s);
		if (out != SAME)
			return out;
	}
	switch (s->conf->mode) {
	case MODE_QUICK:
		return quick_test(s);
	case MODE_SAVE:
		return save_test(s);
	case MODE_LIVE:
		return s->conf->stateful ? twin_test(s) : live_test(s);
	case MODE_MODEL:
		break;
	}
	if (!s->conf->stateful)
		return live_test(s);
	snprintf(s->note, sizeof(s->note), "the model keeps no connections");
	return SKIPPED;
}

static unsigned int lab_flags(const struct conf *c)
{
	unsigned int flags = c->family == AF_INET6 ? LAB_IPV6 : 0;

	if (c->stateful)
		return flags | LAB_STATEFUL;
	if (c->mode == MODE_LIVE && !strcmp(c->hook, "tc"))
		return flags | LAB_EGRESS;
	return flags;
}

int oracle_new_labs(struct subject *s)
{
	unsigned int flags = lab_flags(s->conf);

	lab_free(s->lab[0]);
	lab_free(s->lab[1]);
	s->lab[0] = s->lab[1] = NULL;
	if (s->conf->mode == MODE_QUICK)
		return 0;
	s->lab[0] = make_lab(s, flags & ~LAB_EGRESS);
	if (!s->lab[0])
		return -1;
	if (s->conf->mode == MODE_LIVE)
		s->lab[1] = make_lab(s, flags);
	return s->lab[1] || s->conf->mode != MODE_LIVE ? 0 : -1;
}

static enum outcome one(struct subject *s)
{
	enum outcome out = BROKEN;

	s->lost = UINT32_MAX;
	s->t = table_read(s->text, s->conf->family);
	if (!s->t)
		return BROKEN;
	s->ours = s->t;
	s->ncounters = ir_table_number(s->t);
	if (table_stateful(s->t) && !s->conf->stateful &&
	    s->conf->mode != MODE_SAVE && s->conf->mode != MODE_QUICK) {
		snprintf(s->note, sizeof(s->note), "needs --stateful");
		out = SKIPPED;
	} else if (!oracle_new_labs(s)) {
		out = test(s);
	}
	lab_free(s->lab[0]);
	lab_free(s->lab[1]);
	if (s->ours != s->t)
		ir_table_free(s->ours);
	ir_table_free(s->t);
	return out;
}

static enum outcome say(const struct subject *s, enum outcome out)
{
	const char *result = out == SAME ? "PASS" : out == SKIPPED ? "SKIP" :
			     "FAIL";

	if (out != SAME || s->conf->verbose)
		printf("%s %s%s %s%s: %s\n", result,
		       s->conf->family == AF_INET6 ? "ipv6 " : "",
		       s->conf->mode == MODE_LIVE ? s->conf->hook :
		       s->conf->mode == MODE_QUICK ? "test-run" :
		       s->conf->mode == MODE_SAVE ? "save" : "model", s->name,
		       s->conf->stateful ? " stateful" : "",
		       out == BROKEN ? "could not be tested" : s->note);
	fflush(stdout);
	return out;
}

static enum outcome file(const char *path)
{
	struct subject s = { .conf = &conf, .name = path, .seed = conf.seed };
	char *text = table_file(path);
	enum outcome out = BROKEN;

	s.text = text;
	if (text)
		out = one(&s);
	free(text);
	return say(&s, out);
}

static enum outcome random_ruleset(uint64_t seed)
{
	const struct rg_opts o = {
		.seed = seed, .ipv6 = conf.family == AF_INET6,
		.rules = conf.rules, .stateful = conf.stateful,
		.printable = conf.mode == MODE_SAVE,
	};
	struct subject s = { .conf = &conf, .seed = seed };
	enum outcome out = BROKEN;
	char *text = rg_make(&o), name[32];

	snprintf(name, sizeof(name), "random-%" PRIu64, seed);
	s.name = name;
	s.text = text;
	if (text)
		out = one(&s);
	if (out == DIFFERENT && conf.plant == FAULT_NONE)
		printf("%s", text);
	free(text);
	return say(&s, out);
}

static int set_mode(const char *hook)
{
	conf.hook = hook;
	conf.mode = MODE_LIVE;
	if (!strcmp(hook, "model"))
		conf.mode = MODE_MODEL;
	else if (!strcmp(hook, "save"))
		conf.mode = MODE_SAVE;
	else if (strcmp(hook, "netfilter") && strcmp(hook, "xdp") &&
		 strcmp(hook, "tc"))
		return -1;
	return 0;
}

static const struct option options[] = {
	{ "ipv6", no_argument, NULL, '6' },
	{ "hook", required_argument, NULL, 'H' },
	{ "quick", optional_argument, NULL, 'q' },
	{ "stateful", no_argument, NULL, 'S' },
	{ "seed", required_argument, NULL, 's' },
	{ "rulesets", required_argument, NULL, 'n' },
	{ "rules", required_argument, NULL, 'r' },
	{ "packets", required_argument, NULL, 'p' },
	{ "batch", required_argument, NULL, 'b' },
	{ "plant", required_argument, NULL, 'P' },
	{ "list-faults", no_argument, NULL, 'L' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void list_faults(void)
{
	int i;

	for (i = 0; fault_name(i); i++)
		if (conf.family == AF_INET6 || !fault_is_ipv6(i))
			puts(fault_name(i));
}

/* 0: go on; otherwise end, with *code. */
static int set_option(int c, int *code)
{
	*code = 0;
	switch (c) {
	case '6':
		conf.family = AF_INET6;
		return 0;
	case 'H':
		*code = set_mode(optarg) ? BROKEN : 0;
		return *code;
	case 'q':
		conf.mode = MODE_QUICK;
		conf.type = optarg;
		return 0;
	case 'S':
		conf.stateful = true;
		return 0;
	case 's':
		conf.seed = strtoull(optarg, NULL, 0);
		return 0;
	case 'n':
		conf.rulesets = strtoull(optarg, NULL, 0);
		return 0;
	case 'r':
		conf.rules = strtoul(optarg, NULL, 0);
		return 0;
	case 'p':
		conf.packets = strtoull(optarg, NULL, 0);
		return 0;
	case 'b':
		conf.batch = strtoul(optarg, NULL, 0);
		return !conf.batch ? *code = BROKEN : 0;
	case 'P':
		conf.plant = fault_find(optarg);
		return conf.plant == FAULT_NONE ? *code = BROKEN : 0;
	case 'v':
		conf.verbose = true;
		return 0;
	case 'L':
		list_faults();
		return 1;
	case 'h':
		usage(stdout);
		return 1;
	default:
		*code = BROKEN;
		return 1;
	}
}

static enum outcome all(int nfiles, char **path)
{
	unsigned int done[SKIPPED + 1] = { 0 };
	uint64_t i;

	for (i = 0; i < (uint64_t)nfiles; i++)
		done[file(path[i])]++;
	for (i = 0; !nfiles && i < conf.rulesets; i++)
		done[random_ruleset(conf.seed + i)]++;
	printf("%s%s%s%s: %u the same, %u different, %u broken, %u skipped\n",
	       conf.family == AF_INET6 ? "ipv6 " : "",
	       conf.mode == MODE_QUICK ? "test-run" : conf.hook,
	       conf.stateful ? " stateful" : "",
	       conf.plant == FAULT_NONE ? "" : " with a fault", done[SAME],
	       done[DIFFERENT], done[BROKEN], done[SKIPPED]);
	if (done[DIFFERENT])
		return DIFFERENT;
	if (done[BROKEN])
		return BROKEN;
	return done[SAME] ? SAME : SKIPPED;
}

int main(int argc, char **argv)
{
	int c, code;

	set_mode("model");
	while ((c = getopt_long(argc, argv, "6", options, NULL)) >= 0)
		if (set_option(c, &code)) {
			if (code)
				usage(stderr);
			return code;
		}
	if (geteuid()) {
		fprintf(stderr, "oracle: needs root\n");
		return SKIPPED;
	}
	if (lab_init() || table_init(conf.family)) {
		perror("oracle");
		return BROKEN;
	}
	return all(argc - optind, argv + optind);
}
