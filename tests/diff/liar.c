/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/liar.c - a kernel that runs one program wrongly
 *
 * To be preloaded: the test run with the number $LIAR, from 1 on, returns what it
 * would not.  So one can see what becomes of a program that is not what it should
 * be, without having one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

static long nth;

/* What libbpf calls; bpf() has three arguments, the others at most six. */
long syscall(long number, ...)
{
	static long (*next)(long, ...);
	union bpf_attr *attr;
	long a[6], ret;
	va_list ap;
	int i;

	if (!next)
		next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	ret = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number != SYS_bpf || a[0] != BPF_PROG_TEST_RUN || ret < 0)
		return ret;
	attr = (union bpf_attr *)a[1];
	if (getenv("LIAR") && ++nth == atol(getenv("LIAR")))
		attr->test.retval = !attr->test.retval;
	return ret;
}
