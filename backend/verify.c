/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/verify.c - witnesses through the evaluator, the walk and the programs
 *
 * The evaluator is ir_boxes_eval(), who is held against ir_eval() for a sample of
 * the packets, and for all that he and a judge do not agree about.  Verdicts are
 * compared packet by packet, counters at the end: the packets have different
 * lengths, so that one rule counted for another shows in the bytes.  Where only
 * counters differ, all packets are made once more to find the first that was
 * counted wrongly.
 */
#include "backend/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/netfilter.h>

#include "backend/gen.h"
#include "backend/object.h"
#include "backend/program.h"
#include "ir/boxes.h"
#include "ir/eval.h"
#include "ir/rng.h"

#define SEED		1
#define ETH		14

/* What a test run takes in linear memory, on pages of 4 KiB. */
#define RUN_MAX		3400

/*
 * How many packets there are: so many for each rule of a large ruleset, more for
 * those of a small one, and of these further rounds with other packets until
 * there are enough.
 */
#define ENOUGH		60000
#define MANY		200000
#define MIN_NEIGHBOURS	8
#define MAX_NEIGHBOURS	64
#define MAX_ROUNDS	32

/* Seconds of CPU time, then the rules that are left get a witness and one more. */
#define SECONDS		30

/*
 * A test run takes as long as everything else: with more rules than this, only every
 * second packet that is no witness goes through a program.
 */
#define LARGE		2000

/*
 * What they should come to is said by ir_boxes_eval(), which passes over rules
 * that cannot hold.  It is itself held against ir_eval(), for as many packets
 * as can be compared with so many rules.
 */
#define PLAIN		3000000ull

/* Rules between two reports. */
#define REPORT		8192

enum { WALK = BE_NTYPES, QUICK };

/*
 * Who judges: the classifier's walk in C, or a program; and ir_boxes_eval(), of
 * whom it is said whether he agrees with ir_eval().  A program judges each packet
 * twice: by the table, and then, where it has a flow memo, from what that kept.
 */
struct judge {
	int		type;		/* or one of WALK, QUICK */
	uint32_t	hooks;
	uint32_t	times;		/* he judges each packet */
	int		counters;
	int		prog;
	struct ir_counter *have;
	struct ir_counter *want;
};

struct verify {
	const struct be_verify *v;
	struct be_verified *out;
	struct diag	*diag;
	uint32_t	n;		/* counters */
	int		table;
	void		*image;		/* an object with the programs, or NULL */
	size_t		size;
	int		test;
	struct be_test_input *input;	/* the only element of that map */
	struct judge	judge[BE_NTYPES + 1];	/* the walk first */
	uint32_t	njudges;
	uint8_t		*frame;
	uint8_t		*idle;		/* by counter: it has no witness */

	uint32_t	rounds;
	struct ir_boxes	*boxes;
	struct judge	quick;
	uint64_t	number;		/* of the packet, from the first round on */
	uint64_t	hurry;		/* from which packet on there is no time */
	clock_t		start;

	/* Looking for the packet that a counter was wrong about. */
	const struct judge *suspect;
	uint32_t	index;
};

static const struct be_hook_ops *const types[BE_NTYPES] = {
	[BE_NETFILTER]	= &be_hook_netfilter,
	[BE_XDP]	= &be_hook_xdp,
	[BE_TC]		= &be_hook_tc,
};

static const char *judge_name(const struct judge *j)
{
	return j->type == WALK ? "the walk in C" :
	       j->type == QUICK ? "the quick evaluation of the rules" :
	       be_hook_type_name((enum be_hook_type)j->type);
}

/* --- setting up --- */

static int init_judge(struct verify *v, struct judge *j, int type,
		      uint32_t hooks)
{
	j->type = type;
	j->times = type >= BE_NTYPES ? 1 : 2;
	j->hooks = hooks;
	j->counters = j->prog = -1;
	j->have = calloc((size_t)v->n + 1, sizeof(*j->have));
	j->want = calloc((size_t)v->n + 1, sizeof(*j->want));
	return j->have && j->want ? 0 : -ENOMEM;
}

static int add_judge(struct verify *v, int type, uint32_t hooks)
{
	struct judge *j = &v->judge[v->njudges++];
	struct be_program_opts o = {
		.type = (enum be_hook_type)type, .hooks = hooks,
		.table_fd = v->table, .ifindex_fd = -1, .test_fd = v->test,
		.flows = BE_FLOWS_EAGER,
	};
	int err = init_judge(v, j, type, hooks);

	if (err || type == WALK)
		return err;
	o.counter_fd = j->counters = be_counter_create(v->n, v->diag);
	if (j->counters < 0)
		return j->counters;
	j->prog = v->image ? be_object_load(v->image, v->size, o.type,
					    j->counters, v->test, v->diag) :
		  be_program_load(v->v->classifier, &o, NULL, v->diag);
	return j->prog < 0 ? j->prog : 0;
}

static uint32_t present(const struct tr_classifier *c)
{
	uint32_t i, hooks = 0;

	for (i = 0; i < IR_NHOOKS; i++)
		if (c->hook[i].present)
			hooks |= 1u << i;
	return hooks;
}

/* The map that says what a packet does not, and it in memory. */
static int create_test(struct verify *v)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	void *input;
	int err;

	v->test = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xtbpf_verify", 4,
				 sizeof(struct be_test_input), 1, &o);
	if (v->test >= 0) {
		input = mmap(NULL, sizeof(*v->input), PROT_READ | PROT_WRITE,
			     MAP_SHARED, v->test, 0);
		if (input != MAP_FAILED) {
			v->input = input;
			return 0;
		}
	}
	err = -errno;
	diag_error(v->diag, NULL, "cannot create the map for test runs: %s",
		   strerror(-err));
	return err;
}

/* Whether this process may run programs: tried first, in silence. */
static bool may_run(const struct be_verify *v)
{
	int fd = be_table_create(v->classifier, NULL);

	if (fd < 0)
		return fd != -EPERM && fd != -EACCES;
	close(fd);
	fd = be_program_load_pass(be_attach_resolve(v->attach), NULL);
	if (fd >= 0)
		close(fd);
	return fd != -EPERM && fd != -EACCES;
}

/* The object that would be written, but that it is told what packets do not say. */
static int make_object(struct verify *v, const struct be_plan *plan)
{
	const struct be_object_opts opts = {
		.flows = BE_FLOWS_EAGER, .test = true,
	};
	struct be_object *o = be_object_new(v->v->classifier, plan, &opts,
					    v->diag);
	int err;

	if (!o)
		return -errno;
	err = be_object_finish(o, NULL, &v->image, &v->size, v->diag);
	be_object_free(o);
	return err;
}

static int add_programs(struct verify *v)
{
	const struct tr_classifier *c = v->v->classifier;
	struct be_plan plan;
	int i, err;

	err = v->v->alone ?
	      be_attach_check_alone(v->v->table, v->v->attach, &plan, v->diag) :
	      be_attach_plan(v->v->attach, present(c), &plan, v->diag);
	if (!err && v->v->alone)
		err = make_object(v, &plan);
	if (err)
		return err;
	v->table = be_table_create(c, v->diag);
	if (v->table < 0)
		return v->table;
	err = create_test(v);
	for (i = 0; !err && i < BE_NTYPES; i++)
		if (plan.hooks[i])
			err = add_judge(v, i, plan.hooks[i]);
	v->out->programs = true;
	return err;
}

static int set_up(struct verify *v)
{
	const bool ipv6 = ir_table_family(v->v->table) == AF_INET6;
	int err;

	v->n = v->v->classifier->ncounters;
	v->frame = calloc(1, RUN_MAX);
	v->idle = calloc((size_t)v->n + 1, 1);
	v->boxes = ir_boxes_new(v->v->table);
	if (!v->frame || !v->idle || !v->boxes)
		return -ENOMEM;
	v->frame[12] = ipv6 ? 0x86 : 8;
	v->frame[13] = ipv6 ? 0xdd : 0;
	err = init_judge(v, &v->quick, QUICK, UINT32_MAX);
	if (!err)
		err = add_judge(v, WALK, UINT32_MAX);
	if (!err && !v->v->walk && (!v->v->optional || may_run(v->v)))
		err = add_programs(v);
	return err;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void end_judge(struct judge *j)
{
	close_fd(j->counters);
	close_fd(j->prog);
	free(j->have);
	free(j->want);
}

static void clean_up(struct verify *v)
{
	uint32_t i;

	for (i = 0; i < v->njudges; i++)
		end_judge(&v->judge[i]);
	end_judge(&v->quick);
	if (v->input)
		munmap(v->input, sizeof(*v->input));
	close_fd(v->table);
	close_fd(v->test);
	free(v->image);
	free(v->frame);
	free(v->idle);
	ir_boxes_free(v->boxes);
}

/* --- saying what differs --- */

static struct ir_loc place(const struct ir_rule *r)
{
	return r ? r->loc : (struct ir_loc){ 0 };
}

static uint32_t position(const struct ir_chain *c, const struct ir_rule *r)
{
	uint32_t i;

	for (i = 0; i < c->nrules; i++)
		if (c->rule[i] == r)
			break;
	return i;
}

static void name_rule(const struct ir_chain *c, const struct ir_rule *r,
		      char *buf, size_t size)
{
	if (r)
		snprintf(buf, size, "rule %u of chain '%s'",
			 position(c, r) + 1, c->name);
	else
		snprintf(buf, size, "the policy of chain '%s'", c->name);
}

/* The headers in hex: what is behind them is zeros. */
static void print_packet(const struct ir_probe *p, char *buf, size_t size)
{
	const uint32_t n = p->len < 80 ? p->len : 80;
	uint32_t i;
	int at;

	at = snprintf(buf, size, "%s packet iif '%.15s' oif '%.15s' state %#x, %u bytes: ",
		      ir_hook_name(p->hook), p->packet.iif, p->packet.oif,
		      p->packet.field[IR_CTSTATE], p->len);
	for (i = 0; i < n && at + 4 < (int)size; i++)
		at += snprintf(buf + at, size - (size_t)at, "%02x", p->data[i]);
}

static void say_difference(struct verify *v, const struct judge *j,
			   const struct ir_probe *p, const char *what)
{
	const struct ir_loc loc = place(p->rule);
	char rule[96], packet[384];

	if (v->diag && v->diag->set)
		return;
	name_rule(p->chain, p->rule, rule, sizeof(rule));
	print_packet(p, packet, sizeof(packet));
	diag_error(v->diag, loc.line ? &loc : NULL, "%s: %s%s %s: %s", rule,
		   j->type >= BE_NTYPES ? "" : "the program at ",
		   judge_name(j), what, packet);
}

/* --- judging --- */

/* 1 accept, 0 drop, or -errno. */
static int test_run(struct verify *v, const struct judge *j,
		    const struct ir_probe *p)
{
	const struct tr_classifier *c = v->v->classifier;
	/*
	 * struct nf_hook_state: at INPUT a packet comes with its Ethernet header,
	 * and the kernel says where its IPv6 header is.
	 */
	static const uint8_t state6[48] = { IR_HOOK_INPUT, NFPROTO_IPV6 };
	const struct be_hook_ops *ops = types[j->type];
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = v->frame,
		    .data_size_in = ETH + p->len, .repeat = 1);

	*v->input = (struct be_test_input){
		.hook = p->hook, .ctstate = p->packet.field[IR_CTSTATE],
		.iif = tr_iface_class(c, p->packet.iif),
		.oif = tr_iface_class(c, p->packet.oif),
	};
	memcpy(v->frame + ETH, p->data, p->len);
	if (j->type == BE_NETFILTER && c->family == AF_INET6) {
		o.ctx_in = state6;
		o.ctx_size_in = sizeof(state6);
	} else if (j->type == BE_NETFILTER) {
		o.data_in = v->frame + ETH;
		o.data_size_in = p->len;
	}
	if (bpf_prog_test_run_opts(j->prog, &o))
		return -errno;
	if (o.retval == (uint32_t)ops->accept)
		return 1;
	return o.retval == (uint32_t)ops->drop ? 0 : -EPROTO;
}

/* The program that judges this packet, or the walk where none does. */
static struct judge *responsible(struct verify *v, const struct ir_probe *p)
{
	uint32_t i;

	if (v->n > LARGE && !p->witness && v->number % 2)
		return &v->judge[0];
	for (i = 1; i < v->njudges; i++)
		if (v->judge[i].hooks >> p->hook & 1 && p->len <= RUN_MAX - ETH)
			return &v->judge[i];
	return &v->judge[0];
}

/* 1 accept, 0 drop, or -errno told. */
static int ask(struct verify *v, const struct judge *j,
	       const struct ir_probe *p)
{
	int got;

	if (j->type == QUICK)
		return ir_boxes_eval(v->boxes, p->hook, &p->packet, j->have) ==
		       IR_ACCEPT;
	if (j->type == WALK)
		return tr_walk(v->v->classifier, p->hook, &p->packet,
			       j->have) == IR_ACCEPT;
	got = test_run(v, j, p);
	if (got < 0)
		diag_error(v->diag, NULL, "cannot run the program for hook '%s' on %u bytes: %s",
			   judge_name(j), p->len, strerror(-got));
	return got;
}

/* What @j said, or rather the quick evaluation, if it is that which is wrong. */
static void say_verdict(struct verify *v, const struct judge *j,
			const struct ir_probe *p, int got)
{
	const int plain = ir_eval(v->v->table, p->hook, &p->packet, NULL) ==
			  IR_ACCEPT;

	say_difference(v, got == plain ? &v->quick : j, p, plain ?
		       "drops what is accepted" : "accepts what is dropped");
}

/* 1 when he says something else, or -errno. */
static int hold_against(struct verify *v, const struct judge *j,
			const struct ir_probe *p, int want)
{
	uint32_t i;
	int got;

	for (i = 0; i < j->times; i++) {
		got = ask(v, j, p);
		if (got < 0)
			return got;
		if (got == want)
			continue;
		say_verdict(v, j, p, got);
		return 1;
	}
	return 0;
}

static uint32_t neighbours(const struct verify *v)
{
	const uint32_t each = MANY / (v->n + 1);

	return each < MIN_NEIGHBOURS ? MIN_NEIGHBOURS :
	       each > MAX_NEIGHBOURS ? MAX_NEIGHBOURS : each;
}

/*
 * Whether this packet is one for ir_eval(): one in so many, at random, but the same
 * ones whenever the packets are made again.
 */
static bool is_sampled(const struct verify *v)
{
	const uint64_t n = v->n, all = n * (neighbours(v) + 1);
	const uint64_t looks = (all < ENOUGH ? ENOUGH : all) * n / 2;
	struct rng r = rng_at(SEED, v->number);

	return rng_one_in(&r, (uint32_t)(1 + looks / PLAIN));
}

/* Whether the quick evaluation is wrong about a packet. */
static int hold_quick(struct verify *v, const struct ir_probe *p)
{
	const int plain = ir_eval(v->v->table, p->hook, &p->packet,
				  v->quick.want) == IR_ACCEPT;

	v->out->plain++;
	return hold_against(v, &v->quick, p, plain);
}

static int compare(void *ctx, const struct ir_probe *p)
{
	struct verify *v = ctx;
	struct judge *j = responsible(v, p), *walk = &v->judge[0];
	int want, first = 0, second = 0, quick = 0;

	v->number++;
	if (is_sampled(v))
		quick = hold_quick(v, p);
	want = ir_boxes_eval(v->boxes, p->hook, &p->packet, j->want) ==
	       IR_ACCEPT;
	v->out->packets++;
	v->out->walked += j == walk;
	first = hold_against(v, walk, p, want);
	if (first >= 0 && j != walk)
		second = hold_against(v, j, p, want);
	if (first < 0 || second < 0)
		return first < 0 ? first : second;
	v->out->differences += quick || first || second;
	return 0;
}

/* --- counters --- */

static void add(struct ir_counter *to, const struct ir_counter *from, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		to[i].packets += from[i].packets;
		to[i].bytes += from[i].bytes;
	}
}

/* What all have counted, and what they should have. */
static int read_counters(struct verify *v)
{
	struct judge *j;
	int err = 0;

	for (j = &v->judge[1]; !err && j < &v->judge[v->njudges]; j++) {
		err = be_counter_read(j->counters, j->have, v->n);
		add(v->judge[0].want, j->want, v->n);
		add(j->want, j->want, v->n);	/* each packet twice */
	}
	if (err)
		diag_error(v->diag, NULL, "cannot read the counters of a test run: %s",
			   strerror(-err));
	return err;
}

/* The suspect's counter, now. */
static int read_suspect(const struct verify *v, struct ir_counter *out)
{
	const struct judge *j = v->suspect;

	if (j->type < BE_NTYPES)
		return be_counter_read_one(j->counters, v->index, out);
	*out = j->have[v->index];
	return 0;
}

/* Whether @p was one of the packets of @j, and by whom he was judged. */
static bool was_his(struct verify *v, const struct judge *j,
		    const struct ir_probe *p)
{
	if (j->type == QUICK)
		return is_sampled(v);
	return j->type == WALK || j == responsible(v, p);
}

/* How often the suspected counter should count @p. */
static uint64_t should_count(struct verify *v, const struct ir_probe *p,
			     bool plain)
{
	struct ir_counter *c = plain ? v->quick.want : v->quick.have;
	const uint64_t before = c[v->index].packets;

	if (plain)
		ir_eval(v->v->table, p->hook, &p->packet, c);
	else
		ir_boxes_eval(v->boxes, p->hook, &p->packet, c);
	return c[v->index].packets - before;
}

/* The packet at which the suspect's counter goes another way: -EILSEQ. */
static int hunt(void *ctx, const struct ir_probe *p)
{
	struct verify *v = ctx;
	const struct judge *j = v->suspect;
	const bool quick = j->type == QUICK;
	struct ir_counter have[2];
	uint64_t want, got;
	uint32_t i;
	int err;

	v->number++;
	if (!was_his(v, j, p))
		return 0;
	want = should_count(v, p, quick);
	err = read_suspect(v, &have[0]);
	for (i = 0; err >= 0 && i < j->times; i++)
		err = ask(v, j, p);
	if (err >= 0)
		err = read_suspect(v, &have[1]);
	if (err)
		return err;
	got = have[1].packets - have[0].packets;
	if (got == j->times * want)
		return 0;
	if (!quick && should_count(v, p, true) != want) {
		got = want;
		j = &v->quick;
	}
	say_difference(v, j, p, got ?
		       "counts a packet where it should not" :
		       "does not count a packet as it should");
	return -EILSEQ;
}

static int all_packets(struct verify *v, ir_probe_fn *probe);

/* The chain and rule (NULL: policy) that a counter belongs to. */
static const struct ir_chain *counted(const struct ir_table *t, uint32_t index,
				      const struct ir_rule **rule)
{
	const struct ir_chain *c;
	uint32_t i;

	*rule = NULL;
	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		if (c->nrules && index >= c->rule[0]->index &&
		    index < c->rule[0]->index + c->nrules) {
			*rule = c->rule[index - c->rule[0]->index];
			return c;
		}
		if (c->hook != IR_HOOK_NONE && c->index == index)
			return c;
	}
	return NULL;
}

static int say_counter(struct verify *v, const struct judge *j, uint32_t i)
{
	const struct ir_counter have = j->have[i], want = j->want[i];
	const struct ir_chain *c;
	const struct ir_rule *r;
	struct ir_loc loc;
	char rule[96];
	int err;

	v->suspect = j;
	v->index = i;
	err = all_packets(v, hunt);
	if (err)
		return err;
	c = counted(v->v->table, i, &r);
	if (!c)
		return 0;
	loc = place(r);
	name_rule(c, r, rule, sizeof(rule));
	diag_error(v->diag, loc.line ? &loc : NULL,
		   "%s: %s counts %llu packets of %llu bytes, not %llu of %llu",
		   rule, judge_name(j), (unsigned long long)have.packets,
		   (unsigned long long)have.bytes,
		   (unsigned long long)want.packets,
		   (unsigned long long)want.bytes);
	return 0;
}

/* How many counters of @j are wrong, and the first of them. */
static uint32_t count_wrong(const struct judge *j, uint32_t n, uint32_t *first)
{
	uint32_t i, wrong = 0;

	for (i = 0; i < n; i++)
		if (memcmp(&j->want[i], &j->have[i], sizeof(*j->want)) &&
		    !wrong++)
			*first = i;
	return wrong;
}

static int compare_counters(struct verify *v)
{
	const struct judge *bad = NULL;
	uint64_t differences = 0;
	uint32_t i, n, first = 0, at = 0;
	int err;

	err = read_counters(v);
	if (err)
		return err;
	for (i = 0; i <= v->njudges; i++) {
		n = count_wrong(i ? &v->judge[i - 1] : &v->quick, v->n, &first);
		if (n && !bad) {
			bad = i ? &v->judge[i - 1] : &v->quick;
			at = first;
		}
		differences += n;
	}
	if (!bad || v->out->differences)
		return 0;
	v->out->differences = differences;
	err = say_counter(v, bad, at);
	return err == -EILSEQ ? 0 : err;
}

/* --- all of it --- */

static void count_rule(struct verify *v, const struct ir_chain *c, uint32_t at,
		       enum ir_witness_result res, const struct ir_rule *by)
{
	if (at == c->nrules) {
		v->idle[c->index] = res != IR_WITNESS_FOUND;
		return;
	}
	v->out->rules++;
	v->out->result[res]++;
	if (res == IR_WITNESS_FOUND)
		return;
	v->idle[c->rule[at]->index] = true;
	if (v->v->without)
		v->v->without(v->v->ctx, c, c->rule[at], res, by);
}

static void report(const struct verify *v)
{
	if (v->v->progress && v->out->rules % REPORT == 0)
		v->v->progress(v->v->ctx, v->out->rules, v->n);
}

/* The same each time that the packets are made. */
static uint32_t neighbours_now(struct verify *v)
{
	if (!v->suspect && v->number < v->hurry &&
	    clock() - v->start > (clock_t)SECONDS * CLOCKS_PER_SEC)
		v->hurry = v->number;
	return v->number < v->hurry ? neighbours(v) : 1;
}

/* Each rule once more, with other packets. */
static int round_chain(struct verify *v, struct ir_witness *w,
		       const struct ir_chain *c, ir_probe_fn *probe, bool first)
{
	uint32_t i, n = c->nrules + (c->hook != IR_HOOK_NONE);
	const struct ir_rule *by;
	int res;

	for (i = 0; i < n; i++) {
		if (first)
			report(v);
		if (!first && v->idle[i < c->nrules ? c->rule[i]->index :
				      c->index])
			continue;
		res = ir_witness_find(w, c, i, neighbours_now(v),
				      probe, v, &by);
		if (res < 0)
			return res;
		if (first)
			count_rule(v, c, i, (enum ir_witness_result)res, by);
	}
	return 0;
}

/* Every other round with packets whose transport header is not whole. */
static int round_table(struct verify *v, uint32_t number, ir_probe_fn *probe,
		       bool first)
{
	struct ir_witness *w = ir_witness_new(v->v->table, SEED + number / 2);
	uint32_t i;
	int err = w ? 0 : -ENOMEM;

	if (w && number % 2)
		ir_witness_kinds(w, IR_KINDS_ALL & ~(1u << IR_KIND_WHOLE));
	for (i = 0; !err && i < ir_table_nchains(v->v->table); i++)
		err = round_chain(v, w, ir_table_chain(v->v->table, i), probe,
				  first);
	ir_witness_free(w);
	return err;
}

/* The first time this sets v->rounds; later there are as many. */
static int all_packets(struct verify *v, ir_probe_fn *probe)
{
	uint32_t i = 0, max = v->rounds ? v->rounds : MAX_ROUNDS;
	bool first = !v->rounds;
	int err;

	v->number = 0;
	do {
		err = round_table(v, i, probe, first && !i);
		i++;
		if (first && (v->out->packets >= ENOUGH ||
			      v->number >= v->hurry))
			max = i;
	} while (!err && i < max);
	v->rounds = i;
	return err;
}

int be_verify(const struct be_verify *in, struct be_verified *out,
	      struct diag *diag)
{
	struct verify v = {
		.v = in, .out = out, .diag = diag, .table = -1, .test = -1,
		.hurry = UINT64_MAX, .start = clock(),
	};
	int err;

	memset(out, 0, sizeof(*out));
	err = set_up(&v);
	if (!err)
		err = all_packets(&v, compare);
	if (!err)
		err = compare_counters(&v);
	if (!err && out->differences)
		err = -EILSEQ;
	if (err)
		diag_error(diag, NULL, "cannot verify the ruleset: %s",
			   strerror(-err));
	clean_up(&v);
	return err;
}

void be_verified_print(const struct be_verified *r, char *buf, size_t size)
{
	static const struct {
		enum ir_witness_result res;
		const char	*name;
	} others[] = {
		{ IR_WITNESS_SHADOWED, "shadowed" },
		{ IR_WITNESS_NEVER, "never true" },
		{ IR_WITNESS_UNREACHABLE, "in chains never reached" },
		{ IR_WITNESS_UNKNOWN, "without a witness" },
	};
	const bool sampled = r->plain < r->packets;
	const bool alone = r->walked && r->programs;
	size_t i, at;

	at = (size_t)snprintf(buf, size, "%u rules, %u with a witness",
			      r->rules, r->result[IR_WITNESS_FOUND]);
	for (i = 0; i < sizeof(others) / sizeof(*others) && at < size; i++)
		if (r->result[others[i].res])
			at += (size_t)snprintf(buf + at, size - at, ", %u %s",
					       r->result[others[i].res],
					       others[i].name);
	if (at < size)
		at += (size_t)snprintf(buf + at, size - at, ", %llu packets",
				       (unsigned long long)r->packets);
	if (sampled && at < size)
		at += (size_t)snprintf(buf + at, size - at,
				       " (%llu held against every rule%s",
				       (unsigned long long)r->plain,
				       alone ? "" : ")");
	if (alone && at < size)
		at += (size_t)snprintf(buf + at, size - at,
				       "%s%llu walked in C alone)",
				       sampled ? ", " : " (",
				       (unsigned long long)r->walked);
	if (at < size)
		snprintf(buf + at, size - at, ", %llu differences%s",
			 (unsigned long long)r->differences,
			 r->programs ? "" : " (walked in C, no program was run)");
}
