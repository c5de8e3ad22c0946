/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/shuffle.c - small BPF programs that surround the measured ones
 *
 * Headers are written in whole words: a load that spans two stores would wait
 * for both, which no packet from a wire ever does.
 */
#include "cmd/bench/shuffle.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/asm.h"
#include "backend/load.h"
#include "ir/build.h"

#define WORDS	(BENCH_HEADERS / 8)

_Static_assert(BENCH_HEADERS % 8 == 0, "whole words");

/* What a flow cache looks up. */
struct key {
	uint8_t		addrs[8];
	uint8_t		ports[4];
	uint32_t	proto;
};

static int failed(struct diag *diag, const char *what)
{
	int err = -errno;

	diag_error(diag, NULL, "cannot create %s: %s", what, strerror(-err));
	return err;
}

int bench_shuffle_state_create(struct diag *diag)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_state", 4,
				sizeof(struct bench_shuffle_state), 1, NULL);

	return fd < 0 ? failed(diag, "the state of the benchmark") : fd;
}

int bench_shuffle_packets_create(const struct bench_sequence *s, uint8_t ttl,
				 struct diag *diag)
{
	uint8_t (*v)[BENCH_HEADERS] = calloc(s->n, sizeof(*v));
	uint32_t zero = 0, i;
	int fd, err;

	if (!v)
		return failed(diag, "packets");
	for (i = 0; i < s->n; i++) {
		memcpy(v[i], s->flows->v[s->flow[i]].header, BENCH_HEADERS);
		v[i][8] = (uint8_t)(v[i][8] + ttl);
		ir_build_checksum(v[i]);
	}
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_packets", 4,
			    s->n * BENCH_HEADERS, 1, NULL);
	if (fd < 0 || bpf_map_update_elem(fd, &zero, v, 0)) {
		err = failed(diag, "packets");
		if (fd >= 0)
			close(fd);
		fd = err;
	}
	free(v);
	return fd;
}

static int load(struct be_asm *a, int prog_type, const char *name,
		struct diag *diag)
{
	int fd = be_finish(a);

	if (fd)
		diag_error(diag, NULL, "cannot make program '%s': %s", name,
			   strerror(-fd));
	else
		fd = be_load(prog_type, 0, name, a->insns, a->ninsns, diag);
	be_asm_free(a);
	return fd;
}

/* R7 = the packet, of which @len bytes are there, else to @out. */
static void emit_packet(struct be_asm *a, int data, int end, int len,
			be_label out)
{
	be_emit(a, insn_load(BPF_W, BPF_REG_7, BPF_REG_1, data));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, end));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_7));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, len));
	be_jump(a, insn_jump(BPF_JGT, BPF_REG_3, BPF_REG_2), out);
}

/* R8 = the headers of the next packet. */
static void emit_next(struct be_asm *a, int packets, uint32_t n, int state)
{
	be_emit_load64(a, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, (uint32_t)state);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, 0));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_1, 0, BPF_REG_3));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, (int32_t)n - 1));
	be_emit(a, insn_alui(BPF_MUL, BPF_REG_2, BENCH_HEADERS));
	be_emit_load64(a, BPF_REG_8, BPF_PSEUDO_MAP_VALUE, (uint32_t)packets);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_8, BPF_REG_2));
}

/* The headers at R8 into the packet at R7. */
static void emit_copy(struct be_asm *a)
{
	int i;

	for (i = 0; i < WORDS; i++) {
		be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_8, i * 8));
		be_emit(a, insn_store(BPF_DW, BPF_REG_7, ETH_HLEN + i * 8,
				      BPF_REG_1));
	}
}

static int array_of(int target, struct diag *diag)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "bench_target", 4, 4,
				1, NULL);
	uint32_t zero = 0;
	int err;

	if (fd >= 0 && !bpf_map_update_elem(fd, &zero, &target, 0))
		return fd;
	err = failed(diag, "a jump");
	if (fd >= 0)
		close(fd);
	return err;
}

static void emit_shuffler(struct be_asm *a, bool xdp, int packets,
			  uint32_t npackets, int state, int array)
{
	be_label out;

	be_asm_init(a);
	out = be_label_new(a);
	be_emit(a, insn_mov(BPF_REG_6, BPF_REG_1));
	emit_packet(a, xdp ? (int)offsetof(struct xdp_md, data) :
			     (int)offsetof(struct __sk_buff, data),
		    xdp ? (int)offsetof(struct xdp_md, data_end) :
			  (int)offsetof(struct __sk_buff, data_end),
		    ETH_HLEN + BENCH_HEADERS, out);
	emit_next(a, packets, npackets, state);
	emit_copy(a);
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_6));
	be_emit_load64(a, BPF_REG_2, BPF_PSEUDO_MAP_FD, (uint32_t)array);
	be_emit(a, insn_movi(BPF_REG_3, 0));
	be_emit(a, insn_call(BPF_FUNC_tail_call));
	be_label_here(a, out);
	be_emit(a, insn_movi(BPF_REG_0, XDP_ABORTED));
	be_emit(a, insn_exit());
}

int bench_shuffler_load(enum be_hook_type type, int target, int packets,
			uint32_t npackets, int state,
			struct bench_shuffler *out, struct diag *diag)
{
	const bool xdp = type == BE_XDP;
	struct be_asm a;

	out->prog = -1;
	out->array = array_of(target, diag);
	if (out->array < 0)
		return out->array;
	emit_shuffler(&a, xdp, packets, npackets, state, out->array);
	out->prog = load(&a, xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS,
			 "bench_shuffle", diag);
	return out->prog < 0 ? out->prog : 0;
}

void bench_shuffler_free(struct bench_shuffler *s)
{
	if (s->prog >= 0)
		close(s->prog);
	if (s->array >= 0)
		close(s->array);
	s->prog = s->array = -1;
}

/* The Ethernet header; R9 = where the frame goes. */
static void emit_ethernet(struct be_asm *a, int conf)
{
	const int at = offsetof(struct bench_sender_conf, ethernet);

	be_emit_load64(a, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, (uint32_t)conf);
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_1, at));
	be_emit(a, insn_store(BPF_DW, BPF_REG_7, 0, BPF_REG_2));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, at + 8));
	be_emit(a, insn_store(BPF_W, BPF_REG_7, 8, BPF_REG_2));
	be_emit(a, insn_load(BPF_H, BPF_REG_2, BPF_REG_1, at + 12));
	be_emit(a, insn_store(BPF_H, BPF_REG_7, 12, BPF_REG_2));
	be_emit(a, insn_load(BPF_W, BPF_REG_9, BPF_REG_1,
			     offsetof(struct bench_sender_conf, ifindex)));
}

int bench_sender_load(int packets, uint32_t npackets, int conf,
		      struct diag *diag)
{
	be_label bad, drop;
	struct be_asm a;

	be_asm_init(&a);
	bad = be_label_new(&a);
	drop = be_label_new(&a);
	emit_packet(&a, offsetof(struct xdp_md, data),
		    offsetof(struct xdp_md, data_end),
		    ETH_HLEN + BENCH_HEADERS, bad);
	emit_next(&a, packets, npackets, conf);
	emit_copy(&a);
	emit_ethernet(&a, conf);
	be_jump(&a, insn_jumpi(BPF_JEQ, BPF_REG_9, 0), drop);
	be_emit(&a, insn_mov(BPF_REG_1, BPF_REG_9));
	be_emit(&a, insn_movi(BPF_REG_2, 0));
	be_emit(&a, insn_call(BPF_FUNC_redirect));
	be_emit(&a, insn_exit());
	be_label_here(&a, drop);
	be_emit(&a, insn_movi(BPF_REG_0, XDP_DROP));
	be_emit(&a, insn_exit());
	be_label_here(&a, bad);
	be_emit(&a, insn_movi(BPF_REG_0, XDP_ABORTED));
	be_emit(&a, insn_exit());
	return load(&a, BPF_PROG_TYPE_XDP, "bench_sender", diag);
}

/* Only an IPv4 header without options, and no fragment, goes on. */
static void emit_checks(struct be_asm *a, be_label out)
{
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BPF_REG_7, 12));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, htons(ETH_P_IP)), out);
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BPF_REG_7, ETH_HLEN));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0x45), out);
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BPF_REG_7, ETH_HLEN + 6));
	be_jump(a, insn_jumpi(BPF_JSET, BPF_REG_1, htons(0x3fff)), out);
}

/* struct key at the end of the stack. */
static void emit_key(struct be_asm *a)
{
	const int key = -(int)sizeof(struct key);

	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_7, ETH_HLEN + 12));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, key, BPF_REG_1));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_7, ETH_HLEN + 20));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, key + 8, BPF_REG_1));
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BPF_REG_7, ETH_HLEN + 9));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, key + 12, BPF_REG_1));
}

/* Returns the value found. */
static void emit_lookup(struct be_asm *a, int flows, int state)
{
	be_label found = be_label_new(a);

	be_emit_load64(a, BPF_REG_1, BPF_PSEUDO_MAP_FD, (uint32_t)flows);
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, -(int)sizeof(struct key)));
	be_emit(a, insn_call(BPF_FUNC_map_lookup_elem));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), found);
	be_emit_load64(a, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, (uint32_t)state);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, 4));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, 1));
	be_emit(a, insn_store(BPF_W, BPF_REG_1, 4, BPF_REG_2));
	be_emit(a, insn_movi(BPF_REG_0, XDP_ABORTED));
	be_emit(a, insn_exit());
	be_label_here(a, found);
	be_emit(a, insn_load(BPF_W, BPF_REG_0, BPF_REG_0, 0));
	be_emit(a, insn_exit());
}

int bench_yardstick_load(int flows, int state, struct diag *diag)
{
	struct be_asm a;
	be_label out;

	be_asm_init(&a);
	out = be_label_new(&a);
	emit_packet(&a, offsetof(struct xdp_md, data),
		    offsetof(struct xdp_md, data_end), ETH_HLEN + 24, out);
	emit_checks(&a, out);
	emit_key(&a);
	if (flows >= 0) {
		emit_lookup(&a, flows, state);
	} else {
		be_emit(&a, insn_movi(BPF_REG_0, XDP_PASS));
		be_emit(&a, insn_exit());
	}
	be_label_here(&a, out);
	be_emit(&a, insn_movi(BPF_REG_0, XDP_ABORTED));
	be_emit(&a, insn_exit());
	return load(&a, BPF_PROG_TYPE_XDP, "bench_yardstick", diag);
}

int bench_yardstick_flows_create(const struct bench_sequence *s,
				 struct diag *diag)
{
	const struct bench_flow *f;
	struct key key;
	uint32_t action, i;
	int fd;

	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "bench_flows", sizeof(key), 4,
			    s->flows->n, NULL);
	if (fd < 0)
		return failed(diag, "a map of flows");
	for (i = 0; i < s->n; i++) {
		f = &s->flows->v[s->flow[i]];
		memcpy(key.addrs, f->header + 12, 8);
		memcpy(key.ports, f->header + 20, 4);
		key.proto = f->header[9];
		action = f->accept ? XDP_PASS : XDP_DROP;
		if (bpf_map_update_elem(fd, &key, &action, 0)) {
			close(fd);
			return failed(diag, "a map of flows");
		}
	}
	return fd;
}
