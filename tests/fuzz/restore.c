/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/fuzz/restore.c - any bytes as a ruleset
 *
 * Whatever is read must neither crash nor hang nor leave libxtables unusable;
 * each table that gets as far as COMMIT is printed, and must come back from its
 * image as it was.  Each input is read twice, the second time with -c -n -v.
 * What begins with "# IPv6" is ip6tables'.
 *
 * With libFuzzer (configure --enable-fuzzer) or, as part of `make check`, over
 * the files named or those of the corpus.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <xtables.h>

#include "frontend/image.h"
#include "frontend/restore.h"
#include "frontend/save.h"
#include "frontend/xt.h"
#include "ir/dump.h"

#define COMMAS_MAX	200	/* two lists multiply */
#define MARK6		"# IPv6"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int family;
static bool reading;		/* an extension may be running */
static FILE *nowhere;
static void *kept;		/* the image of the last table committed */
static size_t kept_size;

/* Some extensions exit() where they should call xtables_error(). */
void exit(int status)
{
	void (*real)(int) __attribute__((noreturn));
	void *sym;

	if (reading)
		xtables_error(OTHER_PROBLEM, "an extension wants to exit");
	sym = dlsym(RTLD_NEXT, "exit");
	memcpy(&real, &sym, sizeof(real));
	real(status);
}

static int begin(void *ctx, const char *name, struct ir_table **out,
		 struct diag *diag)
{
	const bool *again = ctx;

	if (*again && kept && !strcmp(name, "filter"))
		return fe_image_read(kept, kept_size, out, diag);
	*out = ir_table_new(family, name);
	return *out ? 0 : -errno;
}

static char *dump(const struct ir_table *t)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	ir_dump_table(f, t);
	fclose(f);
	return text;
}

static void check_image(const struct ir_table *t)
{
	struct ir_table *u;
	char *a, *b;

	free(kept);
	if (fe_image_write(t, false, &kept, &kept_size) ||
	    fe_image_read(kept, kept_size, &u, NULL))
		abort();
	a = dump(t);
	b = dump(u);
	if (strcmp(a, b))
		abort();
	free(a);
	free(b);
	ir_table_free(u);
}

static int commit(void *ctx, struct ir_table *t, struct diag *diag)
{
	(void)ctx;
	(void)diag;
	fe_save_table(nowhere, t, true);
	check_image(t);
	return 0;
}

static void abort_table(void *ctx)
{
	(void)ctx;
}

static void restore(const uint8_t *data, size_t size, bool again)
{
	static const struct fe_restore_ops ops = {
		.begin	= begin,
		.commit	= commit,
		.abort	= abort_table,
	};
	const struct fe_restore_opts opts = {
		.prog		= "iptables-restore",
		.counters	= again,
		.noflush	= again,
		.verbose	= again,
		.refused	= true,
	};
	FILE *in = fmemopen((void *)data, size, "r");

	if (!in)
		abort();
	reading = true;
	fe_restore(in, &opts, &ops, &again);
	reading = false;
	fclose(in);
}

static bool too_many_commas(const uint8_t *data, size_t size)
{
	unsigned int n = 0;

	while (size--)
		n += *data++ == ',';
	return n > COMMAS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *out = stdout, *err = stderr;

	if (!size || too_many_commas(data, size))
		return 0;
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	family = size >= strlen(MARK6) && !memcmp(data, MARK6, strlen(MARK6)) ?
		 AF_INET6 : AF_INET;
	if (!nowhere || fe_xt_init(family, "iptables-restore"))
		abort();
	stdout = nowhere;
	stderr = nowhere;
	restore(data, size, false);
	restore(data, size, true);
	stdout = out;
	stderr = err;
	free(kept);
	kept = NULL;
	return 0;
}

#ifndef FUZZER
/* What libxtables holds when an error leads out of it is not ours to free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libxtables.so\nleak:/xtables/lib\n";
}

static void replay(const char *name)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(name, "r");
	size_t size;

	if (!f) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
}

static void replay_corpus(void)
{
	const char *top = getenv("srcdir");
	char name[4096], file[8192];
	unsigned int n = 0;
	struct dirent *e;
	DIR *dir;

	snprintf(name, sizeof(name), "%s/tests/fuzz/corpus", top ? top : ".");
	dir = opendir(name);
	if (!dir) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", name, e->d_name);
		replay(file);
		n++;
	}
	closedir(dir);
	if (!n) {
		fprintf(stderr, "%s: no files\n", name);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2)
		replay_corpus();
	for (i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
#endif
