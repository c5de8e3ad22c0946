/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/frames.h - live frames, and what each of them cost
 *
 * A frame is made in the kernel and comes in at a host in the same call, on the
 * same CPU: what the thread and ksoftirqd have then spent is what it cost, from
 * its making to its end.  Nothing is lost on the way.
 */
#ifndef CMD_BENCH_FRAMES_H
#define CMD_BENCH_FRAMES_H

#include <stdint.h>

#include "cmd/bench/flows.h"
#include "cmd/bench/host.h"
#include "ir/diag.h"

struct bench_sender;

/*
 * Sends @seq to hosts for @rs, from the calling thread's CPU.  NULL: told in
 * @diag.
 */
struct bench_sender *bench_sender_new(const struct bench_ruleset *rs,
				      const struct bench_sequence *seq,
				      struct diag *diag);
void bench_sender_free(struct bench_sender *s);

#define BENCH_BATCH_MAX	64

/*
 * Sends @n frames, @batch (1..BENCH_BATCH_MAX) at a time, from packet @first of
 * the sequence on, to @h; NULL: they are made and thrown away.  *ns: CPU time
 * of all of them.  0 or -errno.
 */
int bench_sender_run(struct bench_sender *s, const struct bench_host *h,
		     uint64_t first, uint64_t n, uint32_t batch, double *ns);

#endif
