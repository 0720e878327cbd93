/* SPDX-License-Identifier: Apache-2.0 */
/* Programs behind other bytes, as a loader that cuts these off leaves them. */
#ifndef DIFF_INNERPROGRAM_H
#define DIFF_INNERPROGRAM_H

#include <strandline/base.h>

/* elf(5), e_ident: do these 16 bytes begin an ELF file, with class, byte order and version? */
#define INNERPROGRAM_IDENT 16
bool innerprogram_is_ident(const uint8_t *at);

/* The header of an ELF file stands in @bytes; the same of a text, in base64. */
bool innerprogram_has_header(const void *bytes, size_t len);
bool innerprogram_has_letters(const void *bytes, size_t len);

#endif
