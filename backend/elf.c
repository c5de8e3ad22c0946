/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/elf.c - what is written in an object, laid out by libelf
 *
 * libelf writes to files alone: the file is one in memory.
 */
#include "config.h"

#include "backend/elf.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct section {
	uint32_t	name;		/* in the strings */
	uint32_t	type;
	uint64_t	flags;
	uint32_t	align;
	uint32_t	link;
	uint32_t	info;
	void		*data;		/* owned; NULL: none in the file */
	size_t		size;
};

struct be_elf {
	struct section	*section;	/* number 1 is the first */
	uint32_t	nsections;
	char		*string;
	size_t		nstring;
	Elf64_Sym	*symbol;
	uint32_t	nsymbols;
	struct rel {
		uint32_t section;
		Elf64_Rel rel;
	}		*rel;
	uint32_t	nrels;
	int		err;
};

/* Room for @add more at *array of *n, or NULL: the error sticks. */
static void *more(struct be_elf *e, void **array, size_t n, size_t add,
		  size_t size)
{
	void *p;

	if (e->err)
		return NULL;
	p = realloc(*array, (n + add) * size);
	if (!p) {
		e->err = -ENOMEM;
		return NULL;
	}
	*array = p;
	return (char *)p + n * size;
}

/* Where @s is in the strings. */
static uint32_t string(struct be_elf *e, const char *s)
{
	const size_t len = strlen(s) + 1, at = e->nstring;
	void *p = e->string, *to = more(e, &p, at, len, 1);

	if (!to)
		return 0;
	e->string = p;
	memcpy(to, s, len);
	e->nstring += len;
	return (uint32_t)at;
}

struct be_elf *be_elf_new(void)
{
	struct be_elf *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	string(e, "");
	be_elf_symbol(e, "", STT_NOTYPE, 0, 0, 0);
	if (!e->err) {
		e->symbol[0].st_info = 0;
		return e;
	}
	be_elf_free(e);
	return NULL;
}

void be_elf_free(struct be_elf *e)
{
	uint32_t i;

	if (!e)
		return;
	for (i = 0; i < e->nsections; i++)
		free(e->section[i].data);
	free(e->section);
	free(e->string);
	free(e->symbol);
	free(e->rel);
	free(e);
}

uint32_t be_elf_section(struct be_elf *e, const struct be_elf_section *s)
{
	void *p = e->section;
	struct section *to = more(e, &p, e->nsections, 1, sizeof(*to));

	if (!to)
		return 0;
	e->section = p;
	*to = (struct section){
		.type = s->type, .flags = s->flags, .align = s->align,
		.size = s->size,
	};
	e->nsections++;
	if (s->type != SHT_NOBITS) {
		to->data = calloc(1, s->size ? s->size : 1);
		if (!to->data)
			e->err = -ENOMEM;
		else if (s->data_size)
			memcpy(to->data, s->data, s->data_size);
	}
	to->name = string(e, s->name);
	return e->nsections;
}

uint32_t be_elf_sections(const struct be_elf *e)
{
	return e->nsections;
}

uint32_t be_elf_symbol(struct be_elf *e, const char *name, int type,
		       uint32_t section, uint64_t value, uint64_t size)
{
	void *p = e->symbol;
	Elf64_Sym *to = more(e, &p, e->nsymbols, 1, sizeof(*to));

	if (!to)
		return 0;
	e->symbol = p;
	*to = (Elf64_Sym){
		.st_info = ELF64_ST_INFO(STB_GLOBAL, type),
		.st_shndx = (uint16_t)section, .st_value = value,
		.st_size = size,
	};
	e->nsymbols++;
	to->st_name = *name ? string(e, name) : 0;
	return e->nsymbols - 1;
}

void be_elf_relocate(struct be_elf *e, uint32_t section, uint64_t offset,
		     uint32_t type, uint32_t symbol)
{
	void *p = e->rel;
	struct rel *to = more(e, &p, e->nrels, 1, sizeof(*to));

	if (!to)
		return;
	e->rel = p;
	*to = (struct rel){
		section, { offset, ELF64_R_INFO(symbol, type) },
	};
	e->nrels++;
}

/* The section of relocations for @section, where there are any. */
static void add_relocations(struct be_elf *e, uint32_t section, uint32_t symtab)
{
	Elf64_Rel *list = calloc(e->nrels + 1, sizeof(*list));
	struct be_elf_section s = { .type = SHT_REL, .align = 8, .data = list };
	uint32_t i, n = 0, at;
	char name[64] = ".rel";

	for (i = 0; list && i < e->nrels; i++)
		if (e->rel[i].section == section)
			list[n++] = e->rel[i].rel;
	if (!list)
		e->err = -ENOMEM;
	if (n && !e->err) {
		strncat(name, e->string + e->section[section - 1].name,
			sizeof(name) - strlen(name) - 1);
		s.name = name;
		s.size = s.data_size = n * sizeof(*list);
		at = be_elf_section(e, &s);
		if (at) {
			e->section[at - 1].link = symtab;
			e->section[at - 1].info = section;
		}
	}
	free(list);
}

/* The symbols, relocations and strings; the number of the last. */
static uint32_t add_tables(struct be_elf *e)
{
	const uint32_t n = e->nsections;
	struct be_elf_section s = {
		.name = ".symtab", .type = SHT_SYMTAB, .align = 8,
		.data = e->symbol, .data_size = e->nsymbols * sizeof(Elf64_Sym),
		.size = e->nsymbols * sizeof(Elf64_Sym),
	};
	uint32_t symtab, strtab, i;

	symtab = be_elf_section(e, &s);
	for (i = 1; i <= n; i++)
		add_relocations(e, i, symtab);
	s = (struct be_elf_section){
		.name = ".strtab", .type = SHT_STRTAB, .align = 1,
		.size = 1,
	};
	strtab = be_elf_section(e, &s);
	if (e->err)
		return 0;
	e->section[symtab - 1].link = strtab;
	e->section[symtab - 1].info = 1;	/* the first that is global */
	return strtab;
}

static size_t entry_size(uint32_t type)
{
	return type == SHT_SYMTAB ? sizeof(Elf64_Sym) :
	       type == SHT_REL ? sizeof(Elf64_Rel) : 0;
}

static Elf_Type data_type(uint32_t type)
{
	return type == SHT_SYMTAB ? ELF_T_SYM :
	       type == SHT_REL ? ELF_T_REL : ELF_T_BYTE;
}

static int write_section(Elf *elf, const struct section *s)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *data = scn ? elf_newdata(scn) : NULL;
	Elf64_Shdr *h = data ? elf64_getshdr(scn) : NULL;

	if (!h)
		return -EIO;
	h->sh_name = s->name;
	h->sh_type = s->type;
	h->sh_flags = s->flags;
	h->sh_link = s->link;
	h->sh_info = s->info;
	h->sh_entsize = entry_size(s->type);
	data->d_buf = s->data;
	data->d_size = s->size;
	data->d_align = s->align;
	data->d_type = data_type(s->type);
	data->d_version = EV_CURRENT;
	return 0;
}

static int write_all(const struct be_elf *e, uint32_t strtab, Elf *elf)
{
	const uint16_t order = 1;
	Elf64_Ehdr *h = elf64_newehdr(elf);
	uint32_t i;
	int err = 0;

	if (!h)
		return -EIO;
	h->e_ident[EI_DATA] = *(const uint8_t *)&order ? ELFDATA2LSB :
			      ELFDATA2MSB;
	h->e_type = ET_REL;
	h->e_machine = EM_BPF;
	h->e_version = EV_CURRENT;
	h->e_shstrndx = (uint16_t)strtab;
	for (i = 0; !err && i < e->nsections; i++)
		err = write_section(elf, &e->section[i]);
	if (!err && elf_update(elf, ELF_C_WRITE) < 0)
		err = -EIO;
	return err;
}

static int read_back(int fd, void **image, size_t *size)
{
	struct stat st;
	size_t done = 0;
	ssize_t n;
	char *p;

	if (fstat(fd, &st))
		return -errno;
	*size = (size_t)st.st_size;
	p = malloc(*size + 1);
	if (!p)
		return -ENOMEM;
	while (done < *size) {
		n = pread(fd, p + done, *size - done, (off_t)done);
		if (n <= 0) {
			free(p);
			return n ? -errno : -EIO;
		}
		done += (size_t)n;
	}
	*image = p;
	return 0;
}

int be_elf_finish(struct be_elf *e, void **image, size_t *size)
{
	uint32_t strtab = add_tables(e);
	Elf *elf = NULL;
	int fd, err = e->err;

	if (err)
		return err;
	/* Only now no string is added any more. */
	free(e->section[strtab - 1].data);
	e->section[strtab - 1].data = e->string;
	e->section[strtab - 1].size = e->nstring;
	fd = memfd_create("object", MFD_CLOEXEC);
	if (fd < 0)
		err = -errno;
	if (!err && elf_version(EV_CURRENT) != EV_NONE)
		elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (!err && !elf)
		err = -EIO;
	if (!err)
		err = write_all(e, strtab, elf);
	elf_end(elf);
	if (!err)
		err = read_back(fd, image, size);
	if (fd >= 0)
		close(fd);
	e->string = NULL;	/* the section's */
	return err;
}
