/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/dump.c - a classifier as text
 *
 * Reads the block as translator/classifier.h says a program does, following
 * every way a packet can take: from the hooks to segments, and from the records
 * of these to more.  Indented by what is inside what.
 */
#include "cmd/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ir/field.h"

struct dump {
	FILE		*out;
	const struct tr_classifier *c;
	uint32_t	*segment;	/* seen, in the order they are shown */
	uint32_t	n, room;
	int		err;
};

static const char *const actions[] = {
	[TR_CONTINUE]	= "continue",
	[TR_ACCEPT]	= "ACCEPT",
	[TR_DROP]	= "DROP",
	[TR_RETURN]	= "RETURN",
	[TR_JUMP]	= "jump",
	[TR_GOTO]	= "goto",
	[6]		= "?",
	[7]		= "?",
};

static const void *at(const struct dump *d, uint32_t offset)
{
	return (const char *)d->c->word + offset;
}

/* Notes a segment to be shown, once. */
static void note(struct dump *d, uint32_t segment)
{
	uint32_t *more, i;

	for (i = 0; i < d->n; i++)
		if (d->segment[i] == segment)
			return;
	if (d->n == d->room) {
		more = realloc(d->segment, (d->room + 64) * sizeof(*more));
		if (!more) {
			d->err = -ENOMEM;
			return;
		}
		d->segment = more;
		d->room += 64;
	}
	d->segment[d->n++] = segment;
}

/* A test that every value passes is not shown. */
static void dump_test(const struct dump *d, const struct tr_test *t,
		      const uint8_t *rec)
{
	const char *name = ir_field_name(t->field);
	const uint8_t *p = rec + t->offset;
	uint32_t value, mask;
	uint64_t wide[2];
	uint16_t lo, more;

	switch (t->kind) {
	case TR_TEST_MASKED32:
		memcpy(&value, p, 4);
		memcpy(&mask, p + 4, 4);
		if (mask)
			fprintf(d->out, " %s=%x/%x", name, value, mask);
		break;
	case TR_TEST_MASKED64:
		memcpy(&wide[0], p, 8);
		memcpy(&wide[1], p + 8, 8);
		if (wide[1])
			fprintf(d->out, " %s=%" PRIx64 "/%" PRIx64,
				d->c->layout.pair ? "addrs" : name,
				wide[0], wide[1]);
		break;
	case TR_TEST_RANGE16:
		memcpy(&lo, p, 2);
		memcpy(&more, p + 2, 2);
		if (lo || more != UINT16_MAX)
			fprintf(d->out, " %s=%u..%u", name, lo, lo + more);
		break;
	case TR_TEST_MASKED8:
		if (p[1])
			fprintf(d->out, " %s=%x/%x", name, p[0], p[1]);
		break;
	case TR_TEST_KIND16:
		memcpy(&lo, p, 2);
		memcpy(&more, p + 2, 2);
		if (more & 0xff)
			fprintf(d->out, " %s=%x/%x", name, lo, more & 0xff);
		if (more >> 8)
			fprintf(d->out, " !%s&%x", ir_field_name(IR_KIND),
				more >> 8);
		break;
	case TR_TEST_BITS16:
		memcpy(&lo, p, 2);
		if (lo != UINT16_MAX)
			fprintf(d->out, " %s&%x", name, lo);
		break;
	}
}

static void dump_terms(struct dump *d, const struct tr_term *t)
{
	const char *sep = " ";

	for (;; t++) {
		fprintf(d->out, "%s%s%s&%x=%u..%u", sep,
			t->op & TR_TERM_NEGATE ? "!" : "",
			ir_field_name(t->op & TR_TERM_FIELD), t->mask, t->lo,
			t->hi);
		if (t->op & TR_TERM_END)
			return;
		sep = t->op & TR_TERM_LAST ? " " : "|";
	}
}

/* A rule's record, or with @tests false a segment's end. */
static void dump_record(struct dump *d, const uint32_t *rec, bool tests)
{
	const struct tr_layout *l = &d->c->layout;
	uint32_t action = rec[0] & TR_ACTION_MASK;
	int i;

	fprintf(d->out, "%u%s", rec[0] >> TR_ID_SHIFT,
		rec[0] & TR_UNCOUNTED ? " uncounted" : "");
	for (i = 0; tests && i < l->ntests; i++)
		dump_test(d, &l->test[i], (const uint8_t *)rec);
	if (tests && l->extra && rec[l->extra / 4])
		dump_terms(d, at(d, rec[l->extra / 4]));
	fprintf(d->out, " %s", actions[action]);
	if (action == TR_JUMP || action == TR_GOTO) {
		fprintf(d->out, " %x", rec[l->target / 4]);
		note(d, rec[l->target / 4]);
	}
	fputc('\n', d->out);
}

static void dump_leaf(struct dump *d, uint32_t offset, int depth)
{
	const uint32_t *rec;

	do {
		rec = at(d, offset);
		fprintf(d->out, "%*s", 2 * depth, "");
		dump_record(d, rec, true);
		offset += d->c->layout.size;
	} while (!(rec[0] & TR_LAST));
}

/* Trees are as deep as tr_stats.max_depth says, which is little. */
static void dump_tree(struct dump *d, uint32_t ref, int depth)
{
	uint32_t offset = ref & ~(uint32_t)TR_REF_MASK, k, i;
	const uint32_t *node;

	if ((ref & TR_REF_MASK) == TR_LEAF)
		dump_leaf(d, offset, depth);
	if ((ref & TR_REF_MASK) < TR_NODE8)
		return;
	k = (ref & TR_REF_MASK) == TR_NODE8 ? 7 : 3;
	node = at(d, offset);
	fprintf(d->out, "%*snode %x %s\n", 2 * depth, "", offset,
		ir_field_name(node[0]));
	for (i = 0; i <= k; i++) {
		if ((node[1 + k + i] & TR_REF_MASK) == TR_EMPTY)
			continue;
		fprintf(d->out, "%*s", 2 * depth + 2, "");
		if (i < k)
			fprintf(d->out, "to %u\n", node[1 + i]);
		else
			fprintf(d->out, "above %u\n", node[k]);
		dump_tree(d, node[1 + k + i], depth + 2);
	}
}

static const char *half_name(uint32_t half)
{
	static const char *const names[TR_NHALVES] = {
		"", "src ", "src low ", "dst ", "dst low ",
	};

	return half < TR_NHALVES ? names[half] : "? ";
}

static void dump_group(struct dump *d, const struct tr_group *g)
{
	const struct tr_slot *slot = at(d, g->slots);
	uint64_t n = tr_group_slots(g), i;

	fprintf(d->out, "    group of %u..%u: mask", g->min0 >> TR_ID_SHIFT,
		g->max0 >> TR_ID_SHIFT);
	for (i = 0; i < 2 && (!i || g->mask[i]); i++)
		fprintf(d->out, " %s%016" PRIx64, half_name(g->half[i]),
			g->mask[i]);
	fprintf(d->out, ", %" PRIu64 " slots\n", n);
	for (i = 0; i < n; i++) {
		if ((slot[i].ref & TR_REF_MASK) == TR_EMPTY)
			continue;
		fprintf(d->out, "      slot %" PRIu64 " from %u\n", i,
			slot[i].min0 >> TR_ID_SHIFT);
		dump_tree(d, slot[i].ref, 4);
	}
}

static void dump_segment(struct dump *d, uint32_t offset)
{
	const struct tr_segment *s = at(d, offset);
	const struct tr_group *g;
	int variant;

	fprintf(d->out, "segment %x\n", offset);
	for (variant = 0; variant < 2; variant++, s++) {
		if (variant && !memcmp(s, s - 1, sizeof(*s)))
			return;
		fprintf(d->out, "  %s\n", variant ? "not whole" : "whole");
		for (g = at(d, s->groups); g->min0 != UINT32_MAX; g++)
			dump_group(d, g);
		fputs("    end ", d->out);
		dump_record(d, at(d, s->end), false);
	}
}

static void dump_head(struct dump *d)
{
	const struct tr_classifier *c = d->c;
	int i;

	fprintf(d->out, "classifier %u bytes, %u counters, depth %u\nfields",
		c->size, c->ncounters, c->depth);
	for (i = 0; i < IR_NFIELDS; i++)
		if (c->fields & 1u << i)
			fprintf(d->out, " %s", ir_field_name(i));
	fprintf(d->out, "\nrecord %u bytes\n", c->layout.size);
	for (i = 0; i < IR_NHOOKS; i++) {
		if (!c->hook[i].present)
			continue;
		fprintf(d->out, "hook %s segment %x policy %x\n",
			ir_hook_name(i), c->hook[i].segment, c->hook[i].policy);
		note(d, c->hook[i].segment);
		note(d, c->hook[i].policy);
	}
}

int cmd_classifier_dump(FILE *out, const struct tr_classifier *c)
{
	struct dump d = { .out = out, .c = c };
	uint32_t i;

	dump_head(&d);
	for (i = 0; i < d.n && !d.err; i++)
		dump_segment(&d, d.segment[i]);
	free(d.segment);
	return d.err;
}
