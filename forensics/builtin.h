/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that travel in every bundle, built in from forensics/readme.txt and forensics/verify.sh. */
#ifndef FORENSICS_BUILTIN_H
#define FORENSICS_BUILTIN_H

extern const char builtin_readme[];
extern const char builtin_verify_script[];

#endif
