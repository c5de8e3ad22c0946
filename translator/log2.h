/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/log2.h - a logarithm that is good enough to weigh with */
#ifndef TRANSLATOR_LOG2_H
#define TRANSLATOR_LOG2_H

#include <stdint.h>

/* log2(a / b) for a, b > 0, at most 0.09 too small for each of them. */
static inline double tr_log2(uint64_t a, uint64_t b)
{
	int ea = 63 - __builtin_clzll(a), eb = 63 - __builtin_clzll(b);

	return ea - eb + (double)a / (1ull << ea) - (double)b / (1ull << eb);
}

#endif
