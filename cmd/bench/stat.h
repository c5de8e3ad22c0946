/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/stat.h - many measurements of one thing, in a few numbers */
#ifndef CMD_BENCH_STAT_H
#define CMD_BENCH_STAT_H

#include <stdint.h>

#define BENCH_SAMPLES_MAX	512

struct bench_samples {
	double		v[BENCH_SAMPLES_MAX];
	uint32_t	n;
};

struct bench_stat {
	uint32_t	n;		/* 0: nothing was measured */
	double		median;
	double		mad;		/* median of the distances from it */
	double		min;
	double		max;
};

/* What is too much is left out. */
void bench_sample_add(struct bench_samples *s, double v);

/* What @a[i] is more than @b[i], as samples: pairs measured side by side. */
void bench_samples_over(const struct bench_samples *a,
			const struct bench_samples *b,
			struct bench_samples *out);

struct bench_stat bench_samples_stat(const struct bench_samples *s);

/* Milliseconds on the clock, and of this thread's CPU time. */
double bench_clock_wall(void);
double bench_clock_cpu(void);

#endif
