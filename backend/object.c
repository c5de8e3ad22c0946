/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/object.c - programs written down instead of loaded
 *
 * The generator emits the same code; what it notes of each instruction that
 * refers to a map, the kernel's structures or its functions becomes a relocation.
 *
 * A loader gives a program the address of a map's value only for what is in
 * sections of variables, each of which becomes an array with one entry; all other maps
 * are described in ".maps".  What is large and begins as zeros goes into ".bss", the
 * one section of its kind that every loader knows.
 */
#include "backend/object.h"

#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/elf.h"
#include "backend/gen.h"
#include "backend/types.h"

#define MAPS	".maps"
#define BSS	".bss"
#define PAGE	4096

static const struct {
	const char	*section;
	const char	*name;
	const char	*brief;
	const char	*ctx;
} kinds[BE_NTYPES] = {
	[BE_NETFILTER]	= { "netfilter", "xtbpf_netfilter", "nf", "bpf_nf_ctx" },
	[BE_XDP]	= { "xdp", "xtbpf_xdp", "xdp", "xdp_md" },
	[BE_TC]		= { "tc", "xtbpf_tc", "tc", "__sk_buff" },
};

/* A map in the file. */
struct object_map {
	enum be_map_id	id;
	char		name[16];	/* the variable's, */
	char		section[24];	/* and where it is */
	uint32_t	offset;
	const struct be_map_def *def;
	uint32_t	symbol;
};

struct be_object {
	struct be_object_opts opts;
	uint32_t	n;
	struct be_object_program prog[BE_NTYPES];
	struct be_program_opts prog_opts[BE_NTYPES];
	struct be_gen	gen[BE_NTYPES];
	/* While the file is made. */
	struct be_elf	*elf;
	struct be_types	*types;
	struct object_map map[BE_NTYPES * BE_NMAPS];
	uint32_t	nmaps;
	uint32_t	kfunc[BE_NKFUNCS];	/* symbols; 0: none yet */
};

/* --- the programs --- */

static int add_program(struct be_object *o, const struct tr_classifier *c,
		       enum be_hook_type type, uint32_t hooks,
		       struct diag *diag)
{
	struct be_program_opts *po = &o->prog_opts[o->n];
	struct be_gen *g = &o->gen[o->n];
	int err;

	*po = (struct be_program_opts){
		.type = type, .hooks = hooks, .table_fd = -1, .counter_fd = -1,
		.ifindex_fd = -1, .test_fd = o->opts.test ? 0 : -1,
		.flows = o->opts.flows, .alone = true,
		.cpus = o->opts.cpus ? o->opts.cpus : BE_OBJECT_CPUS,
	};
	err = be_gen_alone(g, c, po, diag);
	o->prog[o->n++] = (struct be_object_program){
		.type = type, .section = kinds[type].section,
		.name = kinds[type].name, .hooks = hooks,
		.ninsns = g->a.ninsns,
	};
	return err;
}

struct be_object *be_object_new(const struct tr_classifier *c,
				const struct be_plan *plan,
				const struct be_object_opts *opts,
				struct diag *diag)
{
	struct be_object *o = calloc(1, sizeof(*o));
	int err = 0, type;

	if (!o) {
		diag_error(diag, NULL, "out of memory");
		errno = ENOMEM;
		return NULL;
	}
	o->opts = *opts;
	for (type = 0; !err && type < BE_NTYPES; type++)
		if (plan->hooks[type])
			err = add_program(o, c, (enum be_hook_type)type,
					  plan->hooks[type], diag);
	if (!err)
		return o;
	be_object_free(o);
	errno = -err;
	return NULL;
}

void be_object_free(struct be_object *o)
{
	uint32_t i;

	if (!o)
		return;
	for (i = 0; i < o->n; i++)
		be_asm_free(&o->gen[i].a);
	free(o);
}

const struct be_object_program *be_object_programs(const struct be_object *o,
						   uint32_t *n)
{
	*n = o->n;
	return o->prog;
}

/* --- maps --- */

/* Whether @g takes the address of the map's value, and nothing else of it. */
static int is_value(const struct be_gen *g, enum be_map_id id, bool *value)
{
	const struct be_map_def *d = &g->map[id].def;
	bool by_value = false, by_map = false;
	const struct be_ref *r;

	for (r = g->a.refs; r < g->a.refs + g->a.nrefs; r++) {
		if (r->what != id)
			continue;
		by_value = by_value || r->kind == BE_REF_VALUE;
		by_map = by_map || r->kind == BE_REF_MAP;
	}
	*value = by_value;
	if (!by_value)
		return d->data ? -EOPNOTSUPP : 0;
	if (by_map || d->type != BPF_MAP_TYPE_ARRAY || d->entries != 1)
		return -EOPNOTSUPP;
	return 0;
}

/* The map @id of program @p in the file, or NULL. */
static struct object_map *find_map(struct be_object *o, uint32_t p,
				   enum be_map_id id)
{
	const struct be_map_def *d = &o->gen[p].map[id].def;
	struct object_map *m;

	for (m = o->map; m < o->map + o->nmaps; m++)
		if (m->id == id && (m->def == d || be_map_is_shared(id)))
			return m;
	return NULL;
}

static void name_map(struct object_map *m, const char *brief, bool value)
{
	const char *name = m->def->name, *bare = name;

	if (!strncmp(bare, "xtbpf_", 6))
		bare += 6;
	if (be_map_is_shared(m->id))
		snprintf(m->name, sizeof(m->name), "%s", name);
	else
		snprintf(m->name, sizeof(m->name), "%.11s_%.3s", name, brief);
	if (!value)
		strcpy(m->section, MAPS);
	else if (!m->def->data && m->def->value > PAGE)
		strcpy(m->section, BSS);
	else
		snprintf(m->section, sizeof(m->section), ".data.%.6s%s%s", bare,
			 be_map_is_shared(m->id) ? "" : "_",
			 be_map_is_shared(m->id) ? "" : brief);
}

static int collect_map(struct be_object *o, uint32_t p, enum be_map_id id)
{
	const struct be_gen *g = &o->gen[p];
	struct object_map *m = &o->map[o->nmaps];
	bool value;
	int err;

	if (!g->map[id].used || find_map(o, p, id))
		return 0;
	err = is_value(g, id, &value);
	if (err)
		return err;
	*m = (struct object_map){ .id = id, .def = &g->map[id].def };
	name_map(m, kinds[o->prog[p].type].brief, value);
	o->nmaps++;
	return 0;
}

static int collect_maps(struct be_object *o)
{
	uint32_t p;
	int id, err = 0;

	o->nmaps = 0;
	for (p = 0; p < o->n; p++)
		for (id = 0; !err && id < BE_NMAPS; id++)
			err = collect_map(o, p, (enum be_map_id)id);
	return err;
}

static bool is_in(const struct object_map *m, const char *section)
{
	return !strcmp(m->section, section);
}

/* Variables of @section get their places; the bytes it has. */
static uint32_t lay_out(struct be_object *o, const char *section)
{
	const uint32_t desc = be_types_map_size();
	struct object_map *m;
	uint32_t at = 0;

	for (m = o->map; m < o->map + o->nmaps; m++) {
		if (!is_in(m, section))
			continue;
		m->offset = at;
		at += is_in(m, MAPS) ? desc :
		      (m->def->value + PAGE - 1) / PAGE * PAGE;
	}
	return at;
}

/* The section ".maps" or ".bss", of @size bytes, unless it is empty. */
static void write_common(struct be_object *o, const char *name, uint32_t type,
			 uint32_t size)
{
	const struct be_elf_section s = {
		.name = name, .type = type, .align = 8, .size = size,
		.flags = SHF_ALLOC | SHF_WRITE,
	};
	struct object_map *m;
	uint32_t section;

	if (!size)
		return;
	section = be_elf_section(o->elf, &s);
	for (m = o->map; m < o->map + o->nmaps; m++)
		if (is_in(m, name))
			m->symbol = be_elf_symbol(o->elf, m->name, STT_OBJECT,
						  section, m->offset,
						  type == SHT_NOBITS ?
						  m->def->value :
						  be_types_map_size());
}

static void write_value(struct be_object *o, struct object_map *m)
{
	const struct be_map_def *d = m->def;
	const struct be_elf_section s = {
		.name = m->section, .flags = SHF_ALLOC | SHF_WRITE,
		.type = SHT_PROGBITS, .align = 8, .data = d->data,
		.data_size = d->data_size, .size = d->value,
	};

	m->symbol = be_elf_symbol(o->elf, m->name, STT_OBJECT,
				  be_elf_section(o->elf, &s), 0, d->value);
}

static void write_maps(struct be_object *o)
{
	const uint32_t bss = lay_out(o, BSS), maps = lay_out(o, MAPS);
	struct object_map *m;

	for (m = o->map; m < o->map + o->nmaps; m++)
		if (!is_in(m, MAPS) && !is_in(m, BSS))
			write_value(o, m);
	write_common(o, BSS, SHT_NOBITS, bss);
	write_common(o, MAPS, SHT_PROGBITS, maps);
	for (m = o->map; m < o->map + o->nmaps; m++)
		if (is_in(m, MAPS))
			be_types_add_map(o->types, m->id, m->name, m->def,
					 m->offset);
		else
			be_types_add_value(o->types, m->id, m->name,
					   m->section, m->def, m->offset);
}

/* --- code --- */

/* Nothing of the kernel at hand may be left in it: all has a name to go by. */
static bool is_adaptable(const struct be_asm *a)
{
	const struct be_ref *r;

	for (r = a->refs; r < a->refs + a->nrefs; r++)
		if (r->kind == BE_REF_MEMBER &&
		    be_members[r->what].kind == BE_NESTED)
			return false;
	return true;
}

static void relocate(struct be_object *o, uint32_t p, uint32_t section,
		     const struct be_ref *r, struct bpf_insn *insn)
{
	struct object_map *m;

	switch (r->kind) {
	case BE_REF_MAP:
	case BE_REF_VALUE:
		m = find_map(o, p, (enum be_map_id)r->what);
		insn->src_reg = 0;
		insn->imm = 0;
		insn[1].imm = 0;
		be_elf_relocate(o->elf, section, r->at * 8, R_BPF_64_64,
				m ? m->symbol : 0);
		break;
	case BE_REF_KFUNC:
		insn->src_reg = BPF_PSEUDO_CALL;
		insn->imm = -1;
		be_types_add_kfunc(o->types, (enum be_kfunc)r->what);
		if (!o->kfunc[r->what])
			o->kfunc[r->what] = be_elf_symbol(o->elf,
							  be_kfuncs[r->what],
							  STT_NOTYPE, 0, 0, 0);
		be_elf_relocate(o->elf, section, r->at * 8, R_BPF_64_32,
				o->kfunc[r->what]);
		break;
	default:
		break;		/* .BTF.ext */
	}
}

static int write_program(struct be_object *o, uint32_t p)
{
	const struct be_object_program *prog = &o->prog[p];
	const struct be_asm *a = &o->gen[p].a;
	const size_t size = a->ninsns * sizeof(*a->insns);
	struct bpf_insn *insns = malloc(size);
	struct be_elf_section s = {
		.name = prog->section, .type = SHT_PROGBITS, .align = 8,
		.flags = SHF_ALLOC | SHF_EXECINSTR, .data = insns,
		.data_size = size, .size = size,
	};
	uint32_t section, i;

	if (!insns)
		return -ENOMEM;
	if (!is_adaptable(a)) {
		free(insns);
		return -EOPNOTSUPP;
	}
	memcpy(insns, a->insns, size);
	/* It is the next one: relocations are noted before it is written. */
	section = be_elf_sections(o->elf) + 1;
	for (i = 0; i < a->nrefs; i++)
		relocate(o, p, section, &a->refs[i], &insns[a->refs[i].at]);
	be_elf_section(o->elf, &s);
	be_elf_symbol(o->elf, prog->name, STT_FUNC, section, 0, size);
	be_types_add_program(o->types, prog->name, prog->section,
			     kinds[prog->type].ctx, a);
	free(insns);
	return 0;
}

/* --- the file --- */

static void write_bytes(struct be_object *o, const char *name, uint32_t type,
			const void *data, size_t size)
{
	const struct be_elf_section s = {
		.name = name, .type = type, .align = type == SHT_STRTAB ? 1 : 4,
		.data = data, .data_size = size, .size = size,
	};

	be_elf_section(o->elf, &s);
}

/*
 * A table of strings is the one kind of section that loaders pass over without a
 * word.  It begins with an empty one.
 */
static int write_note(struct be_object *o, const char *note)
{
	const size_t len = strlen(note);
	char *s = calloc(1, len + 2);

	if (!s)
		return -ENOMEM;
	memcpy(s + 1, note, len);
	write_bytes(o, ".xtbpf", SHT_STRTAB, s, len + 2);
	free(s);
	return 0;
}

static int write_all(struct be_object *o, const char *note, void **image,
		     size_t *size)
{
	const struct be_elf_section license = {
		.name = "license", .type = SHT_PROGBITS, .align = 1,
		.flags = SHF_ALLOC | SHF_WRITE, .data = "GPL", .data_size = 4,
		.size = 4,
	};
	struct be_types_section btf, ext;
	uint32_t i;
	int err;

	err = collect_maps(o);
	if (err)
		return err;
	write_maps(o);
	for (i = 0; !err && i < o->n; i++)
		err = write_program(o, i);
	if (!err)
		err = be_types_finish(o->types, &btf, &ext);
	if (err)
		return err;
	be_elf_section(o->elf, &license);
	write_bytes(o, ".BTF", SHT_PROGBITS, btf.data, btf.size);
	write_bytes(o, ".BTF.ext", SHT_PROGBITS, ext.data, ext.size);
	if (note)
		err = write_note(o, note);
	return err ? err : be_elf_finish(o->elf, image, size);
}

int be_object_finish(struct be_object *o, const char *note, void **image,
		     size_t *size, struct diag *diag)
{
	int err = -ENOMEM;

	memset(o->kfunc, 0, sizeof(o->kfunc));
	o->elf = be_elf_new();
	o->types = be_types_new();
	if (o->elf && o->types)
		err = write_all(o, note, image, size);
	be_elf_free(o->elf);
	be_types_free(o->types);
	o->elf = NULL;
	o->types = NULL;
	if (err)
		diag_error(diag, NULL, "cannot make an object: %s",
			   strerror(-err));
	return err;
}
