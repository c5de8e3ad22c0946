/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/inputs.h - the rulesets that a batch is about, and what each becomes
 */
#ifndef CMD_INPUTS_H
#define CMD_INPUTS_H

#include <stdint.h>

struct cmd_input {
	char		*path;
	char		*output;	/* where its object goes */
};

struct cmd_inputs {
	struct cmd_input *input;	/* in the order named, folders sorted */
	uint32_t	n;
	uint32_t	size;
};

/*
 * Adds @path, a file, or a folder for all files in and below it, but for those that
 * are hidden, end in ~, or are objects.  @dir: the folder for objects, in which those of
 * a folder's files are placed as the files are; NULL: beside the file.  0 or -errno,
 * with the path at fault in *at, which is good until the next call.
 */
int cmd_inputs_add(struct cmd_inputs *in, const char *path, const char *dir,
		   const char **at);

/*
 * Two inputs that would become the same object are put in *a and *b: -EEXIST.  0:
 * there are none, or -ENOMEM.
 */
int cmd_inputs_clash(const struct cmd_inputs *in, const struct cmd_input **a,
		     const struct cmd_input **b);

void cmd_inputs_free(struct cmd_inputs *in);

#endif
