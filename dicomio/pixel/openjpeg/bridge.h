#ifndef NAFAS_OPENJPEG_BRIDGE_H
#define NAFAS_OPENJPEG_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct nafas_opj nafas_opj;

/* Loads the library; on failure returns NULL with the reason in msg. */
nafas_opj *nafas_opj_open(const char *name, char *msg, size_t msg_size);

/* The library's own version string, as "2.5.0". */
const char *nafas_opj_version(const nafas_opj *lib);

/*
 * Decodes a code stream of one component, columns x rows samples of prec bits,
 * into dst (prec low bits each, two's complement where signed). Returns 0, or
 * 1 with the library's first complaint in msg.
 */
int nafas_opj_decode(const nafas_opj *lib, const uint8_t *src, size_t len,
                     uint32_t columns, uint32_t rows, uint32_t prec, uint32_t sgnd,
                     uint16_t *dst, char *msg, size_t msg_size);

#endif
