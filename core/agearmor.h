/* SPDX-License-Identifier: Apache-2.0 */
/* The ASCII armor that an age file may wear: PEM without headers, in lines of 64 characters. */
#ifndef CORE_AGEARMOR_H
#define CORE_AGEARMOR_H

#include "core/rfile.h"

bool age_is_armored(const uint8_t *bytes, size_t len);
/*
 * Take it off, into a nameless temporary file (what lies in it is encrypted). @inner is read
 * forward and stays the caller's. A cut armor gives the whole lines that are there; -SL_EFORMAT
 * for what is no armor.
 */
int age_unarmor(struct rfile **out, struct rfile *inner, struct sl_error *err);

#endif
