/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/machine.c - what the numbers were measured on */
#include "config.h"

#include "cmd/bench/machine.h"

#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define VULNERABILITIES	"/sys/devices/system/cpu/vulnerabilities"

/* The first line of a file, without its newline. */
static bool first_line(const char *path, char *s, size_t len)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(s, (int)len, f) != NULL;
	fclose(f);
	if (ok)
		s[strcspn(s, "\n")] = '\0';
	return ok;
}

static void read_cpu(struct bench_machine *m)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[512], *colon;

	strcpy(m->cpu, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (!colon || (strncmp(line, "model name", 10) &&
			       strncmp(line, "Model", 5)))
			continue;
		colon[1 + strcspn(colon + 1, "\n")] = '\0';
		snprintf(m->cpu, sizeof(m->cpu), "%s",
			 colon + 1 + strspn(colon + 1, " "));
		break;
	}
	if (f)
		fclose(f);
}

static int vulnerability(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* Each that the CPU is affected by. */
static void read_mitigations(struct bench_machine *m)
{
	struct dirent **e;
	char path[320], what[200];
	size_t len = 0;
	int n, i;

	n = scandir(VULNERABILITIES, &e, vulnerability, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), VULNERABILITIES "/%s",
			 e[i]->d_name);
		if (first_line(path, what, sizeof(what)) &&
		    strcmp(what, "Not affected") &&
		    len < sizeof(m->mitigations))
			len += (size_t)snprintf(m->mitigations + len,
						sizeof(m->mitigations) - len,
						"%s%s: %s", len ? "; " : "",
						e[i]->d_name, what);
		free(e[i]);
	}
	if (n >= 0)
		free(e);
}

void bench_machine_read(struct bench_machine *m)
{
	double gib = (double)sysconf(_SC_PHYS_PAGES) *
		     (double)sysconf(_SC_PAGESIZE) / (1 << 30);
	struct utsname u;
	double load;

	memset(m, 0, sizeof(*m));
	read_cpu(m);
	read_mitigations(m);
	m->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	m->pinned = sched_getcpu();
	if (!uname(&u))
		snprintf(m->kernel, sizeof(m->kernel), "%.30s %.60s %.30s",
			 u.sysname, u.release, u.machine);
	snprintf(m->memory, sizeof(m->memory), "%.1f GiB", gib);
	if (!first_line("/sys/class/dmi/id/product_name", m->virt,
			sizeof(m->virt)))
		m->virt[0] = '\0';
	if (getloadavg(&load, 1) == 1)
		snprintf(m->load, sizeof(m->load), "%.2f", load);
}
