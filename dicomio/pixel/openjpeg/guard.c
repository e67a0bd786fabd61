//go:build linux && cgo

#define _GNU_SOURCE
#include "guard.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Debian builds OpenJPEG with its assertions in, and some of them check the
 * coded data: a damaged HTJ2K code block would end the process. The library
 * reports a failed assertion by __assert_fail, which the dynamic linker finds
 * here before it finds libc's. In a thread that is decoding, the assertion
 * then ends the decoding alone; everywhere else it does what libc does.
 */
static __thread nafas_guard *armed;

void nafas_guard_arm(nafas_guard *g) { armed = g; }

void nafas_guard_disarm(void) { armed = NULL; }

typedef void (*assert_fail_fn)(const char *, const char *, unsigned int, const char *);

__attribute__((noreturn, visibility("default"))) void
__assert_fail(const char *assertion, const char *file, unsigned int line, const char *function) {
  nafas_guard *g = armed;
  if (g != NULL) {
    armed = NULL;
    snprintf(g->msg, g->msg_size, "its check %s does not hold", assertion);
    longjmp(g->out, 1);
  }
  assert_fail_fn real = (assert_fail_fn)dlsym(RTLD_NEXT, "__assert_fail");
  if (real != NULL) {
    real(assertion, file, line, function);
  }
  abort();
}
