/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/ours.c - ours, in force in a lab, as a judge */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ns.h"
#include "frontend/image.h"
#include "tests/diff/judge.h"
#include "tests/diff/table.h"
#include "translator/classifier.h"

struct ours {
	struct lab	*lab;
	struct be_ns	*ns;
	int		family;
	uint32_t	n;
};

static int phase(void *ctx, uint32_t number)
{
	return lab_phase(((struct ours *)ctx)->lab, number);
}

static int inject(void *ctx, const struct pg_packet *p)
{
	return lab_inject(((struct ours *)ctx)->lab, p);
}

static int through(void *ctx, struct lab_through *out)
{
	return lab_through(((struct ours *)ctx)->lab, out);
}

static int read_counters(void *ctx, struct ir_counter *count)
{
	struct ours *o = ctx;
	struct be_image image = { 0 };
	struct diag diag;
	int err;

	diag_init(&diag);
	err = be_ns_read(o->ns, o->family, &image, &diag);
	if (!err && image.ncounters == o->n) {
		memcpy(count, image.counter, o->n * sizeof(*count));
	} else {
		fprintf(stderr, "ours: %u counters, not %u\n", image.ncounters,
			o->n);
		diag_print(&diag, stderr, "oracle");
		err = -1;
	}
	be_image_free(&image);
	diag_clear(&diag);
	return err;
}

static void end(void *ctx)
{
	struct ours *o = ctx;
	struct diag diag;

	diag_init(&diag);
	if (o->ns && !lab_enter(o->lab)) {
		if (be_ns_detach(o->ns, AF_UNSPEC, &diag))
			diag_print(&diag, stderr, "oracle");
		be_ns_close(o->ns);
		lab_leave(o->lab);
	}
	diag_clear(&diag);
	free(o);
}

/* In the lab's namespace. */
static int put_in_force(struct ours *o, const struct ir_table *t,
			const char *attach, struct diag *diag)
{
	struct be_commit c = {
		.family = o->family, .conntrack = table_stateful(t),
	};
	struct ir_counter *start = calloc(o->n, sizeof(*start));
	uint32_t *continues = malloc(o->n * sizeof(*continues));
	struct tr_classifier *cl = tr_translate(t, NULL, diag);
	struct be_attach where;
	void *image = NULL;
	int err = -1;

	if (!start || !continues || !cl)
		goto out;
	memset(continues, 0xff, o->n * sizeof(*continues));
	err = be_attach_parse(attach, &where, diag);
	if (!err)
		err = be_attach_check(t, &where, diag);
	if (!err)
		err = fe_image_write(t, false, &image, &c.size);
	if (!err)
		err = be_ns_open(&o->ns, true, diag);
	if (err)
		goto out;
	c.classifier = cl;
	c.ruleset = image;
	c.start = start;
	c.continues = continues;
	c.attach = &where;
	err = be_ns_commit(o->ns, &c, diag);
out:
	free(image);
	tr_classifier_free(cl);
	free(continues);
	free(start);
	return err;
}

int judge_ours(struct judge *j, struct lab *lab, const struct ir_table *t,
	       const char *attach)
{
	struct ours *o = calloc(1, sizeof(*o));
	struct diag diag;
	int err;

	*j = (struct judge){ "ours", o, UINT32_MAX, phase, inject,
			     read_counters, through, end };
	if (!o)
		return -1;
	o->lab = lab;
	o->family = ir_table_family(t);
	o->n = table_ncounters(t);
	diag_init(&diag);
	err = lab_enter(lab);
	if (!err)
		err = put_in_force(o, t, attach, &diag);
	if (err)
		diag_print(&diag, stderr, "oracle");
	diag_clear(&diag);
	return lab_leave(lab) || err ? -1 : 0;
}
