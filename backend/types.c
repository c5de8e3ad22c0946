/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/types.c - .BTF by libbpf, and .BTF.ext by hand
 *
 * .BTF.ext has three tables behind its header, each beginning with the size of a
 * record, then for each section its name, how many records, and these: which types
 * programs have, which lines they come from, and which instructions are to be
 * adapted, sorted by where they are.
 */
#include "backend/types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXT_MAGIC	0xeb9f

/* struct btf_ext_header; libbpf has it to itself. */
struct ext_header {
	uint16_t	magic;
	uint8_t		version;
	uint8_t		flags;
	uint32_t	hdr_len;
	uint32_t	func_off;
	uint32_t	func_len;
	uint32_t	line_off;
	uint32_t	line_len;
	uint32_t	core_off;
	uint32_t	core_len;
};

/* The members of kernel structures, by structure. */
struct structure {
	const char	*name;
	uint32_t	id;
};

struct program {
	uint32_t	section;	/* its name */
	uint32_t	func;
	struct bpf_core_relo *relo;
	uint32_t	nrelos;
};

struct be_types {
	struct btf	*btf;
	int		err;
	int		u8, u16, u32, u64, integer, character;
	int		pointer;	/* to void */
	int		counter;
	int		reads;		/* what tells Linux 6.17 */
	struct structure structure[BE_NMEMBERS];
	uint32_t	nstructures;
	int		kfunc[BE_NKFUNCS];
	struct variable {
		char	section[24];
		int	id;
		uint32_t offset;
		uint32_t size;
	}		var[BE_NMAPS * BE_NTYPES];
	uint32_t	nvars;
	struct program	*program;
	uint32_t	nprograms;
	char		*ext;
	size_t		next;
};

/* An id, or 0: then the error sticks. */
static int got(struct be_types *t, int id)
{
	if (id < 0 && !t->err)
		t->err = id;
	return id < 0 ? 0 : id;
}

static int add_pointer(struct be_types *t, int to)
{
	return got(t, btf__add_ptr(t->btf, to));
}

static void add_field(struct be_types *t, const char *name, int type,
		      uint32_t offset)
{
	got(t, btf__add_field(t->btf, name, type, offset * 8, 0));
}

static void add_basic(struct be_types *t)
{
	struct btf *b = t->btf;

	t->integer = got(t, btf__add_int(b, "int", 4, BTF_INT_SIGNED));
	t->character = got(t, btf__add_int(b, "char", 1, BTF_INT_SIGNED));
	t->u8 = got(t, btf__add_int(b, "unsigned char", 1, 0));
	t->u16 = got(t, btf__add_int(b, "unsigned short", 2, 0));
	t->u32 = got(t, btf__add_int(b, "unsigned int", 4, 0));
	t->u64 = got(t, btf__add_int(b, "unsigned long long", 8, 0));
	t->pointer = add_pointer(t, 0);
	t->counter = got(t, btf__add_struct(b, "xtbpf_counter", 16));
	add_field(t, "packets", t->u64, offsetof(struct ir_counter, packets));
	add_field(t, "bytes", t->u64, offsetof(struct ir_counter, bytes));
}

struct be_types *be_types_new(void)
{
	struct be_types *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->btf = btf__new_empty();
	if (t->btf)
		add_basic(t);
	if (t->btf && !t->err)
		return t;
	be_types_free(t);
	return NULL;
}

void be_types_free(struct be_types *t)
{
	uint32_t i;

	if (!t)
		return;
	for (i = 0; i < t->nprograms; i++)
		free(t->program[i].relo);
	free(t->program);
	free(t->ext);
	btf__free(t->btf);
	free(t);
}

/* --- maps --- */

enum { MAP_MEMBERS = 5 };

uint32_t be_types_map_size(void)
{
	return MAP_MEMBERS * 8;
}

/* The type that says a number: a pointer to an array of so many. */
static int number(struct be_types *t, uint32_t n)
{
	return add_pointer(t, got(t, btf__add_array(t->btf, t->u32, t->integer,
						    n)));
}

/* Map ids that are known by their types; others are so many bytes. */
static int value_type(const struct be_types *t, enum be_map_id id)
{
	return id == BE_MAP_COUNTERS ? t->counter : 0;
}

static void add_variable(struct be_types *t, const char *name,
			 const char *section, int type, uint32_t offset,
			 uint32_t size)
{
	struct variable *v = &t->var[t->nvars];

	if (t->nvars == sizeof(t->var) / sizeof(t->var[0])) {
		got(t, -E2BIG);
		return;
	}
	t->nvars++;
	*v = (struct variable){ .offset = offset, .size = size };
	snprintf(v->section, sizeof(v->section), "%s", section);
	v->id = got(t, btf__add_var(t->btf, name, BTF_VAR_GLOBAL_ALLOCATED,
				    type));
}

void be_types_add_map(struct be_types *t, enum be_map_id id, const char *name,
		      const struct be_map_def *d, uint32_t offset)
{
	const bool typed = value_type(t, id) && d->key == 4;
	int type[MAP_MEMBERS], desc;

	type[0] = number(t, d->type);
	type[1] = typed ? add_pointer(t, t->u32) : number(t, d->key);
	type[2] = typed ? add_pointer(t, value_type(t, id)) :
		  number(t, d->value);
	type[3] = number(t, d->entries);
	type[4] = number(t, d->flags);
	desc = got(t, btf__add_struct(t->btf, NULL, be_types_map_size()));
	add_field(t, "type", type[0], 0);
	add_field(t, typed ? "key" : "key_size", type[1], 8);
	add_field(t, typed ? "value" : "value_size", type[2], 16);
	add_field(t, "max_entries", type[3], 24);
	add_field(t, "map_flags", type[4], 32);
	add_variable(t, name, ".maps", desc, offset, be_types_map_size());
}

void be_types_add_value(struct be_types *t, enum be_map_id id, const char *name,
			const char *section, const struct be_map_def *d,
			uint32_t offset)
{
	const int elem = id == BE_MAP_TABLE ? t->u32 : t->u8;
	const uint32_t size = id == BE_MAP_TABLE ? 4 : 1;

	add_variable(t, name, section,
		     got(t, btf__add_array(t->btf, t->integer, elem,
					   d->value / size)), offset, d->value);
}

/* The section of variable @first, which is the first there. */
static void finish_section(struct be_types *t, const struct variable *first)
{
	const struct variable *end = t->var + t->nvars, *v;
	uint32_t size = 0;

	for (v = first; v < end; v++)
		if (!strcmp(v->section, first->section))
			size = v->offset + v->size;
	got(t, btf__add_datasec(t->btf, first->section, size));
	for (v = first; v < end; v++)
		if (!strcmp(v->section, first->section))
			got(t, btf__add_datasec_var_info(t->btf, v->id,
							 v->offset, v->size));
}

static void finish_maps(struct be_types *t)
{
	const struct variable *v, *w;

	for (v = t->var; v < t->var + t->nvars; v++) {
		for (w = t->var; strcmp(w->section, v->section); w++)
			;
		if (w == v)
			finish_section(t, v);
	}
}

/* --- functions of the kernel --- */

/* A pointer to a structure of which nothing but the name is known. */
static int opaque(struct be_types *t, const char *name)
{
	return add_pointer(t, got(t, btf__add_struct(t->btf, name, 0)));
}

/* As in the kernel: a loader compares the kinds of types. */
static int proto(struct be_types *t, enum be_kfunc f)
{
	struct btf *b = t->btf;
	int skb, dynptr, id;

	if (f == BE_DYNPTR_FROM_SKB) {
		skb = opaque(t, "__sk_buff");
		dynptr = opaque(t, "bpf_dynptr");
		id = got(t, btf__add_func_proto(b, t->integer));
		got(t, btf__add_func_param(b, "skb", skb));
		got(t, btf__add_func_param(b, "flags", t->u64));
		got(t, btf__add_func_param(b, "ptr", dynptr));
		return id;
	}
	id = got(t, btf__add_func_proto(b, t->pointer));
	got(t, btf__add_func_param(b, "obj", t->pointer));
	if (f == BE_RDONLY_CAST)
		got(t, btf__add_func_param(b, "btf_id", t->u32));
	return id;
}

void be_types_add_kfunc(struct be_types *t, enum be_kfunc f)
{
	if (t->kfunc[f])
		return;
	t->kfunc[f] = got(t, btf__add_func(t->btf, be_kfuncs[f],
					   BTF_FUNC_EXTERN, proto(t, f)));
}

static void finish_kfuncs(struct be_types *t)
{
	bool any = false;
	int i;

	for (i = 0; i < BE_NKFUNCS; i++) {
		if (!t->kfunc[i])
			continue;
		if (!any)
			got(t, btf__add_datasec(t->btf, ".ksyms", 0));
		any = true;
		got(t, btf__add_datasec_var_info(t->btf, t->kfunc[i], 0, 0));
	}
}

/* --- what is to be adapted --- */

static int member_type(struct be_types *t, const struct be_member_info *m)
{
	switch (m->kind) {
	case BE_POINTER:
		return t->pointer;
	case BE_CHARS:
		return got(t, btf__add_array(t->btf, t->integer, t->character,
					     m->size));
	case BE_BIT:
		return t->u8;
	case BE_UNSIGNED:
	case BE_NESTED:
		break;
	}
	return m->size == 8 ? t->u64 : m->size == 4 ? t->u32 :
	       m->size == 2 ? t->u16 : t->u8;
}

/* The structure named @name, made where it is not there yet. */
static uint32_t structure(struct be_types *t, const char *name)
{
	const struct be_member_info *m;
	int type[BE_NMEMBERS], id, i;
	struct be_kernel k;
	uint32_t n;

	for (n = 0; n < t->nstructures; n++)
		if (!strcmp(t->structure[n].name, name))
			return t->structure[n].id;
	be_kernel_invent(&k);
	for (i = 0; i < BE_NMEMBERS; i++)
		type[i] = be_member_is_of((enum be_member)i, name) ?
			  member_type(t, &be_members[i]) : 0;
	id = got(t, btf__add_struct(t->btf, name, be_kernel_invented_size(name)));
	for (i = 0; i < BE_NMEMBERS; i++) {
		m = &be_members[i];
		if (be_member_is_of((enum be_member)i, name))
			got(t, btf__add_field(t->btf, m->name, type[i],
					      (uint32_t)k.member[i] * 8,
					      m->kind == BE_BIT));
	}
	t->structure[t->nstructures++] = (struct structure){
		name, (uint32_t)id,
	};
	return (uint32_t)id;
}

/* The position of @m among the members of its structure. */
static int position(uint32_t m)
{
	uint32_t i;
	int n = 0;

	for (i = 0; i < m; i++)
		n += be_member_is_of((enum be_member)i, be_members[m].type);
	return n;
}

/*
 * Since Linux 6.17 bpf_rdonly_cast() gives any memory to read.  No type says so, but
 * struct bpf_stream came right after it, in the same release.
 */
static uint32_t reads(struct be_types *t)
{
	if (!t->reads) {
		t->reads = got(t, btf__add_struct(t->btf, "bpf_stream", 4));
		add_field(t, "capacity", t->integer, 0);
	}
	return (uint32_t)t->reads;
}

static enum bpf_core_relo_kind relo_kind(uint16_t kind)
{
	switch (kind) {
	case BE_REF_LSHIFT:
		return BPF_CORE_FIELD_LSHIFT_U64;
	case BE_REF_RSHIFT:
		return BPF_CORE_FIELD_RSHIFT_U64;
	case BE_REF_READS:
		return BPF_CORE_TYPE_EXISTS;
	default:
		return BPF_CORE_FIELD_BYTE_OFFSET;
	}
}

static void add_relo(struct be_types *t, struct program *p,
		     const struct be_ref *ref)
{
	struct bpf_core_relo *r = &p->relo[p->nrelos++];
	char path[32] = "0";

	r->insn_off = ref->at * 8;
	r->kind = relo_kind(ref->kind);
	if (ref->kind == BE_REF_READS) {
		r->type_id = reads(t);
	} else {
		r->type_id = structure(t, be_members[ref->what].type);
		snprintf(path, sizeof(path), "0:%d", position(ref->what));
		/* Within an array of characters. */
		if (ref->add)
			snprintf(path + strlen(path),
				 sizeof(path) - strlen(path), ":%d", ref->add);
	}
	r->access_str_off = (uint32_t)got(t, btf__add_str(t->btf, path));
}

static bool is_of_kernel(const struct be_ref *ref)
{
	return ref->kind != BE_REF_MAP && ref->kind != BE_REF_VALUE &&
	       ref->kind != BE_REF_KFUNC;
}

static int program_type(struct be_types *t, const char *name, const char *ctx)
{
	const int arg = opaque(t, ctx);
	int type;

	type = got(t, btf__add_func_proto(t->btf, t->integer));
	got(t, btf__add_func_param(t->btf, "ctx", arg));
	return got(t, btf__add_func(t->btf, name, BTF_FUNC_GLOBAL, type));
}

void be_types_add_program(struct be_types *t, const char *name,
			  const char *section, const char *ctx,
			  const struct be_asm *a)
{
	struct program *p;
	uint32_t i;

	p = realloc(t->program, (t->nprograms + 1) * sizeof(*p));
	if (!p) {
		got(t, -ENOMEM);
		return;
	}
	t->program = p;
	p += t->nprograms++;
	*p = (struct program){
		.relo = calloc(a->nrefs + 1, sizeof(*p->relo)),
	};
	if (!p->relo) {
		got(t, -ENOMEM);
		return;
	}
	p->section = (uint32_t)got(t, btf__add_str(t->btf, section));
	p->func = (uint32_t)program_type(t, name, ctx);
	for (i = 0; i < a->nrefs; i++)
		if (is_of_kernel(&a->refs[i]))
			add_relo(t, p, &a->refs[i]);
}

/* --- .BTF.ext --- */

static void put(struct be_types *t, const void *data, size_t size)
{
	char *p = realloc(t->ext, t->next + size);

	if (!p) {
		got(t, -ENOMEM);
		return;
	}
	t->ext = p;
	memcpy(p + t->next, data, size);
	t->next += size;
}

static void put_word(struct be_types *t, uint32_t w)
{
	put(t, &w, sizeof(w));
}

static uint32_t put_funcs(struct be_types *t)
{
	const size_t from = t->next;
	uint32_t i;

	put_word(t, sizeof(struct bpf_func_info));
	for (i = 0; i < t->nprograms; i++) {
		put_word(t, t->program[i].section);
		put_word(t, 1);
		put_word(t, 0);
		put_word(t, t->program[i].func);
	}
	return (uint32_t)(t->next - from);
}

/* A loader misses them: one, which says nothing. */
static uint32_t put_lines(struct be_types *t)
{
	const uint32_t name = (uint32_t)got(t, btf__add_str(t->btf, "ruleset"));
	const size_t from = t->next;
	uint32_t i;

	put_word(t, sizeof(struct bpf_line_info));
	for (i = 0; i < t->nprograms; i++) {
		const struct bpf_line_info line = { .file_name_off = name };

		put_word(t, t->program[i].section);
		put_word(t, 1);
		put(t, &line, sizeof(line));
	}
	return (uint32_t)(t->next - from);
}

static uint32_t put_relos(struct be_types *t)
{
	const size_t from = t->next;
	const struct program *p;
	uint32_t i, any = 0;

	for (i = 0; i < t->nprograms; i++)
		any += t->program[i].nrelos;
	if (!any)
		return 0;
	put_word(t, sizeof(struct bpf_core_relo));
	for (i = 0; i < t->nprograms; i++) {
		p = &t->program[i];
		if (!p->nrelos)
			continue;
		put_word(t, p->section);
		put_word(t, p->nrelos);
		put(t, p->relo, p->nrelos * sizeof(*p->relo));
	}
	return (uint32_t)(t->next - from);
}

int be_types_finish(struct be_types *t, struct be_types_section *btf,
		    struct be_types_section *ext)
{
	struct ext_header h = {
		.magic = EXT_MAGIC, .version = 1, .hdr_len = sizeof(h),
	};
	uint32_t size;

	finish_maps(t);
	finish_kfuncs(t);
	put(t, &h, sizeof(h));
	h.func_len = put_funcs(t);
	h.line_off = h.func_len;
	h.line_len = put_lines(t);
	h.core_off = h.line_off + h.line_len;
	h.core_len = put_relos(t);
	if (t->err)
		return t->err;
	memcpy(t->ext, &h, sizeof(h));
	*ext = (struct be_types_section){ t->ext, t->next };
	btf->data = btf__raw_data(t->btf, &size);
	btf->size = size;
	return btf->data ? 0 : -ENOMEM;
}
