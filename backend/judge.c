/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/judge.c - the walk, the programs and the quick evaluation, made and asked
 *
 * Programs are loaded as they would be for their hooks, or as those of an object
 * (object.h), but that they are told in a map what a packet does not say.  They run
 * by BPF_PROG_TEST_RUN; nothing is attached.
 */
#include "backend/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/netfilter.h>

#include "backend/gen.h"
#include "backend/object.h"

#define ETH		14

/* What a test run takes in linear memory, on pages of 4 KiB. */
#define RUN_MAX		3400

/*
 * A test run takes as long as everything else: with more rules than this, only every
 * second packet that is no witness goes through a program.
 */
#define LARGE		2000

static const struct be_hook_ops *const types[BE_NTYPES] = {
	[BE_NETFILTER]	= &be_hook_netfilter,
	[BE_XDP]	= &be_hook_xdp,
	[BE_TC]		= &be_hook_tc,
};

const char *be_judge_name(const struct be_judge *j)
{
	return j->type == BE_JUDGE_WALK ? "the walk in C" :
	       j->type == BE_JUDGE_QUICK ? "the quick evaluation of the rules" :
	       be_hook_type_name((enum be_hook_type)j->type);
}

/* --- setting up --- */

static int init_judge(struct be_judges *js, struct be_judge *j, int type,
		      uint32_t hooks)
{
	j->type = type;
	j->times = type >= BE_NTYPES ? 1 : 2;
	j->hooks = hooks;
	j->counters = j->prog = -1;
	j->have = calloc((size_t)js->ncounters + 1, sizeof(*j->have));
	j->want = calloc((size_t)js->ncounters + 1, sizeof(*j->want));
	return j->have && j->want ? 0 : -ENOMEM;
}

static int add_judge(struct be_judges *js, int type, uint32_t hooks)
{
	struct be_judge *j = &js->judge[js->njudges++];
	struct be_program_opts o = {
		.type = (enum be_hook_type)type, .hooks = hooks,
		.table_fd = js->table, .ifindex_fd = -1, .test_fd = js->test,
		.flows = BE_FLOWS_EAGER,
	};
	int err = init_judge(js, j, type, hooks);

	if (err || type == BE_JUDGE_WALK)
		return err;
	o.counter_fd = j->counters = be_counter_create(js->ncounters, js->diag);
	if (j->counters < 0)
		return j->counters;
	j->prog = js->image ? be_object_load(js->image, js->size, o.type,
					     j->counters, js->test, js->diag) :
		  be_program_load(js->in->classifier, &o, NULL, js->diag);
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
static int create_test(struct be_judges *js)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	void *input;
	int err;

	js->test = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xtbpf_verify", 4,
				  sizeof(struct be_test_input), 1, &o);
	if (js->test >= 0) {
		input = mmap(NULL, sizeof(*js->input), PROT_READ | PROT_WRITE,
			     MAP_SHARED, js->test, 0);
		if (input != MAP_FAILED) {
			js->input = input;
			return 0;
		}
	}
	err = -errno;
	diag_error(js->diag, NULL, "cannot create the map for test runs: %s",
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
static int make_object(struct be_judges *js, const struct be_plan *plan)
{
	const struct be_object_opts opts = {
		.flows = BE_FLOWS_EAGER, .test = true,
	};
	struct be_object *o = be_object_new(js->in->classifier, plan, &opts,
					    js->diag);
	int err;

	if (!o)
		return -errno;
	err = be_object_finish(o, NULL, &js->image, &js->size, js->diag);
	be_object_free(o);
	return err;
}

static int add_programs(struct be_judges *js)
{
	const struct be_verify *in = js->in;
	struct be_plan plan;
	int i, err;

	err = in->alone ?
	      be_attach_check_alone(in->table, in->attach, &plan, js->diag) :
	      be_attach_plan(in->attach, present(in->classifier), &plan,
			     js->diag);
	if (!err && in->alone)
		err = make_object(js, &plan);
	if (err)
		return err;
	js->table = be_table_create(in->classifier, js->diag);
	if (js->table < 0)
		return js->table;
	err = create_test(js);
	for (i = 0; !err && i < BE_NTYPES; i++)
		if (plan.hooks[i])
			err = add_judge(js, i, plan.hooks[i]);
	js->programs = true;
	return err;
}

int be_judges_init(struct be_judges *js, const struct be_verify *in,
		   struct diag *diag)
{
	const bool ipv6 = ir_table_family(in->table) == AF_INET6;
	int err;

	*js = (struct be_judges){
		.in = in, .diag = diag, .ncounters = in->classifier->ncounters,
		.quick = { .counters = -1, .prog = -1 },
		.table = -1, .test = -1,
	};
	js->frame = calloc(1, RUN_MAX);
	js->boxes = ir_boxes_new(in->table);
	if (!js->frame || !js->boxes)
		return -ENOMEM;
	js->frame[12] = ipv6 ? 0x86 : 8;
	js->frame[13] = ipv6 ? 0xdd : 0;
	err = init_judge(js, &js->quick, BE_JUDGE_QUICK, UINT32_MAX);
	if (!err)
		err = add_judge(js, BE_JUDGE_WALK, UINT32_MAX);
	if (!err && !in->walk && (!in->optional || may_run(in)))
		err = add_programs(js);
	return err;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void end_judge(struct be_judge *j)
{
	close_fd(j->counters);
	close_fd(j->prog);
	free(j->have);
	free(j->want);
}

void be_judges_end(struct be_judges *js)
{
	uint32_t i;

	for (i = 0; i < js->njudges; i++)
		end_judge(&js->judge[i]);
	end_judge(&js->quick);
	if (js->input)
		munmap(js->input, sizeof(*js->input));
	close_fd(js->table);
	close_fd(js->test);
	free(js->image);
	free(js->frame);
	ir_boxes_free(js->boxes);
}

/* --- judging --- */

/* 1 accept, 0 drop, or -errno. */
static int test_run(struct be_judges *js, const struct be_judge *j,
		    const struct ir_probe *p)
{
	const struct tr_classifier *c = js->in->classifier;
	/*
	 * struct nf_hook_state: at INPUT a packet comes with its Ethernet header,
	 * and the kernel says where its IPv6 header is.
	 */
	static const uint8_t state6[48] = { IR_HOOK_INPUT, NFPROTO_IPV6 };
	const struct be_hook_ops *ops = types[j->type];
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = js->frame,
		    .data_size_in = ETH + p->len, .repeat = 1);

	*js->input = (struct be_test_input){
		.hook = p->hook, .ctstate = p->packet.field[IR_CTSTATE],
		.iif = tr_iface_class(c, p->packet.iif),
		.oif = tr_iface_class(c, p->packet.oif),
	};
	memcpy(js->frame + ETH, p->data, p->len);
	if (j->type == BE_NETFILTER && c->family == AF_INET6) {
		o.ctx_in = state6;
		o.ctx_size_in = sizeof(state6);
	} else if (j->type == BE_NETFILTER) {
		o.data_in = js->frame + ETH;
		o.data_size_in = p->len;
	}
	if (bpf_prog_test_run_opts(j->prog, &o))
		return -errno;
	if (o.retval == (uint32_t)ops->accept)
		return 1;
	return o.retval == (uint32_t)ops->drop ? 0 : -EPROTO;
}

struct be_judge *be_judges_find(struct be_judges *js, const struct ir_probe *p,
				uint64_t number)
{
	uint32_t i;

	if (js->ncounters > LARGE && !p->witness && number % 2)
		return &js->judge[0];
	for (i = 1; i < js->njudges; i++)
		if (js->judge[i].hooks >> p->hook & 1 &&
		    p->len <= RUN_MAX - ETH)
			return &js->judge[i];
	return &js->judge[0];
}

int be_judge_ask(struct be_judges *js, const struct be_judge *j,
		 const struct ir_probe *p)
{
	int got;

	if (j->type == BE_JUDGE_QUICK)
		return ir_boxes_eval(js->boxes, p->hook, &p->packet, j->have) ==
		       IR_ACCEPT;
	if (j->type == BE_JUDGE_WALK)
		return tr_walk(js->in->classifier, p->hook, &p->packet,
			       j->have) == IR_ACCEPT;
	got = test_run(js, j, p);
	if (got < 0)
		diag_error(js->diag, NULL, "cannot run the program for hook '%s' on %u bytes: %s",
			   be_judge_name(j), p->len, strerror(-got));
	return got;
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

int be_judge_count(const struct be_judge *j, uint32_t index,
		   struct ir_counter *out)
{
	if (j->type < BE_NTYPES)
		return be_counter_read_one(j->counters, index, out);
	*out = j->have[index];
	return 0;
}

int be_judges_count(struct be_judges *js)
{
	struct be_judge *j;
	int err = 0;

	for (j = &js->judge[1]; !err && j < &js->judge[js->njudges]; j++) {
		err = be_counter_read(j->counters, j->have, js->ncounters);
		add(js->judge[0].want, j->want, js->ncounters);
		add(j->want, j->want, js->ncounters);	/* each packet twice */
	}
	if (err)
		diag_error(js->diag, NULL, "cannot read the counters of a test run: %s",
			   strerror(-err));
	return err;
}

