/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/output.h - files that are whole or not there
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include <stddef.h>

/*
 * Puts @size bytes where @path says, in place of what was there.  Whoever opens it
 * finds the old file or the new, whole; after an error, or when the process is
 * killed, nothing is left of the new one (but where the file system has no unnamed
 * files: a hidden file beside it).  0 or -errno.
 */
int cmd_output_write(const char *path, const void *data, size_t size);

/* Makes the folders that @path, a file, is to be in.  0 or -errno. */
int cmd_output_folders(const char *path);

/*
 * Removes the file that was written before.  1: it was there; 0: it was not; or
 * -errno, -EISDIR and the like for what is not a plain file.
 */
int cmd_output_remove(const char *path);

#endif
