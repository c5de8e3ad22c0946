/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/elf.h - a relocatable ELF file, as a BPF loader reads it
 *
 * Sections, symbols and relocations are added in any order, each with the number
 * it has then; the file is made at the end, in memory.  Adding never fails: the
 * first error sticks.  The same calls make the same bytes.
 */
#ifndef BACKEND_ELF_H
#define BACKEND_ELF_H

#include <stddef.h>
#include <stdint.h>

struct be_elf;

/* NULL: out of memory. */
struct be_elf *be_elf_new(void);
void be_elf_free(struct be_elf *e);

struct be_elf_section {
	const char	*name;		/* copied, as are the bytes */
	uint32_t	type;		/* SHT_* */
	uint64_t	flags;		/* SHF_* */
	uint32_t	align;
	const void	*data;		/* NULL: zeros */
	size_t		data_size;
	size_t		size;		/* zeros are behind the data */
};

/* Its number. */
uint32_t be_elf_section(struct be_elf *e, const struct be_elf_section *s);

/* How many there are. */
uint32_t be_elf_sections(const struct be_elf *e);

/* @type: STT_*; @section: 0 where it is defined elsewhere.  Its number. */
uint32_t be_elf_symbol(struct be_elf *e, const char *name, int type,
		       uint32_t section, uint64_t value, uint64_t size);

/* What is at @offset of @section is to be that of @symbol.  @type: R_BPF_* */
void be_elf_relocate(struct be_elf *e, uint32_t section, uint64_t offset,
		     uint32_t type, uint32_t symbol);

/* The bytes, the caller's to free().  0 or -errno. */
int be_elf_finish(struct be_elf *e, void **image, size_t *size);

#endif
