/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/rng.h - random numbers that a seed repeats (splitmix64) */
#ifndef IR_RNG_H
#define IR_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t	state;
};

static inline uint64_t rng_u64(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* The stream of one numbered thing: any of them can be had without the rest. */
static inline struct rng rng_at(uint64_t seed, uint64_t number)
{
	struct rng r = { .state = seed * 0xd1342543de82ef95ull + number };

	r.state = rng_u64(&r);
	return r;
}

static inline uint32_t rng_u32(struct rng *r)
{
	return (uint32_t)(rng_u64(r) >> 32);
}

/* 0 .. n-1; 0 where n is 0. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((uint64_t)rng_u32(r) * n >> 32);
}

/* lo .. hi, both included. */
static inline uint32_t rng_range(struct rng *r, uint32_t lo, uint32_t hi)
{
	return lo + (uint32_t)((uint64_t)rng_u32(r) * ((uint64_t)hi - lo + 1)
			       >> 32);
}

static inline bool rng_one_in(struct rng *r, uint32_t n)
{
	return rng_below(r, n) == 0;
}

#endif
