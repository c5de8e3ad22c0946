/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_kill.c - the state in the kernel when the tool fails or
 * is killed
 *
 * Each system call of a commit and of a detach is made to fail, and the process
 * killed just before it, in turn.  As root; exit 77 otherwise.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/sys.h"
#include "tests/unit/nslab.h"

/* Goes on from what a killed run left: one more packet, then the other one. */
static void go_on(uint64_t packets)
{
	struct be_image before;
	const struct rules *r = in_force(&before);
	struct rules *other = r == &pass ? &stop : &pass;

	ck_assert_uint_eq(before.counter[r->policy].packets, packets);
	is_stopped();
	other->start[other->policy] = before.counter[r->policy];
	ck_assert_msg(!commit_from(other, &before, false), "%s", diag.msg);
	ck_assert_uint_eq(policy_packets(), packets + 1);
	be_image_free(&before);
}

/* Killed after the switch, before the old counts were taken over, too. */
START_TEST(counters_survive_kill)
{
	struct be_image before;
	unsigned int n;
	int i, status;
	pid_t pid;

	pass.continues[pass.policy] = stop.policy;
	stop.continues[stop.policy] = pass.policy;
	for (n = 1;; n++) {
		stop.start[stop.policy].packets = 0;
		commit_from(&stop, NULL, false);
		ck_assert_uint_eq(policy_packets(), 0);
		for (i = 0; i < 2; i++)
			is_stopped();
		ck_assert_ptr_eq(in_force(&before), &stop);
		is_stopped();
		pass.start[pass.policy] = before.counter[stop.policy];
		pid = fork();
		if (!pid) {
			be_fault_set(n, BE_FAULT_KILL);
			_exit(commit_from(&pass, &before, false) ? 1 : 0);
		}
		waitpid(pid, &status, 0);
		be_image_free(&before);
		ck_assert_uint_eq(policy_packets(), 3);
		if (WIFEXITED(status))
			break;
		go_on(3);
	}
	ck_assert_uint_gt(n, 40);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(fails_at_every_step)
{
	unsigned int n, met = 0;
	int err;

	beside(_i);
	for (n = 1;; n++) {
		commit(&stop);
		be_fault_set(n, BE_FAULT_FAIL);
		err = commit_from(&pass, NULL, false);
		met = be_fault_calls();
		be_fault_set(0, BE_FAULT_FAIL);
		expect(err ? &stop : &pass);
		if (err)
			expect_tidy();
		if (met < n)
			break;
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_gt(n, 40);
	commit(&stop);
	expect_tidy();
}
END_TEST

/* The first ruleset there is, at each kind; twice more there is one already. */
static void first_or_beside(int i)
{
	if (i < NKINDS)
		use(&kinds[i]);
	else
		beside(i - NKINDS + 1);
}

START_TEST(first_fails_at_every_step)
{
	unsigned int n, met = 0;
	int err;

	first_or_beside(_i);
	for (n = 1;; n++) {
		be_fault_set(n, BE_FAULT_FAIL);
		err = commit_from(&stop, NULL, true);
		met = be_fault_calls();
		be_fault_set(0, BE_FAULT_FAIL);
		expect(err ? NULL : &stop);
		ck_assert_int_eq(dir_exists(), !err);
		if (met < n)
			break;
		if (!err)
			detach();
	}
	ck_assert_int_eq(err, 0);
	ck_assert_uint_gt(n, 30);
}
END_TEST

/* Runs @what in a child that is killed at gate @n: whether it was. */
static bool killed_at(unsigned int n, const struct rules *r)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		be_fault_set(n, BE_FAULT_KILL);
		if (r)
			commit(r);
		else
			detach();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

START_TEST(killed_at_every_step)
{
	const struct rules *r;
	struct be_image image;
	unsigned int n;
	bool killed;

	beside(_i);
	for (n = 1;; n++) {
		commit(&stop);
		killed = killed_at(n, &pass);
		r = in_force(&image);
		be_image_free(&image);
		expect(killed ? r : &pass);
		if (!killed)
			break;
		commit(r == &pass ? &stop : &pass);
		expect(r == &pass ? &stop : &pass);
		expect_tidy();
	}
	ck_assert_uint_gt(n, 40);
}
END_TEST

/* The same from one hook type to the next: each lets pass what is not its. */
START_TEST(move_killed_at_every_step)
{
	const struct rules *from = _i % 2 ? &pass : &stop, *r;
	const struct rules *to = _i % 2 ? &stop : &pass;
	struct be_image image;
	unsigned int n;
	bool killed;

	beside(_i);
	for (n = 1;; n++) {
		use(&kinds[_i]);
		commit(from);
		use(&kinds[(_i + 1) % NKINDS]);
		killed = killed_at(n, to);
		r = in_force(&image);
		be_image_free(&image);
		expect(killed ? r : to);
		if (!killed)
			break;
	}
	expect_tidy();
	ck_assert_uint_gt(n, 40);
}
END_TEST

START_TEST(first_killed_at_every_step)
{
	const struct rules *r;
	struct be_image image;
	unsigned int n;
	bool killed;

	first_or_beside(_i);
	for (n = 1;; n++) {
		killed = killed_at(n, &stop);
		r = in_force(&image);
		be_image_free(&image);
		expect(r);
		if (!killed)
			break;
		if (n % 2) {
			commit(&stop);
			expect_tidy();
		}
		detach();
		ck_assert(!dir_exists());
	}
	ck_assert_ptr_eq(r, &stop);
	ck_assert_uint_gt(n, 30);
}
END_TEST

START_TEST(detach_killed_at_every_step)
{
	unsigned int n;

	first_or_beside(_i);
	for (n = 1;; n++) {
		commit(&stop);
		if (!killed_at(n, NULL))
			break;
		ck_assert(dir_exists() || arrives());
		detach();
		expect(NULL);
		ck_assert(!dir_exists());
	}
	expect(NULL);
	ck_assert(!dir_exists());
	ck_assert_uint_gt(n, 20);
}
END_TEST

static void flip_for_ever(void)
{
	for (;;) {
		commit(&pass);
		commit(&stop);
	}
}

/* How long two commits take here and now, in microseconds. */
static int two_commits(void)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	commit(&pass);
	commit(&stop);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (int)((b.tv_sec - a.tv_sec) * 1000000 +
		     (b.tv_nsec - a.tv_nsec) / 1000);
}

START_TEST(killed_at_random)
{
	const int span = two_commits();
	struct be_image image;
	const struct rules *r;
	int i, status;
	pid_t pid;

	srand(1);
	for (i = 0; i < 200; i++) {
		use(&kinds[i % 3]);
		pid = fork();
		if (!pid)
			flip_for_ever();
		usleep((useconds_t)(rand() % span));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		ck_assert(WIFSIGNALED(status));
		r = in_force(&image);
		be_image_free(&image);
		ck_assert_ptr_nonnull(r);
		expect(r);
		if (i % 10 == 0) {
			commit(&stop);
			expect(&stop);
			expect_tidy();
		}
	}
	detach();
	ck_assert(!dir_exists());
}
END_TEST

/* A reader without a lock sees one ruleset or the other, whole. */
START_TEST(read_while_written)
{
	struct be_image image;
	const struct rules *r;
	int i, npass = 0;
	pid_t pid;

	stop.start[stop.policy].packets = 7;
	pass.start[pass.policy].packets = 70;
	commit(&pass);
	pid = fork();
	if (!pid)
		flip_for_ever();
	for (i = 0; i < 2000; i++) {
		r = in_force(&image);
		ck_assert_uint_eq(image.counter[r->policy].packets,
				  r == &pass ? 70 : 7);
		be_image_free(&image);
		npass += r == &pass;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_gt(npass, 0);
	ck_assert_int_lt(npass, 2000);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, counters_survive_kill);
	tcase_add_loop_test(tc, fails_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, first_fails_at_every_step, 0, NKINDS + 2);
	tcase_add_loop_test(tc, killed_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, move_killed_at_every_step, 0, NKINDS);
	tcase_add_loop_test(tc, first_killed_at_every_step, 0, NKINDS + 2);
	tcase_add_loop_test(tc, detach_killed_at_every_step, 0, NKINDS + 2);
	tcase_add_test(tc, killed_at_random);
	tcase_add_test(tc, read_while_written);
}

int main(void)
{
	return nslab_run("backend kill", 300, add_tests);
}
