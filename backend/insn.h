/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/insn.h - BPF instructions as values
 *
 * ALU operations without a suffix are 64 bits wide, "32" ones zero the upper
 * half.  "i" takes an immediate, no "i" a register.
 */
#ifndef BACKEND_INSN_H
#define BACKEND_INSN_H

#include <stdint.h>

#include <linux/bpf.h>

/* Newer than the headers this is built with: Linux 6.9, linux/bpf.h. */
#define BE_BPF_JCOND		0xe0
#define BE_PSEUDO_KFUNC_CALL	2

static inline struct bpf_insn insn_make(int code, int dst, int src, int off,
					int32_t imm)
{
	return (struct bpf_insn){
		.code		= (uint8_t)code,
		.dst_reg	= (uint8_t)dst & 0xf,
		.src_reg	= (uint8_t)src & 0xf,
		.off		= (int16_t)off,
		.imm		= imm,
	};
}

static inline struct bpf_insn insn_mov(int dst, int src)
{
	return insn_make(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static inline struct bpf_insn insn_movi(int dst, int32_t imm)
{
	return insn_make(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static inline struct bpf_insn insn_mov32(int dst, int src)
{
	return insn_make(BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static inline struct bpf_insn insn_mov32i(int dst, uint32_t imm)
{
	return insn_make(BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, (int32_t)imm);
}

/* @op: BPF_ADD, BPF_AND ... */
static inline struct bpf_insn insn_alu(int op, int dst, int src)
{
	return insn_make(BPF_ALU64 | op | BPF_X, dst, src, 0, 0);
}

static inline struct bpf_insn insn_alui(int op, int dst, int32_t imm)
{
	return insn_make(BPF_ALU64 | op | BPF_K, dst, 0, 0, imm);
}

static inline struct bpf_insn insn_alu32(int op, int dst, int src)
{
	return insn_make(BPF_ALU | op | BPF_X, dst, src, 0, 0);
}

static inline struct bpf_insn insn_alu32i(int op, int dst, int32_t imm)
{
	return insn_make(BPF_ALU | op | BPF_K, dst, 0, 0, imm);
}

/* The low @bits (16, 32, 64) from network to host order, the rest zeroed. */
static inline struct bpf_insn insn_ntoh(int dst, int bits)
{
	return insn_make(BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, bits);
}

/* @size: BPF_B, BPF_H, BPF_W, BPF_DW */
static inline struct bpf_insn insn_load(int size, int dst, int src, int off)
{
	return insn_make(BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static inline struct bpf_insn insn_store(int size, int dst, int off, int src)
{
	return insn_make(BPF_STX | BPF_MEM | size, dst, src, off, 0);
}

static inline struct bpf_insn insn_storei(int size, int dst, int off,
					  int32_t imm)
{
	return insn_make(BPF_ST | BPF_MEM | size, dst, 0, off, imm);
}

/* @op: BPF_ADD, BPF_AND, BPF_OR, with BPF_FETCH for the old value in @src. */
static inline struct bpf_insn insn_atomic(int size, int op, int dst, int off,
					  int src)
{
	return insn_make(BPF_STX | BPF_ATOMIC | size, dst, src, off, op);
}

/* Jumps get their offset from be_jump(). */
static inline struct bpf_insn insn_ja(void)
{
	return insn_make(BPF_JMP | BPF_JA, 0, 0, 0, 0);
}

static inline struct bpf_insn insn_jump(int op, int dst, int src)
{
	return insn_make(BPF_JMP | op | BPF_X, dst, src, 0, 0);
}

static inline struct bpf_insn insn_jumpi(int op, int dst, int32_t imm)
{
	return insn_make(BPF_JMP | op | BPF_K, dst, 0, 0, imm);
}

/* Jumps when the program has looped too long; falls through otherwise. */
static inline struct bpf_insn insn_may_goto(void)
{
	return insn_make(BPF_JMP | BE_BPF_JCOND, 0, 0, 0, 0);
}

static inline struct bpf_insn insn_exit(void)
{
	return insn_make(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* @func: enum bpf_func_id */
static inline struct bpf_insn insn_call(int func)
{
	return insn_make(BPF_JMP | BPF_CALL, 0, 0, 0, func);
}

/* @id: of the function in the kernel's BTF */
static inline struct bpf_insn insn_kfunc(int32_t id)
{
	return insn_make(BPF_JMP | BPF_CALL, 0, BE_PSEUDO_KFUNC_CALL, 0, id);
}

#endif
