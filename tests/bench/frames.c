/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/bench/frames.c - frames at full speed, and what each of them cost
 *
 *	frames gro DEV		make DEV receive through NAPI
 *	frames make DEV ...	make frames and throw them away
 *	frames send DEV ...	make frames and send them out of DEV
 *
 * The sender is a BPF program of its own, run by BPF_PROG_TEST_RUN with live
 * frames: it writes a TCP SYN into a page of the kernel's and redirects it out
 * of a veth, whose other end receives it on the same CPU, in the same call.  So
 * nothing is lost, and the CPU time of this thread and of ksoftirqd, over the
 * number of frames, is what one frame costs from its making to its verdict.
 *
 * The other end must receive through NAPI (an XDP program there, or "gro");
 * otherwise veth throws redirected frames away.
 */
#include "config.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FRAME	64
#define BATCH	64
#define PORTS	1024		/* source ports: a power of two */

struct frame {
	struct ethhdr	eth;
	struct iphdr	ip;
	struct tcphdr	tcp;
	uint8_t		data[FRAME - sizeof(struct ethhdr) -
			     sizeof(struct iphdr) - sizeof(struct tcphdr)];
} __attribute__((packed));

_Static_assert(sizeof(struct frame) == FRAME, "frame layout");

struct args {
	bool		send;
	unsigned int	ifindex;
	struct frame	frame;
	int		cpu;
	int		msec;		/* how long one measurement takes */
	int		repeat;		/* the best of so many counts */
};

/* The program ------------------------------------------------------------- */

struct code {
	struct bpf_insn	insn[64];
	size_t		n;
};

static void emit(struct code *c, uint8_t code, int dst, int src, int off,
		 int imm)
{
	c->insn[c->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off,
		.imm = imm,
	};
}

static void emit_call(struct code *c, int func)
{
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, func);
}

/* Copies the frame from the map into the packet at R6. */
static void emit_copy(struct code *c, int map)
{
	int i;

	emit(c, BPF_LD | BPF_IMM | BPF_DW, 8, BPF_PSEUDO_MAP_VALUE, 0, map);
	emit(c, 0, 0, 0, 0, 0);
	for (i = 0; i < FRAME; i += 8) {
		emit(c, BPF_LDX | BPF_MEM | BPF_DW, 1, 8, i, 0);
		emit(c, BPF_STX | BPF_MEM | BPF_DW, 6, 1, i, 0);
	}
}

/* A source port of its own: many flows, as on a real wire. */
static void emit_port(struct code *c)
{
	emit_call(c, BPF_FUNC_get_prandom_u32);
	emit(c, BPF_ALU64 | BPF_AND | BPF_K, 0, 0, 0, PORTS - 1);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, 0, 0, 0, 1024);
	emit(c, BPF_ALU | BPF_END | BPF_TO_BE, 0, 0, 0, 16);
	emit(c, BPF_STX | BPF_MEM | BPF_H, 6, 0,
	     offsetof(struct frame, tcp.source), 0);
}

static int load(const struct args *a, int map)
{
	struct code c = { .n = 0 };
	size_t jump;

	emit(&c, BPF_LDX | BPF_MEM | BPF_W, 6, 1,
	     offsetof(struct xdp_md, data), 0);
	emit(&c, BPF_LDX | BPF_MEM | BPF_W, 3, 1,
	     offsetof(struct xdp_md, data_end), 0);
	emit(&c, BPF_ALU64 | BPF_MOV | BPF_X, 4, 6, 0, 0);
	emit(&c, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, FRAME);
	jump = c.n;
	emit(&c, BPF_JMP | BPF_JGT | BPF_X, 4, 3, 0, 0);
	emit_copy(&c, map);
	emit_port(&c);
	if (a->send) {
		emit(&c, BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, a->ifindex);
		emit(&c, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
		emit_call(&c, BPF_FUNC_redirect);
	} else {
		emit(&c, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_DROP);
	}
	emit(&c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	c.insn[jump].off = c.n - jump - 1;
	emit(&c, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_ABORTED);
	emit(&c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return bpf_prog_load(BPF_PROG_TYPE_XDP, "frames", "GPL", c.insn, c.n,
			     NULL);
}

/* The clock --------------------------------------------------------------- */

/* The pid of ksoftirqd/CPU; 0: not found, and then not counted. */
static int ksoftirqd(int cpu)
{
	char want[32], path[64], comm[32];
	int pid, found = 0;
	FILE *f;

	snprintf(want, sizeof(want), "ksoftirqd/%d\n", cpu);
	for (pid = 2; !found && pid < 4096; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strcmp(comm, want))
			found = pid;
		fclose(f);
	}
	return found;
}

/* Nanoseconds of CPU time of this thread and of softirqs put off. */
static double cpu_time(int pid)
{
	unsigned long run = 0;
	struct timespec t;
	char path[64];
	FILE *f;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	f = pid ? fopen(path, "r") : NULL;
	if (f) {
		if (fscanf(f, "%lu", &run) != 1)
			run = 0;
		fclose(f);
	}
	return t.tv_sec * 1e9 + t.tv_nsec + run;
}

/* Sends @count frames; 0 or -errno. */
static int run(const struct args *a, int prog, long count)
{
	struct xdp_md ctx = {
		.data_end = FRAME, .ingress_ifindex = a->ifindex,
	};
	struct frame frame = a->frame;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = &frame,
		    .data_size_in = sizeof(frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = count,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	return bpf_prog_test_run_opts(prog, &o) ? -errno : 0;
}

/* The least ns per frame of all measurements; *sent counts all frames. */
static int measure(const struct args *a, int prog, double *best, long *sent)
{
	int pid = ksoftirqd(a->cpu), err, i;
	long count = 4 * BATCH;
	double ns;

	*best = 0;
	*sent = 0;
	for (i = -2; i < a->repeat; i++) {
		ns = cpu_time(pid);
		err = run(a, prog, count);
		if (err)
			return err;
		ns = (cpu_time(pid) - ns) / count;
		*sent += count;
		if (i >= 0 && (!*best || ns < *best))
			*best = ns;
		if (i < 0) {	/* warming up: how many make a measurement */
			count = a->msec * 1e6 / (ns + 1);
			count = count / BATCH * BATCH + BATCH;
		}
		if (i == -2 && count > 8192)
			count = 8192;
	}
	return 0;
}

/* The command line -------------------------------------------------------- */

static uint16_t checksum(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += b[i] << 8 | b[i + 1];
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return htons(~sum);
}

static void fill_frame(struct frame *f)
{
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_TCP;
	f->ip.tot_len = htons(FRAME - sizeof(f->eth));
	f->ip.check = checksum(&f->ip, sizeof(f->ip));
	f->tcp.doff = 5;
	f->tcp.syn = 1;
	f->tcp.window = htons(0xffff);
}

static int parse_mac(const char *s, uint8_t *mac)
{
	return sscanf(s, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1,
		      mac + 2, mac + 3, mac + 4, mac + 5) == 6 ? 0 : -EINVAL;
}

static int parse_option(struct args *a, int c)
{
	struct in_addr addr = { 0 };

	switch (c) {
	case 's':
		if (!inet_aton(optarg, &addr))
			return -EINVAL;
		a->frame.ip.saddr = addr.s_addr;
		return 0;
	case 'd':
		if (!inet_aton(optarg, &addr))
			return -EINVAL;
		a->frame.ip.daddr = addr.s_addr;
		return 0;
	case 'p':
		a->frame.tcp.dest = htons(atoi(optarg));
		return 0;
	case 'm':
		return parse_mac(optarg, a->frame.eth.h_dest);
	case 'c':
		a->cpu = atoi(optarg);
		return 0;
	case 't':
		a->msec = atoi(optarg);
		return a->msec > 0 && a->msec <= 60000 ? 0 : -EINVAL;
	case 'r':
		a->repeat = atoi(optarg);
		return a->repeat > 0 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

static int usage(void)
{
	fputs("Usage: frames gro DEV\n"
	      "       frames { make | send } DEV -m MAC -s ADDR -d ADDR -p PORT\n"
	      "                   [-c CPU] [-t MSEC] [-r REPEAT]\n"
	      "Prints ns per frame and the number of frames sent.\n", stderr);
	return 2;
}

static int gro(const char *dev)
{
	struct ethtool_value v = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq r = { .ifr_data = (void *)&v };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", dev);
	err = fd < 0 || ioctl(fd, SIOCETHTOOL, &r);
	if (err)
		perror("frames: gro");
	if (fd >= 0)
		close(fd);
	return err;
}

static int bench(const struct args *a)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "frame", 4, FRAME, 1,
				 NULL);
	uint32_t zero = 0;
	cpu_set_t set;
	double best;
	int prog, err;
	long sent;

	CPU_ZERO(&set);
	CPU_SET(a->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || map < 0 ||
	    bpf_map_update_elem(map, &zero, &a->frame, 0)) {
		perror("frames");
		return 1;
	}
	prog = load(a, map);
	err = prog < 0 ? prog : measure(a, prog, &best, &sent);
	if (err) {
		fprintf(stderr, "frames: %s\n", strerror(-err));
		return 1;
	}
	printf("%.1f %ld\n", best, sent);
	return 0;
}

int main(int argc, char **argv)
{
	struct args a = { .msec = 300, .repeat = 3 };
	int c;

	if (argc < 3)
		return usage();
	if (!strcmp(argv[1], "gro"))
		return gro(argv[2]);
	a.send = !strcmp(argv[1], "send");
	if (!a.send && strcmp(argv[1], "make"))
		return usage();
	a.ifindex = if_nametoindex(argv[2]);
	if (!a.ifindex) {
		perror(argv[2]);
		return 1;
	}
	optind = 3;
	while ((c = getopt(argc, argv, "s:d:p:m:c:t:r:")) != -1)
		if (parse_option(&a, c))
			return usage();
	fill_frame(&a.frame);
	return bench(&a);
}
