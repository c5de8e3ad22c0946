/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/iface.c - an interface becomes its class
 *
 * By name, as iptables compares: a class is the number of the table's boundaries
 * <= the name, found by a binary search whose steps are known beforehand.  Or by
 * index, where a program does not see the name: in an array, or in a hash, of those
 * there are when it is loaded; an index that is not there is dropped.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/gen.h"
#include "backend/sys.h"

/* Interfaces with numbers below this are looked up in an array. */
#define ARRAY_MAX	4096

/* Where the name is kept meanwhile. */
#define NAME_HIGH	BE_FRAME(offset)
#define NAME_LOW	BE_FRAME(length)

/*
 * The name of the device R1 into the frame, as two numbers.  What the kernel
 * leaves behind the NUL does not matter: a pattern with a NUL ends there, so
 * that no boundary is between two such names.
 */
static void load_name(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_gen_member_at(g, BPF_DW, BPF_REG_2, BPF_REG_1, BE_DEV_NAME, 8);
	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_1, BE_DEV_NAME);
	be_emit(a, insn_ntoh(BPF_REG_1, 64));
	be_emit(a, insn_ntoh(BPF_REG_2, 64));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, NAME_HIGH, BPF_REG_1));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, NAME_LOW, BPF_REG_2));
}

/*
 * R1 += @by when the boundary @by - 1 behind that with the number R1 is <= the
 * name.
 *
 * In: R5 the table.  Clobbers R2 to R4.
 */
static void step(struct be_gen *g, uint32_t by)
{
	struct be_asm *a = &g->a;
	be_label up = be_label_new(a), stay = be_label_new(a);

	be_emit(a, insn_mov32(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_2, 4));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2,
			     (int32_t)(g->c->ifaces + (by - 1) * 16)));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, (int32_t)g->mask));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_2, BPF_REG_5));
	be_emit(a, insn_load(BPF_DW, BPF_REG_3, BPF_REG_2, 0));
	be_emit(a, insn_load(BPF_DW, BPF_REG_4, BPF_REG_10, NAME_HIGH));
	be_jump(a, insn_jump(BPF_JGT, BPF_REG_3, BPF_REG_4), stay);
	be_jump(a, insn_jump(BPF_JLT, BPF_REG_3, BPF_REG_4), up);
	be_emit(a, insn_load(BPF_DW, BPF_REG_3, BPF_REG_2, 8));
	be_emit(a, insn_load(BPF_DW, BPF_REG_4, BPF_REG_10, NAME_LOW));
	be_jump(a, insn_jump(BPF_JGT, BPF_REG_3, BPF_REG_4), stay);
	be_label_here(a, up);
	be_emit(a, insn_alu32i(BPF_ADD, BPF_REG_1, (int32_t)by));
	be_label_here(a, stay);
}

/*
 * R1 = 0, which the verifier must not know: it would follow every way through
 * the search on its own.
 */
static void unknown_zero(struct be_asm *a)
{
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10, NAME_HIGH));
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_10, NAME_HIGH));
	be_emit(a, insn_alu32(BPF_SUB, BPF_REG_1, BPF_REG_2));
}

void be_gen_ifname(struct be_gen *g, enum ir_field f)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);
	uint32_t n = g->c->nifaces, half;

	if (!be_gen_uses(g, f))
		return;
	be_gen_set(g, f, tr_iface_class(g->c, NULL));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), done);
	load_name(g);
	be_gen_value(g, BPF_REG_5, BE_MAP_TABLE);
	unknown_zero(a);
	for (; n; n -= half) {
		half = (n + 1) / 2;
		step(g, half);
	}
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(f), BPF_REG_1));
	be_label_here(a, done);
}

static int create_array(const struct be_iface *iface, uint32_t n, uint32_t size)
{
	uint32_t *value = calloc(size, sizeof(*value)), zero = 0, i;
	int fd, err;

	if (!value)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		value[iface[i].ifindex] = 1 + iface[i].class;
	fd = be_sys_map_create(BPF_MAP_TYPE_ARRAY, "xtb_ifindex", sizeof(zero),
			       size * (uint32_t)sizeof(*value), 1);
	err = fd < 0 ? fd : be_sys_map_put(fd, &zero, value);
	free(value);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

static int create_hash(const struct be_iface *iface, uint32_t n)
{
	int fd, err = 0;
	uint32_t i;

	fd = be_sys_map_create(BPF_MAP_TYPE_HASH, "xtb_ifindex",
			       sizeof(uint32_t), sizeof(uint32_t), n ? n : 1);
	for (i = 0; !err && fd >= 0 && i < n; i++)
		err = be_sys_map_put(fd, &iface[i].ifindex, &iface[i].class);
	if (err)
		close(fd);
	return err ? err : fd;
}

int be_ifaces_create(const struct be_iface *iface, uint32_t n, uint32_t *array)
{
	uint32_t max = 0, i;

	for (i = 0; i < n; i++)
		if (max < iface[i].ifindex)
			max = iface[i].ifindex;
	*array = max < ARRAY_MAX ? max + 1 : 0;
	return *array ? create_array(iface, n, *array) : create_hash(iface, n);
}

/* R1, the number of an interface, becomes its class. */
static void look_into_array(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_1, (int32_t)g->opts->nifindexes),
		g->drop);
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 2));
	be_gen_value(g, BPF_REG_2, BE_MAP_IFACES);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_2, 0));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), g->drop);
	be_emit(a, insn_alui(BPF_SUB, BPF_REG_1, 1));
}

static void look_into_hash(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(key), BPF_REG_1));
	be_gen_map(g, BPF_REG_1, BE_MAP_IFACES);
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, BE_FRAME(key)));
	be_emit(a, insn_call(BPF_FUNC_map_lookup_elem));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_0, 0), g->drop);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_0, 0));
}

void be_gen_ifindex(struct be_gen *g, enum ir_field f)
{
	if (!be_gen_uses(g, f))
		return;
	if (g->opts->nifindexes)
		look_into_array(g);
	else
		look_into_hash(g);
	be_emit(&g->a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(f), BPF_REG_1));
}

/* R2 is one of @dev[0..n-1], ascending, or on to @no. */
static void find(struct be_asm *a, const uint32_t *dev, uint32_t n, be_label yes,
		 be_label no)
{
	be_label upper;
	uint32_t i;

	if (n > 2) {
		upper = be_label_new(a);
		be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_2, (int32_t)dev[n / 2]),
			upper);
		find(a, dev, n / 2, yes, no);
		be_label_here(a, upper);
		find(a, dev + n / 2, n - n / 2, yes, no);
		return;
	}
	for (i = 0; i < n; i++)
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, (int32_t)dev[i]), yes);
	be_jump(a, insn_ja(), no);
}

/*
 * A stub on a device is there because some ruleset asked for it: the other
 * family's, or one that is not in force yet, or no more.
 */
void be_gen_devices(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label here;

	if (!g->opts->dev)
		return;
	here = be_label_new(a);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, g->ops->device));
	/* No device has this number; the verifier wants all code in reach. */
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, 0), here);
	find(a, g->opts->dev, g->opts->ndevs, here, g->accept);
	be_label_here(a, here);
}
