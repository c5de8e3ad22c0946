/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/xt.c - libxtables, set up and fenced in
 *
 * Every call that may end in xtables_error() is made inside fe_xt_run(): the
 * message is printed where it is known, in iptables' layout, and siglongjmp()
 * leads back.  What libxtables itself holds at that moment is lost, as it is in
 * iptables, which exits there.
 */
#include "frontend/xt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <xtables.h>

#include "frontend/command.h"

static sigjmp_buf *fence;	/* the innermost fe_xt_run(), or NULL */
static int input_line = -1;
static const struct fe_family *family;	/* NULL: not started */

static void leave(enum xtables_exittype status, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));
static int any_revision(const char *name, uint8_t rev, int opt);

static struct xtables_globals globals = {
	.program_name	 = "iptables-bpf",
	.program_version = FE_PROGRAM_VERSION,
	.orig_opts	 = fe_command_options,
	.exit_err	 = leave,
	.compat_rev	 = any_revision,
};

static const struct {
	uint8_t		number;
	const char	*name;
} protos[] = {
	{ 6, "tcp" }, { 132, "sctp" }, { 17, "udp" }, { 136, "udplite" },
	{ 1, "icmp" }, { 58, "ipv6-icmp" }, { 50, "esp" }, { 51, "ah" },
	{ 135, "mobility-header" }, { 33, "dccp" }, { 108, "ipcomp" },
	{ 0, "all" },
};

static int any_revision(const char *name, uint8_t rev, int opt)
{
	(void)name;
	(void)rev;
	(void)opt;
	return 1;
}

static void jump(int status) __attribute__((noreturn));
static void jump(int status)
{
	if (!fence)
		exit(status);
	siglongjmp(*fence, status ? status : OTHER_PROBLEM);
}

static void try_help(void)
{
	if (input_line != -1)
		fprintf(stderr, "Error occurred at line: %d\n", input_line);
	fprintf(stderr, "Try `%s -h' or '%s --help' for more information.\n",
		globals.program_name, globals.program_name);
}

static void leave(enum xtables_exittype status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s v%s: ", globals.program_name,
		globals.program_version);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (status == PARAMETER_PROBLEM)
		try_help();
	if (status == VERSION_PROBLEM)
		fprintf(stderr,
			"Perhaps %s or your kernel needs to be upgraded.\n",
			globals.program_name);
	jump(status);
}

void fe_xt_leave_tryhelp(void)
{
	try_help();
	jump(PARAMETER_PROBLEM);
}

int fe_xt_init(int af, const char *prog)
{
	const struct fe_family *f = fe_family_get(af);

	if (!f)
		return -EINVAL;
	globals.program_name = prog;
	if (!family && xtables_init_all(&globals, f->nfproto) < 0)
		return -EINVAL;
	if (family && family != f)
		xtables_set_nfproto(f->nfproto);
	family = f;
	return 0;
}

const struct fe_family *fe_xt_family(void)
{
	return family;
}

void fe_xt_set_program(const char *prog)
{
	globals.program_name = prog;
}

const char *fe_xt_program(void)
{
	return globals.program_name;
}

void fe_xt_set_line(int line)
{
	input_line = line;
}

int fe_xt_run(int (*fn)(void *arg), void *arg)
{
	sigjmp_buf *const outer = fence;
	sigjmp_buf here;
	int status;

	status = sigsetjmp(here, 0);
	if (!status) {
		fence = &here;
		status = fn(arg);
	}
	fence = outer;
	return status;
}

int fe_xt_print(FILE *out, int (*fn)(void *arg), void *arg)
{
	FILE *old = stdout;
	int status;

	stdout = out;
	status = fe_xt_run(fn, arg);
	stdout = old;
	return status;
}

void fe_xt_forget_options(void)
{
	xtables_free_opts(1);
}

const char *fe_xt_proto_name(uint8_t proto)
{
	size_t i;

	for (i = 0; i < sizeof(protos) / sizeof(*protos); i++)
		if (protos[i].number == proto)
			return protos[i].name;
	return NULL;
}
