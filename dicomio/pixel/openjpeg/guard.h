#ifndef NAFAS_OPENJPEG_GUARD_H
#define NAFAS_OPENJPEG_GUARD_H

#include <setjmp.h>
#include <stddef.h>

/* Where a failed assertion of this thread leads, and where its text goes. */
typedef struct {
  jmp_buf out;
  char *msg;
  size_t msg_size;
} nafas_guard;

void nafas_guard_arm(nafas_guard *g);
void nafas_guard_disarm(void);

#endif
