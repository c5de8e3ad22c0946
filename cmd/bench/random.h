/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/random.h - random numbers that a seed repeats (splitmix64) */
#ifndef CMD_BENCH_RANDOM_H
#define CMD_BENCH_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct bench_random {
	uint64_t	state;
};

static inline uint64_t bench_random_u64(struct bench_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline uint32_t bench_random_u32(struct bench_random *r)
{
	return (uint32_t)(bench_random_u64(r) >> 32);
}

/* 0 .. n-1; 0 where n is 0. */
static inline uint32_t bench_random_below(struct bench_random *r, uint32_t n)
{
	return (uint32_t)((uint64_t)bench_random_u32(r) * n >> 32);
}

/* lo .. hi, both included. */
static inline uint32_t bench_random_range(struct bench_random *r, uint32_t lo,
					  uint32_t hi)
{
	uint64_t n = (uint64_t)hi - lo + 1;

	return lo + (uint32_t)((uint64_t)bench_random_u32(r) * n >> 32);
}

/* True with a chance of @percent. */
static inline bool bench_random_percent(struct bench_random *r,
					uint32_t percent)
{
	return bench_random_below(r, 100) < percent;
}

/* 0 <= x < 1 */
static inline double bench_random_unit(struct bench_random *r)
{
	return (double)(bench_random_u64(r) >> 11) * 0x1p-53;
}

#endif
