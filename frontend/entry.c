/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/entry.c - building, walking and comparing the entries of rules
 *
 * Comparing is that of libiptc: the IP part, then match by match and the
 * target, of each only the bytes that user space fills in (the kernel keeps
 * pointers in the others).
 */
#include "frontend/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#define ENTRY_MAX	UINT16_MAX	/* the type of next_offset */
#define MATCH_HEADER	XT_ALIGN(sizeof(struct xt_entry_match))
#define TARGET_HEADER	XT_ALIGN(sizeof(struct xt_entry_target))

static size_t matches_size(const struct xtables_rule_match *r)
{
	size_t size = 0;

	for (; r; r = r->next)
		size += r->match->m->u.match_size;
	return size;
}

int fe_entry_build(const struct fe_command *c, struct ipt_entry **out)
{
	const struct xt_entry_target *target = c->target->t;
	size_t offset = sizeof(struct ipt_entry) + matches_size(c->matches);
	size_t size = offset + target->u.target_size;
	const struct xtables_rule_match *r;
	struct ipt_entry *e;
	char *p;

	if (size > ENTRY_MAX)
		return -E2BIG;
	e = calloc(1, size);
	if (!e)
		return -ENOMEM;
	e->ip = c->fw.ip;
	e->target_offset = offset;
	e->next_offset = size;
	p = (char *)e->elems;
	for (r = c->matches; r; r = r->next) {
		memcpy(p, r->match->m, r->match->m->u.match_size);
		p += r->match->m->u.match_size;
	}
	memcpy(p, target, target->u.target_size);
	fe_entry_set_addrs(e, c, 0, 0);
	*out = e;
	return 0;
}

void fe_entry_set_addrs(struct ipt_entry *e, const struct fe_command *c,
			unsigned int s, unsigned int d)
{
	if (s < c->src.n) {
		e->ip.src = c->src.addr[s];
		e->ip.smsk = c->src.mask[s];
	}
	if (d < c->dst.n) {
		e->ip.dst = c->dst.addr[d];
		e->ip.dmsk = c->dst.mask[d];
	}
}

const struct xt_entry_target *fe_entry_target(const struct ipt_entry *e)
{
	return (const void *)((const char *)e + e->target_offset);
}

const struct xt_entry_match *
fe_entry_next_match(const struct ipt_entry *e, const struct xt_entry_match *m)
{
	const char *p = m ? (const char *)m + m->u.match_size :
			    (const char *)e->elems;

	return p < (const char *)e + e->target_offset ? (const void *)p : NULL;
}

static bool terminated(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static bool valid_target(const char *p, size_t size)
{
	const struct xt_entry_target *t = (const void *)p;

	return size >= sizeof(*t) && t->u.target_size == size &&
	       terminated(t->u.user.name, sizeof(t->u.user.name));
}

bool fe_entry_valid(const void *entry, size_t size)
{
	const struct ipt_entry *e = entry;
	const struct xt_entry_match *m;
	size_t at = sizeof(*e);

	if (size < sizeof(*e) || e->next_offset != size ||
	    e->target_offset < sizeof(*e) || e->target_offset > size ||
	    e->target_offset % 8)
		return false;
	if (!terminated(e->ip.iniface, IFNAMSIZ) ||
	    !terminated(e->ip.outiface, IFNAMSIZ))
		return false;
	while (at < e->target_offset) {
		m = (const void *)((const char *)e + at);
		if (e->target_offset - at < sizeof(*m) ||
		    m->u.match_size < sizeof(*m) || m->u.match_size % 8 ||
		    m->u.match_size > e->target_offset - at ||
		    !terminated(m->u.user.name, sizeof(m->u.user.name)))
			return false;
		at += m->u.match_size;
	}
	return valid_target((const char *)e + at, size - at);
}

static bool same_iface(const char *a, const unsigned char *amask,
		       const char *b, const unsigned char *bmask)
{
	int i;

	for (i = 0; i < IFNAMSIZ; i++)
		if (amask[i] != bmask[i] ||
		    (a[i] & amask[i]) != (b[i] & bmask[i]))
			return false;
	return true;
}

static bool same_ip(const struct ipt_ip *a, const struct ipt_ip *b)
{
	return a->src.s_addr == b->src.s_addr &&
	       a->dst.s_addr == b->dst.s_addr &&
	       a->smsk.s_addr == b->smsk.s_addr &&
	       a->dmsk.s_addr == b->dmsk.s_addr &&
	       a->proto == b->proto && a->flags == b->flags &&
	       a->invflags == b->invflags &&
	       same_iface(a->iniface, a->iniface_mask,
			  b->iniface, b->iniface_mask) &&
	       same_iface(a->outiface, a->outiface_mask,
			  b->outiface, b->outiface_mask);
}

static bool same_match(const struct xt_entry_match *a,
		       const struct xt_entry_match *b, size_t compared)
{
	size_t size = b->u.match_size - MATCH_HEADER;

	return a->u.match_size == b->u.match_size &&
	       !strcmp(a->u.user.name, b->u.user.name) &&
	       !memcmp(a->data, b->data, compared < size ? compared : size);
}

static bool same_matches(const struct ipt_entry *a, const struct ipt_entry *b,
			 const struct xtables_rule_match *r)
{
	const struct xt_entry_match *m = fe_entry_next_match(a, NULL);
	const struct xt_entry_match *n = fe_entry_next_match(b, NULL);

	for (; m && n && r; r = r->next) {
		if (!same_match(m, n, r->match->userspacesize))
			return false;
		m = fe_entry_next_match(a, m);
		n = fe_entry_next_match(b, n);
	}
	return !m && !n && !r;
}

static bool same_target(const struct ir_rule *a, const struct ir_rule *b,
			size_t compared)
{
	const struct xt_entry_target *t = fe_entry_target(a->entry);
	const struct xt_entry_target *u = fe_entry_target(b->entry);
	size_t size = u->u.target_size - TARGET_HEADER;

	if (a->target != b->target || a->to != b->to)
		return false;
	if (a->target != IR_EXTENSION)
		return true;
	return t->u.target_size == u->u.target_size &&
	       !strcmp(t->u.user.name, u->u.user.name) &&
	       !memcmp(t->data, u->data, compared < size ? compared : size);
}

bool fe_entry_same(const struct ir_rule *r, const struct ir_rule *like,
		   const struct fe_command *c)
{
	const struct ipt_entry *a = r->entry, *b = like->entry;

	return same_ip(&a->ip, &b->ip) &&
	       a->target_offset == b->target_offset &&
	       a->next_offset == b->next_offset &&
	       same_matches(a, b, c->matches) &&
	       same_target(r, like, c->target->userspacesize);
}
