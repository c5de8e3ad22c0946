/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/frames.c - live frames, and what each of them cost
 *
 * BPF_PROG_TEST_RUN with live frames: a program writes a header into a page of
 * the kernel's and redirects it out of a veth, whose other end receives it.
 * The pages come back and have been forwarded meanwhile, so every frame is
 * written whole.  Softirqs that took too long are put off to ksoftirqd, whose
 * time counts.
 */
#include "config.h"

#include "cmd/bench/frames.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/bench/shuffle.h"
#include "cmd/bench/stat.h"

#define FRAME		64
#define CALL_MAX	(1u << 20)	/* frames in one call */
#define SETTLE_US	200		/* until ksoftirqd has had its turn */

struct bench_sender {
	int		packets;
	int		conf;
	int		prog;
	char		softirqd[64];	/* where its time is told; "": nowhere */
	uint8_t		frame[FRAME];
};

/* ksoftirqd of this CPU, which may be out of sight in a container. */
static void find_softirqd(struct bench_sender *s)
{
	char want[32], path[64], comm[32];
	int pid;
	FILE *f;

	snprintf(want, sizeof(want), "ksoftirqd/%d\n", sched_getcpu());
	for (pid = 2; !s->softirqd[0] && pid < 8192; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strcmp(comm, want))
			snprintf(s->softirqd, sizeof(s->softirqd),
				 "/proc/%d/schedstat", pid);
		fclose(f);
	}
}

/* Nanoseconds of this thread and of ksoftirqd. */
static double cpu_time(const struct bench_sender *s)
{
	FILE *f = s->softirqd[0] ? fopen(s->softirqd, "re") : NULL;
	unsigned long run = 0;

	if (f) {
		if (fscanf(f, "%lu", &run) != 1)
			run = 0;
		fclose(f);
	}
	return bench_clock_cpu() * 1e6 + (double)run;
}

struct bench_sender *bench_sender_new(const struct bench_ruleset *rs,
				      const struct bench_sequence *seq,
				      struct diag *diag)
{
	/* Forwarding takes one off the TTL before the chain sees it. */
	uint8_t ttl = rs->hook == IR_HOOK_FORWARD;
	struct bench_sender *s = calloc(1, sizeof(*s));

	if (!s) {
		diag_error(diag, NULL, "out of memory");
		return NULL;
	}
	s->prog = -1;
	find_softirqd(s);
	memcpy(s->frame, bench_host_ethernet, sizeof(bench_host_ethernet));
	s->conf = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_conf", 4,
				 sizeof(struct bench_sender_conf), 1, NULL);
	if (s->conf < 0)
		diag_error(diag, NULL, "cannot make a map: %s",
			   strerror(errno));
	s->packets = bench_shuffle_packets_create(seq, ttl, diag);
	if (s->conf >= 0 && s->packets >= 0)
		s->prog = bench_sender_load(s->packets, seq->n, s->conf, diag);
	if (s->prog >= 0)
		return s;
	bench_sender_free(s);
	return NULL;
}

void bench_sender_free(struct bench_sender *s)
{
	if (!s)
		return;
	if (s->prog >= 0)
		close(s->prog);
	if (s->packets >= 0)
		close(s->packets);
	if (s->conf >= 0)
		close(s->conf);
	free(s);
}

static int call(struct bench_sender *s, const struct bench_host *h, int n,
		uint32_t batch)
{
	struct xdp_md ctx = {
		.data_end = FRAME, .ingress_ifindex = h ? h->wire : 1,
	};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = s->frame,
		    .data_size_in = FRAME, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = n,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = batch);

	return bpf_prog_test_run_opts(s->prog, &o) ? -errno : 0;
}

int bench_sender_run(struct bench_sender *s, const struct bench_host *h,
		     uint64_t first, uint64_t n, uint32_t batch, double *ns)
{
	struct bench_sender_conf conf = {
		.next = (uint32_t)first, .ifindex = h ? h->wire : 0,
	};
	uint32_t zero = 0;
	uint64_t step;
	int err = 0;

	memcpy(conf.ethernet, bench_host_ethernet, sizeof(bench_host_ethernet));
	if (bpf_map_update_elem(s->conf, &zero, &conf, 0))
		return -errno;
	*ns = cpu_time(s);
	for (; !err && n; n -= step) {
		step = n < CALL_MAX ? n : CALL_MAX;
		err = call(s, h, (int)step, batch);
	}
	usleep(SETTLE_US);
	*ns = cpu_time(s) - *ns;
	return err;
}
