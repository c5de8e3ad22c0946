/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/compare.c - engines side by side: loading, changing, real frames
 *
 * All engines are loaded at once, each on its own host, and measured in turn.
 */
#include "cmd/bench/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/bench/frames.h"

#define LOAD_ROUNDS	5
#define LOAD_MS		10000.0	/* an engine is not loaded after so long */
#define CHANGE_ROUNDS	7
#define TRY_FRAMES	64
#define MIN_FRAMES	512
#define MAX_FRAMES	2000000
#define BATCH_NS	2e6	/* frames at a time: no queue overflows */
#define PATIENCE_MS	300	/* for frames on their way */

/* One engine in one kind of traffic. */
struct lane {
	struct bench_engine engine;
	bool		selected;
	struct bench_samples load, add, del, frames;
	uint64_t	n;		/* frames in a measurement */
	uint32_t	batch;
	uint64_t	sent;
	uint64_t	through;	/* before this traffic */
	uint64_t	hits;
};

struct compare {
	const struct bench_ruleset *rs;
	const struct bench_compare_opts *opts;
	struct bench_comparison *out;
	struct lane	lane[BENCH_NENGINES];
	struct bench_samples making;
	uint64_t	nmade;
};

static void say(const struct compare *c, const char *what, const char *name)
{
	if (c->opts->say)
		c->opts->say(c->opts->ctx, what, name);
}

static bool works(const struct compare *c, int i)
{
	return c->lane[i].selected && c->lane[i].engine.works;
}

/* Loading and changing ----------------------------------------------------- */

static void make_engines(struct compare *c)
{
	int i;

	for (i = 0; i < BENCH_NENGINES; i++) {
		if (!(c->opts->engines >> i & 1))
			continue;
		c->lane[i].selected = true;
		bench_engine_new(&c->lane[i].engine, i, c->rs);
	}
}

/* Once more is no use where it takes so long. */
static bool again(const struct lane *l, uint32_t round)
{
	return !round || (bench_engine_has_rules(l->engine.kind) &&
			  l->load.v[l->load.n - 1] * (round + 1) < LOAD_MS);
}

static void load(struct compare *c)
{
	uint32_t rounds = c->opts->load ? LOAD_ROUNDS : 1, round;
	struct lane *l;
	double ms;
	int i;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < BENCH_NENGINES; i++) {
			l = &c->lane[i];
			if (!works(c, i) || !again(l, round))
				continue;
			say(c, "loading", bench_engine_name(i));
			bench_engine_load(&l->engine, &ms);
			bench_sample_add(&l->load, ms);
		}
	}
}

static void change(struct compare *c)
{
	struct lane *l;
	uint32_t round;
	double ms;
	int i;

	say(c, "adding and deleting a rule", c->rs->name);
	for (round = 0; c->opts->load && round < CHANGE_ROUNDS; round++) {
		for (i = 0; i < BENCH_NENGINES; i++) {
			l = &c->lane[i];
			if (!works(c, i) || !bench_engine_has_rules(i) ||
			    (round && l->add.v[0] * round > LOAD_MS))
				continue;
			bench_engine_change(&l->engine, true, &ms);
			bench_sample_add(&l->add, ms);
			if (!l->engine.works)
				continue;
			bench_engine_change(&l->engine, false, &ms);
			bench_sample_add(&l->del, ms);
		}
	}
}

/* Frames ------------------------------------------------------------------ */

static int send(struct lane *l, struct bench_sender *s, double *ns)
{
	double total;
	int err;

	err = bench_sender_run(s, &l->engine.host, l->sent, l->n, l->batch,
			       &total);
	l->sent += l->n;
	*ns = total / (double)l->n;
	return err;
}

/* How many frames make a measurement, and how many at a time. */
static uint64_t frames_for(const struct compare *c, double ns, uint32_t *batch)
{
	double n = c->opts->batch_ms * 1e6 / (ns + 1);
	double b = BATCH_NS / (ns + 1);

	*batch = b < 1 ? 1 : b > BENCH_BATCH_MAX ? BENCH_BATCH_MAX :
						   (uint32_t)b;
	return n < MIN_FRAMES ? MIN_FRAMES :
	       n > MAX_FRAMES ? MAX_FRAMES : (uint64_t)n;
}

/* Twice: what the first frames meet is cold. */
static int calibrate(struct compare *c, struct lane *l, struct bench_sender *s)
{
	double ns = 0;
	int err = 0, i;

	l->sent = 0;
	l->n = TRY_FRAMES;
	l->batch = 1;
	for (i = 0; !err && i < 2; i++) {
		err = send(l, s, &ns);
		l->n = frames_for(c, ns, &l->batch);
		if (!i && l->n > 8192)
			l->n = 8192;
	}
	return err;
}

static int start_lanes(struct compare *c, struct bench_sender *s,
		       struct diag *diag)
{
	struct lane *l;
	int i, err = 0;

	for (i = 0; !err && i < BENCH_NENGINES; i++) {
		l = &c->lane[i];
		l->frames.n = 0;
		if (!works(c, i))
			continue;
		bench_engine_hits(&l->engine, &l->hits);
		err = bench_host_through(&l->engine.host, &l->through);
		if (!err)
			err = calibrate(c, l, s);
	}
	if (err)
		diag_error(diag, NULL, "cannot send live frames: %s",
			   strerror(-err));
	return err;
}

static int make_frames(struct compare *c, struct bench_sender *s)
{
	double ns = 0;
	int err;

	if (!c->nmade)
		c->nmade = 8192;
	err = bench_sender_run(s, NULL, 0, c->nmade, BENCH_BATCH_MAX, &ns);
	bench_sample_add(&c->making, ns / (double)c->nmade);
	return err;
}

static int run_rounds(struct compare *c, struct bench_sender *s,
		      enum bench_traffic t, struct diag *diag)
{
	struct lane *l;
	uint32_t round;
	double ns;
	int i, err = 0;

	c->making.n = 0;
	for (round = 0; !err && round < c->opts->rounds; round++) {
		say(c, bench_traffic_name(t), "frames");
		err = make_frames(c, s);
		for (i = 0; !err && i < BENCH_NENGINES; i++) {
			l = &c->lane[i];
			if (!works(c, i))
				continue;
			err = send(l, s, &ns);
			bench_sample_add(&l->frames, ns);
		}
	}
	if (err)
		diag_error(diag, NULL, "cannot send live frames: %s",
			   strerror(-err));
	return err;
}

/* What the rules have counted, policies left out. */
static uint64_t sum_rules(const struct ir_table *t,
			  const struct ir_counter *count)
{
	const struct ir_chain *c;
	uint64_t sum = 0;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++)
			sum += count[c->rule[k]->index].packets;
	}
	return sum;
}

/* How many got through, once as many as must have. */
static int await_through(const struct lane *l, uint64_t want, uint64_t *got)
{
	int ms, err;

	for (ms = 0; ms <= PATIENCE_MS; ms += 10) {
		err = bench_host_through(&l->engine.host, got);
		*got -= l->through;
		if (err || *got == want)
			return err;
		usleep(10000);
	}
	return 0;
}

static void complain(struct compare *c, int i, const char *what, uint64_t got,
		     uint64_t want)
{
	struct bench_engine_result *r = &c->out->r[i];

	if (r->wrong)
		return;
	r->wrong = true;
	snprintf(r->reason, sizeof(r->reason),
		 "of %llu frames, %llu %s, but the model says %llu",
		 (unsigned long long)c->lane[i].sent, (unsigned long long)got,
		 what, (unsigned long long)want);
}

static int check_lane(struct compare *c, const struct bench_sequence *seq,
		      enum bench_traffic t, int i, struct ir_counter *count)
{
	struct bench_engine_result *r = &c->out->r[i];
	struct lane *l = &c->lane[i];
	uint64_t want, hits, got;
	int err;

	memset(count, 0, c->rs->ncounters * sizeof(*count));
	want = bench_sequence_expect(c->rs, seq, l->sent, count);
	if (i == BENCH_NO_RULES)
		want = l->sent;
	if (i == BENCH_XDP_DROP)
		want = 0;
	err = await_through(l, want, &got);
	if (err)
		return err;
	if (got != want)
		complain(c, i, "got through", got, want);
	r->sent[t] = l->sent;
	r->through[t] = got;
	if (!bench_engine_has_rules(i))
		return 0;
	err = bench_engine_hits(&l->engine, &hits);
	hits -= l->hits;
	want = sum_rules(c->rs->table, count);
	if (!err && hits != want)
		complain(c, i, "hits of rules were counted", hits, want);
	return 0;
}

static void keep(struct compare *c, enum bench_traffic t)
{
	struct bench_samples net;
	int i;

	c->out->making[t] = bench_samples_stat(&c->making);
	for (i = 0; i < BENCH_NENGINES; i++) {
		if (!works(c, i))
			continue;
		bench_samples_over(&c->lane[i].frames, &c->making, &net);
		c->out->r[i].frame[t] =
			bench_samples_stat(&c->lane[i].frames);
		c->out->r[i].net[t] = bench_samples_stat(&net);
	}
}

static int measure_frames(struct compare *c, const struct bench_sequence *seq,
			  enum bench_traffic t, struct diag *diag)
{
	struct bench_sender *s = bench_sender_new(c->rs, seq, diag);
	struct ir_counter *count = calloc(c->rs->ncounters + 1, sizeof(*count));
	int i, err = s && count ? 0 : -ENOMEM;

	if (!err)
		err = start_lanes(c, s, diag);
	if (!err)
		err = run_rounds(c, s, t, diag);
	for (i = 0; !err && i < BENCH_NENGINES; i++)
		if (works(c, i))
			err = check_lane(c, seq, t, i, count);
	if (!err)
		keep(c, t);
	c->out->nflows[t] = seq->distinct;
	free(count);
	bench_sender_free(s);
	return err;
}

/* All of it --------------------------------------------------------------- */

static int keep_engines(struct compare *c)
{
	struct bench_engine_result *r;
	struct lane *l;
	int i, err = 0;

	for (i = 0; i < BENCH_NENGINES; i++) {
		r = &c->out->r[i];
		l = &c->lane[i];
		r->works = works(c, i);
		if (!l->selected)
			strcpy(r->reason, "not asked for");
		else if (!r->works)
			memcpy(r->reason, l->engine.reason, sizeof(r->reason));
		r->load = bench_samples_stat(&l->load);
		r->add = bench_samples_stat(&l->add);
		r->del = bench_samples_stat(&l->del);
		r->memory = r->works ? bench_engine_memory(&l->engine) : -1;
		err = r->wrong ? -EBADMSG : err;
	}
	return err;
}

int bench_compare(const struct bench_ruleset *rs,
		  const struct bench_sequence *seq,
		  const struct bench_compare_opts *opts,
		  struct bench_comparison *out, struct diag *diag)
{
	struct compare *c = calloc(1, sizeof(*c));
	int i, t, err = 0;

	memset(out, 0, sizeof(*out));
	if (!c)
		return -ENOMEM;
	c->rs = rs;
	c->opts = opts;
	c->out = out;
	make_engines(c);
	load(c);
	change(c);
	for (t = 0; !err && opts->frames && t < BENCH_NTRAFFICS; t++)
		if (seq[t].n)
			err = measure_frames(c, &seq[t], t, diag);
	if (!err)
		err = keep_engines(c);
	for (i = 0; i < BENCH_NENGINES; i++)
		if (c->lane[i].selected)
			bench_engine_free(&c->lane[i].engine);
	free(c);
	return err;
}
