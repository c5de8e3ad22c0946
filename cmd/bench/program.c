/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/program.c - what a program alone costs, by BPF_PROG_TEST_RUN
 *
 * Programs of xdp and tc are run through a shuffler, many packets in one call.
 * A netfilter program can neither write packets nor be called by one that can:
 * there each packet is a call of its own, and the system call, which is the
 * same for all, is 1 us around it.
 *
 * Time is the thread's CPU time.  Afterwards every counter is compared with
 * what the model says of so many packets of the sequence.
 */
#include "cmd/bench/program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/netfilter/xt_conntrack.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/program.h"
#include "cmd/bench/shuffle.h"

#define FRAME	64

#define REPEAT_MIN	3
#define REPEAT_MAX	1000

/* The hook of each program, and the null program of that hook. */
static const struct {
	const char	*name;
	enum be_hook_type type;
	enum bench_program null;
	bool		ours;
} programs[BENCH_NPROGRAMS] = {
	[BENCH_XDP_NULL]  = { "xdp null", BE_XDP, BENCH_XDP_NULL, false },
	[BENCH_XDP_PARSE] = { "xdp parse", BE_XDP, BENCH_XDP_NULL, false },
	[BENCH_XDP_HASH]  = { "xdp hash", BE_XDP, BENCH_XDP_NULL, false },
	[BENCH_XDP_OURS]  = { "xdp", BE_XDP, BENCH_XDP_NULL, true },
	[BENCH_XDP_WALK]  = { "xdp walk", BE_XDP, BENCH_XDP_NULL, true },
	[BENCH_TC_NULL]	  = { "tc null", BE_TC, BENCH_TC_NULL, false },
	[BENCH_TC_OURS]	  = { "tc", BE_TC, BENCH_TC_NULL, true },
	[BENCH_NF_NULL]	  = { "netfilter null", BE_NETFILTER, BENCH_NF_NULL,
			      false },
	[BENCH_NF_OURS]	  = { "netfilter", BE_NETFILTER, BENCH_NF_NULL, true },
};

/* One program with all that it needs; descriptors -1 where there is none. */
struct runner {
	enum bench_program which;
	int		prog;
	int		state;
	int		packets;
	int		flows;		/* of the hash */
	int		table, counters, test;	/* ours */
	struct bench_shuffler shuffler;
	uint64_t	runs;		/* packets it has judged */
	uint32_t	repeat;		/* passes in a batch */
};

struct measure {
	const struct bench_ruleset *rs;
	const struct bench_sequence *seq;
	const struct bench_program_opts *opts;
	struct bench_program_run *out;
	struct runner	runner[BENCH_NPROGRAMS];
	uint8_t		(*frame)[FRAME]; /* of each flow */
	uint32_t	npasses;
};

const char *bench_program_name(enum bench_program p)
{
	return programs[p].name;
}

/* Making ------------------------------------------------------------------ */

static void close_runner(struct runner *r)
{
	const int fd[] = { r->prog, r->state, r->packets, r->flows, r->table,
			   r->counters, r->test };
	uint32_t i;

	bench_shuffler_free(&r->shuffler);
	for (i = 0; i < sizeof(fd) / sizeof(*fd); i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static int load_ours(struct measure *m, struct runner *r, struct diag *diag)
{
	struct bench_program_result *res = &m->out->r[r->which];
	struct be_test_input in = {
		.hook = m->rs->hook,
		.iif = tr_iface_class(m->rs->classifier, m->rs->iif),
		.oif = tr_iface_class(m->rs->classifier, m->rs->oif),
		.ctstate = XT_CONNTRACK_STATE_BIT(IP_CT_NEW),
	};
	struct be_program_opts o = {
		.type = programs[r->which].type, .hooks = 1u << m->rs->hook,
		.ifindex_fd = -1,
		.flows = r->which == BENCH_XDP_WALK ? BE_FLOWS_NEVER :
						      BE_FLOWS_AUTO,
	};
	uint32_t zero = 0;

	r->test = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_input", 4,
				 sizeof(in), 1, NULL);
	if (r->test < 0 || bpf_map_update_elem(r->test, &zero, &in, 0))
		return -errno;
	r->table = be_table_create(m->rs->classifier, diag);
	if (r->table < 0)
		return r->table;
	r->counters = be_counter_create(m->rs->ncounters, diag);
	if (r->counters < 0)
		return r->counters;
	o.table_fd = r->table;
	o.counter_fd = r->counters;
	o.test_fd = r->test;
	res->load_ms = bench_clock_wall();
	r->prog = be_program_load(m->rs->classifier, &o, &res->insns, diag);
	res->load_ms = bench_clock_wall() - res->load_ms;
	return r->prog < 0 ? r->prog : 0;
}

static int load_program(struct measure *m, struct runner *r,
			struct diag *diag)
{
	if (programs[r->which].ours)
		return load_ours(m, r, diag);
	if (r->which == BENCH_XDP_HASH) {
		r->flows = bench_yardstick_flows_create(m->seq, diag);
		if (r->flows < 0)
			return r->flows;
	}
	if (r->which == BENCH_XDP_HASH || r->which == BENCH_XDP_PARSE)
		r->prog = bench_yardstick_load(r->flows, r->state, diag);
	else
		r->prog = be_program_load_pass(programs[r->which].type, diag);
	return r->prog < 0 ? r->prog : 0;
}

static int load_runner(struct measure *m, struct runner *r, struct diag *diag)
{
	const enum be_hook_type type = programs[r->which].type;
	int err;

	r->state = bench_shuffle_state_create(diag);
	if (r->state < 0)
		return r->state;
	err = load_program(m, r, diag);
	if (err || type == BE_NETFILTER)
		return err;
	r->packets = bench_shuffle_packets_create(m->seq, 0, diag);
	if (r->packets < 0)
		return r->packets;
	return bench_shuffler_load(type, r->prog, r->packets, m->seq->n,
				   r->state, &r->shuffler, diag);
}

/* Which of them can be run here; the others have a reason. */
static void load_runners(struct measure *m)
{
	struct bench_program_result *res;
	struct diag diag;
	int i, err;

	for (i = 0; i < BENCH_NPROGRAMS; i++) {
		res = &m->out->r[i];
		if (!(m->opts->programs >> i & 1)) {
			strcpy(res->reason, "not asked for");
			continue;
		}
		diag_init(&diag);
		err = load_runner(m, &m->runner[i], &diag);
		res->ran = !err;
		if (err)
			snprintf(res->reason, sizeof(res->reason), "%s",
				 diag.set ? diag.msg : strerror(-err));
		diag_clear(&diag);
	}
}

/* Running ----------------------------------------------------------------- */

static void make_frame(const struct bench_flow *f, uint8_t *frame)
{
	memset(frame, 0, FRAME);
	frame[0] = frame[6] = 2;
	frame[5] = 1;
	frame[11] = 2;
	frame[12] = 8;		/* ETH_P_IP */
	memcpy(frame + 14, f->header, BENCH_HEADERS);
}

static int test_run(const struct measure *m, const struct runner *r, int prog,
		    uint32_t flow, uint32_t repeat, uint32_t *retval)
{
	const bool nf = programs[r->which].type == BE_NETFILTER;
	const uint8_t *frame = m->frame[flow];
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = FRAME, .repeat = (int)repeat);

	if (nf) {
		o.data_in = frame + 14;
		o.data_size_in = (uint32_t)frame[16] << 8 | frame[17];
	}
	if (bpf_prog_test_run_opts(prog, &o))
		return -errno;
	*retval = o.retval;
	return 0;
}

/*
 * @n passes of the sequence in one system call, where there is a shuffler: *ms of
 * CPU time.  0 or -errno.
 */
static int passes(const struct measure *m, struct runner *r, uint32_t n,
		  double *ms)
{
	uint32_t total = n * m->seq->n, retval, i;
	int err = 0;

	*ms = bench_clock_cpu();
	if (r->shuffler.prog >= 0)
		err = test_run(m, r, r->shuffler.prog, 0, total, &retval);
	else
		for (i = 0; !err && i < total; i++)
			err = test_run(m, r, r->prog,
				       m->seq->flow[i & (m->seq->n - 1)], 1,
				       &retval);
	*ms = bench_clock_cpu() - *ms;
	r->runs += total;
	return err;
}

/*
 * *ns per packet when the caches are warm.  They are not at the start of a call:
 * it tells all CPUs of the program (xdp) and sleeps for that, while the caches are
 * another's.  So a call of one pass is taken off a longer one.
 */
static int batch(const struct measure *m, struct runner *r, double *ns)
{
	double cold = 0, all;
	uint32_t more = 0;
	int err = 0;

	if (r->shuffler.prog >= 0) {
		err = passes(m, r, 1, &cold);
		more = 1;
	}
	if (!err)
		err = passes(m, r, more + r->repeat, &all);
	if (!err)
		*ns = (all - cold) * 1e6 / r->repeat / m->seq->n;
	return err;
}

/*
 * How many passes make a batch: with few of them, the cold one would be in the
 * difference.
 */
static int calibrate(const struct measure *m, struct runner *r)
{
	const double least = r->shuffler.prog >= 0 ? REPEAT_MIN : 1;
	const double most = fmin(REPEAT_MAX, INT32_MAX / m->seq->n - 1);
	double ns;
	int err;

	r->repeat = 1;
	err = batch(m, r, &ns);
	if (!err)
		r->repeat = (uint32_t)fmin(most, fmax(least,
			    m->opts->batch_ms * 1e6 /
			    (fmax(ns, 1) * m->seq->n)));
	return err;
}

static int run_rounds(struct measure *m, struct diag *diag)
{
	uint32_t round;
	double ns;
	int i, err;

	for (round = 0; round <= m->opts->rounds; round++) {
		for (i = 0; i < BENCH_NPROGRAMS; i++) {
			if (!m->out->r[i].ran)
				continue;
			if (!round)
				err = calibrate(m, &m->runner[i]);
			else
				err = batch(m, &m->runner[i], &ns);
			if (err) {
				diag_error(diag, NULL, "test run of '%s': %s",
					   programs[i].name, strerror(-err));
				return err;
			}
			if (round)
				bench_sample_add(&m->out->r[i].samples, ns);
		}
	}
	return 0;
}

/* Checking ---------------------------------------------------------------- */

/* What the program returns: 1 accept, 0 drop, -1 neither. */
static int verdict(enum be_hook_type type, uint32_t retval)
{
	switch (type) {
	case BE_NETFILTER:
		return retval <= 1 ? (int)retval : -1;
	case BE_XDP:
		return retval == XDP_PASS ? 1 : retval == XDP_DROP ? 0 : -1;
	default:
		return retval == TC_ACT_SHOT ? 0 :
		       retval == TC_ACT_OK || retval == TC_ACT_PIPE ||
		       retval == UINT32_MAX ? 1 : -1;
	}
}

/* The verdict on each flow, one by one. */
static int check_verdicts(struct measure *m, enum bench_program which,
			  struct diag *diag)
{
	struct runner *r = &m->runner[which];
	uint32_t i, retval;
	int err, got;

	for (i = 0; i < m->seq->n; i++) {
		err = test_run(m, r, r->prog, m->seq->flow[i], 1, &retval);
		if (err)
			return err;
		got = verdict(programs[which].type, retval);
		if (got == m->seq->flows->v[m->seq->flow[i]].accept)
			continue;
		diag_error(diag, NULL, "'%s' returns %u for flow %u, which the model would %s",
			   programs[which].name, retval, m->seq->flow[i],
			   m->seq->flows->v[m->seq->flow[i]].accept ?
			   "accept" : "drop");
		return -EBADMSG;
	}
	r->runs += m->seq->n;
	return 0;
}

static int check_counters(struct measure *m, enum bench_program which,
			  struct ir_counter *got, struct ir_counter *want,
			  struct diag *diag)
{
	const struct runner *r = &m->runner[which];
	uint32_t n = m->rs->ncounters, i;
	int err;

	memset(want, 0, n * sizeof(*want));
	bench_sequence_expect(m->rs, m->seq, r->runs, want);
	err = be_counter_read(r->counters, got, n);
	for (i = 0; !err && i < n; i++) {
		if (got[i].packets == want[i].packets)
			continue;
		diag_error(diag, NULL, "'%s' has counted %llu packets at counter %u, want %llu",
			   programs[which].name,
			   (unsigned long long)got[i].packets, i,
			   (unsigned long long)want[i].packets);
		err = -EBADMSG;
	}
	return err;
}

static int check_hash(struct measure *m, struct diag *diag)
{
	struct bench_shuffle_state st;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(m->runner[BENCH_XDP_HASH].state, &zero, &st))
		return -errno;
	if (!st.missed)
		return 0;
	diag_error(diag, NULL, "%u flows were not in the hash", st.missed);
	return -EBADMSG;
}

static int check(struct measure *m, struct diag *diag)
{
	struct ir_counter *got = calloc(m->rs->ncounters + 1, sizeof(*got));
	struct ir_counter *want = calloc(m->rs->ncounters + 1, sizeof(*want));
	int i, err = got && want ? 0 : -ENOMEM;

	for (i = 0; !err && i < BENCH_NPROGRAMS; i++) {
		if (!m->out->r[i].ran)
			continue;
		if (programs[i].ours || i == BENCH_XDP_HASH)
			err = check_verdicts(m, i, diag);
		if (!err && programs[i].ours)
			err = check_counters(m, i, got, want, diag);
	}
	if (!err && m->out->r[BENCH_XDP_HASH].ran)
		err = check_hash(m, diag);
	free(want);
	free(got);
	return err;
}

/* All of it --------------------------------------------------------------- */

static void sum_up(struct bench_program_run *out)
{
	struct bench_samples over;
	struct bench_program_result *r;
	int i;

	for (i = 0; i < BENCH_NPROGRAMS; i++) {
		r = &out->r[i];
		if (!r->ran)
			continue;
		r->gross = bench_samples_stat(&r->samples);
		bench_samples_over(&r->samples,
				   &out->r[programs[i].null].samples, &over);
		r->net = bench_samples_stat(&over);
	}
	bench_samples_over(&out->r[BENCH_XDP_HASH].samples,
			   &out->r[BENCH_XDP_PARSE].samples, &over);
	out->lookup = bench_samples_stat(&over);
}

static int prepare(struct measure *m)
{
	uint32_t i;

	for (i = 0; i < BENCH_NPROGRAMS; i++)
		m->runner[i] = (struct runner){
			.which = i, .prog = -1, .state = -1, .packets = -1,
			.flows = -1, .table = -1, .counters = -1, .test = -1,
			.shuffler = { -1, -1 },
		};
	m->frame = calloc(m->seq->flows->n, sizeof(*m->frame));
	if (!m->frame)
		return -ENOMEM;
	for (i = 0; i < m->seq->flows->n; i++)
		make_frame(&m->seq->flows->v[i], m->frame[i]);
	return 0;
}

int bench_program_measure(const struct bench_ruleset *rs,
			  const struct bench_sequence *seq,
			  const struct bench_program_opts *opts,
			  struct bench_program_run *out, struct diag *diag)
{
	struct measure m = {
		.rs = rs, .seq = seq, .opts = opts, .out = out,
	};
	int err, i;

	memset(out, 0, sizeof(*out));
	out->nflows = seq->distinct;
	err = prepare(&m);
	if (!err) {
		load_runners(&m);
		err = run_rounds(&m, diag);
	}
	if (!err)
		err = check(&m, diag);
	if (!err)
		sum_up(out);
	else if (!diag->set)
		diag_error(diag, NULL, "%s", strerror(-err));
	for (i = 0; i < BENCH_NPROGRAMS; i++)
		close_runner(&m.runner[i]);
	free(m.frame);
	return err;
}
