/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/stat.c - many measurements of one thing, in a few numbers
 *
 * Medians: other load on the machine makes some measurements too long, and
 * never one too short.
 */
#include "cmd/bench/stat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void bench_sample_add(struct bench_samples *s, double v)
{
	if (s->n < BENCH_SAMPLES_MAX)
		s->v[s->n++] = v;
}

void bench_samples_over(const struct bench_samples *a,
			const struct bench_samples *b,
			struct bench_samples *out)
{
	uint32_t i;

	out->n = a->n < b->n ? a->n : b->n;
	for (i = 0; i < out->n; i++)
		out->v[i] = a->v[i] - b->v[i];
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n & 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

struct bench_stat bench_samples_stat(const struct bench_samples *s)
{
	struct bench_stat st = { .n = s->n };
	double v[BENCH_SAMPLES_MAX];
	uint32_t i;

	if (!s->n)
		return st;
	memcpy(v, s->v, s->n * sizeof(*v));
	st.median = median(v, s->n);
	st.min = v[0];
	st.max = v[s->n - 1];
	for (i = 0; i < s->n; i++)
		v[i] = fabs(v[i] - st.median);
	st.mad = median(v, s->n);
	return st;
}

static double clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double bench_clock_wall(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

double bench_clock_cpu(void)
{
	return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}
