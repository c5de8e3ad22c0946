/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/sequence.c - the order in which flows are sent
 *
 * Uniform is not random draws: each flow comes as often as any other, in an
 * order that changes from pass to pass.
 */
#include "cmd/bench/flows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/rng.h"

#define LENGTH_MIN	4096u

static const char *const names[BENCH_NTRAFFICS] = {
	"uniform", "zipf", "hot", "none",
};

const char *bench_traffic_name(enum bench_traffic t)
{
	return names[t];
}

static void shuffle(struct rng *r, uint32_t *v, uint32_t n)
{
	uint32_t i, k, x;

	for (i = n; i > 1; i--) {
		k = rng_below(r, i);
		x = v[i - 1];
		v[i - 1] = v[k];
		v[k] = x;
	}
}

static void uniform(struct bench_sequence *s, struct rng *r,
		    uint32_t nflows)
{
	uint32_t i, n, at;

	for (at = 0; at < s->n; at += n) {
		n = s->n - at < nflows ? s->n - at : nflows;
		for (i = 0; i < n; i++)
			s->flow[at + i] = i;
		shuffle(r, s->flow + at, n);
	}
	s->distinct = nflows < s->n ? nflows : s->n;
}

/* 0 <= x < 1 */
static double unit(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

/* Flow i has a share of 1 / (i + 1)^exponent. */
static int zipf(struct bench_sequence *s, struct rng *r,
		double exponent)
{
	uint32_t n = s->flows->n, i, lo, hi, mid;
	double *sum = calloc(n, sizeof(*sum)), x;
	bool *seen = calloc(n, sizeof(*seen));

	for (i = 0; sum && seen && i < n; i++)
		sum[i] = (i ? sum[i - 1] : 0) + pow(i + 1, -exponent);
	for (i = 0; sum && seen && i < s->n; i++) {
		x = unit(r) * sum[n - 1];
		for (lo = 0, hi = n - 1; lo < hi; ) {
			mid = lo + (hi - lo) / 2;
			if (sum[mid] <= x)
				lo = mid + 1;
			else
				hi = mid;
		}
		s->flow[i] = lo;
		s->distinct += !seen[lo];
		seen[lo] = true;
	}
	i = sum && seen;
	free(sum);
	free(seen);
	return i ? 0 : -ENOMEM;
}

int bench_sequence_make(const struct bench_flows *flows, enum bench_traffic t,
			double exponent, uint64_t seed,
			struct bench_sequence *out)
{
	struct rng r = { .state = seed ^ 0x5eed };
	uint32_t hot = flows->n < BENCH_NHOT ? flows->n : BENCH_NHOT;

	memset(out, 0, sizeof(*out));
	out->flows = flows;
	for (out->n = LENGTH_MIN; out->n < flows->n * 2; )
		out->n *= 2;
	out->flow = calloc(out->n, sizeof(*out->flow));
	if (!out->flow)
		return -ENOMEM;
	if (t == BENCH_ZIPF)
		return zipf(out, &r, exponent);
	uniform(out, &r, t == BENCH_HOT ? hot : flows->n);
	return 0;
}

void bench_sequence_free(struct bench_sequence *s)
{
	free(s->flow);
	memset(s, 0, sizeof(*s));
}

/* Walks the first @n packets; each counts @times. */
static uint64_t walk(const struct bench_ruleset *rs,
		     const struct bench_sequence *s, uint64_t n,
		     struct ir_counter *count)
{
	uint64_t accepted = 0, i;
	struct ir_packet p;

	for (i = 0; i < n; i++) {
		bench_flow_packet(rs, &s->flows->v[s->flow[i]], &p);
		accepted += tr_walk(rs->classifier, rs->hook, &p, count) ==
			    IR_ACCEPT;
	}
	return accepted;
}

uint64_t bench_sequence_expect(const struct bench_ruleset *rs,
			       const struct bench_sequence *s, uint64_t n,
			       struct ir_counter *count)
{
	uint64_t passes = n / s->n, accepted = 0;
	uint32_t i;

	if (passes) {
		accepted = walk(rs, s, s->n, count) * passes;
		for (i = 0; i < rs->ncounters; i++) {
			count[i].packets *= passes;
			count[i].bytes *= passes;
		}
	}
	return accepted + walk(rs, s, n % s->n, count);
}
